"""How fast judgekit trains, beside `transformers.Trainer`, and what the adversary costs.

Usage: python benchmarks/training.py FILE [--steps 60] [--warmup 10] [--rounds 3] [--json]

All peers fine-tune the starter backbone on the same items of FILE, tokenised beforehand, in batches of 32, with the
same LoRA (rank 16, alpha 32, all linear layers, no dropout) and one linear layer to the labels:

- judgekit: `training.loop.train_model` with every default, the adversary included;
- Trainer: `AutoModelForSequenceClassification` with PEFT, a `compute_loss` of the same KL and cross-entropy without
  adversary, padding per batch, and the Trainer's defaults, which means float32; and once more with `bf16=True`.

The peers take turns; each round starts with a new model. A rate counts the steps after the warm-up, from the end of one
step to the end of the last, with whatever the peer does between steps but without evaluation. The adversary's share is
measured twice: inside judgekit's own steps, and as the difference of the loss with and without it at the same shape.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from side_by_side import Bar, report, seconds_of, take_turns
from starter_items import StarterItems, open_items
from transformers import (
    AutoModelForSequenceClassification,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from judgekit.config import TrainSettings
from judgekit.core import losses
from judgekit.core.distributions import class_prior, empirical_distribution, hard_target
from judgekit.core.losses import judge_loss
from judgekit.models.loading import LoraSettings, choose_device, choose_dtype, new_judge
from judgekit.training.loop import LoopSettings, Progress, ValidationItems, train_model
from judgekit.training.objectives.alignment import Alignment, TrainingItems

LEAST_TIMES_THE_TRAINER, MOST_ADVERSARY_SHARE = 1.8, 0.03
DEFAULTS = TrainSettings()
LORA = LoraSettings(rank=DEFAULTS.lora_r, alpha=2 * DEFAULTS.lora_r, dropout=0.0)
LEARNING_RATE = 1e-3
VALIDATION_ITEMS = 32


class Benchmark:
    """The peers, each a method that trains once and returns items per second.

    Args:
        found: the items.
        steps: optimiser steps of one training.
        warmup: steps that are not counted.
    """

    def __init__(self, found: StarterItems, *, steps: int, warmup: int) -> None:
        wanted = steps * DEFAULTS.batch_size
        if len(found.dataset.items) < wanted:
            raise SystemExit(f"{wanted:,} items are needed, the file has {len(found.dataset.items):,}: lower --steps.")
        self.found, self.steps, self.warmup = found, steps, warmup
        self.device = choose_device("auto")
        items = found.dataset.items.take(np.arange(wanted))
        self.target = empirical_distribution(items.counts).astype(np.float32)
        self.hard = hard_target(items.counts).astype(np.float32)
        self.radius = np.full(len(items), DEFAULTS.epsilon, dtype=np.float32)
        self.prior = class_prior(items.counts)
        self.encoded = found.prompts.encode(items.texts.to_dicts())
        self.adversary_seconds: list[float] = []
        self.adversary_shares: list[float] = []

    def judgekit(self) -> float:
        """The loop of judgekit, adversary on."""
        model = new_judge(
            self.found.backbone,
            lora=LORA,
            label_bias=torch.from_numpy(np.log(self.prior)).float(),
            label_words=None,
            device=self.device,
            dtype=choose_dtype("auto", self.device),
            seed=DEFAULTS.seed,
        )
        validation = self.encoded._replace(
            input_ids=self.encoded.input_ids[:VALIDATION_ITEMS],
            token_type_ids=self.encoded.token_type_ids and self.encoded.token_type_ids[:VALIDATION_ITEMS],
            is_truncated=self.encoded.is_truncated[:VALIDATION_ITEMS],
        )
        ends: list[float] = []

        def on_progress(progress: Progress) -> None:
            if progress.step > len(ends):  # the evaluation after the last step reports too
                ends.append(time.perf_counter())

        with TimedAdversary() as spent:
            train_model(
                model,
                Alignment(
                    TrainingItems(self.encoded, self.target, self.hard, self.radius),
                    alpha=DEFAULTS.alpha,
                    adversary=DEFAULTS.adversary,
                ),
                ValidationItems(validation, self.target[:VALIDATION_ITEMS].astype(np.float64)),
                settings=LoopSettings(
                    epochs=1,
                    batch_size=DEFAULTS.batch_size,
                    micro_batch_size=DEFAULTS.batch_size,
                    learning_rate=LEARNING_RATE,
                    weight_decay=DEFAULTS.weight_decay,
                    warmup=DEFAULTS.warmup,
                    averaging=DEFAULTS.averaging,
                    optimizer=DEFAULTS.optimizer,
                    evaluations=1,
                    patience=1,
                    keep=DEFAULTS.keep,
                    seed=DEFAULTS.seed,
                ),
                on_progress=on_progress,
            )
        counted = ends[-1] - ends[self.warmup - 1]
        self.adversary_seconds.append(statistics.median(spent))
        self.adversary_shares.append(sum(spent[self.warmup :]) / counted)
        return self._rate(ends)

    def trainer(self, *, bf16: bool) -> float:
        """The Trainer, no adversary."""
        torch.manual_seed(DEFAULTS.seed)
        model = get_peft_model(
            AutoModelForSequenceClassification.from_pretrained(
                str(self.found.backbone.folder), num_labels=self.target.shape[1], local_files_only=True
            ),
            LoraConfig(
                task_type="SEQ_CLS",
                r=LORA.rank,
                lora_alpha=int(LORA.alpha),
                lora_dropout=LORA.dropout,
                target_modules="all-linear",
            ),
        )
        clock = StepClock()
        with tempfile.TemporaryDirectory() as folder:
            AlignmentTrainer(
                model,
                TrainingArguments(
                    output_dir=folder,
                    per_device_train_batch_size=DEFAULTS.batch_size,
                    max_steps=self.steps,
                    learning_rate=LEARNING_RATE,
                    bf16=bf16,
                    use_cpu=self.device.type == "cpu",
                    save_strategy="no",
                    report_to="none",
                    disable_tqdm=True,
                    remove_unused_columns=False,  # the targets are no argument of the model's forward
                ),
                data_collator=DataCollatorWithPadding(self.found.prompts.tokenizer),
                train_dataset=self._rows(),
                callbacks=[clock],
            ).train()
        return self._rate(clock.ends)

    def _rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for place, ids in enumerate(self.encoded.input_ids):
            row = {"input_ids": ids.tolist(), "attention_mask": [1] * len(ids)}
            if self.encoded.token_type_ids is not None:
                row["token_type_ids"] = self.encoded.token_type_ids[place].tolist()
            rows.append({**row, "p": self.target[place].tolist(), "hard": self.hard[place].tolist()})
        return rows

    def _rate(self, ends: list[float]) -> float:
        return (self.steps - self.warmup) * DEFAULTS.batch_size / (ends[-1] - ends[self.warmup - 1])

    def adversary_alone(self, repeats: int) -> float:
        """Seconds that the search adds to loss and backward pass of one batch."""
        p, hard = (torch.from_numpy(part[: DEFAULTS.batch_size]) for part in (self.target, self.hard))
        logits = torch.randn(p.shape, generator=torch.Generator().manual_seed(DEFAULTS.seed))

        def step(adversary: Any) -> Callable[[], float]:
            def run() -> None:
                judge_loss(
                    logits.clone().requires_grad_(),
                    p,
                    hard,
                    alpha=DEFAULTS.alpha,
                    epsilon=DEFAULTS.epsilon,
                    adversary=adversary,
                ).total.mean().backward()

            return seconds_of(run)

        found = take_turns({"search": step("search"), "off": step("off")}, rounds=repeats)
        return found["search"] - found["off"]


class AlignmentTrainer(Trainer):
    """alpha KL + (1 - alpha) CE, written as one would without judgekit."""

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **unused: Any) -> Any:
        """The loss of one batch."""
        p, hard = inputs.pop("p"), inputs.pop("hard")
        output = model(**inputs)
        log_q = output.logits.float().log_softmax(-1)
        kl = torch.nn.functional.kl_div(log_q, p, reduction="batchmean")
        loss = DEFAULTS.alpha * kl - (1 - DEFAULTS.alpha) * (hard * log_q).sum(-1).mean()
        return (loss, output) if return_outputs else loss


class StepClock(TrainerCallback):
    """When each step ended."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_step_end(self, *unused: Any, **ignored: Any) -> None:
        """Note the time."""
        self.ends.append(time.perf_counter())


