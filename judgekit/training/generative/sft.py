"""Supervised fine-tuning: the judge learns to write given answers, token by token."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from transformers import TrainerCallback
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from judgekit.training.generative.stage import Stage, StageResult, Unheard, on_one_device, run_stage

IGNORED = -100
"""Label of a token that the loss passes over."""


class _Trainer(Unheard, SFTTrainer):
    """TRL's, unheard."""


def train_on_answers(stage: Stage, prompts: Sequence[NDArray[np.int64]], answers: Sequence[str]) -> StageResult:
    """Minimise the mean negative log-likelihood of the answers' tokens behind their prompts.

    Args:
        stage: whose model is trained.
        prompts: token ids of each prompt.
        answers: the text of each answer, without the token that ends it.
    """
    training = stage.training
    tokenizer = copy.deepcopy(training.setup.prompts.tokenizer)  # TRL changes its padding
    ids = tokenizer(list(answers), add_special_tokens=False, verbose=False)["input_ids"]
    end = [] if tokenizer.eos_token_id is None else [int(tokenizer.eos_token_id)]
    whole = [[*prompt.tolist(), *answer, *end] for prompt, answer in zip(prompts, ids, strict=True)]
    labels = [[*[IGNORED] * len(prompt), *one[len(prompt) :]] for prompt, one in zip(prompts, whole, strict=True)]
    loop = training.loop
    at_once = stage.at_once(loop.batch_size)

    def make(callback: TrainerCallback) -> SFTTrainer:
        return _Trainer(
            model=cast("Any", training.model).backbone,
            args=on_one_device(
                SFTConfig(
                    **stage.arguments(),
                    per_device_train_batch_size=at_once,
                    gradient_accumulation_steps=loop.batch_size // at_once,
                    max_length=None,
                    dataset_kwargs={"skip_prepare_dataset": True},
                )
            ),
            train_dataset=Dataset.from_dict({"input_ids": whole, "labels": labels}),
            processing_class=tokenizer,
            callbacks=[callback],
        )

    return run_stage(stage, make)
