"""Hostile names given to everything that shows names: what would run, what got lost, what broke."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd

from tests.trials.security.names import NAMES, PATHS, see

FORMULA = ("=", "+", "-", "@", "\t", "\r")
TAGS = {  # of a report: none of them runs or fetches
    "a",
    "bdi",
    "body",
    "caption",
    "clippath",
    "code",
    "dd",
    "defs",
    "desc",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "footer",
    "g",
    "h1",
    "h2",
    "h3",
    "head",
    "header",
    "html",
    "li",
    "main",
    "meta",
    "nav",
    "p",
    "path",
    "rect",
    "section",
    "span",
    "strong",
    "style",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "text",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
    "use",
}
GROUPS = ("regime", "shock", "field", "mechanisms")


class Page(HTMLParser):
    """What a browser would make of a page: the tags, whatever could run or fetch, and the text."""

    def __init__(self, text: str) -> None:
        """Read the page."""
        super().__init__(convert_charrefs=True)
        self.tags: dict[str, int] = {}
        self.active: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count a tag, and keep its handlers and what it would load."""
        self.tags[tag] = self.tags.get(tag, 0) + 1
        for name, value in attrs:
            text = (value or "").strip().lower()
            if name.startswith("on") or text.startswith(("javascript:", "vbscript:")):
                self.active.append(f"{tag} {name}={value}")
            if name in ("src", "href", "action", "data", "xlink:href") and not text.startswith(("#", "data:")):
                self.active.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.texts.append(data)

    @property
    def text(self) -> str:
        """All text as it is seen."""
        return flatten("".join(self.texts))


def flatten(text: str) -> str:
    """Return text as `see` does, without the signs that a name in words does without."""
    return see(see(text.replace("\ufffd", " ")).translate(str.maketrans("_=,", "   ")))


def is_shown(name: str, text: str) -> bool:
    """Say whether a name stands in a text, a long one by its beginning."""
    return flatten(name)[:16] in text


def write_comparison(folder: Path, names: Sequence[str]) -> Path:
    """Write results whose settings have these names, as somebody else's folder might."""
    from sim.results.store import Results, save_results
    from sim.schema.columns import MODEL_VERSION, MONTHS
    from sim.schema.parameters import Parameters

    rows = [
        {
            "run_id": f"r{at}-{seed}",
            "regime": name,
            "seed": seed,
            "verdict": "holds",
            "collaboration_start": 0.4,
            "collaboration_end": 0.4 + at / 100,
            "collaboration_change": at / 100 + seed / 1000,
            "coverage_end": 0.9,
            "effective_change": 0.0,
            "exits": 1.0,
        }
        for at, name in enumerate(names)
        for seed in (1, 2, 3)
    ]
    counted = {entry.name: 0.0 for entry in MONTHS}
    months = [
        counted | {key: row[key] for key in ("run_id", "regime", "seed")} | {"month": month, "collaboration_share": 0.4}
        for row in rows
        for month in range(4)
    ]
    manifest = {
        "command": "coalitions compare regime=a,b",
        "name": names[0],
        "settings": [dataclasses.asdict(Parameters())],
        "model_version": MODEL_VERSION,
        "n_organizations": 8,
        "versions": {names[0]: names[-1]},
        "question": names[-1],
    }
    empty = pd.DataFrame({"run_id": []})
    save_results(Results(pd.DataFrame(rows), pd.DataFrame(months), empty, empty, manifest), folder, manifest["command"])
    return folder


def call(words: list[str]) -> tuple[int, str]:
    """Return exit code and what a command line says on stderr."""
    from sim.__main__ import main

    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
        code = main(words)
    return code, told.getvalue()


def find_lost_in_report(names: Sequence[str]) -> list[str]:
    """Return the names that a report runs, drops or breaks on."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_comparison(Path(scratch) / "x", names)
        code, told = call(["report", str(folder)])
        if code:
            return [f"{name!r}: {told}" for name in names]
        page = Page((folder / "report.html").read_text(encoding="utf-8"))
    strange = {tag for tag in page.tags if tag not in TAGS}
    if page.active or strange or page.tags["meta"] != 5 or page.tags["style"] != 1:
        return [f"{name!r}: {page.active} {strange}" for name in names]
    return [f"{name!r}: not shown" for name in names if not is_shown(name, page.text)]


def find_lost_in_table(names: Sequence[str]) -> list[str]:
    """Return the names that a spreadsheet would compute, or that the exported table lacks."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_comparison(Path(scratch) / "x", names)
        code, told = call(["export", str(folder)])
        if code:
            return [f"{name!r}: {told}" for name in names]
        with (folder / "runs.csv").open(newline="", encoding="utf-8") as stream:
            cells = {row["regime"] for row in csv.DictReader(stream)}
    lost = [f"{cell!r}: is computed" for cell in cells if cell.startswith(FORMULA)]
    return lost + [
        f"{name!r}: is not there"
        for name in names
        if not {name, f"'{name}"} & cells and "'" + name.replace("\r", "\n") not in cells
    ]


