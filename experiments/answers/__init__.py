"""Answers to the experiments: each a sentence computed from a small table that one command makes from the runs."""
