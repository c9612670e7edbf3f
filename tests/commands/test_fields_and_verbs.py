"""Every verb that reads results, on every kind of field: a generated one, rosters, and several localities."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.__main__ import main
from sim.configuration.options import configuration_folder
from sim.results import manifest
from sim.results.sizes import count_settings, find_sizes

FIELDS = {  # words, and the organizations they make
    "generated": (["field.n_organizations=7"], 7),
    "own": (["field.folder=ROSTER"], 9),
    "city18": (["field=city18"], 18),
    "counties": (["field.n_localities=3", "field.n_organizations=5", "field.locality_size_log_sd=0.5"], None),
}
BASE = ["months=24", "seeds=2"]
KINDS = {
    "run": ["run"],
    "compare": ["compare", "regime=unrestricted,lottery"],
    "sweep": ["sweep", "regime=unrestricted,lottery", "memberships.turf_weight=0..3", "--n", "40", "--keep", "months"],
}
READERS = {
    "draw": ([], ()),
    "export": ([], ()),
    "sensitivity": (["--outcome", "collaboration_end"], ("run", "compare")),
    "robustness": ([], ("run", "compare")),
    "scenarios": (["--when", "WHEN"], ("run", "compare")),
    "interviews": ([], ()),
    "games": (["--month", "12"], ()),
}
NIGHTLY = (pytest.mark.nightly, pytest.mark.slow)
# By day each verb and each report meets every field and every kind of results once, at night every pair of them.
REPORTED = [
    pytest.param(field, kind, marks=() if (at + 2) % 3 == number else NIGHTLY)
    for at, field in enumerate(FIELDS)
    for number, kind in enumerate(KINDS)
]
READ = [
    pytest.param(field, kind, verb, marks=() if (at + which + 2) % 3 == number else NIGHTLY)
    for at, field in enumerate(FIELDS)
    for number, kind in enumerate(KINDS)
    for which, verb in enumerate(READERS)
]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Return the folders of all results by field and kind, and the roster's own copy."""
    root = tmp_path_factory.mktemp("fields")
    roster = root / "my_county"
    shutil.copytree(Path(configuration_folder()) / "rosters" / "rural9", roster)
    folders = {}
    for field, (words, _) in FIELDS.items():
        own = [word.replace("ROSTER", str(roster)) for word in words]
        for kind, (verb, *more) in KINDS.items():
            options = ["--workers", "1"] if verb == "sweep" else ["--no-figures"]
            name = f"{field}-{kind}"
            words = [verb, *more, *own, *BASE, f"name={name}", "--results", str(root), "-q", *options]
            assert main(words) == 0, name
            folders[field, kind] = root / name
    return folders


def _count(field, folder):
    if FIELDS[field][1] is not None:
        return FIELDS[field][1]
    return sim.load_results(folder).manifest["sizes"][0]["n_organizations"]


def test_every_key_of_a_manifest_is_declared_and_every_declared_key_is_in_one(kept, tmp_path):
    words = [
        "run",
        "field.n_organizations=7",
        "months=24",
        "seeds=[1]",
        "start=2020-01",
        "name=x",
        "-q",
        "--no-figures",
    ]
    words += ["--change", "6:grants.luck=0.5", "--results", str(tmp_path)]
    # one of them is asked in that month, whichever it is
    assert any(main([*words, "--decide", f"6:{organization}=stay"]) == 0 for organization in range(1, 8))
    found = set()
    for folder in (*kept.values(), tmp_path / "x"):
        keys = set(sim.load_results(folder).manifest)
        other = manifest.RUNS if "kind" in keys else manifest.SWEEPS
        assert keys <= {one.name for one in manifest.KEYS if one.of != other}, folder.name
        found |= keys
    assert found == {one.name for one in manifest.KEYS}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("field", FIELDS)
def test_the_manifest_knows_how_many_organizations_there_are(kept, field, kind):
    results = sim.load_results(kept[field, kind])
    n = _count(field, kept[field, kind])
    assert set(count_settings(results.manifest)) == {n}
    assert (find_sizes(results.runs, results.manifest) == n).all()
    if len(results.months):
        assert set(results.months.loc[results.months["month"] == 0, "n_open"]) == {n}


