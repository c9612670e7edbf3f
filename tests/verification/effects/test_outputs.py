"""Every column: it varies, and equals a second computation with pandas or networkx from the state or the events."""

from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from sim.engine.batch import simulate
from sim.model.model import CoalitionModel
from sim.schema import codes, columns
from tests.verification.effects.worlds import SMALL, Steps, build, run

WORLDS = (
    "regime=mixed meetings.mou_rate=0.2",
    "regime=viewpoint_conditional field.viewpoint_middle_share=0.2 field.viewpoint_spread=0.8",
    "regime=population_silo accounts.closure_rate=0.4 accounts.closure_grace_months=2 field.own_income_share=0.25",
    "regime=hub_sub_awards memberships.hollow_activity=0.6 memberships.inactive_activity=0.5",
    "regime=none memberships.membership_threshold=0.9",
    "mechanisms=null_model memberships.null_leave_rate=0.6",
    "regime=competitive memberships.schism_gain=0 field.specialisation=0.95",
    "regime=collaboration_required memberships.schism_gain=0 memberships.rival_overlap=0.6 observation.far_apart=0.3 "
    "observation.middle_width=0.35 observation.tie_trust=0.4 observation.competing_level=0.15 "
    "observation.provider_share=0.25",
)


class Seen:
    """The state of one month as plain tables: open organizations, coalitions as sets, pairs that share one."""

    def __init__(self, words, seed, month):
        self.model = CoalitionModel(build(words), seed=seed)
        self.model.run(month - 1)
        self.awareness_before = self.model.world.environment.awareness[0]
        self.model.step()
        self.world, self.row = self.model.world, self.model.latest
        self.parameters, self.month = self.model.parameters, month
        steps = Steps(words, seed=seed)  # the model keeps no log
        steps.run_to(month)
        self.log = steps.get_events()
        self.organizations = [one for one in self.model.organizations if one.is_open]
        self.open = [one.row for one in self.organizations]
        self.groups = {one.row: {member.row for member in one.members} for one in self.model.coalitions}
        self.counts = nx.Graph()
        self.counts.add_nodes_from(self.open)
        for group in self.groups.values():
            for i, j in combinations(sorted(group), 2):
                weight = self.counts.get_edge_data(i, j, {"weight": 0})["weight"]
                self.counts.add_edge(i, j, weight=weight + 1)

    def take(self, name):
        """Return a variable of the open organizations."""
        return getattr(self.world.organizations, name)[self.open]

    def share_pairs(self, condition):
        """Return among the pairs for which the condition holds the share that meets in a coalition."""
        pairs = [pair for pair in combinations(self.open, 2) if condition(*pair)]
        return np.mean([self.counts.has_edge(*pair) for pair in pairs]) if pairs else np.nan

    def is_far(self, i, j):
        viewpoint = self.world.organizations.viewpoint
        return abs(viewpoint[i] - viewpoint[j]) > self.parameters.observation.far_apart

    def share_middle(self, name):
        """Return the share of positions so near the middle that they count as none."""
        return (abs(self.take(name)) < self.parameters.observation.middle_width).mean()

    def is_mixed(self, i, j):
        main = self.world.organizations.mix.argmax(axis=1)
        return main[i] != main[j]

    def compare_outside_and_inside(self, is_outside):
        edges = list(self.counts.edges)
        outside = sum(bool(is_outside(*edge)) for edge in edges)
        return (outside - (len(edges) - outside)) / len(edges) if edges else np.nan

    def average(self, variable):
        """Return the mean of a coalition's variable over seats."""
        seats = {c: len(group) for c, group in self.groups.items()}
        values = [getattr(self.world.coalitions, variable)[c] for c in seats]
        return np.average(values, weights=list(seats.values())) if sum(seats.values()) else np.nan

    def get_ties(self):
        """Return for each coalition of three or more the graph of mutual trust inside it."""
        trust, graphs = self.world.dyads.trust, []
        tie = 2 * self.parameters.observation.tie_trust
        for group in self.groups.values():
            if len(group) >= 3:
                graph = nx.Graph()
                graph.add_nodes_from(group)
                graph.add_edges_from(p for p in combinations(group, 2) if trust[p] + trust[p[::-1]] >= tie)
                graphs.append(graph)
        return graphs

    def get_homes(self):
        """Return each open organization's largest coalition (the first of equals), or itself as ("alone", i)."""
        homes = {i: ("alone", i) for i in self.open}
        for c in sorted(self.groups, key=lambda c: (len(self.groups[c]), -c)):
            homes |= dict.fromkeys(self.groups[c], ("in", c))
        return pd.Series(homes)

    def measure_centralisation(self, graph):
        degrees = [degree for _, degree in graph.degree]
        n = len(degrees)
        return sum(max(degrees) - degree for degree in degrees) / ((n - 1) * (n - 2))

    def compete(self, i, j):
        """Return the larger of the competitions that i and j feel."""
        lines, organizations, numbers = self.world.programmes, self.world.organizations, self.parameters
        rival = (lines.allocation != 2) & ~lines.is_joint & organizations.eligible[i] & organizations.eligible[j]
        base = numbers.memberships.base_rivalry
        rivalry = base + (1 - base) * min(lines.money_share[rival].sum(), 1)
        pressure = organizations.stress + numbers.memberships.loss_pressure * organizations.recent_loss
        return self.world.dyads.overlap[i, j] * rivalry * min(max(pressure[i], pressure[j]), 1)

    def list_seats(self):
        """Return (coalition's number, organization, generation) of every seat."""
        number, generation = self.world.coalitions.number, self.world.organizations.generation
        return [(number[c], i, generation[i]) for c, group in self.groups.items() for i in group]

    def find_last_month(self, kinds, field):
        """Return for each coalition or organization (`field`) the month of its last event of these kinds."""
        log = pd.DataFrame(self.log, columns=codes.EVENT_FIELDS)
        log = log[log["kind"].isin([codes.EVENTS.index(kind) for kind in kinds])]
        return log["month"].where(log["month"] < 1_000_000, 0).groupby(log[field]).last()

    def get_payments(self):
        cents, months = self.take("award_cents"), self.take("award_months")
        return np.where(months > 0, cents / np.maximum(months, 1), 0).sum(axis=1)


