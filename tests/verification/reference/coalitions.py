"""How coalitions open, change members and end (ODD 5, "Opening a coalition")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.verification.reference import numbers
from tests.verification.reference.agents import Coalition

if TYPE_CHECKING:
    from tests.verification.reference.agents import Organization
    from tests.verification.reference.model import ReferenceModel


def has_free_slot(model: ReferenceModel) -> bool:
    """Return whether a coalition slot is free (ODD 2)."""
    return None in model.coalitions


def open_coalition(
    model: ReferenceModel, founders: list[Organization], convener: Organization, origin: int, month: int
) -> Coalition:
    """Open a coalition in the first free slot; `origin` is 1 for a break-away, `month` that of the keys (ODD 4, 5)."""
    members = sorted(founders, key=lambda i: i.slot)
    s = numbers.stream(model.seed, numbers.NAME_COALITION, month)
    c = Coalition(model, model.n_founded, numbers.philox(s, convener.key, origin)[0], members)
    c.convener = convener
    for population in model.parameters.field.populations:
        total = 0.0
        for member in members:
            total += member.mix[population]
        c.purpose[population] = total / len(members)
    model.coalitions[model.coalitions.index(None)] = c
    model.n_founded += 1
    model.newest_coalition = c
    return c


def is_rival(model: ReferenceModel, c: Coalition) -> bool:
    """Return whether its purpose is close to that of another coalition of three or more (ODD 7.10)."""
    for other in model.active_coalitions:
        if other is c or other.size < 3:
            continue
        total = 0.0
        for population, share in c.purpose.items():
            total += min(share, other.purpose[population])
        if total >= model.parameters.memberships.rival_overlap:
            return True
    return False


def log_founding(model: ReferenceModel, c: Coalition, kind: str, cause: str, month: int | None = None) -> None:
    """Log a founding, one line a founder, with the size of the new coalition."""
    for member in c.members:
        model.log(kind, organization=member, coalition=c, cause=cause, size=c.size, month=month)


def add_member(c: Coalition, i: Organization) -> None:
    """Let an organization in; members stay in the order of slots."""
    c.members.append(i)
    c.members.sort(key=lambda member: member.slot)


def remove_member(c: Coalition, i: Organization) -> None:
    """Let an organization go; where it convened, the member of largest record does so from now on, unpaid (ODD 5)."""
    c.members.remove(i)
    if c.convener is i:
        c.convener = min(c.members, key=lambda member: numbers.rank(member.record, member.lot), default=None)
        c.convener_months = 0


def end_coalition(model: ReferenceModel, c: Coalition) -> None:
    """End a coalition: its slot is free again."""
    c.members = []
    model.coalitions[model.coalitions.index(c)] = None
    c.remove()
