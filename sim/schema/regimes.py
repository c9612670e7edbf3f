"""What a grant regime is made of, declared once: grant lines, and the dated changes that combine with any regime."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as declare

from sim.errors import ParameterError
from sim.schema.fields import ASSUMED, Group, check_fields, choice, number, switch

ALLOCATIONS = ("competitive", "lottery", "formula")
LEVELS = ("locality", "state", "nation")


@dataclass(frozen=True)
class Programme(Group):
    """One grant line of a funder."""

    money_share: float = number(
        1.0, "share of the regime's money", 0, 1, "Share of the money this line gives out", plausible=(0.1, 1)
    )
    award_usd_per_year: float = number(
        233_000, "USD/year", 1, 100_000_000, "Usual award", "grants.gov 16.320: 700,000 USD for 36 months"
    )
    round_interval_months: int = number(12, "months", 1, 120, "Months between rounds")
    term_months: int = number(12, "months", 1, 120, "Length of an award", plausible=(6, 36))
    first_month: int = number(1, "month", 1, 10_000, "First month of the line", plausible=(1, 60))
    last_month: int = number(10_000, "month", 1, 10_000, "Last month of the line", plausible=(60, 10_000))
    eligible_populations: list[str] = declare(
        default_factory=list, metadata={"unit": "names", "label": "Populations it pays for (empty: all)"}
    )
    stance_low: float = number(-1.0, "stance", -1, 1, "Lowest stance it accepts", plausible=(-1, 0))
    stance_high: float = number(1.0, "stance", -1, 1, "Highest stance it accepts", plausible=(0, 1))
    ambiguity: float = number(
        0.0, "probability", 0, 1, "Vagueness: chance that an unfit stance still passes", plausible=(0, 0.6)
    )
    applicant: str = choice("organization", ("organization", "coalition"), "Who applies")
    min_partners: int = number(2, "organizations", 1, 100, "Members a coalition needs to apply")
    required_sectors: list[str] = declare(
        default_factory=list, metadata={"unit": "names", "label": "Sectors a coalition must hold"}
    )
    requires_mou: bool = switch(False, "Winning coalitions sign an MOU")
    sub_award_share: float = number(
        0.0,
        "share",
        0,
        1,
        "Part passed on to partners",
        f"{ASSUMED}; Rescue & Restore Regional notices ask for at least 0.6",
        plausible=(0, 0.7),
    )
    exclusive: bool = switch(False, "Awardees may not partner with the ineligible")
    convener_share: float = number(
        0.0,
        "share",
        0,
        1,
        "Part paid to conveners",
        f"{ASSUMED}; FVPSA FY2015 paid 241,000 USD to each state coalition",
        plausible=(0, 0.3),
    )
    allocation: str = choice("competitive", ALLOCATIONS, "How awards are decided")
    funder_level: str = choice(
        "locality", LEVELS, "Whose organizations compete for it: those of a locality, a state, all"
    )

    def __post_init__(self) -> None:
        check_fields(self, "programme.")
        if self.stance_low > self.stance_high:
            raise ParameterError(
                f"programme.stance_low = {self.stance_low:g}: must not exceed stance_high = {self.stance_high:g}"
            )


@dataclass(frozen=True)
class Regime:
    """A named list of grant lines. The name is the word that chooses it; without lines and a name it is ``none``."""

    name: str = "none"
    label: str = ""
    programmes: dict[str, Programme] = declare(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `ParameterError` for a name that says the opposite of the grant lines."""
        if self.programmes and self.name == "none":
            raise ParameterError(
                f"regime 'none' has no grants, but here {', '.join(self.programmes)}; name it otherwise"
            )
        if not self.programmes and self.name == DEFAULT_REGIME:
            raise ParameterError(f"regime '{self.name}' has grants, but here no grant line; name it 'none'")


DEFAULT_REGIME = "unrestricted"


def make_default_regime() -> Regime:
    """Return the regime of a setting that chooses none: configs/regime/unrestricted.yaml says the same."""
    return Regime(DEFAULT_REGIME, "Unrestricted, multi-year", {"operating": Programme(term_months=36)})


SHOCKS = ("none", "total_cut", "stream_shift", "short_terms", "new_condition")


@dataclass(frozen=True)
class Shock(Group):
    """A dated change that combines with any regime."""

    name: str = choice("none", SHOCKS, "Kind of shock")
    month: int = number(48, "month", 1, 10_000, "Month in which it strikes")
    cut_share: float = number(
        1.0, "share", 0, 1, "Total cut: money that ends, running awards included", plausible=(0.25, 1)
    )
    from_population: str = declare(
        default="adults_foreign_nationals", metadata={"unit": "name", "label": "Stream shift: population defunded"}
    )
    to_population: str = declare(
        default="minors", metadata={"unit": "name", "label": "Stream shift: population funded"}
    )
    term_months: int = number(12, "months", 1, 120, "Short terms: new length of awards")
    stance_low: float = number(0.0, "stance", -1, 1, "New condition: lowest stance accepted", plausible=(-0.5, 0.5))
    stance_high: float = number(1.0, "stance", -1, 1, "New condition: highest stance accepted", plausible=(0.5, 1))
    ambiguity: float = number(0.3, "probability", 0, 1, "New condition: vagueness")
    exclusive: bool = switch(True, "New condition: awardees may not partner with the ineligible")
