"""Games: against brute force, textbooks and a published solver; snapshots of the model; tables; the command."""

import contextlib
import doctest
import io
import json
import math
import re
import time
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim import games
from sim.__main__ import main
from sim.compiler.jit import IS_COMPILED
from sim.engine.inputs import Inputs
from sim.engine.snapshots import visit_months
from sim.errors import GameError
from sim.games import HedonicGame

PAGE = Path(sim.__file__).parents[1] / "docs" / "games.md"
tables = st.integers(1, 6).flatmap(
    lambda n: st.lists(
        st.lists(st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.1, 1.0, 2.0, 3.7]), min_size=n, max_size=n),
        min_size=n,
        max_size=n,
    )
)


def list_partitions(players):
    if not players:
        yield []
        return
    first, rest = players[0], players[1:]
    for size in range(len(rest) + 1):
        for others in combinations(rest, size):
            left = [player for player in rest if player not in others]
            for partition in list_partitions(left):
                yield [(first, *others), *partition]


def worth(table, kind, player, group):
    """Return a player's utility, plainly: the definition."""
    total = sum(table[player][other] for other in group if other != player)
    return total / len(group) if kind == "fractional" else total


def list_groups(n):
    return [group for size in range(1, n + 1) for group in combinations(range(n), size)]


def draw_partition(n, number):
    home = np.random.default_rng(number).integers(0, n, n)
    return [tuple(np.flatnonzero(home == group).tolist()) for group in set(home.tolist())]


# Against brute force


@pytest.mark.slow
@pytest.mark.parametrize("kind", games.KINDS)
@pytest.mark.parametrize("weak", [False, True])
@settings(max_examples=60)
@given(table=tables, number=st.integers(0, 1000))
def test_blocking_coalitions_are_those_of_the_definition(kind, weak, table, number):
    n = len(table)
    partition = draw_partition(n, number)
    home = {player: group for group in partition for player in group}
    expected = []
    for group in list_groups(n):
        gains = [worth(table, kind, one, group) - worth(table, kind, one, home[one]) for one in group]
        least, most = (-1e-9, 1e-9) if weak else (1e-9, 1e-9)
        if min(gains) > least and max(gains) > most:
            expected.append(group)
    found = games.core_blocking_coalitions(table, kind, partition, weak=weak)
    assert found == sorted(expected, key=lambda group: sum(2**player for player in group))
    assert games.core_blocking_coalitions(table, kind, partition, weak=weak, limit=2) == found[:2]


@pytest.mark.slow
@pytest.mark.parametrize("kind", games.KINDS)
@settings(max_examples=40)
@given(table=tables)
def test_the_best_partition_is_the_best_of_all(kind, table):
    n = len(table)
    sums = [
        sum(worth(table, kind, one, group) for group in partition for one in group)
        for partition in list_partitions(list(range(n)))
    ]
    found = games.price_fragmentation(games.build_game(table, kind))
    assert found.best_welfare == pytest.approx(max(sums), abs=1e-9)
    assert found.welfare == 0
    assert found.price == pytest.approx(max(sums), abs=1e-9)


@pytest.mark.parametrize("kind", games.KINDS)
@settings(max_examples=60)
@given(table=tables, number=st.integers(0, 1000))
def test_deviations_are_those_of_the_definitions(kind, table, number):
    partition = draw_partition(len(table), number)
    game = games.build_game(table, kind)
    found = games.judge_stability(game, partition)
    broken = {"nash": {}, "individual": {}, "contractual": {}}
    alone = set()
    for own in partition:
        for player in own:
            now = worth(table, kind, player, own)
            alone |= {player} if now < -1e-9 else set()
            left = [one for one in own if one != player]
            for target in [*[group for group in partition if group != own], *([()] if left else [])]:
                new = (*target, player)
                gain = worth(table, kind, player, new) - now
                if gain <= 1e-9:
                    continue
                hosts = all(worth(table, kind, one, new) >= worth(table, kind, one, target) - 1e-9 for one in target)
                stay = all(worth(table, kind, one, left) >= worth(table, kind, one, own) - 1e-9 for one in left)
                for notion, allowed in (("nash", True), ("individual", hosts), ("contractual", hosts and stay)):
                    if allowed:
                        broken[notion][player] = max(gain, broken[notion].get(player, 0))
    assert set(found.irrational) == alone
    for notion, expected in broken.items():
        assert {move.player: move.gain for move in getattr(found, notion)} == pytest.approx(expected, abs=1e-8)