def find_lost_in_figure(names: Sequence[str]) -> list[str]:
    """Return the names that a figure's drawing lacks or breaks on: words of one of two settings."""
    from sim.figures import make_figures
    from sim.results.store import load_results

    lost = []
    with tempfile.TemporaryDirectory() as scratch:
        for at, name in enumerate(names):
            results = load_results(write_comparison(Path(scratch) / str(at), [name, "another"]))
            for figure in make_figures(results, ["collaboration", "differences"]):
                files = figure.save(Path(scratch) / str(at) / "figures", formats=("svg",))
                root = ElementTree.fromstring(next(path for path in files if path.suffix == ".svg").read_text("utf-8"))
                text = flatten(" ".join(root.itertext()))
                if not is_shown(name[:5], text) or any(str(one.tag).endswith("}script") for one in root.iter()):
                    lost.append(f"{name!r}: {figure.name}: {text[:200]}")
    return lost


def find_lost_in_explorer(names: Sequence[str]) -> list[str]:
    """Return the names that change the explorer's page, or that its script does not read back as they are."""
    from sim.explorer.page import build_page

    def build(name: str) -> Page:
        header = {"question": name, "caution": name, "scenario": name, "runs": [{"label": name, name: 1}]}
        return Page(build_page(header, [b"x"]))

    plain, lost = build("x"), []
    for name in names:
        page = build(name)
        told = [json.loads(text) for text in page.texts if text.startswith('{"question"')]
        if page.tags != plain.tags or page.active != plain.active or not is_shown(name, page.text):
            lost.append(f"{name!r}: {page.active} {page.tags}")
        elif len(told) != 1 or told[0]["question"] != name or name not in told[0]["runs"][0]:
            lost.append(f"{name!r}: {told}")
    return lost


def find_lost_in_app(names: Sequence[str]) -> list[str]:
    """Return the names that the app takes as an option or a folder's name, or that its answer does not survive."""
    from tests.trials.malformed.judging import REFUSED
    from tests.trials.malformed.messages import GOOD, Message, Server

    server, lost = Server(), []
    for name in names:
        asked = [("/run", {group: name}) for group in GROUPS] + [("/keep", GOOD | {"name": name})]
        for path, tree in [*asked, ("/run", {name: 1}), ("/run", {"values": {name: 1}})]:
            found, told = server.send(Message(path, json.dumps(tree).encode(), {}))
            if found != REFUSED:
                lost.append(f"{name!r}: {path}: {told}")
    server.close()
    return lost


def find_leaks(paths: Sequence[str] = PATHS) -> list[str]:
    """Return the names under which a file was written, or anything changed, outside the folder of results."""
    lost = []
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "a" / "results"
        (root / "linked").parent.mkdir(parents=True)
        outside = Path(scratch) / "outside"
        (outside / "figures").mkdir(parents=True)
        (outside / "kept.txt").write_text("x")
        (root / "linked").symlink_to(outside)
        (root / "inner").mkdir()
        (root / "inner" / "parts").symlink_to(outside)
        (root / "drawn").mkdir()
        (root / "drawn" / "figures").symlink_to(outside)
        before = _list(scratch)
        for name in (*paths, "linked", "inner", "drawn"):
            quoted = "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"
            for words in _commands(quoted, root):
                code, told = call(words)
                if code != 2 or _list(scratch) != before:
                    lost.append(f"{name!r}: {words[0]}: {code} {told} {sorted(set(_list(scratch)) - set(before))}")
    return lost


def _commands(name: str, root: Path) -> Iterator[list[str]]:
    kept = [f"name={name}", "--results", str(root), "-q"]
    yield ["run", "months=1", "field.n_organizations=4", "--no-figures", *kept, "--force"]
    yield ["sweep", "grants.luck=0,1", "months=1", *kept, "--force"]


def _list(folder: str) -> list[str]:
    return sorted(str(path) for path in Path(folder).rglob("*"))


SURFACES = {
    "report": find_lost_in_report,
    "table for spreadsheets": find_lost_in_table,
    "figures": find_lost_in_figure,
    "explorer": find_lost_in_explorer,
    "app": find_lost_in_app,
}


def measure(at_a_time: int = 6) -> list[dict[str, Any]]:
    """Give every name to every output, reports `at_a_time`; return rows of what, tried, lost, note."""
    rows = []
    for what, find_lost in SURFACES.items():
        step = at_a_time if what == "report" else len(NAMES)
        lost = [one for first in range(0, len(NAMES), step) for one in find_lost(NAMES[first : first + step])]
        rows.append(
            {"what": f"hostile names: {what}", "tried": len(NAMES), "lost": len(lost), "note": "; ".join(lost)[:300]}
        )
    lost = find_leaks()
    n_tried = len(PATHS) + 3
    note = "; ".join(lost)[:300] or "run and sweep each; three of them links"
    return [*rows, {"what": "names that lead elsewhere", "tried": n_tried, "lost": len(lost), "note": note}]
