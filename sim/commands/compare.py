"""``coalitions compare``: two or more settings on the same seeds, and what differs."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

DEFAULT_SEEDS = "seeds=20"
DESCRIPTION = """\
Run two or more settings on the same seeds and tell the differences, each with a 95 % interval over the pairs.

  coalitions compare regime=unrestricted,competitive
  coalitions compare regime=mixed,lottery shock=total_cut seeds=100
  coalitions compare memberships.turf_weight=0,1.8 regime=competitive

Every key=a,b list is varied; the first combination is the reference. Without seeds=…, 20 seeds are run.
"""


def add_parser(verbs: Any) -> None:
    """Add the verb to the parser."""
    from sim.commands.console import add_options

    parser = verbs.add_parser(
        "compare",
        help="run two or more settings on the same seeds",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="coalitions compare key=a,b [key=value …] [options]",
        allow_abbrev=False,
    )
    add_options(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Run the comparison, print it, keep its results."""
    from sim.commands.console import CAUTION, OK, check_words, name_rows, print_json, print_table
    from sim.commands.runs import find_folder, keep, run_with_progress, tell_folder
    from sim.contrasts import compute_differences, tell_differences
    from sim.tables import summarise

    words = check_words(args)
    configuration = compose_comparison(words, args.config_dir)
    folder = find_folder(args, configuration)
    results = run_with_progress(args, configuration, label=label_point)
    keep(results, folder, "compare", words, args.config_dir)
    summary, differences = summarise(results), compute_differences(results.runs)
    differences.to_csv(folder / "differences.csv", index=False)
    sentence = tell_differences(differences)
    if not args.json:
        print_table(summary)
        print("\nDifferences on the same seeds (95 % interval)")
        print_table(differences)
        print(f"\n{sentence}", flush=True)
    figures = [] if args.no_figures else _draw(results, folder)
    if args.json:
        content = {"name": configuration.name, "folder": str(folder), "seeds": configuration.seeds}
        tables = {"summary": name_rows(summary), "differences": differences}
        content |= {name: table.to_dict("records") for name, table in tables.items()}
        print_json({**content, "sentence": sentence, "figures": list(map(str, figures)), "caution": CAUTION})
        return OK
    tell_folder(folder, figures)
    print(CAUTION)
    return OK


def compose_comparison(words: list[str], config_dir: str | None) -> Any:
    """Return the configuration whose design are the lists among `words`. Raises `ConfigurationError` without a list."""
    from pathlib import Path

    from sim.configuration import ConfigurationError, Design, compose, read_words
    from sim.configuration.files import check_own_folder

    own = Path(config_dir).resolve() if config_dir else None
    if own:
        check_own_folder(own)
    read = read_words(words, own)
    vary = {word.key: word.values for word in read if word.is_sweep and word.key not in ("seeds", "name")}
    if not any(len(values) > 1 for values in vary.values()):
        raise ConfigurationError("nothing to compare: give a list, like regime=unrestricted,competitive")
    kept = [text for text, word in zip(words, read, strict=True) if word.key not in vary]
    if not any(word.key == "seeds" for word in read):
        kept.append(DEFAULT_SEEDS)
    base = compose(kept, config_dir=config_dir)
    if base.design.names():
        raise ConfigurationError("an experiment with a design of its own is run, not compared: coalitions run …")
    design = Design(vary)
    named = base.name if base.is_named else _name(base, design)
    return dataclasses.replace(base, design=design, name=named)


def _name(base: Any, design: Any) -> str:
    from sim.commands.runs import content_hash

    parts = (
        [*([] if name == "regime" else [name.rsplit(".", 1)[-1]]), *values] for name, values in design.vary.items()
    )
    listed = "-".join(str(part) for named in parts for part in named)
    plain = "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in listed)
    return f"compare-{plain[:46].rstrip('._-')}-{content_hash(dataclasses.replace(base, design=design))[:8]}"


def label_point(point: dict[str, Any], regime: str) -> str:
    """Return the name of one combination: the regime, and what else varies."""
    others = [f"{name.rsplit('.', 1)[-1]}={value}" for name, value in point.items() if name != "regime"]
    return " ".join([*([regime] if "regime" in point or not others else []), *others])


def _draw(results: Any, folder: Any) -> list[Any]:
    from sim.figures import draw_all

    return draw_all(results, folder / "figures")
