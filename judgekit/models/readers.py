"""A trained judge as something that reads: by judgekit's own forward pass where the family is known, else by another.

What it imports is on the way of `judgekit score`, and takes no longer than torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from judgekit.models.backbones import Backbone
from judgekit.models.bert import Bert, read_bert_weights
from judgekit.models.encoder import EncoderJudge, FrozenEncoder, depth_of
from judgekit.models.reader import LabelReader
from judgekit.models.saved_adapter import SavedAdapter
from judgekit.models.weights import weight_files


def load_reader(
    backbone: Backbone,
    adapter: SavedAdapter,
    *,
    label_words: Sequence[Sequence[Sequence[int]]] | None,
    device: torch.device,
    dtype: torch.dtype,
    load_in_4bit: bool = False,
) -> LabelReader:
    """A trained judge model that reads and cannot be trained; arguments and errors as at `load_judge`."""
    reader = _own_reader(backbone, adapter, device, dtype)
    if reader is None:
        # transformers' model classes take twice as long to import as torch.
        from judgekit.models.saved_judge import load_judge

        reader = load_judge(
            backbone, adapter, label_words=label_words, device=device, dtype=dtype, load_in_4bit=load_in_4bit
        )
    return reader


def load_frozen(
    backbone: Backbone, layers: tuple[int, ...], device: torch.device, dtype: torch.dtype
) -> FrozenEncoder | None:
    """An encoder as it was pretrained, for the probe of a judge; None where it has not that many layers.

    Args:
        backbone: an encoder.
        layers: behind which its states are read; none for the last hidden state alone.
        device: where to put it.
        dtype: number format of the matrix products.

    Raises:
        BackboneError: it cannot be loaded.
    """
    model = own_bert(backbone, device, dtype, None)
    if model is None:
        from judgekit.models.base_model import load_backbone  # as above

        model = load_backbone(backbone, device, dtype)
    if layers and layers[-1] > depth_of(model, dtype):
        return None
    return FrozenEncoder(model, layers, dtype=dtype)


def own_bert(backbone: Backbone, device: torch.device, dtype: torch.dtype, adapter: SavedAdapter | None) -> Bert | None:
    """A backbone of a family that is known here, with an adapter merged in or as it is; None for another.

    Raises:
        BackboneError: the adapter does not fit.
    """
    shape, files = backbone.shape, weight_files(backbone.folder)
    weights = None if shape is None or len(files) > 1 else read_bert_weights(files[0], shape)
    if shape is None or weights is None:
        return None
    if adapter is not None:
        _merge(adapter, shape.hidden_size, shape.linear_layers(), weights)
    return Bert(shape, {name: weight.to(device, dtype) for name, weight in weights.items()})


def _own_reader(
    backbone: Backbone, adapter: SavedAdapter, device: torch.device, dtype: torch.dtype
) -> EncoderJudge | None:
    model = own_bert(backbone, device, dtype, adapter)
    if model is None or adapter.head is None:
        return None
    with torch.random.fork_rng():  # a fresh head is drawn before the saved one is read
        judge = EncoderJudge(model, torch.zeros(adapter.head[0]), dtype=dtype)
    judge.load_head(adapter.folder)
    judge.set_training(False)
    return judge


def _merge(
    adapter: SavedAdapter, hidden_size: int, layers: dict[str, tuple[int, int]], weights: dict[str, Tensor]
) -> None:
    """Fold an adapter into weights in float32."""
    pooler = {"pooler.dense": (hidden_size, hidden_size)}  # has LoRA as well, and nothing to say
    adapter.check_fits(layers | pooler, hidden_size=hidden_size, family="BertModel")
    for name, reduction, expansion in adapter.matrices():
        if name in layers:
            weights[f"{name}.weight"] += (expansion @ reduction) * adapter.scale