@pytest.mark.parametrize(("field", "kind"), REPORTED)
def test_reports_say_how_many_organizations_there_are(kept, field, kind, capsys):
    assert main(["report", str(kept[field, kind])]) == 0
    out, err = capsys.readouterr()
    assert out and "unexpected" not in err
    text = (kept[field, kind] / "report.html").read_text(encoding="utf-8")
    n = _count(field, kept[field, kind])
    text = re.sub(r"<(style|script|svg)\b.*?</\1>", "", text, flags=re.S)
    text = re.sub(r"2017: 18 organizations|[\d.]+</td><td>100 organizations", "", text)  # a source, and a unit
    told = set(re.findall(r"(\d+) organizations\b", text))
    assert str(n) in told
    assert told <= {str(n), "100"}


@pytest.mark.parametrize(("field", "kind", "verb"), READ)
def test_every_verb_reads_every_field_or_says_why_not(kept, field, kind, verb, capsys):
    words, not_for = READERS[verb]
    folder = kept[field, kind]
    middle = sim.load_results(folder).runs["collaboration_end"].median()
    words = [f"collaboration_end < {middle}" if word == "WHEN" else word for word in words]
    if (verb, field) == ("games", "own"):  # which runs again, and results do not say where a roster lies
        words += ["--roster", str(folder.parent / "my_county")]
    code = main([verb, str(folder), *words])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    assert "unexpected" not in err
    if kind in not_for:
        assert code == 2
        assert "analyses read a sweep" in err
    elif verb in ("interviews", "games"):  # not of every kind, nor of many localities: said in a line
        is_fit = kind == "run" and field != "counties"
        assert code == 0 if is_fit else code in (0, 2), err
        assert code == 0 or err.count("error: ") == 1
    else:
        assert code == 0, err
        assert out


@pytest.mark.parametrize("field", FIELDS)
def test_robustness_tells_money_per_organization_of_every_field(kept, field):
    folder = kept[field, "sweep"]
    assert main(["robustness", str(folder)]) == 0
    table, runs = pd.read_csv(folder / "levers.csv"), sim.load_results(folder).runs
    usd = runs[runs["regime"] == "lottery"]["total_awarded_usd"].mean() / _count(field, folder) / 2
    assert table["usd_per_organization_year"].to_numpy() == pytest.approx(usd, rel=1e-4)


def test_a_sweep_over_fields_knows_the_size_of_each(tmp_path):
    words = [
        "sweep",
        "field=city18,rural9,city",
        "field.viewpoint_sd=0.1,0.2",
        "--sample",
        "latin_hypercube",
        "--n",
        "2",
    ]
    words += ["memberships.turf_weight=0..3", "months=24", "seeds=1", "name=mixed", "--results", str(tmp_path), "-q"]
    assert main([*words, "--workers", "1"]) == 0
    results = sim.load_results(tmp_path / "mixed")
    sizes = pd.Series(find_sizes(results.runs, results.manifest)).groupby(results.runs["field"].to_numpy()).unique()
    assert {name: list(found) for name, found in sizes.items()} == {"city18": [18], "rural9": [9], "city": [18]}
    assert main(["robustness", str(tmp_path / "mixed")]) == 0


def test_a_sweep_over_sizes_knows_each_also_from_an_older_manifest(tmp_path):
    words = ["sweep", "field.n_organizations=4,8", "field.n_localities=1,2", "months=24", "seeds=1", "name=sizes"]
    assert main([*words, "--results", str(tmp_path), "-q", "--workers", "1"]) == 0
    results = sim.load_results(tmp_path / "sizes")
    expected = (results.runs["field.n_organizations" if "field.n_organizations" in results.runs else "n_organizations"]
                * results.runs["n_localities"]).tolist()  # fmt: skip
    assert sorted(set(expected)) == [4, 8, 16]
    assert find_sizes(results.runs, results.manifest).tolist() == expected
    older = {name: value for name, value in results.manifest.items() if name not in ("sizes", "n_organizations")}
    assert find_sizes(results.runs, older).tolist() == expected
