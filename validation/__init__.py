"""Validation: the twenty patterns the model is judged by, each a paired-seed test over the calibrated ensemble."""
