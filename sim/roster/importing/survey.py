"""Levels of Collaboration as a survey gives them, in lines or as a matrix, waves and all: ties between codes out.

Scale: 0 none, 1 networking, 2 cooperation, 3 coordination, 4 coalition, 5 collaboration (Frey et al. 2006, Am. J.
Evaluation 27(3)). Two that were asked about each other often disagree, and many do not answer: nothing here turns an
answer that is missing into a 0.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from sim.files.delimited import fold_id, fold_name
from sim.roster.columns import MAX_LEVEL, NUMBER, SUMS, TIES, Line, RosterColumn, find_columns
from sim.roster.importing.reading import Source
from sim.roster.importing.taken import Choices, Taken
from sim.schema.parameters import Field

KNOWN = ("wave", "symmetrise", "scale", "level")
RULES = {"none": None, "min": min, "mean": statistics.fmean, "max": max}
FROM = ("from", "from_org", "source", "sender", "ego", "i", "respondent")
TO = ("to", "to_org", "target", "receiver", "alter", "j", "partner")
LEVEL = ("level", "weight", "count", "strength")
WAVE = ("wave", "year")
SCALE = ("networking", "cooperation", "coordination", "coalition", "collaboration")  # 1 to 5
MOST_SHOWN = 6  # columns of a file that is refused
NOT_CODES = {"sector", "name", "label", "notes", "type", "comments", "email"}
MOST_COLUMNS = 2_000  # of a matrix: as many as a roster has organizations
FORMS = (
    "give lines with columns from, to, level (or source, target, weight; sender, receiver, count; ego, alter; i, j), "
    "or a matrix whose columns carry the codes of its first column"
)
UNANSWERED = {"", "x", "-", "\u2013", "\u2014", "n/a", "na", "n.a.", "."}
UNSAID = "answers that say nothing (empty, X, -, N/A): the model's baseline stands"
ONESELF = "answers about oneself"
REPEATED = "lines that name a pair again"
_NUMBERED = re.compile(r"([0-9]+)\s*[-\u2013\u2014:.=)]\s*([^0-9\s].*)")  # 3 - Coordination
Answers = dict[tuple[str, str], float]


@dataclasses.dataclass
class _Survey:
    """What has been read so far."""

    source: Source
    choices: Choices
    column: RosterColumn
    waves: dict[str, Answers] = dataclasses.field(default_factory=dict)
    left: dict[str, int] = dataclasses.field(default_factory=lambda: dict.fromkeys((UNSAID, ONESELF, REPEATED), 0))
    spelled: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)  # by how ids are compared
    largest: float = 0.0
    n_numbered: int = 0
    is_bare: bool = False  # a list without a column of levels
    is_list: bool = False
    name: str = "level"  # of that column

    def add(self, where: str, ends: tuple[str, str], wave: str, cell: str) -> None:
        """Add one answer, or tell what is wrong with it."""
        line = Line(where, {}, self.source.problems)
        for column, end in zip(("from", "to"), ends, strict=True):
            if not end:
                line.refuse(column, "empty; give the code of an organization")
                return
            if not self._check_code(line, column, end):
                return
        answers = self.waves.setdefault(wave, {})
        if ends[0] == ends[1]:
            self.left[ONESELF] += bool(cell)
        elif fold_id(cell) in UNANSWERED:
            self.left[UNSAID] += 1
        elif ends in answers and self.is_bare:
            self.left[REPEATED] += 1
        elif ends in answers:
            line.refuse(self.name, "answers for a pair a second time; keep one line for each from, to and wave")
        else:
            answers[ends] = self._read_level(where, cell)

    def _check_code(self, line: Line, column: str, code: str) -> bool:
        if not line.check_id(column, code):
            return False
        known, where = self.spelled.setdefault(fold_id(code), (code, line.where))
        if known != code:
            line.refuse(column, f"text differs from a code of {where} in case or spaces alone; spell it alike")
        return known == code

    def _read_level(self, where: str, text: str) -> float:
        """Return the level of an answer like 3, coordination or 3 - Coordination; nan where it is refused."""
        numbered = _NUMBERED.fullmatch(text)
        word = (numbered[2] if numbered else text).strip().lower()
        if word in SCALE and (not numbered or numbered[1] == str(SCALE.index(word) + 1)):
            text = str(SCALE.index(word) + 1)
        elif numbered and word not in SCALE:
            text = numbered[1]
        self.n_numbered += numbered is not None
        if NUMBER.fullmatch(text):
            self.largest = max(self.largest, float(text))
        column = self.column._replace(name=self.name)
        return Line(where, {self.name: text}, self.source.problems).read_number(column)


def read_survey(source: Source, choices: Choices, field: Field) -> Taken:
    """Return the ties of one wave, with every respondent and everyone named as an organization."""
    taken = Taken()
    survey = _Survey(source, choices, _find_scale(choices, field))
    for path in source.paths:
        if source.check(path):
            _read_file(survey, path)
    taken.is_synthetic = source.is_synthetic
    answers = _choose_wave(source, choices, survey.waves)
    if source.problems:
        return taken
    n_respondents = len({start for start, _ in answers})
    people = sorted({one for pair in answers for one in pair})
    taken.organizations = {one: {} for one in people}
    taken.told.append(
        f"{_count(len(answers), 'answer')} of {_count(n_respondents, 'respondent')} about "
        f"{_count(len(people), 'organization')}; "
        f"{len(people) - n_respondents} did not answer"
    )
    for text, count in survey.left.items():
        taken.drop(count, text)
    taken.drop(len(survey.waves) - 1, "other waves")
    taken.drop(source.n_unread_columns, "columns never read")
    if survey.is_bare:
        taken.assumed.append(f"level {choices.level} for each line: the list says who, and not how closely (--level)")
    if survey.n_numbered:
        taken.assumed.append("answers with a number before a text, like '3 - …': the number is the level")
    if choices.scale is not None:
        taken.tie_column = "trust"
        taken.assumed.append(f"trust: the answer over {choices.scale:g}, the highest of the scale (--scale)")
    _symmetrise(taken, answers, choices)
    if survey.is_list and choices.symmetrise == "none" and not any((end, start) in answers for start, end in answers):
        taken.told.append(
            "no pair stands in both directions: where the list is undirected, --symmetrise max writes both of them"
        )
    return taken


def _find_scale(choices: Choices, field: Field) -> RosterColumn:
    """Return the column of the answers with its range: Levels of Collaboration, or what --scale says."""
    column = find_columns(TIES, field)["level"]
    if choices.scale is not None:
        return column._replace(high=choices.scale, is_whole=False, unit="of the scale; --scale gives its highest value")
    unit = (
        "levels (0 none to 5 collaboration; leave it empty where unanswered; of another scale give the highest value "
        "with --scale)"
    )
    return column._replace(unit=unit)


def _read_file(survey: _Survey, path: Path) -> None:
    source = survey.source
    n_problems, rows = len(source.problems), source.read_cells(path)
    where, header = next(rows, (path.name, []))
    if len(source.problems) > n_problems:  # it is no text, and that has been said
        return
    if not header:
        source.problems.add(path.name, f"file is empty; {FORMS}")
        return
    ends = [_find_place(header, names) for names in (FROM, TO)]
    has_codes = fold_name(header[0]) not in (*FROM, *TO) and "i" in header  # a matrix may have a code i, and a j
    if min(ends) >= 0 and not has_codes:
        _read_list(survey, where, header, rows, ends)
    else:
        _read_matrix(survey, where, header, rows)


def _find_place(header: Sequence[str], names: Sequence[str]) -> int:
    """Return the place of the first of the names that the header has, whatever its case, else -1."""
    folded = [fold_name(cell) for cell in header]
    return next((folded.index(name) for name in names if name in folded), -1)


def _read_list(
    survey: _Survey, where: str, header: list[str], rows: Iterator[tuple[str, list[str]]], ends: Sequence[int]
) -> None:
    at_level, at_wave = _find_place(header, LEVEL), _find_place(header, WAVE)
    used = {*ends, at_level, at_wave} - {-1}
    survey.source.n_unread_columns += len(header) - len(used)
    survey.is_list, survey.is_bare = True, at_level < 0
    survey.name = header[at_level] if at_level >= 0 else "level"
    for place, cells in _check_widths(survey, header, rows):
        cell = cells[at_level] if at_level >= 0 else f"{survey.choices.level}"
        wave = cells[at_wave] if at_wave >= 0 else ""
        survey.add(place, (cells[ends[0]], cells[ends[1]]), wave, cell)


def _read_matrix(survey: _Survey, where: str, header: list[str], rows: Iterator[tuple[str, list[str]]]) -> None:
    problems, at_wave = survey.source.problems, _find_place(header[1:], WAVE) + 1
    columns = [(at, code) for at, code in enumerate(header) if at not in ((0, at_wave) if at_wave else (0,))]
    n_problems = len(problems)
    lines = list(itertools.islice(_check_widths(survey, header, rows), 20 * MOST_COLUMNS))
    if len(problems) > n_problems:
        return
    respondents = {fold_id(cells[0]) for _, cells in lines}
    known = [code for _, code in columns if fold_id(code) in respondents]
    cells_below = {fold_id(cell) for _, cells in lines for cell in cells if cell}
    is_data = fold_id(header[0]) in cells_below  # no name of a column
    if len(known) < 2 or 2 * len(known) < min(len(columns), len(respondents)) or is_data:
        problems.add(where, f"neither a list of ties nor a matrix: {_tell_header(header, lines)}; {FORMS}")
        return
    if "" in header[1:] or len({code for _, code in columns}) < len(columns):
        problems.add(where, "a column of the matrix has no code, or one that stands twice; mend the header")
        return
    for code in header[1:]:
        if fold_id(code) in SUMS or (fold_name(code) in NOT_CODES and fold_id(code) not in respondents):
            problems.add(where, f"column {code!r} of the matrix is no code of a respondent; delete it")
    if len(problems) > n_problems:
        return
    for place, cells in lines:
        for at, code in columns:
            # Codes of organizations may be names: a matrix column is told by its place.
            survey.add(place, (cells[0], code), cells[at_wave] if at_wave else "", cells[at])


def _check_widths(
    survey: _Survey, header: list[str], rows: Iterator[tuple[str, list[str]]]
) -> Iterator[tuple[str, list[str]]]:
    for place, cells in rows:
        if len(cells) != len(header):
            text = f"line has {len(cells)} cells where the header has {len(header)}; mend commas"
            survey.source.problems.add(place, text)
            continue
        survey.source.n_rows += 1
        yield place, cells


def _tell_header(header: list[str], lines: Sequence[tuple[str, list[str]]]) -> str:
    """Return what the columns are called; nothing of it where the first line may be one of answers."""
    below = {cell for _, cells in lines for cell in cells}
    if len(header) == 1:
        return "its first line is a single cell, without commas, semicolons or tabs"
    if any(not cell or NUMBER.fullmatch(cell) or cell in below for cell in header):
        return "its first line does not name columns"
    shown = ", ".join(f"'{name[:30]}'" for name in header[:MOST_SHOWN])
    more = f" and {len(header) - MOST_SHOWN} more" if len(header) > MOST_SHOWN else ""
    return f"its columns are {shown}{more}"


def _choose_wave(source: Source, choices: Choices, waves: dict[str, Answers]) -> Answers:
    waves = {name: answers for name, answers in waves.items() if answers}
    if choices.wave is not None and choices.wave in waves:
        return waves[choices.wave]
    told = f" ({', '.join(sorted(waves))})" if all(name.isdigit() for name in waves) else ""
    if choices.wave is not None:
        source.problems.add(source.paths[0].name, f"no line of that wave; the file holds {len(waves)}{told}")
    elif len(waves) > 1:
        source.problems.add(source.paths[0].name, f"{len(waves)} waves{told}; choose one with --wave")
    elif not waves and not source.problems:
        source.problems.add(source.paths[0].name, "no answers; give lines with a level")
    return next(iter(waves.values()), {})


def _symmetrise(taken: Taken, answers: Answers, choices: Choices) -> None:
    rule, scale = choices.symmetrise, choices.scale or MAX_LEVEL
    both = sum((end, start) in answers for start, end in answers) // 2
    apart = sum(abs(level - answers.get((end, start), level)) > 0 for (start, end), level in answers.items()) // 2
    taken.told.append(f"{_count(both, 'pair')} answered from both sides, {apart} of them with different levels")
    merge = RULES[rule]
    if merge is None:
        taken.ties = {pair: _scale(taken, level, scale) for pair, level in answers.items()}
        taken.assumed.append("each direction as it was answered (--symmetrise none)")
        return
    one_sided = 0
    for start, end in answers:
        known = [answers[pair] for pair in ((start, end), (end, start)) if pair in answers]
        one_sided += len(known) == 1
        taken.ties[start, end] = taken.ties[end, start] = merge(known)
    if rule == "mean":  # an average is not a level
        taken.tie_column = "trust"
    taken.ties = {pair: _scale(taken, level, scale) for pair, level in taken.ties.items()}
    taken.assumed.append(
        f"both directions hold the {rule} of the two answers; of {_count(one_sided, 'pair')} only one side "
        "answered, and its answer stands for both"
    )


def _scale(taken: Taken, answer: float, scale: float) -> float:
    return answer / scale if taken.tie_column == "trust" else answer


def _count(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"
