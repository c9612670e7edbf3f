"""Each form of fragmentation alone: one process of the month runs, one column counts, the log says why."""

from typing import NamedTuple

import numpy as np
import pytest

from sim.schema import codes
from tests.verification.effects.worlds import run


class Alone(NamedTuple):
    """A world in which one form happens alone: its column, its event, the causes it may have."""

    column: str
    event: str
    causes: set
    words: str


OFF = "mechanisms=none"
REVIEW = f"{OFF} mechanisms.review_memberships=true memberships.choice_noise=0"
LATE = "field.founding_rounds=0"  # the founding rounds before month 0 must not do the work
FORMS = {
    "exit": Alone(
        "exits", "exit", {"little benefit", "meeting cost", "viewpoint tension", "funding competition"},
        f"{REVIEW} {LATE} memberships.membership_threshold=3 memberships.founding_effort=5",
    ),
    "break-away": Alone(
        "breakaways", "break_away",
        {"complementary services", "trust", "viewpoint tension", "funding competition", "meeting cost"},
        f"{OFF} mechanisms.break_away=true mechanisms.viewpoint_tension=true memberships.viewpoint_weight=3 "
        "memberships.schism_gain=0 memberships.size_benefit=0 memberships.rival_overlap=1 memberships.admission=open "
        "memberships.membership_threshold=-5 memberships.max_memberships=1",
    ),
    "rival founding": Alone(
        "rival_foundings", "rival_found", {"complementary services", "trust", "size benefit", "mandate"},
        f"{REVIEW} {LATE} memberships.membership_threshold=-5 memberships.size_cap=2 memberships.rival_overlap=0",
    ),
    "hollowing-out": Alone(
        "hollowings", "hollow_out", {"fiscal stress", "little trust"},
        f"{OFF} mechanisms.meet=true meetings.attendance_base=0",
    ),
    "dissolution": Alone(
        "dissolutions", "dissolve", {"goal met or dropped"},
        f"{OFF} mechanisms.dissolve=true memberships.disband_rate=0.2",
    ),
}  # fmt: skip
COUNTED = {"exits", "breakaways", "rival_foundings", "hollowings", "dissolutions"}
KINDS = {"exit", "break_away", "rival_break_away", "rival_found", "hollow_out", "dissolve", "close"}


@pytest.mark.shows_each("form of fragmentation")
@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_fragmentation_happens_alone_and_is_counted_in_its_own_column(form):
    """its own column and event, none of the others"""
    case = FORMS[form]
    found = run(case.words)
    total = {name: found.rows[name].sum() for name in COUNTED}
    assert total.pop(case.column) > 0
    assert set(total.values()) == {0.0}, total
    later = found.events[(found.events[:, 1] > 0) & (found.events[:, 1] < 1_000_000)]
    kinds = {codes.EVENTS[kind] for kind in np.unique(later[:, 2])}
    assert kinds & KINDS == {case.event}
    own = later[later[:, 2] == codes.EVENTS.index(case.event)]
    causes = {codes.CAUSES[cause] for cause in np.unique(own[:, 7])}
    assert causes, form
    assert causes <= case.causes, causes
    groups = np.unique(own[:, [0, 5]], axis=0) if case.event in ("break_away", "rival_found") else own
    assert len(groups) == found.rows[case.column].sum()


def test_a_hollow_coalition_keeps_its_members():
    found = run(FORMS["hollowing-out"].words)
    np.testing.assert_array_equal(found.homes, np.repeat(found.homes[:, :1], 61, axis=1))
    assert found.rows["mean_activity"][:, -1].mean() < 0.4 < found.rows["mean_activity"][:, 0].mean()


def test_exits_and_break_aways_part_groups_and_endings_leave_no_member():
    for form in ("exit", "break-away", "dissolution"):
        rows = run(FORMS[form].words).rows
        assert (rows["collaboration_share"][:, -1] <= rows["collaboration_share"][:, 0]).all(), form
    assert (run(FORMS["dissolution"].words).rows["unaffiliated_share"][:, -1] > 0.9).all()


def test_a_break_away_beside_a_coalition_of_its_purpose_is_a_rival_too():
    """The same groups part; where every purpose is a rival, their event is the other one and a second column counts."""
    words = FORMS["break-away"].words
    apart, rivals = run(words), run(f"{words} memberships.rival_overlap=0")
    np.testing.assert_array_equal(apart.homes, rivals.homes)
    later = apart.events[:, 1] < 1_000_000  # founding rounds have rivals of their own
    np.testing.assert_array_equal(np.delete(apart.events, 2, axis=1), np.delete(rivals.events, 2, axis=1))
    changed = (apart.events[:, 2] != rivals.events[:, 2]) & later
    assert set(apart.events[changed, 2]) == {codes.BREAK_AWAY}
    assert set(rivals.events[changed, 2]) == {codes.RIVAL_BREAK_AWAY}
    assert rivals.rows["rival_foundings"].sum() == len(np.unique(rivals.events[changed][:, [0, 5]], axis=0))
    assert apart.rows["rival_foundings"].sum() == 0
    np.testing.assert_array_equal(apart.rows["breakaways"], rivals.rows["breakaways"])


def test_only_those_who_part_lose_trust_in_a_break_away():
    rows = run(FORMS["break-away"].words).rows
    split = rows["breakaways"].sum(axis=1) > 0
    fell = rows["mean_trust"][:, -1] < rows["mean_trust"][:, 0]
    assert split.any()
    np.testing.assert_array_equal(split, fell)
