"""What all settings of a result have in common and a reader cannot see in a picture, in words.

The shock, the field, the amount of money, the dates and every parameter that differs from its default, read from the
manifest and from the declarations. What a design varies is left out: it stands on the axes and in the settings' names.
"""

from __future__ import annotations

import calendar
import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from sim.results.disclosure import describe_roster, is_own
from sim.results.sizes import count_field, count_settings
from sim.schema.choices import label_choices
from sim.schema.parameters import Parameters, declarations
from sim.schema.regimes import Programme, Shock

if TYPE_CHECKING:
    from sim.schema.roster_tables import RosterTables

MOST_LEVERS = 3  # told one by one; the others are counted
MONEY = "grants.annual_usd_per_organization"
_LINE = re.compile(r"\+*regime\.programmes\.(?P<line>[^.=]+)\.(?P<key>[^.=]+)=(?P<value>.+)", re.DOTALL)
_ORDER = (MONEY,)  # the levers told first; the others follow the order of their declaration
_DEFAULT = "Default field and amount of money"
_ELSEWHERE = ("months", "field.folder", "field.n_organizations", "field.n_localities", "field.n_states")


def describe_scenario(manifest: Mapping[str, Any], start: str = "") -> str:
    """Return what is held constant in a result, in sentences; never empty.

    start: the calendar month of month 0 as YYYY-MM, in place of the one in the manifest.
    """
    held = _Held(manifest, start or str(manifest.get("start") or ""))
    told = [*_tell_shock(held), _tell_base(held), *_tell_changes(held)]
    return " ".join(f"{one[:1].upper()}{one[1:]}." for one in told if one)


def describe_setting(
    parameters: Parameters,
    roster: RosterTables | None = None,
    words: Sequence[str] = (),
    changes: Iterable[Mapping[str, Any]] = (),
) -> str:
    """Return `describe_scenario` of one setting that has no manifest.

    roster: the tables of its roster, where it has one. words: of the command line, as in a manifest's ``overrides``.
    changes: what is set anew during the run, each with its month and values.
    """
    manifest = {
        "settings": [dataclasses.asdict(parameters)],
        "labels": label_choices([parameters]),
        "n_organizations": count_field(parameters.field, roster),
        "overrides": [word for word in words if "=" in word],
        "changes": list(changes),
        **({"roster": describe_roster(roster, parameters.field)} if roster is not None else {}),
    }
    start = next((word.partition("=")[2] for word in words if word.startswith("start=")), "")
    return describe_scenario(manifest, start)


def describe_shocks(manifest: Mapping[str, Any], start: str = "") -> str:
    """Return the shock of a result in a sentence, or a sentence for each where settings differ in it; "" for none."""
    held = _Held(manifest, start or str(manifest.get("start") or ""))
    return " ".join(f"{one[:1].upper()}{one[1:]}." for one in _tell_shock(held))


def describe_shock(shock: Mapping[str, Any], start: str = "", months: int | None = None) -> str:
    """Return one shock in words, without a full stop: ``all grant money ends in month 48 (January 2031), …``.

    shock: the values of `sim.schema.regimes.Shock`; one that is missing has its default, one that is None differs
    between the settings. months: the length of the runs, to say where the shock comes too late.
    """
    values = {**dataclasses.asdict(Shock()), **shock}
    month, kind = values["month"], values.get("kind") or values["name"]
    when = "in a month that differs between settings" if month is None else f"in month {_tell_month(month, start)}"
    late = months is not None and month is not None and month > months
    told = _SHOCKS[kind](values, when, when.replace("in ", "from ", 1)) if kind in _SHOCKS else f"{kind} {when}"
    return f"{told}: after the last month of the runs, so that it changes nothing" if late else told


def name_shocks(manifest: Mapping[str, Any]) -> list[str]:
    """Return how each shock among the settings of a result is called, "" for none: ``total cut``, ``cut of 50 %``."""
    held = _Held(manifest, "")
    return [_name_shock(held, word) if word != "none" else "" for word in _find_shocks(held)]


