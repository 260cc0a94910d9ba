"""The same network in PyTorch, written as its users would: fused attention, fused query-key-value map, fused AdamW."""
# mypy: disable-error-code="import-not-found, misc, no-untyped-call"

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from benchmarks.cases import Arrays, Case
from model import TransformerConfig
from model.attention import rotation
from theory import ModelArrays


class Block(nn.Module):
    """One layer."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        C, F = config.width, config.hidden
        self.heads = config.heads
        self.activation = nn.SiLU() if config.activation == "silu" else nn.GELU(approximate="tanh")
        self.attention_norm, self.mlp_norm = nn.LayerNorm(C), nn.LayerNorm(C)
        self.qkv = nn.Linear(C, 3 * C, bias=config.attention_bias)
        self.output = nn.Linear(C, C, bias=config.attention_bias)
        self.up, self.down = nn.Linear(C, F, bias=config.mlp_bias), nn.Linear(F, C, bias=config.mlp_bias)

    def forward(self, x: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor) -> torch.Tensor:
        """Return the states after the layer."""
        B, L, C = x.shape
        parts = self.qkv(self.attention_norm(x)).view(B, L, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        query, key = (_turn(part, cosine, sine) for part in (parts[0], parts[1]))
        mixed = functional.scaled_dot_product_attention(query, key, parts[2], is_causal=True)
        x = x + self.output(mixed.transpose(1, 2).reshape(B, L, C))
        return x + self.down(self.activation(self.up(self.mlp_norm(x))))


def _turn(x: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor) -> torch.Tensor:
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cosine - b * sine, a * sine + b * cosine], dim=-1)


class Network(nn.Module):
    """Embedding, layers, output."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        tokens = config.input_kind == "tokens"
        C = config.width
        self.embedding = nn.Embedding(config.inputs, C) if tokens else nn.Linear(config.inputs, C)
        self.blocks = nn.ModuleList([Block(config) for _ in range(config.layers)])
        self.norm = nn.LayerNorm(C) if config.final_norm else nn.Identity()
        self.output = nn.Linear(C, config.outputs, bias=config.output_bias)
        turn = rotation(config.length, config.head_size, "float32")
        self.register_buffer("cosine", torch.from_numpy(turn.cosine))
        self.register_buffer("sine", torch.from_numpy(turn.sine))

    def forward(self, inputs: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Return the outputs at `positions`."""
        x = self.embedding(inputs)
        for block in self.blocks:
            x = block(x, self.cosine, self.sine)
        return self.output(self.norm(x[:, positions]))


def _loss(config: TransformerConfig, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    if config.loss == "squared":
        return functional.mse_loss(outputs[..., 0], targets)
    return functional.cross_entropy(outputs.flatten(0, 1), targets.flatten())


def batch_loss(network: nn.Module, config: TransformerConfig, arrays: ModelArrays) -> torch.Tensor:
    """Return the loss of a network on a batch."""
    inputs, targets, positions = map(torch.from_numpy, arrays)
    return _loss(config, network(inputs, positions), targets)


def stepper(case: Case, arrays: Arrays, threads: int, compiled: bool) -> Callable[[], float]:
    """Return a function that makes one training step and returns the loss."""
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    network = Network(case.config)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, fused=True)
    inputs, targets, positions = (torch.from_numpy(array.copy()) for array in arrays)
    forward = torch.compile(network) if compiled else network

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        loss = _loss(case.config, forward(inputs, positions), targets)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
