"""Run experiments and write their answers: ``python -m experiments.answers [NAME …]``; without a name, all of them.

Each is swept into results/NAME (called again it goes on), reduced to experiments/answers/tables/NAME.csv, and its
sentence, with the minutes it took here, goes into the table of experiments/README.md. ``--again`` computes sentences
from the kept tables alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from experiments.answers.sentences import ANSWERS
from experiments.answers.tables import KEPT, read_experiment, read_table, reduce_runs, write_table
from sim.__main__ import main as coalitions
from sim.text import CAUTION

README = Path(__file__).parents[1] / "README.md"
MEASURED = Path(__file__).parent / "measured.json"
BEGIN, END = "<!-- answers: begin -->\n", "<!-- answers: end -->\n"
DEMO = "grow_or_fragment"


def run(name: str, results: str) -> None:
    """Sweep an experiment, keep its small table, and the minutes and runs it took."""
    words = [f"experiment={name}", f"name={name}", "--results", results, "--keep", KEPT[name].keep]
    start = time.monotonic()
    code = coalitions(["sweep", *words])
    if code:
        sys.exit(code)
    minutes = (time.monotonic() - start) / 60
    print(f"Table: {write_table(name, reduce_runs(name, Path(results) / name))}")
    measured = read_measured()
    before = measured.get(name, {}).get("minutes", 0.0)
    if minutes > 0.05 or not before:  # else everything had been run before
        configuration = read_experiment(name)
        n_runs = len(configuration.design) * len(configuration.seeds)
        measured[name] = {"runs": n_runs, "minutes": round(minutes, 1)}
        MEASURED.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_measured() -> dict[str, dict[str, float]]:
    """Return runs and minutes of each experiment, as they were when its table was made."""
    return json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}


def answer(name: str) -> str:
    """Return the answer of an experiment, computed from its kept table."""
    return ANSWERS[name](read_table(name))


def make_row(name: str, sentence: str) -> str:
    """Return the row of an experiment in the README's table."""
    measured = read_measured()[name]
    question = read_experiment(name).question
    minutes = f"{max(measured['minutes'], 0.1):g} ({measured['runs']:,} runs)"
    command = "`coalitions demo`" if name == DEMO else f"`coalitions sweep experiment={name}`"
    return f"| {question} | {command} | {minutes} | {sentence} |\n"


def write_readme(sentences: dict[str, str]) -> None:
    """Put the rows of these experiments into the README, and leave the others as they are."""
    text = README.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    rows, tail = rest.split(END)
    title, line, *old = rows.splitlines(keepends=True)
    kept = {name: row for name in ANSWERS for row in old if f"experiment={name}`" in row}
    kept |= {name: row for name in (DEMO,) for row in old if "`coalitions demo`" in row}
    kept |= {name: make_row(name, sentence) for name, sentence in sentences.items()}
    body = "".join(kept[name] for name in KEPT if name in kept)
    README.write_text(head + BEGIN + title + line + body + END + tail, encoding="utf-8")


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m experiments.answers", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(KEPT)} (default: all)")
    parser.add_argument("--results", default="results", metavar="DIR", help="folder for results (default: results)")
    parser.add_argument("--again", action="store_true", help="run nothing: sentences from the kept tables")
    args = parser.parse_args()
    for name in args.names:
        if name not in KEPT:
            parser.error(f"{name}: must be one of {', '.join(KEPT)}")
    sentences = {}
    for name in args.names or KEPT:
        if not args.again:
            run(name, args.results)
        sentences[name] = answer(name)
        print(f"{name}: {sentences[name]}\n{CAUTION}", flush=True)
    write_readme(sentences)


if __name__ == "__main__":
    main()
