"""A trained judge model from its files: a backbone as transformers loads it, and the adapter that was saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from judgekit.models.backbones import Backbone
from judgekit.models.base_model import load_base_model
from judgekit.models.causal import CausalJudge
from judgekit.models.encoder import EncoderJudge
from judgekit.models.lora import merge, put_on
from judgekit.models.quiet import quiet_libraries
from judgekit.models.saved_adapter import SavedAdapter


def load_judge(
    backbone: Backbone,
    adapter: SavedAdapter,
    *,
    label_words: Sequence[Sequence[Sequence[int]]] | None,
    device: torch.device,
    dtype: torch.dtype,
    load_in_4bit: bool = False,
) -> EncoderJudge | CausalJudge:
    """A trained judge model: the backbone with an adapter that `save_adapter` wrote.

    An encoder's adapter is merged into its weights, in float32 before they are rounded to `dtype`: scoring takes half
    the time then, and the merged weights are no further from float32 than the adapter beside rounded ones.

    Args:
        backbone: what it was trained on.
        adapter: of `read_adapter`.
        label_words: as at `new_judge`.
        device: where to put it.
        dtype: number format of the matrix products.
        load_in_4bit: whether it was trained against weights in 4 bits; it is scored against the same ones then.

    Raises:
        BackboneError: the adapter does not fit the backbone.
    """
    is_encoder = backbone.kind == "encoder"
    # Fresh weights are drawn before the saved ones are read; the caller's random numbers stay as they are.
    with quiet_libraries(), torch.random.fork_rng():
        format_ = torch.float32 if is_encoder else dtype
        model = load_base_model(backbone, device, format_, load_in_4bit=load_in_4bit, is_trained=False)
        put_on(adapter, model)
        if is_encoder:
            merge(model)
            model.to(dtype)
        labels = adapter.head[0] if adapter.head else 0
        judge = as_judge(backbone, model, torch.zeros(labels), label_words, dtype)
    if isinstance(judge, EncoderJudge):
        judge.load_head(adapter.folder)
    judge.set_training(False)
    return judge


def as_judge(
    backbone: Backbone,
    model: Any,
    label_bias: torch.Tensor,
    label_words: Sequence[Sequence[Sequence[int]]] | None,
    dtype: torch.dtype,
) -> EncoderJudge | CausalJudge:
    """A model with LoRA on it, or merged, as what its family reads labels with; other arguments as at `new_judge`."""
    if backbone.kind == "encoder":
        return EncoderJudge(model, label_bias, dtype=dtype)
    if label_words is None:
        raise ValueError("a causal LM needs the words of the labels")
    judge = CausalJudge(model, label_words, dtype=dtype)
    judge.check()
    return judge
