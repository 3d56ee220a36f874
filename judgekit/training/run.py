"""A training carried out: what the backbone knows, the folds, the judge that learns from all, and what weighs them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from judgekit.core.calibration import Calibration, Evidence
from judgekit.core.distributions import empirical_distribution
from judgekit.core.ladder import climb
from judgekit.core.probe import fit_probe, grouped_folds, scale_axes
from judgekit.prompts.mirror import Mirror, find_mirror
from judgekit.training.assembly import Training
from judgekit.training.decisions import objective_of
from judgekit.training.features import plan_features, read_features
from judgekit.training.loop import LoopResult, ValidationItems, reading_size, train_model
from judgekit.training.predict import predict
from judgekit.training.processes import ALONE, Processes
from judgekit.training.reporter import Reporter
from judgekit.training.result import TrainResult
from judgekit.training.stages import HeldOut, Keeper, NothingKept, Untrained, held_out, staged_progress
from judgekit.training.state import LoopState
from judgekit.training.step import Objective
from judgekit.training.training_data import LearningItems, make_targets
from judgekit.training.weighing import FEWEST_ITEMS_TO_CALIBRATE, KnownBefore, Trained, weigh

FEWEST_GROUPS_TO_PROBE = 10
FOLDS_TO_GAIN_IN = 2
"""Folds after which fine-tuning ends if it has gained nothing."""
MOST_ITEMS_TO_PROBE = 20_000
"""Beyond, fine-tuning learns what a probe could tell, and fitting one takes minutes and gigabytes."""


def carry_out(
    training: Training,
    reporter: Reporter,
    *,
    kept: Keeper | None = None,
    processes: Processes = ALONE,
    should_stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train a judge, decide how it is read, and measure it on items that it was not trained on.

    Args:
        training: all that it needs; its model is changed.
        reporter: gets notes and progress.
        kept: where to go on; None begins and keeps nothing.
        processes: those that train together.
        should_stop: asked after every step; true ends the run with a saved state.

    Raises:
        SettingsError: the loss is not finite, or memory does not suffice for one item.
    """
    return _Run(training, reporter, kept or NothingKept(), processes, should_stop).carry_out()


