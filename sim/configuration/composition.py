"""From the words of a user to one checked setting: defaults, groups, files and overrides composed by Hydra."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.configuration.designs import Design, add_varied, check_groups, narrow, read_design
from sim.configuration.options import (
    OWN_GRANTS,
    check_own_folder,
    configuration_folder,
    option_files,
    read_label,
    read_yaml,
)
from sim.configuration.words import Word, read_words
from sim.errors import ConfigurationError
from sim.schema.choices import name_shock
from sim.schema.fields import MAX_SEED, read_seed
from sim.schema.parameters import Parameters
from sim.schema.regimes import Regime
from sim.schema.settable import (
    NAME_PATTERN,
    RUN_KEYS,
    build_parameters,
    check_label,
    refuse_unknown,
    show,
    suggest,
)

MAX_SEEDS = 1_000_000
_CALENDAR_MONTH = re.compile(r"[12][0-9]{3}-(0[1-9]|1[0-2])")
_compose_lock = threading.Lock()  # Hydra keeps one global state


@dataclass(frozen=True)
class Configuration:
    """One complete setting: what to run, with which seeds, under which name.

    ``changes`` are levers set anew during the run: (month, values), see `sim.engine.interventions`; ``decisions`` those
    of one organization, as ``--decide`` takes them.
    """

    parameters: Parameters
    seeds: list[int]
    name: str
    overrides: list[str]
    question: str = ""
    design: Design = dataclasses.field(default_factory=Design)
    is_named: bool = False
    start: str = ""  # the calendar month of month 0, like 2019-07; it changes no run
    changes: tuple[tuple[int, Mapping[str, Any]], ...] = ()
    decisions: tuple[str, ...] = ()


def compose(
    overrides: list[str], *, config_dir: str | Path | None = None, design: Mapping[str, Any] | None = None
) -> Configuration:
    """Return the checked setting that the words of a command line ask for, like ``["regime=competitive", "seeds=20"]``.

    ``config_dir`` is a folder of a user's own YAML files, in folders named like the config groups.
    ``design`` is what `read_varied` found: it varies beside what the experiment varies, and in its place where both do.
    Raises `ConfigurationError` with the thing, the value, what is allowed and the mend.
    """
    own = Path(config_dir).resolve() if config_dir is not None else None
    if own:
        check_own_folder(own)
    words = read_words(list(overrides), own)
    for word in words:
        if word.is_sweep:
            raise ConfigurationError(_explain_list(word))
    tree, chosen = compose_tree([text for word in words for text in word.texts], own)
    tree = apply_choices(tree, chosen, own)
    set_here = [word.key for word in words if word.key not in RUN_KEYS]  # the name of a run is no case's name
    tree["design"] = narrow(add_varied(tree.get("design"), design or {}), set_here)
    configuration = from_tree(tree, list(overrides))
    check_groups(configuration.design, own)
    return configuration


def _explain_list(word: Word) -> str:
    listed = ",".join(show(value) for value in word.values)
    if word.key == "seeds":
        return f"seeds = {listed}: write a list as seeds=[{listed}] or a range as seeds=3-9"
    return f"{word.key} = {listed}: one value is wanted; `coalitions compare` and `coalitions run -m` take several"


def compose_tree(words: list[str], own: Path | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return Hydra's composition of checked `words` as plain nested data, and the option chosen from each group."""
    from omegaconf import OmegaConf

    with _compose_lock:
        config = _compose(words, own)
    tree: Any = OmegaConf.to_container(config, resolve=False)
    return tree, tree.pop("hydra")["runtime"]["choices"]


