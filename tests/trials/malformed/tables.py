"""Small tables that must be refused: games typed by hand, and ensembles of one's own; and levers set anew badly."""

from __future__ import annotations

import random
from pathlib import Path

from sim.configuration import compose
from sim.configuration.changes import read_change
from sim.configuration.designs.ensemble import read_ensemble
from sim.games import read_table
from sim.schema.changes import plan_changes
from tests.trials.malformed.rosters import NO_NUMBERS

WEIGHTS = "to,A,B,C\nA,,1,2\nB,3,,4\nC,5,6,\n"
WORTHS = "coalition,value\nA,1\nB,2\nA+B,5\nA+B+C,9\n"
UTILITIES = "coalition,A,B,C\nA,0,,\nA+B,2,3,\nA+B+C,1,1,1\n"
ENSEMBLE = "set,grants.luck,memberships.turf_weight\n1,0.5,1.5\n2,0.25,0.75\n"
GAMES = {"weights": WEIGHTS, "worths": WORTHS, "utilities": UTILITIES}
KEPT_GAMES: tuple[tuple[str, bytes], ...] = (
    ("nothing", b""),
    ("blank", b"\n\n,,\n"),
    ("comment", b"# only\n"),
    ("not UTF-8", b"to,A\nA,\xff\n"),
    ("UTF-16 without its mark", WEIGHTS.encode("utf-16-le")),
    ("large", WEIGHTS.encode() + b" " * 1_000_001),
    ("zeros", bytes(300)),
    ("open quotes", (WORTHS + 'C,"1').encode()),
    ("long cell", (WORTHS + 'C,"' + "1" * 200_000).encode()),
    ("no players", b"to\n"),
    ("no player's name", b"to,A,,B\nA,1,1,1\n,1,1,1\nB,1,1,1\n"),
    ("twice", b"to,A,A\nA,1,1\nA,1,1\n"),
    ("other order", b"to,A,B\nB,1,1\nA,1,1\n"),
    ("short line", b"to,A,B\nA,1\nB,1,1\n"),
    ("word", b"to,A,B\nA,1,x\nB,1,1\n"),
    ("nan", b"to,A,B\nA,1,nan\nB,1,1\n"),
    ("huge", b"to,A,B\nA,1,1e999\nB,1,1\n"),
    ("underscore", b"to,A,B\nA,1,1_0\nB,1,1\n"),
    ("other digits", "to,A,B\nA,1,\u0663\nB,1,1\n".encode()),
    ("many players", ("coalition,value\n" + "+".join(f"p{at}" for at in range(90_000)) + ",1\n").encode()),
    ("many columns", ("to," + ",".join("p" * 90_000)).encode()),
    ("21 players", ("coalition,value\n" + "+".join(f"p{at}" for at in range(21)) + ",1\n").encode()),
    ("same coalition", (WORTHS + "B+A,6\n").encode()),
    ("member twice", (WORTHS + "A+A,6\n").encode()),
    ("nobody", (UTILITIES + "A+X,1,1,1\n").encode()),
    ("half said", (UTILITIES + "B+C,,1,\n").encode()),
    ("only a coalition", b"coalition\nA\n"),
    ("pickle", b"\x80\x04N."),
)
KEPT_ENSEMBLES: tuple[tuple[str, bytes], ...] = (
    ("nothing", b""),
    ("no set", ENSEMBLE.partition("\n")[0].encode()),
    ("not UTF-8", b"set,grants.luck\n1,\xff\n"),
    ("UTF-16", ENSEMBLE.encode("utf-16")),
    ("mark", b"\xef\xbb\xbf" + ENSEMBLE.encode()),
    ("zeros", bytes(300)),
    ("unknown", b"set,grants.lukc\n1,0.5\n"),
    ("no number", b"set,memberships.admission\n1,0\n"),
    ("twice", b"set,grants.luck,grants.luck\n1,1,1\n"),
    ("other numbers", b"set,grants.luck\n2,0.5\n"),
    ("short", b"set,grants.luck\n1\n"),
    ("long", b"set,grants.luck\n1,0.5,3\n"),
    ("quotes", b'set,grants.luck\n1,"0.5\n'),
    ("after quotes", b'set,grants.luck\n1,"0.5"x\n'),
    ("passwd", b"root:x:0:0\n"),
    ("large", ENSEMBLE.encode() + b"#" * 20_000_001),
)
KEPT_CHANGES = (
    "",
    ":",
    "5",
    "5:",
    "5:x",
    "5:=",
    "5:meetings.facilitation",
    "5:meetings.facilitation=",
    "0:meetings.facilitation=0.1",
    "13:meetings.facilitation=0.1",
    "99999:meetings.facilitation=0.1",
    "999999:meetings.facilitation=0.1",
    "-1:meetings.facilitation=0.1",
    "5.5:meetings.facilitation=0.1",
    "٥:meetings.facilitation=0.1",
    "5:meetings.facilitation=7",
    "5:meetings.facilitation=nan",
    "5:meetings.facilitation=true",
    "5:meetings.facilitation=[0.1]",
    "5:meetings.facilitation={a: 1}",
    "5:meetings.facilitation=0.1,0.2",
    "5:meetings.facilitation=1_0",
    "5:meetings.facilitation=!!python/name:os.system",
    "5:meetings.facilitation=&a [*a]",
    "5:meetings.facilitation=" + "[" * 2000,
    "5:meetings.facilitation=" + "9" * 5000,
    "5:meetings.facilitation=${oc.env:HOME}",
    "5:meetings.facilitaton=0.1",
    "5:field.n_organizations=9",
    "5:months=3",
    "5:seeds=3",
    "5:name=x",
    "5:regime=mixed",
    "5:hydra.run.dir=x",
    "5:_target_=os.system",
    "5:+meetings.facilitation=0.1",
    "5:~meetings.facilitation=0.1",
    "5:++meetings.facilitation=0.1",
    "5:regime.programmes.x.term_months=3",
    "5:meetings.facilitation=0.1\n6:meetings.facilitation=0.2",
    "5:meetings@x=0.1",
)