class _Run:
    """The steps of one training, over what they share."""

    def __init__(
        self,
        training: Training,
        reporter: Reporter,
        kept: Keeper,
        processes: Processes,
        should_stop: Callable[[], bool],
    ) -> None:
        self.training, self.reporter, self.kept = training, reporter, kept
        self.processes, self.should_stop = processes, should_stop
        self.settings, self.data = training.settings, training.data
        self.fold = self.data.fold
        self.stages = 1 + (0 if self.fold is None else int(self.fold.max()) + 1)

    def carry_out(self) -> Trained:
        """The whole of it."""
        known, of_probe = self._probe()
        if self.settings.quick:
            return self._weigh(None, None, known, of_probe)
        held: HeldOut | None = None
        if self.fold is not None:
            untrained = Untrained(self.training.model)
            found = self._folds(self.fold, untrained, of_probe)
            if isinstance(found, LoopResult):
                return _stopped(found)
            untrained.restore()
            if found is None:
                return self._weigh(None, None, known, of_probe)
            held = found
        outcome = self._last(held)
        return _stopped(outcome) if not outcome.is_finished else self._weigh(outcome, held, known, of_probe)

    def _folds(
        self, fold: NDArray[np.int64], untrained: Untrained, of_probe: NDArray[np.float64] | None
    ) -> HeldOut | LoopResult | None:
        """Train without each fold.

        Returns:
            What the judges say of what they have not seen, or how it was stopped; None where the first folds show that
            fine-tuning adds nothing: the others and the last training would take most of the time, for nothing.
        """
        learning, readings = self.data.learning, list[NDArray[np.float32]]()
        for number in range(self.stages - 1):
            if number == FOLDS_TO_GAIN_IN and not self._gains(readings, fold, of_probe):
                self.reporter.note(
                    f"After {number} of {self.stages - 1} folds fine-tuning adds nothing to what held-out items are "
                    "predicted by without it, and ends."
                )
                return None
            done = self.kept.readings(number)
            if done is None:
                untrained.restore()
                others = learning.to_train_on(np.flatnonzero(fold != number), self.settings)
                held = learning.to_choose_on(np.flatnonzero(fold == number))
                objective = objective_of(self.settings, others)
                outcome = self._train(objective, held, stage=number, words=f"fold {number + 1} of {self.stages - 1}")
                if not outcome.is_finished:
                    return outcome
                done = np.stack(outcome.state.readings)
                if self.processes.is_main:
                    self.kept.save_readings(number, done)
            readings.append(done)
        p = empirical_distribution(learning.items.counts)
        return held_out(readings, fold, p, evaluations=self.training.loop.evaluations)

    def _gains(
        self, readings: list[NDArray[np.float32]], fold: NDArray[np.int64], of_probe: NDArray[np.float64] | None
    ) -> bool:
        """Whether the judges of the first folds count in what predicts their held-out items best."""
        items = self.data.learning.items
        done = fold < len(readings)
        p, groups = empirical_distribution(items.counts[done]), items.groups.to_numpy()[done]
        if not self.settings.calibrate or len(p) < FEWEST_ITEMS_TO_CALIBRATE or len(np.unique(groups)) < 2:
            return True
        held = held_out(readings, fold[done], p, evaluations=self.training.loop.evaluations)
        evidence = Evidence(held.logits, None if of_probe is None else of_probe[done], np.log(self.data.prior))
        return climb(evidence, p, groups, seed=self.settings.seed).calibration.temperature is not None

    def _last(self, held: HeldOut | None) -> LoopResult:
        """The training whose judge is kept."""
        if held is None:
            validation = self.data.held.to_choose_on(np.arange(len(self.data.held.items)))
            return self._train(self.training.objective, validation, stage=0, words="")
        return self._train(self.training.objective, None, stage=self.stages - 1, words="all items", share=held.share)

    def _train(
        self,
        objective: Objective,
        validation: ValidationItems | None,
        *,
        stage: int,
        words: str,
        share: float = 1.0,
    ) -> LoopResult:
        show = self.reporter.training
        if words:
            show = staged_progress(show, stage=stage, stages=self.stages, words=words)
        return train_model(
            self.training.model,
            objective,
            validation,
            settings=self.training.loop.with_share(share),
            state=self.kept.load(stage) or LoopState(stage=stage),
            processes=self.processes,
            on_progress=show,
            on_note=self.reporter.note,
            save=self.kept.save,
            should_stop=self.should_stop,
        )

    def _probe(self) -> tuple[KnownBefore | None, NDArray[np.float64] | None]:
        """The probe of the frozen backbone, and what it says of the held items, which it was not fitted on."""
        reader, learning = self.training.frozen, self.data.learning
        is_few = learning.items.groups.n_unique() < FEWEST_GROUPS_TO_PROBE
        if reader is None or not self.settings.probe or is_few or len(learning.items) > MOST_ITEMS_TO_PROBE:
            return None, None
        mirror = find_mirror(learning.items.fields, learning.items.labels)
        plan = plan_features(learning.items.fields, mirror, reader)

        def features(items: LearningItems, mirror: Mirror | None = None) -> NDArray[np.float32]:
            texts = items.items.texts.to_dicts()
            shown = texts if mirror is None else [mirror.item(one) for one in texts]
            return read_features(plan, reader, self.training.setup.prompts, shown, processes=self.processes)

        x, soft = features(learning), make_targets(learning.counts, self.settings).soft
        scored = empirical_distribution(learning.items.counts)
        fold = self.fold
        if fold is None:
            fold = grouped_folds(learning.items.groups.to_numpy(), seed=self.settings.seed)
        if mirror is not None:
            # Shown in both orders: what the probe says of one then mirrors what it says of the other.
            order = list(mirror.labels)
            x = np.concatenate([x, features(learning, mirror)])
            soft, scored = (np.concatenate([one, one[:, order]]) for one in (soft, scored))
            fold = np.concatenate([fold, fold])
        axes: list[NDArray[np.float64] | None] = [None]
        if learning.items.scale == "ordinal" and soft.shape[1] > 3:
            axes.append(scale_axes(soft.shape[1]))
        fitted = [
            (chosen, fit_probe(part, soft, fold, scored=scored, axes=one))
            for chosen, part in plan.alternatives(x)
            for one in axes
        ]
        chosen, found = min(fitted, key=lambda one: one[1].loss)
        if self.data.validation is None:
            return KnownBefore(chosen, found.probe, found.penalty), found.out_of_fold[: len(learning.items)]
        of_plans = dict(plan.alternatives(features(self.data.validation)))
        return KnownBefore(chosen, found.probe, found.penalty), found.probe.log_q(of_plans[chosen])

    def _weigh(
        self,
        outcome: LoopResult | None,
        held: HeldOut | None,
        known: KnownBefore | None,
        of_probe: NDArray[np.float64] | None,
    ) -> Trained:
        """Decide how much the judge, the probe and the label shares count, on items that none was fitted on."""
        state, mass, logits = LoopState(), None, None
        if outcome is not None:
            state = outcome.state
            if held is None:
                size, encoded = reading_size(state, self.processes), self.data.held.encoded
                predicted = predict(self.training.model, encoded, batch_size=size, processes=self.processes)
                predicted.check_finite("the trained model")
                logits, mass = predicted.logits, predicted.mean_label_mass
            else:
                logits = held.logits
        evidence = Evidence(logits, of_probe, np.log(self.data.prior))
        peak = None if outcome is None else outcome.peak_memory
        return weigh(self.data, self.settings, evidence, state, known=known, label_mass=mass, peak_memory=peak)


def _stopped(outcome: LoopResult) -> Trained:
    """A run that can be resumed."""
    plain, end = Calibration(), outcome.state
    return Trained(end, False, plain, plain, None, None, end.best_kl, None, outcome.peak_memory)


def result_of(training: Training, judge: str, dataset: str, trained: Trained) -> TrainResult:
    """What became of a training, in figures.

    Args:
        training: what was trained.
        judge: name of the judge.
        dataset: name of the dataset.
        trained: how it ended.
    """
    end = trained.state
    return TrainResult(
        judge=judge,
        folder=None,
        dataset=dataset,
        items=training.data.sizes,
        steps=end.step,
        # Of judgments it is not known before how many are learned.
        total_steps=0 if training.settings.quick else max(training.total_steps, end.step),
        best_step=end.best_step,
        validation_kl=trained.validation_kl,
        validation_prior_kl=training.data.validation_prior_kl,
        calibration=trained.calibration,
        label_mass=trained.label_mass,
        parsed=trained.parsed,
        truncated=training.data.truncated,
        dropped=training.data.dropped,
        items_per_second=end.step * training.loop.batch_size / end.seconds if end.seconds else 0.0,
    )
