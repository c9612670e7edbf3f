"""A hook of the documentation site: links out of `docs/`, to sources and settings, become the names of what is there.

A checkout follows such links; the site has no copy of their targets. One that leads nowhere is a warning, which ends a
strict build.
"""

from __future__ import annotations

import logging
import os.path
import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
LINK = re.compile(r"(?<!!)\[([^\]\[]+)\]\(([^)\s#:]+)(#[^)\s]*)?\)")
LOG = logging.getLogger("mkdocs.hooks.site_links")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Return a page with its links out of `docs/` replaced by code."""
    folder = (DOCS / page.file.src_path).parent

    def replace(found: re.Match[str]) -> str:
        target = Path(os.path.normpath(folder / found[2]))
        if target.is_relative_to(DOCS):
            return found[0]
        if not target.exists():
            LOG.warning("%s: no file %s", page.file.src_path, found[2])
        name = target.relative_to(DOCS.parent).as_posix()
        label = found[1].strip("`")
        return f"`{name}`" if label in name else f"{found[1]} (`{name}`)"

    return LINK.sub(replace, markdown)
