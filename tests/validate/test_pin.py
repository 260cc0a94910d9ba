"""The report of a pinned BLAS kernel."""

import os
import subprocess
import sys

import pytest

from validate.runs import pin


def in_fresh_python(code, **change):
    environment = {key: value for key, value in os.environ.items() if key != pin.PIN} | change
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


REPORT = "from validate.runs import pin; print(pin.kernel_type(), pin.pin_cost(), pin.pin_warning(), sep='\\n')"


def test_nothing_is_said_without_a_pin():
    kind, cost, warning = in_fresh_python(REPORT).split("\n")
    assert (cost, warning) == ("None", "None")
    assert kind == in_fresh_python("from validate.runs import pin; print(pin.kernel_type())")


@pytest.mark.skipif(pin.kernel_type() is None, reason="not OpenBLAS")
def test_a_pin_is_measured_and_named_if_it_is_slow():
    kind, cost, warning = in_fresh_python(REPORT, **{pin.PIN: "Nehalem"}).split("\n")
    assert kind == "Nehalem"
    assert cost.startswith("PinCost(pinned='Nehalem', pinned_speed=")
    chosen = in_fresh_python("from validate.runs import pin; print(pin.kernel_type())")
    if chosen in ("SkylakeX", "Haswell", "Zen"):  # wider registers: slower by a factor of two or more
        assert warning.startswith("OPENBLAS_CORETYPE=Nehalem makes OpenBLAS use its Nehalem kernels, ")
        assert warning.endswith(f"with its own choice, {chosen}: unset it before Python starts")
