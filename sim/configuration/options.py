"""Where configuration files lie, what they are called, and the guard that every file of a user's own must pass."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sim.errors import ConfigurationError
from sim.files.access import PACKAGE, find_shipped, read_bounded
from sim.schema.settable import (
    CHOSEN_GROUPS,
    EXPERIMENT_KEYS,
    GLOBAL_GROUPS,
    GROUPS,
    NAME_PATTERN,
    RUN_KEYS,
    check_label,
    check_value,
    show,
    suggest,
)

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20
OWN_GRANTS = "own_grants"
_NAME_RULE = "may hold letters, digits, '.', '_' and '-', at most 64"
_HEADER = re.compile(r"^\s*#\s*@package\s+(\S+)", re.MULTILINE)
_TOP = re.compile(r"(\s*#.*\n|\s*\n)*?\s*#\s*@package\s+_global_")
_CODE = re.compile(r"(?<![A-Za-z0-9])_[a-z]+_(?![A-Za-z0-9])")  # _target_, _partial_, …; not reserve_target_months
_CHOICE = re.compile(rf"(override )?/?({'|'.join(GROUPS)})")
# YAML 1.1 reads 010 as 8, 12:30 as 750 and 1_2 as 12.
_MISREAD = re.compile(r"[-+]?(0[0-9_]+|[0-9][0-9_]*(:[0-5]?[0-9])+|[0-9]+_[0-9_]*)")


def configuration_folder() -> Path:
    """Return the folder of shipped configurations: inside the package of a wheel, beside it in a checkout."""
    return _shipped("configs")


def experiments_folder() -> Path:
    """Return the folder of shipped experiments: inside the package of a wheel, beside it in a checkout."""
    return _shipped("experiments")


def _shipped(name: str) -> Path:
    folder = find_shipped(name)
    if folder is None:
        raise ConfigurationError(f"the shipped folder '{name}' is missing beside {PACKAGE.name}; install it again")
    return folder


def option_files(group: str, own: Path | None = None) -> dict[str, Path]:
    """Return the files of one config group by option name, in the order of names; `own` is a user's folder."""
    shipped = experiments_folder() if group == "experiment" else configuration_folder() / group
    paths = [*sorted(shipped.glob("*.yaml")), *(find_files(own, group) if own else ())]
    return {path.stem: path for path in paths}


def find_files(own: Path, group: str) -> list[Path]:
    """Return the files of one config group in a user's folder, in the order of names."""
    return sorted((own / group).glob("*.yaml"))


def check_option(group: str, option: Any, own: Path | None = None) -> None:
    """Raise `ConfigurationError` unless `option` names a file of the config group that can be used."""
    options = option_files(group, own)
    if group == "experiment" and option is None:
        return
    if not isinstance(option, str) or option not in options:
        raise ConfigurationError(
            f"unknown {group} '{option}'.{suggest(str(option), options)} There are: {', '.join(options) or 'none'}."
        )
    if own and options[option].is_relative_to(own):
        check_file(options[option])


def read_yaml(path: Path) -> str:
    """Return the text of a YAML file. Raises `ConfigurationError` where it is no file, too large or no text."""
    try:
        return read_bounded(path, MAX_BYTES).decode("utf-8")
    except OSError as problem:
        raise ConfigurationError(f"{path}: {(problem.strerror or 'cannot be read').lower()}; mend or move it") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: cannot be read as YAML: not text in UTF-8") from None


def describe_choices(labels: Mapping[str, Mapping[str, str]], own: Path | None = None) -> dict[str, dict[str, str]]:
    """Return {group: {word: first sentence of its file}} of the choices in `labels`; one without a file is left out."""
    files = {group: option_files(group, own) for group in labels}
    return {
        group: {word: read_description(files[group][word]) for word in words if word in files[group]}
        for group, words in labels.items()
    }


def read_description(path: Path) -> str:
    """Return the first sentence of the comment that opens a configuration file: what it is.

    Raises `ConfigurationError` as `read_yaml` does.
    """
    lines = read_yaml(path).splitlines()
    comment = " ".join(line.lstrip("# ").strip() for line in lines if line.startswith("#") and "@package" not in line)
    return re.split(r"(?<=[\w)]{2}[.?])\s", f"{comment} ", maxsplit=1)[0].strip()


