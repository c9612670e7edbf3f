"""Answer keys of the lessons: ``python -m experiments.lessons [LESSON …]`` writes them into their pages.

``--check`` writes nothing and tells what the pages have that the model does not give. ``--print FOLDER`` writes all
that a teacher needs into a folder: the pages of each lesson as HTML to print, and the files that students open.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from experiments.lessons.keys import FOLDER, Key, LessonError, list_problems, list_surprises, write_key
from sim.text import CAUTION

LESSONS = ("size", "stability", "funding")


def make_key(name: str) -> Key:
    """Compute the key of a lesson."""
    return import_module(f"experiments.lessons.{name}").make_key()


def main(words: list[str] | None = None) -> int:
    """Read the command line and do it; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.lessons", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="LESSON", help=f"of {', '.join(LESSONS)} (default: all)")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 where a key is not the model's"
    )
    parser.add_argument("--print", metavar="FOLDER", type=Path, dest="folder", help="write all that a class needs")
    parser.add_argument("--force", action="store_true", help="with --print: overwrite files with other content")
    args = parser.parse_args(words)
    for name in args.names:
        if name not in LESSONS:
            parser.error(f"{name}: must be one of {', '.join(LESSONS)}")
    try:
        problems = _do(args, tuple(args.names or LESSONS))
    except LessonError as problem:
        problems = [str(problem)]
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return int(bool(problems))


def _do(args: argparse.Namespace, names: tuple[str, ...]) -> list[str]:
    """Do what was asked for; return what is wrong."""
    if args.folder is not None:
        from experiments.lessons.handouts import write_folder

        files = write_folder(args.folder, names, args.force)
        print(f"{len(files)} files in {args.folder}/; begin with {args.folder / 'index.html'}\n{CAUTION}")
        return []
    problems = []
    for name in names:
        path, key = FOLDER / f"{name}.md", make_key(name)
        problems += list_problems(path, key) if args.check else _write(path, key)
    return problems


def _write(path: Path, key: Key) -> list[str]:
    print(f"{path.name}: {'written anew' if write_key(path, key) else 'as it was'}")
    return list_surprises(path.name, key.answers)


if __name__ == "__main__":
    sys.exit(main())
