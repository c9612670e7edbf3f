"""``coalitions sweep``: many runs of a design, on all cores, stopped and gone on with at will."""

from __future__ import annotations

import argparse
import dataclasses
import errno
import shlex
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from sim.commands.console import compile_model, print_json, say_warning, tell_no_folder
from sim.commands.options import add_options
from sim.commands.runs import place_folder
from sim.commands.stopping import stopping
from sim.commands.sweep_words import tell_outcome, tell_refusals, tell_time, telling_progress
from sim.compiler.systems import count_cores
from sim.configuration import compose, read_varied
from sim.configuration.designs.samples import ENSEMBLE, name_ensemble
from sim.errors import FULL, INCOMPLETE, OK, CoalitionsError, ConfigurationError, NoRoomError
from sim.sweep.plan import PLACES, check_maker, extend_plan, forget_places, make_plan, read_plan

SHORT_SECONDS = 4.0
AGAIN = "call the same command again, it goes on"
DESCRIPTION = """\
Run a design: every policy with every scenario on the same seeds. Called again, it goes on where it was.

  coalitions sweep experiment=grow_or_fragment
  coalitions sweep regime=unrestricted,competitive memberships.turf_weight=0..3 --sample sobol --n 256 seeds=20
  coalitions sweep experiment=lever_screening --dry-run

key=a,b,c varies, key=low..high samples a range (latin_hypercube, sobol, saltelli or morris), --set KEY=VALUES does
either; --sample ensemble --n 200 runs the first 200 calibrated sets. docs/sweeps.md has designs in YAML. The table of
runs is always kept; --keep months or events keeps more.
"""
SYNOPSIS = "coalitions sweep [experiment=NAME] [key=value | key=a,b | key=low..high …] [options]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    what = parser.add_argument_group("what to run")
    what.add_argument(
        "--set", dest="settings", action="append", default=[], metavar="KEY=VALUES", help="vary, as above"
    )
    what.add_argument("--sample", metavar="METHOD", help="how ranges are sampled (default latin_hypercube)")
    what.add_argument("--n", type=int, metavar="N", help="points of the sample, or sets of the ensemble")
    what.add_argument("--replications", type=int, metavar="N", help="seeds 1 to N at each point, like seeds=N")
    what.add_argument("--keep", choices=("runs", "months", "events"), default="runs", help="tables to keep")
    how = parser.add_argument_group("how to run it")
    how.add_argument("--dry-run", action="store_true", help="say how many runs, how long and how large; run nothing")
    add_options(how, "workers", workers="parts done at a time (default: one for each core)")
    how.add_argument("--engine", default="local", metavar="NAME", help="local, ray, dask or slurm")
    how.add_argument("--engine-option", action="append", default=[], metavar="KEY=VALUE", help="e.g. address=…")
    how.add_argument("--extend", action="store_true", help="add the seeds or points that the sweep lacks")
    add_options(
        parser, "results", "config_dir", "force", "quiet", "json", force="delete another sweep of this name first"
    )


def execute(args: argparse.Namespace) -> int:
    """Run the sweep and return the exit code."""
    words = args.overrides
    _count_workers(args)  # refuse what cannot be before anything is compiled
    plan, folder = prepare(args, words)
    try:
        if args.dry_run:
            compile_model(is_quiet=args.quiet)
            _warn(plan)
            return _look(args, plan, folder)
        return _run(args, plan, folder, words)
    except NoRoomError as problem:
        raise _tell_no_room(str(problem)) from None
    except BrokenPipeError:
        raise
    except OSError as problem:
        if tell_no_folder(problem):
            raise
        reason = " ".join(str(problem.strerror or problem).split())
        if problem.errno in FULL:
            raise _tell_no_room(reason) from None
        is_lost = problem.errno == errno.ENOENT and not folder.exists()  # as in /proc, where nothing can be made
        if is_lost or problem.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR):
            told = f"{folder}: cannot be written ({reason}); choose another folder with --results"
            raise ConfigurationError(told) from None
        raise CoalitionsError(f"{folder}: {reason}; {AGAIN}") from None


def _tell_no_room(reason: str) -> NoRoomError:
    return NoRoomError(f"no room on the disk: {reason}; make room and {AGAIN}")


