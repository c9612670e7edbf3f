"""The key of the second lesson: stability in games of three, and what it says of a month of the model's runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments.lessons.keys import (
    FOLDER,
    MORE,
    UNCLEAR,
    Answer,
    Key,
    give_difference,
    give_mean,
    give_share,
    give_words,
    show,
)
from experiments.lessons.measuring import N_SEEDS, Mean, average, find_parameters
from sim import games
from sim.engine.inputs import Inputs
from sim.engine.snapshots import visit_months
from sim.games.core import find_blocking_masks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

TABLES = FOLDER / "tables"
PARTITIONS = ("Alder,Birch,Cedar", "Alder+Birch,Cedar", "Alder+Cedar,Birch", "Birch+Cedar,Alder", "Alder+Birch+Cedar")
MONEY = "grants.annual_usd_per_organization"
MUCH, LITTLE = (  # as on the page
    ("regime=unrestricted", "field.viewpoint_spread=0.3", f"{MONEY}={usd}") for usd in (220000, 20000)
)
NULL = "mechanisms.null_model=true"
MONTH, LATER = 60, 72


class Seats(NamedTuple):
    """Who at the end of MONTH would rather leave, and which seats are empty by LATER."""

    leaving: tuple[str, ...]  # seats whose holder would rather leave: "organization→coalition"
    gone: tuple[str, ...]  # of those
    n_others: int  # the other seats
    n_others_gone: int  # of those


class Field(NamedTuple):
    """What theory says of a field at the end of MONTH, as a partition."""

    n_moves: int
    n_blocking: int
    now: float  # sum of utilities
    best: float

    @property
    def price(self) -> float:
        """Return the price of fragmentation as a share of the best sum."""
        return 1.0 - self.now / self.best


def make_key() -> Key:
    """Compute the key."""
    much, little = visit(*MUCH), visit(*LITTLE)
    fields = [[judge(now) for now, _ in visits] for visits in (much, little)]
    seats = [[follow(now, later) for now, later in visits] for visits in (much, little)]
    null = follow_null()
    tables = [
        ("W1, the five partitions:", _list_partitions("before")),
        ("W2, after the grant line has changed:", _list_partitions("after")),
        ("W4 to W6, A, much money, seed by seed:", list_seeds(fields[0], seats[0])),
        ("W4 to W6, B, little money, seed by seed:", list_seeds(fields[1], seats[1])),
    ]
    return Key([*answer_tables(), *_answer_fields(*fields), *answer_seats(seats[0] + seats[1], null)], tables)


def judge_table(name: str, partition: str) -> tuple[games.Stability, list[str], games.Fragmentation]:
    """Return what theory says of a partition of one of the lesson's tables: stability, blocking groups, its price."""
    typed = games.read_table(TABLES / f"{name}.csv", "additively_separable")
    places = games.read_partition(partition, typed.names)
    blocking = games.core_blocking_coalitions(typed.game, partition=places)
    named = ["+".join(typed.names[player] for player in group) for group in blocking]
    return games.judge_stability(typed.game, places), named, games.price_fragmentation(typed.game, places)


def _list_partitions(table: str) -> list[list[str]]:
    rows = [
        ["partition", "utilities", "sum", "nobody rather alone", "Nash stable", "individually stable", "in the core"]
    ]
    for partition in PARTITIONS:
        verdict, blocking, price = judge_table(table, partition)
        says = [not verdict.irrational, not verdict.nash, not verdict.individual, not blocking]
        worths = " ".join(show(one, 0, sign=True) for one in verdict.worths)
        core = ["yes" if one else "no" for one in says]
        if blocking:
            core[-1] += ": " + ", ".join(blocking)
        rows.append([partition.replace(",", " · "), worths, show(price.welfare, 0, sign=True), *core])
    return rows


def find_core(table: str) -> str:
    """Return the partitions of a table that no group blocks."""
    found = [partition for partition in PARTITIONS if not judge_table(table, partition)[1]]
    return " and ".join(one.replace(",", " · ") for one in found) or "none"


def answer_tables() -> list[Answer]:
    """Return what theory says of the three tables of the sheets."""
    price = judge_table("before", "Alder+Birch,Cedar")[2].price
    circle = [judge_table("circle", one)[1] for one in PARTITIONS[:-1]]
    return [
        give_words("W1", "in the core", find_core("before"), "Alder+Birch · Cedar and Alder+Birch+Cedar"),
        give_words("W1", "price of fragmentation of Alder+Birch · Cedar", show(price, 0), "2"),
        give_words("W2", "in the core", find_core("after"), "Alder+Birch · Cedar"),
        give_words("W3", "in the core", "none" if all(circle) else "some", "none"),
    ]


def visit(*words: str, n_seeds: int = N_SEEDS) -> list[tuple[games.Snapshot, games.Snapshot]]:
    """Return MONTH and LATER of seeds 1 to n_seeds, under a setting in words of the command line."""
    inputs, found = Inputs(find_parameters(*words)), []
    for seed in range(1, n_seeds + 1):
        visits = visit_months(inputs, seed, [MONTH, LATER])
        now, later = (games.take_snapshot(world, inputs.record, month) for month, world in visits)
        found.append((now, later))
    return found