def shapley_by_orders(value, n):
    totals = np.zeros(n)
    for order in permutations(range(n)):
        mask = 0
        for player in order:
            totals[player] += value[mask | 1 << player] - value[mask]
            mask |= 1 << player
    return totals / math.factorial(n)


@settings(max_examples=40)
@given(st.integers(1, 5).flatmap(lambda n: st.lists(st.floats(-5, 5), min_size=2**n - 1, max_size=2**n - 1)))
def test_shapley_and_banzhaf_are_means_over_orders_and_subsets(worths):
    value = np.array([0.0, *worths])
    n = value.size.bit_length() - 1
    assert games.compute_shapley(value) == pytest.approx(shapley_by_orders(value, n), abs=1e-9)
    for player, found in enumerate(games.compute_banzhaf(value)):
        others = [mask for mask in range(value.size) if not mask >> player & 1]
        assert found == pytest.approx(np.mean([value[mask | 1 << player] - value[mask] for mask in others]), abs=1e-9)


@settings(max_examples=40)
@given(st.integers(1, 8), st.integers(1, 7), st.integers(0, 10**6))
def test_coverage_is_shared_among_the_providers_of_each_population(n, n_populations, number):
    """Each population is worth 1/K to whoever comes first: its Shapley value is shared equally by its providers."""
    provides = np.random.default_rng(number).random((n, n_populations)) < 0.4
    value = games.build_coverage(provides)
    n_providers = np.maximum(provides.sum(axis=0), 1)
    assert games.compute_shapley(value) == pytest.approx((provides / n_providers).sum(axis=1) / n_populations)
    pivotal = (provides * 2.0 ** (1 - n_providers)).sum(axis=1) / n_populations
    assert games.compute_banzhaf(value) == pytest.approx(pivotal)


# Textbooks


def test_gloves_one_right_glove_is_worth_four_times_a_left_one():
    value = [min(bin(mask & 0b011).count("1"), mask >> 2) for mask in range(8)]
    assert games.compute_shapley(value) == pytest.approx([1 / 6, 1 / 6, 4 / 6])


def test_votes_of_3_2_1_with_a_quota_of_4():
    value = games.build_voting(4, [3, 2, 1])
    assert games.compute_shapley(value) == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    assert games.compute_banzhaf(value) == pytest.approx([3 / 4, 1 / 4, 1 / 4])


def test_permanent_members_of_a_council_of_fifteen_hold_nearly_all_power():
    power = games.compute_shapley(games.build_voting(39, [7] * 5 + [1] * 10))
    assert power[0] == pytest.approx(421 / 2145)
    assert power[14] == pytest.approx(4 / 2145)


def test_airport_each_part_of_the_runway_is_paid_by_those_who_need_it():
    cost = [max([length for at, length in enumerate((1, 2, 4)) if mask >> at & 1], default=0) for mask in range(8)]
    assert games.compute_shapley(cost) == pytest.approx([1 / 3, 1 / 3 + 1 / 2, 1 / 3 + 1 / 2 + 2])


def test_roommates_without_a_stable_match_have_an_empty_core():
    """Three who want each other in a circle and a fourth whom nobody wants; two to a room."""
    liking = np.array([[0, 3, 2, 1], [2, 0, 3, 1], [3, 2, 0, 1], [3, 2, 1, 0]], dtype=float)
    offset = np.zeros((4, 5))
    offset[:, 3:] = -100
    game = HedonicGame(liking, np.ones(5), offset)
    partitions = list(list_partitions(list(range(4))))
    assert len(partitions) == 15
    assert all(games.core_blocking_coalitions(game, partition=partition) for partition in partitions)


