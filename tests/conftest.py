"""One Hypothesis profile for every run: the same examples each time, no time limit on a busy machine."""

import numba
from hypothesis import HealthCheck, settings

# With compilation off the kernels run as Python loops, so fewer examples are drawn; shapes need few.
settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    print_blob=True,
    max_examples=15 if numba.config.DISABLE_JIT else 60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")
