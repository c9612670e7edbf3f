"""Each regime by its own signature: who may apply, who is paid how much and how long, and what it asks."""

import numpy as np
import pytest

from sim.schema import codes
from sim.schema.parameters import Parameters
from tests.verification.effects.worlds import ROOT, Steps, build, run

REGIMES = sorted(path.stem for path in (ROOT / "configs" / "regime").glob("*.yaml"))


def pick(found, kind):
    return found.events[found.events[:, 2] == codes.EVENTS.index(kind)]


def award_first_round(words, seed=1):
    """Return the world after the awards of month 1 and, by winner, the cents committed and the months they run."""
    steps = Steps(words, seed=seed)
    steps.begin_month("award_grants")
    steps.run_process()
    return steps, steps.world.organizations.award_cents.copy(), steps.world.organizations.award_months.copy()


def share_by_coalition(regime, seed):
    """Return for each winning coalition (cents of its lead, cents of each partner)."""
    words = f"regime={regime} memberships.max_memberships=1 field.n_organizations=18"
    steps, cents, _ = award_first_round(words, seed)
    coalitions = steps.world.coalitions
    for c in np.flatnonzero(coalitions.is_active):
        paid = {int(i): int(cents[i].sum()) for i in np.flatnonzero(coalitions.member[c]) if cents[i].sum() > 0}
        if paid:
            lead = paid.pop(int(coalitions.convener[c]))
            yield steps, c, lead, list(paid.values())


@pytest.mark.parametrize("regime", [name for name in REGIMES if name != "none"])
def test_every_regime_gives_out_the_same_money_in_a_year(regime):
    steps = Steps(f"regime={regime}")
    lines = steps.world.programmes
    year = (lines.pot_cents * 12 / lines.interval).sum()
    assert abs(year - 100 * Parameters().grants.annual_usd_per_organization * 12) <= len(lines.term)


@pytest.mark.shows("regime", "none")
def test_without_grants_nobody_applies_and_nobody_is_paid():
    """no application, no award, no answer to a condition"""
    found = run("regime=none")
    assert found.rows["requested_usd"].sum() == found.rows["awarded_usd"].sum() == 0
    assert np.isnan(found.rows["success_rate"]).all()
    assert (found.rows["mean_dependence"] == 0).all()
    assert not len(pick(found, "win"))


@pytest.mark.shows("regime", "unrestricted")
def test_unrestricted_money_is_open_to_all_and_lasts_three_years():
    """everybody is eligible; awards of 12, 24 and 36 months at the start, of 36 later"""
    steps, _, months = award_first_round("regime=unrestricted")
    assert steps.world.organizations.eligible.all()
    assert set(months[months > 0].tolist()) == {12, 24, 36}
    assert not len(pick(run("regime=unrestricted"), "decline"))


@pytest.mark.shows("regime", "competitive")
def test_competitive_money_is_won_anew_each_year_by_merit():
    """one-year awards, winners and losers in every round, records count"""
    _, _, months = award_first_round("regime=competitive")
    assert set(months[months > 0].tolist()) == {12}
    found = run("regime=competitive")
    for month in (1, 13, 25, 37, 49):
        assert (found.rows["awarded_usd"][:, month] > 0).all()
        assert (found.rows["success_rate"][:, month] < 1).all()
    assert found.get_bits() != run("regime=competitive grants.record_weight=5").get_bits()


@pytest.mark.shows("regime", "lottery")
def test_a_lottery_knows_no_merit():
    """as competitive, with winners whom no weight of a score can change"""
    plain, weighed = run("regime=lottery"), run("regime=lottery grants.record_weight=5 grants.fit_weight=0")
    assert plain.get_bits() == weighed.get_bits()
    assert plain.get_bits() != run("regime=competitive").get_bits()
    assert len(pick(plain, "lose")) > 100
    assert len(np.unique(pick(plain, "win")[:, 3])) == 12


@pytest.mark.shows("regime", "formula_broad")
def test_a_formula_pays_everybody_the_same_and_a_convener_beside():
    """nobody loses, equal amounts, conveners paid for a year"""
    found = run("regime=formula_broad")
    assert np.nanmin(found.rows["success_rate"]) == 1.0
    assert not len(pick(found, "lose"))
    steps, cents, _ = award_first_round("regime=formula_broad")
    coalitions = steps.world.coalitions
    large = coalitions.is_active & (coalitions.size >= 3)
    conveners = set(coalitions.convener[large].tolist())
    assert conveners
    assert (coalitions.convener_months[large] == 12).all()
    plain = {int(cents[i, 0]) for i in range(12) if i not in conveners}
    assert len(plain) == 1
    assert min(cents[i, 0] for i in conveners) > plain.pop()


@pytest.mark.shows("regime", "hub_sub_awards")
def test_a_hub_passes_sixty_percent_on():
    """coalitions of three or more win for up to three years, partners share 60 % equally"""
    found = [one for seed in range(1, 9) for one in share_by_coalition("hub_sub_awards", seed)]
    assert len(found) >= 8
    for steps, _, lead, partners in found:
        assert len(partners) >= 2
        assert len(set(partners)) == 1
        assert abs(sum(partners) / (lead + sum(partners)) - 0.6) < 1e-6
        assert steps.world.organizations.award_months.max() <= 36


