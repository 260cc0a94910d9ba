"""Where states and predictions come from: networks, rungs of the ladder, and the candidates they are compared with."""
