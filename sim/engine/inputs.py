"""From parameters and a roster's tables to the arrays that compiled runs take. Never imports Mesa."""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.compiler.jit import IS_COMPILED
from sim.schema import state
from sim.schema.keys import entity_key
from sim.schema.parameters import KERNEL_GROUPS, Parameters, kernel_fields
from sim.schema.regimes import ALLOCATIONS, SHOCKS
from sim.schema.roster_tables import RosterTables

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPARE_EVENTS = 64
_KINDS = {name: float if state.PARAMETER_DTYPE[name].kind == "f" else int for name in state.PARAMETER_DTYPE.names or ()}
_OPTIONS = {name: item.metadata["options"] for _, name, item in kernel_fields() if "options" in item.metadata}


def build_record(parameters: Parameters) -> Any:
    """Return the numbers that kernels read, as one record (interpreted: a named tuple of plain numbers)."""
    values = {name: getattr(getattr(parameters, group), name) for group, name, _ in kernel_fields()}
    return _change_record(None, values | _find_shock(parameters))


def _change_record(record: Any, values: dict[str, Any]) -> Any:
    """Return the record with other values, one more where there is none; compiled, a given one is written to."""
    plain = {name: _OPTIONS[name].index(value) if name in _OPTIONS else value for name, value in values.items()}
    typed = {name: _KINDS[name](value) for name, value in plain.items()}
    if not IS_COMPILED:
        return namedtuple("ParameterRecord", _KINDS)(**typed) if record is None else record._replace(**typed)
    if record is None:
        record = np.zeros(1, state.PARAMETER_DTYPE).view(np.recarray)[0]
    for name, value in typed.items():
        record[name] = value
    return record


def _find_changes(parameters: Parameters, before: Parameters) -> dict[str, Any]:
    """Return what kernels read and is not the same as before, by name."""
    changed = {}
    for group in KERNEL_GROUPS:
        held, old = vars(getattr(parameters, group)), vars(getattr(before, group))
        if held is not old:
            changed |= {name: value for name, value in held.items() if value is not old[name] and name in _KINDS}
    if parameters.shock is not before.shock or parameters.field is not before.field:
        changed |= _find_shock(parameters)
    return changed


def _find_shock(parameters: Parameters) -> dict[str, Any]:
    shock, populations = parameters.shock, parameters.field.populations
    is_shift = shock.name == "stream_shift"
    return {
        "shock_kind": SHOCKS.index(shock.name),
        "shock_month": shock.month,
        "shock_cut_share": shock.cut_share,
        "shock_from": populations.index(shock.from_population) if is_shift else 0,
        "shock_to": populations.index(shock.to_population) if is_shift else 0,
        "shock_term": shock.term_months,
        "shock_stance_low": shock.stance_low,
        "shock_stance_high": shock.stance_high,
        "shock_ambiguity": shock.ambiguity,
        "shock_exclusive": shock.exclusive,
    }


def build_roster(parameters: Parameters, tables: RosterTables | None = None) -> state.Roster:
    """Return what is known of the field: the roster's tables, or n organizations known only by an id."""
    setting = parameters.field
    shares = np.array(setting.population_demand), np.array(setting.sector_shares)
    if tables is not None:
        given = {name: getattr(tables, name) for name in state.Roster._fields if hasattr(tables, name)}
        keys = np.array([entity_key(one) for one in tables.ids], "u8")
        fixed = {
            "key": keys,
            "locality_key": np.zeros(1, "u8"),
            "population_demand": shares[0],
            "sector_share": shares[1],
        }
        return state.Roster(**given, **fixed)
    n, n_populations = setting.n_organizations, len(setting.populations)
    keys = np.array([entity_key(f"organization-{number:04d}") for number in range(1, n + 1)], "u8")
    unknown = [np.full(n, np.nan) for _ in range(5)]
    return state.Roster(
        key=keys,
        sector=np.full(n, -1),
        mix=np.full((n, n_populations), np.nan),
        viewpoint=unknown[0],
        stance=unknown[1],
        need_usd=unknown[2],
        own_income_share=unknown[3],
        reserve_months=unknown[4],
        trust=np.full((n, n), np.nan),
        member=np.zeros((0, n), "?"),
        locality_key=np.zeros(1, "u8"),
        population_demand=shares[0],
        sector_share=shares[1],
    )