def prepare(args: argparse.Namespace, words: list[str]) -> tuple[Any, Path]:
    """Return the plan and its folder. Raises `ConfigurationError`."""
    own = Path(args.config_dir).resolve() if args.config_dir else None
    seeds = [f"seeds={args.replications}"] if args.replications is not None else []
    if seeds and any(word.lstrip("+").startswith("seeds=") for word in (*words, *args.settings)):
        raise ConfigurationError(f"--replications {args.replications} and seeds=… both set the seeds; give one of them")
    plain, tree = read_varied([*words, *args.settings, *seeds], own)
    if args.sample == ENSEMBLE:
        tree["sample"] = name_ensemble(args.n, tree)
    elif args.sample or args.n is not None:
        if not tree.get("sample"):
            raise ConfigurationError("--sample and --n need a range to sample, like memberships.turf_weight=0..3")
        tree["sample"] |= {"method": args.sample} if args.sample else {}
        tree["sample"] |= {"n": args.n} if args.n is not None else {}
    configuration = compose(plain, config_dir=args.config_dir, design=tree)
    plan = make_plan(configuration, args.config_dir, args.keep)
    folder = place_folder(args.results, plan.name)
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"{folder}: is a file, not a folder; choose another name=…")
    if not (folder / "plan.json").exists():
        _check_foreign(args, folder)
        return plan, folder
    try:
        old = dataclasses.replace(read_plan(folder), places=plan.places)
        if args.extend or old.key == plan.key:
            check_maker(old, folder)
    except ConfigurationError:
        if args.force:
            return plan, folder
        raise
    if args.extend:
        return extend_plan(old, plan), folder
    if old.blocks[0] == plan.blocks[0] and old.key == plan.key:
        return old, folder
    if args.force:
        return plan, folder
    raise ConfigurationError(
        f"{folder}: holds another sweep; choose another name=…, add to it with --extend, or delete it with --force"
    )


def _check_foreign(args: argparse.Namespace, folder: Path) -> None:
    """Raise `ConfigurationError` where something else than a sweep lies in the folder, hidden files aside."""
    names = [path.name for path in folder.iterdir() if not path.name.startswith(".")] if folder.exists() else []
    if names and not {"manifest.json", "parts"} & set(names):
        raise ConfigurationError(f"{folder}: holds no results but {sorted(names)[0]}; choose another name=…")
    if names and not args.force:
        raise ConfigurationError(f"{folder}: holds other results; choose another name=… or overwrite with --force")


def _count_workers(args: argparse.Namespace) -> int:

    if args.workers is None:
        return count_cores()
    if not 1 <= args.workers <= 1024:
        raise ConfigurationError(f"--workers {args.workers}: must lie in [1, 1024]")
    return args.workers


def _warn(plan: Any) -> None:

    for text in plan.warnings:
        say_warning(text)


def _look(args: argparse.Namespace, plan: Any, folder: Path) -> int:
    """Say what the sweep would be, from a second's pilot, and which policies cannot be run; return the exit code."""
    from sim.results.scenario import describe_scenario
    from sim.sweep.engines import make_engine
    from sim.sweep.manifest import describe_plan
    from sim.sweep.pilot import run_pilot
    from sim.sweep.probing import find_refusals

    options = _read_options(args)
    engine = make_engine(args.engine, _count_workers(args), options)
    if options:  # a cluster that is there already: ask how large it is
        engine.begin(None)
    with tempfile.TemporaryDirectory() as scratch:
        pilot = run_pilot(plan, Path(scratch))
    refusals = find_refusals(plan)
    n_workers = engine.n_workers
    seconds, size = plan.n_runs * pilot.seconds / n_workers, plan.n_runs * sum(pilot.bytes.values())
    told = {
        "name": plan.name,
        "folder": str(folder),
        "design": "; then ".join(block.design.describe() for block in plan.blocks),
        "scenario": describe_scenario(describe_plan(plan, [])),
        "points": plan.n_points,
        "runs": plan.n_runs,
        "workers": n_workers,
        "milliseconds_a_run": pilot.seconds * 1000,
        "seconds": seconds,
        "megabytes": size / 1e6,
        "warnings": plan.warnings,
        "failing": [refusal._asdict() for refusal in refusals],
        "failed_of_tried": len(pilot.failures),
    }
    code = INCOMPLETE if refusals or pilot.failures else OK
    if args.json:
        print_json(told | ({} if pilot.n_timed else {"milliseconds_a_run": None, "seconds": None, "megabytes": None}))
        return code
    print(f"{plan.name}: {told['design']}\n{told['scenario']}")
    runs = f"{plan.n_runs:,} run{'' if plan.n_runs == 1 else 's'}"
    if pilot.n_timed:
        print(f"{runs} at {pilot.seconds * 1000:.1f} ms: {tell_time(seconds)} on {n_workers} workers")
        print(f"{size / 1e6:,.1f} MB in {folder}/ ({', '.join(plan.tables)}), twice that while it runs")
    else:
        print(f"{runs}; none of those tried could be run, so nothing is said of the time they would take")
    tell_refusals(refusals, pilot.failures)
    return code


