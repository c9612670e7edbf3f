"""`coalitions import`: numbers that can be checked by hand, everything wrong told at once, nobody recognisable."""

import csv
import json
import re
import stat
import zipfile
from collections import Counter

import pytest

import sim
from sim.__main__ import main
from sim.configuration import compose
from sim.roster.columns import MAX_BYTES, Problems
from sim.roster.importing import READERS, Choices, Source, grants_gov, irs, usaspending
from sim.roster.importing.grants_gov import APPLICANTS
from sim.roster.importing.irs import find_sector
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
from tests.test_docs import ROOT


def call(capsys, *words):
    """Return exit code, printed lines and error lines of one import."""
    code = main(["import", *(str(word) for word in words), "-q"])
    told = capsys.readouterr()
    return code, told.out.splitlines(), told.err.splitlines()


def find_problems(kind, path):
    """Return what the reader of a kind tells of a file; nothing else of the command is run."""
    problems = Problems(100)
    READERS[kind](Source([path], problems), Choices(), Field())
    return list(problems)


def read_rows(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


@pytest.fixture
def awards(tmp_path):
    """Two awards at once for each of 8 recipients: +300,000, +90,000, -30,000, so 20,000 a month over 36 months."""
    actions = [
        make_action(who, award, number, usd)
        for who in range(8)
        for award in (1, 2)
        for number, usd in enumerate((300_000, 90_000, -30_000), 1)
    ]
    return write_csv(tmp_path / "awards.csv", USASPENDING, actions)


def test_actions_of_an_award_are_summed_and_spread_over_its_months(awards, tmp_path, capsys):
    code, out, _ = call(capsys, "usaspending", awards, "--to", tmp_path / "city")
    rows = read_rows(tmp_path / "city" / "organizations.csv")
    assert code == 0
    assert [(row["sector"], row["monthly_need_usd"]) for row in rows] == [("ngo", "20000")] * 8
    (line,) = read_rows(tmp_path / "city" / "grants.csv")
    assert (line["line"], line["money_share"], line["term_months"]) == ("listing_16_320", "1", "36")
    assert abs(float(line["award_usd_per_year"]) - 120_000) < 100
    assert any("48 actions read; 16 awards of 8 recipients, 16 actions that took money back" in row for row in out)


@pytest.mark.slow
def test_what_was_imported_validates_and_runs(awards, tmp_path, capsys):
    assert call(capsys, "usaspending", awards, "--to", tmp_path / "city")[0] == 0
    assert main(["validate", str(tmp_path / "city")]) == 0
    runs = sim.run([f"field.folder={tmp_path / 'city'}", "months=6"], seeds=2).runs
    assert runs["regime"].tolist() == ["own_grants"] * 2


def test_what_is_left_out_is_counted(tmp_path, capsys):
    actions = [
        make_action(1),
        make_action(2),
        make_action(3, recipient_state_code="CA"),
        make_action(4, business_types_code="P"),
        make_action(5, recipient_uei=""),
        make_action(6, usd=-10),
        make_action(1),
        make_action(7, cfda_number="93.598"),
    ]
    path = write_csv(tmp_path / "a.csv", USASPENDING, actions)
    code, out, _ = call(
        capsys, "usaspending", path, "--to", tmp_path / "city", "--listing", "16.320", "--state", "tx", "--json"
    )
    told = json.loads("\n".join(out))
    assert code == 0
    assert told["roster"]["n_organizations"] == 2
    dropped = Counter({text.partition(" ")[2]: int(text.partition(" ")[0]) for text in told["dropped"]})
    assert dropped["actions outside the listings and places asked for"] == 2
    assert dropped["actions whose recipient is a person: never taken"] == 1
    assert dropped["actions without recipient_uei (sums over a county, or a hidden recipient)"] == 1
    assert dropped["awards whose actions sum to 0 or less"] == 1
    assert dropped["actions that stand in the files twice"] == 1


@pytest.mark.slow
@pytest.mark.nightly
def test_a_file_far_over_the_cap_of_a_roster_is_read_as_a_stream(tmp_path, capsys):
    header = [name for name in USASPENDING if name in make_action(1)] + ["transaction_description"]
    words = "SYNTHETIC " * 400
    actions = [make_action(n % 50, n, usd=36_000, transaction_description=words) for n in range(5200)]
    path = write_csv(tmp_path / "large.csv", header, actions)
    assert path.stat().st_size > MAX_BYTES
    code, out, _ = call(capsys, "usaspending", path, "--to", tmp_path / "city")
    assert code == 0
    assert any("5,200 actions read; 5,200 awards of 50 recipients" in line for line in out)
    assert {row["monthly_need_usd"] for row in read_rows(tmp_path / "city" / "organizations.csv")} == {"104000"}


def test_every_problem_is_told_at_once_and_no_cell_is_repeated(tmp_path, capsys):
    wrong = {
        "federal_action_obligation": "1,secret",
        "cfda_number": "16.32",
        "recipient_uei": "secret",
        "period_of_performance_start_date": "09/30/2021",
        "action_date": "2021-13-01",
        "assistance_award_unique_key": "",
    }
    actions = [make_action(number, **{column: cell}) for number, (column, cell) in enumerate(wrong.items())]
    path = write_csv(tmp_path / "a.csv", USASPENDING, actions)
    with path.open("a") as file:
        file.write("secret,shifted\n")
    code, out, err = call(capsys, "usaspending", path, "--to", tmp_path / "city")
    assert (code, len(out)) == (2, len(wrong) + 1)
    assert all(
        line.startswith(f"a.csv:{at}: column '{column}': ")
        for at, (line, column) in enumerate(zip(out, wrong, strict=False), 2)
    )
    assert "line has 2 cells where the header has 112" in out[-1]
    assert "secret" not in "\n".join([*out, *err])
    assert not (tmp_path / "city").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "file is empty"),
        (b"PK\x03\x04zip", "file is a damaged archive or workbook"),
        ("EIN,NTEE_CD\n".encode("utf-16-le"), "UTF-16 without a byte-order mark"),
        ("EIN,NTEE_CD\n".encode("utf-16"), "2 columns are not in the header: ASSET_AMT, REVENUE_AMT"),
        (b"EIN,NTEE_CD,ASSET_AMT,REVENUE_AMT\n123456789,P20,1,\xff\n", "a.csv:2: text is not UTF-8"),
        (b'EIN,NTEE_CD,ASSET_AMT,REVENUE_AMT\n"123,P20,1,1\n', "quotes do not close"),
        (b"recipient_uei,EIN\n", "this looks like a file for `coalitions import usaspending`"),
        (b"EIN,EIN,NTEE_CD,ASSET_AMT,REVENUE_AMT\n", "column 'EIN': stands twice"),
        (b"EIN,NTEE_CD,ASSET_AMT,REVENUE_AMT\n23456789,P20,1,1\n", "has dropped its first zeros"),
        (b"EIN,NTEE_CD,ASSET_AMT,REVENUE_AMT\n123456789,P20,1,None\n", "column 'REVENUE_AMT': text is not an amount"),
    ],
)
def test_a_file_that_is_not_the_export_is_refused_with_its_mend(content, words, tmp_path):
    (tmp_path / "a.csv").write_bytes(content)
    assert words in "\n".join(find_problems("irs", tmp_path / "a.csv"))