def try_game(data: bytes, folder: Path) -> object:
    """Read a typed game."""
    (folder / "game.csv").write_bytes(data)
    return read_table(folder / "game.csv", "additively_separable")


def try_ensemble(data: bytes, folder: Path) -> object:
    """Read an ensemble."""
    (folder / "sets.csv").write_bytes(data)
    return read_ensemble(folder / "sets.csv")


def try_change(text: str) -> object:
    """Plan a lever set anew in a run of a year."""
    return plan_changes(compose(["months=12"]).parameters, [read_change(text)])


def _spoil(rng: random.Random, text: str) -> bytes:
    rows = [line.split(",") for line in text.splitlines()]
    row = rows[rng.randrange(1, len(rows))]
    places = [at for at, cell in enumerate(row) if at and cell]
    way = rng.randrange(5)
    if way <= 1 and places:
        row[rng.choice(places)] = rng.choice([one for one in NO_NUMBERS if "," not in one])
    elif way == 2:
        row.append(rng.choice(["", "1", "x"]))
    elif way == 3:
        rows.append(row)
    else:
        row[0] = rng.choice(["", "A+", "+", "A+A", "nobody", "\x00", "7", "A;B"]) + rng.choice(
            ["+A+A", "+nobody+nobody"]
        )
    return "\n".join(",".join(cells) for cells in rows).encode()


def make_game(rng: random.Random) -> bytes:
    """Return a typed game that must be refused."""
    return _spoil(rng, GAMES[rng.choice(list(GAMES))])


def make_ensemble(rng: random.Random) -> bytes:
    """Return an ensemble that must be refused."""
    return _spoil(rng, ENSEMBLE)
