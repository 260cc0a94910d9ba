"""The training log keeps what was trained and forgets what is trained again."""

from validate.training.metrics import Metrics


def test_metrics_rewind_drops_one_networks_later_rows_only(tmp_path):
    metrics = Metrics(tmp_path / "metrics.jsonl")
    assert metrics.rows() == []
    for design in ("a", "b"):
        for step in (0, 5, 9):
            row = {"family": "f", "seed": 0, "design": design, "step": step, "loss": 1.0, "held_out": {}}
            metrics.append(row | {"seconds": 2.0 * step})
    with metrics.path.open("ab") as file:
        file.write(b'3\n{"a": 1}\n\xff\n{"design": "b", "st')
    metrics.rewind({"design": "b"}, 5)
    assert [(row["design"], row["step"]) for row in metrics.rows()] == [("a", 0), ("a", 5), ("a", 9), ("b", 0)]
    assert metrics.training_seconds() == 18.0
