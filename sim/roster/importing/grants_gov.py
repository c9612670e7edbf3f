"""grants.gov: opportunities as XML extract or as CSV of simpler.grants.gov in, grant lines out.

XML: the elements of http://apply.grants.gov/system/OpportunityDetail-V1.0 (OpportunitySynopsisDetail_1_0). CSV: the
columns of api/src/services/opportunities_v1/opportunity_to_csv.py in HHS/simpler-grants-gov at 32d9a126; the codes of
applicants: api/src/constants/lookup_constants.py there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sim.roster.columns import GRANTS, Line
from sim.roster.importing.reading import Source
from sim.roster.importing.taken import MAX_LINES, Choices, Taken, find_column, share_out, write_line
from sim.roster.importing.xml import read_records
from sim.schema.parameters import Field

KNOWN = ("listings", "term_months")
NAMESPACE = "http://apply.grants.gov/system/OpportunityDetail-V1.0"
SYNOPSIS, FORECAST = "OpportunitySynopsisDetail_1_0", "OpportunityForecastDetail_1_0"
FROM_XML = {  # what it is called in CSV, and here
    "OpportunityID": "opportunity_id",
    "CFDANumbers": "opportunity_assistance_listings",
    "EligibleApplicants": "applicant_types",
    "AwardCeiling": "award_ceiling",
    "AwardFloor": "award_floor",
    "EstimatedTotalProgramFunding": "estimated_total_program_funding",
    "ExpectedNumberOfAwards": "expected_number_of_awards",
    "CostSharingOrMatchingRequirement": "is_cost_sharing",
}
SEARCH = "a table of the search page, not the XML extract or the CSV of simpler.grants.gov"
CSV = (*FROM_XML.values(), "is_forecast")
IDENTITY = "the agency's contact (name, e-mail, phone), titles, descriptions"
_GOVERNMENT, _SCHOOL, _NGO, _BUSINESS = "government", "school", "ngo", "business"
# Code and word of each kind of applicant, and the sector it stands for (assumed). Individuals stand for none.
APPLICANTS = {
    ("00", "state_governments"): _GOVERNMENT,
    ("01", "county_governments"): _GOVERNMENT,
    ("02", "city_or_township_governments"): _GOVERNMENT,
    ("04", "special_district_governments"): _GOVERNMENT,
    ("05", "independent_school_districts"): _SCHOOL,
    ("06", "public_and_state_institutions_of_higher_education"): _SCHOOL,
    ("07", "federally_recognized_native_american_tribal_governments"): _GOVERNMENT,
    ("08", "public_and_indian_housing_authorities"): _GOVERNMENT,
    ("11", "other_native_american_tribal_organizations"): _NGO,
    ("12", "nonprofits_non_higher_education_with_501c3"): _NGO,
    ("13", "nonprofits_non_higher_education_without_501c3"): _NGO,
    ("20", "private_institutions_of_higher_education"): _SCHOOL,
    ("21", "individuals"): "",
    ("22", "for_profit_organizations_other_than_small_businesses"): _BUSINESS,
    ("23", "small_businesses"): _BUSINESS,
    ("25", "other"): "others",
    ("99", "unrestricted"): "any",
}
SECTOR_OF = {name: sector for names, sector in APPLICANTS.items() for name in names}
AMOUNTS = ("award_ceiling", "award_floor", "estimated_total_program_funding", "expected_number_of_awards")
_WHOLE = re.compile(r"\d{1,15}(\.0+)?")


def read_grants_gov(source: Source, choices: Choices, field: Field) -> Taken:
    """Return a grant line for each opportunity asked for; see docs/import.md for what is estimated and how."""
    taken = Taken()
    left = {"forecasts: not yet open": 0, "opportunities outside the listings asked for": 0}
    left |= {
        "opportunities without a total or a number of awards and a ceiling": 0,
        "opportunities that stand twice": 0,
    }
    forecast, outside, unpriced, twice = left
    found: dict[str, tuple[Line, float, float | None]] = {}
    n_read = 0
    for line in _read_all(source):
        n_read += 1
        amounts = {name: _read_whole(line, name) for name in AMOUNTS}
        number, listings = line.cells.get("opportunity_id", ""), _split(line, "opportunity_assistance_listings")
        if not set(_split(line, "applicant_types")) <= set(SECTOR_OF):
            text = "text is not a kind of applicant; must be codes like 00 (XML) or words like state_governments (CSV)"
            line.refuse("applicant_types", text)
        if not re.fullmatch(r"[A-Za-z0-9-]{1,40}", number):
            line.refuse("opportunity_id", "empty, or not letters, digits and -; get the file again")
        elif line.cells.get("is_forecast", "").lower() == "true":
            left[forecast] += 1
        elif choices.listings and not {one.partition("|")[0] for one in listings} & set(choices.listings):
            left[outside] += 1
        elif number in found:
            left[twice] += 1
        else:
            pot, award = _price(amounts)
            if pot:
                found[number] = line, pot, award
            else:
                left[unpriced] += 1
    taken.is_synthetic = source.is_synthetic
    if len(found) > MAX_LINES:
        text = (
            f"{len(found)} opportunities remain; at most {MAX_LINES} become grant lines: choose with --listing 16.320"
        )
        source.problems.add(source.paths[0].name, text)
    if source.problems:
        return taken
    taken.told.append(f"{n_read:,} opportunities read, {len(found)} taken as grant lines")
    for text, count in left.items():
        taken.drop(count, text)
    taken.drop(source.n_unread_columns, f"columns never read, among them {IDENTITY}")
    _add_lines(taken, found, choices)
    return taken


def _read_all(source: Source) -> Iterator[Line]:
    wanted = {name: name == "opportunity_id" or name in AMOUNTS for name in CSV}
    csv_paths = [path for path in source.paths if not _is_xml(source, path)]
    for path in source.paths:
        if path in csv_paths or not source.check(path):
            continue
        for where, element, texts in read_records(source, path, (SYNOPSIS, FORECAST), FROM_XML, NAMESPACE):
            cells = {FROM_XML[name]: ";".join(filter(None, values)) for name, values in texts.items()}
            cells = {name: cell for name, cell in cells.items() if cell}
            yield Line(where, cells | {"is_forecast": str(element == FORECAST).lower()}, source.problems)
    others = {"recipient_uei": "usaspending", "NTEE_CD": "irs", "opportunity_number": SEARCH}
    yield from source.read_rows(wanted, others, csv_paths)


def _is_xml(source: Source, path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(64).lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00").startswith(b"<")


def _split(line: Line, column: str) -> list[str]:
    return [one.strip() for one in line.cells.get(column, "").split(";") if one.strip()]


def _read_whole(line: Line, column: str) -> float | None:
    """Return a number of 0 or more; "none", which the ceiling may be, and 0 say that there is none."""
    text = line.cells.get(column, "")
    if not text or text.lower() == "none":
        return None
    if not _WHOLE.fullmatch(text):
        line.refuse(column, "text is not a whole number; must be written like 700000, without marks for thousands")
        return None
    return float(text) or None


def _price(amounts: dict[str, float | None]) -> tuple[float | None, float | None]:
    """Return the pot and the usual award, of the whole term."""
    ceiling, floor, pot, number = (amounts[name] for name in AMOUNTS)
    usual = (ceiling + (floor or ceiling)) / 2 if ceiling else floor
    if pot is None and number and usual:
        pot = number * usual
    award = pot / number if pot and number else usual
    if award and ceiling:
        award = min(award, ceiling)
    return pot, award if award is not None else pot


def _add_lines(taken: Taken, found: dict[str, tuple[Line, float, float | None]], choices: Choices) -> None:
    if not found:
        return
    years = choices.term_months / 12
    shares = share_out([pot for _, pot, _ in found.values()])
    for (number, (line, _, award)), share in zip(found.items(), shares, strict=True):
        name = "opportunity_" + number.replace("-", "_")
        per_year = award / years if award else None
        taken.grants.append(write_line(name, share, per_year, choices.term_months))
        taken.grant_notes.append(f"{name}: {_tell_terms(line)}")
    total = sum(pot for _, pot, _ in found.values()) / years
    taken.told.append(
        f"the pots come to {total:,.0f} USD a year; for N organizations the model pays as much with "
        f"grants.annual_usd_per_organization={total:.0f}/N"
    )
    unit = find_column(GRANTS, "term_months").unit
    taken.assumed += [
        f"awards last {choices.term_months} {unit} (--term-months), rounds are a year apart: the file says neither",
        "award: the pot over the number of awards, at most the ceiling; else the middle of floor and ceiling",
        "who may apply by kind of organization, and matching: the model has no such column; both stand as comments in "
        "grants.csv",
    ]


def _tell_terms(line: Line) -> str:
    sectors = dict.fromkeys(SECTOR_OF[name] for name in _split(line, "applicant_types"))
    eligible = ", ".join(filter(None, sectors)) or "not said"
    shared = {"yes": "yes", "true": "yes", "no": "no", "false": "no"}
    matching = shared.get(line.cells.get("is_cost_sharing", "").lower(), "not said")
    floor, ceiling = (line.cells.get(name, "none") for name in ("award_floor", "award_ceiling"))
    return f"may apply: {eligible}; matching: {matching}; floor {floor}, ceiling {ceiling} USD"
