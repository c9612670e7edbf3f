"""Configuration: shipped and own YAML, the words of a command line, and one checked `Configuration` out.

Beside the commands, the only place that knows Hydra; importing it does not import Hydra.
"""

from sim.configuration.composition import Configuration, compose, from_tree, make_name, read_seeds
from sim.configuration.declared import ConfigurationError, build_parameters, declared, find_declaration, suggest
from sim.configuration.designs import Design, set_values
from sim.configuration.files import configuration_folder, experiments_folder, option_files, read_description
from sim.configuration.overrides import read_words

__all__ = [
    "Configuration",
    "ConfigurationError",
    "Design",
    "build_parameters",
    "compose",
    "configuration_folder",
    "declared",
    "experiments_folder",
    "find_declaration",
    "from_tree",
    "make_name",
    "option_files",
    "read_description",
    "read_seeds",
    "read_words",
    "set_values",
    "suggest",
]
