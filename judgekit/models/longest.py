"""The longest input of a loaded model: asked of it by one forward, whatever its config says and its positions are."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from judgekit.errors import BackboneError
from judgekit.models.first_forward import family_errors

_ATEN = torch.ops.aten


def check_longest(model: Any, tokens: int) -> None:
    """Check that a model reads inputs of so many tokens.

    A look-up past the end of a table of positions is counted, not made: on a GPU it would end the process.

    Args:
        model: of transformers.
        tokens: of one input.

    Raises:
        BackboneError: it does not; says how many tokens it reads, or how it fails.
    """
    config = model.config.get_text_config()
    token = 1 if config.pad_token_id == 0 else 0  # some count the positions of what is no padding
    ids = torch.full((1, tokens), token, dtype=torch.int64, device=model.device)
    with torch.no_grad(), family_errors(model), _LookUps() as seen:
        model.base_model(input_ids=ids, attention_mask=torch.ones_like(ids))
    if seen.beyond:
        most = tokens - seen.beyond
        raise BackboneError(
            f"This {type(model).__name__} reads {most:,} tokens at most, which its config does not say.",
            hint=f"Train with --max-length {most}, or less.",
        )


class _LookUps(TorchDispatchMode):
    """Makes every look-up in a table by numbers stay in it, and keeps by how much one went beyond the end."""

    def __init__(self) -> None:
        super().__init__()
        self.beyond = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """Run an operation of torch."""
        if func is _ATEN.embedding.default:
            args = (args[0], self._inside(args[1], len(args[0])), *args[2:])
        elif func in (_ATEN.gather.default, _ATEN.index_select.default):
            args = (*args[:2], self._inside(args[2], args[0].shape[args[1]]), *args[3:])
        elif func is _ATEN.index.Tensor and len(args[1]) == 1:
            args = (args[0], [self._inside(args[1][0], len(args[0]))])
        return func(*args, **(kwargs or {}))

    def _inside(self, places: Any, size: int) -> Any:
        if places is None or places.dtype not in (torch.int64, torch.int32) or not places.numel():
            return places
        self.beyond = max(self.beyond, int(places.max()) + 1 - size)
        return places.clamp_max(size - 1)
