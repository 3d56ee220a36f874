"""What a judge says of held-out items, by what it writes or at its labels, and how that is weighed.

So ends a generative training; and so is a model judged that nobody trained.
"""

from __future__ import annotations

import numpy as np

from judgekit.config import TrainSettings
from judgekit.core.calibration import Evidence
from judgekit.errors import SettingsError
from judgekit.models.causal import CausalJudge
from judgekit.models.reader import LabelReader
from judgekit.training.assembly import Training
from judgekit.training.predict import Predicted, predict
from judgekit.training.reporter import Reporter
from judgekit.training.state import LoopState
from judgekit.training.training_data import LearningItems, TrainingData
from judgekit.training.weighing import Trained, weigh
from judgekit.training.writing import writing_reader

MOST_ITEMS_TO_CALIBRATE = 300
"""Beyond, a calibration gains little and every item takes an answer (design notes: 100 to 300 are enough)."""


def carry_out_untrained(training: Training, reporter: Reporter) -> Trained:
    """Leave a causal LM as it is, and weigh what it says of the items that others are trained on.

    With the adapter of a judge it is weighed on the validation items, as after a training.

    Args:
        training: of which nothing is trained.
        reporter: gets progress.

    Raises:
        SettingsError: the backbone is an encoder, whose label head says nothing before it is trained.
    """
    if not isinstance(training.model, CausalJudge):
        raise SettingsError(
            f"--stage none asks a model as it is, and {training.setup.backbone.name} is an encoder, whose label head "
            "knows nothing before it is trained.",
            hint="Choose a causal LM with --backbone, or omit --stage.",
        )
    if training.settings.begin_with is not None:  # its judge was trained on the others
        return weigh_reading(training, reporter, LoopState())
    data = training.data
    found = data._replace(validation=some_items(data.learning, training.settings.seed))
    return weigh_reading(training._replace(data=found), reporter, LoopState())


def some_items(items: LearningItems, seed: int) -> LearningItems:
    """As many items as a calibration takes, drawn at random."""
    rows = np.arange(len(items.items))
    if len(rows) > MOST_ITEMS_TO_CALIBRATE:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_ITEMS_TO_CALIBRATE, replace=False))
    return LearningItems(items.items.take(rows), items.encoded.take(rows), items.counts[rows], None, None)


def weigh_reading(
    training: Training, reporter: Reporter, state: LoopState, *, peak_memory: int | None = None
) -> Trained:
    """Read the held items as the judge's method has it, and weigh that.

    Args:
        training: with the model as it is to be kept.
        reporter: gets progress.
        state: where the training ended.
        peak_memory: most bytes in use.
    """
    data: TrainingData = training.data
    count, total = 0, len(data.held.items)

    def on_batch(size: int) -> None:
        nonlocal count
        count += size
        reporter.items(count, total)

    predicted = predict(_reader(training), data.held.encoded, on_batch=on_batch)
    predicted.check_finite("the model")
    return weigh_predicted(data, training.settings, predicted, state, peak_memory=peak_memory)


def weigh_predicted(
    data: TrainingData,
    settings: TrainSettings,
    predicted: Predicted,
    state: LoopState | None = None,
    *,
    peak_memory: int | None = None,
) -> Trained:
    """Weigh what was read of the held items.

    Args:
        data: with the held items.
        settings: of the training.
        predicted: of them.
        state: where the training ended; None where nothing was trained.
        peak_memory: most bytes in use.
    """
    return weigh(
        data,
        settings,
        Evidence(predicted.logits, None, np.log(data.prior)),
        state or LoopState(),
        label_mass=predicted.mean_label_mass,
        peak_memory=peak_memory,
        parsed=None if predicted.is_parsed is None else float(predicted.is_parsed.mean()),
    )


def _reader(training: Training) -> LabelReader:
    model, setup = training.model, training.setup
    model.set_training(False)
    if setup.answer is None:
        return model
    assert isinstance(model, CausalJudge)
    return writing_reader(model, setup.prompts.tokenizer, setup.answer, training.settings.method)