@pytest.mark.shows("regime", "paired_lead")
def test_paired_leads_are_of_two_sectors_under_an_mou():
    """justice and ngo among the winners, an MOU signed, half passed on"""
    found = [one for seed in range(1, 25) for one in share_by_coalition("paired_lead", seed)]
    assert len(found) >= 8
    sectors = build("regime=paired_lead").field.sectors
    for steps, c, lead, partners in found:
        world = steps.world
        paid = world.coalitions.member[c] & (world.organizations.award_cents.sum(axis=1) > 0)
        assert {"justice", "ngo"} <= {sectors[s] for s in world.organizations.sector[paid]}
        assert world.coalitions.is_formal[c]
        assert abs(sum(partners) / (lead + sum(partners)) - 0.5) < 1e-6


@pytest.mark.shows("regime", "population_silo")
def test_a_silo_pays_only_who_serves_its_population():
    """three lines of one population each; winners give it the effort asked for"""
    n_won = 0
    for seed in range(1, 9):
        steps, cents, _ = award_first_round("regime=population_silo mechanisms.respond_to_conditions=false", seed)
        pays = steps.world.programmes.pays_for
        assert pays.sum(axis=1).tolist() == [1, 1, 1]
        assert len(set(pays.argmax(axis=1).tolist())) == 3
        for i, g in np.argwhere(cents > 0):
            assert steps.world.organizations.mix[i, pays[g]].sum() >= 0.4 - 1e-9
            n_won += 1
    assert n_won > 40
    assert not run("regime=unrestricted").rows["complied"].any()
    assert run("regime=population_silo").rows["complied"].any()


def test_nobody_wins_on_a_line_it_has_just_adapted_away_from():
    n_unfit, n_won = 0, 0
    for seed in range(1, 9):
        steps, cents, _ = award_first_round("regime=population_silo", seed)
        pays, mix = steps.world.programmes.pays_for, steps.world.organizations.mix
        for i, g in np.argwhere(cents > 0):
            n_unfit += mix[i, pays[g]].sum() < 0.4 - 1e-9
            n_won += 1
    assert n_unfit == 0, f"{n_unfit} of {n_won} awards went to organizations that do not fit the line"


@pytest.mark.shows("regime", "viewpoint_conditional", "viewpoint_conditional_mirrored")
def test_conditional_money_goes_to_its_own_side_of_the_axis():
    """winners' stance lies on the side named, or they stayed ambiguous; the excluded may not be partners"""
    for regime, side in (("viewpoint_conditional", 1), ("viewpoint_conditional_mirrored", -1)):
        fits, n_ambiguous = 0, 0
        for seed in range(1, 9):
            steps, cents, _ = award_first_round(f"regime={regime} field.stance_caution=0", seed)
            organizations = steps.world.organizations
            for i in np.flatnonzero(cents[:, 0] > 0):
                is_ambiguous = organizations.response[i, 0] == codes.ANSWER_AMBIGUOUS
                assert is_ambiguous or side * organizations.stance[i] >= -1e-9
                fits += not is_ambiguous
                n_ambiguous += is_ambiguous
            assert steps.world.programmes.is_exclusive.all()
        assert fits > 20 > n_ambiguous


def test_the_two_conditional_regimes_mirror_each_other():
    """With the viewpoints mirrored too, the whole run is the same."""
    ends = {}
    for regime, balance in (("viewpoint_conditional", 1), ("viewpoint_conditional_mirrored", 0)):
        words = f"regime={regime} field.viewpoint_balance={balance} field.viewpoint_sd=0"
        ends[regime] = run(words).rows
    for name in ("collaboration_share", "awarded_usd", "complied", "exits"):
        np.testing.assert_allclose(*(rows[name] for rows in ends.values()), err_msg=name)


@pytest.mark.shows("regime", "collaboration_required")
@pytest.mark.shows("parameter", "regime.programmes.<line>.min_partners")
def test_where_collaboration_is_required_only_coalitions_of_three_win():
    """every award is joint; where there is no coalition there is no money"""
    won = pick(run("regime=collaboration_required"), "win")
    assert len(won) > 100
    assert won[:, 8].min() >= 3
    alone = "field.n_initial_coalitions=0 field.founding_rounds=0 mechanisms.review_memberships=false"
    assert run(f"regime=collaboration_required {alone}").rows["awarded_usd"].sum() == 0
    assert run(f"regime=competitive {alone}").rows["awarded_usd"].sum() > 0


@pytest.mark.shows("regime", "mixed")
def test_the_mixed_regime_pays_on_four_lines():
    """winners on each of four lines, alone and together"""
    won = pick(run("regime=mixed"), "win")
    names = sorted(build("regime=mixed").regime.programmes)
    assert names == ["formula", "joint", "minors", "operating"]
    sizes = {name: won[won[:, 6] == g, 8] for g, name in enumerate(names)}
    assert min(map(len, sizes.values())) > 20
    assert sizes["joint"].min() >= 3
    assert (sizes["operating"] == 1).all()
    assert (sizes["minors"] == 1).all()


def test_no_two_regimes_are_the_same_run():
    bits = {run(f"regime={regime}", 4).get_bits() for regime in REGIMES}
    assert len(bits) == len(REGIMES)
