"""Mesa's own page for the model: `python -m sim.model.page` or `solara run sim/model/page.py` (extra `mesa-app`).

Choose a setting, press RESET, then play or step. Pictures are written as SVG from a frame that the model publishes at
the end of each step, so that drawing never reads arrays that the next month is changing.
"""

from __future__ import annotations

import html
import math
import os
import sys
from typing import NamedTuple

from sim.configuration import compose, find_declaration, option_files, set_values
from sim.figures.style import BLACK, BLUE, GREEN, PURPLE, VERMILLION
from sim.model.model import CoalitionModel
from sim.schema.choices import name_shock
from sim.schema.columns import column
from sim.text import CAUTION

COLOURS = (BLUE, VERMILLION, PURPLE, BLACK, GREEN)
# Another shape where the colours begin anew.
SHAPES = ("circle", "square", "diamond", "triangle", "cross")
SHOWN = ("collaboration_share", "coverage_share", "mean_trust", "mean_fiscal_stress")
STYLES = ("", "6 3", "2 2", "8 3 2 3")
# What the page can change: a declared parameter by its name in the constructor.
LEVERS = {
    "viewpoint_spread": "field.viewpoint_spread",
    "annual_usd_per_organization": "grants.annual_usd_per_organization",
    "turf_weight": "memberships.turf_weight",
    "facilitation": "meetings.facilitation",
    "meeting_interval": "meetings.meeting_interval",
}
HIGHEST = {"annual_usd_per_organization": 300_000}  # of a slider, where the declared range is far wider


class Frame(NamedTuple):
    """What is drawn after a month; made once and never changed."""

    month: int
    positions: tuple[tuple[float, float], ...]  # x and y in [-1, 1] of each organization
    homes: tuple[int, ...]  # serial number of its largest coalition; 0 unaffiliated, -1 closed
    pairs: tuple[tuple[int, int], ...]  # rows that share a coalition
    labels: tuple[str, ...]
    series: dict[str, tuple[float, ...]]


class ClassroomModel(CoalitionModel):
    """The model with one keyword a control, as Mesa's page builds it anew at each reset."""

    def __init__(
        self,
        regime: str = "competitive",
        shock: str = "none",
        n_organizations: int = 18,
        viewpoint_spread: float = 0.6,
        annual_usd_per_organization: float = 110_000,
        turf_weight: float = 1.8,
        facilitation: float = 0.1,
        meeting_interval: int = 1,
        seed: int = 1,
    ) -> None:
        """Compose the setting and run month 0. Raises `ConfigurationError` for a value out of its declared range."""
        values = {
            "field.n_organizations": int(n_organizations),
            LEVERS["viewpoint_spread"]: float(viewpoint_spread),
            LEVERS["annual_usd_per_organization"]: float(annual_usd_per_organization),
            LEVERS["turf_weight"]: float(turf_weight),
            LEVERS["facilitation"]: float(facilitation),
            LEVERS["meeting_interval"]: int(meeting_interval),
        }
        parameters = set_values(compose([f"regime={regime}", f"shock={shock}"]).parameters, values)
        super().__init__(parameters, seed=int(seed))
        self._ring = self._place_on_ring()
        self._series: dict[str, list[float]] = {name: [] for name in SHOWN}
        self.frame = self._make_frame()

    def step(self) -> None:
        """Run one month and publish its frame; the last month of the run is the last step."""
        super().step()
        self.frame = self._make_frame()
        if self.month >= self.parameters.months:
            self.running = False

    def command(self) -> str:
        """Return the command that gives this run again."""
        setting, seed = self.parameters, self.seed
        words = [f"regime={setting.regime.name}", f"shock={name_shock(setting)}", f"seeds=[{seed}]"]
        names = ("field.n_organizations", *LEVERS.values())
        words += [f"{name}={getattr(getattr(setting, name.split('.')[0]), name.split('.')[1])}" for name in names]
        return f"coalitions run {' '.join(words)}"

    def _place_on_ring(self) -> list[int]:
        """Return each organization's place round a ring, in the order of viewpoints at month 0: nobody moves later."""
        order = sorted(self.organizations, key=lambda one: (one.viewpoint, one.row))
        places = {one.row: place for place, one in enumerate(order)}
        return [places[row] for row in range(len(order))]

    def _make_frame(self) -> Frame:
        coalitions = sorted((one for one in self.coalitions if one.is_active), key=lambda one: -one.size)
        n = len(self.organizations)
        homes, pairs = [0] * n, set()
        for one in coalitions:
            rows = sorted(member.row for member in one.members)
            for place, row in enumerate(rows):
                homes[row] = homes[row] or one.number
                pairs |= {(row, other) for other in rows[place + 1 :]}
        homes = [home if org.is_open else -1 for home, org in zip(homes, self.organizations, strict=True)]
        angles = [2 * math.pi * place / n - math.pi / 2 for place in self._ring]
        for name, values in self._series.items():
            values.append(self.latest[name])
        return Frame(
            month=self.month,
            positions=tuple((math.cos(angle), math.sin(angle)) for angle in angles),
            homes=tuple(homes),
            pairs=tuple(sorted(pairs)),
            labels=tuple(
                f"Organization {org.number}, {org.sector}, viewpoint {org.viewpoint:+.2f}" for org in self.organizations
            ),
            series={name: tuple(values) for name, values in self._series.items()},
        )


