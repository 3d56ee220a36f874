"""Items of many requests joined into few forward passes, by one thread that alone asks the judge."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.config import PredictSettings
from judgekit.judge.judge import TrainedJudge
from judgekit.training.reporter import SILENT

Item = Mapping[str, str]


class QueueFull(Exception):
    """More items wait than are allowed."""


class _Asked(NamedTuple):
    items: Sequence[Item]
    answer: asyncio.Future[NDArray[np.float64]]


class Batcher:
    """The queue in front of one judge.

    Args:
        judge: what is asked.
        batch_size: items that are joined.
        most_waiting: items that may wait.
        thread: what computes; judges may share it.
    """

    def __init__(self, judge: TrainedJudge, *, batch_size: int, most_waiting: int, thread: ThreadPoolExecutor) -> None:
        self.judge = judge
        self._settings, self._most, self._thread = PredictSettings(batch_size=batch_size), most_waiting, thread
        self._waiting: asyncio.Queue[_Asked] = asyncio.Queue()
        self.items_waiting = 0

    async def ask(self, items: Sequence[Item]) -> NDArray[np.float64]:
        """The distributions of items, `[n, K]`.

        Raises:
            QueueFull: too many items wait already.
            JudgekitError: the judge cannot read the items.
        """
        if self.items_waiting + len(items) > self._most:
            raise QueueFull
        self.items_waiting += len(items)
        asked = _Asked(items, asyncio.get_running_loop().create_future())
        self._waiting.put_nowait(asked)
        try:
            return await asked.answer
        finally:
            self.items_waiting -= len(items)

    async def work(self) -> None:
        """Answer what is asked, until cancelled."""
        while True:
            batch = [await self._waiting.get()]
            while sum(len(one.items) for one in batch) < self._settings.batch_size and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            await self._answer(batch)

    async def _answer(self, batch: Sequence[_Asked]) -> None:
        """Answer requests together; where that fails, each for itself, so that none gets the error of another."""
        batch = [one for one in batch if not one.answer.cancelled()]
        items = [item for one in batch for item in one.items]
        computed = asyncio.get_running_loop().run_in_executor(self._thread, self._predict, items)
        await asyncio.wait([computed])
        error = computed.exception()
        if error is not None and len(batch) > 1:
            for one in batch:
                await self._answer([one])
            return
        answers = [] if error else np.split(computed.result(), np.cumsum([len(one.items) for one in batch])[:-1])
        for n, one in enumerate(batch):
            if one.answer.cancelled():
                continue
            # A bug too goes to the request that met it, as a 500: the others must not wait for ever.
            if error is not None:
                one.answer.set_exception(error)
            else:
                one.answer.set_result(answers[n])

    def _predict(self, items: Sequence[Item]) -> NDArray[np.float64]:
        if not items:
            return np.empty((0, len(self.judge.labels)))
        ids = [str(n) for n in range(1, len(items) + 1)]
        return self.judge.loaded.predict(items, ids, self._settings, SILENT).q
