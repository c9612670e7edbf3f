"""The forms of fragmentation, each apart: how often organizations leave, break away, found rivals, go slack, end."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.figure import Figure as Canvas

from sim.columns import column
from sim.figures.figure import Figure, Origin, Table
from sim.figures.labels import explain_column, fold, name_setting
from sim.figures.style import BLACK, BLUE, NARROW

FORMS = ("exits", "breakaways", "rival_foundings", "hollowings", "dissolutions")


def plot_forms(months: Table, origin: Origin) -> Figure:
    """Return how many events of each form a run has in a year, by regime. ``months``: one row a run and month."""
    rates = compute_rates(months)
    regimes = list(dict.fromkeys(rates["regime"]))
    n_runs = int(rates["n_runs"].min())

    def draw(canvas: Canvas) -> None:
        is_narrow = canvas.get_figwidth() < NARROW
        grid = _find_grid(canvas.get_figwidth())
        panels = list(canvas.subplots(*grid, sharey=True, squeeze=False).flat)
        for axes in panels[len(FORMS) :]:
            axes.remove()
        for at, (axes, form) in enumerate(zip(panels, FORMS, strict=False)):
            rows = rates[rates["form"] == form]
            for height, row in enumerate(rows.to_dict("records")):
                axes.plot([row["p05"], row["p95"]], [height, height], color=BLUE, linewidth=3, solid_capstyle="butt")
                axes.plot(row["mean"], height, marker="o", markersize=6, color=BLACK, linestyle="none")
            axes.set_title(fold(column(form).label, 22), fontsize=9.5)
            axes.set_yticks(range(len(regimes)), [fold(name_setting(one), 16 if is_narrow else 22) for one in regimes])
            axes.set_ylim(len(regimes) - 0.5, -0.5)
            axes.set_xlim(0, 1.08 * max(float(rows["p95"].max()), 0.1))
            axes.locator_params(axis="x", nbins=4)
            axes.grid(axis="x", color="#EEEEEE")
            axes.set_axisbelow(True)
            axes.tick_params(axis="y", length=0, labelleft=at % grid[1] == 0)
            axes.set_xlabel("events a year")
            if at % grid[1] == 0:
                axes.set_ylabel(column("regime").label)

    return Figure(
        name="forms",
        title=_tell(rates, regimes),
        subtitle="Forms of fragmentation: events a year in the whole field, each form on a scale of its own",
        spread=f"Dot: mean of {n_runs} runs; bar: nine of ten runs." if n_runs > 1 else "One run of each: no spread.",
        note=". ".join(f"{column(form).label}: {explain_column(form).lower()}" for form in FORMS) + ".",
        alt="Dot plots of events a year: " + "; ".join(_describe(rates, regime) for regime in regimes) + ".",
        table=rates,
        origin=origin,
        draw=draw,
        height=lambda width: _find_grid(width)[0] * (0.3 * len(regimes) + 1.0),
    )  # fmt: skip


def _find_grid(width: float) -> tuple[int, int]:
    n_columns = 3 if width >= NARROW else 1
    return math.ceil(len(FORMS) / n_columns), n_columns


def compute_rates(months: Table) -> Table:
    """Return one row a regime and form: mean and quantiles over runs of its events a year."""
    later = months[months["month"] > 0]
    years = later["month"].max() / 12
    runs = later.groupby(["regime", "run_id"], sort=False, observed=True)[list(FORMS)].sum() / years
    rows = []
    for regime, found in runs.groupby("regime", sort=False, observed=True):
        for form in FORMS:
            low, high = found[form].quantile([0.05, 0.95])
            rows.append((regime, form, found[form].mean(), low, high, len(found)))
    return pd.DataFrame(rows, columns=["regime", "form", "mean", "p05", "p95", "n_runs"])


def _tell(rates: Table, regimes: list) -> str:
    means = rates.pivot_table(index="regime", columns="form", values="mean", sort=False, observed=True)
    if len(regimes) == 1:
        row = means.iloc[0]
        most = row.idxmax()
        others = row.drop(most)
        second = others.idxmax()
        return f"{column(str(most)).label} are the most frequent form: {row[most]:.1f} a year, then {column(str(second)).label.lower()}, {others[second]:.1f}"  # noqa: E501
    spread = (rates["p95"] - rates["p05"]).groupby(rates["form"]).mean().reindex(means.columns)
    form = str(((means.max() - means.min()) / (spread + 0.05)).idxmax())  # apart by most against the spread of runs
    most, least = means[form].idxmax(), means[form].idxmin()
    high = f"{means[form].max():.1f} a year under {name_setting(str(most))}"
    return f"{column(form).label} differ most: {high}, {means[form].min():.1f} under {name_setting(str(least))}"


def _describe(rates: Table, regime: str) -> str:
    rows = rates[rates["regime"] == regime]
    listed = [f"{column(row['form']).label.lower()} {row['mean']:.1f}" for row in rows.to_dict("records")]
    return f"{name_setting(str(regime))}: {', '.join(listed)}"
