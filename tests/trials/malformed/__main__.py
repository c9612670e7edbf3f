"""Count what malformed input is refused: `python -m tests.trials.malformed`; a JSON line a kind, then the counts.

Returns 1 where an input ended in a traceback, was taken in silence or was told at length; finds stand on stderr.
"""

import argparse
import contextlib
import sys

from tests.trials.malformed.judging import print_rows
from tests.trials.malformed.measuring import tally_all


def main() -> int:
    """Try everything and print the counts."""
    parser = argparse.ArgumentParser(prog="python -m tests.trials.malformed", description=__doc__)
    parser.add_argument("--generated", type=int, default=5000, metavar="N", help="generated inputs (default 5000)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the first seed they are made from")
    args = parser.parse_args()
    with contextlib.redirect_stdout(sys.stderr):
        tallies = list(tally_all(args.generated, args.seed))
    for tally in tallies:
        for name, kind, told in tally.finds[:10]:
            print(f"{tally.what}: {name}: {kind}: {told[-400:]}", file=sys.stderr)
    return 1 if print_rows(tallies, "malformed input") else 0


if __name__ == "__main__":
    sys.exit(main())
