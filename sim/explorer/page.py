"""One file of everything: the page, its style and scripts, and the packed runs. It can reach no network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import zlib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
SHARED = ("reading", "words", "layout", "picture", "charts", "numbers", "view")
EXPLORER = (*SHARED, "state", "scenes", "explorer")
TITLE = "Coalitions, month by month"
WARN_BYTES = 5_000_000
_PLACE = re.compile(r"\{\{([A-Z]+)\}\}")


def read_style() -> str:
    """Return the style sheet."""
    return (FOLDER / "page.css").read_text(encoding="utf-8")


def read_script(names: tuple[str, ...] = EXPLORER, own: tuple[Path, ...] = ()) -> str:
    """Return these scripts, and some from elsewhere, in one function, so that no name of theirs is seen elsewhere."""
    paths = [*(FOLDER / "js" / f"{name}.js" for name in names), *own]
    parts = [path.read_text(encoding="utf-8") for path in paths]
    return "(() => {\n'use strict';\n" + "\n".join(parts) + "})();\n"


def fill_page(path: Path, texts: dict[str, str]) -> str:
    """Return the page at `path` with what is watched in its place, and `texts` in theirs."""
    page = path.read_text(encoding="utf-8").replace("{{WATCH}}", (FOLDER / "watch.html").read_text(encoding="utf-8"))
    return _PLACE.sub(lambda found: texts.get(found[1], found[0]), page)  # once: a text may hold such a place itself


def compress(runs: list[bytes]) -> str:
    """Return all runs, one behind the other, deflated and in base 64."""
    return base64.b64encode(zlib.compress(b"".join(runs), 9)).decode("ascii")


def build_page(header: dict[str, Any], runs: list[bytes]) -> str:
    """Return the HTML of a page with these runs; `header` as `header.describe_page` and the others make it.

    The content security policy allows this very script and this very style, and no connection of any kind.
    """
    style, script = read_style(), read_script()
    allowed = f"script-src '{_hash(script)}'; style-src '{_hash(style)}'"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    filled = {
        "POLICY": html.escape(policy, quote=False),
        "TITLE": TITLE,
        "QUESTION": html.escape(header["question"]),
        "SCENARIO": html.escape(header["scenario"]),
        "CAUTION": html.escape(header["caution"]),
        "STYLE": style,
        "HEADER": write_json(header | {"lengths": [len(run) for run in runs]}),
        "RUNS": compress(runs),
        "SCRIPT": script,
    }
    return fill_page(FOLDER / "page.html", filled)


def write_json(tree: Any) -> str:
    """Return JSON that may stand inside a script element of a page."""
    text = json.dumps(tree, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
