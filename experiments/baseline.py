"""The numbers of the default field under the unrestricted regime: `python experiments/baseline.py` prints them."""

import sim

SEEDS = 200
COLUMNS = (
    "collaboration_share",
    "cross_viewpoint_share",
    "n_coalitions",
    "effective_coalitions",
    "unaffiliated_share",
    "mean_trust",
    "served_share",
    "coverage_share",
    "mean_fiscal_stress",
    "coalition_density",
    "competing_share",
)


def main() -> None:
    """Print the mean over seeds of the last 12 months, and events per year."""
    results = sim.run(["regime=unrestricted"], seeds=SEEDS)
    months, runs = results.months, results.runs
    last = months[months["month"] > months["month"].max() - 12]
    print(f"Mean of the last 12 of 120 months over {SEEDS} seeds")
    print(last[list(COLUMNS)].mean().round(3).to_string())
    later = months[months["month"] > 0]
    print(f"closures per organization and year  {12 * later['closures'].sum() / later['n_open'].sum():.4f}")
    print(f"exits per membership and year       {12 * later['exits'].sum() / later['memberships'].sum():.3f}")
    print(f"verdicts                            {runs['verdict'].value_counts(normalize=True).round(3).to_dict()}")


if __name__ == "__main__":
    main()
