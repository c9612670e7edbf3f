"""The options that several verbs have, each declared once."""

from __future__ import annotations

import argparse
from typing import Any

_SHARED: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "results": (
        ("--results",),
        {"metavar": "DIR", "default": "results", "help": "folder for results (default: results)"},
    ),
    "config_dir": (
        ("--config-dir",),
        {"metavar": "DIR", "help": "folder of your own YAML: field/, regime/, shock/, …"},
    ),
    "force": (("--force",), {"action": "store_true", "help": "overwrite results with other content"}),
    "no_figures": (("--no-figures",), {"action": "store_true", "help": "draw no figures"}),
    "workers": (("--workers",), {"type": int, "metavar": "N", "help": "processes (default: one for each core)"}),
    "quiet": (("--quiet", "-q"), {"action": "store_true", "help": "no progress on stderr"}),
    "json": (("--json",), {"action": "store_true", "help": "print one JSON object and nothing else on stdout"}),
}
RUNNING = ("results", "config_dir", "force", "no_figures", "quiet", "json")  # of verbs that run and keep a setting


def add_options(parser: argparse._ActionsContainer, *names: str, **helps: str) -> None:
    """Add shared options by their `names`, in this order; `helps` has another line of help for some of them."""
    for name in names:
        flags, settings = _SHARED[name]
        parser.add_argument(*flags, **{**settings, **({"help": helps[name]} if name in helps else {})})
