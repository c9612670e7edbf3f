"""Long use: memory, files and threads after many runs."""
