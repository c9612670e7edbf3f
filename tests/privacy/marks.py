"""The marked texts that privacy is tested with, and where any of them stands."""

import contextlib
import io
import re
from pathlib import Path

import pandas as pd

from sim.__main__ import main

CANARIES = [f"canary{number:02d}zq" for number in range(40)]
MARK = re.compile(r"canary\d\dzq", re.IGNORECASE)


def call(*words):
    """Return the exit code of one command line and all that it printed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    return code, out.getvalue() + err.getvalue()


def find_marks(folder: Path) -> list[str]:
    """Return where a canary stands below `folder`: names of files, their bytes, the cells of tables."""
    found = []
    for path in sorted(folder.rglob("*")):
        if MARK.search(path.name):
            found.append(f"name of {path.name}")
        if path.is_file():
            if MARK.search(path.read_bytes().decode("latin-1")):
                found.append(path.name)
            if path.suffix == ".parquet" and MARK.search(pd.read_parquet(path).to_csv()):
                found.append(f"cells of {path.name}")
    return found
