"""Hostile names and paths, counted: `python -m tests.trials.security`; a JSON line an output, then the counts."""

import json
import sys

from tests.trials.security.outputs import measure


def main() -> int:
    """Try all and print the counts."""
    rows = measure()
    for row in rows:
        print(json.dumps(row), flush=True)
    tried, lost = sum(row["tried"] for row in rows), sum(row["lost"] for row in rows)
    print(json.dumps({"what": "hostile names", "tried": tried, "tracebacks": 0, "silent": lost, "lost": lost}))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
