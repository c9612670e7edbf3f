"""The lessons for classes: keys that the model gives, plans that fit the hour, commands and scenes that are there."""

import json
import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from experiments.lessons import funding, handouts, keys, stability
from experiments.lessons.__main__ import LESSONS, main, make_key
from experiments.lessons.measuring import average, find_parameters
from sim.__main__ import build_parser
from sim.commands.explore import compose_explorer
from sim.configuration import read_varied
from sim.explorer.header import describe_page, find_dimensions

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "experiments" / "lessons"
PAGES = sorted(FOLDER.glob("*.md"))


def read(name):
    return (FOLDER / name).read_text(encoding="utf-8")


SLOW = [pytest.mark.slow, pytest.mark.nightly]


@pytest.mark.parametrize("name", ["size", pytest.param("stability", marks=SLOW), "funding"])
def test_the_answer_key_is_what_the_model_gives(name, tmp_path):
    key = make_key(name)
    assert keys.list_problems(FOLDER / f"{name}.md", key) == [], f"run: python -m experiments.lessons {name}"
    spoilt = tmp_path / f"{name}.md"
    spoilt.write_text(
        re.sub(r"(\| \*\*\S*?)(\d)\*\*", lambda m: f"{m[1]}{(int(m[2]) + 1) % 10}**", read(f"{name}.md"), count=1)
    )
    assert len(keys.list_problems(spoilt, key)) == 2  # what the model gives, and what it does not
    assert keys.write_key(spoilt, key) and spoilt.read_text() == read(f"{name}.md")
    wrong = [one._replace(holds=False, needed="9") for one in key.answers[:1]]
    assert key.answers[0].asks in keys.list_problems(spoilt, key._replace(answers=[*wrong, *key.answers[1:]]))[0]


def test_the_key_of_the_second_lesson_is_what_the_model_gives_where_that_is_soon_computed():
    """All but the best partition of most fields: what seats become of, and two fields as a whole."""
    visits = [stability.visit(*words) for words in (stability.MUCH, stability.LITTLE)]
    seats = [[stability.follow(*both) for both in each] for each in visits]
    answers = [*stability.answer_tables(), *stability.answer_seats(seats[0] + seats[1], stability.follow_null())]
    assert keys.list_surprises("stability.md", answers) == []
    rows = [(one.place, one.asks, one.told) for one in answers]
    for each, seated in zip(visits, seats, strict=True):
        rows += stability.list_seeds([stability.judge(each[0][0])], seated[:1])
    page = read("stability.md")
    assert [row for row in rows if "| " + " | ".join(row) + " |\n" not in page] == []


@pytest.mark.slow
@pytest.mark.nightly
def test_a_hundred_seeds_say_what_the_third_lesson_says():
    for rule, is_more in ((funding.RULE, True), (funding.NO_RULE, False)):
        cells = funding.run_claim(rule, 100)
        ends = {place: runs.judged["collaboration_end"] for place, runs in cells.items()}
        left = [
            ends[usd, funding.FAR].mean() / ends[usd, funding.NEAR].mean() for usd in (funding.LITTLE, funding.MUCH)
        ]
        assert left[0] < left[1]  # by dividing
        lost = average(-funding.find_extra(cells, funding.find_end))
        assert lost.low > 0 if is_more else lost.high < 0  # by subtracting
    free, silo, cut = (
        funding.run(*words, funding.NEAR, funding.MIDDLE, n_seeds=100)
        for words in ((funding.FREE,), (funding.SILO,), (funding.FREE, "shock=total_cut"))
    )
    assert 1.5 < funding.count_fragmenting(cut) / funding.count_fragmenting(free) < 2.5
    assert funding.count_fragmenting(silo) > 85
    assert average(silo.judged["coverage_end"] - free.judged["coverage_end"]).high < 0
    first, fourth = (average(funding.find_year(free, cut, month)) for month in (49, 85))
    assert first.low > 0 and fourth.high < 0


