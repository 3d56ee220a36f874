"""The first forward of a loaded model: whether it reads texts at all, and whether padding is nothing to it.

Asked of the model itself, because a config that its weights fit may still name sizes that do not go together, and a
family may mix what is padding into what is text.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from judgekit.errors import BackboneError
from judgekit.wording import first_line

# What is still rounding, as a share of the largest number: neither a wrong scale nor a wrong position.
MOST_DIFFERENCE = {torch.float32: 1e-3, torch.bfloat16: 0.1}
_TOKENS = 32
_OTHER = "Choose another backbone."
# What the code of a family raises when it is given what it cannot compute with; it is not judgekit's.
OF_FAMILIES = (
    ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip


@contextmanager
def family_errors(model: Any) -> Generator[None]:
    """A block that does nothing but let a model compute.

    Raises:
        BackboneError: the model's own code fails.
    """
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except OF_FAMILIES as error:
        raise BackboneError(
            f"This {type(model).__name__} does not read a text: {type(error).__name__}: {first_line(error)}",
            hint=f"Check whether its config.json belongs to its weights. {_OTHER}",
        ) from error


def check_forward(model: Any, *, longest: int | None = None, has_segments: bool = False) -> None:
    """Let a model read a made-up text, and an encoder also one with padding behind it.

    Args:
        model: of transformers, in evaluation mode; a causal LM's padding is tried where its labels are read.
        longest: tokens that it reads for sure.
        has_segments: whether it is given segment numbers.

    Raises:
        BackboneError: it fails in whatever way, or its numbers for the text depend on the padding.
    """
    total = min(_TOKENS, longest or _TOKENS)
    ids = made_up(model, total - total // 4)
    alone = _read(model, ids, has_segments)
    if model.can_generate():
        return
    padded = _read(model, ids, has_segments, padding=total // 4)
    tokens = ids.shape[1]
    hidden = model.config.hidden_size
    if alone.shape != (*ids.shape, hidden) or padded.shape[1] != tokens + total // 4:
        raise BackboneError(
            f"This {type(model).__name__} does not give a hidden state of {hidden:,} numbers for each token.",
            hint=_OTHER,
        )
    if alone.isfinite().all() and not are_close(padded[:, :tokens], alone, next(model.parameters()).dtype):
        raise depends_on_padding(model)


def depends_on_padding(model: Any) -> BackboneError:
    """The error about a model to which padding is not nothing."""
    return BackboneError(
        f"This {type(model).__name__} gives a text other numbers when there is padding beside it, so what it says of "
        "an item would depend on the items that are read with it.",
        hint=_OTHER,
    )


def are_close(one: Tensor, other: Tensor, dtype: torch.dtype) -> bool:
    """Whether two results of one computation in a number format differ by rounding alone; never if one is no number."""
    most = MOST_DIFFERENCE.get(dtype, 0.1)
    return bool((one - other).abs().max() <= most * other.abs().max().clamp_min(1))


def made_up(model: Any, tokens: int) -> Tensor:
    """Token ids, `[1, T]`, none of which is the padding's."""
    config = model.config.get_text_config()
    ids = [token for token in range(getattr(config, "vocab_size", _TOKENS)) if token != config.pad_token_id]
    return torch.tensor([[ids[place % len(ids)] for place in range(tokens)]], device=model.device)


def _read(model: Any, ids: Tensor, has_segments: bool, *, padding: int = 0) -> Tensor:
    """The last hidden states of the model without its head, `[1, T + padding, H]`, float32."""
    fill = model.config.get_text_config().pad_token_id or 0
    given = {
        "input_ids": torch.nn.functional.pad(ids, (0, padding), value=max(fill, 0)),
        "attention_mask": torch.nn.functional.pad(torch.ones_like(ids), (0, padding)),
    }
    if has_segments:
        given["token_type_ids"] = torch.zeros_like(given["input_ids"])
    with torch.no_grad(), family_errors(model):
        return model.base_model(**given).last_hidden_state.float()
