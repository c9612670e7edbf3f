"""Effects stand with their parameters, in whatever order these are written: through the command line and in memory."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest

from sim.__main__ import main
from sim.analysis import read_sweep
from sim.analysis.reading import make_sweep
from sim.analysis.robustness import compute_robustness
from sim.analysis.scenarios import find_scenarios
from sim.analysis.sensitivity import compute_sensitivity
from sim.errors import AnalysisError
from sim.results.release import describe_code
from sim.results.store import Results, save_results
from sim.schema.columns import MODEL_VERSION
from tests.analysis.tables import make_manifest, make_runs
from tests.sealing import seal_anew

STRONG, INERT = "memberships.membership_threshold=0..3", "shock.month=1..24"  # no shock: its month does nothing
SHORT = ("months=24", "field.n_organizations=8", "seeds=1", "--quiet", "--workers", "1")
MEASURES = {"saltelli": "total", "morris": "mu_star", "latin_hypercube": "delta", "sobol": "delta"}
SIZES = {"saltelli": ("--n", "16"), "latin_hypercube": ("--n", "64"), "sobol": ("--n", "64")}


@pytest.mark.slow
@pytest.mark.parametrize("words", [(STRONG, INERT), (INERT, STRONG)], ids=["strong first", "inert first"])
@pytest.mark.parametrize("method", MEASURES)
def test_a_planted_effect_is_found_by_its_name_through_the_command_line(tmp_path, method, words, capsys):
    sample = ("--sample", method, *SIZES.get(method, ()))
    assert main(["sweep", *words, *sample, *SHORT, "name=planted", "--results", str(tmp_path)]) == 0
    assert main(["sensitivity", str(tmp_path / "planted"), "--outcome", "collaboration_end"]) == 0
    table = pd.read_csv(tmp_path / "planted" / "sensitivity.csv").set_index("parameter")[MEASURES[method]]
    strong, inert = table["memberships.membership_threshold"], table["shock.month"]
    assert strong > 0.2
    assert inert < 0.25 * strong
    if method in ("saltelli", "morris"):
        assert inert == pytest.approx(0.0, abs=1e-9)


ORDERS = list(itertools.permutations(["memberships.turf_weight", "meetings.trust_gain", "grants.luck"]))
WEIGHTS = {"memberships.turf_weight": 3.0, "meetings.trust_gain": 1.0, "grants.luck": 0.0}


def _plant(points):
    lifted = np.where(points["regime"] == "lottery", 0.5, 0.0) if "regime" in points else 0.0
    return sum(weight * points[name] for name, weight in WEIGHTS.items()) + lifted


def _make(tmp_path, sample, order, *, grid=None, is_sorted=False):
    """Return the sweep in memory, and the same one kept in a folder (with sorted keys, as it once was)."""
    runs, design = make_runs({**sample, "over": {name: [0.0, 1.0] for name in order}}, _plant, vary=grid)
    manifest = make_manifest(design)
    folder = tmp_path / "kept"
    whole = {"kind": "sweep", "model_version": MODEL_VERSION, "code": describe_code(), **manifest}
    if is_sorted:
        del whole["order"], whole["sizes"]
    save_results(Results(runs, *(pd.DataFrame({"seed": []}) for _ in range(3)), manifest=whole), folder, "coalitions")
    if is_sorted:
        path = folder / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()), sort_keys=True))
    return make_sweep(runs, manifest), read_sweep(folder)


ANALYSES = {
    "sobol": ({"method": "saltelli", "n": 16, "second_order": True}, lambda sweep: compute_sensitivity(sweep, ["y"])),
    "morris": ({"method": "morris", "trajectories": 8}, lambda sweep: compute_sensitivity(sweep, ["y"])),
    "pawn and delta": ({"method": "latin_hypercube", "n": 64}, lambda sweep: compute_sensitivity(sweep, ["y"])),
    "prim and cart": ({"method": "sobol", "n": 128}, lambda sweep: find_scenarios(sweep, "y > 3")),
    "robustness": ({"method": "sobol", "n": 16}, lambda sweep: compute_robustness(sweep, outcomes=["y"])),
}
GRIDS = {
    "robustness": {"regime": ["competitive", "lottery"]},
    "prim and cart": {"regime": ["lottery"], "field.viewpoint_sd": [0.2, 0.1]},
}


SLOW = "prim and cart"  # in one shuffled order
CASES = [(one, order) for one in ANALYSES for order in ORDERS if one != SLOW or order == ORDERS[4]]


@pytest.mark.slow
@pytest.mark.parametrize("is_sorted", [False, True], ids=["as written now", "with sorted keys"])
@pytest.mark.parametrize(("analysis", "order"), CASES, ids=[f"{one}-{ORDERS.index(order)}" for one, order in CASES])
def test_a_folder_says_what_the_design_in_memory_says(tmp_path, analysis, order, is_sorted):
    sample, analyse = ANALYSES[analysis]
    in_memory, kept = _make(tmp_path, sample, order, grid=GRIDS.get(analysis), is_sorted=is_sorted)
    assert list(kept.scenarios) == list(in_memory.scenarios) == list(order)
    assert (list(kept.policies), kept.grid) == (list(in_memory.policies), in_memory.grid)
    pd.testing.assert_frame_equal(analyse(kept), analyse(in_memory))


@pytest.mark.parametrize("analysis", ["sobol", "morris"])
@pytest.mark.parametrize("order", ORDERS[:1] + ORDERS[-1:])
def test_indices_go_by_name_and_not_by_position(tmp_path, analysis, order):
    sample, analyse = ANALYSES[analysis]
    table = analyse(_make(tmp_path, sample, order)[1])
    measure = MEASURES["saltelli" if analysis == "sobol" else "morris"]
    first = table[table["partner"] == ""].set_index("parameter")[measure]
    assert first.sort_values(ascending=False).index.to_list() == list(WEIGHTS)


@pytest.mark.parametrize("analysis", ["sobol", "morris"])
def test_a_sample_that_is_not_the_one_that_was_run_is_refused_with_the_mend(tmp_path, analysis):
    sample, analyse = ANALYSES[analysis]
    _make(tmp_path, sample, ORDERS[0])
    seal_anew(tmp_path / "kept", order=list(ORDERS[-1]))
    with pytest.raises(AnalysisError, match=r"grants\.luck: is .* drawn anew .* run the sweep again"):
        analyse(read_sweep(tmp_path / "kept"))


@pytest.mark.slow
def test_the_manifest_lists_names_in_the_order_of_the_design(tmp_path):
    words = (INERT, STRONG, "regime=lottery,competitive", "field.viewpoint_sd=0.2,0.1", "--sample", "saltelli")
    assert main(["sweep", *words, "--n", "2", *SHORT, "name=order", "--results", str(tmp_path)]) == 0
    manifest = json.loads((tmp_path / "order" / "manifest.json").read_text())
    names = ["shock.month", "memberships.membership_threshold"]
    assert manifest["order"] == ["regime", "field.viewpoint_sd", *names]
    assert list(manifest["blocks"][0]["design"]["sample"]["over"]) == names
    assert list(manifest["varied"]) == ["field.viewpoint_sd", *names]
