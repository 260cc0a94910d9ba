"""Causal tests: states are changed, and the network's predictions must change as theory says."""
