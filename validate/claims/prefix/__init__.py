"""The boundary case: do states of planted Dyck paths keep the prefix, the steps of the path shown so far?

At one position, cells of task k and current symbol a hold equally many sequences, drawn given both
(`theory.prefix.sample_in_cells`); j is the number of steps shown. With V(...) the variance of states within groups of
equal labels, without bias (`prefix.within`; of the first two rows `statistics.effects`),

    Dyck residual               1 - R2_cell = V(k, a) / V()             what P0 leaves
    Dyck residual*              1 - P0* = V(k, a) / V(a)                the same, symbol left out
    Dyck residual given prefix  V(k, a, j) / V()                        0 if h = f(prefix, symbol)
    prefix effect               [V(k, a) - V(k, a, j)] / V(a)           of what the symbol leaves

and for a linear probe, ridge regression of y on the state after a baseline was removed from both,

    R2 = 1 - SS(y - baseline - probe) / SS(y - baseline)

    prefix R2                   y = j                       baseline: the mean
    prefix R2 beyond task       y = j                       baseline: cells (task, symbol)
    prefix R2 beyond counts     y = which prefix, one-hot   baseline: cells; counts of ups and of downs, by task
    prefix accuracy             y = which prefix, one-hot   share of sequences whose prefix scores highest

At a given position j is a linear function of symbol counts, and attention with random weights averages symbols: "beyond
task" says that the prefix can be read, not that this was learnt. Which prefix it is, beyond counts, is no linear
function of an average.

Probes are fitted on half of every cell and scored on the other half, both ways round.

Source: arXiv:2605.03780, boundary case E4; Golub, Heath and Wahba (1979) for the ridge penalty.
"""
