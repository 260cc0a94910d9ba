"""The networks of an experiment: their data, their evaluation while they train, and the time they have left."""