def apply_choices(tree: dict[str, Any], chosen: Mapping[str, Any], own: Path | None = None) -> dict[str, Any]:
    """Return a composed tree that says what was chosen: a regime has the name of its file, whatever stands in it."""
    tree = dict(tree)
    labels = {}
    for group in ("regime", "shock", "field", "mechanisms"):
        tree[group] = dict(tree[group])
        labels[group] = _find_label(group, chosen[group], tree[group].pop("label", None), own)
    tree["regime"] |= {"name": chosen["regime"], "label": labels["regime"]}
    tree["choices"] = {
        "field": chosen["field"],
        "field_label": labels["field"],
        "shock": chosen["shock"],
        "shock_label": labels["shock"],
        "shock_kind": _read_kind(chosen["shock"], own),
        "mechanisms": chosen["mechanisms"],
        "calibration": chosen["calibration"],
    }
    return tree


def _find_label(group: str, word: str, label: Any, own: Path | None) -> str:
    """Return the label of a chosen option; one that was copied from a shipped file is told apart by the word."""
    written = check_label(f"{group}.label", label)
    if not written or word in option_files(group):
        return written
    others = (read_label(path) for name, path in option_files(group, own).items() if name != word)
    return f"{written} ({word})" if written in others else written


def _read_kind(shock: str, own: Path | None) -> str:
    """Return the kind of shock that an option's file holds."""
    from yaml import safe_load

    path = option_files("shock", own)[shock]
    return str((safe_load(read_yaml(path)) or {}).get("name", "none"))


def _compose(words: list[str], own: Path | None) -> Any:
    import hydra
    from hydra.errors import HydraException

    from sim.configuration.hydra_schema import register

    register(own)
    with hydra.initialize_config_dir(config_dir=str(configuration_folder()), version_base="1.3"):
        try:
            return hydra.compose("config", overrides=words, return_hydra_config=True)
        except HydraException as problem:
            _explain(problem, words, lambda kept: hydra.compose("config", overrides=kept))


def _explain(problem: Exception, words: list[str], compose_again: Any) -> None:
    """Raise a `ConfigurationError` that says in our words what Hydra could not compose."""
    line = re.search(r"'regime\.programmes\.([^.']+)", str(problem))
    if line:
        lines = list(compose_again([word for word in words if "." not in word.partition("=")[0]]).regime.programmes)
        raise ConfigurationError(
            f"unknown grant line '{line.group(1)}'.{suggest(line.group(1), lines)} This regime has: "
            f"{', '.join(lines) or 'none'}. To add a line write +regime.programmes.{line.group(1)}.…=…"
        ) from None
    cause: BaseException | None = problem
    while cause is not None:
        if getattr(cause, "full_key", None):
            refuse_unknown(str(cause.full_key))  # type: ignore[attr-defined]
        cause = cause.__cause__ or cause.__context__
    raise ConfigurationError(f"cannot compose this setting: {' '.join(str(problem).split())}") from None


def from_tree(tree: Mapping[str, Any], overrides: list[str]) -> Configuration:
    """Return the checked `Configuration` of a composed tree. Raises `ConfigurationError`."""
    tree = dict(tree)
    _refuse_interpolation(tree)
    seeds = read_seeds(tree.pop("seeds", 1))
    name, question = tree.pop("name", None), _read_question(tree.pop("question", None))
    written_design, start = tree.pop("design", {}), _read_start(tree.pop("start", None))
    parameters = build_parameters(tree)
    design = read_design(written_design, parameters)
    content = {"parameters": describe_content(parameters), "seeds": seeds, "design": design.to_tree()}
    if name is not None and not isinstance(name, str):
        raise ConfigurationError(f"name = {show(name)}: must be text; put it in quotes")
    if name is not None and not NAME_PATTERN.fullmatch(name):
        raise ConfigurationError(f"name = {show(name)}: may hold letters, digits, '.', '_' and '-', at most 64")
    if not _chooses_regime(overrides) and "regime" not in design.names():
        parameters = _take_own_grants(parameters)
    return Configuration(
        parameters=parameters,
        seeds=seeds,
        name=name or make_name(parameters, content, _find_experiment(overrides)),
        overrides=overrides,
        question=question,
        design=design,
        is_named=name is not None,
        start=start,
    )


def _read_question(value: Any) -> str:
    if not isinstance(value, str | None):
        raise ConfigurationError(f"question = {show(value)}: must be text; put it in quotes")
    return value or ""