FOUNDINGS = ("found", "rival_found", "break_away", "rival_break_away")


def compute_founders(seen):
    """Return the share of seats whose holder the log names among the founders; who took its slot is another."""
    is_founding = np.isin(seen.log[:, 1], [codes.EVENTS.index(kind) for kind in FOUNDINGS])
    founders = {tuple(one) for one in seen.log[is_founding][:, [4, 2, 3]]}
    seats = seen.list_seats()
    return np.mean([seat in founders for seat in seats]) if seats else np.nan


def compute_coalition_age(seen):
    """Return the mean age by the log: the month of founding counts in full, what met at month 0 is 0 then."""
    founded = seen.find_last_month(FOUNDINGS, "coalition")[seen.world.coalitions.number[list(seen.groups)]]
    return (seen.month - founded + (founded > 0)).mean() if len(founded) else np.nan


def compute_organization_age(seen):
    return (seen.month - seen.find_last_month(("open",), "organization").reindex(seen.open, fill_value=0)).mean()


def compute_gini(values):
    values = np.sort(values)
    n = len(values)
    return 2 * (np.arange(1, n + 1) * values).sum() / (n * values.sum()) - (n + 1) / n if values.sum() else np.nan


def compute_modularity(seen):
    homes = seen.get_homes()
    parts = [set(part.index) for _, part in homes.groupby(homes)]
    has_pairs = seen.counts.number_of_edges() > 0
    return nx.community.modularity(seen.counts, parts, weight="weight") if has_pairs else np.nan


def compute_coverage(seen):
    inside = [i for i in seen.open if any(i in group for group in seen.groups.values())]
    enough = seen.parameters.observation.provider_share
    return (seen.world.organizations.mix[inside] >= enough).any(axis=0).mean() if inside else 0.0


def compute_competing(seen):
    level = seen.parameters.observation.competing_level
    found = [seen.compete(i, j) > level for i, j in seen.counts.edges]
    return np.mean(found) if found else np.nan


def mean_off_diagonal(seen):
    trust = seen.world.dyads.trust[np.ix_(seen.open, seen.open)]
    return trust[~np.eye(len(seen.open), dtype=bool)].mean()


