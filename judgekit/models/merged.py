"""A judge model without an adapter: LoRA merged into the weights, saved as transformers saves, and read back.

An encoder's label head stands beside the weights, as a CrossEncoder of sentence-transformers has it.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel, AutoModelForCausalLM, GenerationConfig

from judgekit.config import ModelKind
from judgekit.core.calibration import Calibration
from judgekit.errors import BackboneError
from judgekit.models.backbones import Backbone, model_config, read_config
from judgekit.models.causal import CausalJudge
from judgekit.models.classifier import as_classifier, name_no_labels
from judgekit.models.cross_encoder import calibrated, read_label_head, save_label_head
from judgekit.models.encoder import EncoderJudge
from judgekit.models.lora import AdaptedLinear, merge
from judgekit.models.pretrained import read_whole
from judgekit.models.quiet import quiet_libraries
from judgekit.models.saved_adapter import SavedAdapter
from judgekit.models.saved_judge import load_judge
from judgekit.models.tokenizer import load_tokenizer

GENERATION_FILE = "generation_config.json"


def own_dtype(backbone: Backbone) -> torch.dtype:
    """The number format that a backbone's config names; float32 where it names none.

    Raises:
        BackboneError: its weights are quantised, and nothing can be merged into them.
    """
    config = read_config(backbone.folder)
    if "quantization_config" in config:
        raise BackboneError(
            f"The weights of {backbone.name} are quantised; an adapter cannot be merged into them.",
            hint="Train on the model they were made from, with --load-in-4bit if memory is short.",
        )
    name = str(config.get("dtype") or config.get("torch_dtype") or "float32").removeprefix("torch.")
    found = getattr(torch, name, None)
    return found if found in (torch.float32, torch.float16, torch.bfloat16) else torch.float32


def save_merged(
    backbone: Backbone,
    adapter: SavedAdapter,
    folder: Path,
    *,
    label_words: Sequence[Sequence[Sequence[int]]] | None,
    device: torch.device,
    dtype: torch.dtype,
    in_4bit: bool,
    calibration: Calibration,
    labels: Sequence[str],
) -> bool:
    """Write a judge model into a folder as one model: weights, config, tokenizer; for an encoder the label head too.

    Args:
        backbone: what it was trained on.
        adapter: of `read_adapter`.
        folder: where to, made by the caller.
        label_words: as at `load_judge`.
        device: where it is merged.
        dtype: number format of the saved weights.
        in_4bit: the adapter was trained against weights in 4 bits: they are merged into, expanded.
        calibration: a temperature and a bias, which become part of an encoder's label head.
        labels: the K names.

    Returns:
        Whether `pipeline("text-classification")` of plain transformers says what the judge says.
    """
    options: dict[str, Any] = {"label_words": label_words, "device": device}
    expanded = _expanded(load_judge(backbone, adapter, dtype=dtype, load_in_4bit=True, **options)) if in_4bit else {}
    judge = load_judge(backbone, adapter, dtype=dtype, **options)
    with torch.no_grad(), quiet_libraries():
        for name, weight in expanded.items():
            judge.backbone.get_submodule(name).weight.copy_(weight)
        if isinstance(judge, CausalJudge):
            _untie_trained_head(judge.language_model)
            merge(judge.backbone)
        model = judge.backbone
        _restore_config(model, backbone)
        model.generation_config = GenerationConfig()  # transformers would refuse to save many a published one
        classifier = None
        if isinstance(judge, EncoderJudge):
            classifier = as_classifier(model, *calibrated(judge.head.weight, judge.head.bias, calibration), labels)
        if classifier is None:
            name_no_labels(model.config)
        (classifier or model).save_pretrained(str(folder))
        load_tokenizer(backbone).save_pretrained(str(folder))
    (folder / GENERATION_FILE).unlink(missing_ok=True)
    for pattern in (GENERATION_FILE, "LICENSE*", "NOTICE*", *(["*.py"] if backbone.trust_remote_code else [])):
        for path in backbone.folder.glob(pattern):
            shutil.copyfile(path, folder / path.name)
    if isinstance(judge, EncoderJudge):
        save_label_head(*calibrated(judge.head.weight, judge.head.bias, calibration), folder)
    return classifier is not None


def load_merged(
    folder: Path,
    *,
    kind: ModelKind,
    label_words: Sequence[Sequence[Sequence[int]]] | None,
    device: torch.device,
    trust_remote_code: bool = False,
) -> EncoderJudge | CausalJudge:
    """The judge model that `save_merged` wrote, loaded as transformers loads any model.

    Args:
        folder: with the model.
        kind: encoder or causal.
        label_words: as at `load_judge`.
        device: where to put it.
        trust_remote_code: whether code in the folder may run.
    """
    auto = AutoModelForCausalLM if kind == "causal" else AutoModel
    with quiet_libraries(), torch.random.fork_rng():
        model = read_whole(auto, folder, trust_remote_code=trust_remote_code).to(device)
        if label_words is not None:
            judge = CausalJudge(model, label_words, dtype=model.dtype)
        else:
            head = read_label_head(folder)
            judge = EncoderJudge(model, head["bias"], dtype=model.dtype)
            judge.head.load_state_dict(head)
    judge.set_training(False)
    return judge


def _expanded(judge: EncoderJudge | CausalJudge) -> dict[str, torch.Tensor]:
    """The weights of every layer in 4 bits, by the layer's name, as numbers again."""
    from bitsandbytes.functional import dequantize_4bit  # takes seconds to import, and few need it
    from bitsandbytes.nn.modules import Linear4bit

    assert isinstance(judge, CausalJudge)
    weights: dict[str, Any] = {
        name: layer.weight for name, layer in judge.backbone.named_modules() if isinstance(layer, Linear4bit)
    }
    return {name: dequantize_4bit(weight.data, weight.quant_state) for name, weight in weights.items()}


def _untie_trained_head(model: Any) -> None:
    """Give an LM head with LoRA its own weights: merged into shared ones, it would change the embeddings too."""
    head, embeddings = model.get_output_embeddings(), model.get_input_embeddings()
    if isinstance(head, AdaptedLinear) and head.weight is embeddings.weight:
        head.base.weight = torch.nn.Parameter(embeddings.weight.clone(), requires_grad=False)
        model.config.tie_word_embeddings = False


def _restore_config(model: Any, backbone: Backbone) -> None:
    """Undo what loading changed: a judge is trained without dropout of attention weights, which is no fact of it."""
    config = model_config(backbone)
    for name in ("attention_probs_dropout_prob", "attention_dropout"):
        if hasattr(config, name):
            setattr(model.config, name, getattr(config, name))
