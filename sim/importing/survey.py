"""Levels of Collaboration as a survey gives them, in lines or as a matrix, waves and all: ties between codes out.

Scale: 0 none, 1 networking, 2 cooperation, 3 coordination, 4 coalition, 5 collaboration (Frey et al. 2006, Am. J.
Evaluation 27(3)). Two that were asked about each other often disagree, and many do not answer: nothing here turns an
answer that is missing into a 0.
"""

from __future__ import annotations

import statistics
from pathlib import Path

from sim.importing.reading import Source
from sim.importing.taken import Choices, Taken
from sim.parameters import Field
from sim.sheets import MAX_LEVEL, TIES, Line, RosterColumn, find_columns

KNOWN = ("wave", "symmetrise")
RULES = {"none": None, "min": min, "mean": statistics.fmean, "max": max}
FROM, TO, LEVEL, WAVE = ("from", "from_org"), ("to", "to_org"), "level", "wave"
Answers = dict[tuple[str, str], float]


def read_survey(source: Source, choices: Choices, field: Field) -> Taken:
    """Return the ties of one wave, with every respondent and everyone named as an organization."""
    taken = Taken()
    level = find_columns(TIES, field)[LEVEL]
    waves: dict[str, Answers] = {}
    left = {"pairs that nobody answered for (empty): the model's baseline stands": 0, "answers about oneself": 0}
    for path in source.paths:
        if source.check(path):
            _read_file(source, path, level, waves, left)
    taken.is_synthetic = source.is_synthetic
    answers = _choose_wave(source, choices, waves)
    if source.problems:
        return taken
    n_respondents = len({start for start, _ in answers})
    people = sorted({one for pair in answers for one in pair})
    taken.organizations = {one: {} for one in people}
    taken.told.append(
        f"{len(answers):,} answers of {n_respondents} respondents about {len(people)} organizations; "
        f"{len(people) - n_respondents} did not answer"
    )
    for text, count in left.items():
        taken.drop(count, text)
    taken.drop(len(waves) - 1, "other waves")
    taken.drop(source.n_unread_columns, "columns never read")
    _symmetrise(taken, answers, choices.symmetrise)
    return taken


def _read_file(
    source: Source, path: Path, level: RosterColumn, waves: dict[str, Answers], left: dict[str, int]
) -> None:
    rows = source.read_cells(path)
    where, header = next(rows, (path.name, []))
    names = [cell.lower() for cell in header]
    empty, oneself = left
    ends = [next((names.index(name) for name in names_of if name in names), -1) for names_of in (FROM, TO)]
    is_matrix = ends[1] < 0 and LEVEL not in names and len(header) > 2
    if not is_matrix and (min(ends) < 0 or LEVEL not in names):
        text = "the header needs columns from, to and level (and wave), or one code for each organization (a matrix)"
        source.problems.add(where, text)
        return
    if is_matrix:
        at_wave = names.index(WAVE, 1) if WAVE in names[1:] else -1
        columns = [(at, code) for at, code in enumerate(header) if at not in (0, at_wave)]
        if "" in header[1:] or len({code for _, code in columns}) < len(columns):
            source.problems.add(where, "a column of the matrix has no code, or one that stands twice; mend the header")
            return
    else:
        at_wave = names.index(WAVE) if WAVE in names else -1
        columns = [(names.index(LEVEL), "")]
        source.n_unread_columns += len(header) - 3 - (at_wave >= 0)
    for place, cells in rows:
        if len(cells) != len(header):
            source.problems.add(place, f"line has {len(cells)} cells where the header has {len(header)}; mend commas")
            continue
        source.n_rows += 1
        start = cells[0 if is_matrix else ends[0]]
        wave = waves.setdefault(cells[at_wave] if at_wave >= 0 else "", {})
        for at, code in columns:
            end = code or cells[ends[1]]
            # Codes of organizations may be names: a matrix column is told by its place.
            line = Line(place, {LEVEL: cells[at]} if cells[at] else {}, source.problems)
            if not start or not end:
                line.refuse("from" if not start else "to", "empty; give the code of an organization")
            elif start == end:
                left[oneself] += bool(cells[at])
            elif not cells[at]:
                left[empty] += 1
            elif (start, end) in wave:
                line.refuse(LEVEL, "answers for a pair a second time; keep one line for each from, to and wave")
            else:
                shown = level._replace(unit="levels (0 none to 5 collaboration; leave it empty where unanswered)")
                wave[start, end] = line.read_number(shown)


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


def _symmetrise(taken: Taken, answers: Answers, rule: str) -> None:
    both = sum((end, start) in answers for start, end in answers) // 2
    apart = sum(abs(level - answers.get((end, start), level)) > 0 for (start, end), level in answers.items()) // 2
    taken.told.append(f"{both} pairs answered from both sides, {apart} of them with different levels")
    merge = RULES[rule]
    if merge is None:
        taken.ties = dict(answers)
        taken.assumed.append("each direction as it was answered (--symmetrise none)")
        return
    one_sided = 0
    for start, end in answers:
        known = [answers[pair] for pair in ((start, end), (end, start)) if pair in answers]
        one_sided += len(known) == 1
        taken.ties[start, end] = taken.ties[end, start] = merge(known)
    if rule == "mean":  # an average is not a level
        taken.tie_column = "trust"
        taken.ties = {pair: level / MAX_LEVEL for pair, level in taken.ties.items()}
    taken.assumed.append(
        f"both directions hold the {rule} of the two answers; of {one_sided} pairs only one side answered, and its "
        "answer stands for both"
    )
