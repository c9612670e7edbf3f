"""Results on disk and in memory: tables, summaries, verdicts, comparisons, and what may be shown of them."""
