"""The shape of a transformer: every size and switch, checked once.

Symbols: B sequences, L positions, C = width of the residual stream, H heads of size D = C / H, F = hidden width of
the MLP, V = number of outputs. Source of the architecture: arXiv:2605.03780, restated in `docs/transformer.md`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Activation = Literal["silu", "gelu"]
InputKind = Literal["tokens", "vectors"]
Loss = Literal["categorical", "squared"]

_CHOICES = {"activation": ("silu", "gelu"), "input_kind": ("tokens", "vectors"), "loss": ("categorical", "squared")}
_SIZES = ("inputs", "outputs", "layers", "width", "heads", "hidden", "length")
_SWITCHES = ("final_norm", "attention_bias", "mlp_bias", "output_bias")


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes and switches of a pre-LayerNorm decoder with rotary positions and causal attention.

    Attributes
    ----------
    inputs : int
        Number of symbols (``input_kind="tokens"``) or size of an input vector (``"vectors"``).
    outputs : int
        Number of symbols to predict, or 1 number with ``loss="squared"``.
    layers, width, heads, hidden : int
        Layers, width C of the residual stream, attention heads H (C / H must be even), hidden width F of the MLP.
    length : int
        The largest number of positions L.
    activation : {"silu", "gelu"}
        Nonlinearity of the MLP. GELU is GPT-2's tanh form.
    final_norm : bool
        Whether a LayerNorm stands before the output layer.
    input_kind : {"tokens", "vectors"}
        An embedding table without bias, or a linear map with bias.
    attention_bias, mlp_bias, output_bias : bool
        Which linear maps carry a bias.
    loss : {"categorical", "squared"}
        Cross-entropy in nats of symbols, or squared error of numbers.

    Raises
    ------
    ValueError
        If a size or a switch is not allowed; the sentence says what was wanted and what was got.
    """

    inputs: int
    outputs: int
    layers: int
    width: int
    heads: int
    hidden: int
    length: int
    activation: Activation = "silu"
    final_norm: bool = False
    input_kind: InputKind = "tokens"
    attention_bias: bool = False
    mlp_bias: bool = True
    output_bias: bool = True
    loss: Loss = "categorical"

    def __post_init__(self) -> None:
        for name in _SIZES:
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} must be a positive integer; got {value!r}")
        for name in _SWITCHES:
            if type(getattr(self, name)) is not bool:
                raise ValueError(f"{name} must be True or False; got {getattr(self, name)!r}")
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {getattr(self, name)!r}")
        if self.width % self.heads or self.head_size % 2:
            raise ValueError(
                f"width must be heads times an even head size (rotary positions turn pairs); "
                f"got width {self.width} and heads {self.heads}"
            )
        if self.loss == "squared" and self.outputs != 1:
            raise ValueError(f"outputs must be 1 with the squared loss; got {self.outputs}")

    @property
    def head_size(self) -> int:
        """The size D = C / H of an attention head."""
        return self.width // self.heads

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a plain dictionary, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TransformerConfig":
        """Build a configuration from a dictionary such as `to_dict` returns.

        Raises
        ------
        ValueError
            If a key is unknown or missing, or a value is not allowed.
        """
        known = [field.name for field in fields(cls)]
        if unknown := [name for name in values if name not in known]:
            raise ValueError(f"a transformer configuration has no {', '.join(unknown)}; known are {', '.join(known)}")
        if missing := [name for name in _SIZES if name not in values]:
            raise ValueError(f"a transformer configuration needs {', '.join(missing)}")
        return cls(**values)
