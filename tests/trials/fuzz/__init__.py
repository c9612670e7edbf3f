"""Fuzzing: bytes that a coverage-guided engine thinks up, given to everything that reads what a user hands over."""
