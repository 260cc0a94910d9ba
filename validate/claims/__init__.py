"""One file a question: its claims, statistic, nulls, tolerances, and the numbers it shows."""
