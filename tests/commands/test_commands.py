"""The commands: fast help, exact errors, exit codes, Hydra's own flags; a stand-in takes the engine's place."""

import argparse
import importlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import types
import warnings
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.__main__ import build_parser, main
from sim.commands.completion import find_candidates, list_verbs
from sim.commands.console import guard
from sim.commands.registry import VERBS
from sim.results.contrasts import compute_differences, compute_t_quantile, tell_differences
from sim.results.store import Results, describe_run

ROOT = Path(sim.__file__).resolve().parent.parent
HEAVY = ("numpy", "pandas", "numba", "hydra", "omegaconf", "matplotlib", "seaborn", "mesa", "rich", "yaml", "scipy")


def run_python(*words, **environment):
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error::UserWarning", **environment}
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, env=settings)


def run_command(*words, **environment):
    return run_python("-m", "sim", *words, **environment)


# Help


HELPED = (None, *VERBS)


@pytest.mark.parametrize("verb", HELPED)
def test_help_imports_nothing_heavy(verb):
    words = [verb, "--help"] if verb else ["--help"]
    script = f"import sys; from sim.__main__ import main; code = main({words!r}); "
    script += f"print(code, [name for name in {HEAVY!r} if name in sys.modules])"
    assert run_python("-c", script).stdout.splitlines()[-1] == "0 []"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        (["list", "regimes"], ("numpy", "pandas", "numba", "hydra", "matplotlib", "mesa")),
        (["show", "regime", "competitive"], ("numpy", "pandas", "numba", "hydra", "matplotlib", "mesa")),
        (["show", "parameter", "months"], ("numpy", "pandas", "numba", "hydra", "matplotlib", "mesa")),
        (["report", "nowhere"], ("numba", "hydra", "mesa")),
        (["draw", "nowhere"], ("numba", "hydra", "mesa")),
    ],
)
def test_verbs_that_look_things_up_import_nothing_heavy(words, heavy):
    script = (
        "import sys, sim.figures.origins, sim.report.sentences; " if words[0] in ("report", "draw") else "import sys; "
    )
    script += f"from sim.__main__ import main; main({words!r}); "
    script += f"print([name for name in {heavy!r} if name in sys.modules])"
    assert run_python("-c", script).stdout.splitlines()[-1] == "[]"


def test_help_takes_less_than_half_a_second():
    durations = []
    for _ in range(3):
        start = measure_children()
        run_command("--help")
        durations.append(measure_children() - start)
    assert 0 < min(durations) < 0.5


