"""What a judge knows of the items of its dataset: which it was trained on, and how people judged all of them.

Where the dataset is still there its texts say it; where it is not, what `judge/kept_items.py` left with the judge does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.dataset.items import ItemTable
from judgekit.dataset.near_duplicates import group_near_duplicates
from judgekit.dataset.opening import Dataset, open_dataset
from judgekit.errors import JudgekitError
from judgekit.judge.kept_items import kept_items, text_hashes
from judgekit.judge.manifest import JudgeManifest
from judgekit.prompts.mirror import find_mirror
from judgekit.training.training_data import split_parts
from judgekit.workspace.store import Entry, Workspace

_OWN = ""
"""The group of what the judge was trained on: the smallest key, so that every group it joins is named so."""


class KnownItems(NamedTuple):
    """The items of a judge's dataset, as far as they are known."""

    hashes: frozenset[int]
    """Of the texts that it was trained on, or by which its checkpoint and temperature were chosen."""
    counts: NDArray[np.int64]
    """Annotations per label of all items of the dataset, `[N, K]`."""
    texts: pl.DataFrame | None
    """The texts behind the hashes; None where the dataset is gone or has changed."""
    weights: NDArray[np.float64] | None = None
    """Of all items of the dataset, by the chances with which they were drawn, `[N]`; None where all count alike."""

    def seen(self, items: ItemTable, manifest: JudgeManifest) -> NDArray[np.bool_]:
        """Which items the judge was trained on, `[N]`: with the same texts, or nearly the same.

        Case, punctuation and white space make no difference; nor does the order of the sides of a comparison. Nearly
        the same is what `near_duplicates` says, which needs the texts.
        """
        texts = items.texts.select(manifest.fields)
        seen = self._hashed(texts)
        if (mirror := find_mirror(manifest.fields, manifest.labels)) is not None:
            other = [pl.col(mirror.fields.get(name, name)).alias(name) for name in texts.columns]
            seen |= self._hashed(texts.select(other))
        if self.texts is None:
            return seen
        both = pl.concat([self.texts, texts])
        own = pl.repeat(_OWN, self.texts.height, eager=True)
        others = pl.int_range(texts.height, eager=True).cast(pl.String)
        joined = group_near_duplicates(both, pl.concat([own, others]).alias("group"))
        return seen | (joined.groups[self.texts.height :] == _OWN).to_numpy()

    def _hashed(self, texts: pl.DataFrame) -> NDArray[np.bool_]:
        return np.array([one in self.hashes for one in text_hashes(texts)], dtype=np.bool_)


def known_items(entry: Entry[JudgeManifest], place: Workspace | None) -> KnownItems | None:
    """The items of a judge's dataset; None where it is gone and an older judgekit kept nothing of it.

    Args:
        entry: the judge.
        place: the workspace of its dataset; None for a judge in a folder of its own.

    Raises:
        WorkspaceError: the file in the judge's folder is damaged.
    """
    from_dataset = None if place is None else _of_dataset(entry, place)
    if from_dataset is not None:
        return from_dataset
    kept = kept_items(entry)
    return None if kept is None else KnownItems(kept.hashes, kept.counts, None)


def _of_dataset(entry: Entry[JudgeManifest], place: Workspace) -> KnownItems | None:
    """The same from the dataset, if it is still what the judge was trained on."""
    try:
        dataset = open_dataset(place, entry.manifest.dataset.name)
    except JudgekitError:  # gone, damaged or renamed: the judge's own file must do
        return None
    is_same = dataset.content_hash == entry.manifest.dataset.content_hash
    return items_of_dataset(dataset, entry.manifest) if is_same else None


def items_of_dataset(dataset: Dataset, manifest: JudgeManifest) -> KnownItems:
    """What is known where the judge's dataset is open, as it was when the judge was trained."""
    is_trained = split_parts(dataset.items, manifest.settings) != "test"
    texts = dataset.items.take(is_trained).texts.select(manifest.fields)
    return KnownItems(frozenset(text_hashes(texts)), dataset.items.counts, texts)
