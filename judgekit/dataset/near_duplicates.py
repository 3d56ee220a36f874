"""Items whose texts are nearly the same, so that a split never puts one of them on both sides.

MinHash by rensa; all else is array operations, in slices of texts, so that memory does not grow with their length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rensa import RMinHash, RMinHashDigestMatrix, RMinHashLSH  # type: ignore[attr-defined]  # it has no stubs
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from judgekit.dataset.items import ItemTable

LEAST_OVERLAP = 0.8
"""Of the pieces of two texts, as Jaccard's share: one word changed among 17, or a quarter of the text added."""
PIECE, SHORTEST = 5, 24
"""Characters of a piece, and of the shortest text that is compared by its pieces."""
LARGEST_SHARE, LARGEST_FREE = 0.1, 10
MOST_ITEMS = 200_000
_BANDS, _ROWS = 24, 7
_HASHES = _BANDS * _ROWS
_NEIGHBOURS = 3
_SLICE = 2_000_000
_SEED = 1


class NearDuplicates(NamedTuple):
    """Groups of items in which near-duplicates share one."""

    groups: pl.Series
    """String, `[N]`: of groups that were joined, the smallest key."""
    pairs: int
    """Pairs of different texts found nearly the same; of many alike not every pair is looked at."""
    items: int
    """Items of groups that were joined with another."""
    largest: int
    """Items of the largest joined group; 0 if none was."""
    is_skipped: bool = False
    """There are more items than `MOST_ITEMS`: nothing was compared, and the groups are as they were."""


def keep_together(items: ItemTable) -> tuple[ItemTable, list[str]]:
    """The items with near-duplicates in one group, and a note that says so.

    Not for groups of the user's: a text in several of those would chain them to one.
    """
    found = group_near_duplicates(items.texts, items.groups)
    if found.is_skipped:
        return items, [
            f"There are more than {MOST_ITEMS:,} items: only equal texts, not nearly equal ones, stay together."
        ]
    if not found.items:
        return items, []
    note = f"Items with nearly the text of another one: {found.items:,}; a split keeps them together."
    return replace(items, groups=found.groups), [note]


def group_near_duplicates(texts: pl.DataFrame, groups: pl.Series) -> NearDuplicates:
    """Join the groups of items whose texts are nearly the same in every field.

    Texts are compared without case and punctuation. Two are nearly the same if they are then equal, or if both have 24
    characters or more and share at least 80 % of all their pieces of 5 characters, so that a decisive word keeps
    short texts apart. The share is estimated from 168 hashes: its standard error is 0.03.

    What is nearly the same as the same text is joined, too. Yet a chain of more than 10 texts and a tenth of all is a
    template with other words in it rather than copies of a text: there the threshold rises until it falls apart.

    Args:
        texts: one String column per field, without nulls, `[N, F]`.
        groups: String, `[N]`; items of one group stay together whatever their texts are.

    Returns:
        The groups, whatever the order of the items is.
    """
    if texts.height > MOST_ITEMS:
        return NearDuplicates(groups, 0, 0, 0, is_skipped=True)
    plain = texts.select(plain_text(name).alias(str(n)) for n, name in enumerate(texts.columns))
    # Sorted, with the field of most different texts first: neighbours in this order are likely to be alike.
    order = sorted(plain.columns, key=lambda name: -plain.get_column(name).n_unique())
    distinct = plain.unique().sort(order).with_row_index("text")
    text = plain.join(distinct, on=order, how="left", maintain_order="left").get_column("text").to_numpy()
    pairs, overlap = _near(distinct.select(order))
    cluster = _clusters(pairs, overlap, distinct.height)
    keys, group = np.unique(groups.to_numpy(), return_inverse=True)
    # Groups and clusters are nodes of one graph, and every item ties its group to its text's cluster.
    joined = _components(group, len(keys) + cluster[text], len(keys) + distinct.height)[group]
    named = pl.DataFrame({"joined": joined, "group": groups}).select(
        pl.col("group").min().over("joined").alias(groups.name),
        count=pl.len().over("joined"),
        several=pl.col("group").n_unique().over("joined") > 1,
    )
    merged = named.filter("several").get_column("count").to_numpy()
    return NearDuplicates(named.to_series(), len(pairs), len(merged), int(merged.max(initial=0)))


def plain_text(field: str) -> pl.Expr:
    """A text without case, punctuation and superfluous white space; one of punctuation alone keeps it."""
    lower = pl.col(field).str.to_lowercase()
    # In two steps, as a match costs far more than a look: most texts are words with single spaces between them.
    words = lower.str.replace_all(r"[\p{P}\p{Z}\p{C}--[ ]]+", " ").str.replace_all("  +", " ").str.strip_chars()
    return pl.when(words == "").then(lower).otherwise(words)


