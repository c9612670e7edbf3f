"""``coalitions interviews``: what members of coalitions would speak of, counted by the themes of the study."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from textwrap import fill
from typing import Any

from sim.commands.compare import compose_comparison, label_point
from sim.commands.console import print_json, refuse_words
from sim.commands.options import RUNNING, add_options
from sim.commands.runs import claim_folder, keep, mark, run_with_progress, write_table
from sim.configuration import compose, read_words
from sim.errors import OK, ConfigurationError, ParameterError
from sim.interviews import CODES, STUDY, Plan, count_events, count_interviews, interview_runs, list_events
from sim.schema.settable import RUN_KEYS
from sim.text import CAUTION

DESCRIPTION = """\
Ask members of coalitions, as the study did, and count in how many interviews each of its themes comes up, by regime.
Nobody is quoted: an interview is a list of events its organization and coalition went through, and a table says which
events speak of which theme (--codes prints it with the reasons).

  coalitions interviews regime=unrestricted,competitive,population_silo seeds=20
  coalitions interviews results/NAME                          of a run that is there already
  coalitions interviews results/NAME --show 7                 what the interviews of organization 7 rest on
  coalitions interviews regime=mixed shock=stream_shift --events

Without seeds=…, 20 seeds are run. The counts of every interview are kept in interviews.csv in the results' folder.
"""
SYNOPSIS = "coalitions interviews [results/NAME | key=value …] [options]"
SEEDS = "seeds=20"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_options(parser, *RUNNING)
    asked = parser.add_argument_group("whom to ask, and how")
    asked.add_argument("--interviews", type=int, metavar="N", help="interviews in a run (24, as in the study)")
    asked.add_argument("--organizations", type=int, metavar="N", help="from at most so many (18, as in the study)")
    asked.add_argument("--memory-months", type=int, metavar="N", help="the longest memory (36, assumed)")
    asked.add_argument("--awareness-rise", type=float, metavar="X", help="rise of awareness noticed (0.02, assumed)")
    asked.add_argument("--month", type=int, metavar="N", help="held at the end of this month (the last)")
    asked.add_argument("--least", type=int, default=1, metavar="N", help="events that make a theme come up (1)")
    shown = parser.add_argument_group("what to print beside the table")
    shown.add_argument("--codes", action="store_true", help="which events speak of which theme and why, and end")
    shown.add_argument("--events", action="store_true", help="the events behind each theme, by regime")
    shown.add_argument(
        "--show", type=int, metavar="ORG", help="those of one organization (its number), first seed that asked it"
    )


def execute(args: argparse.Namespace) -> int:
    """Hold the interviews, print the table, keep the counts."""
    from sim.results.scenario import describe_scenario
    from sim.results.summaries import drop_repeated_runs

    if args.codes:
        return _print_codes(args)
    words = args.overrides
    if args.least < 1:
        raise ConfigurationError(f"--least {args.least}: must be 1 or more")
    plan = _read_plan(args)
    folder, results = _read(args, words) if _is_folder(words) else _run(args, words)
    held = interview_runs(drop_repeated_runs(results), plan, args.month)
    counts = count_events(held)
    if counts.empty:
        raise ConfigurationError("nobody to ask: in no run did an open organization sit in a coalition within memory")
    write_table(folder / "interviews.csv", counts)
    _print(args, plan, folder, counts, held, describe_scenario(results.manifest))
    return OK


def _read_plan(args: argparse.Namespace) -> Any:

    names = [item.name for item in dataclasses.fields(Plan)]
    try:
        return Plan(**{name: getattr(args, name) for name in names if getattr(args, name) is not None})
    except ParameterError as problem:
        name, _, rest = str(problem).removeprefix("plan.").partition(" = ")
        raise ConfigurationError(f"--{name.replace('_', '-')} {rest}") from problem


def _is_folder(words: list[str]) -> bool:
    """Say whether the first word is a folder of results; a setting has a = in it."""
    return bool(words) and "=" not in words[0]


def _read(args: argparse.Namespace, words: list[str]) -> tuple[Path, Any]:
    from sim.results.store import load_results

    if len(words) > 1:
        raise ConfigurationError(f"'{words[1]}' is too much here: {words[0]} has been run with its settings already")
    return Path(words[0]), load_results(words[0])


def _run(args: argparse.Namespace, words: list[str]) -> tuple[Path, Any]:

    configuration = _compose(words, args.config_dir)
    with claim_folder(args, configuration) as folder:
        results = run_with_progress(args, configuration, label=label_point)
        mark(results, "interviews", words, args.config_dir)
        keep(results, folder)
    return folder, results


def _compose(words: list[str], config_dir: str | None) -> Any:

    own = Path(config_dir).resolve() if config_dir else None
    read = read_words(words, own)
    if any(word.is_sweep and word.key not in RUN_KEYS for word in read):
        found = compose_comparison(words, config_dir)
    else:
        has_seeds = any(word.key in ("seeds", "experiment") for word in read)
        found = compose(words if has_seeds else [*words, SEEDS], config_dir=config_dir)
    name = found.name if found.is_named else f"interviews-{found.name.removeprefix('compare-')}"
    return dataclasses.replace(found, name=name)


def _print(args: argparse.Namespace, plan: Any, folder: Path, counts: Any, held: Any, scenario: str) -> None:

    themes = count_interviews(counts, args.least)
    events = list_events(held) if args.events or args.show is not None else None
    if args.json:
        content = {"folder": str(folder), "plan": dataclasses.asdict(plan), "themes": themes.to_dict("records")}
        if args.events:
            content["events"] = _sum_events(events, counts).to_dict("records")
        if args.show is not None:
            content["organization"] = _pick(events, counts, args.show).to_dict("records")
        print_json({**content, "scenario": scenario, "study": STUDY, "caution": CAUTION})
        return
    print(scenario)
    _print_themes(themes, args.least)
    if args.events:
        print("\nEvents behind the themes (mean of a run and per 100 interviews, one counted once an interview)")
        _print_plain(_sum_events(events, counts))
    if args.show is not None:
        print(f"\nWhat the interviews of organization {args.show} rest on, first seed of each regime that asked it")
        _print_plain(_pick(events, counts, args.show))
    print(f"\n{fill(STUDY, 120)}\n\nCounts of every interview: {folder / 'interviews.csv'}\n{CAUTION}")


def _print_themes(themes: Any, least: int) -> None:
    """Print themes by regime: the median number of interviews, and the smallest and largest over runs.

    Where runs hold different numbers of interviews, all are given per 100 interviews.
    """
    is_even = themes["n_interviews"].nunique() == 1
    cells = [f"{row.median:g} ({row.low}-{row.high})" for row in themes.itertuples()]
    if not is_even:
        shares = themes[["share_median", "share_low", "share_high"]].to_numpy() * 100
        cells = [f"{middle:.0f} ({low:.0f}-{high:.0f})" for middle, low, high in shares]
    wide = themes.assign(cell=cells).pivot_table(
        index=["kind", "label"], columns="regime", values="cell", aggfunc="first", sort=False
    )
    wide = wide.rename_axis(columns=None).reset_index()
    events = "an event speaks" if least == 1 else f"{least} events speak"
    of = "Interviews of a run" if is_even else "Of 100 interviews of a run, those"
    print(f"{of} in which {events} of the theme: median over runs (smallest-largest)")
    _print_plain(wide[["label", "kind", *dict.fromkeys(themes["regime"])]].rename(columns={"label": "theme"}))
    for row in themes.drop_duplicates("regime").itertuples():
        asked = f"{row.n_interviews:g} interviews from {row.n_organizations:g} organizations (medians)"
        print(f"{row.regime}: {row.n_runs} runs, {asked}")


def _sum_events(events: Any, counts: Any) -> Any:
    """Return how often each kind and cause of event was remembered under each theme, by run and per 100 interviews."""
    import pandas as pd

    n_runs = counts.groupby("regime", sort=False, observed=True)["run_id"].nunique()
    found = events.groupby(["regime", "theme", "event", "cause"], sort=False, observed=True).size()
    asked = counts.groupby("regime", sort=False, observed=True)[["run_id", "interview"]].apply(
        lambda rows: len(rows.drop_duplicates())
    )
    per_100 = (100 * found / asked).rename("per_100_interviews")
    found = pd.concat([(found / n_runs).rename("times_a_run"), per_100], axis=1).reset_index()
    return found.sort_values(["regime", "theme", "times_a_run"], ascending=[True, True, False])


def _pick(events: Any, counts: Any, organization: int) -> Any:
    """Return the events of one organization's interviews in the first run of each regime in which it was asked."""
    asked = counts[counts["organization"] == organization]
    if asked.empty:
        others = ", ".join(map(str, sorted(counts["organization"].unique())))
        raise ConfigurationError(
            f"--show {organization}: nobody of organization {organization} was asked, but {others}"
        )
    first = asked.groupby("regime", sort=False, observed=True)["run_id"].first()
    chosen = events[events["run_id"].isin(first) & (events["organization"] == organization)]
    return chosen.drop(columns=["run_id", "organization"])


def _print_codes(args: argparse.Namespace) -> int:

    refuse_words(args)
    if args.json:
        print_json({"codes": [code._asdict() for code in CODES]})
        return OK
    for code in CODES:
        causes = f" ({', '.join(code.causes)})" if code.causes else ""
        print(f"{code.theme}: {', '.join(code.events)}{causes}\n  remembered by: {code.whose} · because {code.reason}")
    return OK


def _print_plain(table: Any) -> None:
    print(table.to_string(index=False, float_format=lambda value: f"{value:.1f}"))
