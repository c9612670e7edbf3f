"""Seals: what a file of ours says of its content, so that damage shows. They are no proof of who wrote it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.files.access import open_regular

CHECK = "check"


def digest(tree: Any) -> str:
    """Return 16 digits of plain data."""
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()[:16]


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file as 64 digits. Raises OSError."""
    with open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # pyright: ignore[reportArgumentType]


def seal(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return `tree` as JSON keeps it, with its own digest; what JSON does not know is kept as text."""
    kept = json.loads(json.dumps(tree, default=str))
    kept.pop(CHECK, None)
    return kept | {CHECK: digest(kept)}


def is_sealed(tree: Mapping[str, Any]) -> bool:
    """Say whether `tree` is as `seal` has left it."""
    return tree.get(CHECK) == digest({name: value for name, value in tree.items() if name != CHECK})
