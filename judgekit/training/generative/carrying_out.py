"""A generative training carried out: its stages, then how what it writes is weighed on the validation items."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from judgekit.core.calibration import Calibration
from judgekit.prompts.answers import AnswerForm
from judgekit.prompts.verbalized import read_probabilities, target_text
from judgekit.prompts.verdict import reasons_in
from judgekit.training.assembly import Training
from judgekit.training.generative.grpo import SingleAnnotations, train_on_rewards
from judgekit.training.generative.judgments import of_writable_length, shown_items, sorted_judgments
from judgekit.training.generative.reasoned import train_reasoned
from judgekit.training.generative.sft import train_on_answers
from judgekit.training.generative.stage import Stage, StageResult
from judgekit.training.reading_answers import weigh_reading
from judgekit.training.reporter import Reporter
from judgekit.training.run_folder import STAGES_FOLDER
from judgekit.training.weighing import Trained


def carry_out_generative(
    training: Training, reporter: Reporter, *, folder: Path, should_stop: Callable[[], bool] = lambda: False
) -> Trained:
    """Train a judge that writes, and measure it on items that it was not trained on.

    Args:
        training: all that it needs; its model is changed.
        reporter: gets notes and progress.
        folder: of the run, where the stages keep their checkpoints.
        should_stop: asked after every step; true ends the run with a saved checkpoint.

    Raises:
        SettingsError: the loss is not finite.
        DataError: no judgment is fit to learn from.
    """
    stages = train_reasoned if training.settings.method == "rise" else _verbalized
    done = stages(training, reporter, folder / STAGES_FOLDER, should_stop)
    if not done.is_finished:
        plain = Calibration()
        return Trained(done.state, False, plain, plain, None, None, math.nan, None, done.peak_memory)
    return weigh_reading(training, reporter, done.state, peak_memory=done.peak_memory)


def _verbalized(training: Training, reporter: Reporter, folder: Path, should_stop: Callable[[], bool]) -> StageResult:
    answer, items = training.setup.answer, training.data.training
    assert answer is not None
    if training.settings.stage == "rl":
        shown = SingleAnnotations.of_counts(items.encoded.input_ids, training.data.learning.counts_shown)
        stage = Stage("RL", folder / "rl", training, len(shown.rows), reporter, should_stop, drops_rest=True)
        return train_on_rewards(stage, shown)
    if answer.rationale:
        lessons = _with_thoughts(training, answer, reporter, folder)
    else:
        texts = (target_text(answer, target) for target in items.target)
        lessons = [*zip(items.encoded.input_ids, texts, strict=True)]
    stage = Stage("SFT", folder / "sft", training, len(lessons), reporter, should_stop)
    return train_on_answers(stage, [prompt for prompt, _ in lessons], [text for _, text in lessons])


def _with_thoughts(
    training: Training, answer: AnswerForm, reporter: Reporter, folder: Path
) -> list[tuple[NDArray[np.int64], str]]:
    """Prompts, and people's shares behind the reasons of each of a teacher's judgments that agree with most people."""
    shown = shown_items(training)
    found = sorted_judgments(training, answer, folder, shown.mirror)
    target = training.data.training.target[: len(training.data.learning.items)]
    targets = (target, *([target[:, list(shown.mirror.labels)]] if shown.mirror else []))
    lessons = [
        (shown.prompts[order][row], target_text(answer, targets[order][row], rationale=reasons_in(text)))
        for row, order, text in found.kept
    ]
    lessons = [one for one in lessons if read_probabilities(answer, one[1]) is not None]  # reasons with tags in them
    learned = len({row for row, _, _ in found.kept})
    reporter.note(
        f"{len(lessons):,} judgments agree with most people in every order: their reasons are learned as thoughts "
        f"before the shares. {len(target) - learned:,} items without one are left out."
    )
    return of_writable_length(training, lessons, reporter)
