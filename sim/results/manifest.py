"""What a manifest says of the results beside it: every key of manifest.json, with the kind of its value.

Tables' columns are declared in `sim.schema.columns`. docs/columns.md is made of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

RUNS, SWEEPS = "runs and comparisons", "sweeps"
_GROUPS = {"field", "regime", "shock"}  # that every setting has


class Key(NamedTuple):
    """One key of a manifest. inner: the type of the entries of a list. of: the results that have the key."""

    name: str
    kind: type
    meaning: str
    inner: type = object
    of: str = ""


KEYS = (
    Key("command", str, "The command that gives the results again; paths of the machine are left out"),
    Key("caution", str, "What nobody should conclude from the results"),
    Key("kind", str, "`sweep`", of=SWEEPS),
    Key("name", str, "The `name=…` given, which is also the name of the folder"),
    Key("question", str, "The question of the experiment, empty where it has none"),
    Key("start", str, "Calendar month of month 0 as YYYY-MM, where one was given"),
    Key("overrides", list, "The words of the command line or of `sim.run` that choose the setting", str),
    Key(
        "settings",
        list,
        "The parameters by group ([parameters.md](parameters.md)): of a run, of each setting of a comparison, or those "
        "from which a sweep varies. `choices` in each holds the words of the options chosen (`shock`, `field`, "
        "`mechanisms`, `calibration`) and the labels written in their files",
        dict,
    ),
    Key("design", dict, "What a comparison varies, empty for a run; see [sweeps.md](sweeps.md)", of=RUNS),
    Key("seeds", list, "The seeds, the same in every setting", int, of=RUNS),
    Key("n_organizations", int, "Organizations at month 0 in the first setting", of=RUNS),
    Key(
        "sizes",
        list,
        "Organizations at month 0 as `n_organizations`: of each setting of a run or comparison in its order, or of "
        "each field of a sweep, with the `values` that choose it",
        dict,
    ),
    Key(
        "changes",
        list,
        "What was changed in the midst of a run: the `month` from which on it holds, and the `values` by parameter",
        dict,
        of=RUNS,
    ),
    Key("decisions", list, "What was decided in place of the rule, as MONTH:ORGANIZATION=ACT", str, of=RUNS),
    Key("content_hash", str, "16 digits, equal for equal settings, seeds and designs on any machine", of=RUNS),
    Key(
        "blocks",
        list,
        "Each part of the sweep: its `design`, its `seeds`, the number of its `first_point`",
        dict,
        SWEEPS,
    ),
    Key("varied", dict, "The column of `runs` that holds the values of each varied parameter", of=SWEEPS),
    Key("order", list, "The varied parameters in the order of the design", str, SWEEPS),
    Key("shocks", dict, "The parameters of each shock that the design varies, by its word", of=SWEEPS),
    Key("keep", str, "Which tables were asked for with `--keep`", of=SWEEPS),
    Key("n_runs", int, "Runs asked for", of=SWEEPS),
    Key("n_failed", int, "Runs that failed; failed.csv lists them", of=SWEEPS),
    Key(
        "key",
        str,
        "32 digits, equal for equal settings, rosters, seeds and designs; an extension keeps it",
        of=SWEEPS,
    ),
    Key("labels", dict, "The label under which each regime, shock and field that occurs is shown, by group and word"),
    Key(
        "descriptions",
        dict,
        "The first sentence of the file of each regime, shock and field that occurs, by group and word",
    ),
    Key("warnings", list, "What is doubtful in the design, a sentence each, as on stderr", str),
    Key(
        "roster",
        dict,
        "Of a field read from a roster: whether it `is_synthetic`, the `digest` of its tables, and the "
        "`small_populations` that few of its organizations serve",
    ),
    Key("model_version", int, "The number of the model: the same model, settings and seed give the same bits"),
    Key(
        "code",
        dict,
        "The `hash` of the sources that results depend on, whether they are those of a release (`is_released`) and, "
        "from a checkout, the `commit` and whether its files have been edited since (`is_changed`)",
    ),
    Key("versions", dict, "Versions of Python and of the libraries"),
    Key("tables", dict, "The SHA-256 of each table's file"),
    Key("check", str, "A digest of the manifest itself, which shows damage"),
)


def find_wrong(manifest: Mapping[str, Any]) -> str | None:
    """Return the first key whose value is of another kind than is written, None where there is none.

    Who makes a manifest by hand can make its digest, too.
    """
    for key in KEYS:
        entry = manifest.get(key.name, key.kind())
        if not isinstance(entry, key.kind) or (
            isinstance(entry, list) and not all(isinstance(one, key.inner) for one in entry)
        ):
            return key.name
    inside = (("settings", _GROUPS), ("blocks", {"design"}))
    return next((name for name, keys in inside if not all(keys <= {*one} for one in manifest.get(name, []))), None)
