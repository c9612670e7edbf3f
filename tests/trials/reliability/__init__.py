"""What was tried, how often, and what was lost: suites of long use and hard conditions, and the page made from them."""
