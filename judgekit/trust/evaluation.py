"""How near a judge comes to what people chose: the items with their annotations, and the figures beside baselines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.config import AskSettings, MeasureSettings
from judgekit.core.distributions import FloatArray
from judgekit.core.floor import fit_populations, floor_of, one_left_out, signal_of
from judgekit.core.metrics import Interval, baselines, evaluate_distributions, kl_per_item, mean_interval
from judgekit.core.reliability import calibrations
from judgekit.core.strata import Stratum, by_agreement, by_masks
from judgekit.dataset.chances import drawn_of
from judgekit.dataset.items import ItemTable
from judgekit.judge.kept_evaluation import KeptEvaluation
from judgekit.judge.loading import LoadedJudge, Predictions
from judgekit.judge.manifest import EVALUATION_FILE, JudgeManifest
from judgekit.judge.orders import predict_both_orders
from judgekit.prompts.mirror import Mirror
from judgekit.training.reporter import Reporter
from judgekit.trust.columns import parts_by
from judgekit.trust.drift import Drift, drift
from judgekit.trust.evaluated import EvaluatedItems, EvaluateResult, Standing
from judgekit.trust.material import Material
from judgekit.trust.people import people_of
from judgekit.trust.probes import probes
from judgekit.trust.requirements import held_against
from judgekit.trust.stand_in import stand_in
from judgekit.trust.written import written_of
from judgekit.workspace.store import Entry


def measure(
    entry: Entry[JudgeManifest],
    judge: Callable[[], LoadedJudge],
    mirror: Mirror | None,
    material: Material,
    settings: MeasureSettings,
    reporter: Reporter,
) -> EvaluateResult:
    """Compare a judge with the annotations of items.

    Args:
        entry: the judge.
        judge: loads it into memory, where it is asked.
        mirror: of a pairwise comparison: it is asked in both orders, for its order gap.
        material: the items with their annotations.
        settings: of the measurement.
        reporter: gets notes and progress.
    """
    items = material.items
    predictions, gap, as_given, is_consistent = _asked_of(judge, mirror, material, settings, reporter)
    dropped = len(items) - len(predictions.rows)
    if dropped:
        items = items.take(predictions.rows)
    manifest = entry.manifest
    values = np.asarray(manifest.values) if manifest.values else None
    bootstrap: dict[str, Any] = {
        "seed": settings.seed,
        "confidence": settings.confidence,
        "resamples": settings.resamples,
    }
    drawn = drawn_of(material.annotations, items.item_ids)
    weights = None if drawn is None else drawn.weights()
    metrics = evaluate_distributions(predictions.q, items.counts, values=values, weights=weights, **bootstrap)
    if gap is not None:
        metrics["order_gap"] = mean_interval(gap, weights, **bootstrap)
    evaluated = EvaluatedItems(ids=items.item_ids.to_list(), texts=items.texts, labels=items.labels,
                               counts=items.counts, probabilities=predictions.q)  # fmt: skip
    prior = np.asarray(manifest.class_prior)
    gains = kl_per_item(np.tile(prior, (len(evaluated), 1)), evaluated.shares) - evaluated.kl
    populations = fit_populations(*_people_of(material), seed=settings.seed)
    floor = floor_of(populations, items.counts.sum(axis=1), weights, confidence=settings.confidence)
    kl = mean_interval(evaluated.kl, weights, **bootstrap)
    one = one_left_out(items.counts, populations, weights)
    found = EvaluateResult(
        judge=entry.name,
        source=material.source,
        items=evaluated,
        annotations=int(items.counts.sum()),
        truncated=int(predictions.is_truncated.sum()),
        dropped=dropped,
        left_out=material.left_out,
        trained_on=None if material.trained_on is None else min(material.trained_on, len(items)),
        label_mass=None if predictions.label_mass is None else float(predictions.label_mass.mean()),
        both_orders=settings.both_orders and material.predicted is None,
        metrics=metrics,
        baselines=baselines(items.counts, prior, values=values, weights=weights),
        floor=floor,
        one_annotator=None if one is None else floor.value + one.excess,
        excess=Interval(*(value - floor.value for value in kl)),
        gain=mean_interval(gains, weights, **bootstrap),
        signal=signal_of(gains, items.counts, populations, weights, **bootstrap),
        confidence=settings.confidence,
        strata=by_agreement(predictions.q, items.counts, prior, weights, **bootstrap),
        weights=weights,
        drawn=0 if drawn is None else int(drawn.is_drawn.sum()),
    )
    texts = items.texts.select(manifest.fields)
    annotations = _of_items(material.annotations, items)
    return found._replace(
        requirements=held_against(found, settings.require),
        calibrations=calibrations(predictions.q, items.counts, items.labels, **bootstrap),
        stand_in=stand_in(predictions.q, annotations, items.labels, manifest.values, settings.advantage),
        people=people_of(items, annotations, material.names, settings),
        probes=probes(as_given, evaluated.shares, texts, items.labels, manifest.values, mirror, **bootstrap),
        drift=None if found.drawn else _drift(found, material, entry, settings.seed),
        by=_by(found, material, settings, prior, bootstrap),
        by_column=settings.by or "",
        written=written_of(
            manifest.answer if manifest.method == "verbalized" else None,
            predictions.is_parsed,
            predictions.texts,
            is_consistent,
        ),
        folds=0 if material.predicted is None else int(material.predicted.fold.max()) + 1,
    )


def standing_of(
    q: FloatArray,
    rows: NDArray[np.intp],
    found: EvaluateResult,
    material: Material,
    entry: Entry[JudgeManifest],
    settings: MeasureSettings,
) -> tuple[float, Standing]:
    """The noise floor on some of the evaluated items, and how good predictions of them are.

    Args:
        q: of these items, `[M, K]`.
        rows: which they are, `[M]`.
        found: the evaluation.
        material: what it was made on.
        entry: the judge.
        settings: of the bootstrap.
    """
    counts, shares = found.items.counts[rows], found.items.shares[rows]
    weights = None if found.weights is None else found.weights[rows]
    bootstrap: dict[str, Any] = {
        "seed": settings.seed,
        "confidence": settings.confidence,
        "resamples": settings.resamples,
    }
    populations = fit_populations(*_people_of(material), seed=settings.seed)
    floor = floor_of(populations, counts.sum(axis=1), weights, confidence=settings.confidence).value
    per_item = kl_per_item(q, shares)
    gains = kl_per_item(np.tile(np.asarray(entry.manifest.class_prior), (len(q), 1)), shares) - per_item
    signal = signal_of(gains, counts, populations, weights, **bootstrap)
    kl = mean_interval(per_item, weights, **bootstrap)
    excess = Interval(*(value - floor for value in kl))
    return floor, Standing(kl, excess, None if signal is None else signal.annotators)


class Asked(NamedTuple):
    """What a judge says of items."""

    predictions: Predictions
    gap: FloatArray | None
    """The order gap of each item; None where there are no sides."""
    as_given: FloatArray
    """The distributions in the order given, of the items of `predictions`."""
    is_consistent: NDArray[np.bool_] | None
    """Whether both orders have the same most probable label, of the items that fit in both; None without sides."""


def _asked_of(
    judge: Callable[[], LoadedJudge],
    mirror: Mirror | None,
    material: Material,
    settings: AskSettings,
    reporter: Reporter,
) -> Asked:
    """What the judge, or the judges of its folds, say of the items."""
    if material.predicted is None:
        return ask(judge(), mirror, material.items, settings, reporter)
    found = material.predicted
    return Asked(Predictions(found.q, found.is_truncated, None, np.arange(len(found.q))), None, found.q, None)


def ask(
    judge: LoadedJudge, mirror: Mirror | None, items: ItemTable, settings: AskSettings, reporter: Reporter
) -> Asked:
    """A judge's predictions for items; with a mirror it is asked in both orders."""
    texts, ids = items.texts.to_dicts(), items.item_ids.to_list()
    if mirror is None:
        found = judge.predict(texts, ids, settings, reporter)
        return Asked(found, None, found.q, None)
    as_given, averaged, gap = predict_both_orders(judge, mirror, texts, ids, settings, reporter)
    shown = as_given.q[np.isin(as_given.rows, averaged.rows)]
    is_consistent = shown.argmax(axis=1) == (2 * averaged.q - shown).argmax(axis=1)
    if not settings.both_orders:
        return Asked(as_given, gap, as_given.q, is_consistent)
    return Asked(averaged, gap, shown, is_consistent)


