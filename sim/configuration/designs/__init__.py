"""What an experiment varies: its design, read from YAML or words, and its points."""

from sim.configuration.designs.columns import find_value, name_columns
from sim.configuration.designs.design import CASE, Design
from sim.configuration.designs.narrowing import add_varied, narrow
from sim.configuration.designs.reading import check_groups, read_design
from sim.configuration.designs.samples import MAX_POINTS
from sim.schema.settable import get_value, set_values

__all__ = [
    "CASE",
    "MAX_POINTS",
    "Design",
    "add_varied",
    "check_groups",
    "find_value",
    "get_value",
    "name_columns",
    "narrow",
    "read_design",
    "set_values",
]