def test_an_undesired_guest_leaves_nothing_nash_stable_and_the_pair_in_the_core():
    """Two like each other, the third likes both, neither likes the third."""
    game = games.build_game([[0, 1, -2], [1, 0, -2], [1, 1, 0]], "additively_separable")
    verdicts = {str(partition): games.judge_stability(game, partition) for partition in list_partitions(list(range(3)))}
    assert all(verdict.nash for verdict in verdicts.values())
    pair = verdicts["[(0, 1), (2,)]"]
    assert [(move.player, move.target, move.hosts_against) for move in pair.nash] == [(2, (0, 1), (0, 1))]
    assert pair.individual == []
    assert games.core_blocking_coalitions(game, partition=[(0, 1), (2,)]) == []


@settings(max_examples=40)
@given(tables)
def test_where_liking_is_mutual_and_adds_up_the_best_partition_is_nash_stable(table):
    """A player's gain is half of what its move adds to the sum."""
    mutual = np.array(table) + np.array(table).T
    game = games.build_game(mutual, "additively_separable")
    assert games.judge_stability(game, games.find_best_partition(game)).nash == []


def test_a_star_of_friends_holds_though_each_leaf_would_rather_have_the_centre_to_itself():
    star = np.zeros((4, 4))
    star[0, 1:] = star[1:, 0] = 1
    game = games.build_game(star, "fractional")
    assert game.worths(((0, 1, 2, 3),)) == pytest.approx([3 / 4, 1 / 4, 1 / 4, 1 / 4])
    assert game.worth(1, (0,)) == 1 / 2
    assert games.core_blocking_coalitions(star, "fractional", [(0, 1, 2, 3)]) == []
    assert games.core_blocking_coalitions(star, "fractional", [(0, 1), (2, 3)]) == [(0, 2, 3)]


def test_a_published_solver_agrees_on_shapley_values():
    solver = pytest.importorskip("coopgt.shapley_value", reason="pip install coopgt")
    for number in range(5):
        value = np.array([0.0, *np.random.default_rng(number).normal(size=15)])
        function = {tuple(player + 1 for player in range(4) if mask >> player & 1): value[mask] for mask in range(16)}
        assert games.compute_shapley(value) == pytest.approx(solver.calculate(function), abs=1e-9)


# Mesa's rule


def test_the_bilateral_rule_gives_two_what_mesas_example_gives_them():
    from sim.games.bilateral import join_two

    mesa = pytest.importorskip("mesa")
    alliance = pytest.importorskip("mesa.examples.advanced.alliance_formation.model")
    rule = alliance.MultiLevelAllianceModel.calculate_shapley_value  # asks nothing of its model
    model, random, joined = mesa.Model(), np.random.default_rng(3), 0
    agents = [mesa.Agent(model) for _ in range(12)]
    for agent in agents:
        agent.power, agent.position, agent.level = *random.normal(0.5, 0.1, 2).tolist(), 0
    for one, other in combinations(agents, 2):
        theirs = rule(None, model.agents.select(lambda agent, pair=(one, other): agent in pair))
        ours = join_two((one.power, other.power), (one.position, other.position))
        assert (ours is None) == (theirs is None)
        if theirs:
            assert ours == pytest.approx(theirs[:2])
            joined += 1
    assert 0 < joined < 66


def test_alliances_merge_the_best_pair_first_and_need_both_to_gain():
    assert games.form_alliances([1, 1, 1], [0.5, 0.5, 0.0]) == ((0, 1), (2,))
    assert games.form_alliances([1, 1], [0.2, 0.4]) == ((0,), (1,))
    with pytest.raises(GameError, match="position in"):
        games.form_alliances([1, 1], [0, 2])


