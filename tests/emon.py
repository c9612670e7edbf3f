"""Two real networks as rosters: converts the raw files of ``tests/data/emon_*`` into our format in a folder.

A fixture, not a feature: the choices below (sectors, need per person, levels per frequency) only serve the tests.
"""

from __future__ import annotations

import csv
from pathlib import Path

DATA = Path(__file__).parent / "data"
NETWORKS = ("emon_texas", "emon_wichita")
SECTORS = {"City": "government", "County": "government", "State": "government", "Federal": "government"}
LAW_ENFORCEMENT = {"emon_texas": {"3", "7", "12", "14", "20", "22"}, "emon_wichita": {"1", "7", "9"}}
USD_PER_PAID, USD_PER_VOLUNTEER, LARGEST_NEED_USD = 4_000, 200, 10_000_000


def convert_emon(network: str, folder: Path, most_to_least_frequent: str = "1234") -> Path:
    """Write ``organizations.csv`` and ``ties.csv`` of one network into `folder` and return it.

    `most_to_least_frequent` orders the four frequency codes; they become the levels 5, 4, 3 and 2.
    """
    organizations = _read(network, "organizations_raw.csv")
    _write(
        folder / "organizations.csv",
        ["org_id", "sector", "monthly_need_usd"],
        [[_code(row["org_id"]), _find_sector(network, row), _find_need(row)] for row in organizations],
    )
    _write(
        folder / "ties.csv",
        ["from_org", "to_org", "level"],
        [
            [_code(row["from_org"]), _code(row["to_org"]), 5 - most_to_least_frequent.index(row["frequency"])]
            for row in _read(network, "ties_raw.csv")
        ],
    )
    return folder


def _code(number: str) -> str:
    return f"{number:0>2}"


def _find_sector(network: str, row: dict[str, str]) -> str:
    if row["org_id"] in LAW_ENFORCEMENT[network]:
        return "justice"
    return SECTORS.get(row["sponsorship"], "ngo")


def _find_need(row: dict[str, str]) -> int | str:
    """Return USD per month from the staff, empty where neither count is known or both are zero."""
    paid, volunteers = (
        int(row[column]) if row[column].isdigit() else 0 for column in ("paid_staff", "volunteer_staff")
    )
    need = USD_PER_PAID * paid + USD_PER_VOLUNTEER * volunteers
    return min(need, LARGEST_NEED_USD) or ""


def _read(network: str, file: str) -> list[dict[str, str]]:
    with (DATA / network / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _write(path: Path, header: list[str], rows: list[list]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
