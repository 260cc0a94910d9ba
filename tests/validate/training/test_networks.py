"""Networks: untrained ones, the record of those that train, and going on after a kill."""

import pytest
from tiny import tiny_experiment

from model import save_checkpoint
from validate.experiment.network_plan import networks_of
from validate.experiment.seed_plan import SeedPlan
from validate.training.metrics import Metrics
from validate.training.networks import train_network, untrained_networks


@pytest.fixture
def seed_plan():
    return SeedPlan.of(tiny_experiment(), "dice", 0)


def test_untrained_networks_differ_and_are_the_same_again(seed_plan):
    buffers, again, others = (
        [network.buffer.tobytes() for network in untrained_networks(plan)]
        for plan in (seed_plan, seed_plan, SeedPlan.of(tiny_experiment(), "dice", 1))
    )
    assert buffers == again
    assert len(set(buffers + others)) == 4


def test_a_resumed_network_has_the_records_of_an_uninterrupted_one(seed_plan, tmp_path, monkeypatch):
    plan, rows = networks_of(seed_plan)[0], {}
    for name in ("whole", "resumed"):
        folder = tmp_path / name
        (folder / "checkpoints").mkdir(parents=True)
        if name == "resumed":
            with monkeypatch.context() as patched:
                patched.setattr("model.training.save_checkpoint", _die_after_saving)
                with pytest.raises(KeyboardInterrupt):
                    train_network(plan, folder)
            # What came after the checkpoint is observed a second time.
            written = Metrics(plan.metrics(folder))
            written.append(written.rows()[-1].model_dump() | {"step": 4, "phase": {"training": 9.0, "fresh": 9.0}})
        train_network(plan, folder)
        rows[name] = [row.model_dump(exclude={"seconds"}) for row in Metrics(plan.metrics(folder)).rows()]
    assert [row["step"] for row in rows["whole"]] == [0, 2, 4]
    assert rows["resumed"] == rows["whole"]


def _die_after_saving(path, checkpoint):
    save_checkpoint(path, checkpoint)
    raise KeyboardInterrupt
