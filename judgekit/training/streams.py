"""Batches read side by side on a CPU, each by few threads, instead of one after the other by all of them.

Threads that share one matrix product wait for the slowest of them at every product; where another program computes as
well, that is most of the time. On 2 cores beside ten other processes two streams scored 146 to 186 items/s, and two
threads on one batch 90 to 127, with the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")
# Between the products Python runs in one thread at a time: more streams would wait for each other there.
MOST_STREAMS = 4


def streams_of(device: torch.device) -> int:
    """How many batches are read side by side there; 1 where that gains nothing."""
    return min(torch.get_num_threads(), MOST_STREAMS) if device.type == "cpu" else 1


def in_streams(work: Callable[[T], R], batches: Sequence[T], streams: int) -> Generator[R]:
    """What `work` makes of each batch, in order; it is called in several threads.

    Args:
        work: runs torch; without gradients, if it says so itself.
        batches: what it is called with.
        streams: how many threads call it; they share torch's own threads. The caller closes the iterator.
    """
    threads = torch.get_num_threads()
    pool = ThreadPoolExecutor(streams, initializer=partial(torch.set_num_threads, max(1, threads // streams)))
    try:
        yield from pool.map(work, batches)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def read_in_streams(
    work: Callable[[T], R | None], batches: Sequence[T], streams: int, on_batch: Callable[[T], None]
) -> list[R] | None:
    """The same as a list; None as soon as `work` returns None, as where memory ran out.

    Args:
        work: as of `in_streams`.
        batches: what it is called with.
        streams: as of `in_streams`.
        on_batch: called with each batch when it is done, in order, in the caller's thread.
    """
    found: list[R] = []
    with closing(in_streams(work, batches, streams)) as results:
        for batch, result in zip(batches, results, strict=True):
            if result is None:
                return None
            found.append(result)
            on_batch(batch)
    return found
