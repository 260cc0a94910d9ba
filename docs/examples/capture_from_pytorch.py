"""Train a small GPT in PyTorch on the tasks of an experiment and judge it, in memory or through files.

    python docs/examples/capture_from_pytorch.py --experiment tiny.toml --family dice

judges it at once. To judge it elsewhere, let it read a file of sequences and write its states:

    python -m validate sequences --experiment tiny.toml --family dice --out sequences.safetensors
    python docs/examples/capture_from_pytorch.py --experiment tiny.toml --sequences sequences.safetensors
    python -m validate measure trained.safetensors --untrained untrained.safetensors --experiment tiny.toml

The network is not the one of this package: learned positions, heads and blocks as in GPT-2. For a network of your own
the last lines of `main` are what is needed. PyTorch comes with ``pip install -e '.[interop]'``.
"""

import argparse
import copy
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

import validate
from theory import stream
from validate.experiment.schema import ExperimentError, load_experiment, load_preset
from validate.experiment.seed_plan import SeedPlan
from validate.own_states.adapters.pytorch import Hooked
from validate.own_states.errors import StatesError


class Block(nn.Module):
    """LayerNorm, causal attention, LayerNorm, MLP; each adds to the residual stream."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the residual stream after the block, (B, L, width)."""
        B, L, C = x.shape
        query, key, value = self.qkv(self.norm_1(x)).view(B, L, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.project(mixed.transpose(1, 2).reshape(B, L, C))
        return x + self.mlp(self.norm_2(x))


class GPT(nn.Module):
    """Symbols in and logits out, or vectors in and a number out."""

    def __init__(self, inputs: int, outputs: int, length: int, vectors: bool, width: int, layers: int) -> None:
        super().__init__()
        self.embed = nn.Linear(inputs, width) if vectors else nn.Embedding(inputs, width)
        self.position = nn.Parameter(0.02 * torch.randn(length, width))
        self.blocks = nn.ModuleList(Block(width, heads=2) for _ in range(layers))
        self.head = nn.Linear(width, outputs)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the outputs, (B, L, outputs)."""
        x = self.embed(inputs) + self.position[: inputs.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def main() -> None:
    """Train a network, and judge it beside one that was not trained."""
    parser = argparse.ArgumentParser(description="Train a small GPT in PyTorch and judge its states.")
    parser.add_argument("--experiment", type=Path, help="An experiment file.")
    parser.add_argument(
        "--preset", help="A shipped experiment, in place of a file: quick (the default), minimal, paper."
    )
    parser.add_argument("--family", default="dice")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--design", default="minors=0", help="What to train on.")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--sequences", type=Path, help="Write states for this file of sequences, and judge nothing.")
    parser.add_argument("--folder", type=Path, default=Path(), help="Where to write the two states files.")
    options = parser.parse_args()

    experiment = load_experiment(options.experiment) if options.experiment else load_preset(options.preset or "quick")
    mixture = SeedPlan.of(experiment, options.family, options.seed).mixtures[options.design]

    def batch(step: int) -> tuple[torch.Tensor, ...]:
        arrays = mixture.family.encode(mixture.sample(stream(options.seed, "training in PyTorch", step), 64))
        return tuple(torch.from_numpy(array) for array in arrays)

    inputs, targets, positions = batch(0)
    vectors, family = inputs.ndim == 3, mixture.family
    torch.manual_seed(options.seed)
    network = GPT(family.n_inputs, family.n_outputs, inputs.shape[1], vectors, options.width, options.layers)
    untrained = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-3, total_steps=options.steps)
    for step in range(options.steps):
        inputs, targets, positions = batch(step)
        outputs = network(inputs)[:, positions]
        if vectors:
            loss = functional.mse_loss(outputs[..., 0], targets)
        else:
            loss = functional.cross_entropy(outputs.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(f"{step}: loss {loss.item():.4f}", flush=True)

    def source(one: GPT) -> Hooked:
        return Hooked(one.eval(), {f"blocks.{index}": block for index, block in enumerate(one.blocks)})

    if options.sequences:
        validate.write_states(source(untrained), options.sequences, options.folder / "untrained.safetensors")
        trained = options.folder / "trained.safetensors"
        validate.write_states(source(network), options.sequences, trained, options.design)
    else:
        trained_on = {options.design: source(network)}
        print(validate.judge(experiment, options.family, options.seed, trained_on, [source(untrained)]))


if __name__ == "__main__":
    try:
        main()
    except (ExperimentError, StatesError) as error:
        sys.exit(f"error: {error}")
