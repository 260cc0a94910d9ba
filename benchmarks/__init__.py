"""How fast a training step is, beside PyTorch, NumPy and plain matrix products: `make bench`."""
