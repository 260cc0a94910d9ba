"""What is run, fixed before it is run: the experiment file, the tasks of a seed, their sequences, and the folder."""
