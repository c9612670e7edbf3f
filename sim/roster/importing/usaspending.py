"""USAspending assistance transactions: one line an action in; recipients and the Assistance Listings they live on out.

Columns as in the download "Assistance_PrimeTransactions": usaspending_api/download/v2/
download_column_historical_lookups.py, "transaction_search" "d2", in fedspendingtransparency/usaspending-api at
13a1ee0f. Kinds of recipients: usaspending_api/broker/helpers/get_business_categories.py there.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections import defaultdict
from collections.abc import Iterable

from sim.roster.columns import Line
from sim.roster.importing.reading import Source, read_amount
from sim.roster.importing.taken import (
    DAYS_A_MONTH,
    MAX_LINES,
    Choices,
    Taken,
    find_middle,
    keep_in_range,
    know_sector,
    share_out,
    write_line,
)
from sim.schema.parameters import Field

KNOWN = ("listings", "state", "county", "city")
COLUMNS = {  # and whether the file must have it
    "assistance_transaction_unique_key": True,
    "assistance_award_unique_key": True,
    "federal_action_obligation": True,
    "non_federal_funding_amount": False,
    "action_date": True,
    "period_of_performance_start_date": True,
    "period_of_performance_current_end_date": True,
    "cfda_number": True,
    "recipient_uei": True,
    "recipient_name": False,
    "recipient_state_code": False,
    "recipient_county_name": False,
    "recipient_city_name": False,
    "business_types_code": False,
}
IDENTITY = "recipient_address_line_1 and _2, highly_compensated_officer_1 to _5 (names, amounts), ZIP codes, texts"
PERSON = "P"  # an individual
SECTOR_OF = {  # assumed; which letter is whom: see above
    **dict.fromkeys("ABCDEFIJKL", "government"),
    **dict.fromkeys("GHOSTUV", "school"),
    **dict.fromkeys("MN", "ngo"),
    **dict.fromkeys("QR", "business"),
}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_LISTING = re.compile(r"\d\d\.[0-9A-Z]{3}")
_UEI = re.compile(r"[A-Z0-9]{12}")


SUMMARY = "a summary of awards: choose 'Transactions' in the download"


@dataclasses.dataclass(slots=True)
class _Award:
    recipient: str
    listing: str
    cents: int = 0
    other_cents: int = 0
    latest: str = ""  # action
    start: str = ""
    end: str = ""

    def months(self) -> float | None:
        """Return how long it lasts, at least one month; None where it is not said."""
        if not self.start or not self.end or self.end < self.start:
            return None
        start, end = (datetime.date.fromisoformat(one) for one in (self.start, self.end))
        return max(((end - start).days + 1) / DAYS_A_MONTH, 1.0)


@dataclasses.dataclass
class _Gathered:
    awards: dict[str, _Award] = dataclasses.field(default_factory=dict)
    kinds: dict[str, str] = dataclasses.field(default_factory=dict)
    names: dict[str, str] = dataclasses.field(default_factory=dict)
    seen: set[int] = dataclasses.field(default_factory=set)
    n_negative: int = 0
    left: dict[str, int] = dataclasses.field(default_factory=lambda: defaultdict(int))


def read_usaspending(source: Source, choices: Choices, field: Field) -> Taken:
    """Return recipients and a grant line for each listing; see docs/import.md for what is estimated and how."""
    gathered = _Gathered()
    columns = {**COLUMNS, **{f"recipient_{name}": True for name in _places(choices)}}
    for line in source.read_rows(
        columns, {"NTEE_CD": "irs", "opportunity_id": "grants-gov", "total_obligated_amount": SUMMARY}
    ):
        _add_action(line, choices, gathered)
    taken = Taken(is_synthetic=source.is_synthetic)
    if source.problems:
        return taken
    awards = [one for one in gathered.awards.values() if one.cents > 0]
    n_recipients = len({one.recipient for one in awards})
    taken.told.append(
        f"{source.n_rows:,} actions read; {len(awards):,} awards of {n_recipients:,} recipients, "
        f"{gathered.n_negative:,} actions that took money back counted against their award"
    )
    for text, number in gathered.left.items():
        taken.drop(number, text)
    taken.drop(len(gathered.awards) - len(awards), "awards whose actions sum to 0 or less")
    n_undated = sum(one.months() is None for one in awards)
    taken.drop(n_undated, "awards without a period of performance: in the pots, not in needs and terms")
    taken.drop(source.n_unread_columns, f"columns never read, among them {IDENTITY}")
    _add_organizations(taken, awards, gathered, field)
    _add_lines(taken, awards)
    return taken


def _places(choices: Choices) -> list[str]:
    asked = {"state_code": choices.state, "county_name": choices.county, "city_name": choices.city}
    return [name for name, value in asked.items() if value is not None]


def _add_action(line: Line, choices: Choices, gathered: _Gathered) -> None:
    cells = line.cells
    listing = cells.get("cfda_number", "")
    if not _LISTING.fullmatch(listing):
        text = "text is not a listing number like 16.320 (a spreadsheet drops its last zeros); export the file again"
        line.refuse("cfda_number", text if listing else "empty; each action stands under a listing")
        return
    place = [cells.get(f"recipient_{name}", "") for name in ("state_code", "county_name", "city_name")]
    if (choices.listings and listing not in choices.listings) or not choices.is_wanted_place(*place):
        gathered.left["actions outside the listings and places asked for"] += 1
    elif PERSON in cells.get("business_types_code", ""):
        gathered.left["actions whose recipient is a person: never taken"] += 1
    elif not cells.get("recipient_uei"):
        gathered.left["actions without recipient_uei (sums over a county, or a hidden recipient)"] += 1
    else:
        _add_wanted(line, listing, gathered)


def _add_wanted(line: Line, listing: str, gathered: _Gathered) -> None:
    cells = line.cells
    uei, key = cells["recipient_uei"], cells.get("assistance_award_unique_key")
    if not _UEI.fullmatch(uei):
        line.refuse("recipient_uei", "text is not 12 letters and digits; columns may be shifted: export the file again")
        return
    for column in ("assistance_transaction_unique_key", "assistance_award_unique_key", "federal_action_obligation"):
        if column not in cells:
            line.refuse(column, "empty; every action has one, so export the file again")
    dates = [_read_date(line, name) for name in ("action_date", *(f"period_of_performance_{e}" for e in _ENDS))]
    usd, others = (read_amount(line, name) for name in ("federal_action_obligation", "non_federal_funding_amount"))
    if key is None or usd is None:
        return
    action = hash(cells.get("assistance_transaction_unique_key"))
    if action in gathered.seen:
        gathered.left["actions that stand in the files twice"] += 1
        return
    gathered.seen.add(action)
    award = gathered.awards.setdefault(key, _Award(uei, listing))
    award.cents += round(100 * usd)
    award.other_cents += round(100 * (others or 0))
    gathered.n_negative += usd < 0
    if dates[0] >= award.latest:  # what an award is now, its last action says
        award.latest, award.recipient, award.listing = dates[0], uei, listing
        award.end = dates[2] or award.end
        gathered.kinds[uei] = cells.get("business_types_code", gathered.kinds.get(uei, ""))
        gathered.names[uei] = cells.get("recipient_name", gathered.names.get(uei, ""))
    award.start = min(filter(None, (award.start, dates[1])), default="")


_ENDS = ("start_date", "current_end_date")


def _read_date(line: Line, column: str) -> str:
    text = line.cells.get(column, "")[:10]
    try:
        if text and _DATE.fullmatch(text):
            return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    if text:
        line.refuse(column, "text is not a date like 2024-09-30; export the file again, without opening it in between")
    return ""


def _add_organizations(taken: Taken, awards: list[_Award], gathered: _Gathered, field: Field) -> None:
    by_recipient: dict[str, list[_Award]] = defaultdict(list)
    for award in awards:
        by_recipient[award.recipient].append(award)
    for uei in sorted(by_recipient):
        sectors = {SECTOR_OF.get(letter, "") for letter in gathered.kinds.get(uei, "")}
        sector = know_sector(sectors.pop(), field) if len(sectors) == 1 else ""
        taken.organizations[uei] = {"sector": sector} if sector else {}
        taken.names[uei] = gathered.names.get(uei, "")
    needs = [_spread(by_recipient[uei], with_others=True) for uei in taken.organizations]
    n_out = keep_in_range(taken.organizations.values(), "monthly_need_usd", needs)
    taken.drop(n_out, "monthly needs outside what the model takes: left empty")
    taken.assumed += [
        "sector: from the letters of business_types_code; courts, prosecutors and police cannot be told from other "
        "government there, so none is in justice",
        "monthly_need_usd: what the awards pay (federal and other funds, evenly over their period of performance) in a "
        "month with one; a lower bound, as no other income is in the file (--leave monthly_need_usd: drawn instead)",
    ]


def _spread(awards: Iterable[_Award], with_others: bool = False) -> float | None:
    """Return USD a month, mean over the months in which an award runs; None where no award has dates."""
    paid: dict[int, float] = defaultdict(float)
    for award in awards:
        months = award.months()
        if months is None:
            continue
        first = int(award.start[:4]) * 12 + int(award.start[5:7])
        n_months = max(round(months), 1)
        for month in range(first, first + n_months):
            paid[month] += (award.cents + with_others * max(award.other_cents, 0)) / 100 / n_months
    return sum(paid.values()) / len(paid) if paid else None


def _add_lines(taken: Taken, awards: list[_Award]) -> None:
    by_listing: dict[str, list[_Award]] = defaultdict(list)
    for award in awards:
        by_listing[award.listing].append(award)
    kept = sorted(sorted(by_listing, key=lambda one: -sum(award.cents for award in by_listing[one]))[:MAX_LINES])
    taken.drop(len(by_listing) - len(kept), f"listings with the least money: grants.csv holds at most {MAX_LINES}")
    shares = share_out([sum(award.cents for award in by_listing[one]) for one in kept]) if kept else []
    for listing, share in zip(kept, shares, strict=True):
        found = [(award.cents / 100, months) for award in by_listing[listing] if (months := award.months())]
        taken.grants.append(
            write_line(
                f"listing_{listing.replace('.', '_')}",
                share,
                find_middle(12 * usd / months for usd, months in found),
                find_middle(months for _, months in found),
            )
        )
    monthly = _spread(awards)
    if monthly and taken.organizations:
        each = 12 * monthly / len(taken.organizations)
        taken.told.append(
            f"the awards pay {12 * monthly:,.0f} USD a year, {each:,.0f} for each organization taken; the model pays "
            f"as much with grants.annual_usd_per_organization={each:.0f}"
        )
    taken.assumed.append(
        "grant lines: one a listing; award and term are medians over its awards, rounds a year apart, open to all "
        "populations and stances, each organization applying for itself"
    )
