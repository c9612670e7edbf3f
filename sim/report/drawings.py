"""Drawings inside a page: SVG with ids and a name of its own, and no style that a strict page refuses."""

from __future__ import annotations

import re
from xml.etree import ElementTree

SVG, XLINK, XML = (
    "{http://www.w3.org/2000/svg}",
    "{http://www.w3.org/1999/xlink}",
    "{http://www.w3.org/XML/1998/namespace}",
)
FONTS = "'DejaVu Sans', Verdana, 'Noto Sans', 'Noto Sans CJK SC', Arial, sans-serif"
DROPPED = {"metadata", "style", "script", "foreignObject", "title", "desc"}
_REFERENCE = re.compile(r"url\(\s*#([^)\s]+)\s*\)")
PLACES = {"d", "x", "y", "x1", "x2", "y1", "y2", "points", "width", "height", "cx", "cy", "r"}
_LONG = re.compile(r"-?\d+\.\d{3,}")
_FONT = re.compile(r"(?P<before>.*?)(?P<size>[\d.]+(?:px|pt)?)(?:/\S+)?\s+(?P<family>.+)", re.DOTALL)


def embed(svg: str, prefix: str, title: str, description: str) -> str:
    """Return an SVG document as an element of an HTML page.

    Every id and every reference to one gets `prefix`; a ``style`` becomes attributes, for a page without
    'unsafe-inline' applies none; scripts, handlers and links to elsewhere are left out. Raises
    `xml.etree.ElementTree.ParseError` for what is no XML.
    """
    root = ElementTree.fromstring(svg)
    width, height = (_measure(root.get(name, "")) for name in ("width", "height"))
    if "viewBox" not in root.attrib and width and height:
        root.set("viewBox", f"0 0 {width:g} {height:g}")
    for parent in list(root.iter()):
        for child in list(parent):
            if not isinstance(child.tag, str) or child.tag.removeprefix(SVG) in DROPPED:
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(SVG)
        element.attrib = _clean(element.attrib, prefix)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib |= {
        "role": "img",
        "aria-labelledby": f"{prefix}-title {prefix}-desc",
        "class": "drawing",
        "focusable": "false",
    }
    root.attrib |= {"stroke-linejoin": "round", "stroke-linecap": "butt"}  # what the style of matplotlib says of all
    root[:0] = [_tell("title", f"{prefix}-title", title), _tell("desc", f"{prefix}-desc", description)]
    return ElementTree.tostring(root, encoding="unicode")


def _clean(attributes: dict[str, str], prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in attributes.items():
        plain = name.removeprefix(XLINK).removeprefix(SVG)
        if plain.startswith(("on", XML, "{")):
            continue
        if plain == "style":
            found |= {key: _point(inner, prefix) for key, inner in _split_style(value).items()}
        elif plain == "id":
            found["id"] = f"{prefix}-{value}"
        elif plain == "href":
            if value.startswith("#"):
                found["href"] = f"#{prefix}-{value[1:]}"
            elif value.startswith("data:image/"):
                found["href"] = value
        else:
            found[plain] = _round(plain, _point(value, prefix))
    return found


def _round(name: str, value: str) -> str:
    """Return what places a line with two decimals, hundredths of a point: half of what matplotlib writes."""
    return _LONG.sub(lambda match: f"{float(match.group()):.2f}", value) if name in PLACES else value


def _point(value: str, prefix: str) -> str:
    return _REFERENCE.sub(rf"url(#{prefix}-\1)", value)


def _split_style(style: str) -> dict[str, str]:
    """Return the declarations of a ``style`` as attributes; ``font`` is none, its parts are."""
    found = {}
    for part in style.split(";"):
        name, _, value = (text.strip() for text in part.partition(":"))
        if not value:
            continue
        if name == "font":
            found |= _split_font(value)
        elif name == "font-family":
            found[name] = FONTS
        elif name != "image-rendering" or value in ("auto", "pixelated"):
            found[name] = value
    return found


def _split_font(value: str) -> dict[str, str]:
    match = _FONT.fullmatch(value)
    if match is None:
        return {"font-family": FONTS}
    found = {"font-size": match["size"], "font-family": FONTS}
    for word in match["before"].split():
        found["font-style" if word in ("italic", "oblique") else "font-weight"] = word
    return found


def _measure(text: str) -> float:
    match = re.match(r"[\d.]+", text)
    return float(match.group()) if match else 0.0


def _tell(tag: str, name: str, text: str) -> ElementTree.Element:
    element = ElementTree.Element(tag, {"id": name})
    element.text = text
    return element
