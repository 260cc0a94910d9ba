"""Judge the claims of the paper on trained networks.

`judge` and `write_states` are for networks of your own (`docs/own_states.md`).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from validate.own_states.judge import judge
    from validate.own_states.writing import write_states

__all__ = ["judge", "write_states"]


def __getattr__(name: str) -> Any:
    """Import what is asked for by its name: the command line settles BLAS before NumPy is loaded."""
    if name == "judge":
        from validate.own_states.judge import judge

        return judge
    if name == "write_states":
        from validate.own_states.writing import write_states

        return write_states
    raise AttributeError(f"module 'validate' has no attribute {name!r}")
