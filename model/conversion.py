"""Weights in and out: the parameters of this architecture as a PyTorch state dict, without PyTorch.

A state dict here is a mapping of names to arrays (`{name: tensor.numpy() for ...}`). It differs from the parameters of
`model.parameters` in three ways.

    orientation   nn.Linear stores (out, in) and computes x W' + b; here a weight is (in, out). Tables are the same.
    fusion        query, key and value may be one map of 3 C outputs, in that order: attention.qkv
    rotary        which coordinates of a head are turned together by the m-th angle, of D / 2:
                      halves        (m, m + D/2)          here, and in GPT-NeoX and LLaMA as Hugging Face writes them
                      interleaved   (2 m, 2 m + 1)        in GPT-J and in LLaMA's own code

Rows of query and key that stand at (2 m, 2 m + 1) of their head are moved to (m, m + D/2): scores are sums over a
head's coordinates, so that the order does not matter as long as query and key share it. Values have no rotation and
stay. Names are those of `model.parameters`, or others by `rename`.
"""

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, Int

from model import parameters
from model.config import TransformerConfig
from model.transformer import Transformer

Rotary = Literal["halves", "interleaved"]
StateDict = Mapping[str, Float[np.ndarray, "..."]]

_QKV = ("query", "key", "value")


def from_state_dict(
    config: TransformerConfig,
    state: StateDict,
    rotary: Rotary = "halves",
    rename: Mapping[str, str] | None = None,
    model: Transformer | None = None,
) -> Transformer:
    """Return a transformer with the weights of a state dict.

    Parameters
    ----------
    config : TransformerConfig
        What the other network is: sizes, activation, which maps have biases.
    state : mapping of str to ndarray
        All of its parameters, weights (out, in); buffers such as rotary tables are left out.
    rotary : {"halves", "interleaved"}
        Which coordinates of a head the other network turns together.
    rename : mapping of str to str, optional
        Pieces of the names here and what stands for them there, replaced in this order, such as
        ``{"layers.": "blocks.", "attention.qkv": "qkv"}``.
    model : Transformer, optional
        Takes the weights; a new one of float32 unless given.

    Raises
    ------
    ValueError
        If a tensor is missing, too many, or of another shape.
    """
    _require_rotary(rotary)
    given = _split(_named(config, state, rename or {}))
    made = Transformer(config) if model is None else model
    for name, view in made.parameters.items():
        if name not in given:
            raise ValueError(f"the state dict has no {_theirs(name, rename or {})}")
        array = np.asarray(given[name])
        if array.shape != (wanted := view.T.shape if _is_map(name, config) else view.shape):
            raise ValueError(f"{_theirs(name, rename or {})} must have shape {wanted}; got {array.shape}")
        if rotary == "interleaved" and _is_turned(name):
            array = array[interleaved(config)]
        view[...] = array.T if _is_map(name, config) else array
    return made


def to_state_dict(
    model: Transformer, rotary: Rotary = "halves", rename: Mapping[str, str] | None = None, fused: bool = False
) -> dict[str, Float[np.ndarray, "..."]]:
    """Return the weights of a transformer as a state dict, copied; the inverse of `from_state_dict`.

    Parameters
    ----------
    rotary, rename
        As in `from_state_dict`.
    fused : bool
        Whether query, key and value are one map.
    """
    _require_rotary(rotary)
    config, state = model.config, {}
    for name, view in model.parameters.items():
        array = view.T if _is_map(name, config) else view
        if rotary == "interleaved" and _is_turned(name):
            array = array[np.argsort(interleaved(config))]
        state[name] = np.array(array, order="C")
    if fused:
        state = _fused(state)
    return {_theirs(name, rename or {}): array for name, array in state.items()}


def interleaved(config: TransformerConfig) -> Int[np.ndarray, " C"]:
    """Return the rows of an interleaved query or key in the order of halves: of each head 0, 2, 4, ..., 1, 3, 5, ..."""
    heads = np.arange(config.width).reshape(config.heads, config.head_size // 2, 2)
    return heads.swapaxes(1, 2).ravel()


def _is_map(name: str, config: TransformerConfig) -> bool:
    """Tell whether a parameter is the matrix of a linear map, and no table or vector."""
    is_table = name == "embedding.weight" and config.input_kind == "tokens"
    return name.endswith(".weight") and "norm" not in name and not is_table


def _is_turned(name: str) -> bool:
    return ".query." in name or ".key." in name


def _theirs(name: str, rename: Mapping[str, str]) -> str:
    for here, there in rename.items():
        name = name.replace(here, there)
    return name


def _named(config: TransformerConfig, state: StateDict, rename: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Return a state dict by the names here; ValueError if it holds what this architecture has not."""
    names = list(parameters.shapes(config))
    names += [name.replace(".query.", ".qkv.") for name in names if ".query." in name]
    ours = {_theirs(name, rename): name for name in names}
    for name in state:
        if name not in ours:
            raise ValueError(f"the state dict holds {name!r}, which this architecture does not have; leave it out")
    return {ours[name]: np.asarray(array) for name, array in state.items()}


def _split(state: StateDict) -> dict[str, np.ndarray]:
    """Cut fused maps into query, key and value."""
    split: dict[str, np.ndarray] = {}
    for name, array in state.items():
        if ".qkv." in name and len(array) % 3:
            raise ValueError(f"{name} must have 3 C rows; got {len(array)}")
        parts = np.split(np.asarray(array), 3) if ".qkv." in name else [np.asarray(array)]
        names = [name.replace(".qkv.", f".{part}.") for part in _QKV] if ".qkv." in name else [name]
        split |= dict(zip(names, parts, strict=True))
    return split


def _fused(state: StateDict) -> dict[str, np.ndarray]:
    """Put query, key and value into one map."""
    whole = {}
    for name, array in state.items():
        if ".query." in name:
            parts = [state[name.replace(".query.", f".{part}.")] for part in _QKV]
            whole[name.replace(".query.", ".qkv.")] = np.concatenate(parts)
        elif ".key." not in name and ".value." not in name:
            whole[name] = np.asarray(array)
    return whole


def _require_rotary(rotary: str) -> None:
    if rotary not in get_args(Rotary):
        raise ValueError(f"rotary must be halves or interleaved; got {rotary!r}")
