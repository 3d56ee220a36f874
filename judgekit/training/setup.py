"""A backbone set up for a dataset: device, number format, prompts, and how its labels are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from judgekit.config import TrainSettings
from judgekit.config.generating import GenerativeSettings
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
from judgekit.prompts.answers import AnswerForm
from judgekit.prompts.chat import chat_frame
from judgekit.prompts.verbalized import longest_answers, verbalized_form
from judgekit.prompts.verbalizer import Verbalizer, readings
from judgekit.prompts.verdict import verdict_form
from judgekit.training.batches import TokenizedPrompts
from judgekit.training.optimizer import check_optimizer
from judgekit.training.processes import ALONE, Processes
from judgekit.training.reading import choose_reading

PROMPTS_FOR_VERBALIZER = 8
FEWEST_PROMPT_TOKENS = 16
TOKENS_TO_SPARE = 8
"""For the end of an answer, and for white space in it."""


class Setup(NamedTuple):
    """A backbone made ready to judge the items of a dataset: all but the weights."""

    backbone: Backbone
    device: torch.device
    dtype: torch.dtype
    prompts: TokenizedPrompts
    verbalizer: Verbalizer | None
    """How a causal LM is read; None for an encoder."""
    answer: AnswerForm | None = None
    """What the judge is asked to write; None where it is read at its labels."""


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

    def form(codes: tuple[str, ...]) -> AnswerForm:
        return answer_form(tokenizer, labels, codes, settings)

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
            closing=form(codes).instruction if settings.is_generative else "",
        )

    most = min(settings.max_length, longest_input(backbone))
    dtype = choose_dtype(settings.dtype, device)
    if for_encoder:
        if settings.is_generative:
            raise SettingsError(
                f"--method {settings.method} needs a backbone that writes; {backbone.name} is an encoder.",
                hint="Choose a causal LM with --backbone, or omit --method.",
            )
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
        if settings.is_generative:
            behind = max(behind, form(reading.codes).length)  # and so does the answer
            if most - behind < FEWEST_PROMPT_TOKENS:
                raise SettingsError(
                    f"An answer takes up to {behind:,} tokens, and prompt and answer together have {most:,}.",
                    hint="Raise --max-length, or lower --answer-length or --decimals.",
                )
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
    answer = form(verbalizer.codes) if settings.is_generative else None
    return Setup(backbone, device, dtype, prompts_for(verbalizer), verbalizer, answer)


def answer_form(
    tokenizer: Any, labels: Sequence[str], codes: Sequence[str], settings: GenerativeSettings
) -> AnswerForm:
    """What a generative judge is asked to write, and how long that is at most.

    Args:
        tokenizer: of its backbone.
        labels: the ordered label set.
        codes: of each label, where the prompt shows them.
        settings: of its method.
    """
    if settings.method == "rise":
        return verdict_form(labels, codes, length=settings.answer_length)._replace(judgments=settings.judgments)
    form = verbalized_form(labels, codes, decimals=settings.decimals, rationale=settings.rationale)
    if settings.rationale:
        return form._replace(length=settings.answer_length)
    texts = tokenizer(longest_answers(form), add_special_tokens=False, verbose=False)["input_ids"]
    return form._replace(length=max(map(len, texts)) + TOKENS_TO_SPARE)