def read_label(path: Path) -> str:
    """Return the label written in the file of an option, "" without one or where the file cannot be read."""
    import yaml

    try:
        tree = yaml.safe_load(read_yaml(path))
    except (ValueError, yaml.YAMLError, RecursionError):
        return ""
    return str(tree.get("label") or "") if isinstance(tree, dict) else ""


def check_own_folder(own: Path) -> None:
    """Raise `ConfigurationError` unless a user's folder holds options, and none with the name of a shipped one.

    What stands in a file is judged by `check_option`, for those that are chosen.
    """
    if not own.is_dir():
        raise ConfigurationError(f"--config-dir {own}: no such folder")
    found = [path for group in GROUPS for path in sorted((own / group).glob("*.yaml"))]
    if not found:
        raise ConfigurationError(f"--config-dir {own}: no YAML in any of its folders {', '.join(GROUPS)}")
    _check_strays(own)
    for path in found:
        if path.stem in option_files(path.parent.name):
            raise ConfigurationError(f"{path}: {path.parent.name} '{path.stem}' is shipped already; take another name")
        if not NAME_PATTERN.fullmatch(path.stem) or (path.parent.name == "regime" and path.stem == OWN_GRANTS):
            why = "is what a roster's own grants.csv is called" if path.stem == OWN_GRANTS else _NAME_RULE
            raise ConfigurationError(f"{path}: the name of the file {why}; take another name")


def _check_strays(own: Path) -> None:
    """Raise `ConfigurationError` for what Hydra would find in a user's folder besides the options of our groups."""
    strays = [own / "hydra", *(own / f"{name}.yaml" for name in ("config", "coalitions_schema"))]
    nested = (path for group in GROUPS for path in (own / group).glob("*/**/*.yaml"))
    for path in (*(one for one in strays if one.exists()), *nested):
        raise ConfigurationError(f"{path}: is not allowed; options lie in the folders {', '.join(GROUPS)} themselves")


def check_file(path: Path) -> str:
    """Return the text of a YAML file of a user's own.

    Raises `ConfigurationError` where it is too large, too deep, or holds what a setting never needs.
    """
    import yaml

    try:
        text = read_yaml(path)
        _check_header(path, text)
        _check_events(path, yaml.parse(text, Loader=yaml.SafeLoader))
        _check_keys(path, yaml.compose(text, Loader=yaml.SafeLoader))
        tree = yaml.load(text, Loader=_make_loader()) or {}
    except ConfigurationError:
        raise
    except (yaml.YAMLError, ValueError) as problem:  # ValueError: a number of thousands of digits
        mark = getattr(problem, "problem_mark", None)
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        detail = getattr(problem, "problem", None) or "a value is out of bounds"
        raise ConfigurationError(f"{where}: cannot be read as YAML: {detail}") from None
    _check_contents(path, tree)
    return text


@cache
def _make_loader() -> Any:
    """Return PyYAML's safe loader that also takes 1e5 for a number, as Hydra does when it composes the file."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+"), list("-+0123456789")
    )
    return Loader


def _check_contents(path: Path, tree: Any) -> None:
    """Raise `ConfigurationError` with the file's name unless every entry is a declared parameter and in range."""
    skipped = (*EXPERIMENT_KEYS, *RUN_KEYS) if path.parent.name == "experiment" else ()
    is_global = path.parent.name in GLOBAL_GROUPS
    try:
        if not isinstance(tree, dict):
            raise ConfigurationError("must hold lines of the form 'name: value'")
        if path.parent.name == "experiment":
            _check_choices(tree, path.parent.parent)
            if not isinstance(tree.get("design", {}), dict):
                raise ConfigurationError(
                    f"design = {show(tree['design'])}: must be a mapping of vary, cases, sample, constraints or designs"
                )
        elif path.parent.name not in GLOBAL_GROUPS:
            _check_names(tree, path.parent.name)
        for key, value in tree.items():
            if key not in skipped:
                _check_entries(str(key) if is_global else f"{path.parent.name}.{key}", value)
    except ConfigurationError as problem:
        raise ConfigurationError(f"{path}: {problem}") from None


def _check_names(tree: dict[str, Any], group: str) -> None:
    """Take the label out of an option's contents, and a regime's name, which is that of its file in any case."""
    check_label(f"{group}.label", tree.pop("label", None))
    if group == "regime":
        check_label("regime.name", tree.pop("name", None))