class TimedAdversary:
    """While open, the seconds of every search for a worst target are collected."""

    def __enter__(self) -> list[float]:
        self.original, spent = losses.worst_case_target, []

        def timed(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            found = self.original(*arguments, **named)
            spent.append(time.perf_counter() - started)
            return found

        losses.worst_case_target = timed
        return spent

    def __exit__(self, *exception: object) -> None:
        losses.worst_case_target = self.original


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="a CSV that judgekit ingests without options")
    parser.add_argument("--steps", type=int, default=60, help="optimiser steps of one training")
    parser.add_argument("--warmup", type=int, default=10, help="steps that are not counted, at least 1")
    parser.add_argument("--rounds", type=int, default=3, help="trainings of each peer")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    options = parser.parse_args()
    if not 1 <= options.warmup < options.steps:
        parser.error("--warmup must be at least 1 and below --steps")
    benchmark = Benchmark(open_items(options.file), steps=options.steps, warmup=options.warmup)
    rates = take_turns(
        {
            "judgekit": benchmark.judgekit,
            "trainer_float32": lambda: benchmark.trainer(bf16=False),
            "trainer_bfloat16": lambda: benchmark.trainer(bf16=True),
        },
        rounds=options.rounds,
    )
    step_seconds = DEFAULTS.batch_size / rates["judgekit"]
    alone = benchmark.adversary_alone(200)
    figures = {
        **{f"{name}_items_per_second": rate for name, rate in rates.items()},
        "times_the_trainer_float32": rates["judgekit"] / rates["trainer_float32"],
        "times_the_trainer_bfloat16": rates["judgekit"] / rates["trainer_bfloat16"],
        "step_ms": 1e3 * step_seconds,
        "adversary_in_the_step_ms": 1e3 * statistics.median(benchmark.adversary_seconds),
        "adversary_alone_ms": 1e3 * alone,
        "adversary_share_in_the_step": statistics.median(benchmark.adversary_shares),
        "adversary_share_alone": alone / step_seconds,
        "threads": torch.get_num_threads(),
        "device": str(benchmark.device),
    }
    bars = [
        Bar("times_the_trainer_float32", least=LEAST_TIMES_THE_TRAINER),
        Bar("adversary_share_in_the_step", most=MOST_ADVERSARY_SHARE),
        Bar("adversary_share_alone", most=MOST_ADVERSARY_SHARE),
    ]
    raise SystemExit(report(figures, bars, as_json=options.json))


if __name__ == "__main__":
    main()
