"""What is said of a run while it goes on is read from its folder."""

from rich.console import Console

from tests.validate.tiny import tiny_experiment
from validate.experiment.network_plan import network_plans
from validate.runs.live import View
from validate.training.metrics import Metrics


def record(plan, folder, step):
    row = {"family": "dice", "design": plan.name, "seed": 0, "step": step, "loss": 1.0, "held_out": {}}
    Metrics(plan.metrics(folder)).append(row)


def test_there_is_no_pace_before_a_second_record(tmp_path):
    """A network's first record comes after one step and after everything is compiled: days would be left."""
    networks = network_plans(tiny_experiment())
    view = View(Console(), tmp_path, networks, (), quiet=True)

    def seconds_left():
        view._looked = -1e9
        view.look(0, 1)
        return view.seconds_left()

    assert seconds_left() is None
    record(networks[0], tmp_path, 0)
    assert seconds_left() is None
    record(networks[1], tmp_path, 0)
    assert seconds_left() is None
    assert "left" not in view.sentence()
    record(networks[0], tmp_path, 2)
    view._started -= 100  # two steps since the first records; of nine, four are done
    left = seconds_left()
    assert 100 * 5 / 2 <= left < 101 * 5 / 2
    assert "of training left" in view.sentence()


def test_what_was_trained_before_is_no_pace(tmp_path):
    networks = network_plans(tiny_experiment())
    record(networks[0], tmp_path, 4)
    view = View(Console(), tmp_path, networks, (), quiet=True)
    view.look(0, 1)
    assert view.trained() == 1
    assert view.seconds_left() is None