def draw_field(frame: Frame) -> str:
    """Return the ring of organizations as SVG: lines for shared coalitions, colour and shape for the largest one."""
    ranks = {number: rank for rank, number in enumerate(dict.fromkeys(home for home in frame.homes if home > 0))}
    places = [(180 + 140 * x, 165 + 140 * y) for x, y in frame.positions]
    lines = [
        f'<line x1="{places[i][0]:.1f}" y1="{places[i][1]:.1f}" x2="{places[j][0]:.1f}" y2="{places[j][1]:.1f}"/>'
        for i, j in frame.pairs
    ]
    marks = [_draw_mark(*places[row], home, ranks, frame.labels[row]) for row, home in enumerate(frame.homes)]
    n_alone, n_closed = frame.homes.count(0), frame.homes.count(-1)
    told = f"Month {frame.month}: {len(ranks)} coalitions, {n_alone} organizations unaffiliated, {n_closed} closed"
    return (
        f'<svg viewBox="0 0 360 350" role="img" aria-label="{told}" style="width:100%;max-height:340px">'
        f'<text x="180" y="345" text-anchor="middle" font-size="13">{told}</text>'
        f'<g stroke="#777" stroke-width="0.7" stroke-opacity="0.5">{"".join(lines)}</g>{"".join(marks)}</svg>'
    )


