"""Arrays of other libraries, as NumPy's: whatever `numpy.asarray` takes, and PyTorch's tensors, bfloat16 too.

No library is imported: a tensor is known by what it can do.
"""

from typing import Any

import numpy as np


def as_array(values: Any) -> np.ndarray:
    """Return what another library holds as an array; bfloat16, which NumPy does not have, becomes float32."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        if "bfloat16" in str(values.dtype):
            values = values.float()
    array = np.asarray(values)
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def like(values: Any, array: np.ndarray) -> Any:
    """Return an array as what `values` is: of its library, type of numbers and device."""
    return values.new_tensor(array) if hasattr(values, "new_tensor") else np.asarray(array, dtype=values.dtype)
