"""What a judge keeps of the items of its dataset: a hash of each item's texts and its counts, but no text.

With it the items that it was trained on are recognised where the dataset is not there.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.dataset.items import ItemTable
from judgekit.dataset.near_duplicates import plain_text
from judgekit.errors import WorkspaceError
from judgekit.judge.judge_files import file_beside
from judgekit.judge.manifest import ITEMS_FILE, JUDGES, JudgeManifest
from judgekit.models.saved_adapter import damaged
from judgekit.workspace.store import Entry
from judgekit.workspace.versions import OneVersion

_HASH, _IS_TRAINED, _COUNT = "text_hash", "trained_on", "count."


class KeptItems(NamedTuple):
    """The items of a judge's dataset, as its folder says them."""

    hashes: frozenset[int]
    """Of the texts that it was trained on, or by which its checkpoint and temperature were chosen."""
    counts: NDArray[np.int64]
    """Annotations per label of all items of the dataset, `[N, K]`."""


def keep_items(folder: Path, items: ItemTable, parts: NDArray[np.str_], fields: tuple[str, ...]) -> None:
    """Leave with a judge what recognises its items where their dataset is not there.

    Args:
        folder: of the judge.
        items: of its dataset.
        parts: the part of each item.
        fields: the columns that the judge reads.
    """
    counts = [pl.Series(_COUNT + label, items.counts[:, k]) for k, label in enumerate(items.labels)]
    pl.DataFrame(
        [
            pl.Series(_HASH, text_hashes(items.texts.select(fields)), dtype=pl.UInt64),
            pl.Series(_IS_TRAINED, parts != "test"),
            *counts,
        ]
    ).write_parquet(folder / ITEMS_FILE, compression="zstd")


def kept_items(entry: Entry[JudgeManifest]) -> KeptItems | None:
    """What a judge keeps; None where an older judgekit made it.

    Raises:
        WorkspaceError: the file is damaged, or is not the one that the judge was trained with.
    """
    with OneVersion(entry, JUDGES.word):
        path = file_beside(entry, ITEMS_FILE)
        return None if path is None else _read(path, entry.manifest.labels)


def _read(path: Path, labels: tuple[str, ...]) -> KeptItems:
    try:
        frame = pl.read_parquet(path, use_pyarrow=False)
        hashes = frame.get_column(_HASH).cast(pl.UInt64)
        is_trained = frame.get_column(_IS_TRAINED).cast(pl.Boolean)
        counts = frame.select(pl.col(_COUNT + label).cast(pl.Int64) for label in labels)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise WorkspaceError(
            f"{path} cannot be read: {str(error).splitlines()[0]}",
            hint="Restore the judge from a copy, or train it again.",
        ) from error
    found = counts.to_numpy()
    missing = sum(column.null_count() for column in (hashes, is_trained, *counts))
    if missing or not len(found) or (found < 0).any():
        raise damaged(path, ["a hash and counts of annotations are expected for each item"])
    return KeptItems(frozenset(hashes.filter(is_trained)), np.ascontiguousarray(found))


def text_hashes(texts: pl.DataFrame) -> list[int]:
    """64 bits of each item's texts, without case and punctuation."""
    joined = texts.select(pl.concat_str([plain_text(name) for name in texts.columns], separator="\x1f")).to_series()
    return [int.from_bytes(hashlib.blake2b(one.encode(), digest_size=8).digest(), "little") for one in joined]
