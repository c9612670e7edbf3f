"""The calibrated ensemble: many sets of parameters under which the model gives what has been observed.

`coalitions calibrate` writes the table; everything that asks whether a result holds beyond one set reads it here.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from sim.files.access import read_bounded

if TYPE_CHECKING:
    import pandas as pd

SET = "set"
MOST_BYTES = 20_000_000


def ensemble_file() -> Path:
    """Return where the shipped ensemble lies."""
    from sim.configuration.options import configuration_folder

    return configuration_folder() / "calibration" / "ensemble.csv"


def read_ensemble(path: str | Path | None = None) -> pd.DataFrame:
    """Return the accepted sets, one row each, by their number; a column a parameter under its full dotted name.

    Without a path the shipped ensemble. Raises `ConfigurationError` with file, set and column for anything but sets
    numbered from 1 of declared numbers within their ranges.
    """
    import pandas as pd

    from sim.errors import ConfigurationError
    from sim.schema.settable import show

    path = ensemble_file() if path is None else Path(path)
    try:
        text = read_bounded(path, MOST_BYTES).decode("utf-8")
        names, *rows = list(csv.reader(io.StringIO(text, newline=""), strict=True)) or [[]]
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such ensemble; `coalitions calibrate` writes one") from None
    except OSError as problem:
        raise ConfigurationError(f"{path}: {problem.strerror}; `coalitions calibrate` writes an ensemble") from None
    except (csv.Error, UnicodeDecodeError):
        raise ConfigurationError(f"{path}: cannot be read as a table; `coalitions calibrate` writes one") from None
    _check_names(path, names)
    for number, row in enumerate(rows, 1):
        if len(row) != len(names):
            raise ConfigurationError(f"{path}: row {number} has {len(row)} entries; it must have {len(names)}")
        if row[0] != str(number):
            raise ConfigurationError(f"{path}: row {number}: {SET} = {show(row[0])}: must count the rows from 1")
    if not rows:
        raise ConfigurationError(f"{path}: holds no set; `coalitions calibrate` finds some")
    columns = {name: [_read_value(path, name, row[at], row[0]) for row in rows] for at, name in enumerate(names) if at}
    return pd.DataFrame(columns, index=pd.RangeIndex(1, len(rows) + 1, name=SET))


def _check_names(path: Path, names: list[str]) -> None:
    from sim.errors import ConfigurationError
    from sim.schema.settable import declared, find_declaration, suggest

    if names[:1] != [SET] or len(names) < 2:
        raise ConfigurationError(f"{path}: its columns must be '{SET}' and then parameters, not {', '.join(names)}")
    for at, name in enumerate(names[1:], 1):
        declaration = find_declaration(name)
        if declaration is None or "low" not in declaration.metadata:
            raise ConfigurationError(f"{path}: column '{name}' is no number of the model.{suggest(name, declared())}")
        if name in names[:at]:
            raise ConfigurationError(f"{path}: column '{name}' stands twice; take one away")


def _read_value(path: Path, name: str, text: str, number: str) -> float:
    """Return one entry as the parameter's kind. Raises `ConfigurationError` where it is none, or out of range."""
    from sim.errors import ConfigurationError
    from sim.roster.columns import NUMBER
    from sim.schema.settable import check_value, find_declaration

    declaration = find_declaration(name)
    assert declaration is not None
    try:
        if not NUMBER.fullmatch(text) and text not in ("nan", "inf", "-inf"):  # Python reads 1_0 and ٣ as numbers, too
            raise ValueError
        return check_value(name, declaration.kind(text))
    except ConfigurationError as problem:
        raise ConfigurationError(f"{path}: {SET} {number}: {problem}") from None
    except ValueError:
        raise ConfigurationError(f"{path}: {SET} {number}: {name} = {text[:40]!r}: must be a number") from None
