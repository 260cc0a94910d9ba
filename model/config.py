"""The shape of a transformer: every size and switch, checked once.

Symbols: B sequences, L positions, C = width of the residual stream, H heads of size D = C / H, F = hidden width of
the MLP, V = number of outputs. Source of the architecture: arXiv:2605.03780, restated in `docs/transformer.md`.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from model.settings import SETTINGS, in_sentences

Activation = Literal["silu", "gelu"]
InputKind = Literal["tokens", "vectors"]
Loss = Literal["categorical", "squared"]
Size = Annotated[int, Field(ge=1)]


@in_sentences
@dataclass(frozen=True, config=SETTINGS)
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

    inputs: Size
    outputs: Size
    layers: Size
    width: Size
    heads: Size
    hidden: Size
    length: Size
    activation: Activation = "silu"
    final_norm: bool = False
    input_kind: InputKind = "tokens"
    attention_bias: bool = False
    mlp_bias: bool = True
    output_bias: bool = True
    loss: Loss = "categorical"

    @model_validator(mode="after")
    def _sizes_fit(self) -> "TransformerConfig":
        if self.width % self.heads or self.head_size % 2:
            raise ValueError(
                f"width must be heads times an even head size (rotary positions turn pairs); "
                f"got width {self.width} and heads {self.heads}"
            )
        if self.loss == "squared" and self.outputs != 1:
            raise ValueError(f"outputs must be 1 with the squared loss; got {self.outputs}")
        return self

    @property
    def head_size(self) -> int:
        """The size D = C / H of an attention head."""
        return self.width // self.heads