def test_a_nonprofit_gets_sector_need_and_reserves_from_its_line(tmp_path, capsys):
    rows = [make_nonprofit(1), make_nonprofit(2, REVENUE_AMT="", ASSET_AMT=""), make_nonprofit(3, CITY="DALLAS")]
    rows += [
        make_nonprofit(4, ASSET_AMT="99999999"),
        make_nonprofit(5, REVENUE_AMT="-7", NTEE_CD="P-9"),
        make_nonprofit(4),
    ]
    path = write_csv(tmp_path / "eo.csv", IRS, rows)
    code, out, _ = call(capsys, "irs", path, "--to", tmp_path / "city", "--city", "Houston", "--ntee", "P")
    assert code == 0
    found = Counter(tuple(row.values())[1:] for row in read_rows(tmp_path / "city" / "organizations.csv"))
    assert found == {("ngo", "20000", "3"): 1, ("ngo", "20000", "36"): 1, ("ngo", "", ""): 1, ("", "", ""): 1}
    assert "  dropped: 1 organizations that stand in the files twice" in out


@pytest.mark.parametrize(
    ("code", "sector"),
    [
        *(("P43", "ngo"), ("I72", "ngo"), ("", "ngo"), ("A62", "ngo"), ("I80", "justice"), ("F30", "health_care")),
        *(("B20", "school"), ("A32", "media"), ("S41", "business")),
    ],
)
def test_the_table_of_codes_is_read_by_the_longest_beginning(code, sector):
    assert find_sector(code) == sector


