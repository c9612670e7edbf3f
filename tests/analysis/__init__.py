"""Analyses of sweeps, against functions whose answers are known."""
