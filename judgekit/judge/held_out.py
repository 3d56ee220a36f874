"""What judges that had not seen an item say of it: the predictions of the folds, kept with the judge of all items."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.errors import WorkspaceError
from judgekit.judge.judge_files import file_beside
from judgekit.judge.manifest import HELD_OUT_FILE, JUDGES, JudgeManifest
from judgekit.models.saved_adapter import damaged
from judgekit.workspace.store import Entry
from judgekit.workspace.versions import OneVersion

_ITEM, _FOLD, _IS_CUT, _SHARE = "item_id", "fold", "truncated", "prob."


class HeldOutPredictions(NamedTuple):
    """Distributions of the items that a judge was trained on, by judges that had not seen them."""

    item_ids: list[str]
    fold: NDArray[np.int64]
    """Of each item, `[N]`."""
    q: NDArray[np.float64]
    """Calibrated, `[N, K]`."""
    is_truncated: NDArray[np.bool_]
    """Whether an item's texts were shortened, `[N]`."""


def keep_held_out(folder: Path, labels: Sequence[str], found: HeldOutPredictions) -> None:
    """Leave them with a judge.

    Args:
        folder: of the judge.
        labels: the K labels.
        found: what is kept.
    """
    shares = {_SHARE + label: found.q[:, k] for k, label in enumerate(labels)}
    frame = pl.DataFrame({_ITEM: found.item_ids, _FOLD: found.fold, _IS_CUT: found.is_truncated, **shares})
    frame.write_parquet(folder / HELD_OUT_FILE, compression="zstd")


def held_out_predictions(entry: Entry[JudgeManifest]) -> HeldOutPredictions | None:
    """Those of a judge; None where it was trained without folds.

    Raises:
        WorkspaceError: the file is damaged, or is not the one that the judge was trained with.
    """
    if HELD_OUT_FILE not in (entry.manifest.files or {}):
        return None
    with OneVersion(entry, JUDGES.word):
        path = file_beside(entry, HELD_OUT_FILE)
        return None if path is None else _read(path, entry.manifest.labels)


def _read(path: Path, labels: Sequence[str]) -> HeldOutPredictions:
    try:
        frame = pl.read_parquet(path, use_pyarrow=False)
        q = frame.select(pl.col(_SHARE + label).cast(pl.Float64) for label in labels).to_numpy()
        fold = frame.get_column(_FOLD).cast(pl.Int64)
        is_truncated = frame.get_column(_IS_CUT).cast(pl.Boolean)
        ids = frame.get_column(_ITEM).cast(pl.String)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise WorkspaceError(
            f"{path} cannot be read: {str(error).splitlines()[0]}", hint="Restore it from a copy, or train again."
        ) from error
    problems: list[str] = []
    if not (np.isfinite(q).all() and (q >= 0).all() and np.allclose(q.sum(axis=1), 1)):
        problems.append("it holds numbers that are no distributions")
    if not len(ids) or ids.null_count() or ids.n_unique() != len(ids):
        problems.append(f"{_ITEM}: one or more different items are expected")
    if fold.null_count() or not fold.is_between(0, len(ids)).all():
        problems.append(f"{_FOLD}: the number of a fold is expected for each item")
    if is_truncated.null_count():
        problems.append(f"{_IS_CUT}: true or false is expected for each item")
    if problems:
        raise damaged(path, problems)
    return HeldOutPredictions(ids.to_list(), fold.to_numpy(), np.ascontiguousarray(q), is_truncated.to_numpy())
