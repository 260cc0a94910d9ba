"""Judge the claims of the paper on trained networks."""