STATE = {
    "collaboration_share": lambda seen: seen.share_pairs(lambda i, j: True),
    "cross_viewpoint_share": lambda seen: seen.share_pairs(seen.is_far),
    "cross_population_share": lambda seen: seen.share_pairs(seen.is_mixed),
    "mean_trust": mean_off_diagonal,
    "mean_depth": lambda seen: seen.average("depth"),
    "mean_activity": lambda seen: seen.average("activity"),
    "coalition_density": lambda seen: np.mean([nx.density(graph) for graph in seen.get_ties()] or [np.nan]),
    "coalition_centralisation": lambda seen: np.mean(
        [seen.measure_centralisation(graph) for graph in seen.get_ties()] or [np.nan]
    ),
    "competing_share": compute_competing,
    "mandated_share": lambda seen: np.mean([one.is_mandated for one in seen.model.coalitions] or [np.nan]),
    "coalition_age_months": compute_coalition_age,
    "founders_share": compute_founders,
    "n_coalitions": lambda seen: sum(len(group) >= 3 for group in seen.groups.values()),
    "memberships": lambda seen: sum(map(len, seen.groups.values())),
    "effective_coalitions": lambda seen: 1 / (seen.get_homes().value_counts(normalize=True) ** 2).sum(),
    "largest_share": lambda seen: max(map(len, seen.groups.values()), default=0) / len(seen.open),
    "unaffiliated_share": lambda seen: np.mean([not one.coalitions for one in seen.organizations]),
    "modularity": compute_modularity,
    "ei_viewpoint": lambda seen: seen.compare_outside_and_inside(seen.is_far),
    "ei_population": lambda seen: seen.compare_outside_and_inside(seen.is_mixed),
    "arrivals": lambda seen: seen.world.environment.arrivals.sum(),
    "served": lambda seen: seen.world.organizations.served.sum(),
    "in_need": lambda seen: (
        seen.world.environment.arrivals.sum()
        * (1 + seen.parameters.awareness.awareness_arrivals)
        / (1 + seen.parameters.awareness.awareness_arrivals * seen.awareness_before)
    ),
    "not_served": lambda seen: STATE["in_need"](seen) - seen.world.organizations.served.sum(),
    "served_share": lambda seen: seen.world.organizations.served.sum() / seen.world.environment.arrivals.sum(),
    "coverage_share": compute_coverage,
    "award_gini": lambda seen: compute_gini(seen.get_payments()),
    "mean_dependence": lambda seen: seen.take("dependence").mean(),
    "mean_fiscal_stress": lambda seen: seen.take("stress").mean(),
    "n_open": lambda seen: len(seen.organizations),
    "organization_age_months": compute_organization_age,
    "mission_drift": lambda seen: (abs(seen.take("mix") - seen.take("mission")).sum(axis=1) / 2).mean(),
    "public_silence": lambda seen: seen.share_middle("stance"),
    "private_neutrality": lambda seen: seen.share_middle("viewpoint"),
    "stance_spread": lambda seen: seen.take("stance").std(),
    "awareness": lambda seen: seen.world.environment.awareness[0],
}


@pytest.fixture(scope="module")
def months_seen():
    """Return one random month of each world."""
    draw = np.random.default_rng(20)
    return [Seen(words, int(draw.integers(1, 99)), int(draw.integers(6, 60))) for words in WORLDS]


@pytest.mark.shows_each("outcome")
@pytest.mark.parametrize("name", STATE)
def test_a_column_equals_a_second_computation_from_the_state(name, months_seen):
    """recomputed with pandas and networkx"""
    expected = [STATE[name](seen) for seen in months_seen]
    np.testing.assert_allclose([seen.row[name] for seen in months_seen], expected, rtol=1e-9, atol=1e-12)


EVENTS = {
    "exits": ("exit",),
    "joins": ("join",),
    "breakaways": ("break_away", "rival_break_away"),
    "foundings": ("found", "rival_found", "break_away", "rival_break_away"),
    "rival_foundings": ("rival_found", "rival_break_away"),
    "hollowings": ("hollow_out",),
    "dissolutions": ("dissolve",),
    "closures": ("close",),
    "openings": ("open",),
    "complied": ("comply",),
    "phased_out": ("phase_out",),
    "declined": ("decline",),
    "stayed_ambiguous": ("stay_ambiguous",),
}


