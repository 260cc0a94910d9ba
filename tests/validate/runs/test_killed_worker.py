"""A worker that is killed while it trains costs its task no more than the steps since the last checkpoint."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
from tiny import TOML

from model import load_checkpoint
from validate.experiment.folder import open_run
from validate.experiment.network_plan import network_plans
from validate.experiment.schema import parse_experiment
from validate.runs.scheduler import carry_out, workers
from validate.runs.tasks import tasks_of_run
from validate.training.metrics import Metrics

LONGER = (
    TOML.replace("steps = 5", "steps = 300")
    .replace("steps = 4", "steps = 300")
    .replace("checkpoint_every = 3", "checkpoint_every = 20")
    .replace("record_every = 2", "record_every = 10")
)


class Killer:
    """Kills one worker as soon as a network has been trained for a while."""

    def __init__(self, client, networks, folder):
        self.logs = [Metrics(plan.metrics(folder)) for plan in networks]
        self.pids = dict(client.run(os.getpid))
        self.client, self.killed = client, None

    def __call__(self, done, total):
        if self.killed is None and any(len(log.rows()) >= 4 for log in self.logs):
            at_work = [address for address, keys in self.client.processing().items() if keys]
            self.killed = self.pids[at_work[0]]
            os.kill(self.killed, signal.SIGKILL)


def test_the_same_bits_with_two_workers_one_of_which_is_killed(tmp_path):
    experiment = parse_experiment(LONGER, "longer")
    networks = network_plans(experiment)
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        open_run(folder, experiment)
    carry_out(tasks_of_run(networks, (), here), None)
    with workers(count=2) as client:
        killer = Killer(client, networks, there)
        carry_out(tasks_of_run(networks, (), there), client, killer)
        assert killer.killed is not None
        assert killer.killed not in client.run(os.getpid).values()
    for plan in networks:
        one, other = (load_checkpoint(plan.checkpoint(folder)) for folder in (here, there))
        assert np.array_equal(one.buffer, other.buffer)
        rows, again = (
            [(row.step, row.loss) for row in Metrics(plan.metrics(folder)).rows()] for folder in (here, there)
        )
        assert rows == again


def test_workers_end_with_the_process_that_hired_them(tmp_path):
    """No orphans: a child that hires workers and is killed takes them along."""
    code = (
        "import os, time\n"
        "from validate.runs.scheduler import workers\n"
        "if __name__ == '__main__':\n"
        "    with workers(count=2) as client:\n"
        "        print(*client.run(os.getpid).values(), flush=True)\n"
        "        time.sleep(60)\n"
    )
    script = tmp_path / "hire.py"
    script.write_text(code)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as child:
        pids = [int(pid) for pid in child.stdout.readline().split()]
        child.kill()
    assert len(pids) == 2
    deadline = time.monotonic() + 20
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(alive, pids))


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
