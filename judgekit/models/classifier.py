"""A merged encoder as its family's own model for sequence classification, where that can say what the judge says.

Then `pipeline("text-classification")` of plain transformers gives the judge's probabilities under its label names. It
takes a head that reads the mean of the hidden states and can be a linear map of it. Which families have one is asked of
the models themselves; for the others a folder names no labels, so that a head drawn at random answers nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING

from judgekit.models.first_forward import OF_FAMILIES, made_up

_PADDING = 5
# Of the length of the logits of a head of random numbers: another pooling is off by about their whole length.
_CLOSE = {torch.float32: 1e-3}


def as_classifier(model: Any, weight: Tensor, bias: Tensor, labels: Sequence[str]) -> Any | None:
    """A model for sequence classification around a merged encoder, or None where its family's cannot hold the head.

    Args:
        model: the encoder; the classifier shares its weights.
        weight: of the label head, `[K, H]`.
        bias: `[K]`.
        labels: the K names.
    """
    found = _family_classifier(model, labels)
    if found is None:
        return None
    random = torch.Generator().manual_seed(0)
    probe = torch.randn(weight.shape, generator=random), torch.randn(bias.shape, generator=random)
    try:
        if not (_set_head(found, model, *probe) and _agrees(found, model, *probe)):
            return None
    except OF_FAMILIES:  # it wants something else than a text
        return None
    _set_head(found, model, weight, bias)
    return found


def name_no_labels(config: Any) -> None:
    """Let a classifier that is drawn at random on this config answer nothing instead of anything."""
    config.num_labels = 0


def _family_classifier(model: Any, labels: Sequence[str]) -> Any | None:
    """The family's classifier around a model, its head without numbers yet; None where the family has none."""
    family: Any = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING.get(type(model.config), None)
    if family is None:
        return None
    config = type(model.config).from_dict(model.config.to_dict())
    config.id2label, config.label2id = dict(enumerate(labels)), {label: n for n, label in enumerate(labels)}
    config.problem_type = "single_label_classification"
    if hasattr(config, "classifier_pooling"):
        config.classifier_pooling = "mean"
    with torch.device("meta"):
        found = family(config)
    if type(getattr(found, found.base_model_prefix, None)) is not type(model):
        return None
    setattr(found, found.base_model_prefix, model)
    return found.eval()


def _set_head(found: Any, model: Any, weight: Tensor, bias: Tensor) -> bool:
    """Give the classifier's own layers the numbers of a label head; False where they cannot hold it.

    One linear layer is the head. Of two with an activation g between, for which g(x) - g(-x) = x (GELU, SiLU), the
    first has each label's row and its negative, and the second takes the difference.
    """
    own = {name: part for name, part in found.named_modules() if part is not found and not _is_of(name, found)}
    layers = [part for part in own.values() if isinstance(part, nn.Linear)]
    held = {id(parameter) for layer in layers for parameter in layer.parameters()}
    if any(id(parameter) not in held for part in own.values() for parameter in part.parameters()):
        return False  # such as a LayerNorm
    if not layers or any(layer.bias is None for layer in layers[-1:]) or len(layers) > 2:
        return False
    if len(layers) == 1:
        _fill(layers[0], model, weight, bias)
        return True
    count = len(weight)
    if 2 * count > layers[0].out_features:
        return False
    first = torch.zeros(layers[0].weight.shape)
    first[: 2 * count] = torch.cat([weight, -weight]).cpu()
    second = torch.zeros(layers[1].weight.shape)
    second[:, : 2 * count] = torch.cat([torch.eye(count), -torch.eye(count)], dim=1)
    _fill(layers[0], model, first, None if layers[0].bias is None else torch.zeros(layers[0].out_features))
    _fill(layers[1], model, second, bias)
    return True


def _is_of(name: str, found: Any) -> bool:
    return name == found.base_model_prefix or name.startswith(f"{found.base_model_prefix}.")


def _fill(layer: nn.Linear, model: Any, weight: Tensor, bias: Tensor | None) -> None:
    def as_parameter(values: Tensor) -> nn.Parameter:
        return nn.Parameter(values.detach().clone().to(model.device, model.dtype), requires_grad=False)

    layer.weight = as_parameter(weight)
    layer.bias = None if bias is None else as_parameter(bias)  # pyright: ignore[reportAttributeAccessIssue]


def _agrees(found: Any, model: Any, weight: Tensor, bias: Tensor) -> bool:
    """Whether the classifier says of a made-up text with padding what the head says of its mean hidden state."""
    ids = nn.functional.pad(made_up(model, 16), (0, _PADDING), value=max(model.config.pad_token_id or 0, 0))
    mask = (torch.arange(ids.shape[1], device=ids.device) < ids.shape[1] - _PADDING).to(torch.int64).unsqueeze(0)
    with torch.no_grad():
        logits = found(input_ids=ids, attention_mask=mask).logits.float().cpu()
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state[0, :-_PADDING].float().cpu()
    expected = nn.functional.linear(hidden.mean(0), weight, bias)
    return bool((logits[0] - expected).norm() <= _CLOSE.get(model.dtype, 0.05) * expected.norm())
