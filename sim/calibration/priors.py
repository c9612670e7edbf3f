"""What is calibrated, declared once: assumed numbers that move a target, each with the range taken for plausible.

Which ones: those that a screening of fifty showed to move a target (docs/decisions/0012-calibration.md). Every range
is assumed, even over the range, and holds the default. `memberships.strain` is not among them: no target speaks of it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Prior:
    """An even prior over [low, high] of one declared parameter."""

    name: str
    low: float
    high: float
    reason: str


PRIORS = (
    Prior("field.own_income_share", 0.32, 0.52, "a third to a half of need, beside grants and donations"),
    Prior("accounts.donation_share", 0.15, 0.45, "half to one and a half of the default"),
    Prior("accounts.austerity", 0.15, 0.60, "some saving under stress, not the larger part of services"),
    Prior("accounts.surplus_spending", 0.03, 0.25, "a surplus lasts four months to three years"),
    Prior("grants.annual_usd_per_organization", 70_000, 160_000, "two thirds to one and a half of the default"),
    Prior("meetings.baseline_trust", 0.10, 0.40, "strangers are trusted less than half"),
    Prior("meetings.trust_gain", 0.01, 0.12, "half of the way to full trust in 6 to 70 good meetings"),
    Prior("staff.turnover_trust_loss", 0.25, 0.75, "between a quarter and three quarters of trust is personal"),
    Prior("memberships.review_share", 0.05, 0.30, "memberships are looked at every 3 to 20 months"),
    Prior("memberships.complementarity_weight", 0.30, 1.20, "half to twice the default"),
    Prior("memberships.trust_weight", 0.50, 2.00, "half to twice the default"),
    Prior("memberships.viewpoint_weight", 0.45, 1.80, "half to twice the default"),
    Prior("memberships.turf_weight", 0.90, 3.60, "half to twice the default"),
    Prior("memberships.redundancy", 0.40, 1.00, "partners met elsewhere add little"),
    Prior("memberships.size_benefit", 0.15, 0.60, "half to twice the default"),
    Prior("memberships.size_cost", 0.05, 0.20, "half to twice the default"),
    Prior("memberships.membership_threshold", 0.20, 0.80, "0.3 either way"),
    Prior("memberships.choice_noise", 0.03, 0.20, "a third to twice the default"),
    Prior("memberships.schism_gain", 0.05, 0.30, "a third to twice the default"),
    Prior("memberships.disband_rate", 0.0005, 0.004, "one coalition in 20 to 160 years ends with its goal"),
)
