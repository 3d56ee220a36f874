"""A backbone set up for a dataset: device, number format, prompts, and how its labels are read."""

from __future__ import annotations

from typing import NamedTuple

import torch

from judgekit.config import TrainSettings
from judgekit.dataset.opening import Dataset
from judgekit.errors import SettingsError
from judgekit.models.loading import (
    Backbone,
    check_4bit,
    choose_device,
    choose_dtype,
    embeddings,
    find_backbone,
    load_tokenizer,
    longest_input,
)
from judgekit.prompts.chat import chat_frame
from judgekit.prompts.verbalizer import Verbalizer, readings
from judgekit.training.batches import TokenizedPrompts
from judgekit.training.optimizer import check_optimizer
from judgekit.training.processes import ALONE, Processes
from judgekit.training.reading import choose_reading

PROMPTS_FOR_VERBALIZER = 8


class Setup(NamedTuple):
    """A backbone made ready to judge the items of a dataset: all but the weights."""

    backbone: Backbone
    device: torch.device
    dtype: torch.dtype
    prompts: TokenizedPrompts
    verbalizer: Verbalizer | None
    """How a causal LM is read; None for an encoder."""


def wanted_backbone(settings: TrainSettings, name: str | None = None, *, offline: bool) -> Backbone:
    """The backbone that the settings ask for, located and not loaded.

    Args:
        settings: of the training.
        name: its name where that is known better, as the whole path of a folder.
        offline: never ask the hub.

    Raises:
        BackboneError: it cannot be found.
    """
    return find_backbone(
        name or settings.backbone,
        settings.revision,
        kind=settings.model_kind,
        offline=offline,
        trust_remote_code=settings.trust_remote_code,
    )


def set_up(
    data: Dataset,
    backbone: Backbone,
    settings: TrainSettings,
    *,
    device: torch.device | None = None,
    processes: Processes = ALONE,
) -> Setup:
    """Decide device, number format, prompts and how the labels are read.

    Loads a tokenizer, and the weights of a causal LM where its labels can be read in several ways.

    Args:
        data: the dataset.
        backbone: what will be fine-tuned.
        settings: of the training.
        device: where to, if not as the settings say.
        processes: those that train together; each calls this.

    Raises:
        JudgekitError: the device, 4 bits or the optimiser cannot be used here, or the labels cannot be distinguished.
    """
    device = device or choose_device(settings.device)
    if settings.load_in_4bit:
        check_4bit(backbone, device)
    check_optimizer(settings.optimizer, device)
    tokenizer = load_tokenizer(backbone)
    for_encoder = backbone.kind == "encoder"
    labels = data.items.labels
    frame = None if for_encoder or not settings.chat else chat_frame(tokenizer)

    def prompts(codes: tuple[str, ...], max_length: int) -> TokenizedPrompts:
        return TokenizedPrompts(
            data.template,
            labels,
            tokenizer,
            for_encoder=for_encoder,
            max_length=max_length,
            frame=frame,
            codes=codes,
            embeddings=embeddings(backbone),
        )

    most = min(settings.max_length, longest_input(backbone))
    dtype = choose_dtype(settings.dtype, device)
    if for_encoder:
        if settings.label_words or settings.label_scoring != "auto":
            raise SettingsError(
                f"--label-words and --label-scoring say how a causal LM is read; {backbone.name} is an encoder with a "
                "label head.",
                hint="Omit them, or choose a causal LM with --backbone.",
            )
        return Setup(backbone, device, dtype, prompts((), most), None)
    sample = data.items.texts.head(PROMPTS_FOR_VERBALIZER).to_dicts()
    possible = readings(
        tokenizer,
        lambda codes: prompts(codes, most).texts(sample),
        labels,
        scoring=settings.label_scoring,
        label_words=settings.words_of_labels(),
        ordinal=data.items.scale == "ordinal",
    )

    def prompts_for(reading: Verbalizer) -> TokenizedPrompts:
        behind = max(len(word) for words in reading.words for word in words)  # the label stands behind the prompt
        return prompts(reading.codes, most - behind)

    verbalizer = processes.from_main(
        lambda: choose_reading(
            possible,
            prompts_for,
            sample,
            backbone,
            device=torch.device("cpu") if processes.is_sharded else device,  # one GPU may not hold the whole of it
            dtype=dtype,
            load_in_4bit=settings.load_in_4bit,
        )
    )
    return Setup(backbone, device, dtype, prompts_for(verbalizer), verbalizer)
