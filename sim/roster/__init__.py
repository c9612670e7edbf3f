"""Rosters: the organizations that a user brings."""
