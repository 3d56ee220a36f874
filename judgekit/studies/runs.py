"""One run of a study: a judge model made, trained unless it is the raw one, and read on the test items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.core.calibration import Calibration
from judgekit.core.distributions import empirical_distribution
from judgekit.core.metrics import accuracy_per_item, kl_per_item
from judgekit.core.subsampling import Budget
from judgekit.dataset.opening import Dataset
from judgekit.dataset.split import PARTS
from judgekit.judge.describing import describe_machine
from judgekit.models.loading import Backbone
from judgekit.studies.data import rows_of, spent
from judgekit.studies.plans import DEFAULT, Run, settings_of
from judgekit.studies.records import Record
from judgekit.studies.result import Held
from judgekit.training.assembly import Trained, Training, assemble
from judgekit.training.batches import EncodedItems
from judgekit.training.predict import predict
from judgekit.training.reporter import Reporter
from judgekit.training.setup import Setup, set_up
from judgekit.training.too_long import encode_fitting
from judgekit.training.training_data import training_data


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

    def sizes(self) -> dict[str, Any]:
        """The items of each part, the annotations of the test items, and the budget, as JSON values."""
        items = {part: len(rows_of(self.data, part)) for part in PARTS}
        budget = self.budget
        return {
            "items": items | {"test": len(self.counts)},
            "test_annotations": int(self.counts.sum()),
            "budget": None
            if budget is None
            else {"annotations": budget.annotations, "per_item": list(budget.per_item), "pool": len(budget.pool)},
        }

    def held(self, seed: int) -> Held:
        """What the runs are held against; `seed` is of the bootstrap and the perturbations."""
        return Held(self.counts, self.prior, seed)


def lay_ground(data: Dataset, backbone: Backbone, budget: Budget | None, given: Mapping[str, Any]) -> Ground:
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


def make_run(ground: Ground, run: Run, *, reporter: Reporter, should_stop: Callable[[], bool]) -> Record | None:
    """Train and read one judge model; None if it was asked to stop on the way.

    Args:
        ground: what all runs share.
        run: what to do.
        reporter: gets progress.
        should_stop: asked after every step.
    """
    data = ground.data
    if run.per_item is not None:
        assert ground.budget is not None
        data = spent(data, ground.budget, run.per_item, seed=run.settings.seed)
    training = assemble(data, ground.setup, run.settings)
    trained = training.run(reporter, should_stop=should_stop) if run.is_trained else None
    if trained is not None and not trained.is_finished:
        return None
    temperature = 1.0 if trained is None else trained.calibration.temperature
    predicted = predict(training.model, ground.test)
    logits = predicted.logits / np.float32(temperature)
    q = Calibration().apply(logits)
    facts: dict[str, Any] = {
        "key": run.key,
        "seed": run.settings.seed,
        "per_item": run.per_item,
        "training_items": len(training.data.training.hard),
        "temperature": temperature,
        "kl": float(kl_per_item(q, empirical_distribution(ground.counts)).mean()),
        "accuracy": float(accuracy_per_item(q, ground.counts).mean()),
        "label_mass": predicted.mean_label_mass,
        "settings": run.settings.to_json(),
        "machine": describe_machine(ground.setup.device, ground.setup.dtype).to_json(),
    }
    if trained is not None:
        facts |= _figures(training, trained)
    return Record(facts, logits)


def _figures(training: Training, trained: Trained) -> dict[str, Any]:
    """What the training came to and cost."""
    end = trained.state
    return {
        "validation_kl": trained.validation_kl,
        "steps": end.step,
        "best_step": end.best_step,
        "epochs": training.loop.epochs,
        "learning_rate": training.loop.learning_rate,
        "seconds": end.seconds,
        "items_per_second": end.step * training.loop.batch_size / end.seconds,
        "peak_memory": trained.peak_memory,
    }