# Limits and time


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda: games.core_blocking_coalitions(np.zeros((21, 21))), "21 players: .* up to n = 20"),
        (lambda: games.find_best_partition(games.build_game(np.zeros((21, 21)), "fractional")), "up to n = 20"),
        (lambda: games.build_coverage(np.ones((21, 2))), "up to n = 20"),
        (lambda: games.compute_shapley(np.zeros(1 << 21)), "up to n = 20"),
        (lambda: games.core_blocking_coalitions(np.zeros((2, 3))), r"not of shape \(2, 3\)"),
        (lambda: games.core_blocking_coalitions([[0, np.nan], [1, 0]]), r"weights\[0, 1\] = nan"),
        (lambda: games.core_blocking_coalitions(np.zeros((2, 2)), "additive"), "kind = 'additive': must be one of"),
        (lambda: games.core_blocking_coalitions(np.zeros((2, 2)), partition=[(0,)]), "player 1 stands in no group"),
        (lambda: games.core_blocking_coalitions(np.zeros((2, 2)), partition=[(0, 1), (1,)]), "in several groups"),
        (lambda: games.core_blocking_coalitions(np.zeros((2, 2)), partition=[(0, 1, 2)]), "player 2 is none of"),
        (lambda: games.core_blocking_coalitions(np.zeros((2, 2)), limit=-1), "limit = -1"),
        (lambda: games.compute_shapley([0, 1, 2]), "2\\^n numbers"),
        (lambda: games.compute_shapley([1, 1]), "empty coalition"),
    ],
)
def test_what_is_no_game_or_too_large_is_refused(act, expected):
    with pytest.raises(GameError, match=expected):
        act()


@pytest.mark.skipif(not IS_COMPILED, reason="interpreted, a million subsets take minutes")
@pytest.mark.parametrize("kind", games.KINDS)
def test_the_core_of_twenty_is_checked_in_two_seconds(kind):
    weights = np.random.default_rng(1).normal(size=(20, 20))
    games.core_blocking_coalitions(weights[:4, :4], kind)  # compiles
    start = time.process_time()
    found = games.core_blocking_coalitions(weights, kind)
    assert time.process_time() - start < 2
    game = games.build_game(weights, kind)
    assert len(found) > 50
    assert all(game.worth(player, group) > 0 for group in found for player in group)


@pytest.mark.skipif(not IS_COMPILED, reason="interpreted, twenty million steps take minutes")
def test_the_best_partition_of_sixteen_is_found_in_ten_seconds():
    weights = np.random.default_rng(1).normal(size=(16, 16))
    game = games.build_game(weights, "additively_separable")
    games.find_best_partition(games.build_game(weights[:3, :3], "fractional"))
    start = time.process_time()
    best = games.find_best_partition(game)
    assert time.process_time() - start < 10
    assert sorted(player for group in best for player in group) == list(range(16))
    rng = np.random.default_rng(2)
    for _ in range(200):
        home = rng.integers(0, 6, 16)
        other = tuple(tuple(np.flatnonzero(home == one).tolist()) for one in set(home.tolist()))
        assert game.welfare(best) >= game.welfare(other)


# Snapshots


def snap(words, month, seed=1):
    configuration = sim.compose(words, seed)
    inputs = Inputs(configuration.parameters)
    for at, world in visit_months(inputs, seed, [month]):
        return games.take_snapshot(world, inputs.record, at), inputs


@pytest.mark.slow
def test_the_game_of_a_snapshot_has_the_utilities_of_the_model():
    """One membership each and no funded convener: what a member has now is what the game says, to the last digits."""
    compared = 0
    for seed in (1, 2):
        found, _ = snap(["regime=competitive", "memberships.max_memberships=1"], 40, seed)
        seated = {player for members in found.coalitions for player in members}
        for c, members in enumerate(found.coalitions):
            for player in range(len(found.names)):
                if player in members or player not in seated:
                    assert found.worth[c, player] == pytest.approx(found.game.worth(player, members), abs=1e-12)
                    compared += 1
    assert compared > 30


def test_where_each_has_one_coalition_both_projections_are_the_coalitions():
    found, _ = snap(["regime=competitive", "memberships.max_memberships=1"], 40)
    alone = [(player,) for player in range(len(found.names)) if not any(player in one for one in found.coalitions)]
    for by in games.PROJECTIONS:
        assert found.project(by) == tuple(sorted([*found.coalitions, *alone]))


