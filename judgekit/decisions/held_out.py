"""What people and a judge say of the same items, where the judge had no part of them in its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.config import AskSettings, LoadSettings, MeasureSettings, Part
from judgekit.dataset.chances import Drawn, drawn_of
from judgekit.dataset.items import ItemTable
from judgekit.errors import DataError, WorkspaceError
from judgekit.judge.finding import find_judge
from judgekit.judge.loading import Predictions
from judgekit.judge.manifest import HELD_OUT_FILE
from judgekit.judge.orders import predict_both_orders
from judgekit.prompts.mirror import require_mirror
from judgekit.tables.files import ReadOptions, read_files
from judgekit.training.reporter import Reporter
from judgekit.trust.judge import Judge
from judgekit.trust.material import Material, items_of, later_items, new_items, own_items
from judgekit.wording import counted
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
    drawn: Drawn | None = None
    """With what chances the items were drawn; None for a random sample."""

    def take(self, rows: NDArray[np.bool_]) -> HeldOut:
        """Some of the items."""
        return self._replace(
            items=self.items.take(rows),
            q=self.q[rows],
            folds=None if self.folds is None else self.folds[rows],
            drawn=None if self.drawn is None else self.drawn.of(rows),
        )


def open_judge(
    judge: str | Path | None, workspace: str | Path | None, settings: LoadSettings, *, offline: bool
) -> Opened:
    """Open a judge; its weights wait for the first prediction.

    Raises:
        WorkspaceError: there is no such judge, or it is damaged.
    """
    entry, place = find_judge(judge, None if workspace is None else Path(workspace))
    return Opened(Judge(entry, workspace=place, settings=settings, offline=offline), place)


def held_out_predictions(opened: Opened, settings: AskSettings, reporter: Reporter) -> HeldOut:
    """What is said of the items of a judge's own dataset by who was not trained on them.

    Of a judge that was trained in folds those are all items, each predicted by the judge of a fold that had not seen
    it; of another one its test part, and its validation part, by which only its checkpoint and its calibration were
    chosen. Of a dataset that has grown since, they are the items that the judge was not trained on.

    Raises:
        WorkspaceError: the judge's dataset is not here, or has changed and has no item that is new to the judge.
        DataError: both orders are asked for, and the judges of the folds said what they say of one.
    """
    judge, place = opened
    if place is None:
        raise WorkspaceError(
            f"The judge {judge.name!r} was loaded from a folder outside of the workspace, which has its dataset.",
            hint="Give annotated items of your own: --annotations FILE",
        )
    if (later := later_items(place, judge.entry)) is not None:
        return _asked(judge, later, settings, reporter)
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
    items = _joined([one.items for one in found])
    folds = [np.full(len(one.items), JUDGE_ITSELF) if one.folds is None else one.folds for one in found]
    return HeldOut(
        items,
        np.concatenate([one.q for one in found]),
        f"held-out items of {judge.manifest.dataset.name}",
        is_tuned="validation" in names,
        folds=np.concatenate(folds) if has_folds else None,
        drawn=drawn_of(parts[0].annotations, items.item_ids),
    )


def predictions_of_file(opened: Opened, path: Path, settings: AskSettings, reporter: Reporter) -> HeldOut:
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


def at_random(held_out: HeldOut, reporter: Reporter) -> HeldOut:
    """The items that may be a random sample: those that were not drawn, or all with the same chance.

    Raises:
        DataError: all were drawn, with different chances.
    """
    drawn = held_out.drawn
    if drawn is None or (drawn.is_drawn.all() and float(np.ptp(drawn.chances)) < 1e-9):
        return held_out
    if drawn.is_drawn.all():
        raise DataError(
            f"{held_out.source}: judgekit select drew all items with different chances, so they are no random sample, "
            "on which the promise of a gate rests.",
            hint="Draw at random: judgekit select FILE --random-share 1",
        )
    number = int(drawn.is_drawn.sum())
    reporter.note(f"{counted(number, 'item is', 'items are')} left out that judgekit select drew: no random sample.")
    return held_out.take(~drawn.is_drawn)


def ask(
    judge: Judge, items: Sequence[Mapping[str, str]], ids: Sequence[str], settings: AskSettings, reporter: Reporter
) -> Predictions:
    """What a judge says of items; of comparisons in both orders where the settings say so."""
    if not settings.both_orders:
        return judge.loaded.predict(items, ids, settings, reporter)
    mirror = require_mirror(judge.fields, judge.labels, option="--both-orders")
    return predict_both_orders(judge.loaded, mirror, items, ids, settings, reporter).averaged


def _asked(judge: Judge, material: Material, settings: AskSettings, reporter: Reporter) -> HeldOut:
    items, folds = material.items, material.predicted
    if folds is not None:
        return HeldOut(items, folds.q, material.source, folds=folds.fold)
    found = ask(judge, items.texts.to_dicts(), items.item_ids.to_list(), settings, reporter)
    items = items.take(found.rows)
    drawn = drawn_of(material.annotations, items.item_ids)
    return HeldOut(items, found.q, material.source, material.left_out, drawn=drawn)


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
