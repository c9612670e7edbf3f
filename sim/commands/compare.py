"""``coalitions compare``: two or more settings on the same seeds, and what differs."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
from pathlib import Path
from typing import Any

from sim.commands.console import format_table, name_rows
from sim.commands.drawing import Pencil
from sim.commands.options import RUNNING, add_options
from sim.commands.runs import run_and_tell, write_table
from sim.configuration import Design, compose, read_words, set_values
from sim.configuration.options import check_own_folder
from sim.errors import ConfigurationError
from sim.results.contrasts import compute_differences, tell_differences
from sim.schema.choices import name_shock
from sim.schema.settable import GROUPS, RUN_KEYS
from sim.sweep.in_memory import content_hash

DEFAULT_SEEDS = "seeds=20"
VERSUS = "vs"
SHARED = ("seeds", "name", "start", "months", "experiment")  # what no single setting of a comparison can change
DESCRIPTION = """\
Run two or more settings on the same seeds and tell the differences, each with a 95 % interval over the pairs,
and the month and event where the runs part.

  coalitions compare regime=unrestricted,competitive
  coalitions compare regime=mixed,lottery shock=total_cut seeds=100
  coalitions compare memberships.turf_weight=0,1.8 regime=competitive
  coalitions compare regime=mixed vs shock=total_cut vs regime=lottery meetings.facilitation=0.4

