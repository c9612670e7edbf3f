"""From parameters and a roster's tables to the arrays that compiled runs take. Never imports Mesa."""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import state
from sim.compiled import IS_COMPILED
from sim.parameters import ALLOCATIONS, SHOCKS, Parameters, kernel_fields
from sim.roster import RosterTables, entity_key

if TYPE_CHECKING:
    from numpy.typing import NDArray


def build_record(parameters: Parameters) -> Any:
    """Return the numbers that kernels read, as one record (interpreted: a named tuple of plain numbers)."""
    values = {}
    for group, name, item in kernel_fields():
        value = getattr(getattr(parameters, group), name)
        options = item.metadata.get("options")
        values[name] = options.index(value) if options else value
    shock, populations = parameters.shock, parameters.field.populations
    is_shift = shock.name == "stream_shift"
    values |= {
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
    names = state.PARAMETER_DTYPE.names or ()
    typed = [float(values[n]) if state.PARAMETER_DTYPE[n].kind == "f" else int(values[n]) for n in names]
    if not IS_COMPILED:
        return namedtuple("ParameterRecord", names)(*typed)
    return np.array([tuple(typed)], state.PARAMETER_DTYPE).view(np.recarray)[0]


def build_roster(parameters: Parameters, tables: RosterTables | None = None) -> state.Roster:
    """Return what is known of the field: the roster's tables, or n organizations known only by an id."""
    setting = parameters.field
    shares = np.array(setting.population_demand), np.array(setting.sector_shares)
    if tables is not None:
        given = {name: getattr(tables, name) for name in state.Roster._fields if hasattr(tables, name)}
        keys = np.array([entity_key(one) for one in tables.ids], "u8")
        return state.Roster(**given, key=keys, population_demand=shares[0], sector_share=shares[1])
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
        population_demand=shares[0],
        sector_share=shares[1],
    )


def build_lines(parameters: Parameters, n_organizations: int) -> state.Programmes:
    """Return the regime's grant lines as arrays, in the order of their names."""
    lines = parameters.regime.programmes
    annual_cents = 100.0 * parameters.grants.annual_usd_per_organization * n_organizations
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
    pots = [int(annual_cents * line.money_share * line.round_interval_months / 12 + 0.5) for line in ordered]
    return state.Programmes(
        key=np.array([entity_key(name) for name in sorted(lines)], "u8"),
        is_open=np.zeros(len(ordered), "?"),
        money_share=column("money_share", "f8"),
        pot_cents=np.array(pots, "i8"),
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


class Inputs:
    """What `schedule.run_seeds` takes, built once for all seeds of one setting."""

    def __init__(self, parameters: Parameters, tables: RosterTables | None = None, max_events: int = 0) -> None:
        """Build record, roster, lines and a world with room for `max_events` events."""
        self.parameters = parameters
        self.record = build_record(parameters)
        self.roster = build_roster(parameters, tables)
        self.n_organizations = len(self.roster.key)
        self.lines = build_lines(parameters, self.n_organizations)
        self.world = state.allocate_world(self.roster, self.lines, max_events)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the record, which does not pickle where the code runs interpreted."""
        kept = self.__dict__.copy()
        del kept["record"]
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        """Build the record again."""
        self.__dict__.update(kept)
        self.record = build_record(self.parameters)