def _near(texts: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of rows that are nearly the same in every field, `[P, 2]`, and their least overlap `[P]`."""
    rows = _with_company(texts.select(pl.concat_str(pl.all(), separator="\n")).to_series())
    if len(rows) == 0:
        return np.empty((0, 2), dtype=np.int64), np.empty(0)
    fields = texts[rows].get_columns()
    hashes = [_hashes(field) for field in fields]
    pairs = _sharing_a_band(np.minimum.reduce(hashes))  # the MinHash of all pieces is the least of the fields'
    one, two = pairs.T
    overlap = np.ones(len(pairs))
    for field, of_field in zip(fields, hashes, strict=True):
        shared = sum((row[one] == row[two] for row in of_field), start=np.zeros(len(pairs))) / _HASHES
        is_long = (field.str.len_chars() >= SHORTEST).to_numpy()
        is_equal = (field.gather(one) == field.gather(two)).to_numpy()
        overlap = np.minimum(overlap, np.where(is_equal, 1.0, np.where(is_long[one] & is_long[two], shared, 0.0)))
    is_near = overlap >= LEAST_OVERLAP
    return rows[pairs[is_near]], overlap[is_near]


def _with_company(texts: pl.Series) -> NDArray[np.int64]:
    """Rows that share a band of their MinHashes with another: few, so that only they are looked at one by one."""
    lengths = texts.str.len_chars().to_numpy().astype(np.int64)
    long = np.flatnonzero(lengths >= PIECE)
    matrices = {part.start: _digests(texts.gather(long[part])) for part in _slices(lengths[long])}
    index = RMinHashLSH(LEAST_OVERLAP, _HASHES, _BANDS)
    for start, matrix in matrices.items():
        index.insert_matrix(matrix, start)
    flags = [flag for matrix in matrices.values() for flag in index.query_duplicate_flags_matrix(matrix)]
    return long[np.array(flags, dtype=np.bool_)]


def _hashes(texts: pl.Series) -> NDArray[np.uint32]:
    """MinHashes, `[_HASHES, n]`; of a text too short for a piece the largest number, which never is the least."""
    distinct = texts.unique(maintain_order=True)  # a premise, say, belongs to several items
    lengths = distinct.str.len_chars().to_numpy().astype(np.int64)
    long = np.flatnonzero(lengths >= PIECE)
    hashes = np.full((_HASHES, len(distinct)), np.iinfo(np.uint32).max, dtype=np.uint32)
    for part in _slices(lengths[long]):
        hashes[:, long[part]] = np.array(_digests(distinct.gather(long[part])).to_rows(), dtype=np.uint32).T
    return hashes[:, texts.replace_strict(distinct, range(len(distinct))).to_numpy()]


def _sharing_a_band(hashes: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Pairs of columns that agree in a band, `[P, 2]`: each with the next three, so that many alike cost no square.

    Two texts with an overlap of 0.8 share one of 24 bands of 7 hashes in 996 of 1,000 cases, with 0.5 in 171.
    """
    columns = hashes.shape[1]
    found: list[NDArray[np.int64]] = []
    for band in np.split(hashes.astype(np.uint64), _BANDS):
        key = _mixed(band)
        ranked = np.argsort(key, kind="stable")
        for step in range(1, _NEIGHBOURS + 1):
            one, two = ranked[:-step], ranked[step:]
            same = key[one] == key[two]
            found.append(one[same] * columns + two[same])  # one number sorts many times faster than two
    return np.stack(np.divmod(np.unique(np.concatenate(found)), columns), axis=1)


def _digests(texts: pl.Series) -> RMinHashDigestMatrix:
    """MinHashes of the pieces of each text; texts have `PIECE` characters or more."""
    points = np.frombuffer("".join(texts.to_list()).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    counts = texts.str.len_chars().to_numpy().astype(np.int64) - PIECE + 1
    offsets = np.concatenate([[0], np.cumsum(counts)])
    # A window that runs over the end of a text is no piece: PIECE - 1 of them stand before each text but the first.
    starts = np.arange(offsets[-1]) + np.repeat(np.arange(len(texts)) * (PIECE - 1), counts)
    windows = np.lib.stride_tricks.sliding_window_view(points, PIECE).T
    pieces = _mixed(windows)[starts]
    return RMinHash.digest_matrix_from_flat_token_hashes(pieces, offsets.astype(np.uint64), _HASHES, _SEED)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One 64-bit hash of each column, `[R, n]` to `[n]`, by steps of SplitMix64: the same on every machine."""
    mixed = np.zeros(values.shape[1], dtype=np.uint64)
    for row in values:
        mixed = (mixed ^ row) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(31)
    return mixed


def _slices(lengths: NDArray[np.int64]) -> Iterator[slice]:
    """Slices of rows with about 2 million characters each."""
    changes = np.flatnonzero(np.diff(np.cumsum(lengths) // _SLICE)) + 1
    return (slice(start, end) for start, end in pairwise([0, *changes.tolist(), len(lengths)]) if start < end)


def _clusters(pairs: NDArray[np.int64], overlap: NDArray[np.float64], texts: int) -> NDArray[np.int64]:
    """The cluster of each text, `[T]`; the threshold rises in clusters that are too large."""
    cluster = np.arange(texts)
    too_large = np.zeros(len(pairs), dtype=np.bool_)
    for least in (LEAST_OVERLAP, 0.9, 0.95, 0.98, np.inf):
        kept = ~too_large | (overlap >= least)
        pairs, overlap = pairs[kept], overlap[kept]
        cluster = _components(pairs[:, 0], pairs[:, 1], texts)
        too_large = np.bincount(cluster)[cluster[pairs[:, 0]]] > max(LARGEST_FREE, LARGEST_SHARE * texts)
    return cluster


def _components(one: NDArray[np.int64], two: NDArray[np.int64], nodes: int) -> NDArray[np.int64]:
    graph = coo_array((np.ones(len(one), dtype=np.int8), (one, two)), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1].astype(np.int64)
