"""What people and a judge say of the same items, where the judge had no part of them in its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.config import LoadSettings, MeasureSettings, PredictSettings
from judgekit.dataset.items import ItemTable
from judgekit.errors import DataError, WorkspaceError
from judgekit.judge.finding import find_judge
from judgekit.judge.loading import Predictions
from judgekit.judge.orders import predict_both_orders
from judgekit.prompts.mirror import require_mirror
from judgekit.tables.files import ReadOptions, read_files
from judgekit.training.reporter import Reporter
from judgekit.trust.judge import Judge
from judgekit.trust.material import Material, items_of, new_items, own_items
from judgekit.workspace.store import Workspace


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
    """What a judge says of the items of its own dataset that it was not trained on.

    Those are all of them where it was trained in folds, each with what the judge of its fold says. Else they are its
    test part, and its validation part, by which only its checkpoint and its temperature were chosen.

    Raises:
        WorkspaceError: the judge's dataset is not here, or has changed.
    """
    judge, place = opened
    if place is None:
        raise WorkspaceError(
            f"The judge {judge.name!r} was loaded from a folder outside of the workspace, which has its dataset.",
            hint="Give annotated items of your own: --annotations FILE",
        )
    if judge.manifest.settings.folds:
        folded = own_items(place, judge.entry, "folds", reporter)
        assert folded.predicted is not None
        return HeldOut(folded.items, folded.predicted.q, folded.source, folds=folded.predicted.fold)
    parts = [own_items(place, judge.entry, part, reporter) for part in ("test", "validation")]
    found = [_asked(judge, part, settings, reporter) for part in parts]
    items = _joined([one.items for one in found])
    q = np.concatenate([one.q for one in found])
    name = judge.manifest.dataset.name
    return HeldOut(items, q, f"held-out items of {name}", is_tuned=len(found[1].items) > 0)


def predictions_of_file(opened: Opened, path: Path, settings: PredictSettings, reporter: Reporter) -> HeldOut:
    """What a judge says of the annotated items of a file, without those that it was trained on.

    Raises:
        DataError: the file cannot be read, or the judge was trained on all of its items, or may have been.
    """
    judge, place = opened
    source = read_files([path], ReadOptions.of(settings))
    reading = MeasureSettings(strict=settings.strict, most_set_aside=settings.most_set_aside)
    material = new_items(items_of(source, judge.manifest, reading, reporter), judge.entry, place)
    if material.trained_on != 0:
        known = "was trained on all of its items" if material.trained_on else "may have been trained on its items"
        raise DataError(
            f"{source.name} cannot correct the judge {judge.name!r}, which {known}: its predictions on them say "
            "nothing of its errors elsewhere.",
            hint="Give items that it was not trained on.",
        )
    return _asked(judge, material, settings, reporter)


def ask(
    judge: Judge, items: Sequence[Mapping[str, str]], ids: Sequence[str], settings: PredictSettings, reporter: Reporter
) -> Predictions:
    """What a judge says of items; of comparisons in both orders where the settings say so."""
    if not settings.both_orders:
        return judge.loaded.predict(items, ids, settings, reporter)
    mirror = require_mirror(judge.fields, judge.labels, option="--both-orders")
    return predict_both_orders(judge.loaded, mirror, items, ids, settings, reporter).averaged


def _asked(judge: Judge, material: Material, settings: PredictSettings, reporter: Reporter) -> HeldOut:
    items = material.items
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
