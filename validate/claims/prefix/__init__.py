"""The boundary case: do states of planted Dyck paths keep the prefix, the steps of the path shown so far?

At one position, cells of task k and current symbol a hold equally many sequences, drawn given both
(`theory.prefix.sample_in_cells`); j is the number of steps shown. With squared lengths summed over held-out states,

    Dyck residual               1 - R2_cell = SS(h - mean_ka) / SS(h - mean)             what P0 leaves
    Dyck residual*              1 - P0* = SS(h - mean_ka) / SS(h - mean_a)               the same, symbol left out
    Dyck residual given prefix  SS(h - mean_kaj) / SS(h - mean)                          0 if h = f(prefix, symbol)
    prefix effect               [SS(h - mean_ka) - SS(h - mean_kaj)] / SS(h - mean_a)    of what the symbol leaves

and for a linear probe, ridge regression of y on the state after a baseline was removed from both,

    R2 = 1 - SS(y - baseline - probe) / SS(y - baseline)

    prefix R2                   y = j                       baseline: the mean
    prefix R2 beyond task       y = j                       baseline: cells (task, symbol)
    prefix R2 beyond counts     y = which prefix, one-hot   baseline: cells; counts of ups and of downs, by task
    prefix accuracy             y = which prefix, one-hot   share of sequences whose prefix scores highest

At a given position j is a linear function of symbol counts, and attention with random weights averages symbols: "beyond
task" says that the prefix can be read, not that this was learnt. Which prefix it is, beyond counts, is no linear
function of an average.

Half of every cell is fitted on and the other half scored, both ways round. Cells of three labels are uneven, so
mean_kaj is drawn towards an additive fit of (task, j) and symbol as if that were one more state.

Source: arXiv:2605.03780, boundary case E4; Golub, Heath and Wahba (1979) for the ridge penalty.
"""
