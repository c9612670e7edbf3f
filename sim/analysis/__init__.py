"""Analyses of a sweep's table of runs: what matters, where something happens, which lever is robust. No model in here.

`sensitivity` asks which parameters move an outcome, `scenarios` in which part of the design something happens,
`robustness` how a lever does over many sets of parameters. Each takes a
`Sweep` read by `reading` and gives a tidy table.
"""

from sim.analysis.reading import Sweep, read_sweep
from sim.errors import AnalysisError

__all__ = ["AnalysisError", "Sweep", "read_sweep"]