@pytest.mark.shows_each("outcome")
@pytest.mark.parametrize("name", EVENTS)
def test_a_count_equals_the_events_of_its_kind(name):
    """counted again in the event log"""
    happened = set()
    for world in WORLDS:
        found = run(world)
        kinds = [codes.EVENTS.index(kind) for kind in EVENTS[name]]
        events = found.events[np.isin(found.events[:, 2], kinds)]
        events = events[(events[:, 1] > 0) & (events[:, 1] < 1_000_000)]
        happened |= {codes.EVENTS[kind] for kind in np.unique(events[:, 2])}
        if name in ("breakaways", "foundings", "rival_foundings"):
            events = np.unique(events[:, [0, 1, 5]], axis=0)  # one event a member
        counted = np.zeros(found.rows.shape)
        np.add.at(counted, (events[:, 0], events[:, 1]), 1)
        np.testing.assert_array_equal(found.rows[name], counted, err_msg=world)
    assert happened == set(EVENTS[name])


@pytest.mark.shows("outcome", "mandated_share")
def test_each_coalition_founded_while_a_line_asks_for_one_is_mandated():
    """founded by a review of those eligible for such a line, by the log; not at the start or by break-away"""
    words = "one_line regime.programmes.<line>.applicant=coalition accounts.closure_rate=0 memberships.schism_gain=0"
    seen = set()
    for seed in range(1, 7):
        steps = Steps(words, seed=seed)
        row, log, coalitions = steps.run_to(30), steps.get_events(), steps.world.coalitions
        is_review = np.isin(log[:, 1], [codes.FOUND, codes.RIVAL_FOUND]) & (log[:, 6] != codes.AT_START)
        mandated = np.isin(coalitions.number[coalitions.is_active], log[is_review, 4])
        assert row["mandated_share"] == mandated.mean()
        seen |= set(mandated)
    assert seen == {True, False}
    assert np.nanmax(run(f"{words} memberships.mandate_bonus=0").rows["mandated_share"]) == 0.0


def test_who_takes_the_slot_of_a_founder_is_no_founder():
    for seed in range(1, 6):
        seen = Seen(
            "regime=none field.own_income_share=0.25 accounts.closure_rate=0.5 accounts.closure_grace_months=1 "
            "accounts.opening_rate=0.5",
            seed,
            60,
        )
        np.testing.assert_allclose(seen.row["founders_share"], compute_founders(seen), err_msg=f"seed {seed}")


@pytest.mark.shows("outcome", "served_of_<population>", "unmet_of_<population>")
def test_the_columns_of_each_population_are_the_state_of_that_month_and_add_up():
    """the people of `serve_and_refer`; over populations they add up to served and to arrivals less served"""
    for words in ("regime=mixed", "regime=none services.demand_ratio=0.6 services.referral_rate=1"):
        found, parameters = run(words), build(words)
        for seed in (1, 2):
            steps = Steps(words, seed=seed)
            for month in range(61):
                steps.run_to(month)
                environment = steps.world.environment
                now = np.stack([environment.served, environment.unmet], axis=1)
                np.testing.assert_array_equal(found.people[seed - 1, month], now)
        assert (found.people[:, 1:].max(axis=(0, 1)) > 0).all()
        total = found.people.sum(axis=2)
        np.testing.assert_allclose(total[..., columns.SERVED], found.rows["served"], rtol=1e-12)
        lacking = found.rows["arrivals"] - found.rows["served"]
        np.testing.assert_allclose(total[..., columns.UNMET], lacking, rtol=1e-9, atol=1e-9)
        table = simulate(parameters, list(range(1, 4))).months
        for k, population in enumerate(parameters.field.populations):
            for at, column in enumerate(columns.PEOPLE):
                expected = found.people[:3, :, k, at].ravel()
                np.testing.assert_array_equal(table[f"{column.name}{population}"], expected, err_msg=population)
    shut = run("mechanisms.serve_and_refer=false").people
    assert not shut.any()


