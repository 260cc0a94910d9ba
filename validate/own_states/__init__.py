"""Bring your own states: the statistics of `validate` on a network that lives elsewhere.

    sequences   what a network has to read, and the positions whose states are wanted     (`sequences`)
    states      a file of those states, checked before anything is measured of them       (`files`)
    source      the states as a `StateSource`, looked up by what was read                 (`source`)
    subjects    the sources of each family and seed, put to the same questions as a run's (`subjects`)
    results     claims with their verdicts, and what could not be judged                  (`results`)

`docs/own_states.md` describes both files; an experiment fixes tasks, sample sizes and seeds.
"""
