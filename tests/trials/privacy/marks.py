"""The marked texts that privacy is tested with, and where any of them stands."""

import base64
import contextlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet

import sim
from sim.__main__ import main

CANARIES = [f"canary{number:02d}zq" for number in range(40)]
MARK = re.compile(r"canary\d\dzq", re.IGNORECASE)
PNG = b"\x89PNG\r\n\x1a\n"
STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)  # of a PDF
PACKED = re.compile(rb"[A-Za-z0-9+/]{400,}={0,2}")  # base64, as pages hold pictures and recorded runs
CHECKOUT = str(Path(sim.__file__).resolve().parent.parent)


def call(*words):
    """Return the exit code of one command line and all that it printed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    return code, out.getvalue() + err.getvalue()


def find_marks(folder: Path) -> list[str]:
    """Return where a canary stands below `folder`: names of files, their bytes, the cells of tables."""
    return find_texts(folder, MARK)


def find_places(folder: Path, *places: Path | str) -> list[str]:
    """Return where below `folder` the checkout, the user's home or one of `places` is named."""
    known = {CHECKOUT, str(Path.home()), *map(str, places)}
    return find_texts(folder, re.compile("|".join(map(re.escape, sorted(known)))))


def find_texts(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    """Return where `pattern` stands below `folder`: names of files, their bytes, and what is packed in these."""
    found = []
    for path in sorted(folder.rglob("*")):
        if pattern.search(path.name):
            found.append(f"name of {path.name}")
        if path.is_file():
            for part, content in unpack(path.name, path.read_bytes()):
                texts = (
                    content.decode("latin-1"),
                    content.decode("utf-8", "ignore"),
                    content.decode("utf-16-le", "ignore"),
                )
                if any(map(pattern.search, texts)):
                    found.append(part)
    return list(dict.fromkeys(found))


def unpack(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield (where, bytes) of a file and of all that is compressed, encoded or archived in it."""
    yield name, content
    if content[:4] == b"PAR1":
        yield from _unpack_parquet(name, content)
    elif content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                yield f"member of {name}", member.encode()
                yield from unpack(f"{member} of {name}", archive.read(member))
    elif content.startswith(PNG):
        yield from _unpack_png(name, content)
    elif content.startswith(b"%PDF"):
        yield from ((f"stream of {name}", _inflate(match[1])) for match in STREAM.finditer(content))
    else:
        for match in PACKED.finditer(content):
            yield from _unpack_text(name, match[0])


def _unpack_parquet(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    kept = pyarrow.parquet.ParquetFile(io.BytesIO(content))
    for key, value in (kept.metadata.metadata or {}).items():
        yield f"metadata of {name}", key + b"=" + value
        with contextlib.suppress(ValueError):
            yield f"metadata of {name}", base64.b64decode(value, validate=True)
    yield f"cells of {name}", kept.read().to_pandas().to_csv().encode()


def _unpack_png(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    at = len(PNG)
    while at + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        data = content[at + 8 : at + 8 + length]
        if kind in (b"zTXt", b"iTXt", b"iCCP", b"eXIf"):
            texts = data.split(b"\0")
            yield f"{kind.decode()} of {name}", b" ".join(map(_inflate, [*texts, texts[-1][1:]]))
        at += 12 + length


def _unpack_text(name: str, text: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        data = base64.b64decode(text[: len(text) // 4 * 4])
    except ValueError:
        return
    yield f"base64 in {name}", _inflate(data)
    if data.startswith(PNG):
        yield from _unpack_png(f"picture in {name}", data)


def _inflate(data: bytes) -> bytes:
    """Return what zlib, gzip or raw deflate have made of, the data itself where none of them has."""
    for bits in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        with contextlib.suppress(zlib.error):
            return zlib.decompressobj(bits).decompress(data)
    return data