def _name_shock(held: _Held, word: str) -> str:
    if word == "total_cut" and held.trees:  # the name says "total", which a number set by itself may belie
        share = _share(_find_shock_trees(held, word)).get("cut_share", 1)
        share = None if "shock.cut_share" in held.varied else share
        if share != 1:
            return "cut" if share is None else f"cut of {_number(100 * share)} %"
    label = held.name("shock", word)
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def name_month(start: str, month: int) -> str:
    """Return the calendar month of a month of a run: ``January 2031`` for month 48 after ``2027-01``."""
    year, first = (int(part) for part in start.split("-"))
    years, index = divmod(first - 1 + month, 12)
    return f"{calendar.month_name[index + 1]} {year + years}"


def _tell_month(month: int, start: str) -> str:
    return f"{month} ({name_month(start, month)})" if start else str(month)


def _tell_cut(shock: Mapping[str, Any], when: str, since: str) -> str:
    share = shock["cut_share"]
    if share is None:
        part = "a part of all grant money, which differs between settings,"
    else:
        part = "all grant money" if share == 1 else f"{_number(100 * share)} % of all grant money"
    return f"{part} ends {when}, running awards included"


def _tell_shift(shock: Mapping[str, Any], when: str, since: str) -> str:
    source, target = (
        _words(shock[name]) if shock[name] is not None else "a population that differs between settings"
        for name in ("from_population", "to_population")
    )
    return f"{when} grant money for {source} moves to {target}"


def _tell_terms(shock: Mapping[str, Any], when: str, since: str) -> str:
    term = shock["term_months"]
    length = "a number of months that differs between settings" if term is None else _plural(term, "month")
    return f"{since} new awards last {length} at most"


def _tell_condition(shock: Mapping[str, Any], when: str, since: str) -> str:
    low, high, ambiguity = (shock[name] for name in ("stance_low", "stance_high", "ambiguity"))
    bounds = (
        "expressed stances that differ between settings"
        if low is None or high is None
        else f"expressed stances from {_number(low)} to {_number(high)}"
    )
    vague = "" if ambiguity is None else f" (vagueness {_number(ambiguity)})"
    partners = ", and awardees may not partner with the ineligible" if shock["exclusive"] else ""
    return f"{since} all grant money is for {bounds} alone{vague}{partners}"


_SHOCKS = {
    "total_cut": _tell_cut,
    "stream_shift": _tell_shift,
    "short_terms": _tell_terms,
    "new_condition": _tell_condition,
}


class _Held:
    """The values that all settings of a manifest share; None stands for one that differs between them."""

    def __init__(self, manifest: Mapping[str, Any], start: str) -> None:
        self.manifest, self.start = manifest, start
        self.trees = [tree for tree in manifest.get("settings") or [] if isinstance(tree, dict)]
        self.flat = [_flatten(tree) for tree in self.trees]
        self.varied = set(_find_varied(manifest))
        self.words = [str(word).lstrip("+") for word in manifest.get("overrides") or []]

    def is_varied(self, name: str) -> bool:
        """Say whether a parameter differs between settings, by itself or by its group."""
        group = name.partition(".")[0]
        if name in self.varied or group in self.varied:
            return True
        return any(one.get(name) != self.flat[0].get(name) for one in self.flat[1:])

    def get(self, name: str) -> Any:
        """Return the value that all settings share, None where they differ or none has it."""
        return None if not self.flat or self.is_varied(name) else self.flat[0].get(name)

    def find_word(self, group: str) -> str:
        """Return the word chosen for a group of the configuration, "" where the default holds or settings differ."""
        found = [word.partition("=")[2] for word in self.words if word.startswith(f"{group}=")]
        return found[-1] if found and group not in self.varied else ""

    def is_set(self, name: str) -> bool:
        """Say whether a parameter was set by its own name."""
        return any(word.startswith(f"{name}=") for word in self.words)

    def name(self, group: str, word: str) -> str:
        """Return the written label of a choice, or its word."""
        labels = self.manifest.get("labels")
        found = labels.get(group) if isinstance(labels, Mapping) else None
        label = found.get(word) if isinstance(found, Mapping) else None
        return str(label or _words(word))

    def name_regime(self) -> str:
        """Return the label of the grant regime that all settings share, "" where they differ."""
        word = self.get("regime.name")
        written = self.get("regime.label") if word else ""
        name = self.name("regime", word) if word else ""
        return str(written) if written and name == _words(word) else name


