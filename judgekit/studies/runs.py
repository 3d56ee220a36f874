"""The runs of a study: a judge model each, trained unless it is the raw one, and read on the same test items."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.config.keywords import StudyKeywords
from judgekit.core.calibration import Calibration, Evidence
from judgekit.core.distributions import empirical_distribution
from judgekit.core.metrics import accuracy_per_item, kl_per_item
from judgekit.core.subsampling import Budget
from judgekit.dataset.opening import Dataset
from judgekit.dataset.split import PARTS
from judgekit.judge.describing import describe_machine
from judgekit.models.loading import Backbone
from judgekit.studies.data import rows_of, spent
from judgekit.studies.manifest import FinishedRun, TrainingFigures
from judgekit.studies.plans import DEFAULT, Run, settings_of
from judgekit.studies.records import Record, Records
from judgekit.studies.result import BudgetSpent, Held, Sizes
from judgekit.training.assembly import Training, assemble
from judgekit.training.batches import EncodedItems
from judgekit.training.predict import predict
from judgekit.training.reporter import Reporter
from judgekit.training.run import carry_out
from judgekit.training.setup import Setup, set_up
from judgekit.training.too_long import encode_fitting
from judgekit.training.training_data import training_data
from judgekit.training.weighing import Trained
from judgekit.workspace.manifest import now


class Ground(NamedTuple):
    """What all runs of a study share."""

    data: Dataset
    """With its fixed split."""
    setup: Setup
    budget: Budget | None
    test: EncodedItems
    counts: NDArray[np.int64]
    """Annotations of the test items, `[N, K]`."""
    prior: NDArray[np.float64]
    """Label shares of the training items, `[K]`, positive."""
    dropped: int
    """Items left out because they are too long."""

    def items(self, per_item: int | None) -> int:
        """The number of training items, with so many annotations of each or (None) all of them."""
        if per_item is None or self.budget is None:
            return len(rows_of(self.data, "train"))
        return self.budget.annotations // per_item

    def sizes(self) -> Sizes:
        """How much the study rests on."""
        items = {part: len(rows_of(self.data, part)) for part in PARTS} | {"test": len(self.counts)}
        budget = self.budget
        spends = None if budget is None else BudgetSpent(budget.annotations, budget.per_item, len(budget.pool))
        return Sizes(items, int(self.counts.sum()), spends)

    def held(self, seed: int) -> Held:
        """What the runs are held against; `seed` is of the bootstrap and the perturbations."""
        return Held(self.counts, self.prior, seed)


def lay_ground(data: Dataset, backbone: Backbone, budget: Budget | None, given: StudyKeywords) -> Ground:
    """Set up the backbone for a dataset with a fixed split, and tokenise its test items.

    Args:
        data: the dataset, its split fixed.
        backbone: what all variants fine-tune.
        budget: of the budget plan.
        given: the settings that the user gave.
    """
    settings = settings_of(DEFAULT, given)
    setup = set_up(data, backbone, settings)
    parts = training_data(data, setup.prompts, settings)
    test = data.items.take(rows_of(data, "test"))
    fitting = encode_fitting(setup.prompts, test.texts.to_dicts(), test.item_ids.to_list(), settings.on_too_long)
    counts = test.counts[fitting.rows]
    return Ground(data, setup, budget, fitting.encoded, counts, parts.prior, parts.dropped + fitting.dropped)


def make_all(
    ground: Ground,
    runs: Mapping[str, Sequence[Run]],
    records: Records,
    *,
    reporter: Reporter,
    should_stop: Callable[[], bool],
) -> bool:
    """Make and keep the runs that are not there yet; False if it was asked to stop.

    Seed by seed, so that a study which is stopped early has something of every variant.

    Args:
        ground: what all runs share.
        runs: of each variant by its name, one per seed.
        records: the finished runs; gets more.
        reporter: gets progress.
        should_stop: asked after every step.
    """
    most = max(len(several) for several in runs.values())
    order = [(name, several[n]) for n in range(most) for name, several in runs.items() if n < len(several)]
    todo = {run.key: (name, run) for name, run in reversed(order)}  # the first of equal runs gives the name
    todo = {run.key: todo[run.key] for _, run in order if not records.has(run.key)}
    seconds: list[float] = []
    for done, (name, run) in enumerate(todo.values()):
        left = sum(seconds) / len(seconds) * (len(todo) - done) if seconds else None
        reporter.runs(done, len(todo), f"{name}, seed {run.settings.seed}", left)
        started = time.monotonic()
        gc.collect()  # two models at once may not fit
        record = None if should_stop() else _make(ground, run, reporter=reporter, should_stop=should_stop)
        if record is None:
            return False
        records.save(record)
        if run.is_trained:
            seconds.append(time.monotonic() - started)
    reporter.runs(len(todo), len(todo), "done", 0.0)
    return True


def _make(ground: Ground, run: Run, *, reporter: Reporter, should_stop: Callable[[], bool]) -> Record | None:
    """Train and read one judge model; None if it was asked to stop on the way."""
    data = ground.data
    if run.per_item is not None:
        assert ground.budget is not None
        data = spent(data, ground.budget, run.per_item, seed=run.settings.seed)
    training = assemble(data, ground.setup, run.settings)
    trained = carry_out(training, reporter, should_stop=should_stop) if run.is_trained else None
    if trained is not None and not trained.is_finished:
        return None
    calibration = Calibration() if trained is None else trained.calibration
    predicted = predict(training.model, ground.test)
    predicted.check_finite(f"the model of the run {run.key} (seed {run.settings.seed})")
    evidence = Evidence(predicted.logits, None, np.log(training.data.prior))
    logits = calibration.log_scores(evidence).astype(np.float32)
    q = Calibration().apply(logits)
    finished = FinishedRun(
        created=now(),
        key=run.key,
        seed=run.settings.seed,
        per_item=run.per_item,
        training_items=len(training.data.training.hard),
        calibration=calibration,
        kl=float(kl_per_item(q, empirical_distribution(ground.counts)).mean()),
        accuracy=float(accuracy_per_item(q, ground.counts).mean()),
        label_mass=predicted.mean_label_mass,
        settings=run.settings,
        machine=describe_machine(ground.setup.device, ground.setup.dtype),
        training=None if trained is None else _figures(training, trained),
    )
    return Record(finished, logits)


def _figures(training: Training, trained: Trained) -> TrainingFigures:
    end = trained.state
    return TrainingFigures(
        validation_kl=trained.validation_kl,
        steps=end.step,
        best_step=end.best_step,
        epochs=training.loop.epochs,
        learning_rate=training.loop.learning_rate,
        seconds=end.seconds,
        items_per_second=end.step * training.loop.batch_size / end.seconds,
        peak_memory=trained.peak_memory,
    )