def test_the_data_sheet_keeps_what_was_done_but_no_place(tmp_path, capsys):
    path, city = write_csv(tmp_path / "eo.csv", IRS, [make_nonprofit(1), make_nonprofit(2)]), tmp_path / "city"
    for _ in range(2):
        assert call(capsys, "irs", path, "--to", city, "--city", "Houston", "--ntee", "P", "--force")[0] == 0
    text = (city / "DATASHEET.md").read_text()
    assert text.count("## Imported: irs --city … --ntee P\n\n* taken: 2 organizations read, 2 taken\n") == 2
    assert "Houston" not in text
    assert "SYNTHETIC" not in text


@pytest.mark.slow
def test_names_of_sectors_are_those_of_the_default_field_or_of_the_words(tmp_path, capsys):
    default = compose([]).parameters.field
    assert (default.sectors, default.populations) == (Field().sectors, Field().populations)
    path, city = write_csv(tmp_path / "eo.csv", IRS, [make_nonprofit(1), make_nonprofit(2)]), tmp_path / "city"
    words = ["field.sectors=[justice,charity]", "field.sector_shares=[0.5,0.5]"]
    assert call(capsys, "irs", path, "--to", city, *words)[0] == 0
    assert "sector" not in read_rows(city / "organizations.csv")[0]  # there is no ngo in that field


def test_columns_can_be_left_to_the_model(tmp_path, capsys):
    path = write_csv(tmp_path / "eo.csv", IRS, [make_nonprofit(1), make_nonprofit(2)])
    assert call(capsys, "irs", path, "--to", tmp_path / "city", "--leave", "reserve_months")[0] == 0
    assert (tmp_path / "city" / "organizations.csv").read_text().splitlines()[1] == "org_id,sector,monthly_need_usd"


def test_opportunities_give_the_same_lines_from_xml_and_csv(tmp_path, capsys):
    write_xml(tmp_path / "a.xml", OPPORTUNITY, OPPORTUNITY | {"OpportunityID": "900002", "CFDANumbers": ["93.598"]})
    same = {"is_cost_sharing": "True", "award_ceiling": "900000", "award_floor": "0"}
    rows = [make_opportunity(900001, **same, applicant_types="state_governments;unrestricted"), make_opportunity(3)]
    write_csv(tmp_path / "a.csv", GRANTS_GOV, [*rows, make_opportunity(4, is_forecast="True")])
    for name in ("xml", "csv"):
        words = ("grants-gov", tmp_path / f"a.{name}", "--to", tmp_path / name)
        assert call(capsys, *words, "--listing", "16.320")[0] == 0
    first, second = read_rows(tmp_path / "csv" / "grants.csv")
    assert first == {
        "line": "opportunity_900001",
        "money_share": "0.5",
        "award_usd_per_year": "200000",
        "term_months": "36",
    }
    assert second["line"] == "opportunity_3"
    assert read_rows(tmp_path / "xml" / "grants.csv") == [first | {"money_share": "1"}]
    assert "may apply: government, ngo, any; matching: yes" in (tmp_path / "xml" / "grants.csv").read_text()