def test_people_of_another_population_are_served_and_unmet_as_that_population():
    """Demand moved from one to the other, everything else equal."""
    alone = "regime=none field.specialisation=0 services.referral_rate=0"
    few, many = (f"field.populations=['a','b'] field.population_demand=[{1 - x},{x}] {alone}" for x in (0.2, 0.6))
    low, high = run(few), run(many)
    change = (high.people - low.people)[:, 1:].sum(axis=1)
    assert (change[:, 1] >= 0).all(), change[:, 1].min(axis=0)
    assert (change[:, 0] <= 0).all(), change[:, 0].max(axis=0)
    assert (change[:, 1, columns.UNMET] > 0).all()


@pytest.mark.shows("outcome", "requested_usd", "awarded_usd", "success_rate")
def test_a_round_requests_awards_and_succeeds_as_its_events_say():
    """amount times applicants, amount times winners, winners over applicants"""
    found, words = run("one_line"), build("one_line")
    pot = words.grants.annual_usd_per_organization * 12
    amount = pot / round(pot / words.regime.programmes["line"].award_usd_per_year)
    events = pd.DataFrame(found.events[:, :3], columns=["run", "month", "kind"])
    counts = pd.crosstab([events["run"], events["month"]], events["kind"])
    for (at, month), count in counts.iterrows():
        won, lost = count.get(codes.WIN, 0), count.get(codes.LOSE, 0)
        if won + lost:
            row = found.rows[at, month]
            np.testing.assert_allclose(row["requested_usd"], amount * (won + lost), rtol=1e-6)
            np.testing.assert_allclose(row["awarded_usd"], amount * won, rtol=1e-6)
            np.testing.assert_allclose(row["success_rate"], won / (won + lost))
    quiet = found.rows["requested_usd"] == 0
    np.testing.assert_array_equal(quiet, np.isnan(found.rows["success_rate"]))


@pytest.mark.shows("outcome", "budgeted_usd", "paid_usd", "unspent_usd")
def test_the_money_of_a_month_is_what_the_ledger_rose_by():
    """the rise of the ledger in that month; budgeted is awarded and unspent"""
    names = {"budgeted_usd": codes.BUDGETED, "paid_usd": codes.PAID, "unspent_usd": codes.UNSPENT}
    left = 0.0
    for words in (*WORLDS, "regime=viewpoint_conditional shock=total_cut shock.month=20"):
        steps = Steps(words, seed=3)
        before = np.zeros(len(codes.LEDGER))
        for month in range(1, 40):
            row = steps.run_to(month)
            ledger = steps.world.environment.ledger / 100
            for name, item in names.items():
                np.testing.assert_allclose(row[name], ledger[item] - before[item], rtol=1e-12, atol=1e-5, err_msg=words)
            np.testing.assert_allclose(row["budgeted_usd"], row["awarded_usd"] + row["unspent_usd"], atol=0.005)
            before, left = ledger, left + row["unspent_usd"]
    assert left > 0


def test_people_in_need_are_the_same_under_every_regime_and_nobody_else_is_served():
    expected = run("regime=competitive", 6).rows["in_need"]
    for words in ("regime=none", "regime=population_silo shock=total_cut shock.month=12", "mechanisms=null_model"):
        rows = run(words, 6).rows
        assert rows["in_need"].tobytes() == expected.tobytes(), words
        assert (rows["in_need"] + 1e-9 >= rows["arrivals"]).all()
        assert (rows["not_served"] >= rows["arrivals"] - rows["served"] - 1e-9).all()
        np.testing.assert_allclose(rows["not_served"] + rows["served"], rows["in_need"], rtol=1e-12)


@pytest.mark.shows("outcome", "referrals")
def test_referrals_are_the_people_served_that_would_not_have_been():
    """people served in month 1 with referrals less without"""
    referred, alone = run("regime=none"), run("regime=none services.referral_rate=0")
    gain = referred.rows["served"][:, 1] - alone.rows["served"][:, 1]
    np.testing.assert_allclose(referred.rows["referrals"][:, 1], gain, rtol=1e-9)
    assert (gain > 0).all()


def rate(rows, events, exposure):
    """Return events over what they could happen to, a year."""
    return 12 * rows[events][:, 1:].sum(axis=1) / rows[exposure][:, 1:].sum(axis=1)


