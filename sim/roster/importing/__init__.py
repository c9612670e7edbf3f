"""Public exports and survey ties in, a roster's folder out: only what the model reads goes on, under opaque codes."""

from __future__ import annotations

from sim.roster.importing.codes import KeyFile
from sim.roster.importing.grants_gov import read_grants_gov
from sim.roster.importing.irs import read_irs
from sim.roster.importing.own import read_own
from sim.roster.importing.reading import Source
from sim.roster.importing.survey import read_survey
from sim.roster.importing.taken import Choices, Taken
from sim.roster.importing.usaspending import read_usaspending
from sim.roster.importing.writing import write_folder

READERS = {
    "usaspending": read_usaspending,
    "grants-gov": read_grants_gov,
    "irs": read_irs,
    "ties": read_survey,
    "roster": read_own,
}

__all__ = ["READERS", "Choices", "KeyFile", "Source", "Taken", "write_folder"]