def test_opportunities_join_a_folder_and_run(awards, tmp_path, capsys):
    write_xml(tmp_path / "a.xml", OPPORTUNITY)
    city = tmp_path / "city"
    assert call(capsys, "usaspending", awards, "--to", city, "--only", "organizations.csv")[0] == 0
    assert call(capsys, "grants-gov", tmp_path / "a.xml", "--to", city)[0] == 0
    assert list(read_folder(city, Field()).programmes) == ["opportunity_900001"]
    code, out, _ = call(capsys, "grants-gov", tmp_path / "a.xml", "--to", city)
    assert code == 2
    assert "grants.csv would be overwritten" in out[0]


LAUGHS = "<!DOCTYPE g [<!ENTITY a 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 9)) + "]>"


@pytest.mark.parametrize(
    ("head", "change", "words"),
    [
        (LAUGHS, {"OpportunityTitle": "&a8;"}, "declares a document type"),
        ('<!DOCTYPE g [<!ENTITY x SYSTEM "file:///etc/hostname">]>', {"OpportunityTitle": "&x;"}, "document type"),
        ('<!DOCTYPE g SYSTEM "http://127.0.0.1/x.dtd">', {}, "declares a document type"),
        ("", {"OpportunityTitle": "&undeclared;"}, "not well-formed XML"),
        ("", {"OpportunityTitle": "<a>" * 20 + "</a>" * 20}, "deep; at most 8"),
        ("", {"Description": "x" * 300_000}, "more than 200000 characters"),
        ("", {"OpportunityTitle": "<open>"}, "not well-formed XML"),
        ("", {"AwardCeiling": "1,000"}, "column 'award_ceiling': text is not a whole number"),
        ("", {"EligibleApplicants": ["77"]}, "column 'applicant_types': text is not a kind of applicant"),
        ("", {"OpportunityID": "../x"}, "column 'opportunity_id': empty, or not letters"),
    ],
)
def test_xml_that_no_extract_holds_is_refused_in_a_line(head, change, words, tmp_path):
    write_xml(tmp_path / "a.xml", OPPORTUNITY | change, head=head)
    (problem,) = find_problems("grants-gov", tmp_path / "a.xml")
    assert words in problem


def test_every_kind_of_applicant_has_a_sector_of_the_field_or_is_none():
    assert {*APPLICANTS.values()} <= {*Field().sectors, "", "others", "any"}
    assert len(APPLICANTS) == 17


LONG = "from,to,level,wave\na,b,3,1\nb,a,5,1\na,c,2,1\nc,a,,1\nb,b,1,1\na,b,1,2\n"
MATRIX = "who,a,b,c\na,,3,2\nb,5,1,\nc,,,\n"


@pytest.mark.parametrize(
    ("rule", "column", "values"),
    [
        ("none", "level", {("a", "b"): 3, ("b", "a"): 5, ("a", "c"): 2}),
        ("min", "level", {("a", "b"): 3, ("b", "a"): 3, ("a", "c"): 2, ("c", "a"): 2}),
        ("max", "level", {("a", "b"): 5, ("b", "a"): 5, ("a", "c"): 2, ("c", "a"): 2}),
        ("mean", "trust", {("a", "b"): 0.8, ("b", "a"): 0.8, ("a", "c"): 0.4, ("c", "a"): 0.4}),
    ],
)
@pytest.mark.parametrize("text", [LONG, MATRIX])
def test_ties_follow_the_rule_and_a_missing_answer_is_no_zero(text, rule, column, values, tmp_path):
    (tmp_path / "ties.csv").write_text(text)
    choices = Choices(wave="1" if text == LONG else None, symmetrise=rule)
    taken = READERS["ties"](Source([tmp_path / "ties.csv"], Problems()), choices, Field())
    assert (taken.tie_column, taken.ties) == (column, values)
    assert sorted(taken.organizations) == ["a", "b", "c"]


