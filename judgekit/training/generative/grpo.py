"""Reinforcement learning from single annotations: answers are sampled, and those that earn more become likelier.

GRPO as TRL has it, with rewards that are highest at the true distribution (`core/rewards.py`). Advantages are not
divided by the spread of their own group: with one annotation that would make a small gain count as much as a large one,
so that what the majority chose drew every probability to 1. They are divided by the spread over the whole batch.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from transformers import TrainerCallback
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

from judgekit.core.rewards import reward_of
from judgekit.errors import BackboneError
from judgekit.prompts.verbalized import read_probabilities
from judgekit.training.generative.stage import Stage, StageResult, Unheard, on_one_device, run_stage

CLIP = 0.2
_REFERENCE = "ref"
"""TRL's name for a copy of the adapter, which it measures the divergence from."""


class SingleAnnotations(NamedTuple):
    """Annotations to learn from, one by one."""

    prompts: Sequence[NDArray[np.int64]]
    """Token ids of each prompt, `[N]`."""
    rows: NDArray[np.int64]
    """Which prompt each annotation is of, `[A]`."""
    labels: NDArray[np.int64]
    """Which label it gives, `[A]`."""

    @classmethod
    def of_counts(cls, prompts: Sequence[NDArray[np.int64]], counts: NDArray[np.integer]) -> SingleAnnotations:
        """The annotations that are counted per prompt and label in `[N, K]`."""
        rows, labels = np.nonzero(counts)
        times = counts[rows, labels].astype(np.int64)
        return cls(prompts, np.repeat(rows, times), np.repeat(labels, times))


class _Trainer(Unheard, GRPOTrainer):
    """TRL's, unheard, with prompts that are tokens already."""

    token_ids: Sequence[NDArray[np.int64]] = ()

    def _tokenize_prompts(self, prompts: list[str]) -> tuple[list[list[int]], None, dict[str, Any]]:
        """The tokens of prompts, which are given as their numbers."""
        return [self.token_ids[int(number)].tolist() for number in prompts], None, {}


def train_on_rewards(stage: Stage, annotations: SingleAnnotations) -> StageResult:
    """Maximise the mean reward of sampled answers.

    Args:
        stage: whose model is trained.
        annotations: what the answers are held against.

    Raises:
        BackboneError: the tokenizer has no token that ends an answer.
    """
    training = stage.training
    tokenizer = copy.deepcopy(training.setup.prompts.tokenizer)  # TRL changes its padding
    if tokenizer.eos_token_id is None:
        raise BackboneError(
            f"The tokenizer of {training.setup.backbone.name} has no token that ends a text, so that no answer ends.",
            hint="Set eos_token in its files, or train with --stage sft.",
        )
    answer, settings, loop = training.setup.answer, training.settings, training.loop
    assert answer is not None
    generated = min(loop.batch_size, len(annotations.rows)) * settings.generations

    def reward(completions: list[str], label: list[int], **_: object) -> list[float | None]:
        pairs = zip(completions, label, strict=True)
        return [reward_of(settings.reward, read_probabilities(answer, text), int(chosen)) for text, chosen in pairs]

    def parsed(completions: list[str], **_: object) -> list[float | None]:
        return [float(read_probabilities(answer, text) is not None) for text in completions]

    def make(callback: TrainerCallback) -> GRPOTrainer:
        trainer = _Trainer(
            model=cast("Any", training.model).backbone,
            reward_funcs=[reward, parsed],
            args=on_one_device(
                GRPOConfig(
                    **stage.arguments(),
                    per_device_train_batch_size=stage.at_once(generated),
                    generation_batch_size=generated,
                    num_generations=settings.generations,
                    gradient_accumulation_steps=generated // stage.at_once(generated),
                    max_completion_length=answer.length,
                    temperature=settings.sampling_temperature,
                    beta=settings.kl_weight,
                    epsilon=CLIP,
                    loss_type="grpo",
                    scale_rewards="batch",
                    reward_weights=[1.0, 0.0],
                    remove_unused_columns=False,
                )
            ),
            train_dataset=Dataset.from_dict(
                {"prompt": [str(row) for row in annotations.rows.tolist()], "label": annotations.labels.tolist()}
            ),
            processing_class=tokenizer,
            callbacks=[callback],
        )
        trainer.token_ids = annotations.prompts
        return trainer

    found = run_stage(stage, make)
    backbone = cast("Any", training.model).backbone
    if _REFERENCE in backbone.peft_config:
        backbone.delete_adapter(_REFERENCE)
    return found