def _run(args: argparse.Namespace, plan: Any, folder: Path, words: list[str]) -> int:
    from sim.files.locking import lock_folder
    from sim.sweep.driving import describe, drive
    from sim.sweep.engines import make_engine
    from sim.sweep.manifest import write_manifest
    from sim.sweep.pilot import check_room, run_pilot

    str(folder.absolute()).encode()  # raises where the name is no text, before every worker does
    n_workers, options = _count_workers(args), _read_options(args)
    engine = make_engine(args.engine, n_workers, options)
    folder.mkdir(parents=True, exist_ok=True)
    engine.begin(folder)  # refuses what cannot be reached before anything is run
    if args.force:
        with lock_folder(folder):
            _empty(folder, keep=plan)
    n_done, seconds_a_run = describe(folder, plan)["done"], 0.0
    if n_done < plan.n_runs:  # else nothing is run, and nothing of the model is loaded
        compile_model(is_quiet=args.quiet)
        _warn(plan)
        pilot = run_pilot(plan, folder)
        check_room(folder, pilot, plan.n_runs - n_done)
        seconds_a_run = pilot.seconds
    if args.workers is None and args.engine == "local" and plan.n_runs * seconds_a_run < SHORT_SECONDS:
        engine = make_engine("local", 1, options)  # over before a worker has begun
    start = time.monotonic()
    command = _repeat_command(args, words)
    with stopping(engine, command) as stop, telling_progress(plan.name, args.quiet) as report:
        outcome = drive(
            plan,
            folder,
            engine,
            seconds_a_run=seconds_a_run,
            n_workers=engine.n_workers,
            report=report,
            is_stopped=stop,
        )
    seconds = time.monotonic() - start
    if outcome.is_complete:
        write_manifest(plan, folder, command, outcome.failures, args.config_dir)
        forget_places(folder)
    is_terminated = bool(stop.caught) and stop.caught[0] == signal.SIGTERM
    return tell_outcome(args, plan, folder, outcome, seconds, command, is_terminated)


def _read_options(args: argparse.Namespace) -> dict[str, str]:

    for word in args.engine_option:
        if "=" not in word:
            raise ConfigurationError(f"--engine-option {word}: must be KEY=VALUE, like address=tcp://…")
    return dict(word.split("=", 1) for word in args.engine_option)


def _empty(folder: Path, keep: Any) -> None:
    """Delete what an earlier sweep left in its own folder, unless it is this very sweep."""
    from sim.sweep.parts import FOLDER

    try:
        there = read_plan(folder)
        if there.key == keep.key and there.made_by == keep.made_by:
            return
    except ConfigurationError:
        pass
    for name in (FOLDER, "figures"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for pattern in ("plan*.json", PLACES, "manifest.json", "*.parquet", "failed.csv"):  # nothing that is not our own
        for path in folder.glob(pattern):
            path.unlink()


def _repeat_command(args: argparse.Namespace, words: list[str]) -> str:
    options: list[str] = []
    for word in args.settings:
        options += ["--set", word]
    named = {"sample": None, "n": None, "replications": None, "keep": "runs", "engine": "local", "results": "results"}
    for name, default in (named | {"workers": None, "config_dir": None}).items():
        value = getattr(args, name)
        if value != default:
            options += [f"--{name.replace('_', '-')}", str(value)]
    options += [part for word in args.engine_option for part in ("--engine-option", word)]
    options += ["--extend"] if args.extend else []
    return shlex.join(["coalitions", "sweep", *words, *options])
