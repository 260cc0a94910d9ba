"""A run folder has one owner at a time, and a dead one holds nothing."""

import subprocess
import sys
import threading
import time

import pytest
from tiny import TOML, tiny_experiment

from validate.experiment.folder import RunFolderError, in_use, open_run, piece_in_use, set_aside
from validate.experiment.lock import BusyError, owned

HOLD = (
    "import sys, time; from pathlib import Path; from validate.experiment.lock import owned\n"
    "with owned(Path(sys.argv[1]), 'it'): print('held', flush=True); time.sleep(600)"
)


@pytest.fixture
def other():
    """Return what starts a process that owns a lock, and ends it by SIGKILL at last."""
    processes = []

    def start(path):
        process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_a_folder_in_use_is_refused_until_its_owner_is_dead(tmp_path, other):
    folder = tmp_path / "run"
    open_run(folder, tiny_experiment())
    owner = other(folder / ".lock")
    for use in (lambda: in_use(folder).__enter__(), lambda: set_aside(folder)):
        with pytest.raises(BusyError, match=f"{folder} is in use by process {owner.pid}; wait for it"):
            use()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    owner.kill()
    owner.wait()
    with in_use(folder):
        open_run(folder, tiny_experiment())
    assert set_aside(folder) == tmp_path / "run.old-1"


def test_an_owner_asks_again_and_another_thread_does_not_own(tmp_path):
    refused = []

    def ask():
        try:
            with in_use(tmp_path):
                pass
        except BusyError as error:
            refused.append(str(error))

    with in_use(tmp_path), in_use(tmp_path):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert len(refused) == 1
    ask()
    assert len(refused) == 1


def test_a_piece_is_waited_for(tmp_path, other):
    (tmp_path / ".locks").mkdir()
    owner = other(tmp_path / ".locks" / "piece")
    threading.Timer(0.3, owner.kill).start()
    started = time.monotonic()
    with piece_in_use(tmp_path, "piece"):
        assert time.monotonic() - started >= 0.25


def test_a_lock_on_a_file_that_was_moved_away_is_taken_again(tmp_path, other):
    """Whoever waited for a folder that is set aside must own the one that stands there now."""
    path, moved = tmp_path / "lock", tmp_path / "moved"
    owner = other(path)
    done = threading.Event()

    def wait():
        with owned(path, "it", wait=True):
            done.set()

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.2)
    path.rename(moved)
    second = other(path)
    owner.kill()
    assert not done.wait(0.3)
    second.kill()
    thread.join()
    assert done.is_set()


def test_what_a_kill_at_the_start_leaves_is_still_a_run_and_is_tidied(tmp_path):
    litter = [tmp_path / name for name in (".experiment.toml.ab12.partial", ".results.json.x_1.partial")]
    for path in litter:
        path.write_text('name = "ti')
    with in_use(tmp_path):
        open_run(tmp_path, tiny_experiment())
    assert not any(path.exists() for path in litter)
    (tmp_path / "experiment.toml").unlink()
    with pytest.raises(RunFolderError, match="it is not a run"), in_use(tmp_path):
        pass


def test_what_a_killed_worker_had_half_written_of_a_piece_is_tidied_by_the_next(tmp_path):
    own = [
        tmp_path / "checkpoints" / ".dice.minors=0.seed-1.safetensors.ab12.partial",
        tmp_path / "measured" / ".dice.minors=0.seed-1.json.x_1.partial",
        tmp_path / "snapshots" / "dice.minors=0.seed-1" / ".8.safetensors.q.partial",
    ]
    others = [
        tmp_path / "checkpoints" / ".dice.minors=0.seed-11.safetensors.ab12.partial",
        tmp_path / "checkpoints" / "dice.minors=0.seed-1.safetensors",
        tmp_path / "snapshots" / "dice.minors=0.seed-1" / "8.safetensors",
    ]
    for path in (*own, *others):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    with piece_in_use(tmp_path, "dice.minors=0.seed-1"):
        assert not any(path.exists() for path in own)
    assert all(path.exists() for path in others)


def test_a_folder_that_is_no_run_gets_no_lock(tmp_path):
    (tmp_path / "thesis.txt").write_text(TOML)
    with pytest.raises(RunFolderError), in_use(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