@pytest.mark.slow
def test_the_largest_coalition_is_that_of_the_table_of_members():
    run = sim.run(["regime=competitive", "months=60"], 1)
    found, _ = snap(["regime=competitive", "months=60"], 60)
    strip = run.members[run.members["month"] == 60].set_index("organization")["coalition"]
    sizes = dict(zip(found.serials, map(len, found.coalitions), strict=True))
    for group in found.project("largest"):
        homes = [int(strip[int(found.names[player])]) for player in group]
        for player, home in zip(group, homes, strict=True):
            seats = [size for size, one in zip(sizes.values(), found.coalitions, strict=True) if player in one]
            assert (sizes[home] if home else 0) == max(seats, default=0)


@pytest.mark.slow
def test_coverage_of_all_who_sit_somewhere_is_the_column_of_the_results():
    run = sim.run(["regime=population_silo", "months=60"], 1)
    found, _ = snap(["regime=population_silo", "months=60"], 60)
    seated = sorted({player for members in found.coalitions for player in members})
    value = games.build_coverage(found.pick(tuple(seated)))
    assert value[-1] == pytest.approx(run.months["coverage_share"].iloc[-1])


@pytest.mark.slow
def test_to_take_a_snapshot_changes_no_bit_of_what_follows():
    ends = []
    for stops in ([30], [10, 20, 30]):
        inputs = Inputs(sim.compose(["regime=mixed"], 1).parameters)
        for month, world in visit_months(inputs, 4, stops):
            if month < 30:
                games.take_snapshot(world, inputs.record, month)
        ends.append((inputs.world.dyads.trust.tobytes(), inputs.world.coalitions.member.tobytes()))
    assert ends[0] == ends[1]


# Tables and the command


def write(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty"),
        ("x,A,B\nA,0,1\n", "one line a player"),
        ("x,A,B\nA,0,1\nB,1\n", "line 3: has 2 cells, the first line has 3"),
        ("x,A,B\nA,0,one\nB,1,0\n", "line 2: 'one' must be a number"),
        ("x,A,A\nA,0,1\nA,1,0\n", "a name of its own"),
        ("coalition,value\nA+A,1\n", "line 2: 'A+A' must name each member once"),
        ("coalition,value\nA+B,1\nB+A,2\n", "line 3: 'B+A' stands in line 2 already"),
        ("coalition,value\n", "names no player"),
        ("coalition,A,B\nA+C,1,2\n", "line 2: 'C' is none of the players A, B"),
        ("coalition,A,B\nA+B,1,\n", "line 2: says nothing of what 'A+B' is worth to B"),
        ("coalition,A,B\nA+B,1,2\nB+A,1,2\n", "line 3: 'B+A' stands in line 2 already"),
    ],
)
def test_a_mistake_in_a_table_is_named_with_its_line(tmp_path, text, expected, capsys):
    assert main(["games", "--table", str(write(tmp_path, text))]) == 2
    told = capsys.readouterr().err
    assert expected in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("partition", "expected"), [("A+D", "'D' is none of the players A, B"), ("A+B,B", "player 1 stands in several")]
)
def test_a_mistake_in_a_partition_is_named(tmp_path, partition, expected, capsys):
    table = write(tmp_path, "x,A,B\nA,0,1\nB,1,0\n")
    assert main(["games", "--table", str(table), "--partition", partition]) == 2
    assert expected in capsys.readouterr().err


