"""Estimates of what people would say, from annotated items and from what a judge says of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.config import EstimateSettings
from judgekit.core.distributions import FloatArray, empirical_distribution
from judgekit.core.ppi import FEWEST_ITEMS, Sample, estimate_difference, estimate_means
from judgekit.decisions.estimate import Change, Comparison, EstimateResult, Measure, Part, Quantity
from judgekit.decisions.held_out import HeldOut, Opened
from judgekit.decisions.likeness import characters, differences
from judgekit.decisions.population import Population, is_trained_on
from judgekit.errors import DataError
from judgekit.prompts.mirror import find_mirror
from judgekit.schema.drawn import CHANCE_COLUMN
from judgekit.trust.judge import Judge
from judgekit.wording import counted


class Kind(NamedTuple):
    """Things that are estimated together."""

    measure: Measure
    names: tuple[str, ...]
    """`[D]`."""
    of: Callable[[FloatArray], FloatArray]
    """From distributions `[N, K]` to the values `[N, D]`."""
    bounds: tuple[float, float]


class Data(NamedTuple):
    """What an estimate is made from."""

    held_out: HeldOut
    weights: NDArray[np.float64] | None
    """With which the annotated items stand for the table, `[n]`; None for a random sample."""
    population: Population
    """Without those that the judge was trained on; and without the annotated ones where they are a random sample."""
    rows: NDArray[np.int64]
    """Where each annotated item stood in the table, -1 where it did not, `[n]`."""
    whole: Population
    """With all of its items."""
    trained_on: int
    not_used: str
    """Which annotated items say nothing of the table, in words; empty where none was left out."""


def gather(opened: Opened, held_out: HeldOut, whole: Population) -> Data:
    """Part the items of a table from those that are annotated or were trained on.

    Annotated items that were drawn with unequal chances stand for all items by their weights, themselves included.

    Raises:
        DataError: too few are left, or too few items are annotated.
    """
    sample = _sampled(held_out, whole)
    held_out, rows = sample.held_out, sample.rows
    if len(held_out.items) < FEWEST_ITEMS:
        raise DataError(
            f"{counted(len(held_out.items), 'annotated item is', 'annotated items are')} too few for an estimate; at "
            f"least {FEWEST_ITEMS} are needed.",
            problems=[sample.words] if sample.words else [],
            hint="Have more items annotated that the judge was not trained on: --annotations FILE",
        )
    is_annotated = np.zeros(len(whole), dtype=np.bool_)
    is_annotated[rows[rows >= 0]] = True
    is_known = is_trained_on(opened, whole) & ~is_annotated
    if sample.weights is None:
        population = whole.without(is_annotated | is_known)
    else:  # what a judge of a fold says of an annotated item, and not one that was trained on it
        q = whole.q.copy()
        q[rows] = held_out.q
        population = replace(whole, q=q).without(is_known)
    if len(whole) < 2:
        raise DataError(
            f"{whole.name} has a single item, of which there are no shares.",
            hint="What the judge says of it: judgekit score FILE",
        )
    if len(population) < 2:
        raise DataError(
            f"{whole.name}: {len(population)} of its {len(whole):,} items are neither annotated nor known to the judge "
            "from its training; at least 2 are needed.",
            hint="Their annotations say what people think of them: judgekit check",
        )
    return Data(held_out, sample.weights, population, rows, whole, int(is_known.sum()), sample.words)


class _Sampled(NamedTuple):
    """The annotated items that say something of a table."""

    held_out: HeldOut
    rows: NDArray[np.int64]
    weights: NDArray[np.float64] | None
    words: str
    """Which others were left out; empty where none was."""


def _sampled(held_out: HeldOut, whole: Population) -> _Sampled:
    """Those that were drawn from the table where enough of them are there, else all that were not drawn from another.

    Which items of a table have a known chance to be drawn is known; how the others were chosen is not.
    """
    rows, drawn = whole.rows_of(held_out.items.texts), held_out.drawn
    if drawn is None:
        return _Sampled(held_out, rows, None, "")
    is_of_table = drawn.is_drawn & (rows >= 0)
    if (enough := int(is_of_table.sum()) >= FEWEST_ITEMS) or drawn.is_drawn.all():
        kept, others = is_of_table, f"not drawn from {whole.name} with a known {CHANCE_COLUMN}"
    else:
        kept, others = ~drawn.is_drawn, f"drawn by judgekit select, {int(is_of_table.sum())} of them from {whole.name}"
    number = int((~kept).sum())
    words = f"{counted(number, 'annotated item is', 'annotated items are')} left out: {others}." if number else ""
    found = held_out.take(kept)
    weights = found.drawn.weights_of_one_table() if enough and found.drawn is not None else None
    return _Sampled(found, rows[kept], weights, words)


def estimate_all(opened: Opened, data: Data, other: Data | None, settings: EstimateSettings) -> EstimateResult:
    """Estimate everything that is asked.

    Args:
        opened: the judge.
        data: of the table.
        other: of the table that it is compared with.
        settings: what is asked.

    Raises:
        DataError: it is not known to which part, or to which of two tables, enough of the annotated items belong.
    """
    judge, held_out = opened.judge, data.held_out
    kinds = list(kinds_of(judge))
    texts = held_out.items.texts.select(judge.fields)
    return EstimateResult(
        judge=judge.name,
        source=data.whole.name,
        items=len(data.whole),
        annotated=len(held_out.items),
        annotations=int(held_out.items.counts.sum()),
        annotated_source=held_out.source,
        among=int((data.rows >= 0).sum()),
        left_out=held_out.left_out,
        trained_on=data.trained_on,
        is_tuned=held_out.is_tuned,
        confidence=settings.confidence,
        quantities=_quantities(kinds, data, None, settings.confidence),
        by=settings.by,
        parts=() if settings.by is None else tuple(_parts(kinds, data, settings.by, settings.confidence)),
        against=None if other is None else _compared(kinds, data, other, settings.confidence),
        is_weighted=data.weights is not None,
        not_used=data.not_used,
        differences=()
        if data.weights is not None
        else differences(
            held_out.q, data.population.q, (characters(texts), characters(data.population.texts)), judge.labels
        ),
    )


def kinds_of(judge: Judge) -> Iterator[Kind]:
    """What there is to estimate: label shares, and the mean of a scale or a win rate where the labels have one."""
    yield Kind("share", judge.labels, lambda q: q, (0.0, 1.0))
    if judge.manifest.values:
        values = np.asarray(judge.manifest.values, dtype=np.float64)
        yield Kind("mean", ("mean",), lambda q: (q @ values)[:, None], (float(values.min()), float(values.max())))
    mirror = find_mirror(judge.fields, judge.labels)
    if mirror is not None:
        favour = np.asarray(mirror.favour)
        winner = judge.labels[int(favour.argmax())]
        yield Kind("win rate", (winner,), lambda q: (q @ favour)[:, None], (0.0, 1.0))


def _sample(kind: Kind, data: Data, is_here: NDArray[np.bool_] | None, is_new: NDArray[np.bool_] | None) -> Sample:
    held_out = data.held_out
    y, f, new = empirical_distribution(held_out.items.counts), held_out.q, data.population.q
    here = np.ones(len(y), dtype=np.bool_) if is_here is None else is_here
    folds = None if held_out.folds is None else held_out.folds[here]
    weights = None if data.weights is None else data.weights[here]
    return Sample(kind.of(y[here]), kind.of(f[here]), kind.of(new if is_new is None else new[is_new]), weights, folds)


def _quantities(
    kinds: list[Kind],
    data: Data,
    masks: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None,
    confidence: float,
) -> tuple[Quantity, ...]:
    is_here, is_new = masks or (None, None)
    return tuple(
        Quantity(name, kind.measure, found)
        for kind in kinds
        for name, found in zip(
            kind.names,
            estimate_means(_sample(kind, data, is_here, is_new), confidence=confidence, bounds=kind.bounds),
            strict=True,
        )
    )


def _parts(kinds: list[Kind], data: Data, by: str, confidence: float) -> Iterator[Part]:
    """The estimates for each value of a column; annotated items belong to each part that has their texts.

    Of items that were drawn it is known only that the first of equal texts was.
    """
    whole = data.whole.groups
    assert whole is not None and data.population.groups is not None
    texts = data.held_out.items.texts
    if by in texts.columns:
        own = texts.get_column(by)
    else:
        known = pl.Series([None if row < 0 else row for row in data.rows.tolist()], dtype=pl.UInt32)
        own = whole.gather(known)
    values = whole.unique(maintain_order=True).sort().to_list()
    parts_of = {} if data.weights is not None or by in texts.columns else data.whole.rows_by_group(texts)
    new = data.population.groups
    masks = {
        value: ((own == value).fill_null(False).to_numpy(writable=True), (new == value).to_numpy()) for value in values
    }
    for value, rows in parts_of.items():
        masks[value][0][rows] = True
    if all(is_here.sum() < FEWEST_ITEMS for is_here, _ in masks.values()):
        raise DataError(
            f"No value of {by!r} has {FEWEST_ITEMS} annotated items: of {len(own):,} annotated items "
            f"{int(own.is_not_null().sum()):,} are in {data.whole.name}, by their texts.",
            hint=f"Have items of each {by} annotated, and give them with --annotations FILE.",
        )
    for value, (is_here, is_new) in masks.items():
        enough = is_here.sum() >= FEWEST_ITEMS and is_new.sum() >= 2
        judge = data.whole.q[(whole == value).to_numpy()].mean(axis=0)
        yield Part(
            value,
            int((whole == value).sum()),
            int(is_here.sum()),
            _quantities(kinds, data, (is_here, is_new), confidence) if enough else (),
            tuple(judge.tolist()),
        )


def _compared(kinds: list[Kind], data: Data, other: Data, confidence: float) -> Comparison:
    """The differences of two tables; annotated items count for the table that has their texts."""
    here = [one.rows >= 0 for one in (data, other)]
    if min(int(one.sum()) for one in here) < FEWEST_ITEMS:
        names = (data.whole.name, other.whole.name)
        raise DataError(
            f"To compare two tables, {FEWEST_ITEMS} annotated items of each are needed: a judge may err differently on "
            "them.",
            problems=[f"{name}: {int(one.sum())} annotated" for name, one in zip(names, here, strict=True)],
            hint="Have items of both annotated, and give them with --annotations FILE.",
        )
    pairs = data.whole.ids.is_in(other.whole.ids.implode()).sum()
    ids = None
    if pairs:
        ids = (
            data.whole.ids.gather(data.rows[here[0]]).to_numpy(),
            data.population.ids.to_numpy(),
            other.whole.ids.gather(other.rows[here[1]]).to_numpy(),
            other.population.ids.to_numpy(),
        )
    changes = [
        Change(name, kind.measure, found)
        for kind in kinds
        for name, found in zip(
            kind.names,
            estimate_difference(
                _sample(kind, data, here[0], None), _sample(kind, other, here[1], None), ids=ids, confidence=confidence
            ),
            strict=True,
        )
    ]
    annotated = (int(here[0].sum()), int(here[1].sum()))
    return Comparison(other.whole.name, len(other.whole), annotated, int(pairs), tuple(changes))
