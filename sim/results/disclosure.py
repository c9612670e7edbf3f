"""What of a roster may be shown to others: groups too small to stand apart, and where things lie on a machine.

Applies to what is made to be handed on (reports, figures, explorer pages, exports) of a roster that is not marked
SYNTHETIC; results in the user's own folder stay whole. Why: docs/decisions/0014-what-of-a-roster-is-shown.md.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import ParameterError
from sim.schema.columns import PEOPLE
from sim.schema.parameters import Field

if TYPE_CHECKING:
    import pandas as pd

    from sim.schema.roster_tables import RosterTables

SMALLEST_GROUP = 5  # organizations; fewer are not shown apart. A usual rule for small cells; the number is assumed
_PLACES = {"overrides", "folder", "field.folder", "varied"}  # parts of a manifest that may hold a path
NUMBERED = ", by number alone"
_KEY = re.compile(r"(?:[-+~]*[\w.]+=)?")
_PATH = re.compile(r"""(?P<before>["'\[\s]*)(?P<path>.*?)(?P<after>["'\]\s]*)""", re.DOTALL)
_ELSEWHERE = re.compile(r"[\\/]|~[^\\/]*[\\/]|[A-Za-z]:[\\/]")  # what the path of another place begins with
_NAMED = re.compile(r"[^\W\d_]{4,}|[^\W\d_]+\s", re.UNICODE)


def describe_roster(tables: RosterTables, field: Field) -> dict[str, Any]:
    """Return what a manifest says of a roster: whether it is invented, and which populations few of it serve."""
    import numpy as np

    n_serving = np.count_nonzero(np.nan_to_num(tables.mix) > 0, axis=0)
    return {
        "is_synthetic": tables.is_synthetic,
        "digest": tables.digest,
        "small_populations": [] if tables.is_synthetic else _pick_small(field.populations, n_serving),
    }


def _pick_small(names: Iterable[str], counts: Iterable[int]) -> list[str]:
    return [name for name, count in zip(names, counts, strict=True) if 0 < count < SMALLEST_GROUP]


def merge_rosters(found: Iterable[dict[str, Any] | None]) -> dict[str, Any] | None:
    """Return one description of the rosters of several settings: what is small in one is small."""
    known = [one for one in found if one]
    if not known:
        return None
    small = dict.fromkeys(name for one in known for name in one["small_populations"])
    digests = dict.fromkeys(one["digest"] for one in known)
    is_synthetic = all(one["is_synthetic"] for one in known)
    return {"is_synthetic": is_synthetic, "digest": " ".join(digests), "small_populations": list(small)}


def is_own(manifest: Mapping[str, Any]) -> bool:
    """Say whether results are those of a roster that may be of real organizations."""
    roster = manifest.get("roster")
    return isinstance(roster, dict) and not roster.get("is_synthetic", False)


def list_small(manifest: Mapping[str, Any]) -> list[str]:
    """Return the populations that fewer than `SMALLEST_GROUP` organizations of a user's own roster serve."""
    found = manifest["roster"].get("small_populations", []) if is_own(manifest) else []
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def tell_roster(manifest: Mapping[str, Any]) -> str:
    """Return what readers of the results of a user's own roster are told, "" of every other."""
    if not is_own(manifest):
        return ""
    told = f"organizations of a roster{NUMBERED}"
    if small := list_small(manifest):
        told += f"; populations that fewer than {SMALLEST_GROUP} of them serve are not shown apart: {', '.join(small)}"
    return told


def withhold(frame: pd.DataFrame, manifest: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table of results without the columns of small populations and the rows of small localities."""
    if not is_own(manifest):
        return frame
    hidden = [f"{entry.name}{name}" for entry in PEOPLE for name in list_small(manifest)]
    if {"locality", "n_organizations"} <= set(frame.columns):
        frame = frame.loc[frame["n_organizations"] >= SMALLEST_GROUP]
    return frame.drop(columns=[name for name in hidden if name in frame.columns])


def hide_place(word: str) -> str:
    """Return a word of a command without the folders above the last one: field.folder=…/my_city.

    A path below the current folder stays: it can be handed on together with what it leads to.
    """
    key = _KEY.match(word)[0]  # type: ignore[index]
    if key == "question=":
        return word
    return key + ",".join(map(_hide_path, word[len(key) :].split(",")))


def _hide_path(text: str) -> str:
    match = _PATH.fullmatch(text)
    path = match["path"] if match else ""
    parts = [part for part in re.split(r"[\\/]", path) if part]
    if match is None or not parts or not (_ELSEWHERE.match(path) or ".." in parts):
        return text
    return f"{match['before']}…/{parts[-1]}{match['after']}"


def find_places(folders: Iterable[str]) -> dict[str, str]:
    """Return where the folders lie that are named without those above, by the names they are given.

    Raises `ParameterError` where two of them would have one name.
    """
    places: dict[str, str] = {}
    for folder in sorted(folders):
        shown, place = _hide_path(folder), str(Path(folder).expanduser().absolute())
        if shown == folder:
            continue
        if places.setdefault(shown, place) != place:
            raise ParameterError(
                f"field.folder: two folders of rosters are called '{Path(folder).name}', and results name a folder by "
                "its last part; rename one, or write both from the current folder"
            )
    return places


def check_place(named: str, given: str | None) -> str:
    """Return where a roster of kept results lies: `given`, else the folder that they name.

    Raises `ParameterError` where they name it without the folders above.
    """
    if given is None and named.startswith("…"):
        raise ParameterError(
            f"{named}: these results do not say where that folder lies on this machine; give it with --roster DIR"
        )
    return given or named


def hide_places(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest, or a plan, that names no folder above the last one: commands, words and settings alike."""
    return {name: _hide_below(name, value) for name, value in manifest.items()}


def _hide_below(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return hide_places(value)
    if isinstance(value, (list, tuple)):
        return [_hide_below(name, one) for one in value]
    if not isinstance(value, str):
        return value
    if name == "command":
        return hide_command(value)
    return hide_place(value) if name in _PLACES else value


def hide_command(command: str) -> str:
    """Return a command whose words name no folder above the last one."""
    words = shlex.split(command)
    hidden = list(map(hide_place, words))
    return command if hidden == words else shlex.join(hidden)


def count_names(ids: Iterable[str]) -> int:
    """Return how many ids read like names: letters in a row and no digit, or words with spaces between them."""
    return sum(bool(_NAMED.search(one)) and (" " in one or not re.search(r"\d", one)) for one in ids)
