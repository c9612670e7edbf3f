"""Malformed input: what users, spreadsheets and strangers hand over, and what must come back for each."""
