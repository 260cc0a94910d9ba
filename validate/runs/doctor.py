"""What this machine runs with, and what to change."""

import os
from typing import Any

from rich.console import Console

from model import kernels
from model.kernels.compilation import is_kept
from validate.runs.environment import describe
from validate.runs.pin import pin_warning


def advice(environment: dict[str, Any]) -> list[str]:
    """Return one sentence for each thing worth changing."""
    found = []
    if warning := pin_warning():
        found.append(f"{warning} (the last bits of results change), or give --blas auto to a command.")
    if not environment["blas"]:
        found.append("NumPy reports no BLAS library; matrix products will be slow. Install NumPy from PyPI.")
    for library in environment["blas"]:
        if library["num_threads"] and library["num_threads"] > (environment["processors"] or 1):
            found.append(
                f"{library['internal_api']} uses {library['num_threads']} threads on {environment['processors']} "
                f"processors; set OMP_NUM_THREADS={environment['processors']}."
            )
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        found.append("NUMBA_DISABLE_JIT is set, so kernels run as plain Python; unset it to train.")
    elif not environment["kernels_kept"]:
        found.append(
            "Compiled kernels cannot be kept on disk, so every process compiles them anew, for about a minute: neither"
            " the folder of this package nor the home folder can be written; set NUMBA_CACHE_DIR to a folder that can."
        )
    return found


def examine(console: Console) -> None:
    """Print versions, BLAS library and kernel type, threads, and advice."""
    environment = {**describe(), "kernels_kept": is_kept(kernels.linear)}
    for key, value in environment.items():
        if key == "libraries":
            for name, number in value.items():
                console.print(f"{name:14} {number}", highlight=False)
        elif key == "blas":
            for library in value:
                console.print(
                    f"{'BLAS':14} {library['internal_api']} {library['version']}, kernel type "
                    f"{library['architecture']}, {library['num_threads']} threads",
                    highlight=False,
                )
        else:
            console.print(f"{key:14} {value}", highlight=False)
    sentences = advice(environment)
    console.print("\n".join(sentences) if sentences else "Nothing to change.", highlight=False, soft_wrap=True)
