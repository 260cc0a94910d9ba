"""From sources of states to verdicts: the ladder, the layer, the one measuring pipeline, and the rows of claims."""
