"""Patterns about what is said and done in public: rivals founded, conditions answered, silence kept."""

from __future__ import annotations

import math

import numpy as np

from sim.engine.snapshots import visit_months
from sim.schema import codes
from validation.claims import Claim, Pattern
from validation.kernels import relate
from validation.measures import average, average_months, compute_entropy
from validation.settings import Setting

RIVALS = (codes.RIVAL_FOUND, codes.RIVAL_BREAK_AWAY)


def measure_proliferation(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Rival foundings, and how many would say yes to each other in the months they occur."""
    inputs = setting.prepare(setting.build("regime=mixed"))
    threshold = inputs.parameters.memberships.admission_threshold
    found = setting.run(inputs.parameters, seeds, keep_events=True)
    willing, always = [], []
    for at, seed in enumerate(seeds):
        own = found.events[(found.events[:, 0] == at) & np.isin(found.events[:, 2], RIVALS)]
        rival = set(own[(own[:, 1] > 0) & (own[:, 1] <= inputs.parameters.months), 1].tolist())
        for month, world in visit_months(inputs, seed, rival | {60, 120}):
            share = _share_willing(inputs, world.organizations.is_open, threshold)
            if month in rival:
                willing.append(share)
            if month in (60, 120):
                always.append(share)
    yearly = 12.0 * found.rows["rival_foundings"][:, 1:].sum(axis=1) / inputs.parameters.months
    return {"rivals": average(yearly), "willing": average(willing), "always": average(always)}


def _share_willing(inputs, is_open: np.ndarray, threshold: float) -> float:
    """Return the share of ordered pairs of open organizations in which one would say yes to the other."""
    yes = relate(inputs).affinity >= threshold
    pairs = is_open[:, None] & is_open[None, :] & ~np.eye(len(is_open), dtype=bool)
    return average(yes[pairs])


ANSWERS = ("complied", "phased_out", "declined", "stayed_ambiguous")


def measure_responses(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Entropy of the four answers to conditional money, clear and vague, both directions of the condition."""

    def find_mix(ambiguity: float) -> float:
        found = []
        for regime in ("viewpoint_conditional", "viewpoint_conditional_mirrored"):
            words = f"regime={regime} regime.programmes.conditional.ambiguity={ambiguity}"
            rows = setting.run(setting.build(words), seeds).rows
            found += [compute_entropy([run[name][1:].sum() for name in ANSWERS]) for run in rows]
        return average(found)

    clear, middle, vague = (find_mix(ambiguity) for ambiguity in (0.0, 0.3, 0.6))
    return {"mix": 2.0**middle, "vague": vague - clear, "clear": clear, "middle": middle}


def measure_silence(setting: Setting, seeds: list[int]) -> dict[str, float]:
    """Public silence less private neutrality, without conditions and under conditional money of either direction."""

    def find_gap(regime: str) -> float:
        rows = setting.run(setting.build(f"regime={regime}"), seeds).rows
        gap = average_months(rows, "public_silence", 61, 120) - average_months(rows, "private_neutrality", 61, 120)
        return average(gap)

    free = find_gap("unrestricted")
    bound = average([find_gap(name) for name in ("viewpoint_conditional", "viewpoint_conditional_mirrored")])
    return {"silence": free, "leverage": bound - free if math.isfinite(free) else math.nan, "bound": bound}


PATTERNS = (
    Pattern(
        14,
        "Rival coalitions get founded while stated willingness to collaborate stays high",
        "Foot 2015",
        "C",
        "Mixed money: rival foundings a year and field; in the months they occur, ordered pairs in which one would "
        "say yes to the other by the model's own rule of admission (`admission_threshold`).",
        (
            Claim("rivals", "A field sees more than one rival founding in ten years", "foundings/year", 0.1),
            Claim(
                "willing",
                "When a rival is founded, most organizations would say yes to most others",
                "share",
                0.5,
            ),
            Claim("always", "The same in months 60 and 120", "share", is_beside=True),
        ),
        measure_proliferation,
    ),
    Pattern(
        18,
        "Conditional money is met by a mix of responses, more mixed when vague",
        "Ditmore & Allman 2013",
        "B",
        "Money on condition of a viewpoint, both directions: answers of a run (comply, phase out, decline, stay "
        "ambiguous), with ambiguity 0, 0.3 and 0.6; entropy in bits.",
        (
            Claim("vague", "Answers to conditional money are more mixed where the rule is vague", "bits"),
            Claim(
                "mix",
                "At middling vagueness answers are as mixed as two or more equally common ones",
                "answers",
                2.0,
            ),
            Claim("clear", "Entropy where the rule is clear", "bits", is_beside=True),
            Claim("middle", "Entropy at middling vagueness", "bits", is_beside=True),
        ),
        measure_responses,
    ),
    Pattern(
        19,
        "Public silence exceeds private neutrality, more so under funder leverage",
        "Kenway & Quirk 2021; Caradonna 2021",
        "C",
        "Share of open organizations with |stance| below 0.2 less that with |viewpoint| below 0.2, months 61-120: "
        "unrestricted money; and conditional money (mean of both directions) less unrestricted, same seeds.",
        (
            Claim("silence", "More organizations take no public position than hold none", "share"),
            Claim("leverage", "Money on condition of a viewpoint widens that gap", "share"),
            Claim("bound", "The gap under conditional money", "share", is_beside=True),
        ),
        measure_silence,
    ),
)
