"""What was tried where a pattern does not hold, and where a test was mended; read by the report, never by a test."""

TRIED: dict[int, str] = {}
