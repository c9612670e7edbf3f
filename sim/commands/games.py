"""``coalitions games``: coalition theory on one month of a run, or on a small table typed by hand."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from sim.commands.console import compile_model, print_json, refuse_words
from sim.commands.options import add_options
from sim.configuration import compose
from sim.errors import OK, ConfigurationError
from sim.files.access import read_bounded
from sim.results.disclosure import check_place
from sim.text import CAUTION

DESCRIPTION = """\
Take one month of a run as a game and say who would deviate and where to, whether any group would rather be together
(the core), what fragmentation costs, and whom the field would miss most for the populations it serves.

  coalitions games regime=competitive --seed 3 --month 60
  coalitions games results/NAME --seed 3 --month 60          with the settings of a run that is there
  coalitions games regime=mixed --coalition 4                whom coalition 4 would miss most
  coalitions games --table weights.csv --kind fractional     a game of your own

docs/games.md says what each word means, which of them needs a partition, and what a table looks like.
"""
SYNOPSIS = "coalitions games [results/NAME | key=value …] [options]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the run (1)")
    parser.add_argument("--month", type=int, metavar="N", help="month at whose end to look (the last)")
    parser.add_argument("--project", metavar="HOW", help="one coalition each: largest (as set) or valued")
    parser.add_argument("--coalition", type=int, metavar="N", help="coverage within coalition N, not the whole field")
    parser.add_argument("--table", metavar="FILE", help="a CSV file with weights, or with what coalitions are worth")
    parser.add_argument("--partition", metavar="A+B,C", help="of a table: who is with whom (everyone alone)")
    parser.add_argument("--kind", metavar="KIND", help="of weights: additively_separable (as set) or fractional")
    parser.add_argument("--weak", action="store_true", help="core: block also where nobody loses and somebody gains")
    parser.add_argument("--limit", type=int, default=10, metavar="N", help="blocking coalitions to print (10)")
    parser.add_argument("--roster", metavar="DIR", help="where the roster of kept results lies, if they do not say")
    add_options(parser, "config_dir", "quiet", "json")


def execute(args: argparse.Namespace) -> int:
    """Find the game, judge it, print the verdicts."""
    from sim.commands.game_verdicts import print_verdicts

    _announce_compilation(args)
    if args.limit < 0:
        raise ConfigurationError(f"--limit {args.limit}: must be 0 or more")
    found = _judge_table(args) if args.table else _judge_month(args)
    if args.json:
        print_json(found)
    else:
        print_verdicts(found, args.limit)
    return OK


def _announce_compilation(args: argparse.Namespace) -> None:
    """Say on stderr that the searches are compiled at their first use on this machine."""
    from sim.compiler.jit import IS_COMPILED, is_cached

    last = "kernels.find_best_partition" if args.table else "measuring.measure_memberships"
    if IS_COMPILED and not args.quiet and not is_cached(last):
        print("Compiling the games for this machine (once, about 10 s) …", file=sys.stderr, flush=True)


def _judge_table(args: argparse.Namespace) -> dict[str, Any]:
    from sim.games import HedonicGame, check_partition, read_partition, read_table

    refuse_words(args)
    for option in ("month", "project", "coalition"):
        if getattr(args, option) is not None:
            raise ConfigurationError(f"--{option}: is of a run, not of a table")
    typed = read_table(args.table, args.kind or "additively_separable")
    if typed.game is None:
        if args.kind or args.weak or args.partition:
            raise ConfigurationError("--kind, --weak and --partition are not of a table of what coalitions do together")
        return {"game": args.table, "values": _value(typed.names, typed.value)}
    kind = "as listed"
    if isinstance(typed.game, HedonicGame):
        kind = args.kind or "additively_separable"
    elif args.kind:
        raise ConfigurationError("--kind: is of a table of weights; this one lists utilities")
    partition = read_partition(args.partition, typed.names) if args.partition else check_partition(None, typed.game.n)
    title = f"{args.table}, {kind}, {len(typed.names)} players"
    return {"game": title, **_judge(args, typed.names, typed.game, partition)}


def _judge_month(args: argparse.Namespace) -> dict[str, Any]:
    from sim.games import PROJECTIONS, build_coverage, form_alliances
    from sim.results.scenario import describe_setting

    for option in ("kind", "partition"):
        if getattr(args, option):
            raise ConfigurationError(f"--{option}: is of a table; a run has its own utilities and coalitions")
    if args.project is not None and args.project not in PROJECTIONS:
        raise ConfigurationError(f"--project {args.project}: must be one of {', '.join(PROJECTIONS)}")
    parameters, words = _read_settings(args.overrides, args.config_dir, args.roster)
    month = parameters.months if args.month is None else args.month
    snapshot = _take(args, parameters, month)
    how = args.project or "largest"
    partition, chosen = snapshot.project(how), _choose_players(args, snapshot)
    names = snapshot.names
    title = f"regime {parameters.regime.name}, seed {args.seed}, end of month {month}: {len(names)} open organizations"
    scenario = describe_setting(parameters, _read_roster(parameters), words)
    seats = {
        str(serial): [names[player] for player in members]
        for serial, members in zip(snapshot.serials, snapshot.coalitions, strict=True)
    }
    found = {
        "game": title,
        "scenario": scenario,
        "coalitions": seats,
        "moves": _list_moves(snapshot),
        "projection": how,
    }
    found |= _judge(args, names, snapshot.game, partition)
    few = _is_small(len(chosen))
    where = "the field" if args.coalition is None else f"coalition {args.coalition}"
    found["values_within"] = where
    if few:
        found["values"] = _value(tuple(names[one] for one in chosen), build_coverage(snapshot.pick(chosen)))
    alliances = form_alliances(snapshot.power.tolist(), snapshot.position.tolist())
    found["bilateral_alliances"] = [[names[one] for one in group] for group in alliances]
    return {**found, "caution": CAUTION}


def _read_settings(words: list[str], config_dir: str | None, roster: str | None = None) -> tuple[Any, list[str]]:
    """Return the parameters of words, or of a results' folder that stands in their place, and the words."""
    digest = None
    if words and "=" not in words[0]:
        from sim.results.store import MOST_BYTES

        path = Path(words[0]) / "manifest.json"
        if len(words) > 1:
            raise ConfigurationError(f"'{words[1]}' is too much here: {words[0]} has its settings already")
        try:
            manifest = json.loads(read_bounded(path, MOST_BYTES))
            overrides, design = list(manifest["overrides"]), manifest["design"]
            digest = manifest.get("roster", {}).get("digest")
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise ConfigurationError(f"{words[0]}: is no folder of `coalitions run`'s results (no {path})") from problem
        if design:
            raise ConfigurationError(
                f"{words[0]}: holds several settings; name one in words: coalitions games regime=NAME …"
            )
        words = [_place_roster(word, roster) for word in overrides]
    parameters = compose([word for word in words if not word.startswith("seeds=")], config_dir=config_dir).parameters
    if digest is not None and _read_roster(parameters).digest != digest:
        raise ConfigurationError(
            f"{parameters.field.folder}: is not the roster of these results; give it with --roster DIR"
        )
    return parameters, words


