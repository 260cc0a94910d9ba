"""The transformer once more, for HIPS autograd: written from the paper's description, sharing no code with `model`.

Rotary positions are explicit rotation matrices, attention is one einsum per step over all heads, and derivatives are
autograd's.
"""

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad


def loss_and_gradients(config, parameters, arrays):
    """Loss and gradients by name, by automatic differentiation."""
    return value_and_grad(lambda values: loss(config, values, arrays))(dict(parameters))


def loss(config, p, arrays):
    outputs = predict(config, p, arrays.inputs)[:, arrays.positions]
    if config.loss == "squared":
        return anp.mean((outputs[..., 0] - arrays.targets) ** 2)
    peak = anp.max(outputs, axis=-1, keepdims=True)
    log_normaliser = peak + anp.log(anp.sum(anp.exp(outputs - peak), axis=-1, keepdims=True))
    one_hot = np.eye(config.outputs, dtype=outputs.dtype)[arrays.targets]
    return -anp.mean(anp.sum(one_hot * (outputs - log_normaliser), axis=-1))


def predict(config, p, inputs):
    dtype = p["embedding.weight"].dtype
    if config.input_kind == "tokens":
        x = np.eye(config.inputs, dtype=dtype)[inputs] @ p["embedding.weight"]
    else:
        x = affine(p, "embedding", inputs.astype(dtype))
    for layer in range(config.layers):
        name = f"layers.{layer}"
        x = x + self_attention(config, p, f"{name}.attention", normalise(p, f"{name}.attention_norm", x))
        hidden = affine(p, f"{name}.mlp.up", normalise(p, f"{name}.mlp_norm", x))
        x = x + affine(p, f"{name}.mlp.down", nonlinearity(config.activation, hidden))
    if config.final_norm:
        x = normalise(p, "final_norm", x)
    return affine(p, "output", x)


def self_attention(config, p, name, x):
    sequences, length, width = x.shape
    size = width // config.heads
    turns = rotation_matrices(length, size).astype(x.dtype)

    def heads(part):
        return anp.reshape(affine(p, f"{name}.{part}", x), (sequences, length, config.heads, size))

    query = anp.einsum("ide,bihe->bihd", turns, heads("query"))
    key = anp.einsum("ide,bihe->bihd", turns, heads("key"))
    scores = anp.einsum("bihd,bjhd->bhij", query, key) / float(np.sqrt(size))
    weights = anp.exp(scores - anp.max(scores, axis=-1, keepdims=True)) * np.tril(np.ones((length, length), x.dtype))
    weights = weights / anp.sum(weights, axis=-1, keepdims=True)
    mixed = anp.einsum("bhij,bjhd->bihd", weights, heads("value"))
    return affine(p, f"{name}.output", anp.reshape(mixed, x.shape))


def rotation_matrices(length, size):
    """(L, D, D): at position i the plane of coordinates m and m + D/2 is turned by i * 10000^(-2m/D)."""
    turns = np.zeros((length, size, size))
    for i in range(length):
        for m in range(size // 2):
            angle = i / 10000 ** (2 * m / size)
            plane = np.ix_([m, m + size // 2], [m, m + size // 2])
            turns[i][plane] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return turns


def affine(p, name, x):
    y = anp.dot(x, p[f"{name}.weight"])
    return y + p[f"{name}.bias"] if f"{name}.bias" in p else y


def normalise(p, name, x):
    mean = anp.mean(x, axis=-1, keepdims=True)
    deviation = anp.sqrt(anp.var(x, axis=-1, keepdims=True) + 1e-5)
    return p[f"{name}.weight"] * (x - mean) / deviation + p[f"{name}.bias"]


def nonlinearity(kind, x):
    if kind == "silu":
        return x / (1 + anp.exp(-x))
    return 0.5 * x * (1 + anp.tanh(float(np.sqrt(2 / np.pi)) * (x + 0.044715 * x**3)))
