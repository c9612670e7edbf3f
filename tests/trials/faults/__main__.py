"""Try every fault and say which are noticed: `python -m tests.trials.faults [NAME …]`."""

from tests.trials.faults.trying import main

raise SystemExit(main())
