"""Note the sources as they are as the released ones: ``make released``. ``--check`` fails where that is to be done."""

from __future__ import annotations

import sys

from sim.results.release import is_released, write_released


def main() -> int:
    """Write sim/results/release.json, or with --check only say whether it is stale."""
    if "--check" not in sys.argv[1:]:
        write_released()
        return 0
    if is_released():
        return 0
    print("sim/results/release.json is stale: run `make released` and commit it with the sources", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
