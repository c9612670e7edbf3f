"""Awards: lotteries are fair, contests are Plackett-Luce, winning feeds on winning by a chain of known chances."""

import itertools

import numpy as np
import pytest

from sim.schema import codes

from .limits import EXACT, SEED, Limit, assert_share, assert_shares, logistic, make_parameters, softmax

GIVEN = {"sector": 0, "mix": [0.5, 0.5], "viewpoint": 0.0, "stance": 0.0, "need_usd": 10_000.0, "reserve_months": 4.0}
ONCE = ("award_grants", "award_grants")
MONTHLY = {"round_interval_months": 1, "term_months": 1, "award_usd_per_year": 120_000.0}


def make_field(n, n_awards, months=1, on=(), allocation="competitive", line=None, **groups):
    """n organizations and one line that gives `n_awards` awards of 10 000 USD a month and round."""
    money = {"annual_usd_per_organization": 120_000.0 * n_awards / n, "record_weight": 0.0, "partnership_weight": 0.0}
    groups = groups | {"grants": money | groups.get("grants", {})}
    lines = {"only": MONTHLY | {"allocation": allocation} | (line or {})}
    field = {"n_organizations": n}
    return make_parameters(lines, months, ("award_grants", *on), field=field, **groups)


def find_wins(limit, n_seeds, processes=ONCE):
    """Return (seeds, months + 1, n) bool: who won when."""
    chunks = limit.simulate_in_chunks(n_seeds, processes, keep_events=True)
    return np.concatenate([mark_wins(limit, events, counts) for _, _, events, counts in chunks])


def mark_wins(limit, events, counts):
    n_seeds = len(events)
    written = np.arange(events.shape[1])[None, :] < counts[:, None]
    run, at = np.nonzero(written & (events[:, :, 1] == codes.WIN))
    won = np.zeros((n_seeds, limit.parameters.months + 1, limit.n_organizations), bool)
    won[run, events[run, at, 0], events[run, at, 2]] = True
    return won


# --- one round ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("allocation", ["lottery", "competitive"])
def test_r_of_n_equal_applicants_win_with_r_over_n_and_each_pair_alike(allocation):
    """P(i wins) = R / n and P(i and j win) = R (R - 1) / (n (n - 1)): each set of winners is equally likely.

    In the lottery the applicants' merit is unequal, which must not matter.
    """
    n, n_awards = 5, 2
    mix = np.column_stack([np.linspace(0.5, 1.0, n), np.linspace(0.5, 0.0, n)])
    line = {"eligible_populations": ["population_0"]} if allocation == "lottery" else {}
    limit = Limit(make_field(n, n_awards, allocation=allocation, line=line), max_events=8, **(GIVEN | {"mix": mix}))
    n_seeds = 190_000 if allocation == "lottery" else 60_000
    won = find_wins(limit, n_seeds)[:, 1]
    assert (won.sum(1) == n_awards).all()
    sets = [int((won[:, i] & won[:, j]).sum()) for i, j in itertools.combinations(range(n), 2)]
    assert_shares(sets, [0.1] * 10, sees=0.005 if allocation == "lottery" else 0.009)


@pytest.mark.parametrize("luck", [0.35, 1.5])
def test_a_contest_of_unequal_merit_is_plackett_luce(luck):
    """Gumbel luck: P(first = i) = softmax(merit / luck)_i, and the second is drawn from the rest the same way.

    P({i, j} win) = p_i p_j / (1 - p_i) + p_j p_i / (1 - p_j). Merit is fit alone: shares of effort paid for.
    """
    fits = np.array([0.45, 0.6, 0.8, 1.0])
    known = GIVEN | {"mix": np.column_stack([fits, 1 - fits])}
    line, share = {"eligible_populations": ["population_0"]}, softmax(fits / luck)
    limit = Limit(make_field(4, 1, line=line, grants={"luck": luck}), max_events=8, **known)
    assert_shares(
        find_wins(limit, 400_000 if luck < 1 else 60_000)[:, 1].sum(0), share, sees=0.0058 if luck < 1 else 0.014
    )
    limit = Limit(make_field(4, 2, line=line, grants={"luck": luck}), max_events=8, **known)
    won = find_wins(limit, 60_000)[:, 1]
    pairs = list(itertools.combinations(range(4), 2))
    expected = [share[i] * share[j] * (1 / (1 - share[i]) + 1 / (1 - share[j])) for i, j in pairs]
    assert_shares([(won[:, i] & won[:, j]).sum() for i, j in pairs], expected, sees=0.015)


