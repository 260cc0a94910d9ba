"""Independent random streams, one for each (seed, purpose, step).

A stream is the generator of the seed sequence

    SeedSequence(seed, spawn_key = (h_0, h_1, step)),

where h_0, h_1 are the two 32-bit words of an 8-byte BLAKE2b hash of the purpose's name. Two different keys give
streams that are independent for every practical end; seeds of the form ``seed + step`` would make step 1 of one
purpose collide with step 0 of another. The hash is fixed by its standard, so a stream is the same on every machine.

Source: NumPy enhancement proposal 19 and the documentation of `numpy.random.SeedSequence`.
"""

from hashlib import blake2b

import numpy as np

from theory.checks import require_whole


def stream(seed: int, purpose: str, step: int = 0) -> np.random.Generator:
    """Return the random generator of one purpose at one step.

    Parameters
    ----------
    seed : int
        Seed of the whole experiment, at least 0.
    purpose : str
        What the numbers are for, for example ``"training sequences"``.
    step : int
        Counter within the purpose, at least 0.

    Raises
    ------
    ValueError
        If `seed` or `step` is negative, or no whole number up to 2^53.

    Examples
    --------
    >>> from theory import stream
    >>> bool(stream(0, "pool").random() == stream(0, "pool").random())
    True
    >>> bool(stream(0, "pool").random() == stream(0, "sequences").random())
    False
    """
    require_whole("seed", seed, 0)
    require_whole("step", step, 0)
    digest = blake2b(purpose.encode(), digest_size=8).digest()
    words = np.frombuffer(digest, dtype="<u4")
    sequence = np.random.SeedSequence(seed, spawn_key=(int(words[0]), int(words[1]), step))
    return np.random.Generator(np.random.PCG64(sequence))
