"""A folder for the class: the lessons' pages as HTML to print, the files that students open, printouts of games."""

from __future__ import annotations

import html
import io
import shlex
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from experiments.lessons.keys import FOLDER, LessonError
from experiments.lessons.measuring import N_SEEDS
from experiments.lessons.stability import LITTLE, MONTH, MUCH
from sim.__main__ import main as coalitions
from sim.text import CAUTION

SCREENS = {  # what students open
    "explore-classroom.html": "",
    "explore-size.html": "experiment=classroom_size",
    "explore-strain.html": "experiment=classroom_strain",
}
SCREENS_OF = {
    "size": ("explore-size.html",),
    "stability": ("explore-classroom.html",),
    "funding": ("explore-classroom.html", "explore-strain.html"),
}
PRINTOUTS = "stability_printouts.html"
PARTS = {"": "for the teacher, with the key", "_sheets": "for students"}
UNPRINTED = "\nWhom the field would miss most"  # what a printout leaves out, and all behind it
STYLE = FOLDER / "handouts.css"
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write_folder(folder: Path, names: tuple[str, ...], force: bool = False) -> list[Path]:
    """Write all that a class needs for some lessons; return the files. Raises `LessonError` for one in the way."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {f"{name}{part}.html": make_page(f"{name}{part}") for name in names for part in PARTS}
    if "stability" in names:
        pages[PRINTOUTS] = make_printouts()
    pages["index.html"] = make_index(names)
    for name, text in pages.items():
        path = folder / name
        if path.exists() and not force and path.read_text(encoding="utf-8", errors="replace") != text:
            raise LessonError(f"{path}: is there with other content; choose another folder, or use --force")
        path.write_text(text, encoding="utf-8")
    screens = sorted({screen for name in names for screen in SCREENS_OF[name]})
    for screen in screens:
        words = ["explore", *shlex.split(SCREENS[screen]), "-o", str(folder / screen), *(["--force"] if force else [])]
        with redirect_stdout(io.StringIO()):
            code = coalitions(words)
        if code:
            raise LessonError(f"{folder / screen}: not written")
    return [folder / name for name in (*pages, *screens)]


def make_page(name: str) -> str:
    """Return a page of a lesson as HTML."""
    return render((FOLDER / f"{name}.md").read_text(encoding="utf-8"))


def render(text: str) -> str:
    """Return Markdown as HTML to print: --- is a new sheet, ___ a line to write on; links stay in the folder."""
    from markdown_it import MarkdownIt  # which rich, printing the tables of the commands, brings

    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(text)
    for token in tokens:
        if token.type == "hr" and token.markup.startswith("_"):
            token.attrs["class"] = "write"
        for child in token.children or ():
            _lead(child)
    body = parser.renderer.render(tokens, parser.options, {})
    body = body.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")
    body = body.replace("<th></th>", "<td></td>")
    title = next(line.removeprefix("# ") for line in text.splitlines() if line.startswith("# "))
    return wrap(title, body)


def _lead(token: Any) -> None:
    """Turn a link into one to the page beside it, or to nowhere; a file that students open into a link."""
    if token.type == "link_open":
        target = str(token.attrs.get("href", ""))
        if target.endswith(".md") and "/" not in target:
            token.attrs["href"] = target.removesuffix(".md") + ".html"
        elif "://" not in target:
            del token.attrs["href"]  # a page of the project that does not lie in the folder
    elif token.type == "code_inline" and token.content.split("#")[0] in SCREENS:
        address = html.escape(token.content)
        token.type, token.content = "html_inline", f'<a href="{address}"><code>{address}</code></a>'


def wrap(title: str, body: str) -> str:
    """Return a whole HTML page."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def make_printouts() -> str:
    """Return what `coalitions games` prints of both fields of lesson 2, a sheet a seed."""
    sheets = []
    for seed in range(1, N_SEEDS + 1):
        parts = [f"<h2>Seed {seed}, month {MONTH}</h2>"]
        for side, words in (("A, much money", MUCH), ("B, little money", LITTLE)):
            told = html.escape(print_game(*words, "--seed", str(seed), "--month", str(MONTH)))
            parts.append(f"<h3>{side}</h3>\n<pre>{told}</pre>")
        sheets.append("\n".join(parts))
    head = f"<h1>Lesson 2: printouts</h1>\n<p>{html.escape(CAUTION)}</p>\n"
    return wrap("Lesson 2: printouts", head + "\n<hr>\n".join(sheets) + "\n")


def print_game(*words: str) -> str:
    """Return what `coalitions games` prints, up to the values of coverage. Raises `LessonError` where it fails."""
    kept = io.StringIO()
    with redirect_stdout(kept):
        code = coalitions(["games", *words, "--quiet"])
    if code:
        raise LessonError(f"coalitions games {' '.join(words)}: exit code {code}")
    return kept.getvalue().split(UNPRINTED)[0].strip()


def make_index(names: tuple[str, ...]) -> str:
    """Return the page to begin with: what lies in the folder, and for whom."""
    items = []
    for name in names:
        title = (FOLDER / f"{name}.md").read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        links = [f'<li><a href="{name}{part}.html">{whom}</a></li>' for part, whom in PARTS.items()]
        if name == "stability":
            links.append(f'<li><a href="{PRINTOUTS}">printouts, a sheet a seed</a></li>')
        links += [f'<li><a href="{one}">{one}</a>: a file to give to students</li>' for one in SCREENS_OF[name]]
        items.append(f"<h2>{html.escape(title)}</h2>\n<ul>\n{''.join(links)}\n</ul>\n")
    caution = f"<p>{html.escape(CAUTION)}</p>\n"
    return wrap("Lessons", f"<h1>Lessons</h1>\n{caution}{''.join(items)}")
