"""What is calibrated, declared once: assumed numbers that move a target, each over the range declared as plausible.

Which ones: those that a screening of fifty showed to move a target (docs/decisions/0012-calibration.md). Every range
is assumed, even over the range, and holds the default. `memberships.strain` is not among them: no target speaks of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sim.schema.parameters import declarations


@dataclass(frozen=True)
class Prior:
    """An even prior over [low, high] of one declared parameter: its plausible range, with the reason for it.

    narrowed: another range within it, for what a policy sets more freely than it may have been in the past.
    """

    name: str
    reason: str
    narrowed: tuple[float, float] | None = None

    @property
    def low(self) -> float:
        """Lower end."""
        return (self.narrowed or _read_plausible(self.name))[0]

    @property
    def high(self) -> float:
        """Upper end."""
        return (self.narrowed or _read_plausible(self.name))[1]


@cache
def _read_plausible(name: str) -> tuple[float, float]:
    return dict(declarations())[name].metadata["plausible"]


PRIORS = (
    Prior("field.own_income_share", "a third to a half of need, beside grants and donations"),
    Prior("accounts.donation_share", "half to one and a half of the default"),
    Prior("accounts.austerity", "some saving under stress, not the larger part of services"),
    Prior("accounts.surplus_spending", "a surplus lasts four months to three years"),
    Prior(
        "grants.annual_usd_per_organization", "two thirds to one and a half of the default", narrowed=(70_000, 160_000)
    ),
    Prior("meetings.baseline_trust", "strangers are trusted less than half"),
    Prior("meetings.trust_gain", "half of the way to full trust in 6 to 70 good meetings"),
    Prior("staff.turnover_trust_loss", "between a quarter and three quarters of trust is personal"),
    Prior("memberships.review_share", "memberships are looked at every 3 to 20 months"),
    Prior("memberships.complementarity_weight", "half to twice the default"),
    Prior("memberships.trust_weight", "half to twice the default"),
    Prior("memberships.viewpoint_weight", "half to twice the default"),
    Prior("memberships.turf_weight", "half to twice the default", narrowed=(0.90, 3.60)),
    Prior("memberships.redundancy", "partners met elsewhere add little"),
    Prior("memberships.size_benefit", "half to twice the default"),
    Prior("memberships.size_cost", "half to twice the default"),
    Prior("memberships.membership_threshold", "0.3 either way"),
    Prior("memberships.choice_noise", "a third to twice the default"),
    Prior("memberships.schism_gain", "a third to twice the default"),
    Prior("memberships.disband_rate", "one coalition in 20 to 160 years ends with its goal"),
)
