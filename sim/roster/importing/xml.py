"""The records of an XML extract, one at a time: no document type, no entities, little depth, bounded text."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from pathlib import Path
from xml.parsers import expat

from sim.roster.importing.reading import Source

MAX_DEPTH = 8
MAX_CHARACTERS = 200_000  # of one record
BLOCK = 1 << 20
Record = tuple[str, str, dict[str, list[str]]]  # "file:line", element, its texts by the names of its children


class _RefusedError(Exception):
    """The file holds what no extract holds."""


class _Gatherer:
    """Expat's handlers: texts of the wanted children of the wanted elements."""

    def __init__(
        self, parser: expat.XMLParserType, elements: Collection[str], children: Collection[str], namespace: str
    ) -> None:
        self.parser, self.elements, self.children, self.namespace = parser, elements, children, namespace
        self.path: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.words: list[str] | None = None  # of the child being read
        self.size, self.begins = 0, 0
        self.found: deque[tuple[int, str, dict[str, list[str]]]] = deque()
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        parser.CharacterDataHandler = self.add
        # Without a document type there are no entities: nothing can be fetched, nothing can grow.
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = self.refuse
        parser.buffer_text = True

    def check_version(self, namespace: str, element: str) -> None:
        kinds = {one.rstrip("_0123456789") for one in self.elements}
        if element in self.elements and namespace in ("", self.namespace):
            return
        if element in self.elements or element.rstrip("_0123456789") in kinds:
            raise _RefusedError(
                f"records of another version of the schema; those of {self.namespace} are read, so get that extract"
            )

    def refuse(self, *_: object) -> None:
        raise _RefusedError("file declares a document type, which no extract does; get it again from its source")

    def start(self, name: str, _: object) -> None:
        namespace, _, element = name.rpartition(" ")
        self.path.append(element)
        if len(self.path) == 2:
            self.check_version(namespace, element)
        if len(self.path) > MAX_DEPTH:
            raise _RefusedError(
                f"elements stand {len(self.path)} deep; at most {MAX_DEPTH} are read, so get the file again"
            )
        if len(self.path) == 2:
            self.texts, self.size, self.begins = {}, 0, self.parser.CurrentLineNumber
        is_wanted = len(self.path) == 3 and self.path[1] in self.elements and self.path[2] in self.children
        self.words = [] if is_wanted else None

    def add(self, text: str) -> None:
        self.size += len(text)
        if self.size > MAX_CHARACTERS:
            raise _RefusedError(f"a record holds more than {MAX_CHARACTERS} characters; get the file again")
        if self.words is not None:
            self.words.append(text)

    def end(self, _: str) -> None:
        name = self.path.pop()
        if self.words is not None and len(self.path) == 2:
            self.texts.setdefault(name, []).append("".join(self.words).strip())
            self.words = None
        elif len(self.path) == 1:
            if name in self.elements:
                self.found.append((self.begins, name, self.texts))
            self.size = 0


def read_records(
    source: Source, path: Path, elements: Collection[str], children: Collection[str], namespace: str
) -> Iterator[Record]:
    """Yield the records of a file; what it may not hold, or is broken, is told as a problem and ends it."""
    parser = expat.ParserCreate(namespace_separator=" ")
    gatherer = _Gatherer(parser, elements, children, namespace)
    with path.open("rb") as stream:
        is_last = False
        while not is_last:
            block = stream.read(BLOCK)
            is_last = not block
            try:
                parser.Parse(block, is_last)
            except _RefusedError as problem:
                source.problems.add(f"{path.name}:{parser.CurrentLineNumber}", str(problem))
                return
            except expat.ExpatError as problem:
                text = f"not well-formed XML ({expat.ErrorString(problem.code)}); get the file again"
                source.problems.add(f"{path.name}:{problem.lineno}", text)
                return
            except ValueError:  # an encoding that expat does not know
                source.problems.add(f"{path.name}:1", "text is in an encoding that is not read; save it as UTF-8")
                return
            source.tell(path, stream.tell())
            while gatherer.found:
                line, name, texts = gatherer.found.popleft()
                yield f"{path.name}:{line}", name, texts
