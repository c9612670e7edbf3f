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
    over = over or PARAMETERS
    tree = {"sample": {**sample, "over": over}} | ({"cases": cases} if cases else {})
    design = read_design(tree)
    points = pd.DataFrame(list(design.points()))
    runs = points.loc[points.index.repeat(n_seeds)].reset_index(names="point")
    runs["seed"] = np.tile(np.arange(1, n_seeds + 1), len(points))
    runs["y"] = np.repeat(np.asarray(outcome(points), dtype=float), n_seeds)
    runs["y"] += noise * np.random.default_rng(7).standard_normal(len(runs))
    columns = {name: name.rsplit(".", 1)[-1] for name in points.columns if name != "regime"}
    settings = {"months": 120, "field": {"n_organizations": 18, "n_localities": 1, "folder": None}}
    manifest = {
        "blocks": [{"design": design.to_tree(), "first_point": 0}],
        "varied": columns,
        "settings": [settings],
    }
    return make_sweep(runs.rename(columns=columns), manifest)