def test_a_page_without_a_place_for_its_key_is_told(tmp_path):
    (tmp_path / "size.md").write_text("# Nothing\n")
    with pytest.raises(keys.LessonError, match=r"size\.md: has no key; put the lines"):
        keys.write_key(tmp_path / "size.md", keys.Key([]))
    with pytest.raises(SystemExit) as problem:
        main(["sise"])
    assert problem.value.code == 2


@pytest.mark.parametrize("name", LESSONS)
def test_the_plan_of_a_lesson_fills_fifty_minutes(name):
    plan = read(f"{name}.md").split("## Plan\n")[1].split("\n## ")[0]
    assert sum(map(int, re.findall(r"^\| (\d+) \|", plan, re.MULTILINE))) == 50


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_has_all_its_parts_and_its_sheets_no_answers(name):
    page, sheets = read(f"{name}.md"), read(f"{name}_sheets.md")
    parts = (
        "Goals",
        "Before the lesson",
        "Plan",
        "Steps on the page",
        "The same on the command line",
        "Answer key",
        "Rubric",
    )
    assert [part for part in parts if f"\n## {part}\n" not in page] == []
    assert [part for part in ("Prediction sheet", "Worksheet", "Quiz") if f"\n## {part}\n" not in sheets] == []
    assert "nothing here shows that a policy works" in " ".join(page.replace("\n>", " ").split()).lower()
    assert keys.BEGIN not in sheets and "shows that a policy works" in sheets
    asked = set(re.findall(r"\*\*([PW]\d)", sheets))
    assert {f"{kind}{n}" for kind, n in re.findall(r"^\| ([PW])(\d)", page, re.MULTILINE)} <= asked


def list_commands():
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            yield from (line for line in block.splitlines() if line.startswith("coalitions "))
        yield from re.findall(r"`(coalitions [a-z]+ [^`]*[=-][^`]*)`", text)


@pytest.mark.parametrize("command", sorted(set(list_commands())))
def test_every_command_of_a_lesson_can_be_given(command, monkeypatch):
    monkeypatch.chdir(ROOT)
    args, words = build_parser().parse_known_args(shlex.split(command)[1:])
    assert not [word for word in words if word.startswith("-")]
    if args.verb == "explore":
        assert list_scenes(tuple(words))
    elif args.verb == "compare":
        plain, design = read_varied([word for word in words if not word.startswith("seeds=")], None)
        found = []
        for place in (0, -1):  # composed once for all commands, unlike by the command
            varied = [f"{name}={_spell(values[place])}" for name, values in design["vary"].items()]
            found.append(find_parameters(*plain, *varied))
        assert found[0] != found[1]
    elif args.verb == "games" and args.table:
        assert Path(args.table).is_file()


def _spell(value):
    return value if isinstance(value, str) else json.dumps(value)


@cache
def list_scenes(words):
    configuration = compose_explorer(list(words), None)
    page = describe_page(find_dimensions(configuration.design), configuration.seeds, "", "")
    return [scene["title"] for scene in page["scenes"]]


@pytest.mark.parametrize("name", LESSONS)
def test_the_scenes_that_a_lesson_names_are_those_of_its_pages(name):
    page = read(f"{name}.md")
    made = {file: words for words, file in re.findall(r"`coalitions explore ?(\S*) -o (explore-\w+\.html)`", page)}
    assert made == {file: handouts.SCREENS[file] for file in handouts.SCREENS_OF[name]}
    titles = [f"{at + 1}. {title}" for file in made for at, title in enumerate(list_scenes(tuple(made[file].split())))]
    assert set(re.findall(r"\*\*(\d\. [^*]+)\*\*", page)) <= set(titles)
    for file, number in re.findall(r"(explore-\w+\.html)#scene=(\d)", page):
        assert 1 <= int(number) <= len(list_scenes(tuple(made[file].split())))
    assert set(re.findall(r"explore-\w+\.html", page + read(f"{name}_sheets.md"))) == set(made)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_of_the_lessons_lead_somewhere(path):
    links = [
        link.split("#")
        for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8"))
        if "://" not in link
    ]
    for target, *anchor in links:
        found = path.parent / target
        assert found.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor[0] in [re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads]
