"""Preference learning: of two judgments of a prompt the nearer one to people becomes likelier than the other.

DPO as TRL has it, with the negative log-likelihood of the chosen judgment per token added (arXiv 2502.11689): without
it both of a pair may become less likely. The reference is the judge as the stage before left it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from datasets import Dataset
from transformers import TrainerCallback
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer

from judgekit.training.generative.stage import Stage, StageResult, Unheard, run_stage

BETA = 0.1
NLL_WEIGHT = 1.0
SHARE_OF_LEARNING_RATE = 0.1
"""Preferences move a judge that can write already: with a tenth of the steps it learned to write by."""
_REFERENCE = "ref"
"""TRL's name for a copy of the adapter, which the ratios are taken to."""


class Preference(NamedTuple):
    """Two judgments of one prompt, as token ids, with the token that ends them."""

    prompt: list[int]
    chosen: list[int]
    rejected: list[int]


class _Trainer(Unheard, DPOTrainer):
    """TRL's, unheard, with what it learns from in tokens already."""

    def _prepare_dataset(self, dataset: Any, *_: object) -> Any:
        """As it is."""
        return dataset


def train_on_preferences(stage: Stage, preferences: Sequence[Preference]) -> StageResult:
    """Minimise `-log sigma(beta (log r_chosen - log r_rejected)) + lambda NLL(chosen)`.

    Args:
        stage: whose model is trained.
        preferences: at least one.
    """
    training = stage.training
    tokenizer = copy.deepcopy(training.setup.prompts.tokenizer)  # TRL changes its padding
    at_once = stage.at_once(training.loop.batch_size)
    backbone = cast("Any", training.model).backbone
    arguments = stage.arguments()

    def make(callback: TrainerCallback) -> DPOTrainer:
        return _Trainer(
            model=backbone,
            args=DPOConfig(
                **{**arguments, "learning_rate": arguments["learning_rate"] * SHARE_OF_LEARNING_RATE},
                per_device_train_batch_size=at_once,
                gradient_accumulation_steps=training.loop.batch_size // at_once,
                max_length=None,
                beta=BETA,
                loss_type=["sigmoid", "sft"],
                loss_weights=[1.0, NLL_WEIGHT],
            ),
            train_dataset=Dataset.from_dict(
                {
                    "prompt_ids": [one.prompt for one in preferences],
                    "chosen_ids": [one.chosen for one in preferences],
                    "rejected_ids": [one.rejected for one in preferences],
                }
            ),
            processing_class=tokenizer,
            callbacks=[callback],
        )

    found = run_stage(stage, make)
    if _REFERENCE in backbone.peft_config:
        backbone.delete_adapter(_REFERENCE)
    return found
