"""The roster reader: what it accepts, what it keeps, and the exact line it writes for each mistake."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sim.roster import columns, reading
from sim.roster.reading import read_folder
from sim.schema import keys
from sim.schema.parameters import Field
from sim.schema.regimes import Programme
from tests import emon

HOME = Path(__file__).parents[2]
FIELD = Field()
SECTORS = ", ".join(FIELD.sectors)
POPULATIONS = ", ".join(FIELD.populations)
PAIR = "org_id\na\nb\n"


def write(folder: Path, organizations: str | bytes = PAIR, ties: str | None = None, grants: str | None = None) -> Path:
    for name, text in (("organizations", organizations), ("ties", ties), ("grants", grants)):
        if text is not None:
            data = text if isinstance(text, bytes) else text.encode()
            (folder / f"{name}.csv").write_bytes(data)
    return folder


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(reading.RosterError) as caught:
        reading.read_folder(folder, FIELD)
    return str(caught.value).splitlines()


# what it accepts


def test_the_smallest_roster_leaves_everything_unknown(tmp_path):
    tables = reading.read_folder(write(tmp_path), FIELD)
    assert tables.ids == ("a", "b")
    assert tables.sector.tolist() == [-1, -1]
    assert tables.sector.dtype == np.int64
    assert np.isnan(tables.mix).all()
    assert tables.mix.shape == (2, 6)
    for name in ("viewpoint", "stance", "need_usd", "own_income_share", "reserve_months"):
        assert np.isnan(getattr(tables, name)).tolist() == [True, True], name
    assert np.isnan(tables.trust).all()
    assert tables.trust.shape == (2, 2)
    assert tables.member.shape == (0, 2)
    assert tables.programmes is None
    assert not tables.is_synthetic


def test_each_column_lands_in_its_array(tmp_path):
    text = (
        "org_id,sector,populations_served,viewpoint,stance,monthly_need_usd,own_income_share,reserve_months,coalitions\n"
        "b,media,minors;community_at_large,-1,0.25,1e4,.5,36,x; y\n"
        "a,government,,1,-0,100,0,0,y;x\n"
        "c,,,,,,,,x\n"
    )
    tables = reading.read_folder(write(tmp_path, text), FIELD)
    assert tables.ids == ("a", "b", "c")
    assert tables.sector.tolist() == [0, 6, -1]
    assert tables.mix[1].tolist() == [0, 0, 0.5, 0, 0, 0.5]
    assert np.isnan(tables.mix[[0, 2]]).all()
    np.testing.assert_array_equal(tables.viewpoint, [1, -1, np.nan])
    np.testing.assert_array_equal(tables.stance, [0, 0.25, np.nan])
    np.testing.assert_array_equal(tables.need_usd, [100, 10_000, np.nan])
    np.testing.assert_array_equal(tables.own_income_share, [0, 0.5, np.nan])
    np.testing.assert_array_equal(tables.reserve_months, [0, 36, np.nan])
    assert tables.member.tolist() == [[True, True, True], [True, True, False]]


def test_mix_columns_are_scaled_and_an_empty_cell_beside_a_filled_one_is_no_effort(tmp_path):
    text = "org_id,mix_minors,mix_community_at_large\na,30,10\nb,,2\nc,,\n"
    mix = reading.read_folder(write(tmp_path, text), FIELD).mix
    np.testing.assert_array_equal(mix[0], [0, 0, 0.75, 0, 0, 0.25])
    np.testing.assert_array_equal(mix[1], [0, 0, 0, 0, 0, 1])
    assert np.isnan(mix[2]).all()


def test_ids_stay_text(tmp_path):
    tables = reading.read_folder(write(tmp_path, "org_id\n007\n7\nNone\nNA\nnan\n1e3\n"), FIELD)
    assert tables.ids == ("007", "1e3", "7", "NA", "None", "nan")


@pytest.mark.parametrize(
    ("scale", "cell", "trust"), [("level", "4", 0.8), ("level", "0", 0.0), ("trust", "0.35", 0.35)]
)
def test_ties_are_directed(tmp_path, scale, cell, trust):
    tables = reading.read_folder(write(tmp_path, ties=f"from_org,to_org,{scale}\nb,a,{cell}\n"), FIELD)
    np.testing.assert_array_equal(tables.trust, [[np.nan, np.nan], [trust, np.nan]])


def test_grant_lines_become_programmes(tmp_path):
    header = "line,term_months,eligible_populations,required_sectors,requires_mou,applicant,award_usd_per_year\n"
    lines = "second,,,,false,,\nfirst,36,minors;adults_foreign_nationals,health_care;ngo,TRUE,coalition,5e4\n"
    programmes = reading.read_folder(write(tmp_path, grants=header + lines), FIELD).programmes
    assert programmes == {
        "first": Programme(
            term_months=36,
            eligible_populations=["adults_foreign_nationals", "minors"],
            required_sectors=["ngo", "health_care"],
            requires_mou=True,
            applicant="coalition",
            award_usd_per_year=50_000.0,
        ),
        "second": Programme(),
    }
    assert list(programmes) == ["first", "second"]
    assert type(programmes["first"].term_months) is int


def test_a_grants_file_without_lines_means_no_grants(tmp_path):
    assert reading.read_folder(write(tmp_path, grants="line\n"), FIELD).programmes == {}


@pytest.mark.parametrize(
    ("text", "is_synthetic"),
    [
        ("# SYNTHETIC: made up\norg_id\na\nb\n", True),
        ('"# from a spreadsheet, SYNTHETIC",,\n\n# more\norg_id\na\nb\n', True),
        ("# collected by hand, not synthetic\norg_id\na\nb\n", False),
        ("# PHOTOSYNTHETICS\norg_id\na\nb\n", False),
        ("org_id\n# SYNTHETIC\nb\n", False),
    ],
)
def test_a_comment_before_the_header_marks_a_synthetic_roster(tmp_path, text, is_synthetic):
    assert reading.read_folder(write(tmp_path, text), FIELD).is_synthetic is is_synthetic


def test_identity_columns_are_dropped(tmp_path):
    bare = write(tmp_path, "org_id,stance\na,0.5\nb,\n")
    expected = reading.read_folder(bare, FIELD)
    named = write(tmp_path, 'name,org_id,label,stance,notes,website\nZQ1,a,ZQ2,0.5,"ZQ3, ""x""\nZQ4",ZQ5\nZQ6,b,,,,\n')
    tables = reading.read_folder(named, FIELD)
    assert tables.digest == expected.digest
    assert "ZQ" not in repr(tables)


def test_the_digest_moves_with_each_model_column(tmp_path):
    cells = {
        "sector": "ngo",
        "mix_minors": "1",
        "populations_served": "minors",
        "viewpoint": "0",
        "stance": "0",
        "monthly_need_usd": "500",
        "own_income_share": "0",
        "reserve_months": "0",
    }
    digests = {reading.read_folder(write(tmp_path), FIELD).digest}
    for column, cell in cells.items():
        digests.add(reading.read_folder(write(tmp_path, f"org_id,{column}\na,{cell}\nb,\n"), FIELD).digest)
    digests.add(reading.read_folder(write(tmp_path, "org_id,coalitions\na,x\nb,x\n"), FIELD).digest)
    digests.add(reading.read_folder(write(tmp_path, "org_id\na\nc\n"), FIELD).digest)
    digests.add(reading.read_folder(write(tmp_path, ties="from_org,to_org,trust\na,b,0\n"), FIELD).digest)
    digests.add(reading.read_folder(write(tmp_path, ties="from_org,to_org,trust\n", grants="line\n"), FIELD).digest)
    digests.add(reading.read_folder(write(tmp_path, grants="line\nx\n"), FIELD).digest)
    # mix_minors and populations_served say the same thing here
    assert len(digests) == 1 + (len(cells) - 1) + 5


def test_one_number_written_two_ways_is_one_digest(tmp_path):
    forms = [f"org_id,stance,reserve_months\na,{cells}\nb,,\n" for cells in ("0,12", "-0.0,1.2e1")]
    assert len({reading.read_folder(write(tmp_path, text), FIELD).digest for text in forms}) == 1


def test_an_entity_key_is_the_hash_of_the_id():
    expected = int.from_bytes(hashlib.blake2b("org-é".encode(), digest_size=8).digest(), "little")
    assert keys.entity_key("org-é") == expected
    assert 0 <= expected < 2**64
    assert len({keys.entity_key(f"org-{i}") for i in range(2000)}) == 2000


def test_reading_loads_nothing_compiled():
    heavy = {"numba", "mesa", "hydra", "pandas", "sim.schema.state"}
    code = f"import sys, sim.roster.reading; print(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


# what it refuses: (organizations.csv, the exact line)

ORGANIZATION_ERRORS = {
    "unknown sector": (
        "org_id,sector\na,ngo\nb,Justise\n",
        f":3: column 'sector': text is not a sector of this field; use one of {SECTORS} (did you mean 'justice'?)",
    ),
    "sector like nothing": (
        "org_id,sector\na,ngo\nb,zzzz\n",
        f":3: column 'sector': text is not a sector of this field; use one of {SECTORS}",
    ),
    "line after a comment and a cell of two lines": (
        '# x\norg_id,notes,sector\na,"one\ntwo",ngo\nb,,Medja \nc,,\n',
        f":5: column 'sector': text is not a sector of this field; use one of {SECTORS} (did you mean 'media'?)",
    ),
    "unknown population": (
        "org_id,populations_served\na,minor;community_at_large\nb,\n",
        f":2: column 'populations_served': text is not a population of this field; use one of {POPULATIONS} "
        "(did you mean 'minors'?)",
    ),
    "population twice": (
        "org_id,populations_served\na,minors;minors\nb,\n",
        ":2: column 'populations_served': text names one thing twice; keep it once",
    ),
    "empty name": (
        "org_id,coalitions\na,x;\nb,x\n",
        ":2: column 'coalitions': empty name in a list; write a;b with one semicolon between two names",
    ),
    "lonely coalition": (
        "org_id,coalitions\na,x;y\nb,x\n",
        ":2: column 'coalitions': text names a coalition that no other line names; "
        "spell it alike on each member's line, or drop it",
    ),
    "number out of range": (
        "org_id,viewpoint\na,-1.5\nb,\n",
        ":2: column 'viewpoint': number -1.5 is out of range; must lie in [-1, 1] viewpoint units",
    ),
    "need of zero": (
        "org_id,monthly_need_usd\na,0\nb,\n",
        ":2: column 'monthly_need_usd': number 0 is out of range; must lie in [100, 10000000] USD/month",
    ),
    "infinite": (
        "org_id,reserve_months\na,1e999\nb,\n",
        ":2: column 'reserve_months': number inf is out of range; must lie in [0, 36] months of need",
    ),
    "negative mix": (
        "org_id,mix_minors\na,-1\nb,\n",
        ":2: column 'mix_minors': number -1 is out of range; must lie in [0, 1000000000] any",
    ),
    "mix of zeros": (
        "org_id,mix_minors,mix_community_at_large\na,0,0\nb,,\n",
        ":2: column 'mix_minors': number 0 in every mix_ column; give one a positive number, or empty them all",
    ),
    "two kinds of mix": (
        "org_id,mix_minors,populations_served\na,1,minors\nb,1,\n",
        ":2: column 'populations_served': text beside filled mix_ columns; keep one of the two",
    ),
    "empty id": (
        "org_id,stance\na,\n,0\n",
        ":3: column 'org_id': empty; give each organization a code of 1 to 64 characters",
    ),
    "long id": (
        f"org_id\na\n{'x' * 65}\n",
        ":3: column 'org_id': text of 65 characters; shorten it to at most 64",
    ),
    "hidden character": (
        "org_id\na\nb\u200bb\n",
        ":3: column 'org_id': text holds characters that do not show; use letters, digits, - and _",
    ),
    "repeated id": (
        "org_id\na\nb\n a\n",
        ":4: column 'org_id': text repeats the org_id of organizations.csv:2; give each organization one line",
    ),
    "too few cells": (
        "org_id,sector,stance\na,ngo,0\nb,ngo\n",
        ":3: line has 2 cells where the header has 3; mend a missing comma, or put quotes around a cell that holds one",
    ),
    "too many cells": (
        "org_id,monthly_need_usd\na,25,000\nb,\n",
        ":2: line has 3 cells where the header has 2; mend a missing comma, or put quotes around a cell that holds one",
    ),
    "open quote": (
        'org_id,notes\na,"open\nb,\n',
        ':2: quotes do not close, or a cell is too long; write "" for a quote inside quotes',
    ),
    "not UTF-8": (
        b"org_id,notes\na,\nb,caf\xe9\n",
        ":3: text is not UTF-8; save the file as 'CSV UTF-8'",
    ),
    "one organization": ("org_id\na\n", ": number 1 of organizations is out of range; give 2 to 2000 lines"),
    "too many organizations": (
        "org_id\n" + "\n".join(map(str, range(2001))),
        ": number 2001 of organizations is out of range; give 2 to 2000 lines",
    ),
    "empty file": ("\n\n", ": file is empty; write a first line of column names, with commas between them"),
    "no header": (
        "Jane Doe,ngo\nJohn Doe,ngo\n",
        ":1: column 'org_id': is not in the header; give its name in a first line, with commas between names",
    ),
    "unknown column": (
        "org_id,viewpoints\na,\nb,\n",
        ":1: column 'viewpoints': is not a column of this file; rename or delete it (did you mean 'viewpoint'?)",
    ),
    "unknown population's column": (
        "org_id,mix_minor\na,\nb,\n",
        ":1: column 'mix_minor': is not a column of this file; rename or delete it (did you mean 'mix_minors'?)",
    ),
    "column twice": (
        "org_id,stance,stance\na,,\nb,,\n",
        ":1: column 'stance': stands twice in the header; keep one",
    ),
    "column without a name": ("org_id,,sector\na,,\nb,x,\n", ":1: column 2 has no name; name it or delete it"),
    "two ids alike": (
        "org_id\nOrg  A\nb\norg a\n",
        ":4: column 'org_id': text differs from the org_id of organizations.csv:2 in case or spaces alone; spell it "
        "alike, or make them two names",
    ),
    "two forms of one letter": (
        "org_id\ncaf\u00e9\nb\ncafe\u0301\n",
        ":4: column 'org_id': text repeats the org_id of organizations.csv:2; give each organization one line",
    ),
    "coalitions alike": (
        "org_id,coalitions\na,North\nb,north\nc,North\nd,north\n",
        ":3: column 'coalitions': text differs from a name of organizations.csv:2 in case or spaces alone; spell it "
        "alike, or make them two names (2 lines: 3, 5)",
    ),
    "sums below the table": (
        "org_id,reserve_months\na,1\nb,2\nTotal,3\n",
        ":4: column 'org_id': text reads like the sums below a table, not like an id; delete the line",
    ),
    "one fault on many lines": (
        "org_id,reserve_months\n" + "".join(f"o{number},{number + 40}\n" for number in range(9)),
        ":2: column 'reserve_months': number 40 is out of range; must lie in [0, 36] months of need "
        "(9 lines: 2, 3, 4, 5, 6 …)",
    ),
    "headers of Qualtrics": (
        'org_id,sector\nQuestion one,Question two\n"{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"\na,ngo\n',
        ":1: lines 2 and 3 are further headers, as Qualtrics writes them; delete both",
    ),
}


@pytest.mark.parametrize("case", ORGANIZATION_ERRORS)
def test_a_mistake_in_organizations_is_named_exactly(tmp_path, case):
    text, line = ORGANIZATION_ERRORS[case]
    assert problems_of(write(tmp_path, text)) == [f"organizations.csv{line}"]


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        *((cell, "") for cell in ["inf", "1_000", "٣", "0x10", "12 USD"]),
        *((cell, " (what is not known stays empty)") for cell in ["nan", "None", ".", "N/A", "-"]),
        *((cell, " (a comma: write 1250 for a thousand and 0.5 for a half)") for cell in ['"1,5"', '"12,500.00"']),
        ("30%", " (a percent sign: write 0.3 for 30 %)"),
        ("30 %", " (a percent sign: write 0.3 for 30 %)"),
        ('"$12,000"', " (a sign of a currency: write the number alone)"),
        ("\u22120.4", " (a typographic minus: write -)"),
        ("12 500", " (a space inside)"),
        ("03", " (a zero before it)"),
        ("#DIV/0!", " (an error of a spreadsheet)"),
        ("=A1", " (a formula of a spreadsheet)"),
    ],
)
def test_text_is_no_number_and_its_kind_is_told_without_repeating_it(tmp_path, cell, kind):
    line = f"text is not a number{kind}; must lie in [0, 36] months of need, written like 1250 or 0.5"
    text = f"org_id,reserve_months\na,{cell}\nb,\n"
    assert problems_of(write(tmp_path, text)) == [f"organizations.csv:2: column 'reserve_months': {line}"]


@pytest.mark.parametrize(
    "name",
    [
        "email",
        "Phone",
        "contact_name",
        "street_address",
        "DOB",
        "birth_date",
        "client_id",
        "case_number",
        "latitude",
        "lon",
        "zip_code",
        "postcode",
        "city",
        "first_name",
        "location",
    ],
)
def test_columns_about_persons_or_places_are_refused(tmp_path, name):
    line = "columns about persons or places are refused; delete it from the file"
    text = f"org_id,{name}\na,\nb,\n"
    assert problems_of(write(tmp_path, text)) == [f"organizations.csv:1: column {name!r}: {line}"]


TIE_ERRORS = {
    "unknown end": (
        "from_org,to_org,trust\norg-01,org-2,1\n",
        ":2: column 'to_org': text is not an org_id of organizations.csv; add it there or correct it "
        "(did you mean the one of organizations.csv:3?)",
    ),
    "end like nothing": (
        "from_org,to_org,trust\nzzz,org-02,1\n",
        ":2: column 'from_org': text is not an org_id of organizations.csv; add it there or correct it",
    ),
    "empty end": (
        "from_org,to_org,trust\norg-01,,1\n",
        ":2: column 'to_org': empty; give an org_id of organizations.csv",
    ),
    "self": (
        "from_org,to_org,trust\norg-01,org-01,1\n",
        ":2: column 'to_org': text equals from_org; delete the line, no tie leads to oneself",
    ),
    "twice": (
        "from_org,to_org,trust\norg-01,org-02,1\norg-02,org-01,1\norg-01,org-02,1\n",
        ":4: column 'to_org': text repeats a tie of an earlier line; keep one line for each from_org and to_org",
    ),
    "trust above one": (
        "from_org,to_org,trust\norg-01,org-02,5\n",
        ":2: column 'trust': number 5 is out of range; must lie in [0, 1] trust",
    ),
    "level above five": (
        "from_org,to_org,level\norg-01,org-02,6\n",
        ":2: column 'level': number 6 is out of range; must be whole and lie in [0, 5] levels",
    ),
    "broken level": (
        "from_org,to_org,level\norg-01,org-02,2.5\n",
        ":2: column 'level': number 2.5 is not whole; must be whole and lie in [0, 5] levels",
    ),
    "empty level": (
        "from_org,to_org,level\norg-01,org-02,\n",
        ":2: column 'level': empty; give a number, or delete the line where the tie is unknown",
    ),
    "neither scale": (
        "from_org,to_org\norg-01,org-02\n",
        ":1: the header needs either column 'trust' or column 'level'; keep one of the two",
    ),
    "both scales": (
        "from_org,to_org,trust,level\norg-01,org-02,1,5\n",
        ":1: the header needs either column 'trust' or column 'level'; keep one of the two",
    ),
}


@pytest.mark.parametrize("case", TIE_ERRORS)
def test_a_mistake_in_ties_is_named_exactly(tmp_path, case):
    text, line = TIE_ERRORS[case]
    assert problems_of(write(tmp_path, "org_id\norg-01\norg-02\n", ties=text)) == [f"ties.csv{line}"]


GRANT_ERRORS = {
    "bad name": (
        "line\na b\n",
        ":2: column 'line': text with other characters; name the grant line with letters, digits and _",
    ),
    "no name": ("line,term_months\n,12\n", ":2: column 'line': empty; name the grant line with letters, digits and _"),
    "name twice": (
        "line\nx\nx\n",
        ":3: column 'line': text repeats the name of an earlier line; give each grant line its own",
    ),
    "long term": (
        "line,term_months\nx,121\n",
        ":2: column 'term_months': number 121 is out of range; must be whole and lie in [1, 120] months",
    ),
    "half a month": (
        "line,term_months\nx,12.5\n",
        ":2: column 'term_months': number 12.5 is not whole; must be whole and lie in [1, 120] months",
    ),
    "neither true nor false": (
        "line,exclusive\nx,yes\n",
        ":2: column 'exclusive': text is not true or false; use one of true, false",
    ),
    "unknown option": (
        "line,allocation\nx,lotery\n",
        ":2: column 'allocation': text is not an option; use one of competitive, lottery, formula "
        "(did you mean 'lottery'?)",
    ),
    "unknown sector": (
        "line,required_sectors\nx,ngo;shool\n",
        f":2: column 'required_sectors': text is not a sector of this field; use one of {SECTORS} "
        "(did you mean 'school'?)",
    ),
    "window turned round": (
        "line,stance_low,stance_high\nx,0.5,-0.5\n",
        ":2: column 'stance_low': number 0.5: must not exceed stance_high = -0.5",
    ),
}


@pytest.mark.parametrize("case", GRANT_ERRORS)
def test_a_mistake_in_grants_is_named_exactly(tmp_path, case):
    text, line = GRANT_ERRORS[case]
    assert problems_of(write(tmp_path, grants=text)) == [f"grants.csv{line}"]


def test_problems_of_all_files_come_together(tmp_path):
    folder = write(tmp_path, "org_id,stance\na,2\nb,\n", "from_org,to_org,trust\na,b,2\n", "line,ambiguity\nx,2\n")
    assert [line.split(":")[0] for line in problems_of(folder)] == ["organizations.csv", "ties.csv", "grants.csv"]


def test_at_most_twenty_problems_are_collected(tmp_path):
    names = [f"c{number}" for number in range(50)]
    lines = problems_of(write(tmp_path, f"org_id,{','.join(names)}\na{',' * 50}\nb{',' * 50}\n"))
    assert len(lines) == 20
    assert lines[-1].startswith("organizations.csv:1: column 'c19'")


def test_a_lost_line_does_not_accuse_the_ties(tmp_path):
    folder = write(tmp_path, "org_id,stance\na,0\nb\nc,0\n", "from_org,to_org,trust\na,b,1\n")
    assert [line.split(":")[:2] for line in problems_of(folder)] == [["organizations.csv", "3"]]


def test_errors_never_repeat_a_cell(tmp_path):
    secret = "Zebra Quagga"
    folder = write(
        tmp_path,
        "org_id,sector,stance,coalitions,populations_served,name\n"
        + f"{secret},{secret},{secret},{secret},{secret},x\n" * 2,
        f"from_org,to_org,trust\n{secret},{secret},{secret}\n",
        f"line,term_months,exclusive,applicant,required_sectors\n{secret},{secret},{secret},{secret},{secret}\n",
    )
    text = "\n".join(problems_of(folder))
    assert len(text.splitlines()) == 11
    assert "zebra" not in text.lower()
    assert "quagga" not in text.lower()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("first", ["", "# SYNTHETIC\n", "sep="])
def test_a_table_is_read_whatever_parts_its_cells(tmp_path, delimiter, encoding, first):
    header, rows = ["Org ID", "SECTOR", "Reserve-Months", "coalitions", "", ""], [["a", "NGO", "1.5", '"x;y"', "", ""]]
    rows += [["b", "Law enforcement", "", '"y;x"', "", ""], ["Caf\u00e9", "Nonprofit", "2", "", "", ""], [""] * 6]
    text = "\n".join(map(delimiter.join, [header, *rows]))
    first = f"sep={delimiter}\n" if first == "sep=" else first
    (tmp_path / "organizations.csv").write_bytes((first + text).encode(encoding))
    found = read_folder(tmp_path, Field())
    assert found.ids == ("Caf\u00e9", "a", "b")
    assert [Field().sectors[at] for at in found.sector] == ["ngo", "ngo", "justice"]
    assert len(found.member) == 2
    assert found.is_synthetic == first.startswith("#")


@pytest.mark.parametrize(
    "damaged", ["1.23457E+11", "1E+05", "Mar-24", "24-Mar", "#REF!", "#N/A", "########", "=A1", "total", "Grand  Total"]
)
@pytest.mark.parametrize("is_tie", [False, True])
def test_what_a_spreadsheet_has_made_of_an_id_is_told(tmp_path, damaged, is_tie):
    (tmp_path / "organizations.csv").write_text("org_id\na\n" + ("b\n" if is_tie else f"{damaged}\n"))
    if is_tie:
        (tmp_path / "ties.csv").write_text(f"from_org,to_org,level\na,{damaged},3\n")
    [line] = problems_of(tmp_path)
    assert line.startswith("ties.csv:2: column 'to_org': " if is_tie else "organizations.csv:3: column 'org_id': ")
    assert damaged not in line


@pytest.mark.parametrize("code", ["NA", "null", "1E5", "007", "2024-03", "Mar-2"])
def test_an_odd_code_is_a_code(tmp_path, code):
    assert code in read_folder(write(tmp_path, f"org_id\na\n{code}\n"), Field()).ids


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"org_id\na\n\xe9\n", "organizations.csv:3: text is not UTF-8; save the file as 'CSV UTF-8'"),
        ("org_id\na\n".encode("utf-16-le"), "organizations.csv: file is UTF-16 without a byte-order mark, or no text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "organizations.csv: file is an Excel workbook; save it as 'CSV UTF-8'"),
        (b"\x1f\x8b\x08", "organizations.csv: file is an archive; unpack it"),
        (b"PK\x03\x04", "organizations.csv: file is a damaged archive or workbook"),
        (b"", "organizations.csv: file is empty"),
    ],
)
def test_a_file_of_another_kind_is_told_in_one_line(tmp_path, content, told):
    (tmp_path / "organizations.csv").write_bytes(content)
    [line] = problems_of(tmp_path)
    assert line.startswith(told)


def test_a_large_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(columns, "MAX_BYTES", 10)
    assert problems_of(write(tmp_path, "org_id\na\nbb\n")) == [
        "organizations.csv: file is larger than the 10 bytes that are read; keep only the model's columns"
    ]


def test_a_missing_or_misnamed_file_is_named(tmp_path):
    missing = "organizations.csv: file is not in the folder; write it with at least a column org_id"
    assert problems_of(tmp_path) == [missing]
    (tmp_path / "organisations.csv").write_text(PAIR)
    named = "organisations.csv: file would not be read; name it organizations.csv or move it elsewhere"
    assert problems_of(tmp_path) == [named, missing]
    nowhere = tmp_path / "nowhere"
    assert problems_of(nowhere) == [
        f"{nowhere}: no such folder; give the path of a folder that holds organizations.csv"
    ]


# what ships with it


@pytest.mark.parametrize(("name", "n", "n_coalitions"), [("city18", 18, 3), ("rural9", 9, 2), ("statewide60", 60, 6)])
def test_the_shipped_rosters_load(name, n, n_coalitions):
    tables = reading.read_folder(HOME / "configs" / "rosters" / name, FIELD)
    assert tables.is_synthetic
    assert tables.ids == tuple(f"org-{i:02d}" for i in range(1, n + 1))
    assert (tables.sector >= 0).all()
    np.testing.assert_allclose(tables.mix.sum(axis=1), 1, rtol=1e-12)
    assert np.median(tables.need_usd) == pytest.approx(25_000, rel=0.05)
    assert tables.own_income_share.min() >= 0.2
    assert tables.own_income_share.max() <= 0.65
    assert len(tables.member) == n_coalitions
    assert (tables.member.sum(axis=0) > 1).any(), "coalitions overlap"
    joint = (tables.member.T.astype(int) @ tables.member) > 0
    known = ~np.isnan(tables.trust)
    assert known[joint].mean() > 2 * known[~joint].mean(), "ties lie mostly within coalitions"
    assert (tables.programmes is not None) == (name == "rural9")


def test_the_shipped_rosters_keep_minors_and_sex_work_apart():
    minors, sex_work = FIELD.populations.index("minors"), FIELD.populations.index("people_in_sex_work")
    for folder in sorted((HOME / "configs" / "rosters").iterdir()):
        mix = reading.read_folder(folder, FIELD).mix
        assert not ((mix[:, minors] > 0) & (mix[:, sex_work] > 0)).any(), folder.name


@pytest.mark.parametrize(
    ("network", "n", "n_ties", "n_unknown_need"), [("emon_texas", 25, 186, 4), ("emon_wichita", 20, 149, 4)]
)
def test_real_networks_load(tmp_path, network, n, n_ties, n_unknown_need):
    tables = reading.read_folder(emon.convert_emon(network, tmp_path), FIELD)
    assert len(tables.ids) == n
    assert np.isfinite(tables.trust).sum() == n_ties
    assert np.isnan(tables.need_usd).sum() == n_unknown_need
    assert set(np.unique(tables.sector)) == {FIELD.sectors.index(name) for name in ("government", "justice", "ngo")}
    assert not tables.is_synthetic


def test_the_order_of_the_frequency_codes_is_a_choice(tmp_path):
    most = reading.read_folder(emon.convert_emon("emon_texas", tmp_path, "1234"), FIELD)
    least = reading.read_folder(emon.convert_emon("emon_texas", tmp_path, "4321"), FIELD)
    assert np.nanmean(most.trust) > np.nanmean(least.trust)
    known = np.isfinite(most.trust)
    np.testing.assert_array_equal(known, np.isfinite(least.trust))
    np.testing.assert_allclose((most.trust + least.trust)[known], (5 + 2) / 5, err_msg="levels 5 4 3 2 and 2 3 4 5")


def test_the_data_of_the_tests_hold_no_names():
    for network in emon.NETWORKS:
        header = (emon.DATA / network / "organizations_raw.csv").read_text().splitlines()[0].split(",")
        assert "name" not in header


def test_the_page_names_each_column():
    page = (HOME / "docs" / "roster.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([^`]+)` \|", page, flags=re.MULTILINE)
    assert listed == [column.name for file in reading.COLUMNS.values() for column in file]


def test_the_page_gives_the_ranges_that_are_checked():
    page = (HOME / "docs" / "roster.md").read_text(encoding="utf-8")
    for column in (column for file in reading.COLUMNS.values() for column in file if column.low == column.low):
        allowed = f"{'whole, ' * column.is_whole}{column.low:.10g} to {column.high:.10g}"
        assert f"| `{column.name}` | {column.unit} | {allowed} |" in page


def test_grant_columns_are_those_of_programme():
    names = [column.name for column in reading.COLUMNS["grants.csv"]]
    assert names == ["line", *(item.name for item in dataclasses.fields(Programme))]
