"""An evaluation from what is given to its result: the items, the figures, what they are held against, what is kept."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.config import AskSettings, MeasureSettings
from judgekit.core.distributions import FloatArray
from judgekit.dataset.items import ItemTable
from judgekit.dataset.manifest import DATASETS
from judgekit.dataset.opening import Dataset
from judgekit.errors import DataError, WorkspaceError
from judgekit.judge.held_out import held_out_predictions
from judgekit.judge.judge import TrainedJudge
from judgekit.judge.label_sets import LabelSets, kept_label_sets
from judgekit.judge.manifest import SETS_FILE
from judgekit.prompts.mirror import find_mirror, require_mirror
from judgekit.tables.files import ReadOptions, read_files
from judgekit.tables.frames import TableData
from judgekit.training.reporter import Reporter
from judgekit.trust.against import OtherPredictions, compare, read_predictions
from judgekit.trust.asking import PREFIX, Question, ask_endpoint
from judgekit.trust.evaluated import EvaluateResult, Standing
from judgekit.trust.evaluation import ask, measure, standing_of
from judgekit.trust.known_items import known_items
from judgekit.trust.label_sets import FEWEST_ITEMS, SHOWN, coverage_across_folds, coverage_of
from judgekit.trust.looks import count_look
from judgekit.trust.material import Material, items_of, new_items, own_dataset, part_of
from judgekit.trust.people import with_shown_names
from judgekit.workspace.layout import ANSWERS
from judgekit.workspace.manifest import now
from judgekit.workspace.store import Workspace


def evaluate_judge(
    judge: TrainedJudge,
    place: Workspace | None,
    data: TableData | str | PathLike[str] | None,
    settings: MeasureSettings,
    reporter: Reporter,
) -> EvaluateResult:
    """Compare a judge with annotations.

    Args:
        judge: the judge.
        place: the workspace of its dataset; None for a judge in a folder of its own.
        data: annotations; None takes a part of the judge's dataset.
        settings: of the measurement.
        reporter: gets notes and progress.

    Raises:
        JudgekitError: whatever the user can mend.
    """
    entry, manifest = judge.entry, judge.manifest
    if settings.both_orders:
        require_mirror(judge.fields, judge.labels, option="--both-orders")
    mirror = find_mirror(judge.fields, judge.labels)
    dataset = None
    if data is None:
        dataset = own_dataset(_own_workspace(judge, place), entry)
        material = part_of(dataset, entry, settings.part, reporter, by=settings.by)
    else:
        source = read_files([Path(data) if isinstance(data, str | PathLike) else data], ReadOptions.of(settings))
        material = new_items(items_of(source, manifest, settings, reporter), entry, place)
    material = with_shown_names(material, manifest, place, settings)
    found = measure(entry, lambda: judge.loaded, mirror, material, settings, reporter)
    bootstrap: dict[str, Any] = {
        "seed": settings.seed,
        "confidence": settings.confidence,
        "resamples": settings.resamples,
    }
    sets = sets_of(judge, place, dataset, settings, reporter)
    q, counts = found.items.probabilities, found.items.counts
    if material.predicted is not None:  # these are the items that the sets are fitted on
        coverage = coverage_across_folds(material.predicted, counts, manifest.values, SHOWN, **bootstrap)
        found = found._replace(coverage=coverage)
    elif found.is_test and sets is not None:
        found = found._replace(coverage=coverage_of(sets, q, counts, SHOWN, **bootstrap))
    if settings.against is not None:
        other = _other(judge, settings.against, material, found, place, settings, reporter)

        def standing(q: FloatArray, rows: NDArray[np.intp]) -> tuple[float, Standing]:
            return standing_of(q, rows, found, material, entry, settings)

        compared = compare(found.items, other, standing, found.weights, **bootstrap)
        cost = None if settings.price is None else settings.price * other.calls
        found = found._replace(comparison=compared._replace(cost=cost))
    return found._replace(looks=_look(judge, place, found, is_own=data is None))


def sets_of(
    judge: TrainedJudge,
    place: Workspace | None,
    dataset: Dataset | None,
    settings: AskSettings,
    reporter: Reporter,
) -> LabelSets | None:
    """What the judge keeps to give sets of labels; if it keeps nothing yet, it is fitted on what was held out.

    Args:
        judge: the judge.
        place: the workspace of its dataset; None for a judge in a folder of its own.
        dataset: its dataset, where that is open.
        settings: how it is asked.
        reporter: gets progress.

    Returns:
        None where its dataset is not there, or too few items of it were held out.
    """
    if (kept := kept_label_sets(judge.entry)) is not None:
        return kept
    held_out = _held_out(judge, place, dataset, settings, reporter)
    if held_out is None or len(held_out.counts) < FEWEST_ITEMS:
        return None
    sets = LabelSets.fit(held_out.q, held_out.counts, judge.manifest.values, created=now(), run=judge.manifest.run)
    if problem := judge.keep(SETS_FILE, sets):
        reporter.note(f"{problem}: what sets of labels need is not kept.")
    return sets


class _HeldOut(NamedTuple):
    """Items that had no part in what predicts them."""

    q: FloatArray
    counts: NDArray[np.int64]


def _held_out(
    judge: TrainedJudge,
    place: Workspace | None,
    dataset: Dataset | None,
    settings: AskSettings,
    reporter: Reporter,
) -> _HeldOut | None:
    """The items of the folds, else of the validation part; None where neither is there, or the dataset has changed."""
    folds = held_out_predictions(judge.entry)
    try:
        if dataset is None:
            if place is None:
                return None
            dataset = own_dataset(place, judge.entry)
        found = part_of(dataset, judge.entry, "validation" if folds is None else "folds")
    except (DataError, WorkspaceError):
        return None
    if folds is not None:
        return _HeldOut(folds.q, found.items.counts)
    asked = ask(judge.loaded, None, found.items, settings, reporter).predictions
    return _HeldOut(asked.q, found.items.counts[asked.rows])


def _other(
    judge: TrainedJudge,
    named: str,
    material: Material,
    found: EvaluateResult,
    place: Workspace | None,
    settings: MeasureSettings,
    reporter: Reporter,
) -> OtherPredictions:
    """What another judge says of the evaluated items that it was not trained on, or what a file or an endpoint says."""
    if named.startswith(PREFIX):
        question, items = Question(judge.name, judge.labels, judge.fields), found.items
        folder = (judge.folder if place is None else place.root) / ANSWERS
        asked = ask_endpoint(
            named.removeprefix(PREFIX), question, items.texts.to_dicts(), settings, folder, reporter,
            offline=judge.is_offline,
        )  # fmt: skip
        order = [judge.labels.index(label) for label in items.labels]
        return OtherPredictions(f"{asked.model} at {named.removeprefix(PREFIX)}", np.arange(len(items)),
                                asked.q[:, order], asked.calls)  # fmt: skip
    if Path(named).is_file():
        return read_predictions(Path(named), found.items, ReadOptions())
    other = judge.beside(named, None if place is None else place.root)
    _check_labels(other, found)
    ids = {one: n for n, one in enumerate(found.items.ids)}
    rows = np.array([n for n, one in enumerate(material.items.item_ids) if one in ids], dtype=np.intp)
    items = material.items.take(rows)
    if lacking := [name for name in other.fields if name not in items.fields]:
        raise DataError(
            f"The judge {other.name!r} reads {', '.join(lacking)}, which these items do not have.",
            hint="Compare judges that read the same columns, or evaluate a file that has them all.",
        )
    known = known_items(other.entry, place)
    is_new = np.ones(len(items), dtype=np.bool_) if known is None else ~known.seen(items, other.manifest)
    is_of_one_dataset = not material.is_round and other.manifest.dataset == judge.manifest.dataset
    of_folds = _of_its_folds(other, items, ~is_new) if is_of_one_dataset else None
    rows, q = of_folds or (np.flatnonzero(~is_new)[:0], found.items.probabilities[:0])
    if is_new.any():
        mirror = find_mirror(other.fields, other.labels) if settings.both_orders else None
        asked = ask(other.loaded, mirror, items.take(is_new), settings, reporter).predictions
        rows, q = np.concatenate([rows, np.flatnonzero(is_new)[asked.rows]]), np.concatenate([q, asked.q])
    order, ascending = [other.labels.index(label) for label in found.items.labels], np.argsort(rows)
    return OtherPredictions(other.name, rows[ascending], q[ascending][:, order])


def _of_its_folds(
    judge: TrainedJudge, items: ItemTable, wanted: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], FloatArray] | None:
    """What judges that had not seen them say of items that a judge was trained on: which of the wanted ones, and q."""
    if (held := held_out_predictions(judge.entry)) is None:
        return None
    place = {name: n for n, name in enumerate(held.item_ids)}
    ids = items.item_ids.to_list()
    rows = np.array([n for n in np.flatnonzero(wanted).tolist() if ids[n] in place], dtype=np.intp)
    return rows, held.q[[place[ids[n]] for n in rows.tolist()]].reshape(len(rows), -1)


def _check_labels(other: TrainedJudge, found: EvaluateResult) -> None:
    if sorted(other.labels) != sorted(found.items.labels):
        raise DataError(
            f"The judge {other.name!r} has other labels: {', '.join(other.labels)}; these items have "
            f"{', '.join(found.items.labels)}.",
            hint="Compare judges with one label set.",
        )


def _look(judge: TrainedJudge, place: Workspace | None, found: EvaluateResult, *, is_own: bool) -> int | None:
    """How often these items were looked at, this time included."""
    folder = judge.folder
    if is_own and place is not None:
        folder = place.root / DATASETS.folder / judge.manifest.dataset.name
    return count_look(folder, found.items.ids, place)


def _own_workspace(judge: TrainedJudge, place: Workspace | None) -> Workspace:
    if place is None:
        raise WorkspaceError(
            f"The judge {judge.name!r} was loaded from a folder outside of the workspace, which has its dataset.",
            hint="Evaluate it on a table of annotations, or load it by its name in the workspace.",
        )
    return place