def build_lines(parameters: Parameters, n_organizations: int) -> state.Programmes:
    """Return the regime's grant lines as arrays, in the order of their names."""
    lines = parameters.regime.programmes
    populations, sectors = parameters.field.populations, parameters.field.sectors
    ordered = [lines[name] for name in sorted(lines)]

    def column(name: str, kind: str) -> NDArray[Any]:
        return np.array([getattr(line, name) for line in ordered], kind)

    pays_for = np.zeros((len(ordered), len(populations)), "?")
    required = np.zeros((len(ordered), len(sectors)), "?")
    for g, line in enumerate(ordered):
        for name in line.eligible_populations or populations:
            pays_for[g, populations.index(name)] = True
        for name in line.required_sectors:
            required[g, sectors.index(name)] = True
    return state.Programmes(
        key=np.array([entity_key(name) for name in sorted(lines)], "u8"),
        is_open=np.zeros(len(ordered), "?"),
        money_share=column("money_share", "f8"),
        pot_cents=_compute_pots(parameters, n_organizations),
        award_cents=np.array([int(100 * line.award_usd_per_year + 0.5) for line in ordered], "i8"),
        interval=column("round_interval_months", "i8"),
        term=column("term_months", "i8"),
        first_month=column("first_month", "i8"),
        last_month=column("last_month", "i8"),
        pays_for=pays_for,
        stance_low=column("stance_low", "f8"),
        stance_high=column("stance_high", "f8"),
        ambiguity=column("ambiguity", "f8"),
        is_joint=np.array([line.applicant == "coalition" for line in ordered], "?"),
        min_partners=column("min_partners", "i8"),
        required_sector=required,
        requires_mou=column("requires_mou", "?"),
        sub_award_share=column("sub_award_share", "f8"),
        is_exclusive=column("exclusive", "?"),
        convener_share=column("convener_share", "f8"),
        allocation=np.array([ALLOCATIONS.index(line.allocation) for line in ordered], "i8"),
    )


def _compute_pots(parameters: Parameters, n_organizations: int) -> NDArray[Any]:
    """Return what each grant line gives in a round, in cents, in the order of their names."""
    lines = parameters.regime.programmes
    annual_cents = 100.0 * parameters.grants.annual_usd_per_organization * n_organizations
    ordered = [lines[name] for name in sorted(lines)]
    pots = [int(annual_cents * line.money_share * line.round_interval_months / 12 + 0.5) for line in ordered]
    return np.array(pots, "i8")


def _is_same_field(one: Parameters, other: Parameters) -> bool:
    """Say whether two settings have one roster: the same organizations, populations and sectors."""
    names = ("n_organizations", "populations", "population_demand", "sectors", "sector_shares")
    return one.field is other.field or all(getattr(one.field, name) == getattr(other.field, name) for name in names)


class Inputs:
    """What a `Runner` takes, built once for all seeds of one setting."""

    def __init__(self, parameters: Parameters, tables: RosterTables | None = None, max_events: int = 0) -> None:
        """Build record, roster, lines and a world with room for `max_events` events."""
        self.parameters = parameters
        self.tables = tables
        self.record = build_record(parameters)
        self.roster = build_roster(parameters, tables)
        self.n_organizations = len(self.roster.key)
        self.lines = build_lines(parameters, self.n_organizations)
        self.world = state.allocate_world(self.roster, self.lines, max_events)

    def make_room(self, n_events: int) -> None:
        """Take a world with room for `n_events` events and some more; it has to be filled anew."""
        self.world = state.allocate_world(self.roster, self.lines, n_events + SPARE_EVENTS)

    def change(self, parameters: Parameters, tables: RosterTables | None = None) -> None:
        """Take another setting, and of what was built keep all that does not depend on what differs.

        A run fills the world anew, so that nothing is left of runs before. Raises as building them does, and then
        leaves everything as it was.
        """
        before = self.parameters
        is_same_field = tables is self.tables and _is_same_field(parameters, before)
        has_same_lines = is_same_field and parameters.regime.programmes == before.regime.programmes
        roster = self.roster if is_same_field else build_roster(parameters, tables)
        n_organizations = len(roster.key)
        if has_same_lines:
            lines = self.lines._replace(pot_cents=_compute_pots(parameters, n_organizations))
        else:
            lines = build_lines(parameters, n_organizations)
            self.world = state.allocate_world(roster, lines, len(self.world.log.rows))
        self.record = _change_record(self.record, _find_changes(parameters, before))
        self.parameters, self.tables, self.roster, self.lines = parameters, tables, roster, lines
        self.n_organizations = n_organizations

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the record, which does not pickle where the code runs interpreted."""
        kept = self.__dict__.copy()
        del kept["record"]
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        """Build the record again."""
        self.__dict__.update(kept)
        self.record = build_record(self.parameters)