def _find_varied(manifest: Mapping[str, Any]) -> Iterator[str]:
    yield from manifest.get("varied") or {}
    for design in (manifest.get("design"), *((one.get("design")) for one in manifest.get("blocks") or [])):
        yield from _name_varied(design or {})


def _name_varied(design: Mapping[str, Any]) -> Iterator[str]:
    yield from design.get("vary") or {}
    for case in design.get("cases") or []:
        yield from (name for name in case if name != "name")
    yield from (design.get("sample") or {}).get("over") or {}
    for inner in design.get("designs") or []:
        yield from _name_varied(inner)


def has_sample(manifest: Mapping[str, Any]) -> bool:
    """Say whether a design drew any of its points from ranges or from calibrated sets."""
    return any(True for _ in _find_samples(manifest))


def _find_samples(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    designs = [manifest.get("design"), *(one.get("design") for one in manifest.get("blocks") or [])]
    while designs:
        design = designs.pop(0) or {}
        designs += design.get("designs") or []
        if design.get("sample"):
            yield design["sample"]


def _tell_shock(held: _Held) -> list[str]:
    """Return the shock that strikes in all settings, or those that do in some, in words."""
    names = _find_shocks(held)
    numbers = {name: held.get(f"shock.{name}") for name in dataclasses.asdict(Shock())}
    if len(names) == 1 and not held.is_varied("shock.name"):
        if names[0] == "none":
            return []
        told = describe_shock(numbers, held.start, held.get("months"))
        is_off = held.get("mechanisms.apply_calendar") is False
        if is_off:
            return [f"{told}: but the calendar is switched off, so that it changes nothing"]
        has_money = any(_has_money(tree) for tree in held.trees) or held.is_varied("regime.name")
        return [told if has_money else f"{told}: but there is no grant money, so that it changes nothing"]
    return [
        f"settings with the shock '{held.name('shock', name)}': "
        f"{describe_shock(_share(trees), held.start, held.get('months'))}"
        for name, trees in ((name, _find_shock_trees(held, name)) for name in names if name != "none")
    ]


def _has_money(tree: Mapping[str, Any]) -> bool:
    """Say whether a setting has grant lines and money for them."""
    lines = (tree.get("regime") or {}).get("programmes")
    money = (tree.get("grants") or {}).get("annual_usd_per_organization")
    return lines is None or money is None or (bool(lines) and money > 0)


def _find_shock_trees(held: _Held, word: str) -> list[dict[str, Any]]:
    """Return the values of the shock of that word in each setting that has it."""
    found = [dict(tree["shock"]) for tree in held.trees if _find_shock_word(tree) == word]
    kept = held.manifest.get("shocks")
    if not found and isinstance(kept, Mapping) and word in kept:
        found = [dict(kept[word])]
    return found or [{**held.trees[0].get("shock", {}), "name": word}]


def _share(trees: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the values that all `trees` share, None for the others."""
    return {key: value if all(tree[key] == value for tree in trees) else None for key, value in trees[0].items()}


def _find_shock_word(tree: Mapping[str, Any]) -> str:
    """Return the word that chose the shock of a setting, its kind where it was set by itself."""
    kind, choices = str(tree["shock"]["name"]), tree.get("choices") or {}
    return str(choices["shock"]) if choices.get("shock_kind") == kind else kind


def ends_awards(manifest: Mapping[str, Any]) -> bool:
    """Say whether a shock among the settings of a result ends awards that run, before the result's last month."""
    held = _Held(manifest, "")
    trees = [tree for word in _find_shocks(held) for tree in _find_shock_trees(held, word)]
    cuts = [tree for tree in trees if (tree.get("kind") or tree["name"]) == "total_cut"]
    months = max((tree.get("months", 0) for tree in held.trees), default=0)
    has_money = any(map(_has_money, held.trees)) or held.is_varied("regime.name") or held.is_varied(MONEY)
    return has_money and any(tree.get("month", 0) <= months or "shock.month" in held.varied for tree in cuts)


def _find_shocks(held: _Held) -> list[str]:
    """Return the kinds of shock of all settings, in order; a sweep keeps but its first setting, and the design."""
    found = [_find_shock_word(tree) for tree in held.trees if isinstance(tree.get("shock"), Mapping)]
    designs = [held.manifest.get("design"), *(one.get("design") for one in held.manifest.get("blocks") or [])]
    while designs:
        design = designs.pop(0) or {}
        designs += design.get("designs") or []
        found += [str(one) for one in (design.get("vary") or {}).get("shock") or []]
        found += [str(case["shock"]) for case in design.get("cases") or [] if "shock" in case]
    return list(dict.fromkeys(found)) or ["none"]


def _tell_base(held: _Held) -> str:
    """Return field, months, dates, and the money where all settings share it."""
    months = held.get("months")
    length = "runs of different lengths" if months is None else _plural(months, "month")
    dated = f"{length} from {name_month(held.start, 0)}" if held.start else length
    parts = [_tell_field(held), dated]
    parts += ["no shock"] if _find_shocks(held) == ["none"] else []
    told = ", ".join(parts)
    if _is_default(held):
        told = f"{_name_default(held)}: {told}"
    regime = held.name_regime()
    return f"{told}. Grant design: {regime}" if regime else told


def _name_default(held: _Held) -> str:
    """Return what is as by default, without what the design varies."""
    is_field_varied = any(name.partition(".")[0] == "field" for name in held.varied)
    is_money_varied = held.is_varied(MONEY)
    if is_field_varied and is_money_varied:
        return "Default but for what the design varies"
    if is_field_varied:
        return "Default amount of money; the field differs between settings"
    return "Default field; the amount of money differs between settings" if is_money_varied else _DEFAULT


def _is_default(held: _Held) -> bool:
    """Say whether nothing that is held differs from its default, a calibration included."""
    is_plain = not list(_find_changed(held)) and not _tell_sets(held) and not _tell_interventions(held)
    same = held.get("months") == Parameters().months and held.get("field.folder") is None and not held.start
    size = held.get("field.n_organizations") == Parameters().field.n_organizations
    return is_plain and same and size and _find_shocks(held) == ["none"] and not _list_lines(held)


def _tell_field(held: _Held) -> str:
    size, is_roster = describe_size(held.manifest), any(one.get("field.folder") for one in held.flat)
    if held.is_varied("field.folder") or any(held.is_varied(name) for name in _ELSEWHERE[1:]):
        return f"{size}, of fields that differ between settings"
    if is_roster:
        return f"{size} of {'an own' if is_own(held.manifest) else 'a synthetic'} roster"
    localities = held.get("field.n_localities") or 1
    if localities > 1:
        size = f"{size} in {localities:,} localities"
    word = held.find_word("field")
    return f"field '{held.name('field', word)}' of {size}" if word and word != "city" else size


def describe_size(manifest: Mapping[str, Any]) -> str:
    """Return the number of organizations of a result's field in words, a range where settings differ in it."""
    sizes = [size for size in count_settings(manifest) if size > 0]
    if not sizes:
        return "an unknown number of organizations"
    low, high = min(sizes), max(sizes)
    return _plural(low, "organization") if low == high else f"{low:,} to {high:,} organizations"


def _tell_changes(held: _Held) -> list[str]:
    """Return sentences about calibrated sets, changed parameters, mechanisms and what is done during the runs."""
    return [*_tell_sets(held), *_tell_levers(held), *_tell_mechanisms(held), *_tell_interventions(held)]


def _tell_sets(held: _Held) -> list[str]:
    for sample in _find_samples(held.manifest):
        if sample.get("method") == "ensemble":
            n = sample.get("n") or (len(held.trees) if len(held.trees) > 1 else None)
            return [f"on {f'{n:,} ' if n else 'all '}calibrated sets of parameters"]
    word = held.find_word("calibration")
    return [f"parameters of the calibrated set '{word}'"] if word and word != "default" else []


def _tell_levers(held: _Held) -> list[str]:
    told = [_tell_lever(name, value) for name, value in _find_changed(held) if not name.startswith("mechanisms.")]
    told += _list_lines(held)
    more = len(told) - MOST_LEVERS
    rest = [f"and {more} more, listed in the report"] if more > 0 else []
    return [f"changed: {'; '.join([*told[:MOST_LEVERS], *rest])}"] if told else []


def _find_changed(held: _Held) -> Iterator[tuple[str, Any]]:
    """Yield (name, value) of every parameter that all settings share and that differs from its default.

    What a chosen field or calibration brings counts as that choice, unless it is set by its own name.
    """
    defaults = _defaults()
    has_field, has_set = bool(held.find_word("field")), held.find_word("calibration") not in ("", "default")
    is_roster = held.get("field.folder") is not None
    names = [*_ORDER, *(name for name in defaults if name not in _ORDER)]
    for name in names:
        if name in _ELSEWHERE or name.startswith(("shock.", "regime.", "choices.")) or held.is_varied(name):
            continue
        value = held.get(name)
        is_brought = has_set or (name.startswith("field.") and (has_field or is_roster))
        if value is not None and value != defaults[name] and (held.is_set(name) or not is_brought):
            yield name, value


@cache
def _defaults() -> dict[str, Any]:
    return _flatten(dataclasses.asdict(Parameters()))


@cache
def _declared() -> dict[str, Mapping[str, Any]]:
    return {name: item.metadata for name, item in declarations()}


def _tell_lever(name: str, value: Any) -> str:
    meta = _declared().get(name, {})
    if name == MONEY:
        return f"grant money {_measure(value, meta)} and organization (default {_measure(_defaults()[name], {})})"
    label = str(meta.get("label", name)).removesuffix(" (assumed)")
    default = "" if isinstance(value, list | bool) else f" (default {_measure(_defaults()[name], {})})"
    return f"{label[:1].lower()}{label[1:]} {_measure(value, meta)}{default}"


def _list_lines(held: _Held) -> list[str]:
    """Return what was set of single grant lines."""
    found = []
    metadata = {item.name: item.metadata for item in dataclasses.fields(Programme)}
    for word in held.words:
        match = _LINE.fullmatch(word)
        if match and word.partition("=")[0] not in held.varied:
            label = str(metadata.get(match["key"], {}).get("label", _words(match["key"])))
            unit = str(metadata.get(match["key"], {}).get("unit", ""))
            value = _measure(_read_number(match["value"]), {"unit": unit})
            found.append(f"grant line '{_words(match['line'])}': {label[:1].lower()}{label[1:]} {value}")
    return found


def _read_number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _tell_mechanisms(held: _Held) -> list[str]:
    changed = dict(_find_changed(held))
    names = [name for name in changed if name.startswith("mechanisms.")]
    labels = {name: str(_declared()[name]["label"]) for name in names}
    off = [labels[name] for name in names if not changed[name]]
    on = [labels[name] for name in names if changed[name]]
    more = len(off) - MOST_LEVERS
    rest = [f"and {more} more mechanisms"] if more > 0 else []
    told = [f"switched off: {'; '.join([*off[:MOST_LEVERS], *rest])}"] if off else []
    return [*told, *on]


def _tell_interventions(held: _Held) -> list[str]:
    """Return what is set anew or decided otherwise during the runs."""
    told = []
    for change in held.manifest.get("changes") or []:
        levers = "; ".join(_tell_lever(name, value) for name, value in change["values"].items())
        told.append(f"from month {_tell_month(change['month'], held.start)} on: {levers}")
    decided = [str(one) for one in held.manifest.get("decisions") or []]
    if decided:
        months = [one.partition(":")[0] for one in decided]
        when = ", ".join(_tell_month(int(month), held.start) for month in months[:MOST_LEVERS])
        more = f" and {len(months) - MOST_LEVERS} more" if len(months) > MOST_LEVERS else ""
        told.append(f"one organization decides otherwise than the rule in month {when}{more}")
    return told


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping) and name != "programmes":
            found |= _flatten(value, f"{prefix}{name}.")
        elif name != "programmes":
            found[f"{prefix}{name}"] = value
    return found


def _measure(value: Any, meta: Mapping[str, Any]) -> str:
    """Return a value with its unit, where it has one that a reader needs."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(_measure(one, {}) for one in value) if len(value) <= MOST_LEVERS else f"{len(value)} entries"
    if not isinstance(value, int | float):
        return _words(value)
    unit = str(meta.get("unit", ""))
    return f"{_number(value)} {unit}" if unit.startswith(("USD", "month", "member", "organization")) else _number(value)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}".replace("-", "\u2212")


def _words(name: object) -> str:
    return str(name).replace("_", " ")


def _plural(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"