@pytest.mark.parametrize(("allocation", "edge"), [("competitive", 1.0), ("lottery", 0.0)])
def test_of_two_coalitions_the_better_wins_with_the_chance_of_a_logit(allocation, edge):
    """P = logistic(edge · difference in merit / luck): mean fit, and half of mean trust, of the whole coalition."""
    line = {"applicant": "coalition", "sub_award_share": 0.5, "eligible_populations": ["population_0"]}
    grants = {"partnership_weight": 0.5, "luck": 0.4, "application_threshold": 0.0}
    fits = np.array([0.5, 0.7, 0.9, 0.8, 0.6])
    trust = np.full((5, 5), 0.3)
    trust[:2, :2] = 0.9
    member = np.array([[True, True, False, False, False], [False, False, True, True, True]])
    known = GIVEN | {"mix": np.column_stack([fits, 1 - fits]), "trust": trust, "member": member}
    limit = Limit(make_field(5, 1, allocation=allocation, line=line, grants=grants), max_events=24, **known)
    won = find_wins(limit, 60_000)[:, 1]
    assert (won[:, 0] == won[:, 1]).all(), "partners share the award"
    merit = (fits[:2].mean() + 0.5 * 0.9) - (fits[2:].mean() + 0.5 * 0.3)
    assert_share(int(won[:, 0].sum()), 60_000, logistic(edge * merit / 0.4), sees=0.015)


def test_a_line_that_rejects_is_decided_anew_each_round():
    """One award a month among three equals: P(the same wins twice running) = 1/3, three times running 1/9.

    A draw without the month in its key would let the same win for ever.
    """
    limit = Limit(make_field(3, 1, 3, ("settle_accounts",), "lottery"), max_events=24, **GIVEN)
    won = find_wins(limit, 60_000, ("award_grants", "settle_accounts"))[:, 1:]
    assert (won.sum(2) == 1).all()
    winner = won.argmax(2)
    again = winner[:, 1:] == winner[:, :-1]
    assert_share(int(again[:, 0].sum()), 60_000, 1 / 3, sees=0.0145)
    assert_share(int(again.all(1).sum()), 60_000, 1 / 9, sees=0.01)


# --- rounds that feed on each other ---------------------------------------------------------------------------------


def enumerate_wins(rounds, weight, luck, memory):
    """P(organization 0 wins k of `rounds`), over all 2^rounds histories of two records."""
    chances = np.zeros(rounds + 1)
    for history in itertools.product((0, 1), repeat=rounds):
        record, chance = [0.0, 0.0], 1.0
        for winner in history:
            other = 1 - winner
            chance *= logistic(weight * (record[winner] - record[other]) / luck)
            record[winner] += 0.5 * (1 - record[winner])
            record = [memory * one for one in record]
        chances[rounds - sum(history)] += chance
    return chances


@pytest.mark.parametrize(("weight", "memory"), [(0.6, 0.98), (1.5, 0.7), (0.0, 0.98)])
def test_reputation_makes_winners_win_again_as_the_enumerated_chain_of_records_says(weight, memory):
    """Two organizations, one award a month, eight months: 256 histories, each a product of logits of the records.

    A win moves the record half of the way to 1, each month it fades by `record_memory`. Without weight on the record
    the wins are binomial; with it the urn is richer in the extremes.
    """
    rounds = 8
    grants = {"record_weight": weight, "record_memory": memory, "luck": 0.35}
    p = make_field(2, 1, rounds, ("settle_accounts",), grants=grants, accounts={"closure_rate": 0.0})
    wins = find_wins(Limit(p, max_events=24, **GIVEN), 40_000, ("award_grants", "settle_accounts"))[:, :, 0].sum(1)
    expected = enumerate_wins(rounds, weight, 0.35, memory)
    assert abs(expected - expected[::-1]).max() < 1e-12
    assert_shares(np.bincount(wins, minlength=rounds + 1), expected, sees=0.018)