HEADS = [
    ("source", "target", "weight"),
    ("Sender", "Receiver", "Count"),
    ("ego", "alter", "level"),
    ("I", "J", "Weight"),
]


@pytest.mark.parametrize("heads", [*HEADS, ("from_org", "to_org", "Level"), ("FROM", "TO", "LEVEL")])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_with_the_usual_heads_is_read(tmp_path, capsys, heads, delimiter, encoding):
    text = "\n".join(map(delimiter.join, [heads, ("1", "2", "3"), ("2", "3", "1"), ("3", "1", "5")]))
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    code, out, _ = call(capsys, "ties", tmp_path / "t.csv", "--to", tmp_path / "city")
    assert code == 0
    assert "3 answers of 3 respondents about 3 organizations" in "\n".join(out)
    assert "no pair stands in both directions" in "\n".join(out)
    assert sorted(line.split(",")[2] for line in read(tmp_path / "city" / "ties.csv")) == ["1", "3", "5"]


def read(path):
    """Return the lines of a table without comments and header."""
    return [line for line in path.read_text().splitlines() if not line.startswith("#")][1:]


@pytest.mark.parametrize(
    ("options", "values", "told"),
    [((), ["3"], "level 3 for each line"), (("--level", "5"), ["5"], "level 5 for each line")],
)
def test_a_list_without_levels_takes_one_for_all(tmp_path, capsys, options, values, told):
    (tmp_path / "t.csv").write_text("from,to\na,b\nb,c\na,b\n")
    code, out, _ = call(capsys, "ties", tmp_path / "t.csv", "--to", tmp_path / "city", *options)
    assert code == 0
    assert {line.split(",")[2] for line in read(tmp_path / "city" / "ties.csv")} == set(values)
    assert told in "\n".join(out)
    assert "1 lines that name a pair again" in "\n".join(out)


def test_weights_of_another_scale_need_its_highest_value(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("source,target,weight\na,b,30\nb,c,15\nc,a,12.5\n")
    [line] = [one for one in find_problems("ties", tmp_path / "t.csv") if "out of range" in one]
    assert "--scale" in line
    assert line.endswith("(3 lines: 2, 3, 4)")
    code, out, _ = call(capsys, "ties", tmp_path / "t.csv", "--to", tmp_path / "city", "--scale", 30)
    assert code == 0
    assert sorted(float(line.split(",")[2]) for line in read(tmp_path / "city" / "ties.csv")) == pytest.approx(
        [12.5 / 30, 0.5, 1]
    )
    assert "trust: the answer over 30" in "\n".join(out)


def test_answers_in_words_and_marks_for_none_are_read(tmp_path, capsys):
    (tmp_path / "t.csv").write_text(
        "who,a,b,c\na,X,3 - Coordination,N/A\nb,5: Collaboration,-,networking\nc,\u2013,0 - None,X\n"
    )
    code, out, _ = call(capsys, "ties", tmp_path / "t.csv", "--to", tmp_path / "city")
    assert code == 0
    assert "4 answers" in "\n".join(out)
    assert "2 answers that say nothing" in "\n".join(out)
    assert "3 answers about oneself" in "\n".join(out)
    assert sorted(line.split(",")[2] for line in read(tmp_path / "city" / "ties.csv")) == ["0", "1", "3", "5"]


FORM = "Timestamp,Your organization,Partner organization,Level"
LIKERT = "org,trust,communication,leadership,mutual_respect"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{FORM}\n2024-01-02,Alpha,Beta,3\n2024-01-03,Beta,Alpha,4\n", "'Your organization', 'Partner organization'"),
        (f"{LIKERT}\nA,4,3,2,1\nB,3,5,1,2\nC,1,1,1,1\n", "'trust', 'communication', 'leadership'"),
        ("Organization,Staff,Sites,Programs\nx,3,1,2\ny,4,1,1\nz,5,2,2\n", "'Staff', 'Sites', 'Programs'"),
        ("Q1,Q12_1 [Alpha],Q12_2 [Beta]\nAlpha,,3\nBeta,2,\n", "'Q12_1 [Alpha]'"),
        ("who,a,b,Total\na,,3,3\nb,5,,5\n", "column 'Total' of the matrix is no code"),
        ("who,a,b,sector\na,,3,ngo\nb,5,,ngo\n", "column 'sector' of the matrix is no code"),
        ("a b 3\nb c 4\n", "a single cell, without commas"),
        ("0.0,3.0,2.0\n1.0,0.0,0.0\n2.0,2.0,0.0\n", "its first line does not name columns"),
        (",a,b,Total\na,,3,3\nb,5,,5\nTotal,5,3,8\n", "column 'Total' of the matrix is no code"),
        ('<?xml version="1.0"?>\n<graphml/>\n', "file is XML or HTML, not a table"),
        ('{"nodes":[{"id":"a"}],"links":[]}', "file is JSON, not a table"),
        ("graph [\n directed 1\n]\n", "file is GML, not a table"),
        ("Harbor House,St Mary,3\nSt Mary,Harbor House,4\n", "its first line does not name columns"),
        (
            'a,b\nWho?,What?\n"{""ImportId"":""Q1""}","{""ImportId"":""Q2""}"\n',
            "lines 2 and 3 are further headers",
        ),
        ("from,to,level\na,Org B,3\norg b,a,3\n", "text differs from a code of t.csv:2 in case or spaces"),
        ("from,to,level\na,b,3\nTotal,,3\n", "sums below a table"),
        ("from,to,level\na,1.2E+11,3\n", "a number that a spreadsheet has shortened"),
        ("from,to,level\na,b,03\n", "a zero before it"),
        ("from,to,level\na,b,3 - Cooperation\n", "text is not a number"),
    ],
)
def test_a_table_that_is_no_table_of_ties_is_refused_in_one_line(text, words, tmp_path):
    (tmp_path / "t.csv").write_text(text)
    found = find_problems("ties", tmp_path / "t.csv")
    assert len(found) == 1
    assert words in found[0]
    assert "Harbor" not in found[0]


