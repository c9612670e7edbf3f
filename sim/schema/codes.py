"""The codes of events, causes, answers to conditions and entries of the books; each is its place in a list."""

from __future__ import annotations

EVENT_FIELDS = ("month", "kind", "organization", "generation", "coalition", "line", "cause", "size")
EVENTS = (
    "join",
    "exit",
    "break_away",
    "found",
    "rival_found",
    "dissolve",
    "hollow_out",
    "sign_mou",
    "win",
    "lose",
    "comply",
    "phase_out",
    "decline",
    "stay_ambiguous",
    "close",
    "open",
    "shock",
    "rival_break_away",
)
(
    JOIN,
    EXIT,
    BREAK_AWAY,
    FOUND,
    RIVAL_FOUND,
    DISSOLVE,
    HOLLOW_OUT,
    SIGN_MOU,
    WIN,
    LOSE,
    COMPLY,
    PHASE_OUT,
    DECLINE,
    STAY_AMBIGUOUS,
    CLOSE,
    OPEN,
    SHOCK,
    RIVAL_BREAK_AWAY,
) = range(len(EVENTS))

# The first nine are the terms of the membership utility, in the order of `relations.compute_utility`.
CAUSES = (
    "complementary services",
    "trust",
    "viewpoint tension",
    "funding competition",
    "funding restriction",
    "size benefit",
    "joint money",
    "meeting cost",
    "little benefit",
    "chance",
    "too few members",
    "inactivity",
    "goal met or dropped",
    "money",
    "condition",
    "present at the start",
    "mandate",
    "fiscal stress",
    "little trust",
)
(
    COMPLEMENTARITY,
    TRUST,
    TENSION,
    COMPETITION,
    RESTRICTION,
    SIZE,
    JOINT_MONEY,
    COST,
    THRESHOLD,
    CHANCE,
    TOO_FEW,
    INACTIVITY,
    GOAL_MET,
    MONEY,
    CONDITION,
    AT_START,
    MANDATE,
    FISCAL_STRESS,
    LITTLE_TRUST,
) = range(len(CAUSES))

RESPONSES = ("none", "comply", "phase_out", "decline", "stay_ambiguous")
NO_ANSWER, ANSWER_COMPLY, ANSWER_PHASE_OUT, ANSWER_DECLINE, ANSWER_AMBIGUOUS = range(len(RESPONSES))

# The books: reserves at any month = ENDOWED + OWN + DONATED + PAID - SPENT - WRITTEN_OFF, to the cent;
# and COMMITTED = PAID + RETURNED + awards still to be paid.
LEDGER = ("endowed", "own", "donated", "paid", "spent", "written_off", "committed", "returned", "budgeted", "unspent")
ENDOWED, OWN, DONATED, PAID, SPENT, WRITTEN_OFF, COMMITTED, RETURNED, BUDGETED, UNSPENT = range(len(LEDGER))
