"""The plan of a sweep: which runs there are and what each one is, immutable and keyed by its content.

A plan is one or more blocks, each a design's points times seeds; run numbers go through the blocks, through the points
of a block, and through the seeds of a point. Extending a sweep adds a file with another block and leaves the others as
they are, so a run keeps its number and its part.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from sim.configuration import Configuration
from sim.configuration.composition import compose
from sim.configuration.designs import CASE, Design, name_columns, read_design, set_values
from sim.configuration.doubtful import check_labels, find_warnings
from sim.errors import ConfigurationError
from sim.files.access import read_bounded, replace_file
from sim.files.checksums import is_sealed, seal
from sim.results.disclosure import find_places, hide_place, hide_places
from sim.results.release import describe_code, describe_maker, find_difference
from sim.schema.choices import name_runs
from sim.schema.columns import MODEL_VERSION
from sim.schema.parameters import Parameters
from sim.schema.settable import GROUPS, build_parameters

FORMAT = 1
MOST_BYTES = 500_000_000  # of a plan, which lists its points
ROSTER = "field.folder"
PLACES = "places.json"  # there only as long as runs are left to do
AGAIN = "start it again under another name=…, or with --force"
TABLES = {"runs": ("runs",), "months": ("runs", "months"), "events": ("runs", "months", "events")}  # by what is kept


class Run(NamedTuple):
    """One run: its number in the sweep, its point, the values that vary there, and its seed."""

    number: int
    point: int
    values: dict[str, Any]
    seed: int


@dataclass(frozen=True)
class Block:
    """Points of one design on the same seeds. first_point: the number of its first point in the sweep."""

    design: Design
    seeds: tuple[int, ...]
    first_point: int = 0

    @property
    def n_runs(self) -> int:
        """Number of runs."""
        return len(self.design) * len(self.seeds)

    def to_tree(self) -> dict[str, Any]:
        """Return plain data; seeds in a row as a range."""
        first, count = self.seeds[0], len(self.seeds)
        in_a_row = self.seeds == tuple(range(first, first + count))
        seeds = {"first": first, "count": count} if in_a_row else list(self.seeds)
        return {"design": self.design.to_tree(), "seeds": seeds, "first_point": self.first_point}

    @classmethod
    def from_tree(cls, tree: dict[str, Any]) -> Block:
        """Return the block that `to_tree` wrote."""
        seeds = tree["seeds"]
        if isinstance(seeds, dict):
            seeds = range(seeds["first"], seeds["first"] + seeds["count"])
        return cls(read_design(tree["design"]), tuple(seeds), tree["first_point"])


@dataclass(frozen=True)
class Plan:
    """All runs of a sweep and the setting they share.

    base: plain data of the parameters that nothing varies. combinations: for each combination of varied config groups,
    as a JSON list of words, the plain data of its parameters. roster: digests of the rosters' tables, or "".
    made_by, code: what the sweep was planned with, see `sim.results.release`; no other code goes on with it.
    places: where the rosters lie that the plan names without the folders above; no part of what the plan says.
    """

    name: str
    question: str
    overrides: tuple[str, ...]
    base: dict[str, Any]
    combinations: dict[str, dict[str, Any]]
    roster: str
    keep: str
    blocks: tuple[Block, ...]
    made_by: dict[str, str] = field(default_factory=describe_maker)
    code: dict[str, Any] = field(default_factory=describe_code)
    places: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def n_runs(self) -> int:
        """Number of runs."""
        return sum(block.n_runs for block in self.blocks)

    @property
    def n_points(self) -> int:
        """Number of different points."""
        return max(block.first_point + len(block.design) for block in self.blocks)

    @property
    def varied(self) -> list[str]:
        """The names that vary."""
        return list(dict.fromkeys(name for block in self.blocks for name in block.design.names()))

    @cached_property
    def columns(self) -> dict[str, str]:
        """The column of the table of runs for each name that varies, but the regime."""
        return name_columns(self.varied)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that are kept, `runs` first."""
        return TABLES[self.keep]

    @cached_property
    def key(self) -> str:
        """Digest of everything the first block's results depend on but `made_by`: 32 digits, whatever blocks follow."""
        first = self.blocks[0]
        combined = [json.dumps(_find_words(values)) for values in first.design.group_values(GROUPS)]
        settings = {words: self.combinations[words] for words in combined}
        return _digest([FORMAT, MODEL_VERSION, self.base, settings, self.roster, self.keep, first.to_tree()])

    def runs(self, first: int, last: int) -> Iterator[tuple[int, dict[str, Any], list[Run]]]:
        """Yield (point, its values, its runs) for the runs of number `first` up to but not including `last`."""
        offset = 0
        for block in self.blocks:
            n_seeds = len(block.seeds)
            start, end = max(first - offset, 0), min(last - offset, block.n_runs)
            for at in range(start // n_seeds, (end - 1) // n_seeds + 1) if start < end else ():
                values, point = block.design.point(at), block.first_point + at
                inside = range(max(start, at * n_seeds), min(end, (at + 1) * n_seeds))
                runs = [Run(offset + one, point, values, block.seeds[one - at * n_seeds]) for one in inside]
                yield point, values, runs
            offset += block.n_runs

    def list_points(self) -> Iterator[dict[str, Any]]:
        """Yield what varies at each different point, in their order."""
        yield from (values for _, values in _each_point(self))

    @cached_property
    def warnings(self) -> list[str]:
        """What to warn of in the designs, a sentence each; see `sim.configuration.doubtful`."""
        found = [text for block in self.blocks for text in find_warnings(block.design, self.parameters_at)]
        return list(dict.fromkeys(found))

    @cached_property
    def _settings(self) -> dict[str, Parameters]:
        """What has been built so far: the parameters of each combination, as in `combinations`."""
        return {}

    def parameters_at(self, values: dict[str, Any]) -> Parameters:
        """Return the checked parameters of a point. Raises `ConfigurationError` where they do not fit together."""
        words = json.dumps(_find_words(values))
        if words not in self._settings:
            tree = self.base if words == "[]" else self.combinations[words]
            self._settings[words] = self.build(tree)
        parameters = self._settings[words]
        plain = {name: value for name, value in values.items() if name not in (*GROUPS, CASE)}
        if ROSTER in plain:
            plain[ROSTER] = self.places.get(plain[ROSTER], plain[ROSTER])
        return set_values(parameters, plain)

    def hide(self, text: str) -> str:
        """Return a text with the rosters named as the plan names them."""
        for shown, place in self.places.items():
            text = text.replace(place, shown)
        return text

    def build(self, tree: dict[str, Any]) -> Parameters:
        """Return the parameters that plain data of the plan stand for, with the roster where it lies."""
        folder = tree["field"]["folder"]
        return build_parameters(tree | {"field": tree["field"] | {"folder": self.places.get(folder, folder)}})


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def _find_words(values: dict[str, Any]) -> list[str]:
    return [f"{name}={value}" for name, value in values.items() if name in GROUPS]


def make_plan(configuration: Configuration, config_dir: str | Path | None = None, keep: str = "runs") -> Plan:
    """Return the plan of a configuration's design; config groups that vary are composed here, once each."""
    design = configuration.design
    combinations, rosters = {}, {read_roster_digest(configuration.parameters)}
    folders = {configuration.parameters.field.folder}
    for folder in {value for name, value in design.settings() if name == ROSTER}:
        rosters.add(read_roster_digest(set_values(configuration.parameters, {ROSTER: folder})))
        folders.add(folder)
    for values in design.group_values(GROUPS):
        words = _find_words(values)
        kept = [word for word in configuration.overrides if word.lstrip("+").partition("=")[0] not in values]
        composed = compose([*kept, *words], config_dir=config_dir)
        combinations[json.dumps(words)] = hide_places(dataclasses.asdict(composed.parameters))
        folders.add(composed.parameters.field.folder)
        rosters.add(read_roster_digest(composed.parameters))
    places = find_places(folder for folder in folders if folder is not None)
    plan = Plan(
        name=configuration.name,
        question=configuration.question,
        overrides=tuple(map(hide_place, configuration.overrides)),
        base=hide_places(dataclasses.asdict(configuration.parameters)),
        combinations=combinations,
        roster=" ".join(sorted(rosters - {""})),
        keep=keep,
        blocks=(Block(_hide_folders(design), tuple(configuration.seeds)),),
        places=places,
    )
    if not plan.columns:  # else the number of the point stands in the names of its runs
        check_labels([name_runs(plan.parameters_at(values)) for values in design.points()])
    return plan


def _hide_folders(design: Design) -> Design:
    return read_design(hide_places(design.to_tree())) if ROSTER in design.names() else design


def read_roster_digest(parameters: Parameters) -> str:
    """Return the digest of the roster's tables, "" without a roster."""
    if parameters.field.folder is None:
        return ""
    from sim.roster.reading import read_folder

    return read_folder(parameters.field.folder, parameters.field).digest


def extend_plan(old: Plan, new: Plan) -> Plan:
    """Return `old` with blocks for what `new` has besides: other seeds for all points, or other points.

    Raises `ConfigurationError` where the two differ in more than their points and seeds.
    """
    changed = [name for name in ("base", "roster", "keep") if getattr(old, name) != getattr(new, name)]
    if changed or old.varied != new.varied:
        what = " and ".join(changed) or "what varies"
        raise ConfigurationError(
            f"{old.name}: cannot be extended, the new sweep differs in {what}; give it another name=…"
        )
    known = {_digest(values) for _, values in _each_point(old)}
    wanted = new.blocks[0]
    fresh = [values for values in wanted.design.points() if _digest(values) not in known]
    again = [values for values in wanted.design.points() if _digest(values) in known]
    had = {seed for block in old.blocks for seed in block.seeds}
    seeds = tuple(seed for seed in wanted.seeds if seed not in had)
    blocks = list(old.blocks)
    if seeds:
        if len(again) != old.n_points:
            raise ConfigurationError(f"{old.name}: new seeds are for all points of the sweep; leave none of them out")
        blocks.append(Block(_list_points([values for _, values in _each_point(old)]), seeds))
    if fresh:
        all_seeds = tuple(sorted(had | set(wanted.seeds)))
        blocks.append(Block(_list_points(fresh), all_seeds, old.n_points))
    combinations = old.combinations | new.combinations
    return dataclasses.replace(old, combinations=combinations, blocks=tuple(blocks), places=new.places)


def _each_point(plan: Plan) -> Iterator[tuple[int, dict[str, Any]]]:
    seen = set()
    for block in plan.blocks:
        for at, values in enumerate(block.design.points()):
            if block.first_point + at not in seen:
                seen.add(block.first_point + at)
                yield block.first_point + at, values


def _list_points(points: list[dict[str, Any]]) -> Design:
    """Return the design that has just these points, in this order."""
    return Design(cases=[{"name" if name == CASE else name: value for name, value in one.items()} for one in points])


def write_plan(plan: Plan, folder: Path) -> None:
    """Write the plan into `folder`: plan.json and, for each block added since, plan-2.json and so on."""
    for number, block in enumerate(plan.blocks, start=1):
        path = folder / ("plan.json" if number == 1 else f"plan-{number}.json")
        if path.exists():
            continue
        tree: dict[str, Any] = {"format": FORMAT, "model_version": MODEL_VERSION, "block": block.to_tree()}
        if number == 1:
            tree |= {name: getattr(plan, name) for name in ("name", "question", "overrides", "base", "roster", "keep")}
            tree |= {"made_by": plan.made_by, "code": plan.code}
        tree["combinations"] = plan.combinations
        text = json.dumps(seal(tree), indent=1) + "\n"
        replace_file(path, lambda target, text=text: target.write_text(text, encoding="utf-8"))
    if plan.places:
        text = json.dumps(plan.places, indent=1) + "\n"
        replace_file(folder / PLACES, lambda target: target.write_text(text, encoding="utf-8"))


def forget_places(folder: Path) -> None:
    """Delete what says where rosters lie on this machine, once no run needs it."""
    (folder / PLACES).unlink(missing_ok=True)


def _read_places(folder: Path) -> dict[str, str]:
    path = folder / PLACES
    return json.loads(read_bounded(path, MOST_BYTES)) if path.exists() else {}


def check_maker(plan: Plan, folder: Path, mend: str = f"go on with those, or {AGAIN}") -> None:
    """Raise `ConfigurationError` unless the sweep in `folder` was planned with the code and libraries that run here.

    mend: what the error says to do about it.
    """
    differs = find_difference(plan.made_by)
    if differs:
        raise ConfigurationError(
            f"{folder}: the sweep was begun with other code or libraries ({differs}), and its results would mix two "
            f"versions; {mend}"
        )


def read_plan(folder: Path) -> Plan:
    """Return the plan kept in `folder`. Raises `ConfigurationError` where there is none or it cannot be used.

    To go on with it, ask `check_maker` as well.
    """
    reading = folder / "plan.json"
    try:
        later = sorted(folder.glob("plan-*.json"), key=lambda path: int(path.stem.partition("-")[2]))
        trees, blocks = [], []
        for number, path in enumerate((reading, *later), start=1):
            if number > 1 and path.name != f"plan-{number}.json":
                raise ConfigurationError(
                    f"{folder}/plan-{number}.json: is missing, {path.name} is there; put it back, or start the sweep "
                    "anew with --force"
                )
            reading = path
            tree = json.loads(read_bounded(path, MOST_BYTES))
            if tree["model_version"] != MODEL_VERSION:
                raise ConfigurationError(
                    f"{path}: planned for model {tree['model_version']}, this is model {MODEL_VERSION}; start it again "
                    "under another name"
                )
            if not is_sealed(tree):
                raise ConfigurationError(
                    f"{path}: is not as it was written; put it back, or start the sweep anew with --force"
                )
            blocks.append(Block.from_tree(tree["block"]))
            trees.append(tree)
        first = trees[0]
        return Plan(
            **{name: first[name] for name in ("name", "question", "base", "roster", "keep")},
            overrides=tuple(first["overrides"]),
            combinations=trees[-1]["combinations"],
            blocks=tuple(blocks),
            made_by=dict(first.get("made_by", {})),
            code=dict(first.get("code", {})),
            places=_read_places(folder),
        )
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigurationError(
            f"{folder}: no plan.json there; give the folder of a sweep, like results/demo"
        ) from None
    except ConfigurationError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, RecursionError) as problem:
        reason = f"no {problem}" if isinstance(problem, KeyError) else str(problem)
        raise ConfigurationError(
            f"{reading}: cannot be read ({reason}); put it back, or start the sweep anew with --force"
        ) from None
