"""Tables of runs shaped like a sweep's, whose outcomes are functions with known answers instead of the model's."""

import numpy as np
import pandas as pd

from sim.analysis.reading import make_sweep
from sim.configuration.designs import read_design

PARAMETERS = {
    "memberships.turf_weight": [0.0, 1.0],
    "meetings.trust_gain": [0.0, 1.0],
    "grants.luck": [0.0, 1.0],
    "memberships.admission": ["open", "majority", "unanimous"],
}


def make_table(sample, outcome, *, n_seeds=1, noise=0.0, cases=None, over=None):
    """Return the sweep of a design whose outcome `y` is outcome(points, case) plus noise of the seed at the point."""
    runs, design = make_runs({**sample, "over": over or PARAMETERS}, outcome, n_seeds=n_seeds, noise=noise, cases=cases)
    return make_sweep(runs, make_manifest(design))


def make_runs(sample, outcome, *, n_seeds=1, noise=0.0, cases=None, vary=None):
    """Return the table of runs of a design, with its outcome `y`, and the design."""
    tree = {"sample": sample} | ({"cases": cases} if cases else {}) | ({"vary": vary} if vary else {})
    design = read_design(tree)
    points = pd.DataFrame(list(design.points()))
    runs = points.loc[points.index.repeat(n_seeds)].reset_index(names="point")
    runs["seed"] = np.tile(np.arange(1, n_seeds + 1), len(points))
    runs["y"] = np.repeat(np.asarray(outcome(points), dtype=float), n_seeds)
    runs["y"] += noise * np.random.default_rng(7).standard_normal(len(runs))
    runs["total_awarded_usd"] = 18_000_000.0
    return runs.rename(columns=_name_columns(design)), design


def make_manifest(design):
    """Return what the analyses read of the manifest of a design's runs."""
    settings = {"months": 120, "field": {"n_organizations": 18, "n_localities": 1, "folder": None}}
    return {
        "blocks": [{"design": design.to_tree(), "first_point": 0}],
        "order": design.names(),
        "varied": _name_columns(design),
        "sizes": [{"n_organizations": 18}],
        "settings": [settings | {"regime": {}, "shock": {}}],
    }


def _name_columns(design):
    return {name: name.rsplit(".", 1)[-1] for name in design.names() if name != "regime"}
