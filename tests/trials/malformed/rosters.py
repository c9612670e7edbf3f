"""Changes of a good roster: each either spoils it, so that it must be refused, or leaves what it says as it was."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

from sim.roster.columns import COLUMNS, GRANTS, MAX_BYTES, ORGANIZATIONS, TIES

Sheets = dict[str, list[list[str]]]  # rows of cells by file, the header first
Texts = dict[str, bytes]  # what is written by file name

NO_NUMBERS = (
    "None", "NA", "nan", "NULL", "inf", "-inf", "1,5", "1 000", "1_000", "0x1F", "--3", "1e999", "½", "٣", "０.５",
    "1.2.3", "TRUE", "$500", "50%", "e5", ".", "+", "1e", "#DIV/0!", "=1+1", "12:30", "\u200b1", "9" * 400,
)  # fmt: skip
PERSONAL = (
    "email",
    "phone_number",
    "street_address",
    "client_id",
    "date_of_birth",
    "case_no",
    "gps_lat",
    "zip",
    "city",
)
LARGE = (
    (ORGANIZATIONS, "viewpoint"),
    (ORGANIZATIONS, "monthly_need_usd"),
    (ORGANIZATIONS, "reserve_months"),
    (TIES, "level"),
)


def make_roster(rng: random.Random, n: int = 7) -> Sheets:
    """Return a small good roster of all three files, drawn from `rng`."""
    ids = [f"org-{number:02d}" for number in range(n)]
    organizations = [
        ["org_id", "sector", "populations_served", "viewpoint", "monthly_need_usd", "reserve_months", "coalitions"]
    ]
    for name in ids:
        shared = rng.choice(["a", "b", "a;b"])
        served = rng.choice(["minors", "community_at_large;minors", "people_in_sex_work"])
        numbers = [f"{rng.uniform(-1, 1):.2f}", str(rng.randrange(1000, 90000)), f"{rng.uniform(0, 12):.1f}"]
        organizations.append([name, rng.choice(["ngo", "justice", "media"]), served, *numbers, shared])
    organizations[1][-1] = organizations[2][-1] = "a;b"  # so that no coalition stands on a single line
    pairs = rng.sample([(one, other) for one in ids for other in ids if one != other], 8)
    ties = [["from_org", "to_org", "level"], *([*pair, str(rng.randrange(6))] for pair in pairs)]
    grants = [
        ["line", "money_share", "term_months", "eligible_populations", "applicant"],
        ["broad", "0.6", "24", "", "organization"],
        ["narrow", "0.4", "12", "minors", "coalition"],
    ]
    return {ORGANIZATIONS: organizations, TIES: ties, GRANTS: grants}


def to_texts(sheets: Sheets) -> Texts:
    """Return the files as a spreadsheet would write them."""
    texts = {}
    for name, rows in sheets.items():
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows(rows)
        texts[name] = stream.getvalue().encode()
    return texts


def write(folder: Path, texts: Texts) -> None:
    """Write the files into `folder`, made where missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in texts.items():
        (folder / name).write_bytes(data)


def _row(rng: random.Random, rows: list[list[str]]) -> list[str]:
    return rows[rng.randrange(1, len(rows))]


def _spoil_number(rng: random.Random, sheets: Sheets) -> None:
    file, column = rng.choice(LARGE)
    rows = sheets[file]
    _row(rng, rows)[rows[0].index(column)] = rng.choice(NO_NUMBERS)


def _spoil_range(rng: random.Random, sheets: Sheets) -> None:
    file, name = rng.choice(LARGE)
    column = next(one for one in COLUMNS[file] if one.name == name)
    beyond = rng.choice([column.low - rng.uniform(0.5, 1e6), column.high + rng.uniform(0.5, 1e6)])
    _row(rng, sheets[file])[sheets[file][0].index(name)] = f"{beyond:.3f}"


def _spoil_name(rng: random.Random, sheets: Sheets) -> None:
    file, column = rng.choice(
        [
            (ORGANIZATIONS, "sector"),
            (ORGANIZATIONS, "populations_served"),
            (GRANTS, "applicant"),
            (GRANTS, "eligible_populations"),
        ]
    )
    rows, wrong = (
        sheets[file],
        rng.choice(["polcie", "ngos?", "minors,", "None", "adult", "🏠", "ngo;ngo;", "minors;;minors", "=cmd()"]),
    )
    _row(rng, rows)[rows[0].index(column)] = wrong


def _spoil_id(rng: random.Random, sheets: Sheets) -> None:
    file, column, value = rng.choice(
        [
            (ORGANIZATIONS, 0, ""), (ORGANIZATIONS, 0, "x" * 65), (ORGANIZATIONS, 0, "a\u202eb"),
            (ORGANIZATIONS, 0, "a\x07"), (TIES, 0, ""), (TIES, 1, "nobody"), (TIES, 0, "ORG-01"),
            (GRANTS, 0, ""), (GRANTS, 0, "a b"), (GRANTS, 0, "../x"),
        ]
    )  # fmt: skip
    _row(rng, sheets[file])[column] = value