@settings(max_examples=30)
@given(table=tables, number=st.integers(0, 1000))
def test_a_game_listed_coalition_by_coalition_has_the_answers_of_its_weights(table, number):
    n = len(table)
    game = games.build_game(table, "fractional")
    listed = games.ListedGame(n, {group: tuple(game.worth(one, group) for one in group) for group in list_groups(n)})
    partition = draw_partition(n, number)
    for weak in (False, True):
        expected = games.core_blocking_coalitions(game, partition=partition, weak=weak)
        assert games.core_blocking_coalitions(listed, partition=partition, weak=weak) == expected
    assert games.judge_stability(listed, partition) == games.judge_stability(game, partition)
    assert games.price_fragmentation(listed).price == pytest.approx(games.price_fragmentation(game).price)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--month", "999"], "month 999 must lie in [0, 120]"),
        (["--seed", "-1"], "--seed -1"),
        (["--project", "biggest"], "--project biggest: must be one of largest, valued"),
        (["--kind", "fractional"], "--kind: is of a table"),
        (["--partition", "A,B"], "--partition: is of a table"),
        (["--coalition", "77"], "--coalition 77: is none of the coalitions of this month"),
        (["--table", "nowhere.csv"], "nowhere.csv: cannot be read"),
        (["--table", "a.csv", "--month", "3"], "--month: is of a run, not of a table"),
        (["results/nowhere"], "is no folder of `coalitions run`'s results"),
        (["field.n_localities=3", "field.n_organizations=4"], "a field of many localities has none"),
        (["--limits", "3"], "unknown option '--limits'. Did you mean '--limit'?"),
    ],
)
def test_a_mistake_on_the_command_line_gets_one_line(words, expected, capsys):
    assert main(["games", "-q", *words]) == 2
    told = capsys.readouterr().err
    assert expected in told
    assert len(told.splitlines()) == 1


@pytest.mark.slow
def test_the_command_tells_of_a_month_what_the_library_finds(capsys):
    words = ["regime=competitive", "months=30", "--seed", "2"]
    assert main(["games", *words, "--json", "-q"]) == 0
    told = json.loads(capsys.readouterr().out)
    found, _ = snap(["regime=competitive", "months=30"], 30, 2)
    partition = found.project()
    assert told["partition"] == [[found.names[player] for player in group] for group in partition]
    assert told["core"]["n_blocking"] == len(games.core_blocking_coalitions(found.game, partition=partition))
    assert len(told["core"]["blocking"]) == min(10, told["core"]["n_blocking"])
    assert [move["player"] for move in told["nash"]] == [
        found.names[move.player] for move in games.judge_stability(found.game, partition).nash
    ]
    assert sum(row["shapley"] for row in told["values"]) == pytest.approx(games.build_coverage(found.provides)[-1])
    assert told["fragmentation"]["price"] > 0
    assert main(["games", *words, "-q"]) == 0
    text = capsys.readouterr().out
    for part in ("would join", "Nash stable", "In the core", "price of fragmentation", "Shapley", "illustrative"):
        assert part in text


@pytest.mark.slow
def test_more_than_twenty_organizations_get_what_needs_no_subsets(capsys):
    assert main(["games", "field.n_organizations=24", "months=12", "-q"]) == 0
    told = capsys.readouterr().out
    assert "Contractually individually stable" in told
    assert "More than 20 players: no exact core check" in told
    assert "More than 20 organizations: no Shapley" in told


@pytest.mark.slow
def test_the_folder_of_a_run_stands_for_its_settings(tmp_path, capsys):
    words = ["regime=lottery", "months=12"]
    main(["run", *words, "name=kept", "--no-figures", "-q", "--results", str(tmp_path)])
    capsys.readouterr()
    assert main(["games", str(tmp_path / "kept"), "--json", "-q"]) == 0
    kept = capsys.readouterr().out
    assert main(["games", *words, "--json", "-q"]) == 0
    assert capsys.readouterr().out == kept


# The page


def test_the_python_on_the_page_gives_what_it_says():
    found = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.attempted > 8
    assert found.failed == 0


def test_the_tables_on_the_page_give_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    for name, table in re.findall(r"`(\w+\.csv)`:\n\n```csv\n(.*?)```", text, re.DOTALL):
        Path(name).write_text(table, encoding="utf-8")
    shown = re.findall(r"```text\n\$ coalitions (games --table .*?)\n(.*?)```", text, re.DOTALL)
    assert len(shown) == 3
    for words, expected in shown:
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            assert main(words.split()) == 0
        assert told.getvalue() == expected


@pytest.mark.parametrize(
    "value, told", [(0.004, "+0.004"), (-0.00049, "-0.0005"), (-0.0, "+0.00"), (0.126, "+0.13"), (-1.5, "-1.50")]
)
def test_a_gain_that_is_not_zero_is_not_printed_as_zero(value, told):
    from sim.commands.game_verdicts import _sign

    assert _sign(value) == told