def _read_start(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not _CALENDAR_MONTH.fullmatch(value):
        raise ConfigurationError(f"start = {show(value)}: must be the calendar month of month 0, like 2019-07")
    return value


def _refuse_interpolation(tree: Any) -> None:
    if "${" in json.dumps(tree):
        raise ConfigurationError("interpolations (${…}) are not allowed; write the value out")


def _find_experiment(overrides: list[str]) -> str | None:
    found = [word.partition("=")[2] for word in overrides if word.lstrip("+").startswith("experiment=")]
    return found[-1] if found else None


def describe_content(parameters: Parameters) -> dict[str, Any]:
    """Return the plain data that the digest of a setting is made of: the words chosen do not matter, the numbers do.

    But for a shock of a user's own, whose word stands in the names of the runs.
    """
    tree = dataclasses.asdict(parameters)
    del tree["choices"]
    shock = name_shock(parameters)
    return tree if shock == parameters.shock.name else {**tree, "chosen_shock": shock}


def make_name(parameters: Parameters, content: Any, experiment: str | None = None) -> str:
    """Return a run's default name: regime or experiment, shock where there is one, and 8 digits of a content hash."""
    digits = hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=4).hexdigest()
    shock = name_shock(parameters)
    parts = [(experiment or parameters.regime.name)[:36], *([] if shock == "none" else [shock]), digits]
    return "-".join(parts)


def _chooses_regime(overrides: list[str]) -> bool:
    keys = [word.partition("=")[0].lstrip("+") for word in overrides]
    return any(key in ("regime", "experiment") or key.startswith("regime.") for key in keys)


def _take_own_grants(parameters: Parameters) -> Parameters:
    """Put the lines of the roster's grants.csv in place of the default regime, where the user chose none."""
    folder = parameters.field.folder
    if folder is None:
        return parameters
    from sim.roster.reading import locate_folder, read_folder

    if not (locate_folder(folder) / "grants.csv").is_file():
        return parameters
    lines = read_folder(folder, parameters.field).programmes
    if lines is None:
        return parameters
    regime = Regime(name=OWN_GRANTS, label="The roster's own grants.csv", programmes=lines)
    return dataclasses.replace(parameters, regime=regime)


def list_seeds(seeds: Any) -> Any:
    """Return seeds given in Python as `read_seeds` takes them: a number, a text, or a list of numbers of Python's.

    Arrays of numpy, columns of pandas and other collections will do. Raises `ConfigurationError` for what is no number.
    """
    if isinstance(seeds, str):
        return seeds
    if not isinstance(seeds, Iterable) or not hasattr(seeds, "__len__"):
        return read_seed(seeds)
    return [read_seed(one) for one in (sorted(seeds) if isinstance(seeds, set | frozenset) else seeds)]


def read_seeds(value: Any) -> list[int]:
    """Return the list of seeds meant by N (1 to N), by a list, or by a range like "3-9".

    Raises `ConfigurationError` unless all are whole numbers in [0, 2**53 - 1], at most a million, none twice.
    """
    span = re.fullmatch(r"(\d{1,16})-(\d{1,16})", value) if isinstance(value, str) else None
    if span:
        low, high = int(span.group(1)), int(span.group(2))
        seeds = list(range(low, high + 1)) if high - low < MAX_SEEDS else []
    elif isinstance(value, int) and not isinstance(value, bool):
        seeds = list(range(1, value + 1)) if value <= MAX_SEEDS else []
    else:
        seeds = value if isinstance(value, list) else []
    whole = all(isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed <= MAX_SEED for seed in seeds)
    if not seeds or not whole or len(seeds) > MAX_SEEDS or len(set(seeds)) != len(seeds):
        raise ConfigurationError(
            f"seeds = {show(value)}: must be a number of seeds in [1, {MAX_SEEDS}], a list like [3,5] "
            "or a range like 3-9, of whole numbers, none twice"
        )
    return list(seeds)
