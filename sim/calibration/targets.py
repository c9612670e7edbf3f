"""What calibration aims at, declared once: the quantity, what was observed, the band, and where both come from.

A band is what a set of parameters is accepted by: the observation's own uncertainty and what so plain a model may miss.
"""

from __future__ import annotations

from dataclasses import dataclass

# The two worlds in which targets are measured, as the words of a command line. In the second one a quarter of the
# money seeds coalitions for four years (rounds in months 1, 13 and 25; the last award of 24 months ends with month 48),
# and all other money goes on.
MONEY_ENDS = 48
MONTHS_LATER = 66  # 5 to 6 years
WORLDS = {
    "baseline": ("regime=unrestricted", "months=120"),
    "seeded": (
        "regime=collaboration_required",
        "regime.programmes.joint.money_share=0.25",
        "regime.programmes.joint.last_month=36",
        "+regime.programmes.operating.money_share=0.75",
        "+regime.programmes.operating.term_months=36",
        f"months={MONEY_ENDS + MONTHS_LATER}",
    ),
}
SEEDING_LINE = "joint"


@dataclass(frozen=True)
class Target:
    """One observed quantity. A run gives a numerator and a denominator; both are added up over the runs of a set."""

    name: str  # as `measuring` computes it
    label: str
    unit: str
    low: float
    high: float
    observed: float | None  # None: nothing was observed, the band is all there is
    source: str
    band: str  # where the band comes from
    how: str  # how it is computed
    world: str = "baseline"

    def is_met(self, value: float) -> bool:
        """Say whether a measured value lies within the band; one that could not be measured does not."""
        return self.low <= value <= self.high


_PLAUSIBLE = "docs/odd.md, baseline numbers"
_LAST = "mean of the last 12 months of 120"
TARGETS = (
    Target(
        "survival_share",
        "Grant-seeded coalitions still living",
        "share",
        0.55,
        0.80,
        0.68,
        "NORC for ASPE 2012: 113 of 165 federally seeded coalitions",
        "pattern 11",
        "coalitions that had won the seed money and had 3 members or more when it ended; 66 months later still 3 "
        "or more, attendance not below inactive_activity, and a population that had provider_share of the founders' "
        "effort still has it",
        "seeded",
    ),
    Target(
        "coalition_density",
        "Density inside coalitions",
        "share",
        0.20,
        0.40,
        0.30,
        "HIPMC, BMC Public Health 2016: one coalition of 41",
        "pattern 20",
        _LAST,
    ),
    Target(
        "grant_share",
        "Grants, of grants and donations",
        "share",
        0.43,
        0.63,
        0.53,
        "Andreoni & Payne, NBER digest: average charity, 905,000 and 787,000 USD",
        "assumed: 0.10 either way",
        "paid awards over paid awards and donations, months 13 to 120, all organizations",
    ),
    Target(
        "award_usd_per_year",
        "Award of a year",
        "USD/year",
        175_000,
        291_000,
        233_000,
        "grants.gov 16.320: 700,000 USD for 36 months",
        "assumed: a quarter either way",
        "money awarded over awards and years of a term, months 13 to 120",
    ),
    Target(
        "deficit_share",
        "Years that end in deficit",
        "share",
        0.30,
        0.50,
        0.40,
        "Urban Institute 2013: almost 40 % of human-service nonprofits",
        "assumed: 0.10 either way",
        "organizations and years from month 12 whose reserves fell over the year",
    ),
    Target(
        "large_deficit_share",
        "Years with a deficit of a tenth or more",
        "share",
        0.08,
        0.25,
        0.15,
        "Urban Institute 2013: about 15 %",
        "assumed",
        "of the same, those whose reserves fell by a tenth of the year's need or more",
    ),
    Target(
        "closure_rate",
        "Closures",
        "per organization and year",
        0.01,
        0.06,
        None,
        _PLAUSIBLE,
        "assumed",
        "months 1 to 120",
    ),
    Target("exit_rate", "Exits", "per membership and year", 0.05, 0.50, None, _PLAUSIBLE, "assumed", "months 1 to 120"),
    Target("n_coalitions", "Coalitions of three or more", "coalitions", 2, 10, None, _PLAUSIBLE, "assumed", _LAST),
    Target("unaffiliated_share", "Unaffiliated", "share", 0.02, 0.50, None, _PLAUSIBLE, "assumed", _LAST),
    Target(
        "collaboration_share", "Pairs that share a coalition", "share", 0.20, 0.65, None, _PLAUSIBLE, "assumed", _LAST
    ),
    Target(
        "cross_viewpoint_share",
        "Cross-viewpoint pairs that share one",
        "share",
        0.05,
        0.65,
        None,
        _PLAUSIBLE,
        "assumed",
        _LAST,
    ),
    Target("served_share", "People served", "share", 0.50, 0.90, None, _PLAUSIBLE, "assumed", _LAST),
)