def measure_children():
    """Return the seconds of the processor that ended children took, which others at work do not lengthen."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_documents_the_exit_codes():
    found = run_command("--help").stdout
    for code in (
        "0 ok",
        "1 a run failed",
        "2 usage",
        "3 a sweep",
        "4 another command",
        "5 no room",
        "130 interrupted",
        "143",
    ):
        assert code in found


# A stand-in for the engine, so that the plumbing is tested without compiling


NAMES = {"AFTER_A_RUN": (), "AFTER_THE_DEMO": (), "FIGURES": ()}


def fake_simulate(parameters, seeds, *, keep_events=True, on_progress=None, roster=None):
    if parameters.memberships.turf_weight == 5:
        raise RuntimeError("the model broke")
    if parameters.memberships.turf_weight == 4:
        raise KeyboardInterrupt
    rows, name = [], parameters.regime.name
    for number, seed in enumerate(seeds):
        end = 0.01 * len(name) + 0.001 * (seed % 3)
        rows.append({"run_id": f"{name}-{seed}", "regime": name, "seed": seed})
        rows[-1] |= {
            "collaboration_end": end,
            "collaboration_change": end,
            "effective_change": 0.0,
            "coverage_end": 1.0,
        }
        on_progress and on_progress(number + 1, len(seeds))
    runs = pd.DataFrame(rows)
    months = runs[["run_id", "regime", "seed"]].assign(month=0, collaboration_share=runs["collaboration_end"])
    manifest = describe_run(parameters, seeds, parameters.field.n_organizations)
    return Results(runs, months, pd.DataFrame(), runs[["run_id"]].copy(), manifest)


@pytest.fixture
def engine(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    stand_ins = {
        "engine.batch": {"simulate": fake_simulate},
        "results.summaries": {
            "summarise": lambda results: results.runs.groupby("regime")[["collaboration_end"]].mean(),
            "describe_verdict": lambda results: f"holds in {len(results.runs)} runs.",
            "describe_localities": lambda localities: f"of {len(localities)} localities none grows",
        },
        "figures": {"draw": lambda results, folder, names: [folder / "a.png"], **NAMES},
        "figures.analyses": {"ANALYSES": {}},
        "compiler.jit": {"is_cached": lambda entry: True, "IS_COMPILED": True, "CITY": "", "LOCALITIES": ""},
    }
    for name, content in stand_ins.items():
        package, _, last = f"sim.{name}".rpartition(".")
        module = types.ModuleType(f"sim.{name}")
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, f"sim.{name}", module)
        monkeypatch.setattr(importlib.import_module(package), last, module, raising=False)
    monkeypatch.setattr("sim.commands.drawing.count_cores", lambda: 1)  # a helper would not know the stand-ins
    before = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)


def test_run_tells_the_verdict_and_where_the_results_lie(engine, capsys):
    assert main(["run", "regime=competitive", "seeds=3", "name=mine"]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == "mine: holds in 3 runs."
    assert "Results: results/mine/" in told.out
    assert "nothing here shows that a policy works" in told.out
    assert "mine: 100 % (3 of 3 runs)" in told.err
    manifest = json.loads((engine / "results/mine/manifest.json").read_text())
    assert manifest["command"] == "coalitions run regime=competitive seeds=3 name=mine"


def test_json_is_one_object_and_quiet_is_quiet(engine, capsys):
    assert main(["run", "seeds=2", "--json", "--quiet", "--results", "elsewhere"]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert found["seeds"] == [1, 2]
    assert Path(found["folder"]).parent == Path("elsewhere")
    assert told.err == ""


@pytest.mark.slow
def test_options_may_stand_between_overrides(engine, capsys):
    assert main(["run", "name=a", "--quiet", "seeds=2", "--no-figures", "regime=none"]) == 0
    assert capsys.readouterr().out.startswith("a: holds in 2 runs.")


@pytest.mark.slow
def test_other_results_are_kept_unless_forced(engine, capsys):
    assert main(["run", "name=a", "-q"]) == 0
    assert main(["run", "name=a", "-q"]) == 0
    capsys.readouterr()
    assert main(["run", "name=a", "seeds=2", "-q"]) == 2
    assert capsys.readouterr().err == (
        "error: results/a: holds other results; choose another name=… or overwrite with --force\n"
    )
    assert main(["run", "name=a", "seeds=2", "-q", "--force"]) == 0


def test_a_folder_that_leads_elsewhere_is_refused(engine, capsys):
    (engine / "results").mkdir()
    (engine / "results/a").symlink_to(engine.parent)
    assert main(["run", "name=a"]) == 2
    assert capsys.readouterr().err == "error: results/a: leads out of results; choose another name\n"


def test_a_failed_run_is_told_in_a_line(engine, capsys):
    assert main(["run", "memberships.turf_weight=5", "-q"]) == 1
    assert capsys.readouterr().err == (
        "error: unexpected RuntimeError: the model broke (rerun with COALITIONS_DEBUG=1 for the traceback)\n"
    )


def test_debugging_lets_the_traceback_through(engine, monkeypatch):
    monkeypatch.setenv("COALITIONS_DEBUG", "1")
    with pytest.raises(RuntimeError):
        main(["run", "memberships.turf_weight=5", "-q"])


def test_an_interruption_is_told_in_a_line(engine, capsys):
    assert main(["run", "memberships.turf_weight=4", "-q"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.slow
def test_multirun_gives_each_job_its_own_results_and_no_folder_of_hydras(engine, capsys):
    assert main(["run", "-m", "regime=competitive,lottery", "seeds=2", "-q"]) == 0
    assert sorted(path.name.split("-")[0] for path in (engine / "results").iterdir()) == ["competitive", "lottery"]
    assert [path.name for path in engine.iterdir()] == ["results"]
    assert main(["run", "-m", "memberships.turf_weight=5,1", "name=x", "-q"]) == 1
    assert (engine / "results/x-1").is_dir()
    assert not (engine / "results/x-0").exists()
    assert "the model broke" in capsys.readouterr().err
    assert main(["run", "-m", "memberships.turf_weight=4,1", "name=y", "-q"]) == 130
    assert not (engine / "results/y-1").exists()


@pytest.mark.slow
def test_compare_tells_paired_differences(engine, capsys):
    assert main(["compare", "regime=mixed,lottery", "-q"]) == 0
    told = capsys.readouterr().out
    assert "On the same 20 seeds, lottery ends with 0.020 more collaboration (share of pairs) than mixed" in told
    assert len(list((engine / "results").glob("compare-mixed-lottery-*/differences.csv"))) == 1


@pytest.mark.slow
def test_compare_tells_settings_apart_that_share_a_regime(engine, capsys):
    assert main(["compare", "memberships.turf_weight=0,1", "seeds=3", "--json", "-q"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["regime"] for row in found["summary"]] == ["turf_weight=0", "turf_weight=1"]
    assert found["differences"][0]["n"] == 3


def test_compare_without_a_list_is_refused(engine, capsys):
    assert main(["compare", "regime=mixed"]) == 2
    assert "nothing to compare: give a list" in capsys.readouterr().err


@pytest.mark.slow
def test_compare_takes_settings_written_out(engine, capsys):
    words = ["regime=mixed", "seeds=3", "vs", "shock=total_cut", "vs", "regime=lottery", "grants.luck=1"]
    assert main(["compare", *words, "--json", "-q"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["regime"] for row in found["summary"]} == {"mixed", "shock=total_cut", "lottery grants.luck=1"}
    assert len(found["partings"]) == 6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["vs"], "nothing stands after a `vs`"),
        (["vs", "regime=mixed"], "'mixed' is compared with itself"),
        (["vs", "seeds=3"], "seeds: holds for all: write it before the first `vs`"),
        (["vs", "grants.luck=1,2"], "grants.luck: has one value here"),
        (["grants.luck=1,2", "vs", "shock=total_cut"], "grants.luck: give lists, or settings with `vs`"),
        (["vs", "grants.luk=1"], "Did you mean 'grants.luck'"),
    ],
)
def test_compare_refuses_settings_it_cannot_tell_apart(engine, capsys, words, told):
    assert main(["compare", "regime=mixed", *words]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.slow
def test_demo_runs_the_experiment(engine, capsys):
    assert main(["demo", "seeds=1", "name=demo", "-q", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["folder"] == "results/demo"
    assert (engine / "results/demo/summary.csv").is_file()


@pytest.mark.slow
def test_python_takes_the_words_of_the_command_line(engine):
    found = sim.run(["regime=competitive", "seeds=9"], seeds=[3, 5])
    assert list(found.runs["seed"]) == [3, 5]
    assert found.manifest["overrides"] == ["regime=competitive", "seeds=[3, 5]"]
    design = sim.run(["experiment=grow_or_fragment"], seeds=1)
    assert design.runs["run_id"].is_unique
    assert design.runs["annual_usd_per_organization"].nunique() == 5


def test_a_manifest_names_a_shipped_roster_without_a_path_of_this_machine(engine):
    assert sim.run(["field=city18"]).manifest["settings"][0]["field"]["folder"] == "rosters/city18"


# Errors, through the whole command


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ["run", "memberships.turf_wieght=1"],
            "error: unknown parameter 'memberships.turf_wieght'. Did you mean 'memberships.turf_weight'? "
            "'coalitions list parameters' shows all.\n",
        ),
        (["run", "memberships.turf_weight=9"], "error: memberships.turf_weight = 9 utility: must lie in [0, 5]\n"),
        (
            ["run", "-m", "memberships.turf_weight=1,9"],
            "error: memberships.turf_weight = 9 utility: must lie in [0, 5]\n",
        ),
        (
            ["run", "--jsn"],
            "error: unknown option '--jsn'. Did you mean '--json'? `coalitions run --help` shows all.\n",
        ),
        (
            ["run", "field.folder=/no"],
            "error: /no: no such folder; give the path of a folder that holds organizations.csv\n",
        ),
        (
            ["list", "regims"],
            "error: unknown kind 'regims'. Did you mean 'regimes'? There are: regimes, fields, "
            "shocks, mechanisms, calibrations, experiments, parameters.\n",
        ),
        (
            ["show", "parameter", "turf_weight"],
            "error: unknown parameter 'turf_weight'. Did you mean "
            "'memberships.turf_weight'? 'coalitions list parameters' shows all.\n",
        ),
        (["--jsn"], "error: unknown option '--jsn'. `coalitions --help` shows all.\n"),
    ],
)
def test_invalid_input_is_told_exactly_and_exits_with_2(words, text, engine, capsys):
    assert main(words) == 2
    assert capsys.readouterr() == ("", text)


def test_a_wrong_verb_exits_with_2():
    found = run_command("rnu")
    assert found.returncode == 2
    assert "Traceback" not in found.stderr


@pytest.mark.slow
def test_errors_cross_the_process_without_a_traceback():
    found = run_command("run", "field.folder=${oc.env:HOME}", HOME="/canary")
    assert (found.returncode, found.stdout) == (2, "")
    assert (
        found.stderr
        == "error: field.folder=${oc.env:HOME}: interpolations (${…}) are not allowed; write the value out\n"
    )


# Hydra's own flags


@pytest.mark.slow
def test_cfg_job_prints_the_composed_setting():
    found = run_command("run", "regime=competitive", "memberships.turf_weight=2", "--cfg", "job")
    assert found.returncode == 0
    assert "turf_weight: 2" in found.stdout
    assert "Competitive, short-term" in found.stdout


@pytest.mark.slow
def test_info_prints_the_search_path():
    assert "configs" in run_command("run", "--info", "searchpath").stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("coalitions ru", ["run"]),
        ("coalitions run regi", ["regime.", "regime="]),
        ("coalitions run regime=comp", ["regime=competitive"]),
        ("coalitions run regime=mixed memberships.turf", ["memberships.turf_weight="]),
        ("coalitions run --results x experiment=g", ["experiment=grow_or_fragment"]),
        ("coalitions show re", ["regime", "regimes"]),
        ("coalitions s", ["sweep", "status", "show", "sensitivity", "scenarios"]),
        ("coalitions sweep experiment=grow", ["experiment=grow_or_fragment"]),
        ("coalitions sweep --keep mo", ["months"]),
        ("coalitions sweep --keep months experiment=grow", ["experiment=grow_or_fragment"]),
        ("coalitions compare --con", ["--config-dir"]),
        ("coalitions show regime comp", ["competitive"]),
        ("coalitions list sh", ["shocks"]),
        ("coalitions import us", ["usaspending"]),
    ],
)
def test_tab_completion_answers_what_bash_asks(line, expected):
    found = run_command("-sc", "query=bash", COMP_LINE=line, COMP_POINT=str(len(line)))
    assert (found.stdout.split(), found.returncode) == (expected, 0)


@pytest.mark.parametrize("verb", VERBS)
def test_tab_completion_knows_each_verb_and_its_options(verb):
    parser = build_parser()
    assert verb in find_candidates("coalitions ", parser, [])
    assert verb in find_candidates(f"coalitions {verb[:2]}", parser, [])
    helped = list_verbs(parser)[verb].format_help()
    found = find_candidates(f"coalitions {verb} --", parser, ["query=bash"])
    assert set(found) == set(re.findall(r"^ +(?:-\S+(?: \S+)?, )*(--[a-z-]+)", helped, re.MULTILINE))
    assert "--help" in found


def test_a_wrong_option_is_answered_with_one_that_the_verb_has(capsys):
    assert main(["games", "regime=none", "--results", "x"]) == 2
    assert "Did you mean '--results'" not in capsys.readouterr().err
    assert main(["sweep", "regime=none", "--dry-rum"]) == 2
    assert "Did you mean '--dry-run'" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_the_completion_script_is_bash_for_the_command():
    found = run_command("run", "-sc", "install=bash").stdout
    assert found.rstrip().endswith("-F hydra_bash_completion coalitions")
    assert subprocess.run(["bash", "-n", "-c", found], check=False).returncode == 0


# list and show


def test_list_without_a_kind_shows_all_but_parameters(capsys):
    assert main(["list"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in ("regimes", "competitive", "city18", "total_cut", "grow_or_fragment"))


@pytest.mark.parametrize("kind", ["regimes", "fields", "shocks", "mechanisms", "experiments", "parameters"])
def test_list_json_names_and_describes(kind, capsys):
    assert main(["list", kind, "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)[kind]
    assert entries
    assert all(entry["name"] and entry.get("description", entry.get("label")) for entry in entries)


def test_show_parameter_json(capsys):
    assert main(["show", "parameter", "memberships.turf_weight", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {
        "name": "memberships.turf_weight",
        "default": 1.8,
        "kind": "number",
        "unit": "utility",
        "low": 0,
        "high": 5,
        "plausible": [0, 3.6],
        "plausible_source": "assumed",
        "label": "Cost of competing for the same money",
        "source": "assumed",
    }


def test_show_regime_json_fills_in_the_defaults(capsys):
    assert main(["show", "regime", "competitive", "--json"]) == 0
    service = json.loads(capsys.readouterr().out)["settings"]["programmes"]["service"]
    assert (service["term_months"], service["allocation"]) == (12, "competitive")


def test_show_parameters_finds_by_word(capsys):
    assert main(["show", "parameters", "turf"]) == 0
    assert "memberships.turf_weight\n  Cost of competing for the same money\n  default 1.8" in capsys.readouterr().out


# Differences


def test_t_quantiles_agree_with_scipy():
    from scipy import stats

    for freedom in (1, 2, 3, 5, 10, 30, 200):
        assert compute_t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=0.003)


def test_differences_are_paired_by_seed():
    runs = pd.DataFrame(
        {
            "regime": ["a"] * 3 + ["b"] * 3,
            "seed": [1, 2, 3, 3, 2, 1],
            "collaboration_end": [0.1, 0.5, 0.9, 0.8, 0.4, 0.0],
        }
    )
    found = compute_differences(runs, ("collaboration_end",)).iloc[0]
    assert (found["mean"], found["low"], found["n"]) == (pytest.approx(-0.1), pytest.approx(-0.1), 3)


def test_no_clear_difference_is_called_so():
    row = {
        "outcome": "collaboration_end",
        "regime": "b",
        "reference": "a",
        "mean": 0.1,
        "low": -0.1,
        "high": 0.3,
        "n": 9,
    }
    assert "no clear difference in collaboration from a" in tell_differences(pd.DataFrame([row]))


# From a wheel


def _list_left_out(folder, names):
    """Return what a build does not need: hidden files, caches, and what a user has run."""
    mine = {"results"} & set(names) if folder == ROOT else set()
    return mine | {name for name in names if name.startswith(".") or name == "__pycache__"}


@pytest.mark.slow
def test_an_installed_wheel_finds_its_configurations(tmp_path):
    pip = [sys.executable, "-m", "pip", "-q"]
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=lambda folder, names: _list_left_out(Path(folder), names))
    (source / "README.md").touch()
    subprocess.run([*pip, "wheel", str(source), "--no-deps", "-w", str(tmp_path)], check=True)
    (wheel,) = tmp_path.glob("coalitions-*.whl")
    target = tmp_path / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(target), str(wheel)], check=True)
    script = "import sim, sys; from sim.__main__ import main; print(sim.__file__); sys.exit(main(sys.argv[1:]))"
    for words in (["list"], ["run", "experiment=grow_or_fragment", "field=city18", "--cfg", "job"]):
        found = subprocess.run(
            [sys.executable, "-c", script, *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(target)},
        )
        assert found.returncode == 0, found.stderr
        assert found.stdout.startswith(str(target))
        assert "grow_or_fragment" in found.stdout or "rosters/city18" in found.stdout


@pytest.mark.slow
def test_a_reader_who_leaves_early_stops_no_work(tmp_path):
    script = "python=$1; $python -m sim run months=2 name=a -q | true; exit ${PIPESTATUS[0]}"
    root = str(Path(sim.__file__).parents[1])
    done = subprocess.run(
        ["bash", "-c", script, "bash", sys.executable],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list((tmp_path / "results/a/figures").glob("*.png"))


# Options given twice


def list_single_options():
    """Return each verb's options that hold one value, as (verb, option)."""
    verbs = next(action for action in build_parser()._actions if action.dest == "verb").choices
    return [
        (verb, action.option_strings[0])
        for verb, parser in verbs.items()
        for action in parser._actions
        if action.option_strings and isinstance(action, argparse._StoreAction)
    ]


@pytest.mark.parametrize(("verb", "option"), list_single_options())
def test_an_option_given_twice_is_refused(verb, option, capsys):
    parser = next(action for action in build_parser()._actions if action.dest == "verb").choices[verb]
    action = next(one for one in parser._actions if option in one.option_strings)
    first, second = map(str, [*action.choices, *action.choices][:2] if action.choices else (3, 4))
    needed = [next(iter(one.choices or "x")) for one in parser._actions if not one.option_strings and one.required]
    assert main([verb, *needed, option, first, option, second]) == 2
    told = capsys.readouterr().err
    assert option in told
    assert "given twice" in told


def test_what_the_library_warns_of_is_a_line_without_its_place_in_the_code(capsys):
    def act():
        warnings.warn("results: made by other code", stacklevel=1)
        return 0

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert guard(act) == 0
    assert capsys.readouterr().err == "warning: results: made by other code\n"