def _read_roster(parameters: Any) -> Any:
    """Return the tables of the field's roster, None where it has none."""
    from sim.roster.reading import read_folder

    return None if parameters.field.folder is None else read_folder(parameters.field.folder, parameters.field)


def _place_roster(word: str, roster: str | None) -> str:

    key, _, named = word.partition("=")
    return f"{key}={check_place(named, roster)}" if key == "field.folder" else word


def _take(args: argparse.Namespace, parameters: Any, month: int) -> Any:
    """Return the snapshot of the month."""
    from sim.engine.batch import prepare
    from sim.engine.snapshots import visit_months
    from sim.games import take_snapshot

    roster = _read_roster(parameters)
    if not 0 <= args.seed < 2**53:
        raise ConfigurationError(f"--seed {args.seed}: must be a whole number from 0 to 2^53 - 1")
    inputs: Any = prepare(parameters, roster)
    compile_model(is_quiet=args.quiet)
    for _, world in visit_months(inputs, args.seed, [month]):
        return take_snapshot(world, inputs.record, month)


def _choose_players(args: argparse.Namespace, snapshot: Any) -> tuple[int, ...]:
    """Return the players whose coverage is looked at: all, or the members of one coalition."""
    if args.coalition is None:
        return tuple(range(len(snapshot.names)))
    if args.coalition not in snapshot.serials:
        there = ", ".join(map(str, snapshot.serials)) or "none"
        raise ConfigurationError(f"--coalition {args.coalition}: is none of the coalitions of this month: {there}")
    return snapshot.coalitions[snapshot.serials.index(args.coalition)]


def _list_moves(snapshot: Any) -> dict[str, list[dict[str, Any]]]:
    """Return who would leave and who would join which coalition as things are, overlaps included."""
    from sim.games import TOLERANCE

    leave, join = [], []
    for c, (serial, members) in enumerate(zip(snapshot.serials, snapshot.coalitions, strict=True)):
        for player, name in enumerate(snapshot.names):
            utility = float(snapshot.worth[c, player])
            move = {"organization": name, "coalition": str(serial), "utility": utility}
            if player in members and utility < -TOLERANCE:
                leave.append(move)
            elif player not in members and utility > TOLERANCE:
                join.append(move)
    return {"would_leave": leave, "would_join": join}


def _is_small(n: int) -> bool:
    from sim.games import MOST_PLAYERS

    return 0 < n <= MOST_PLAYERS


def _judge(args: argparse.Namespace, names: Any, game: Any, partition: Any) -> dict[str, Any]:
    """Return what theory says of a partition, in names."""
    from sim.games import judge_stability, price_fragmentation
    from sim.games.core import find_blocking_masks, list_coalitions

    def name(group: Any) -> list[str]:
        return [names[player] for player in group]

    stability = judge_stability(game, partition)
    found: dict[str, Any] = {
        "partition": [name(group) for group in partition],
        "utilities": dict(zip(names, stability.worths, strict=True)),
        "rather_alone": name(stability.irrational),
    }
    for notion in ("nash", "individual", "contractual"):
        found[notion] = [
            {
                "player": names[move.player],
                "leaves": name(move.source),
                "for": name(move.target),
                "gain": move.gain,
                "hosts_against": name(move.hosts_against),
                "left_against": name(move.left_against),
            }
            for move in getattr(stability, notion)
        ]
    if not _is_small(game.n):
        return found
    masks, count = find_blocking_masks(game, partition, weak=args.weak, limit=args.limit)
    found["core"] = {"weak": args.weak, "n_blocking": count, "blocking": [name(one) for one in list_coalitions(masks)]}
    price = price_fragmentation(game, partition)
    found["fragmentation"] = {**price._asdict(), "best_partition": [name(group) for group in price.best_partition]}
    return found


def _value(names: Any, value: Any) -> list[dict[str, Any]]:
    from sim.games import compute_banzhaf, compute_shapley

    pairs = zip(names, compute_shapley(value), compute_banzhaf(value), strict=True)
    return [{"player": name, "shapley": float(one), "banzhaf": float(other)} for name, one, other in pairs]
