"""The keys of the draws about an entity, made from its name and never from its row."""

from __future__ import annotations

import hashlib


def entity_key(name: str) -> int:
    """Return the 64-bit key of the draws of an organization or a grant line, from its id and never from its row."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
