"""Try every fault and say which are noticed: `python -m tests.faults [NAME …]`."""

from tests.faults.trying import main

raise SystemExit(main())
