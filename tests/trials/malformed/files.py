"""YAML files that must be refused: an experiment of one's own, spoiled in every way that somebody might try."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from sim.configuration import compose

HEADER = "# @package _global_\n# What if?\n"
GOOD = (
    HEADER
    + """\
defaults:
  - override /regime: mixed
question: Who stays?
seeds: 2
months: 12
memberships:
  turf_weight: 1.5
meetings:
  facilitation: 0.4
design:
  vary:
    grants.luck: [0.0, 0.5]
    shock: [none, total_cut]
"""
)
VALUES = ("Who stays?", "12", "1.5", "0.4")  # of lines above; what stands in their place below is refused
NO_TEXT = (
    "${oc.env:HOME}", "'${oc.env:HOME}'", '"\\x24{now:%Y}"', "${.}", "!!python/name:os.system", "!!int '3'", "!x 3",
    "&a 3", "*a", "_target_", "{_target_: os.system}", "[_target_]", "{hydra: 1}", "[hydra.run.dir]", "_partial_", "@",
    "`x`", "%x", '"\\ud800"',
)  # fmt: skip
NO_NUMBERS = (
    *NO_TEXT, "", "~", "null", "yes", "true", "abc", "[1]", "{a: 1}", "010", "12:30", "1_2", "0x10q", "1e999", ".inf",
    "-.inf", ".nan", "9" * 400, "9" * 5000, "-1", "2026-01-01", "'3'", '"0.5"', "1,5", "½", "٣", "0.4 0.5",
)  # fmt: skip
KEYS = (
    "_target_", "hydra", "hydra.run", "hydra/launcher", "defaults@x", "memberships.turf_weight", "Months", "month",
    "meetings ", "${oc.env:HOME}", "_recursive_", "<<", "3", "null", "[a]", "? x", "field.folder/..", "desing",
)  # fmt: skip
DEFAULTS = (
    "override /hydra/launcher: joblib", "optional hydra/launcher: joblib", "/hydra/launcher: joblib", "hydra: x",
    "override hydra/job_logging: none", "override /regime: ../../x", "override /regime: /etc/passwd",
    "/regime@hydra.run: mixed", "override /regime: [mixed, lottery]", "override /regime: nothing", "sub/x", "/config",
    "config", "coalitions_schema", "../experiment/levers", "override /regime: mixed.yaml", "override /field: ''",
    "{override /regime: mixed, override /field: city18}", "[_self_]", "3", "null", "override /regime: ${regime}",
)  # fmt: skip
KEPT_EXPERIMENTS = (
    *((f"defaults {at}", GOOD.replace("override /regime: mixed", text)) for at, text in enumerate(DEFAULTS)),
    *((f"key {at}", f"{GOOD}{text}: 3\n") for at, text in enumerate(KEYS)),
    ("no header", GOOD.partition("\n")[2]),
    ("late header", GOOD.partition("\n")[2] + HEADER),
    ("header of hydra", GOOD.replace("_global_", "hydra")),
    ("two headers", "# @package hydra\n" + GOOD),
    ("byte order mark", "\ufeff" + GOOD),
    ("question of a list", GOOD.replace("Who stays?", "[Who, stays]")),
    ("target in a design", GOOD.replace("[none, total_cut]", "[{_target_: os.system}]")),
    ("sample of a file that is none", GOOD + "  sample: {method: ensemble, file: /etc/passwd}\n"),
    ("nested designs", GOOD.replace("design:\n", "design:\n  designs: [[[[]]]]\n")),
    ("huge design", GOOD.replace("[0.0, 0.5]", "[" + ", ".join(f"{at / 20000}" for at in range(9000)) + "]")),
    ("two documents", GOOD + "---\n" + GOOD),
    ("nobody's shock", GOOD + "shock: {from_population: nobody}\n"),
)


def try_regime(name: str, text: str, folder: Path) -> object:
    """Compose with a regime's file of one's own."""
    return _try(folder, "regime", f"own_{name}", text.encode())


def try_experiment(data: bytes, folder: Path) -> object:
    """Compose with an experiment of one's own."""
    return _try(folder, "experiment", "own", data)


def _try(folder: Path, group: str, name: str, data: bytes) -> object:
    (folder / group).mkdir(parents=True, exist_ok=True)
    path = folder / group / f"{name}.yaml"
    path.write_bytes(data)
    try:
        return compose([f"{group}={name}"], config_dir=folder)
    finally:
        path.unlink()


def _spoil_value(rng: random.Random) -> str:
    value = rng.choice(VALUES)
    return GOOD.replace(value, rng.choice(NO_NUMBERS if value != VALUES[0] else NO_TEXT[:9]), 1)


def _spoil_key(rng: random.Random) -> str:
    place = rng.choice(["turf_weight:", "facilitation:", "months:", "memberships:", "meetings:"])
    return GOOD.replace(place, f"{rng.choice(KEYS)}q:" if rng.random() < 0.5 else f"x{place}")


def _spoil_defaults(rng: random.Random) -> str:
    entry = rng.choice(DEFAULTS)
    return GOOD.replace("  - override /regime: mixed", "\n".join(f"  - {one}" for one in ("_self_", entry)))


def _repeat_key(rng: random.Random) -> str:
    lines = GOOD.splitlines()
    at = rng.choice([place for place, line in enumerate(lines) if ":" in line and line[0] not in " #"])
    return "\n".join([*lines, lines[at].partition(":")[0] + ": 3"]) + "\n"


def _nest(rng: random.Random) -> str:
    depth = rng.randrange(21, 400)
    pair = rng.choice(["[]", "{}"])
    inner = "a: " if pair == "{}" else ""
    return f"{GOOD}meetings2: " + (pair[0] + inner) * depth + "1" + pair[1] * depth


def _alias(rng: random.Random) -> str:
    names = rng.sample("abcdefgh", 3)
    bomb = "".join(
        f"x{at}: &{name} [{', '.join('*' + one for one in names[:at]) or 1}]\n" for at, name in enumerate(names)
    )
    return GOOD + bomb


def _leave_open(rng: random.Random) -> str:
    return GOOD + rng.choice(["x: [", "x: {", "x: '", 'x: "', "x: !", "- x", "\tx: 1", "x: 1\n y: 2", "'", "x: |x\n"])


def _add_letter(rng: random.Random) -> str:
    at = rng.randrange(len(GOOD))
    return GOOD[:at] + rng.choice("\x00\x01\x07\x08\x0b\x1b\x7f\ufffe\uffff") + GOOD[at:]


def _enlarge(rng: random.Random) -> str:
    return GOOD + "# " + "x" * rng.randrange(64 * 1024, 200_000)


SPOILING: tuple[Callable[[random.Random], str], ...] = (
    _spoil_value, _spoil_value, _spoil_value, _spoil_key, _spoil_defaults, _repeat_key, _nest, _alias, _leave_open,
    _add_letter, _enlarge,
)  # fmt: skip


def make_experiment(rng: random.Random) -> bytes:
    """Return an experiment's file that must be refused."""
    if rng.random() < 0.05:
        return GOOD.encode(rng.choice(["utf-16", "utf-32", "utf-8-sig"]))
    if rng.random() < 0.05:
        at = rng.randrange(len(GOOD))
        return GOOD[:at].encode() + rng.choice([b"\xff", b"\xc3\x28", b"\xed\xa0\x80"]) + GOOD[at:].encode()
    return rng.choice(SPOILING)(rng).encode("utf-8", "surrogatepass")
