"""What people and a judge say of the same items, where the judge had no part of them in its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.config import LoadSettings, MeasureSettings, Part, PredictSettings
from judgekit.dataset.items import ItemTable
from judgekit.decisions.chances import CHANCE_COLUMN, chances_of
from judgekit.errors import DataError, WorkspaceError
from judgekit.judge.finding import find_judge
from judgekit.judge.loading import Predictions
from judgekit.judge.manifest import HELD_OUT_FILE
from judgekit.judge.orders import predict_both_orders
from judgekit.prompts.mirror import require_mirror
from judgekit.tables.files import ReadOptions, read_files
from judgekit.training.reporter import Reporter
from judgekit.trust.judge import Judge
from judgekit.trust.material import Material, items_of, new_items, own_items
from judgekit.workspace.store import Workspace

JUDGE_ITSELF = -1
"""The fold of an item that the judge itself predicts."""


class Opened(NamedTuple):
    """A judge, and the workspace that has its dataset."""

    judge: Judge
    place: Workspace | None
    """None for a judge in a folder of its own."""


class HeldOut(NamedTuple):
    """Annotated items with what a judge says of them, by predictions in whose making they had no part."""

    items: ItemTable
    q: NDArray[np.float64]
    """`[n, K]`."""
    source: str
    """What they are, in words."""
    left_out: int = 0
    """Annotated items that the judge was trained on, and that are therefore not among `items`."""
    is_tuned: bool = False
    """Whether the judge's checkpoint and temperature were chosen on some of the items."""
    folds: NDArray[np.int64] | None = None
    """Which of several models predicted each item, `[n]`; None where the judge itself did."""
    weights: NDArray[np.float64] | None = None
    """1 / the chance with which each item was drawn, `[n]`; None for a random sample."""


def open_judge(
    judge: str | Path | None, workspace: str | Path | None, settings: LoadSettings, *, offline: bool
) -> Opened:
    """Open a judge; its weights wait for the first prediction.

    Raises:
        WorkspaceError: there is no such judge, or it is damaged.
    """
    entry, place = find_judge(judge, None if workspace is None else Path(workspace))
    return Opened(Judge(entry, workspace=place, settings=settings, offline=offline), place)


def held_out_predictions(opened: Opened, settings: PredictSettings, reporter: Reporter) -> HeldOut:
    """What is said of the items of a judge's own dataset by who was not trained on them.

    Of a judge that was trained in folds those are all items, each predicted by the judge of a fold that had not seen
    it; of another one its test part, and its validation part, by which only its checkpoint and its calibration were
    chosen.

    Raises:
        WorkspaceError: the judge's dataset is not here, or has changed.
        DataError: both orders are asked for, and the judges of the folds said what they say of one.
    """
    judge, place = opened
    if place is None:
        raise WorkspaceError(
            f"The judge {judge.name!r} was loaded from a folder outside of the workspace, which has its dataset.",
            hint="Give annotated items of your own: --annotations FILE",
        )
    sizes, has_folds = judge.manifest.items, HELD_OUT_FILE in (judge.manifest.files or {})
    if has_folds and settings.both_orders:
        raise DataError(
            f"The judge {judge.name!r} was trained in folds, which were asked in one order only.",
            hint="Omit --both-orders, or give annotated items of your own: --annotations FILE",
        )
    there: dict[Part, bool] = {
        "folds": has_folds,
        "test": sizes.test > 0,
        "validation": sizes.validation > 0 and not has_folds,
    }
    names: list[Part] = [name for name, is_there in there.items() if is_there]
    parts = [own_items(place, judge.entry, name, reporter) for name in names]
    found = [_asked(judge, part, settings, reporter) for part in parts]
    folds = [np.full(len(one.items), JUDGE_ITSELF) if one.folds is None else one.folds for one in found]
    return HeldOut(
        _joined([one.items for one in found]),
        np.concatenate([one.q for one in found]),
        f"held-out items of {judge.manifest.dataset.name}",
        is_tuned="validation" in names,
        folds=np.concatenate(folds) if has_folds else None,
    )


def predictions_of_file(opened: Opened, path: Path, settings: PredictSettings, reporter: Reporter) -> HeldOut:
    """What a judge says of the annotated items of a file, without those that it was trained on.

    Raises:
        DataError: the file cannot be read, the chances in it are none, or the judge was trained on all of its items, or
            may have been.
    """
    judge, place = opened
    source = read_files([path], ReadOptions.of(settings))
    by = CHANCE_COLUMN if CHANCE_COLUMN in source.frame.columns else None
    reading = MeasureSettings(strict=settings.strict, most_set_aside=settings.most_set_aside, by=by)
    material = new_items(items_of(source, judge.manifest, reading, reporter), judge.entry, place)
    if material.trained_on != 0:
        known = "was trained on all of its items" if material.trained_on else "may have been trained on its items"
        raise DataError(
            f"{source.name} cannot correct the judge {judge.name!r}, which {known}: its predictions on them say "
            "nothing of its errors elsewhere.",
            hint="Give items that it was not trained on.",
        )
    found = _asked(judge, material, settings, reporter)
    if material.by is None:
        return found
    return found._replace(weights=1 / chances_of(found.items.item_ids, material.by, source.name))


def ask(
    judge: Judge, items: Sequence[Mapping[str, str]], ids: Sequence[str], settings: PredictSettings, reporter: Reporter
) -> Predictions:
    """What a judge says of items; of comparisons in both orders where the settings say so."""
    if not settings.both_orders:
        return judge.loaded.predict(items, ids, settings, reporter)
    mirror = require_mirror(judge.fields, judge.labels, option="--both-orders")
    return predict_both_orders(judge.loaded, mirror, items, ids, settings, reporter).averaged


def _asked(judge: Judge, material: Material, settings: PredictSettings, reporter: Reporter) -> HeldOut:
    items, folds = material.items, material.predicted
    if folds is not None:
        return HeldOut(items, folds.q, material.source, folds=folds.fold)
    found = ask(judge, items.texts.to_dicts(), items.item_ids.to_list(), settings, reporter)
    return HeldOut(items.take(found.rows), found.q, material.source, material.left_out)


def _joined(tables: Sequence[ItemTable]) -> ItemTable:
    """Items of the same dataset below each other."""
    first = tables[0]
    return ItemTable(
        item_ids=pl.concat([one.item_ids for one in tables]),
        texts=pl.concat([one.texts for one in tables]),
        labels=first.labels,
        counts=np.concatenate([one.counts for one in tables]),
        groups=pl.concat([one.groups for one in tables]),
        scale=first.scale,
        values=first.values,
    )
