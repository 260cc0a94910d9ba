"""A run from end to end: what is trained, measured, kept and written, and where."""
