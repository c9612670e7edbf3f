"""`respond_to_conditions` (ODD 7): organizations answer the conditions of money they cannot get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.schema.codes import RESPONSES
from tests.verification.reference import numbers, relations
from tests.verification.reference.numbers import clip

if TYPE_CHECKING:
    from tests.verification.reference.agents import Organization, Programme
    from tests.verification.reference.model import ReferenceModel

COMPLY, PHASE_OUT, DECLINE, STAY_AMBIGUOUS = range(1, 5)
COUNTED = {COMPLY: "complied", PHASE_OUT: "phased_out", DECLINE: "declined", STAY_AMBIGUOUS: "stayed_ambiguous"}


def respond_to_conditions(model: ReferenceModel) -> None:
    """Let each organization that is not eligible answer each line that decides (ODD 7.6)."""
    for g in model.programmes:
        if not g.decides(model.month):
            continue
        for i in model.organizations:
            if i.is_open and not i.eligible[g] and i.award_months[g] == 0:
                answer = choose_answer(model, i, g)
                carry_out(model, i, g, answer)
                i.response[g] = answer
                model.counts[COUNTED[answer]] += 1
                model.log(RESPONSES[answer], organization=i, line=g, cause="condition", size=answer)
                for line in model.programmes:
                    i.eligible[line] = relations.is_eligible(model, i, line)


def choose_answer(model: ReferenceModel, i: Organization, g: Programme) -> int:
    """Weigh expected money against identity cost (ODD 7.6, the four answers)."""
    settings = model.parameters.conditions
    pressure = relations.pressure(model, i)
    money = settings.money_appeal * min(g.award / 12 / max(i.need, 1), 1.0) * (0.5 + 0.5 * pressure)
    mission_gap = max(model.parameters.grants.eligibility_threshold - relations.fit(i, g), 0.0)
    cost = settings.identity_cost * (relations.gap(i.viewpoint, g) + mission_gap)
    h = settings.phase_out_step
    worth = {COMPLY: money - cost, PHASE_OUT: h * money - h * h * cost, DECLINE: 0.0}
    if relations.gap(i.stance, g) > 1e-9 and mission_gap == 0:
        worth[STAY_AMBIGUOUS] = money * g.ambiguity - settings.ambiguity_penalty * (1 - g.ambiguity)
    s = numbers.stream(model.seed, numbers.RESPOND, model.month)
    best, best_worth = 0, 0.0
    for answer, value in worth.items():
        value += settings.response_noise * numbers.gumbel(s, i.key, (g.key + answer) % numbers.WORD)
        if best == 0 or value > best_worth:
            best, best_worth = answer, value
    return best


def carry_out(model: ReferenceModel, i: Organization, g: Programme, answer: int) -> None:
    """Move stance and mix as the answer says (ODD 7.6, last paragraph)."""
    settings = model.parameters.conditions
    if answer == STAY_AMBIGUOUS:
        i.stance *= settings.ambiguous_stance
        i.is_silent = True
    elif answer in (COMPLY, PHASE_OUT):
        part = 1.0 if answer == COMPLY else settings.phase_out_step
        target = clip(i.stance, g.low, g.high)
        i.stance = target if part == 1.0 else i.stance + part * (target - i.stance)
        shift_mix(model, i, g, part)
        if answer == COMPLY and (g.low > -1 or g.high < 1):
            i.is_silent = False


def shift_mix(model: ReferenceModel, i: Organization, g: Programme, part: float) -> None:
    """Shift effort toward the populations a line pays for, just enough to fit where part is 1 (ODD 7.6)."""
    threshold, fit = model.parameters.grants.eligibility_threshold, relations.fit(i, g)
    if fit >= threshold or fit >= 1:
        return
    shift = part * (threshold - fit) / (1 - fit)
    n_paid = sum(g.pays_for.values())
    for population in i.mix:
        wanted = 0.0
        if g.pays_for[population]:
            wanted = i.mix[population] / fit if fit > 0 else 1 / n_paid
        i.mix[population] += shift * (wanted - i.mix[population])
