"""Sources for `validate.judge` from networks of other libraries, one file a library, each small enough to be copied.

    pytorch             modules whose outputs are states, by forward hooks; with gradients
    transformer_lens    names of hook points, by run_with_cache
    nnsight             modules whose outputs are states, by a trace

Nothing here is imported unless it is asked for, and no library is needed but the one that is used (extra `interop`).
Outputs and states may also come from a module that returns a tuple, whose first entry is taken.
"""