JUDGED = {
    "collaboration_start": lambda rows: rows["collaboration_share"][:, 1:13].mean(axis=1),
    "collaboration_end": lambda rows: rows["collaboration_share"][:, -12:].mean(axis=1),
    "collaboration_change": lambda rows: JUDGED["collaboration_end"](rows) - JUDGED["collaboration_start"](rows),
    "coverage_end": lambda rows: rows["coverage_share"][:, -12:].mean(axis=1),
    "effective_change": lambda rows: (
        rows["effective_coalitions"][:, -12:].mean(axis=1) - rows["effective_coalitions"][:, 1:13].mean(axis=1)
    ),
    "served_end": lambda rows: rows["served"][:, -12:].mean(axis=1),
    "not_served_end": lambda rows: rows["not_served"][:, -12:].mean(axis=1),
    "total_awarded_usd": lambda rows: rows["awarded_usd"][:, 1:].sum(axis=1),
    "total_budgeted_usd": lambda rows: rows["budgeted_usd"][:, 1:].sum(axis=1),
    "total_paid_usd": lambda rows: rows["paid_usd"][:, 1:].sum(axis=1),
    "total_unspent_usd": lambda rows: rows["unspent_usd"][:, 1:].sum(axis=1),
    "exit_rate": lambda rows: rate(rows, "exits", "memberships"),
    "breakaway_rate": lambda rows: rate(rows, "breakaways", "memberships"),
    "hollowing_rate": lambda rows: rate(rows, "hollowings", "memberships"),
    "dissolution_rate": lambda rows: rate(rows, "dissolutions", "memberships"),
    "join_rate": lambda rows: rate(rows, "joins", "n_open"),
    "founding_rate": lambda rows: rate(rows, "foundings", "n_open"),
    "rival_founding_rate": lambda rows: rate(rows, "rival_foundings", "n_open"),
    "closure_rate": lambda rows: rate(rows, "closures", "n_open"),
}


@pytest.fixture(scope="module")
def judged():
    words = ("regime=collaboration_required shock=total_cut shock.month=50", WORLDS[6])
    runs = pd.concat([simulate(build(one), list(range(1, 25))).runs for one in words])
    return runs, np.concatenate([run(one, 24).rows for one in words])


@pytest.mark.shows_each("outcome")
@pytest.mark.parametrize("name", JUDGED)
def test_a_column_of_runs_equals_a_second_computation_from_its_months(name, judged):
    """recomputed from the rows of the months"""
    runs, rows = judged
    np.testing.assert_allclose(runs[name], JUDGED[name](rows), rtol=1e-12, atol=1e-12)
    assert len(np.unique(runs[name])) > 1


@pytest.mark.shows("outcome", "verdict")
def test_the_verdict_is_the_change_in_collaboration_against_five_points():
    """grows above +0.05, fragments below -0.05, else holds"""
    runs = pd.concat([simulate(build(words), list(range(1, 25))).runs for words in WORLDS[:3]])
    expected = pd.cut(runs["collaboration_change"], [-2, -0.05, 0.05, 2], labels=["fragments", "holds", "grows"])
    assert (runs["verdict"] == expected.astype(str)).all()
    assert set(runs["verdict"]) == {"grows", "holds", "fragments"}


@pytest.mark.parametrize("name", [one.name for one in columns.MONTHS])
def test_a_column_takes_different_values(name):
    values = np.concatenate([run(words).rows[name].ravel() for words in WORLDS])
    assert len(np.unique(values[np.isfinite(values)])) > 1, name


