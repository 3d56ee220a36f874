"""Prompts that begin alike, as under one long instruction or about one document: what they share is read once.

Items are parted into groups by their tokens. The beginning of a group is read into a cache of keys and values, and its
items behind it, padded on the right, so that distances between tokens are what they are without padding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit.models.first_forward import are_close
from judgekit.models.reader import Batch, Reading
from judgekit.training.batches import EncodedItems, collate
from judgekit.training.out_of_memory import attempt

# A shorter beginning is not worth the copies of its cache; nor is a plan that saves less than a fifth of the tokens.
LEAST_SHARED = 32
_LEAST_GAIN = 1.25


@runtime_checkable
class PrefixReader(Protocol):
    """A reader that can begin in the middle of a prompt."""

    device: torch.device
    dtype: torch.dtype

    def read_prefix(self, ids: torch.Tensor) -> Any | None:
        """A cache of the tokens `[P]`, behind which any number of items can be read; None where there is none."""
        ...

    def read_behind(self, cache: Any, batch: Batch) -> Reading:
        """What it says of items, padded on the right, without the beginning that is cached."""
        ...

    def read(self, batch: Batch) -> Reading:
        """As of a `LabelReader`."""
        ...


class Group(NamedTuple):
    """Items that begin with the same tokens."""

    rows: NDArray[np.int64]
    shared: int
    """How many; 0 where it is not worth sharing."""


def plan_groups(ids: Sequence[NDArray[np.int64]]) -> list[Group]:
    """Part items by what their tokens begin with; none are parted where too little is saved by it."""
    order = sorted(range(len(ids)), key=lambda row: ids[row].astype(">i8").tobytes())
    shared = [_shared(ids[one], ids[other]) for one, other in pairwise(order)]
    by_all = min(shared, default=0)
    runs: list[list[int]] = [[]]
    for place in range(len(order)):
        if place and shared[place - 1] < by_all + LEAST_SHARED:
            runs.append([])
        runs[-1].append(place)
    alone = np.array([order[run[0]] for run in runs if len(run) == 1], dtype=np.int64)
    groups = [
        Group(np.array([order[place] for place in run], dtype=np.int64), min(shared[place] for place in run[:-1]))
        for run in runs
        if len(run) > 1
    ]
    if alone.size:
        groups.append(Group(alone, by_all if by_all >= LEAST_SHARED and alone.size > 1 else 0))
    whole = sum(len(one) for one in ids)
    read = whole - sum(group.shared * (len(group.rows) - 1) for group in groups)
    return groups if whole >= _LEAST_GAIN * read else [Group(np.arange(len(ids)), 0)]


@torch.no_grad()
def read_shared(
    reader: PrefixReader,
    encoded: EncodedItems,
    *,
    tokens: int,
    batch_size: int,
    on_batch: Callable[[int], None] | None,
) -> tuple[NDArray[np.int64], list[Reading]] | None:
    """Read items by what they begin with.

    Args:
        reader: what reads them.
        encoded: all items.
        tokens: most tokens of a batch.
        batch_size: most items of one.
        on_batch: called after each batch with the number of items in it.

    Returns:
        Rows, and readings of all of them in that order; None where it is not worth it, the reader keeps no cache or
        gives other numbers with it, or memory does not suffice.
    """
    groups = plan_groups(encoded.input_ids)
    if not any(group.shared for group in groups):
        return None
    rows: list[NDArray[np.int64]] = []
    found: list[Reading] = []
    is_compared = False
    for group in groups:
        ids = [encoded.input_ids[row] for row in group.rows]
        beginning = torch.from_numpy(ids[0][: group.shared]).to(reader.device)
        cache = reader.read_prefix(beginning) if group.shared else None
        if group.shared and cache is None:
            return None
        read = reader.read if cache is None else partial(reader.read_behind, cache)
        rest = encoded.take(group.rows)._replace(input_ids=[one[group.shared :] for one in ids])
        lengths = rest.lengths
        order, done = np.argsort(-lengths, kind="stable"), 0
        while done < len(order):
            some = order[done : done + max(1, min(batch_size, tokens // int(lengths[order[done]])))]
            reading = attempt(
                partial(_on_cpu, read, collate(rest, some, pad_left=cache is None).to(reader.device)), reader.device
            )
            if reading is None:
                return None
            if cache is not None and not is_compared:
                is_compared = True
                if not _is_same(reader, encoded, group.rows[some], reading):
                    return None
            found.append(reading)
            rows.append(group.rows[some])
            done += len(some)
            if on_batch is not None:
                on_batch(len(some))
    return np.concatenate(rows), found


def _on_cpu(read: Callable[[Batch], Reading], batch: Batch) -> Reading:
    reading = read(batch)
    mass = reading.label_mass
    return Reading(reading.logits.float().cpu(), None if mass is None else mass.float().cpu())


def _is_same(reader: PrefixReader, encoded: EncodedItems, rows: NDArray[np.int64], found: Reading) -> bool:
    """Whether the shortest item of a batch, which has the most padding, is the same up to rounding read as a whole."""
    whole = _on_cpu(reader.read, collate(encoded, rows[-1:], pad_left=True).to(reader.device)).logits
    return are_close(found.logits[-1:], whole, reader.dtype)


def _shared(one: NDArray[np.int64], other: NDArray[np.int64]) -> int:
    """How many tokens two items begin with; the last token of an item is never shared, as it is read for its label."""
    most = min(len(one), len(other)) - 1
    differs = np.flatnonzero(one[:most] != other[:most])
    return int(differs[0]) if differs.size else most
