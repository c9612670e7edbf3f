"""The page on live runs: what its server answers, to whom, and to thirty at once."""
