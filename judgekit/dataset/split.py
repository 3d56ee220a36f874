"""Training, validation and test parts: as the file gives them, else decided by a keyed hash of each item's group.

Row order has no say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from judgekit.errors import DataError

PARTS = ("train", "validation", "test")


def split_items(
    groups: pl.Series | Sequence[str], *, seed: int, fractions: tuple[float, float, float] = (0.8, 0.1, 0.1)
) -> npt.NDArray[np.str_]:
    """The part of each item: `train`, `validation` or `test`, `[N]`.

    Groups are ranked by a hash of seed and key and cut where the number of items meets the fractions, so the outcome
    depends on nothing but the keys, the sizes of the groups, the seed and the fractions.

    Args:
        groups: the group of each item; items of one group stay together.
        seed: another seed, another split.
        fractions: shares of the items for training, validation and test; they sum to 1.

    Raises:
        DataError: there are fewer groups than parts with a positive fraction.
        ValueError: the fractions are negative or do not sum to 1.
    """
    if min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"fractions must be non-negative and sum to 1, got {fractions}")
    keys, position, sizes = np.unique(np.asarray(groups, dtype=object), return_inverse=True, return_counts=True)
    wanted = [part for part, fraction in enumerate(fractions) if fraction > 0]
    if len(keys) < len(wanted):
        raise DataError(
            f"{len(keys)} groups of items cannot be split into {', '.join(PARTS[part] for part in wanted)}: "
            "items with the same text, or of one group, stay together.",
            hint="Ingest more items, or give a file of its own for the test with `judgekit evaluate FILE`.",
        )
    rank = np.argsort(np.array([_rank(seed, str(key)) for key in keys], dtype="S16"), kind="stable")
    # A group goes where its middle falls, which is the nearest cut for groups of any size.
    middle = (np.cumsum(sizes[rank]) - sizes[rank] / 2) / sizes.sum()
    ends = np.cumsum([fractions[part] for part in wanted])[:-1]
    cuts = np.searchsorted(middle, ends)
    for n in range(len(cuts)):  # one group at least for every part
        cuts[n] = min(max(cuts[n], (cuts[n - 1] if n else 0) + 1), len(keys) - (len(cuts) - n))
    part_of_rank = np.searchsorted(cuts, np.arange(len(keys)), side="right")
    part_of_key = np.empty(len(keys), dtype=np.int64)
    part_of_key[rank] = np.asarray(wanted)[part_of_rank]
    return np.asarray(PARTS)[part_of_key[position.reshape(-1)]]


def split_as_given(
    parts: pl.Series,
    groups: pl.Series,
    *,
    seed: int,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
) -> npt.NDArray[np.str_]:
    """The part of each item where a file gives parts: who has one keeps it, and no test item is taken from the file's.

    An item without a part follows its group. Where the file gives all three parts, what is then left is split as
    usual. Where it gives no validation or no test part, that one is drawn from the training items and those left, in
    the proportion of the fractions.

    Args:
        parts: the given part of each item, one of `PARTS`, or null, `[N]`.
        groups: as in `split_items`; groups which the file itself parts stay parted.
        seed: as in `split_items`.
        fractions: as in `split_items`, all positive.

    Raises:
        DataError: nothing is left to train on, or the training items are too few groups to draw from.
    """
    # Of several parts in a group, training: an item that is also trained on is no test.
    known = pl.DataFrame({"part": parts.cast(pl.Enum(PARTS)), "group": groups})
    mates = known.select(pl.col("part").min().over("group").cast(pl.String)).to_series()
    given = parts.fill_null(mates).fill_null("")
    part = np.asarray(given.to_list(), dtype=np.asarray(PARTS).dtype)
    missing = [name for name in PARTS[1:] if name not in part]
    pool = np.isin(part, ("", "train") if missing else ("",))
    left = groups.filter(pl.Series(pool))
    if (missing and pool.any()) or left.n_unique() >= len(PARTS):
        wanted = [not missing or name in ("train", *missing) for name in PARTS]
        shares = np.multiply(fractions, wanted)
        part[pool] = split_items(left, seed=seed, fractions=tuple(shares / shares.sum()))
    else:
        part[pool] = "train"  # a handful whose part nobody wrote down
    if "train" not in part:
        raise DataError(
            "The given split has no item to train on.",
            hint="Ingest the training part as well, or split anew: judgekit train --split random",
        )
    return part


def _rank(seed: int, key: str) -> bytes:
    # Hexadecimal half: numpy's S dtype drops trailing NUL bytes, which a raw digest may end in.
    return hashlib.blake2b(f"{seed}\x1f{key}".encode(), digest_size=8).hexdigest().encode()