def _check_choices(tree: dict[str, Any], own: Path) -> None:
    """Take what an experiment chooses out of its contents, its defaults list and lines like ``regime: mixed``.

    Raises `ConfigurationError` for what is no option, and where a group is chosen by both.
    """
    chosen = _check_defaults(tree.pop("defaults", None) or [], own)
    for group in CHOSEN_GROUPS:
        if not isinstance(tree.get(group, {}), dict):
            if group in chosen:
                raise ConfigurationError(f"{group}: is chosen twice, by a line and in the defaults list; keep one")
            check_option(group, tree.pop(group), own)


def _check_defaults(entries: Any, own: Path) -> list[str]:
    """Return the groups that a defaults list chooses from.

    Raises `ConfigurationError` unless it does nothing but choose options of our groups by their name.
    """
    groups = []
    for entry in entries if isinstance(entries, list) else [entries]:
        if entry == "_self_":
            continue
        found = list(entry.items()) if isinstance(entry, dict) else [(None, None)]
        group, option = found[0]
        choice = _CHOICE.fullmatch(str(group))
        if len(found) != 1 or not choice or not NAME_PATTERN.fullmatch(str(option)):
            raise ConfigurationError(
                f"defaults: {str(entry)[:80]} is not allowed; entries choose an option, like 'override /regime: mixed'"
            )
        check_option(choice[2], option, own)
        groups.append(choice[2])
    return groups


def _check_entries(name: str, value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_entries(f"{name}.{key}", inner)
    elif not (name == "regime.programmes" and value is None):
        check_value(name, value)


def _check_header(path: Path, text: str) -> None:
    wanted = "_global_" if path.parent.name in GLOBAL_GROUPS else "_group_"
    if text.startswith("\ufeff"):
        raise ConfigurationError(f"{path}: begins with a byte order mark; save it as UTF-8 without one")
    for package in _HEADER.findall(text):
        if package != wanted:
            raise ConfigurationError(f"{path}: '@package {package}' is not allowed; only '@package {wanted}' is")
    if wanted == "_global_" and not _TOP.match(text[:512]):  # Hydra looks no further, and no further than comments
        raise ConfigurationError(f"{path}: the comment at its top must say '# @package _global_'")


def _check_events(path: Path, events: Any) -> None:
    import yaml

    depth = 0
    for event in events:
        where = f"{path}:{event.start_mark.line + 1}:{event.start_mark.column + 1}"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigurationError(f"{where}: anchors and aliases (& and *) are not allowed; write the value out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise ConfigurationError(f"{where}: nested deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent):
            check_text(where, event.value)
            if event.style is None and _MISREAD.fullmatch(event.value):
                raise ConfigurationError(f"{where}: YAML would read {event.value} as another number; quote it")
        tag = getattr(event, "tag", None)
        if tag:
            raise ConfigurationError(f"{where}: tags ({tag}) are not allowed")


def _check_keys(path: Path, node: Any) -> None:
    """Raise `ConfigurationError` for a key that stands twice in one mapping: YAML would keep the last one alone."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                where = f"{path}:{key.start_mark.line + 1}:{key.start_mark.column + 1}"
                raise ConfigurationError(f"{where}: '{str(key.value)[:40]}' stands twice; keep one")
            seen.add(str(key.value))
    for child in getattr(node, "value", None) or ():
        for inner in child if isinstance(child, tuple) else (child,):
            if isinstance(inner, yaml.CollectionNode):
                _check_keys(path, inner)


def check_text(where: str, text: str) -> None:
    """Raise `ConfigurationError` for text that could run code, read the environment or steer Hydra itself."""
    if _CODE.search(text) and text not in ("_self_", "_global_", "_here_"):
        raise ConfigurationError(f"{where}: '{text}' is not allowed: a setting holds values, never code to run")
    if "${" in text:
        raise ConfigurationError(f"{where}: interpolations (${{…}}) are not allowed; write the value out")
    if re.match(r"\s*(override\s+)?/?hydra([./@:]|\s*$)", text):
        raise ConfigurationError(f"{where}: '{text}' is not allowed: Hydra's own settings cannot be changed here")