def _repeat_line(rng: random.Random, sheets: Sheets) -> None:
    rows = sheets[rng.choice(list(sheets))]
    rows.insert(rng.randrange(1, len(rows) + 1), list(_row(rng, rows)))


def _drop_cell(rng: random.Random, sheets: Sheets) -> None:
    row = _row(rng, sheets[rng.choice(list(sheets))])
    del row[rng.randrange(len(row))]


def _add_cell(rng: random.Random, sheets: Sheets) -> None:
    row = _row(rng, sheets[rng.choice(list(sheets))])
    row.insert(rng.randrange(len(row) + 1), rng.choice(["", "0", "x"]))


def _spoil_header(rng: random.Random, sheets: Sheets) -> None:
    rows = sheets[rng.choice(list(sheets))]
    column = rng.randrange(len(rows[0]))
    rows[0][column] = rng.choice(["", "viewpiont", "Sector ", "None", "0", rows[0][column - 1], *PERSONAL])


def _add_column(rng: random.Random, sheets: Sheets) -> None:
    rows = sheets[rng.choice(list(sheets))]
    rows[0].append(rng.choice([*PERSONAL, "unknown", "", "Unnamed: 7", rows[0][0]]))
    for row in rows[1:]:
        row.append("x")


def _empty_tie(rng: random.Random, sheets: Sheets) -> None:
    _row(rng, sheets[TIES])[2] = rng.choice(["", " ", "2.5", "6", "-1"])


def _tie_to_oneself(rng: random.Random, sheets: Sheets) -> None:
    row = _row(rng, sheets[TIES])
    row[1] = row[0]


def _lonely_coalition(rng: random.Random, sheets: Sheets) -> None:
    row = _row(rng, sheets[ORGANIZATIONS])
    row[-1] += rng.choice([";alone", ";A", "; "])


def _too_few(rng: random.Random, sheets: Sheets) -> None:
    del sheets[ORGANIZATIONS][rng.choice([1, 2]) :]
    del sheets[TIES][1:]


SPOILING: tuple[Callable[[random.Random, Sheets], None], ...] = (
    _spoil_number, _spoil_range, _spoil_name, _spoil_id, _repeat_line, _drop_cell, _add_cell, _spoil_header,
    _add_column, _empty_tie, _tie_to_oneself, _lonely_coalition, _too_few,
)  # fmt: skip


def spoil_bytes(rng: random.Random, texts: Texts) -> None:
    """Spoil one file below the level of cells: encodings, quotes, bytes that do not show, sizes, names."""
    file = rng.choice(list(texts))
    data = texts[file]
    place = data.index(b"\n") + 1 + rng.randrange(len(data) - data.index(b"\n") - 2)
    kind = rng.randrange(9)
    if kind == 0:
        texts[file] = data.decode().encode(rng.choice(["utf-16-le", "utf-16-be", "utf-32"]))
    elif kind == 1:
        texts[file] = data[:place] + rng.choice([b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\x80"]) + data[place:]
    elif kind == 2:
        texts[file] = data + b'"'
    elif kind == 3:
        texts[file] = data + b'x,"' + b"y" * 200_000 + b'"\n'
    elif kind == 4:
        texts[file] = b"" if file == ORGANIZATIONS else b"# only a comment\n"
    elif kind == 5:
        texts[file] = data + b" " * (MAX_BYTES + 1 - len(data))
    elif kind == 6:
        texts[file.replace("s.csv", rng.choice([".csv", "s.CSV", "s_.csv"]))] = texts.pop(file)
    elif kind == 7:
        texts[file] = data.replace(b",", rng.choice([b":", b"~", b"/"]))
    else:
        texts[file] = b"PK\x03\x04" + data


def disguise(rng: random.Random, sheets: Sheets) -> Texts:
    """Return the same roster as another program would write it: nothing of what it says changes."""
    for rows in sheets.values():
        header, *lines = rows
        rng.shuffle(lines)
        order = rng.sample(range(len(header)), len(header))
        rows[:] = [[row[column] for column in order] for row in (header, *lines)]
        if rng.random() < 0.5:
            for row in rows:
                row[:] = [f"{' ' * rng.randrange(3)}{cell}{' ' * rng.randrange(3)}" for cell in row]
    if rng.random() < 0.5:
        for number, row in enumerate(sheets[ORGANIZATIONS]):
            row.append("notes" if number == 0 else rng.choice(["", "a, b", 'he said "x"', "two\nlines", "=1+1", "NA"]))
    texts: Texts = {}
    for name, rows in sheets.items():
        stream = io.StringIO()
        quoting = rng.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
        end, part = rng.choice(["\n", "\r\n"]), rng.choice([",", ",", ";", "\t", "|"])
        csv.writer(stream, delimiter=part, lineterminator=end, quoting=quoting).writerows(rows)
        first = rng.choice(["", f"sep={part}{end}"])
        text = (
            rng.choice(["", "# SYNTHETIC\n", "\n\n", '"# a, b",,\n'])
            + first
            + stream.getvalue()
            + rng.choice(["", "\n\n", f"{part}{part}\n"])
        )
        texts[name] = text.encode(rng.choice(["utf-8", "utf-8-sig", "utf-16"]))
    return texts
