"""Train a small GPT in PyTorch on the tasks of an experiment and capture its states for ``python -m validate measure``.

    python -m validate sequences --experiment tiny.toml --family dice --out sequences.safetensors
    python docs/examples/capture_from_pytorch.py tiny.toml sequences.safetensors --steps 3000
    python -m validate measure trained.safetensors --untrained untrained.safetensors --experiment tiny.toml

The network is not the one of this package: learned positions, heads and blocks as in GPT-2. Only `capture` is needed
for a network of your own. PyTorch comes with ``pip install -e '.[bench]'``.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from theory import stream
from validate.experiment.schema import load_experiment
from validate.experiment.seed_plan import SeedPlan


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


def capture(network: nn.Module, sites: dict[str, nn.Module], sequences: Path, out: Path, design: str) -> None:
    """Write the states after some modules, and the predictions, for the sequences of a file.

    Parameters
    ----------
    sites : dict
        Modules whose output, (B, L, width), is a state; their names are the sites, numbered in the order of the layers.
    design : str
        What the network was trained on, such as minors=0.
    """
    seen: dict[str, torch.Tensor] = {}
    hooks = [
        module.register_forward_hook(lambda module, args, output, site=site: seen.__setitem__(site, output))
        for site, module in sites.items()
    ]
    parts: dict[str, list[torch.Tensor]] = defaultdict(list)
    with safe_open(sequences, framework="pt") as file, torch.inference_mode():
        metadata = file.metadata()
        for group in (name.removesuffix(".inputs") for name in file.keys() if name.endswith(".inputs")):  # noqa: SIM118
            positions = file.get_tensor(f"{group}.positions")
            for inputs in file.get_tensor(f"{group}.inputs").split(512):
                outputs = network(inputs)
                if group.startswith("predictions."):
                    parts[group].append(outputs[:, positions])
                else:
                    for site, states in seen.items():
                        parts[f"{group}.{site}"].append(states[:, positions])
    for hook in hooks:
        hook.remove()
    tensors = {name: torch.cat(chunks).contiguous() for name, chunks in parts.items()}
    save_file(tensors, out, metadata=metadata | {"design": design})


def main() -> None:
    """Capture an untrained network, train it, and capture it again."""
    parser = argparse.ArgumentParser(description="Train a small GPT in PyTorch and capture its states.")
    parser.add_argument("experiment", type=Path)
    parser.add_argument("sequences", type=Path)
    parser.add_argument("--design", default="minors=0", help="What to train on.")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--folder", type=Path, default=Path(), help="Where to write the two states files.")
    options = parser.parse_args()

    with safe_open(options.sequences, framework="pt") as file:
        metadata = file.metadata()
    seed = int(metadata["seed"])
    mixture = SeedPlan.of(load_experiment(options.experiment), metadata["family"], seed).mixtures[options.design]

    def batch(step: int) -> tuple[torch.Tensor, ...]:
        arrays = mixture.family.encode(mixture.sample(stream(seed, "training in PyTorch", step), 64))
        return tuple(torch.from_numpy(array) for array in arrays)

    inputs, targets, positions = batch(0)
    vectors = inputs.ndim == 3
    outcomes = mixture.family.fresh_mean(mixture.sample(stream(seed, "shape"), 1)).shape[-1]
    torch.manual_seed(seed)
    size = inputs.shape[-1] if vectors else outcomes
    network = GPT(size, outcomes, inputs.shape[1], vectors, options.width, options.layers)
    sites = {f"blocks.{index}": block for index, block in enumerate(network.blocks)}
    capture(network, sites, options.sequences, options.folder / "untrained.safetensors", "none")

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
    capture(network, sites, options.sequences, options.folder / "trained.safetensors", options.design)


if __name__ == "__main__":
    main()
