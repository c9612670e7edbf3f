"""Sweeps: many runs of a design, in parts that are done or not done, on any number of workers.

`plan` says which runs there are, `work` runs a stretch of them, `parts` keeps what comes of it, `driving` sees
to it that all get done, `engines` are the machines they are done on.
"""

from sim.compiler.systems import check_system

check_system()  # before the locks of files that Windows has not