KINDS = {
    "join": ("field.founding_rounds=0", "mechanisms.review_memberships=false"),
    "exit": ("field.founding_rounds=0", "mechanisms.review_memberships=false"),
    "break_away": ("memberships.schism_gain=0", "mechanisms.break_away=false"),
    "rival_break_away": ("memberships.schism_gain=0 memberships.rival_overlap=0.2", "memberships.rival_overlap=1"),
    "found": ("memberships.rival_overlap=1", "mechanisms.review_memberships=false {unfounded}"),
    "rival_found": ("memberships.rival_overlap=0.2", "memberships.rival_overlap=1"),
    "dissolve": ("", "mechanisms.dissolve=false"),
    "hollow_out": ("memberships.hollow_activity=0.7", "memberships.hollow_activity=0"),
    "sign_mou": ("meetings.mou_rate=0.5", "meetings.mou_rate=0"),
    "win": ("", "mechanisms.award_grants=false"),
    "lose": ("", "mechanisms.award_grants=false"),
    "comply": ("regime=viewpoint_conditional", "mechanisms.respond_to_conditions=false"),
    "phase_out": ("regime=viewpoint_conditional", "mechanisms.respond_to_conditions=false"),
    "decline": ("regime=viewpoint_conditional", "mechanisms.respond_to_conditions=false"),
    "stay_ambiguous": ("regime=viewpoint_conditional", "mechanisms.respond_to_conditions=false"),
    "close": ("field.own_income_share=0.1 regime=none accounts.closure_rate={rate}", "accounts.closure_rate=0"),
    "open": ("field.own_income_share=0.1 regime=none accounts.closure_rate={rate}", "accounts.opening_rate=0"),
    "shock": ("shock=total_cut shock.month=20", "shock=none"),
}
UNFOUNDED = "field.n_initial_coalitions=0 field.founding_rounds=0"


@pytest.mark.shows_each("event")
@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_logged_where_it_happens_and_nowhere_else(kind):
    """logged with its mechanism, never without"""
    on, off = (words.format(rate=0.5, unfounded=UNFOUNDED) for words in KINDS[kind])
    code = codes.EVENTS.index(kind)
    assert (run(on).events[:, 2] == code).sum() > 0
    assert (run(f"{on} {off}").events[:, 2] == code).sum() == 0


QUIET = "accounts.closure_rate=0 meetings.mou_rate=0"
FORSAKEN = "regime=none meetings.attendance_base=0.2"
CAUSES = {
    "complementary services": ("memberships.complementarity_weight=2", "memberships.complementarity_weight=0"),
    "trust": ("memberships.trust_weight=3", "memberships.trust_weight=0"),
    "viewpoint tension": ("memberships.viewpoint_weight=4", "mechanisms.viewpoint_tension=false"),
    "funding competition": ("memberships.turf_weight=5", "mechanisms.funding_competition=false"),
    "funding restriction": (
        "regime=viewpoint_conditional memberships.restriction_weight=5",
        "mechanisms.restriction_conflict=false",
    ),
    "size benefit": ("memberships.size_benefit=2", "memberships.size_benefit=0"),
    "joint money": ("regime=collaboration_required memberships.joint_money=5", "memberships.joint_money=0"),
    "meeting cost": ("memberships.size_cost=1", "memberships.size_cost=0 memberships.time_cost=0"),
    "little benefit": ("memberships.membership_threshold=1.2", "memberships.membership_threshold=-5"),
    "chance": ("mechanisms=null_model", "mechanisms.null_model=false"),
    "too few members": ("mechanisms=null_model memberships.null_leave_rate=0.8", "memberships.null_leave_rate=0"),
    "inactivity": ("meetings.attendance_base=0", "mechanisms.meet=false"),
    "goal met or dropped": ("memberships.disband_rate=0.1", "memberships.disband_rate=0"),
    "money": ("regime=competitive", "mechanisms.award_grants=false"),
    "condition": ("regime=viewpoint_conditional", "mechanisms.respond_to_conditions=false"),
    "present at the start": ("", "field.n_initial_coalitions=0"),
    "mandate": ("regime=collaboration_required memberships.mandate_bonus=3", "memberships.mandate_bonus=0"),
    "fiscal stress": (f"{FORSAKEN} field.own_income_share=0.2", "meetings.attendance_stress=0"),
    "little trust": (FORSAKEN, "meetings.attendance_trust=0"),
}


@pytest.mark.shows_each("cause")
@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_is_named_where_it_acts_and_nowhere_else(cause):
    """named in the log with its source, never without"""
    on, off = CAUSES[cause]
    code = codes.CAUSES.index(cause)
    assert (run(f"{on} {QUIET}").events[:, 7] == code).sum() > 0
    assert (run(f"{on} {off} {QUIET}").events[:, 7] == code).sum() == 0


def test_the_worlds_are_as_small_as_they_say():
    assert build().months == 60, SMALL
    assert build().field.n_organizations == 12
