"""Configuration: shipped and own YAML, the words of a command line, and one checked `Configuration` out.

Beside the commands, the only place that knows Hydra; importing it does not import Hydra.
"""

from sim.configuration.composition import Configuration, compose, from_tree, list_seeds, make_name, read_seeds
from sim.configuration.designs import (
    CASE,
    MAX_POINTS,
    Design,
    find_value,
    get_value,
    name_columns,
    read_design,
    set_values,
)
from sim.configuration.options import configuration_folder, experiments_folder, option_files, read_description
from sim.configuration.words import read_varied, read_words
from sim.errors import ConfigurationError
from sim.schema.settable import build_parameters, declared, find_declaration, suggest

__all__ = [
    "CASE",
    "MAX_POINTS",
    "Configuration",
    "ConfigurationError",
    "Design",
    "build_parameters",
    "compose",
    "configuration_folder",
    "declared",
    "experiments_folder",
    "find_declaration",
    "find_value",
    "from_tree",
    "get_value",
    "list_seeds",
    "make_name",
    "name_columns",
    "option_files",
    "read_description",
    "read_design",
    "read_seeds",
    "read_varied",
    "read_words",
    "set_values",
    "suggest",
]
