"""Calibration: parameter sets under which the model gives what has been observed, by history matching and ABC."""
