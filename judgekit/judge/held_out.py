"""What judges that had not seen an item say of it: the predictions of the folds, kept with the judge of all items."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.errors import WorkspaceError
from judgekit.judge.manifest import HELD_OUT_FILE, JudgeManifest
from judgekit.workspace.store import Entry

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
        WorkspaceError: the file is damaged.
    """
    path, labels = entry.path / HELD_OUT_FILE, entry.manifest.labels
    if not path.is_file():
        return None
    try:
        frame = pl.read_parquet(path, use_pyarrow=False)
        q = frame.select(pl.col(_SHARE + label).cast(pl.Float64) for label in labels).to_numpy()
        fold = frame.get_column(_FOLD).cast(pl.Int64).to_numpy()
        is_truncated = frame.get_column(_IS_CUT).cast(pl.Boolean).to_numpy()
        ids = frame.get_column(_ITEM).cast(pl.String).to_list()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise WorkspaceError(
            f"{path} cannot be read: {str(error).splitlines()[0]}", hint="Restore it from a copy, or train again."
        ) from error
    if not (np.isfinite(q).all() and (q >= 0).all() and np.allclose(q.sum(axis=1), 1)):
        raise WorkspaceError(f"{path} holds numbers that are no distributions.", hint="Train the judge again.")
    return HeldOutPredictions(ids, fold, np.ascontiguousarray(q), is_truncated)
