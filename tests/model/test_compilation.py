"""Compiled code kept on disk: the same bits as code just compiled, and compiled anew when any source changes."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numba
import pytest
import toy_training

from model.kernels import compilation

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
PROGRAM = """
import hashlib
import toy_training
from model import kernels
model, _ = toy_training.run(progress=True)
print(hashlib.sha256(model.buffer.tobytes()).hexdigest())
print(sum(kernels.mlp_forward.stats.cache_hits.values()))
"""


def train(cache):
    paths = [str(Path(toy_training.__file__).parent), *sys.path]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    return "compiling" in lines[0], *lines[-2:]


def test_a_first_run_that_compiles_gives_the_bits_of_all_later_runs(tmp_path):
    announced, bits, hits = train(tmp_path)
    assert (announced, hits) == (True, "0")
    assert train(tmp_path) == (False, bits, "1")


def test_the_stamp_changes_with_every_source_it_covers(monkeypatch, tmp_path):
    stamp = compilation.source_stamp()
    assert stamp == compilation.source_stamp()
    folder = tmp_path / "kernels"
    folder.mkdir()
    for source in Path(compilation.__file__).parent.glob("*.py"):
        (folder / source.name).write_bytes(source.read_bytes())
    monkeypatch.setattr(compilation, "__file__", str(folder / "compilation.py"))
    assert compilation.source_stamp() == stamp
    (folder / "norm.py").write_text((folder / "norm.py").read_text() + "\n")
    assert compilation.source_stamp() != stamp
    monkeypatch.undo()
    changed = tmp_path / "ops.py"
    changed.write_text(Path(compilation.ops.__file__).read_text().replace("1e-5", "1e-6"))
    monkeypatch.setattr(compilation.ops, "__file__", str(changed))
    assert compilation.source_stamp() != stamp


def test_every_kernel_carries_the_stamp():
    from model import kernels

    cached = [function for name in kernels.__all__ if hasattr(function := getattr(kernels, name), "_cache")]
    assert len(cached) >= 12
    assert {function._cache._cache_file._version for function in cached} == {compilation.source_stamp()}


def test_where_numba_has_no_such_attribute_nothing_is_kept_on_disk(monkeypatch):
    njit = numba.njit

    def another_numba(function, **options):
        compiled = njit(function, **options)
        if options.get("cache"):
            compiled._cache = object()
        return compiled

    monkeypatch.setattr(numba, "njit", another_numba)
    twice = compilation.kernel(lambda x: 2 * x)
    assert twice(1.5) == 3.0
    assert twice.stats.cache_path is None
    assert not compilation.is_on_disk(twice)


def test_a_file_of_other_sources_is_not_read_beyond_its_stamp(tmp_path):
    file = compilation._file(compilation.kernel(lambda x: x))
    file._index_path = str(tmp_path / "index")
    Path(file._index_path).write_bytes(pickle.dumps("other sources") + b"names a type that is no more")
    assert file._load_index() == {}


READ_ONLY = """
import os, sys
from model.kernels.compilation import is_kept, kernel
code = compile("def add(a, b):\\n    return a + b", "/nowhere/that/can/be/written.py", "exec")
exec(code)
compiled = kernel(add)
print(is_kept(compiled), compiled(2, 3))
"""


def test_where_nothing_can_be_written_code_is_compiled_all_the_same(tmp_path):
    """Numba finds no folder for a function whose file is in none, and no home that is one."""
    (tmp_path / "file").write_text("no folder")
    hidden = {name: str(tmp_path / "file" / "below") for name in ("HOME", "XDG_CACHE_HOME")}
    environment = {**os.environ, **hidden, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run([sys.executable, "-c", READ_ONLY], env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "5"], done.stderr
