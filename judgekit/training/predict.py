"""A judge model over many items: label logits in the order of the items, whatever order they were computed in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit.models.base import JudgeModel
from judgekit.training.batches import EncodedItems, collate

# A CPU is fastest while a batch stays in its caches; a GPU while it is full.
TOKENS_PER_BATCH = {"cpu": 1_024}
TOKENS_PER_BATCH_ELSEWHERE = 32_768


def predict_logits(
    model: JudgeModel,
    encoded: EncodedItems,
    *,
    batch_size: int = 128,
    on_batch: Callable[[int], None] | None = None,
) -> NDArray[np.float32]:
    """Label logits of all items.

    Items are sorted by length, the longest first, so that batches hold little padding, memory runs out at once if it
    runs out at all, and the time left is never underestimated.

    Args:
        model: the judge model; left in evaluation mode.
        encoded: N tokenised items.
        batch_size: most items per forward pass; fewer where items are long.
        on_batch: called after each batch with the number of items done in it.

    Returns:
        logits, float32 `[N, K]`, in the order of the items.
    """
    tokens = TOKENS_PER_BATCH.get(model.device.type, TOKENS_PER_BATCH_ELSEWHERE)
    lengths = encoded.lengths
    order = np.argsort(-lengths, kind="stable")
    model.set_training(False)
    parts: list[NDArray[np.float32]] = []
    done = 0
    with torch.inference_mode():
        while done < len(order):
            size = max(1, min(batch_size, tokens // max(1, int(lengths[order[done]]))))
            rows = order[done : done + size]
            batch = collate(encoded, rows, pad_left=model.pad_left).to(model.device)
            parts.append(model.label_logits(batch).float().cpu().numpy())
            done += len(rows)
            if on_batch is not None:
                on_batch(len(rows))
    logits = np.concatenate(parts)
    result = np.empty_like(logits)
    result[order] = logits
    return result
