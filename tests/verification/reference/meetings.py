"""`meet` (ODD 7): trust decays without contact; coalitions meet; guests come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.verification.reference import numbers, relations
from tests.verification.reference.numbers import clip

if TYPE_CHECKING:
    from tests.verification.reference.agents import Coalition, Organization
    from tests.verification.reference.model import ReferenceModel


def meet(model: ReferenceModel) -> None:
    """Let trust decay, every coalition meet in turn, guests come, and viewpoints move (ODD 7.2)."""
    settings = model.parameters.meetings
    for i in model.organizations:
        for j in model.organizations:
            if i is not j and relations.joint(model, i, j) == 0:
                i.trust[j] += settings.trust_decay * (relations.baseline(model, i, j) - i.trust[j])
    if model.month % settings.meeting_interval != 0:
        return
    moves = dict.fromkeys(model.organizations, 0.0)
    met = dict.fromkeys(model.organizations, 0)
    for c in model.active_coalitions:
        if c.size > 0:
            for i in c.members:
                for j in c.members:
                    if i is not j:
                        make_contact(model, c, i, j)
                        talk(model, c, i, j, moves)
                        met[i] += 1
            hold_meeting(model, c)
    for i in model.organizations:
        if i.is_open and i.n_memberships == 0:
            visit(model, i)
    for i in model.organizations:
        if met[i] > 0:
            i.viewpoint = clip(i.viewpoint + moves[i] / met[i], -1.0, 1.0)


def make_contact(model: ReferenceModel, c: Coalition, i: Organization, j: Organization) -> None:
    """Move the trust of i in j toward the quality of their contact (ODD 7.2 a)."""
    settings = model.parameters.meetings
    trust = i.trust[j]
    unpleasant = relations.tension(model, i, j, relations.facilitation(model, c)) * (1 - settings.conflict_avoidance)
    softened = 1 - model.parameters.grants.trust_softening * trust
    quality = clip(1 - unpleasant - relations.competition(model, i, j) * softened, 0.0, 1.0)
    rate = settings.trust_gain if quality > trust else settings.trust_loss
    i.trust[j] = trust + rate * c.activity * (quality - trust)


def talk(
    model: ReferenceModel, c: Coalition, i: Organization, j: Organization, moves: dict[Organization, float]
) -> None:
    """Dialogue moves the viewpoint of i where the difference can be bridged (ODD 7.2 a)."""
    settings = model.parameters.meetings
    difference = j.stance - i.viewpoint
    if abs(difference) <= settings.openness:
        moves[i] += settings.dialogue_rate * (1 - settings.conflict_avoidance) * c.activity * difference


def hold_meeting(model: ReferenceModel, c: Coalition) -> None:
    """Attendance, cost, depth, hollowness and MOU of one coalition, with the new trust (ODD 7.2 b)."""
    settings, memberships = model.parameters.meetings, model.parameters.memberships
    size, f = c.size, relations.facilitation(model, c)
    attendance_sum = trust_sum = tension_sum = stress_sum = 0.0
    for i in c.members:
        trust = 0.0
        for j in c.members:
            if i is not j:
                trust += i.trust[j]
                tension_sum += relations.tension(model, i, j, f)
        trust /= max(size - 1, 1)
        stress_sum += i.stress
        trust_sum += trust
        attendance_sum += clip(
            settings.attendance_base
            + settings.attendance_trust * trust
            - settings.attendance_stress * i.stress
            + settings.attendance_facilitation * f,
            0.0,
            1.0,
        )
        if not c.is_paid:
            i.cost += numbers.round_half_up(100 * settings.meeting_cost_usd * (1 + size / memberships.size_scale))
    c.activity += settings.activity_rate * (attendance_sum / size - c.activity)
    target = (
        settings.goal_breadth
        * c.activity
        * (1 - settings.avoidance_depth * settings.conflict_avoidance)
        * (trust_sum / size)
        * (1 - tension_sum / max(size * (size - 1), 1))
    )
    c.depth += settings.depth_rate * (target - c.depth)
    if not c.is_hollow and size >= 3 and c.activity < memberships.hollow_activity:
        c.is_hollow = True
        model.counts["hollowings"] += 1
        by_stress, by_distrust = settings.attendance_stress * stress_sum, settings.attendance_trust * (size - trust_sum)
        cause = "fiscal stress" if by_stress > by_distrust else "little trust"
        model.log("hollow_out", coalition=c, cause=cause, size=size)
    elif c.is_hollow and c.activity > memberships.hollow_activity + memberships.hollow_recovery:
        c.is_hollow = False
    if not c.is_formal:
        s = numbers.stream(model.seed, numbers.SIGN_MOU, model.month)
        if numbers.uniform(s, c.key, 0) < settings.mou_rate * c.depth:
            c.is_formal = True
            model.log("sign_mou", coalition=c, cause="trust", size=size)


def visit(model: ReferenceModel, i: Organization) -> None:
    """An organization without membership may be a guest of the coalition it trusts most (ODD 7.2, guests)."""
    s = numbers.stream(model.seed, numbers.MEET, model.month)
    if numbers.uniform(s, i.key, 0) >= model.parameters.meetings.peripheral_invitation:
        return
    hosts = [c for c in model.active_coalitions if c.size > 0]
    if not hosts:
        return

    def mean_trust(c: Coalition) -> float:
        total = 0.0
        for j in c.members:
            total += i.trust[j]
        return total / c.size

    host = min(hosts, key=lambda c: numbers.rank(mean_trust(c), c.key))
    for j in host.members:
        make_contact(model, host, i, j)
        make_contact(model, host, j, i)
