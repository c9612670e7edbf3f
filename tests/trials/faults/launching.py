"""Start `coalitions` with parts of a given number of runs: `python -m tests.trials.faults.launching LENGTH sweep …`.

FILE_SIZE in the environment limits the size of every file that is written, as a full disk does; with UNCHECKED the
room on the disk is not looked at beforehand. THREADS says how many a worker process has.
"""

import os
import resource
import sys

from sim.__main__ import main
from sim.sweep import driving, engines, pilot

if __name__ == "__main__":
    length = int(sys.argv[1])
    driving.choose_length = lambda *_: length
    pilot.PILOT_SECONDS = 0.02
    engines.THREADS_A_PROCESS = int(os.environ.get("THREADS", engines.THREADS_A_PROCESS))
    if os.environ.get("UNCHECKED"):
        pilot.check_room = lambda *_: None
    if os.environ.get("FILE_SIZE"):
        size = int(os.environ["FILE_SIZE"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    sys.exit(main(sys.argv[2:]))