def follow_null() -> list[Seats]:
    """Return who would rather leave and which seats are empty later in the null model, under both settings."""
    return [follow(now, later) for words in (MUCH, LITTLE) for now, later in visit(*words, NULL)]


def judge(now: games.Snapshot) -> Field:
    """Return what theory says of a field, each organization in its largest coalition."""
    partition = now.project("largest")
    n_blocking = find_blocking_masks(now.game, partition, weak=False, limit=1)[1]
    price = games.price_fragmentation(now.game, partition)
    n_moves = len(games.judge_stability(now.game, partition).nash)
    return Field(n_moves, n_blocking, price.welfare, price.welfare + price.price)


def follow(now: games.Snapshot, later: games.Snapshot) -> Seats:
    """Return who would rather leave now, and which seats are empty later."""
    worths = {(serial, int(now.names[player])): worth for serial, player, worth in _list_seats(now)}
    kept = {(serial, int(later.names[player])) for serial, player, _ in _list_seats(later)}
    leaving = sorted(seat for seat, worth in worths.items() if worth < -games.TOLERANCE)
    others = [seat for seat in worths if seat not in leaving]

    def name(seats: list[tuple[int, int]]) -> tuple[str, ...]:
        return tuple(f"{organization}→{serial}" for serial, organization in seats)

    gone = [seat for seat in leaving if seat not in kept]
    return Seats(name(leaving), name(gone), len(others), sum(seat not in kept for seat in others))


def _list_seats(snapshot: games.Snapshot) -> Iterator[tuple[int, int, float]]:
    """Yield the number of a coalition, a member, and what the seat is worth to it."""
    for c, (serial, seated) in enumerate(zip(snapshot.serials, snapshot.coalitions, strict=True)):
        yield from ((serial, player, float(snapshot.worth[c, player])) for player in seated)


def _take(fields: list[Field], name: str) -> NDArray[Any]:
    return np.array([float(getattr(field, name)) for field in fields])


def _answer_fields(much: list[Field], little: list[Field]) -> list[Answer]:
    def mean(fields: list[Field], name: str) -> Mean:
        return average(_take(fields, name))

    def differ(name: str) -> Mean:
        return average(_take(little, name) - _take(much, name))

    n, both = len(much) + len(little), much + little
    in_core, stable = (sum(getattr(field, name) == 0 for field in both) for name in ("n_blocking", "n_moves"))
    return [
        give_mean("W4", "would move to another group, A", mean(much, "n_moves"), (5, 8), 1),
        give_mean("W4", "would move to another group, B", mean(little, "n_moves"), (5, 8), 1),
        give_difference("P1", "would move, B against A", differ("n_moves"), UNCLEAR),
        give_share("W4", "fields in the core, A and B", in_core, n, in_core / n, (0, 0.1)),
        give_share("W4", "Nash stable fields, A and B", stable, n, stable / n, (0, 0.15)),
        give_mean("W6", "sum of utilities, A", mean(much, "now"), (12, 16), 1),
        give_mean("W6", "sum of utilities, B", mean(little, "now"), (3.5, 6), 1),
        give_mean("W6", "price as a share of the best, A", mean(much, "price"), (0.08, 0.2)),
        give_mean("W6", "price as a share of the best, B", mean(little, "price"), (0.17, 0.35)),
        give_difference("P3", "price as a share of the best, B against A", differ("price"), MORE),
    ]


def answer_seats(model: list[Seats], null: list[Seats]) -> list[Answer]:
    """Return how many seats are empty a year later, in the model and in the null model."""
    answers = []
    for name, seats, expected in (("", model, (2.0, 8.0)), (", null model", null, (0.8, 1.6))):
        leaving, gone = sum(len(one.leaving) for one in seats), sum(len(one.gone) for one in seats)
        others, others_gone = sum(one.n_others for one in seats), sum(one.n_others_gone for one in seats)
        ratio = (gone / leaving) / (others_gone / others)
        asks = f"seats empty by month {LATER}{name}"
        answers += [
            give_share("P2, W5", f"of those whose holder would leave, {asks}", gone, leaving, ratio, expected),
            give_share("W5", f"of all others, {asks}", others_gone, others, ratio, expected),
        ]
    return answers


def list_seeds(fields: list[Field], seats: list[Seats]) -> list[list[str]]:
    """Return a head and a row a seed: what theory says of its field, and who had left a year later."""
    head = ["seed", "would leave (organization→coalition)", f"of them gone by month {LATER}", "would move"]
    rows = [[*head, "groups that block", "sum now", "at best", "price"]]
    for at, (field, seated) in enumerate(zip(fields, seats, strict=True)):
        told = [", ".join(one) or "nobody" for one in (seated.leaving, seated.gone)]
        numbers = [str(field.n_moves), str(field.n_blocking), show(field.now), show(field.best), f"{field.price:.0%}"]
        rows.append([str(at + 1), *told, *numbers])
    return rows
