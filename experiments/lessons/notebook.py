"""A notebook on coalitions: run a city, compare two regimes on the same seeds, play a game of three. For marimo.

``marimo run experiments/lessons/notebook.py`` shows it as a page, ``marimo edit`` with its code; ``python`` runs it
once. It needs ``pip install "coalitions[notebook]"``.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Coalitions: a notebook")


@app.cell
def _():
    import marimo as mo
    import matplotlib.pyplot as plt
    import numpy as np
    import pandas as pd

    import sim
    from sim import games
    from sim.configuration import option_files
    from sim.results import store
    from sim.results.contrasts import compute_differences, tell_differences

    def show_table(frame):
        return mo.ui.table(frame, selection=None, show_data_types=False, show_search=False)

    return compute_differences, games, mo, np, option_files, pd, plt, store, show_table, sim, tell_differences


@app.cell
def _(mo, store):
    mo.md(f"""
    # Coalitions: a notebook

    When does collaboration among organizations that serve people involved in commercial sex, through trafficking,
    exploitation, or sex work, grow, hold or fragment? Here you run an invented city of 18 organizations, compare two
    ways of giving the same money, and play a game of three. Whatever you change is computed again at once.

    > {store.CAUTION}

    ## 1. A city under two regimes
    """)
    return


@app.cell
def _(mo, option_files):
    _regimes = list(option_files("regime"))
    regime_a = mo.ui.dropdown(_regimes, value="unrestricted", label="Regime A")
    regime_b = mo.ui.dropdown(_regimes, value="population_silo", label="Regime B")
    money = mo.ui.slider(
        0, 220_000, 10_000, 110_000, label="Grant money, USD per organization and year", show_value=True
    )
    n_seeds = mo.ui.slider(2, 40, 1, 10, label="Seeds: cities with other luck", show_value=True)
    return money, n_seeds, regime_a, regime_b


@app.cell
def _(mo, money, n_seeds, regime_a, regime_b):
    prediction = mo.ui.radio(
        ["less", "no clear difference", "more"],
        label="**Predict first.** Pairs of organizations that share a coalition at the end will be, in B:",
    )
    mo.vstack([mo.hstack([regime_a, regime_b], justify="start"), money, n_seeds, prediction])
    return (prediction,)


@app.cell
def run_both(money, n_seeds, pd, regime_a, regime_b, sim):
    def run_regime(side, regime):
        words = [f"regime={regime}", f"grants.annual_usd_per_organization={money.value}"]
        found = sim.run(words, seeds=n_seeds.value)
        return tuple(table.assign(regime=f"{side}: {regime}") for table in (found.runs, found.months))

    both = [run_regime(side, choice.value) for side, choice in (("A", regime_a), ("B", regime_b))]
    runs, months = (pd.concat(tables, ignore_index=True) for tables in zip(*both, strict=True))
    return months, runs


@app.cell
def _(months, plt):
    def plot_months(column, label):
        figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
        looks = (("#0072B2", "-"), ("#D55E00", "--"))
        for (name, table), (colour, line) in zip(months.groupby("regime", sort=False), looks, strict=True):
            wide = table.pivot_table(index="month", columns="seed", values=column)
            axes.plot(wide.index, wide, color=colour, linewidth=0.6, alpha=0.35)
            axes.plot(wide.index, wide.mean(axis=1), color=colour, linestyle=line, linewidth=2.2)
            axes.annotate(name, (wide.index[-1], wide.mean(axis=1).iloc[-1]), color=colour, xytext=(4, 0),
                          textcoords="offset points", va="center")  # fmt: skip
        last = months["month"].max()
        axes.set(xlabel="Month", ylabel=label, ylim=(0, None), xlim=(0, last * 1.28), xticks=range(0, last + 1, 24))
        axes.spines[["top", "right"]].set_visible(False)
        return figure

    collaboration_figure = plot_months("collaboration_share", "Pairs that share a coalition")
    return collaboration_figure, plot_months


@app.cell
def compare(collaboration_figure, compute_differences, mo, prediction, runs, show_table, tell_differences):
    differences = compute_differences(runs)
    _row = differences.set_index("outcome").loc["collaboration_end"]
    answer = "less" if _row["high"] < 0 else "more" if _row["low"] > 0 else "no clear difference"
    _told = f"You predicted: {prediction.value}. The runs say: **{answer}**. " if prediction.value else ""
    sentence = tell_differences(differences)
    _shown = mo.vstack(
        [
            mo.md(
                "Thin: one city each; thick: their mean. The same seed is the same city with the same luck in A and B."
            ),
            collaboration_figure,
            mo.md(f"{_told}{sentence}"),
            show_table(differences.round(3)),
        ]
    )
    _shown if prediction.value else mo.md("*Choose a prediction above: then the runs are shown.*")
    return answer, differences, sentence


@app.cell
def _(mo):
    mo.md("""
    **Exercise 1.** Set A and B to the same regime. What do you expect of the differences, and why exactly that?

    **Exercise 2.** Compare *unrestricted* with *competitive* on 2, 10 and 40 seeds. When would you have reported a
    difference?

    **Exercise 3.** The lines below show another column of the same runs. Find one in which B is higher although fewer
    pairs share a coalition. What does it mean, and for whom?
    """)
    return


@app.cell
def _(mo):
    from sim.schema.columns import MONTHS

    _columns = {entry.label: entry.name for entry in MONTHS if entry.unit == "share"}
    column = mo.ui.dropdown(_columns, value="Coverage", label="Column")
    column
    return (column,)


@app.cell
def _(column, plot_months, prediction):
    other_figure = plot_months(column.value, column.selected_key)
    other_figure if prediction.value else None
    return (other_figure,)


@app.cell
def _(mo):
    mo.md("""
    ## 2. A game of three

    What does each get from sitting with each other one? What one gets from a coalition is the sum over the others in
    it; to be alone is worth 0.
    """)
    return


@app.cell
def _(mo):
    names = ("Alder", "Birch", "Cedar")
    _start = {
        ("Alder", "Birch"): 2,
        ("Alder", "Cedar"): -1,
        ("Birch", "Alder"): 2,
        ("Birch", "Cedar"): 1,
        ("Cedar", "Alder"): 1,
        ("Cedar", "Birch"): 1,
    }
    likes = mo.ui.dictionary(
        {f"{one} from {other}": mo.ui.number(-5, 5, 1, value) for (one, other), value in _start.items()}
    )
    mo.hstack([mo.md(f"{name} {field}") for name, field in likes.items()], wrap=True, justify="start")
    return likes, names


@app.cell
def judge_game(games, likes, names, np, pd, show_table):
    weights = np.zeros((3, 3))
    for pair, value in likes.value.items():
        one, other = pair.split(" from ")
        weights[names.index(one), names.index(other)] = value
    game = games.build_game(weights, "additively_separable")

    def name_groups(groups):
        return " · ".join("+".join(names[player] for player in group) for group in groups)

    def judge(partition):
        verdict = games.judge_stability(game, partition)
        blocking = games.core_blocking_coalitions(game, partition=partition)
        price = games.price_fragmentation(game, partition)
        return {
            "partition": name_groups(partition),
            **dict(zip(names, verdict.worths, strict=True)),
            "sum": price.welfare,
            "price": price.price,
            "rather alone": ", ".join(names[player] for player in verdict.irrational) or "nobody",
            "Nash stable": "no" if verdict.nash else "yes",
            "in the core": f"no: {name_groups(blocking)}" if blocking else "yes",
        }

    partitions = ([(0,), (1,), (2,)], [(0, 1), (2,)], [(0, 2), (1,)], [(1, 2), (0,)], [(0, 1, 2)])
    verdicts = pd.DataFrame([judge(partition) for partition in partitions])
    show_table(verdicts)
    return verdicts, weights


@app.cell
def _(mo):
    mo.md("""
    **Exercise 4.** Set *Alder from Cedar* to −3 and *Cedar from Alder* to −1, as if a grant line now paid only one of
    the two. Which partition is left in the core? Who is outside, and does the sum show it?

    **Exercise 5.** Find numbers for which all three together are best by the sum and yet not in the core.

    **Exercise 6.** Find numbers for which no partition is Nash stable, then numbers for which none is in the core. One
    of the two you will find soon, the other not at all as long as what one gets is a sum. (A circle in which only two
    can share has none: see lesson 2.)

    ## 3. A month of the city as a game

    The model's own utilities, month by month: who would rather leave which coalition?
    """)
    return


@app.cell
def _(mo):
    month = mo.ui.slider(0, 120, 12, 60, label="Month", show_value=True)
    seed = mo.ui.slider(1, 40, 1, 1, label="Seed", show_value=True)
    mo.hstack([month, seed], justify="start")
    return month, seed


@app.cell
def _(games, mo, money, month, pd, regime_a, regime_b, seed, show_table, sim):
    from sim.engine.inputs import Inputs
    from sim.engine.snapshots import visit_months

    def look(regime):
        words = [f"regime={regime}", f"grants.annual_usd_per_organization={money.value}"]
        inputs = Inputs(sim.compose(words).parameters)
        [snapshot] = [
            games.take_snapshot(world, inputs.record, at)
            for at, world in visit_months(inputs, seed.value, [month.value])
        ]
        seats = [(c, one) for c, members in enumerate(snapshot.coalitions) for one in members]
        leaving = [(c, one) for c, one in seats if snapshot.worth[c, one] < 0]
        told = [f"{snapshot.names[one]} from {snapshot.serials[c]}" for c, one in leaving]
        return {
            "regime": regime,
            "coalitions": len(snapshot.coalitions),
            "seats": len(seats),
            "would rather leave": len(leaving),
            "who (organization from coalition)": ", ".join(told) or "nobody",
        }

    snapshots = pd.DataFrame([look(choice.value) for choice in (regime_a, regime_b)])
    mo.vstack(
        [
            show_table(snapshots),
            mo.md(
                "**Exercise 7.** Write down who would leave. Move the month on by twelve: who of them is no longer in "
                "that list? Have they left, or do they want to stay? What would you need to see to tell?"
            ),
        ]
    )
    return (snapshots,)


if __name__ == "__main__":
    app.run()
