"""Results written by hand: the manifest made to fit the tables that lie beside it, as only who writes them can."""

import json
from pathlib import Path

from sim.results.store import write_manifest


def seal_anew(folder, **changes):
    """Write the manifest of `folder` anew, with `changes`, for the tables that lie there now; return the folder."""
    folder = Path(folder)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    write_manifest(folder, manifest | changes, sorted(one.stem for one in folder.glob("*.parquet")))
    return folder
