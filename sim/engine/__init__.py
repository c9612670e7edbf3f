"""Running the model: inputs laid out, compiled runs, many seeds and localities, interventions and decisions."""
