"""Are the judging functions right where the truth is known? Simulated worlds, measured and judged as networks are.

A world is a population with known values of some statistics. It is drawn again and again; each draw goes through the
functions that measure networks, and its estimates through the rule that judges them.

    bias            mean measured value - truth
    coverage        share of the draws whose 95 percent interval holds the truth
    power           share of the draws judged `supported`, where the truth meets the tolerance
    false support   the same where it does not

Nothing of this enters a verdict.
"""