def test_a_matrix_as_excel_saves_it_is_read(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("sep=;\n;A;B;C;;\nA;X;3 - Coordination;N/A;;\nB;4;X;;;\nC;-;2;X;;\n;;;;;\n")
    code, out, _ = call(capsys, "ties", tmp_path / "t.csv", "--to", tmp_path / "city")
    assert code == 0
    assert "3 answers of 3 respondents about 3 organizations" in "\n".join(out)
    assert sorted(line.split(",")[2] for line in read(tmp_path / "city" / "ties.csv")) == ["2", "3", "4"]


def test_one_letter_in_two_forms_is_one_code(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("from,to,level\ncaf\u00e9,X,3\nX,cafe\u0301,4\n")
    code, out, _ = call(capsys, "ties", tmp_path / "t.csv", "--to", tmp_path / "city")
    assert code == 0
    assert "about 2 organizations" in "\n".join(out)


@pytest.mark.parametrize("kind", ["usaspending", "irs", "grants-gov", "ties"])
def test_an_encoding_that_is_not_read_is_told_once(kind, tmp_path):
    (tmp_path / "a.csv").write_bytes("name,région\nÉcole,3\n".encode("cp1252"))
    assert find_problems(kind, tmp_path / "a.csv") == ["a.csv:1: text is not UTF-8; save the file as 'CSV UTF-8'"]


@pytest.mark.parametrize(
    ("names", "words"),
    [(["xl/workbook.xml"], "an Excel workbook"), (["a.csv", "b.csv"], "a ZIP archive of 2 files; unpack it")],
)
@pytest.mark.parametrize("kind", ["usaspending", "irs", "grants-gov", "ties"])
def test_workbooks_and_archives_are_named(kind, names, words, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.csv", "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    [line] = find_problems(kind, tmp_path / "a.csv")
    assert words in line


def test_another_export_of_the_same_site_is_told(tmp_path):
    (tmp_path / "u.csv").write_text("award_id_fain,total_obligated_amount\n1,2\n")
    assert "choose 'Transactions'" in find_problems("usaspending", tmp_path / "u.csv")[0]
    (tmp_path / "g.csv").write_text("OPPORTUNITY NUMBER,AWARD CEILING\n1,2\n")
    assert "search page" in find_problems("grants-gov", tmp_path / "g.csv")[0]


@pytest.mark.parametrize(
    ("old", "new"), [("OpportunityDetail-V1.0", "OpportunityDetail-V9.9"), ("Detail_1_0>", "Detail_2_0>")]
)
def test_another_version_of_the_schema_is_told(tmp_path, old, new):
    path = write_xml(tmp_path / "g.xml", OPPORTUNITY)
    assert find_problems("grants-gov", path) == []
    path.write_text(path.read_text().replace(old, new))
    [line] = find_problems("grants-gov", path)
    assert "another version of the schema" in line


def test_zeros_that_a_spreadsheet_lost_are_told_once(tmp_path):
    rows = "".join(f"{number},P20,1,1\n" for number in range(10_000_001, 10_000_400))
    (tmp_path / "a.csv").write_text(f"EIN,NTEE_CD,ASSET_AMT,REVENUE_AMT\n{rows}")
    [line] = find_problems("irs", tmp_path / "a.csv")
    assert "has dropped its first zeros" in line
    assert line.endswith("(399 lines: 2, 3, 4, 5, 6 …)")


def test_ties_find_the_organizations_of_an_earlier_import_by_its_key(awards, tmp_path, capsys):
    city, key = tmp_path / "city", tmp_path / "key.csv"
    assert call(capsys, "usaspending", awards, "--to", city, "--key", key)[0] == 0
    (tmp_path / "t.csv").write_text("from,to,level\nSYNTHETIC001,SYNTHETIC002,4\n")
    assert call(capsys, "ties", tmp_path / "t.csv", "--to", city)[0] == 2
    assert call(capsys, "ties", tmp_path / "t.csv", "--to", city, "--key", key)[0] == 0
    who = {row["source_id"]: row["org_id"] for row in read_rows(key)}
    (row,) = read_rows(city / "ties.csv")
    assert (row["from_org"], row["to_org"], row["level"]) == (who["SYNTHETIC001"], who["SYNTHETIC002"], "4")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("from,to,level\na,b,0.5\n", "number 0.5 is not whole"),
        ("from,to,level\na,b,6\n", "number 6 is out of range"),
        ("from,to,level\na,b,none\n", "text is not a number"),
        ("from,to,level\na,b,1\na,b,1\n", "answers for a pair a second time"),
        ("from,to,level\na,,1\n", "column 'to': empty"),
        ("from,to,level,wave\na,b,1,1\na,b,1,2\n", "2 waves (1, 2); choose one with --wave"),
        ("from,to,level\na,b,1,9\n", "line has 4 cells"),
        ("a,b\n1,2\n", "neither a list of ties nor a matrix: its columns are 'a', 'b'"),
        ("who,a,a\na,,1\n", "no code, or one that stands twice"),
        ("from,to,level\n", "no answers"),
    ],
)
def test_a_survey_that_cannot_be_read_is_told(text, words, tmp_path):
    (tmp_path / "t.csv").write_text(text)
    assert words in "\n".join(find_problems("ties", tmp_path / "t.csv"))


def test_codes_are_drawn_by_lot_and_the_key_alone_tells_whose_they_are(tmp_path, capsys):
    path = write_csv(tmp_path / "eo.csv", IRS, [make_nonprofit(number) for number in range(1, 41)])
    city, key = tmp_path / "city", tmp_path / "key.csv"
    code, _, err = call(capsys, "irs", path, "--to", city, "--key", key)
    assert code == 0
    assert any("says which organization has which code" in line for line in err)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    rows = read_rows(key)
    assert [row["source_id"] for row in rows] != sorted(row["source_id"] for row in rows)  # by chance: once in 40!
    assert sorted(row["org_id"] for row in rows) == [f"org-{number:03d}" for number in range(1, 41)]
    assert call(capsys, "irs", path, "--to", tmp_path / "again", "--key", key)[0] == 0
    assert (city / "organizations.csv").read_text() == (tmp_path / "again" / "organizations.csv").read_text()
    assert read_rows(key) == rows


def test_one_organization_makes_no_roster(tmp_path, capsys):
    path = write_csv(tmp_path / "eo.csv", IRS, [make_nonprofit(1)])
    code, out, err = call(capsys, "irs", path, "--to", tmp_path / "city")
    assert (code, err) == (2, ["error: 1 problem; nothing was written"])
    assert out == ["number 1 of organizations is out of range; 2 to 2000 make a roster: ask for more"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--key", "{city}/key.csv"], "lies inside"),
        (["--key", "{there}"], "not a key file of an import"),
        (["--wave", "1"], "--wave: not for irs, which knows --ntee, --state, --city"),
        (["--only", "grant.csv"], "Did you mean 'grants.csv'"),
        (["--leave", "stanse"], "Did you mean 'stance'"),
        (["--colour"], "unknown option '--colour'"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_before_anything_is_read(words, told, tmp_path, capsys):
    path = write_csv(tmp_path / "eo.csv", IRS, [make_nonprofit(1), make_nonprofit(2)])
    filled = [word.format(city=tmp_path / "city", there=path) for word in words]
    code, out, err = call(capsys, "irs", path, "--to", tmp_path / "city", *filled)
    assert (code, out) == (2, [])
    assert told in err[0]
    assert not (tmp_path / "city").exists()


def test_a_roster_of_names_becomes_the_same_roster_under_codes(tmp_path, capsys):
    names, city, key = tmp_path / "names", tmp_path / "city", tmp_path / "key.csv"
    names.mkdir()
    (names / "organizations.csv").write_text(
        "org_id,sector,viewpoint,coalitions,notes\n"
        "Harbor House,ngo,0.5,North Group,x\nCity Court,justice,0,North Group,\n"
    )
    (names / "ties.csv").write_text("from_org,to_org,trust\nHarbor House,City Court,0.7\n")
    (names / "grants.csv").write_text("line\n")
    assert call(capsys, "roster", names, "--to", city, "--key", key)[0] == 0
    text = "".join(path.read_text() for path in city.iterdir())
    assert not any(word in text for word in ("Harbor", "Court", "North"))
    before, after = read_folder(names, Field()), read_folder(city, Field())
    who = [row["source_id"] for row in read_rows(key)]
    order = [before.ids.index(name) for name in who]
    assert after.viewpoint.tolist() == before.viewpoint[order].tolist()
    assert after.trust[order.index(1), order.index(0)] == before.trust[1, 0] == 0.7
    assert after.programmes == {} == before.programmes
    assert after.member.sum() == 2


def test_the_page_names_every_column_that_is_read_and_every_code_that_is_mapped():
    text = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    words = set(re.findall(r"\w+", text))
    for module in (usaspending, irs):
        assert {*module.COLUMNS} - words == set()
    assert {*grants_gov.FROM_XML, *grants_gov.CSV} - words == set()
    letters = {
        letter: sector
        for letters, sector in re.findall(r"((?:\b[A-Z] )+)(\w+)[;,]", text)
        for letter in letters.split()
    }
    assert {letter: letters.get(letter) for letter in usaspending.SECTOR_OF} == usaspending.SECTOR_OF
    for row in re.findall(r"^\| (.*) \| .* \| (\w+) \|$", text, re.M):
        for code in row[0].split(", "):
            assert irs.SECTOR_OF.get(code, row[1]) == row[1]
    codes = {code: sector for codes, sector in re.findall(r"((?:\b\d\d )+)(\w+)", text) for code in codes.split()}
    for (code, _), sector in APPLICANTS.items():
        assert codes[code] == (sector or "individuals")