def test_rivals_lose_trust_at_a_rate_that_does_not_depend_on_who_wins():
    """Each round one of the two loses: T ·= 1 - rival_trust_loss · overlap · scarcity, scarcity 1/2, without softening.

    So T_01 · T_10 = T(0)² · (that)^rounds, whoever won, and T_01 = T(0) · (that)^(losses of 0).
    """
    p = make_field(2, 1, 12, ("settle_accounts",), grants={"trust_softening": 0.0, "luck": 0.35})
    limit = Limit(p, max_events=40, **(GIVEN | {"trust": 0.8, "mix": [[0.5, 0.5], [0.7, 0.3]]})).start()
    factor = 1 - 0.3 * 0.8 * 0.5
    for month in range(1, 13):
        limit.step(month, "award_grants", "settle_accounts")
    trust, log = limit.world.dyads.trust, limit.world.log
    lost = sum(row[1] == codes.LOSE and row[2] == 0 for row in log.rows[: log.n_rows[0]])
    assert 0 < lost < 12
    assert trust[0, 1] * trust[1, 0] == pytest.approx(0.8**2 * factor**12, abs=EXACT)
    assert trust[0, 1] == pytest.approx(0.8 * factor**lost, abs=EXACT)


def test_records_and_losses_fade_geometrically():
    """Without new awards: record(t) = record(0) · record_memory^t, recent_loss(t) = recent_loss(0) · loss_memory^t."""
    p = make_parameters(on=("settle_accounts",), field={"n_organizations": 3}, accounts={"closure_rate": 0.0})
    limit = Limit(p, **GIVEN).start()
    organizations = limit.world.organizations
    organizations.record[:], organizations.recent_loss[:] = [0.2, 0.5, 1.0], [1.0, 0.4, 0.1]
    for month in range(1, 31):
        limit.step(month, "settle_accounts")
    np.testing.assert_allclose(organizations.record, np.array([0.2, 0.5, 1.0]) * 0.98**30, rtol=0, atol=EXACT)
    np.testing.assert_allclose(organizations.recent_loss, np.array([1.0, 0.4, 0.1]) * 0.93**30, rtol=0, atol=EXACT)


@pytest.mark.parametrize(("interval", "term"), [(12, 36), (6, 24), (12, 12), (24, 12), (1, 5)])
def test_a_running_line_starts_in_its_steady_state(interval, term):
    """With one winner a cohort the same number of awards runs after every round: term // interval, at least one.

    Cohorts of month 1 end one interval apart, so each later round replaces exactly the one that ended. Where awards are
    shorter than the time between rounds, one runs right after each round.
    """
    months, running = 4 * max(interval, term), max(term // interval, 1)
    line = {"round_interval_months": interval, "term_months": term, "award_usd_per_year": 120_000.0}
    p = make_parameters(
        {"only": line},
        months,
        ("award_grants", "settle_accounts"),
        field={"n_organizations": 40},
        grants={"annual_usd_per_organization": 120_000.0 / 40 * term / interval},
        accounts={"closure_rate": 0.0},
    )
    limit = Limit(p, max_events=0, **GIVEN).start(SEED)
    for month in range(1, months + 1):
        limit.step(month, "award_grants")
        if (month - 1) % interval == 0:
            held = int((limit.world.organizations.award_months > 0).sum())
            assert held == running, f"month {month}: {held} awards run, {running} expected"
        limit.step(month, "settle_accounts")