def _of_items(annotations: pl.DataFrame, items: ItemTable) -> pl.DataFrame:
    """The annotations of some items, with `item`, the position among them."""
    place = pl.DataFrame([items.item_ids.alias("item_id"), pl.int_range(len(items), eager=True).alias("item")])
    return annotations.select("item_id", "annotator", "label", "count").join(place, on="item_id", how="inner")


def _drift(found: EvaluateResult, material: Material, entry: Entry[JudgeManifest], seed: int) -> Drift | None:
    """The items beside the judge's dataset, if they are a round of their own."""
    if material.known is None or not material.is_round or not found.is_test:
        return None
    path = entry.path / EVALUATION_FILE
    earlier = KeptEvaluation.read(path) if path.is_file() else None
    excess = found.items.kl - found.floor.value
    return drift(found.items.labels, material.known.counts, found.items.counts, excess, earlier, seed=seed)


def _by(
    found: EvaluateResult,
    material: Material,
    settings: MeasureSettings,
    prior: FloatArray,
    bootstrap: dict[str, Any],
) -> tuple[Stratum, ...]:
    """The figures by a column, if that is asked for."""
    if settings.by is None or material.by is None:
        return ()
    ids = pl.Series("item_id", found.items.ids, dtype=pl.String).to_frame()
    values = ids.join(material.by, on="item_id", how="left", maintain_order="left").get_column("value")
    masks = parts_by(settings.by, values)
    return by_masks(found.items.probabilities, found.items.counts, prior, masks, found.weights, **bootstrap)


def _people_of(material: Material) -> tuple[NDArray[np.int64], FloatArray | None]:
    """The annotations that tell how far people agree, and the weights of their items.

    They are those of the whole dataset, unless no item of it has two: not of the few items of a test part, whose floor
    would differ from that of `check` by chance.
    """
    if material.known is not None and (material.known.counts.sum(axis=1) >= 2).any():
        return material.known.counts, material.known.weights
    drawn = drawn_of(material.annotations, material.items.item_ids)
    return material.items.counts, None if drawn is None else drawn.weights()