def _draw_mark(x: float, y: float, home: int, ranks: dict[int, int], label: str) -> str:
    title = f"<title>{html.escape(label)}; {_name_home(home)}</title>"
    if home <= 0:
        dash = ' stroke-dasharray="2 2"' if home < 0 else ""
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="white" stroke="#333"{dash}>{title}</circle>'
    rank = ranks[home]
    colour, shape = COLOURS[rank % len(COLOURS)], SHAPES[rank // len(COLOURS) % len(SHAPES)]
    points = {
        "square": "-7,-7 7,-7 7,7 -7,7",
        "diamond": "0,-9 9,0 0,9 -9,0",
        "triangle": "0,-9 9,7 -9,7",
        "cross": "-3,-9 3,-9 3,-3 9,-3 9,3 3,3 3,9 -3,9 -3,3 -9,3 -9,-3 -3,-3",
    }.get(shape)
    if points is None:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="{colour}">{title}</circle>'
    return f'<polygon transform="translate({x:.1f} {y:.1f})" points="{points}" fill="{colour}">{title}</polygon>'


def _name_home(home: int) -> str:
    return {0: "unaffiliated", -1: "closed"}.get(home, f"coalition {home}")


def draw_series(frame: Frame, n_months: int) -> str:
    """Return the shares over the months so far as SVG, each line with a style and a label of its own."""
    width, height = 300.0, 170.0
    parts = []
    for rank, name in enumerate(SHOWN):
        values = frame.series[name]
        points = " ".join(
            f"{40 + width * month / n_months:.1f},{20 + height * (1 - value):.1f}"
            for month, value in enumerate(values)
            if value == value
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{COLOURS[rank]}" stroke-width="2" '
            f'stroke-dasharray="{STYLES[rank]}"/>'
            f'<line x1="40" x2="66" y1="{226 + 18 * rank}" y2="{226 + 18 * rank}" stroke="{COLOURS[rank]}" '
            f'stroke-width="2" stroke-dasharray="{STYLES[rank]}"/>'
            f'<text x="72" y="{230 + 18 * rank}" font-size="12">{column(name).label}: {values[-1]:.2f}</text>'
        )
    heights = {tick: 20 + height * (1 - tick) for tick in (0, 0.5, 1)}
    grid = "".join(
        f'<line x1="40" x2="340" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        f'<text x="34" y="{y + 4:.1f}" font-size="11" text-anchor="end">{tick:g}</text>'
        for tick, y in heights.items()
    )
    axis = f'<text x="340" y="206" font-size="11" text-anchor="end">month {frame.month} of {n_months}</text>'
    return (
        f'<svg viewBox="0 0 360 300" role="img" aria-label="Shares over months" style="width:100%;max-height:320px">'
        f"{grid}{axis}{''.join(parts)}</svg>"
    )


def make_controls() -> dict:
    """Return Mesa's controls, their ranges and defaults from the declared parameters."""
    from mesa.visualization import Slider

    def choose(label: str, group: str, default: str) -> dict:
        return {"type": "Select", "value": default, "values": list(option_files(group)), "label": label}

    def slide(name: str, dotted: str, highest: float | None = None) -> Slider:
        entry = find_declaration(dotted)
        assert entry is not None
        meta = entry.metadata
        high = highest if highest is not None else meta["high"]
        step = 1 if isinstance(entry.default, int) else (high - meta["low"]) / 50
        return Slider(name.replace("_", " "), entry.default, meta["low"], high, step)

    controls = {
        "regime": choose("Grant regime", "regime", "competitive"),
        "shock": choose("Shock", "shock", "none"),
        "n_organizations": slide("n_organizations", "field.n_organizations", 60),
    }
    controls |= {name: slide(name, dotted, HIGHEST.get(name)) for name, dotted in LEVERS.items()}
    return {**controls, "seed": Slider("Seed", 1, 1, 100, 1)}


def make_page():
    """Return the page: a ring of organizations, shares over months, and what this run is."""
    import solara  # pyright: ignore[reportMissingImports]
    from mesa.visualization import SolaraViz
    from mesa.visualization.utils import update_counter

    @solara.component
    def Field(model):  # noqa: N802  # components are named like classes
        update_counter.get()
        solara.HTML(unsafe_innerHTML=draw_field(model.frame))

    @solara.component
    def Series(model):  # noqa: N802
        update_counter.get()
        solara.HTML(unsafe_innerHTML=draw_series(model.frame, model.parameters.months))

    @solara.component
    def Setting(model):  # noqa: N802
        update_counter.get()
        solara.HTML(
            unsafe_innerHTML=f"<p><b>This run</b> (a changed control counts from the next RESET)</p>"
            f"<pre style='white-space:pre-wrap'>{html.escape(model.command())}</pre><p><small>{CAUTION}</small></p>"
        )

    return SolaraViz(
        ClassroomModel(),
        components=[Field, Series, Setting],  # pyright: ignore[reportArgumentType]
        model_params=make_controls(),
        name="Coalitions under grant regimes",
        play_interval=150,
    )


def main(words: list[str]) -> int:
    """Serve the page on this machine alone, without telemetry and without asking anyone for a newer Solara.

    words: options of `solara run`, like --port 8766.
    """
    os.environ["SOLARA_TELEMETRY_MIXPANEL_ENABLE"] = "False"  # read when solara is imported
    try:
        from solara.__main__ import cli as serve  # pyright: ignore[reportMissingImports]
    except ImportError:
        sys.stderr.write('error: the page needs solara: pip install "coalitions[mesa-app]"\n')
        return 2
    alone = ("--production", "--no-check-version", "--host", "127.0.0.1")
    serve(["run", __file__, *alone, *words], standalone_mode=False)
    return 0


IS_SERVED = "solara.server.app" in sys.modules  # Solara runs this very file as __main__, and looks for `page` in it
if IS_SERVED:
    page = make_page()
elif __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
