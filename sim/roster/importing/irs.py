"""IRS Exempt Organizations Business Master File: nonprofits in, sector, monthly need and reserves out.

Columns as in eo1.csv to eo4.csv and the files by state (irs.gov, "Exempt Organizations Business Master File
Extract"); codes of the National Taxonomy of Exempt Entities: IRS Publication 4838, "Table of NTEE Codes".
"""

from __future__ import annotations

import re

from sim.roster.columns import Line, declared_range
from sim.roster.importing.reading import Source, read_amount
from sim.roster.importing.taken import Choices, Taken, keep_in_range, know_sector
from sim.schema.parameters import Field

KNOWN = ("ntee", "state", "city")
COLUMNS = {
    "EIN": True,
    "NAME": False,
    "CITY": False,
    "STATE": False,
    "SUBSECTION": False,
    "ASSET_AMT": True,
    "REVENUE_AMT": True,
    "NTEE_CD": True,
}
IDENTITY = "ICO (a person's name), STREET, ZIP, SORT_NAME"
# Which sector a code stands for: the longest beginning counts. Assumed; the titles are those of Publication 4838.
SECTOR_OF = {
    "A3": "media",  # media, communications
    "B": "school",  # education
    "E": "health_care",  # health care
    "F": "health_care",  # mental health, crisis intervention
    "G": "health_care",  # diseases, disorders, medical disciplines
    "H": "health_care",  # medical research
    "I3": "justice",  # correctional facilities
    "I4": "justice",  # rehabilitation services for offenders
    "I5": "justice",  # administration of justice, courts
    "I6": "justice",  # law enforcement
    "I8": "justice",  # legal services
    "S4": "business",  # business and industry
}
ANY_OTHER = "ngo"
BUSINESS_LEAGUE = "06"  # subsection 501(c)(6)
_EIN = re.compile(r"\d{9}")
_NTEE = re.compile(r"[A-Z]([A-Z0-9]{1,3})?")


def find_sector(code: str, subsection: str = "") -> str:
    """Return the sector of an NTEE code; an organization without one is an ngo, a business league a business."""
    if subsection.zfill(2) == BUSINESS_LEAGUE:
        return "business"
    known = [SECTOR_OF[code[:n]] for n in range(len(code), 0, -1) if code[:n] in SECTOR_OF]
    return known[0] if known else ANY_OTHER


def read_irs(source: Source, choices: Choices, field: Field) -> Taken:
    """Return the exempt organizations asked for; see docs/import.md for what is estimated and how."""
    columns = {**COLUMNS, "STATE": choices.state is not None, "CITY": choices.city is not None}
    taken = Taken(is_synthetic=source.is_synthetic)
    n_outside = n_twice = n_odd = 0
    needs: list[float | None] = []
    reserves: list[float | None] = []
    low, high = declared_range(Field, "initial_reserve_months")
    for line in source.read_rows(columns, {"recipient_uei": "usaspending", "opportunity_id": "grants-gov"}):
        code = line.cells.get("NTEE_CD", "")
        if (choices.ntee and not code.startswith(choices.ntee)) or not choices.is_wanted_place(
            line.cells.get("STATE", ""), "", line.cells.get("CITY", "")
        ):
            n_outside += 1
            continue
        ein, assets, revenue = _read_ein(line), read_amount(line, "ASSET_AMT"), read_amount(line, "REVENUE_AMT")
        is_odd = bool(code) and not _NTEE.fullmatch(code)
        if ein in taken.organizations:
            n_twice += 1
        elif ein:
            sector = "" if is_odd else know_sector(find_sector(code, line.cells.get("SUBSECTION", "")), field)
            n_odd += is_odd
            taken.organizations[ein] = {"sector": sector} if sector else {}
            taken.names[ein] = line.cells.get("NAME", "")
            need = revenue / 12 if revenue and revenue > 0 else None
            needs.append(need)
            reserves.append(min(max(assets / need, low), high) if need and assets is not None else None)
    taken.is_synthetic = source.is_synthetic
    if source.problems:
        return taken
    taken.told.append(f"{source.n_rows:,} organizations read, {len(taken.organizations):,} taken")
    taken.drop(n_outside, "organizations outside the codes and places asked for")
    taken.drop(n_twice, "organizations that stand in the files twice")
    taken.drop(n_odd, "codes that are not of the form P43: sector left empty")
    taken.drop(source.n_unread_columns, f"columns never read, among them {IDENTITY}")
    rows = taken.organizations.values()
    n_out = keep_in_range(rows, "monthly_need_usd", needs)
    taken.drop(n_out, "monthly needs outside what the model takes: left empty")
    known = [value if "monthly_need_usd" in row else None for row, value in zip(rows, reserves, strict=True)]
    keep_in_range(rows, "reserve_months", known)
    taken.assumed += [
        "sector: from NTEE_CD by the table in docs/import.md; no public agency (police, courts) is in this file",
        "monthly_need_usd: REVENUE_AMT / 12, as if all income were spent; those without a return have none",
        f"reserve_months: ASSET_AMT over the monthly need, at most {high:g}; an upper bound, as buildings count among "
        "assets (--leave reserve_months: drawn instead)",
    ]
    return taken


def _read_ein(line: Line) -> str:
    text = line.cells.get("EIN", "")
    if _EIN.fullmatch(text):
        return text
    mend = "a spreadsheet has dropped its first zeros: get the file again" if text.isdigit() else "get the file again"
    line.refuse("EIN", f"text is not 9 digits; {mend}" if text else "empty; every organization has one")
    return ""
