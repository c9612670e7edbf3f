"""Spoiled exports: each ends in lines that tell what is wrong or in a folder that can be used, never in a traceback."""

import random

import pytest

from sim.__main__ import main
from sim.errors import RosterError
from sim.roster.columns import Problems
from sim.roster.importing import READERS, Choices, KeyFile, Source, write_folder
from sim.roster.reading import read_folder
from sim.schema.parameters import Field
from tests.roster.importing.exports import (
    GRANTS_GOV,
    IRS,
    OPPORTUNITY,
    USASPENDING,
    make_action,
    make_nonprofit,
    make_opportunity,
    write_csv,
    write_xml,
)

FIELD = Field()
PIECES = [
    *("", "None", "nan", "inf", "1e400", "-0", "-5", "1,000", "007", "NA", "9" * 30, "0x10", "½", "\u202e", "=1+1"),
    *(
        "2021-02-30",
        "0001-01-01",
        "9999-12-31",
        "16.3",
        "..",
        "../x",
        "a;b",
        '"',
        '""',
        ",",
        "\r",
        "\x00",
        "\ufeff",
        "#",
    ),
    *("<", "&x;", "<!DOCTYPE a>", "]]>", "<a/>", "x" * 200_000, "\u2028", "\t"),
]


def make_exports(folder):
    """Write a sound file of each kind; return (kind, path) of each."""
    folder.mkdir()
    actions = [make_action(who, 1, number) for who in range(4) for number in (1, 2)]
    own = folder / "own"
    own.mkdir()
    (own / "organizations.csv").write_text("org_id,sector,coalitions,localities\na,ngo,x,s/1\nb,,x,s/1\n")
    (own / "ties.csv").write_text("from_org,to_org,level\na,b,3\n")
    (folder / "long.csv").write_text("from,to,level,wave\na,b,3,1\nb,c,4,1\n")
    (folder / "matrix.csv").write_text("who,a,b,c\na,,3,2\nb,5,,1\n")
    return [
        ("usaspending", write_csv(folder / "u.csv", USASPENDING, actions)),
        ("irs", write_csv(folder / "i.csv", IRS, [make_nonprofit(number) for number in range(4)])),
        ("grants-gov", write_csv(folder / "g.csv", GRANTS_GOV, [make_opportunity(number) for number in range(3)])),
        ("grants-gov", write_xml(folder / "g.xml", OPPORTUNITY, OPPORTUNITY | {"OpportunityID": "2"})),
        ("ties", folder / "long.csv"),
        ("ties", folder / "matrix.csv"),
        ("roster", own),
    ]


def spoil(rng, data):
    """Return the bytes with a few of them replaced, doubled, lost, or followed by a piece that means something."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            data[at : at + rng.randrange(1, 9)] = b""
        elif kind == 1:
            data[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 2:
            data[at:at] = data[at : at + rng.randrange(1, 200)]
        else:
            piece = rng.choice(PIECES).encode()
            end = min((place for mark in b'",<\n;' if (place := data.find(mark, at)) >= 0), default=len(data))
            data[at : end if rng.random() < 0.7 else at] = piece
    return bytes(data)


def try_one(seed, exports, folder):
    """Import one spoiled export; return whether it was refused."""
    rng = random.Random(seed)
    kind, path = exports[seed % len(exports)]
    file = path / rng.choice(["organizations.csv", "ties.csv"]) if kind == "roster" else path
    sound = file.read_bytes()
    file.write_bytes(spoil(rng, sound))
    problems = Problems(200)
    try:
        taken = READERS[kind](Source([path], problems), Choices(), FIELD)
    except RosterError:
        assert len(problems) == 200
        return True
    finally:
        file.write_bytes(sound)
    for line in problems:
        assert line.strip()
        assert len(line) <= 600, line
        assert "\n" not in line
    if problems:
        return True
    if len(taken.organizations) < 2 and kind != "grants-gov":
        return False
    if kind == "grants-gov":
        folder.mkdir()
        (folder / "organizations.csv").write_text("org_id\na\nb\n")
    write_folder(taken, folder, KeyFile(None, folder), FIELD, kind)
    read_folder(folder, FIELD)  # what is written can be used
    for part in folder.iterdir():
        part.unlink()
    folder.rmdir()
    return False


def try_many(first, last, tmp_path):
    exports = make_exports(tmp_path / "exports")
    refused = sum(try_one(seed, exports, tmp_path / "roster") for seed in range(first, last))
    assert 0.2 * (last - first) < refused < (last - first)


def test_spoiled_exports_are_refused_or_make_a_roster(tmp_path):
    try_many(0, 70, tmp_path)


@pytest.mark.slow
@pytest.mark.nightly
def test_many_spoiled_exports_are_refused_or_make_a_roster(tmp_path):
    try_many(70, 6000, tmp_path)


@pytest.mark.parametrize("kind", [kind for kind in READERS if kind != "roster"])  # which is a folder
@pytest.mark.parametrize("path", [".", "/dev/zero", "missing.csv"])
def test_what_is_no_file_is_named_as_what_it_is(path, kind, tmp_path, capsys):
    assert main(["import", kind, path, "--to", str(tmp_path / "made")]) == 2
    told = "".join(capsys.readouterr())
    assert ("no such file" in told) is (path == "missing.csv")
    assert ("folder, device or pipe" in told) is (path != "missing.csv")
    assert not (tmp_path / "made").exists()
