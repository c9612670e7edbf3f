"""What an importer is asked for, and what it has taken: rows for the three files, and what to tell of them."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterable, Sequence

from sim.roster.columns import COLUMNS, ORGANIZATIONS, RosterColumn, declared_range
from sim.schema.parameters import Field
from sim.schema.regimes import Programme

Row = dict[str, str]  # the cells of a line by column, empty ones left out
DAYS_A_MONTH = 365.25 / 12
MAX_LINES = 40  # of grants.csv (assumed): more are not a regime, and each costs time in every round


@dataclasses.dataclass(frozen=True)
class Choices:
    """What of a file is wanted; each importer says which of these it knows (`KNOWN` of its module)."""

    listings: tuple[str, ...] = ()  # Assistance Listing numbers, like 16.320
    state: str | None = None  # two letters
    county: str | None = None
    city: str | None = None
    ntee: tuple[str, ...] = ()  # beginnings of codes, like P or I7
    wave: str | None = None
    symmetrise: str = "none"
    scale: float | None = None  # highest value of the survey's scale, where it is not Levels of Collaboration
    level: int = 3  # of a list that says who works with whom, and not how closely (assumed)
    term_months: int = 36  # where the file does not say how long an award lasts (grants.gov 16.320)

    def is_wanted_place(self, state: str, county: str, city: str) -> bool:
        """Say whether an address lies where it should; case and a final "County" do not matter."""
        asked = ((self.state, state), (self.county, county), (self.city, city))
        return all(want is None or _fold(want) == _fold(text) for want, text in asked)


def _fold(text: str) -> str:
    return " ".join(text.casefold().split()).removesuffix(" county")


@dataclasses.dataclass
class Taken:
    """What was read. Keys of `organizations` are those of the source (a UEI, an EIN, a respondent's code)."""

    organizations: dict[str, Row] = dataclasses.field(default_factory=dict)
    names: dict[str, str] = dataclasses.field(default_factory=dict)  # by the same keys; for the key file alone
    ties: dict[tuple[str, str], float] = dataclasses.field(default_factory=dict)
    tie_column: str = "level"
    grants: list[Row] = dataclasses.field(default_factory=list)
    has_no_grants: bool = False  # said to be so: grants.csv is a header alone
    grant_notes: list[str] = dataclasses.field(default_factory=list)  # comments of grants.csv
    told: list[str] = dataclasses.field(default_factory=list)  # taken
    dropped: list[str] = dataclasses.field(default_factory=list)
    assumed: list[str] = dataclasses.field(default_factory=list)
    is_synthetic: bool = False

    def drop(self, number: int, text: str) -> None:
        """Tell what was dropped, where anything was."""
        if number:
            self.dropped.append(f"{number:,} {text}")


def find_column(file: str, name: str) -> RosterColumn:
    """Return a column of a roster's file with its range."""
    return next(column for column in COLUMNS[file] if column.name == name)


def write_number(value: float | None, file: str, name: str) -> tuple[str, bool]:
    """Return the text of a cell and whether the number was in range; out of it, the cell stays empty."""
    if value is None:
        return "", True
    column = find_column(file, name)
    value = round(value) if column.is_whole or abs(value) >= 100 else round(value, 3)
    return (f"{value:.10g}", True) if column.low <= value <= column.high else ("", False)


def keep_in_range(rows: Iterable[Row], column: str, values: Iterable[float | None]) -> int:
    """Write a number into `column` of each organization and return how many lay out of its range."""
    n_out = 0
    for row, value in zip(rows, values, strict=True):
        text, is_inside = write_number(value, ORGANIZATIONS, column)
        n_out += not is_inside
        if text:
            row[column] = text
    return n_out


def write_line(name: str, share: float, per_year: float | None, term_months: float | None) -> Row:
    """Return a grant line; a number outside what the model takes is put at the bound."""
    row = {"line": name, "money_share": f"{share:.6g}"}
    for column, value in (("award_usd_per_year", per_year), ("term_months", term_months)):
        if value is not None:
            low, high = declared_range(Programme, column)
            row[column] = f"{round(min(max(value, low), high))}"
    return row


def share_out(weights: Sequence[float]) -> list[float]:
    """Return shares of the money in millionths that sum to 1 exactly as written."""
    total = sum(weights)
    parts = [int(1e6 * weight / total) for weight in weights]
    parts[max(range(len(parts)), key=parts.__getitem__)] += 1_000_000 - sum(parts)
    return [part / 1e6 for part in parts]


def find_middle(values: Iterable[float]) -> float | None:
    """Return the median, None where there is nothing."""
    found = list(values)
    return statistics.median(found) if found else None


def know_sector(sector: str, field: Field) -> str:
    """Return the sector where the field has it, else an empty text."""
    return sector if sector in field.sectors else ""