Every key=a,b list is varied; the first combination is the reference. Or write settings out: what stands before the
first `vs` is the reference and holds for all, but for what stands after a `vs`. Without seeds=…, 20 seeds are run.
"""
SYNOPSIS = (
    "coalitions compare key=a,b [key=value …] [options]\n"
    "       coalitions compare [key=value …] vs key=value … [options]"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_options(parser, *RUNNING)


def execute(args: argparse.Namespace) -> int:
    """Run the comparison, print it, keep its results."""
    words = args.overrides
    with Pencil(not args.no_figures) as pencil:
        return _compare(args, words, pencil)


def _compare(args: argparse.Namespace, words: list[str], pencil: Pencil) -> int:
    configuration = compose_comparison(words, args.config_dir)

    def describe(results: Any, folder: Path) -> tuple[str, dict[str, Any]]:
        return _describe(configuration, results, folder)

    return run_and_tell(args, configuration, pencil, "compare", words, describe, label=label_point)


def _describe(configuration: Any, results: Any, folder: Path) -> tuple[str, dict[str, Any]]:
    """Return what differs as text and as content of a JSON object; writes differences.csv and partings.csv."""
    from sim.results.divergence import find_partings, tell_partings
    from sim.results.scenario import describe_scenario
    from sim.results.summaries import summarise

    tables = {
        "summary": name_rows(summarise(results)),
        "differences": compute_differences(results.runs),
        "partings": find_partings(results.months, results.events),
    }
    for name in ("differences", "partings"):
        write_table(folder / f"{name}.csv", tables[name])
    scenario = describe_scenario(results.manifest)
    shown = {name: _name_settings(table, results) for name, table in tables.items()}
    sentence, parting = tell_differences(shown["differences"]), tell_partings(shown["partings"])
    text = (
        f"{scenario}\n\n{format_table(shown['summary'])}\n\n{_format_known(shown['differences'])}"
        f"{sentence}\n\nWhere the runs part\n{parting}"
    )
    content = {"seeds": configuration.seeds, **{name: table.to_dict("records") for name, table in tables.items()}}
    return text, {**content, "scenario": scenario, "sentence": sentence, "parting": parting}


def _format_known(differences: Any) -> str:
    """Return the differences that some pair of runs has as a table with its heading; nothing where there is none."""
    known = differences[differences["n"] > 0]
    heading = "Differences on the same seeds (95 % interval)"
    return f"{heading}\n{format_table(known)}\n\n" if len(known) else ""


def _name_settings(table: Any, results: Any) -> Any:
    """Return a table with settings made of several words, like ``none shock=total_cut``, under their labels."""
    from sim.figures.labels import label_settings

    settings = list(dict.fromkeys(map(str, results.runs["regime"])))
    if not any("=" in one for one in settings):  # each is a name that a user has written, and can write again
        return table
    return table.replace(label_settings(settings, results.manifest.get("labels") or {}))


def compose_comparison(words: list[str], config_dir: str | None) -> Any:
    """Return the configuration whose design is what `words` compare: their lists, or what stands after each ``vs``.

    Raises `ConfigurationError` where there is nothing to compare.
    """
    own = Path(config_dir).resolve() if config_dir else None
    if own:
        check_own_folder(own)
    settings = _split(words)
    read = read_words(settings[0], own)
    vary = {word.key: word.values for word in read if word.is_sweep and word.key not in RUN_KEYS}
    if vary and len(settings) > 1:
        raise ConfigurationError(f"{next(iter(vary))}: give lists, or settings with `vs` between them, not both")
    if len(settings) == 1 and not any(len(values) > 1 for values in vary.values()):
        raise ConfigurationError(
            "nothing to compare: give a list, like regime=unrestricted,competitive, or a second setting, "
            "like regime=mixed vs shock=total_cut"
        )
    for key, values in vary.items():
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            raise ConfigurationError(f"{key} = {twice}: stands twice in the list; give each value once")
    kept = [text for text, word in zip(settings[0], read, strict=True) if word.key not in vary]
    if not any(word.key == "seeds" for word in read):
        kept.append(DEFAULT_SEEDS)
    base = compose(kept, config_dir=config_dir)
    if base.design.names():
        raise ConfigurationError("an experiment with a design of its own is run, not compared: coalitions run …")
    design = Design(vary, cases=_read_cases(base, settings[1:], own))
    named = base.name if base.is_named else _name(base, design)
    return dataclasses.replace(base, design=design, name=named)


def _split(words: list[str]) -> list[list[str]]:
    """Return the words of each setting: what stands before, between and after the words ``vs``."""
    settings: list[list[str]] = [[]]
    for word in words:
        if word == VERSUS:
            settings.append([])
        else:
            settings[-1].append(word)
    return settings


def _read_cases(base: Any, settings: list[list[str]], own: Any) -> list[dict[str, Any]]:
    """Return the reference and each other setting as cases of a design. Raises `ConfigurationError`."""
    if not settings:
        return []
    shock = name_shock(base.parameters)
    cases: list[dict[str, Any]] = [{"name": " ".join([base.parameters.regime.name, *([shock] * (shock != "none"))])}]
    for texts in settings:
        read = read_words(texts, own)
        if not read:
            raise ConfigurationError(f"nothing stands after a `{VERSUS}`: say what that setting changes, key=value")
        for word in read:
            if word.is_sweep or word.key in SHARED:
                told = "has one value here" if word.is_sweep else f"holds for all: write it before the first `{VERSUS}`"
                raise ConfigurationError(f"{word.key}: {told}")
        values = {word.key: word.values[0] for word in read}
        if not any(key in GROUPS for key in values):  # a group may bring the line that a parameter sets
            set_values(base.parameters, values)
        told = " ".join(str(value) if key == "regime" else f"{key}={value}" for key, value in values.items())
        if any(case["name"] == told for case in cases):
            raise ConfigurationError(f"'{told}' is compared with itself; write each setting once")
        cases.append({"name": told, **values})
    return cases


def _name(base: Any, design: Any) -> str:

    parts = (
        [*([] if name == "regime" else [name.rsplit(".", 1)[-1]]), *values] for name, values in design.vary.items()
    )
    named = [str(part) for part in itertools.chain(*parts)] or [case["name"] for case in design.cases]
    listed = "-".join(named)
    plain = "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in listed)
    return f"compare-{plain[:46].rstrip('._-')}-{content_hash(dataclasses.replace(base, design=design))[:8]}"


def label_point(point: dict[str, Any], regime: str) -> str:
    """Return the name of one combination: that of its case, or the regime and what else varies."""
    if "case" in point:
        return str(point["case"])
    last = [name.rsplit(".", 1)[-1] for name in point]
    tails = {name: tail if last.count(tail) == 1 else name for name, tail in zip(point, last, strict=True)}
    others = [f"{tails[name]}={value}" for name, value in point.items() if name != "regime"]
    return " ".join([*([regime] if "regime" in point or not others else []), *others])
