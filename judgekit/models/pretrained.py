"""Weights read whole: what is missing, left over or of another shape is an error, and nothing is drawn at random.

transformers draws what a checkpoint lacks anew at every load and says so in a log that few read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from judgekit.errors import BackboneError
from judgekit.models.first_forward import family_errors

# What a save of a wrapped model puts before every name, and how the model inside it is saved.
_WRAPPERS = {
    "module.": "model.module.save_pretrained(folder)",
    "_orig_mod.": "model._orig_mod.save_pretrained(folder)",
    "base_model.model.": "model.merge_and_unload().save_pretrained(folder)",
}
_PROBE_TOKENS = 8


def read_whole(auto: Any, folder: Path, **options: Any) -> Any:
    """A model of a folder, with every weight that reaches its logits or hidden states from its files.

    A task head of the checkpoint that the model does not have is left out, and what the model has beside its path to
    the output, such as a pooler, may be missing: it is zero then.

    Args:
        auto: the class that reads it, as `AutoModel`.
        folder: in the Hugging Face layout.
        options: of `from_pretrained`.

    Raises:
        BackboneError: the files are damaged, or weights are missing, left over or of other shapes; names them.
    """
    try:
        model, found = auto.from_pretrained(
            str(folder),
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # else a RuntimeError without the names; they are an error below
            **options,
        )
    except SafetensorError as error:
        raise BackboneError(
            f"The weights in {folder} cannot be read: {error}.", hint="Download or copy them again."
        ) from error
    missing, unused = found["missing_keys"], _out_of_use(model, found["missing_keys"])
    surplus = [name for name in found["unexpected_keys"] if _belongs(model, name)]
    problems = [
        *(f"{name}: {_shape(given)} in the file, {_shape(own)} in the config" for name, given, own in _shapes(found)),
        *(f"{name} is missing" for name in sorted(missing - unused)),
        *(f"{name} has no place in the model" for name in sorted(surplus)),
    ]
    if problems:
        raise BackboneError(
            f"The weights in {folder} do not fit its config.json, which names a {type(model).__name__}:",
            problems=problems,
            hint=_how_to_mend(found["unexpected_keys"]),
        )
    with torch.no_grad():
        for name in unused:
            model.get_parameter(name).zero_()
    return model


def _shapes(found: Any) -> list[tuple[str, Sequence[int], Sequence[int]]]:
    return sorted(found["mismatched_keys"])


def _shape(size: Sequence[int]) -> str:
    return " x ".join(map(str, size))


def _out_of_use(model: Any, missing: Collection[str]) -> set[str]:
    """The missing parameters that nothing which is read depends on: asked of the model, by their gradients."""
    parameters = dict(model.named_parameters())
    # Inside a layer every weight counts: an expert that no token of the probe is routed to has no gradient either.
    asked = [
        name
        for name in sorted(missing)
        if name in parameters and parameters[name].requires_grad and not any(part.isdigit() for part in name.split("."))
    ]
    if not asked:
        return set()
    ids = torch.arange(_PROBE_TOKENS, device=model.device).remainder(model.config.get_text_config().vocab_size)
    with torch.enable_grad(), family_errors(model):
        out = model(input_ids=ids.unsqueeze(0), attention_mask=torch.ones_like(ids).unsqueeze(0))
        read = out.logits if hasattr(out, "logits") else out.last_hidden_state
        gradients = torch.autograd.grad(read.float().sum(), [parameters[name] for name in asked], allow_unused=True)
    return {name for name, gradient in zip(asked, gradients, strict=True) if gradient is None}


def _belongs(model: Any, name: str) -> bool:
    """Whether a surplus weight is of a part that the model has; a task head that it does not have is none."""
    parts = {part for part, _ in [*model.named_children(), *model.base_model.named_children()]}
    return name.removeprefix(f"{model.base_model_prefix}.").partition(".")[0] in parts


def _how_to_mend(unexpected: Collection[str]) -> str:
    for prefix, how in _WRAPPERS.items():
        if unexpected and all(name.startswith(prefix) for name in unexpected):
            return f"Every name begins with {prefix!r}, as a wrapper adds it: save the model inside it with {how}."
    return "Save config and weights together again with model.save_pretrained(folder), or download them again."
