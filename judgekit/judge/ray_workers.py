"""A judge on many machines: windows of items go to Ray actors, each with a model of its own, and come back in order.

The file is read, its rows counted and the parts kept by the process that asks, exactly as without Ray, so that the same
rows come out, and a run can be gone on with on Ray or without. A worker that is lost is started again, and what it was
asked is asked again; only its answer counts, so no row is written twice.
"""

# The extra may be missing where types are checked.
# pyright: reportMissingImports=false

from __future__ import annotations

import dataclasses
import logging
import os
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch

from judgekit.config import LoadSettings, PredictSettings
from judgekit.errors import JudgekitError, SettingsError
from judgekit.judge.judge import TrainedJudge
from judgekit.judge.manifest import JUDGES, JudgeManifest
from judgekit.judge.score_file import Answer, Answers, Window
from judgekit.training.reporter import SILENT
from judgekit.training.streams import MOST_STREAMS
from judgekit.workspace.store import Entry
from judgekit.workspace.versions import OneVersion

_MOST_RESTARTS = 5
"""Of one worker; one that is lost more often is lost by what it does."""
_ASKED_AT_ONCE, _KEPT = 2, 8
"""Windows for each worker: that it has at once, so that it need not wait, and that may wait for one before them."""


class Order(NamedTuple):
    """What each worker is told of the whole work."""

    files: dict[str, bytes]
    """The judge's folder: machines need not share a disk."""
    load: LoadSettings
    predict: PredictSettings
    offline: bool
    threshold: float | None
    items: int
    """In all, by which the engine is chosen."""
    threads: int


class Worker:
    """A judge in a process of its own, which is loaded at the first question, also after a restart."""

    def __init__(self) -> None:
        self._place = TemporaryDirectory()
        self._judge: TrainedJudge | None = None

    def table(self, order: Order, window: Window) -> Answer:
        """The scored rows of a window, or why there are none."""
        try:
            self._judge = self._judge or self._loaded(order)
            scores = self._judge.ask(window, order.predict, SILENT)
            return dataclasses.replace(scores, threshold=order.threshold).to_polars()
        except JudgekitError as error:
            return error

    def _loaded(self, order: Order) -> TrainedJudge:
        torch.set_num_threads(order.threads)
        folder = Path(self._place.name) / "judge"
        for name, content in order.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        judge = TrainedJudge.load(folder, settings=order.load, offline=order.offline)
        judge.expect(order.items)
        return judge


@contextmanager
def ray_answers(
    entry: Entry[JudgeManifest],
    load: LoadSettings,
    predict: PredictSettings,
    items: int,
    *,
    offline: bool,
    threshold: float | None,
    workers: int,
) -> Generator[Answers]:
    """What answers windows, on the cluster that `RAY_ADDRESS` names, or else on one of this machine alone.

    Args:
        entry: the judge.
        load: how each worker loads it; its engine is torch, openvino or auto.
        predict: how items are shown to it.
        items: in all.
        offline: never ask the hub.
        threshold: of a gate.
        workers: how many; 0 lets the size of the cluster decide.

    Raises:
        SettingsError: Ray is not installed, or the cluster has fewer CPUs than workers.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # before Ray is imported, which would call home
    try:
        import ray  # an extra
    except ImportError as error:
        raise SettingsError(
            "--engine ray needs the package ray, which is not installed.",
            hint="Install the extra: pip install 'annotation-judgekit[ray]'",
        ) from error
    is_ours = not ray.is_initialized()
    if is_ours:
        # A cluster that runs already has a dashboard if somebody wanted one.
        own: dict[str, Any] = {} if os.environ.get("RAY_ADDRESS") else {"include_dashboard": False}
        ray.init(log_to_driver=False, logging_level=logging.ERROR, configure_logging=False, **own)
    try:
        cpus = int(ray.cluster_resources().get("CPU", 1))
        count = workers or max(1, cpus // MOST_STREAMS)
        if count > cpus:
            raise SettingsError(f"--workers is {count}; the cluster has {cpus} CPUs.", hint="Ask for fewer workers.")
        with OneVersion(entry, JUDGES.word):
            paths = [path for path in sorted(entry.path.rglob("*")) if path.is_file()]
            files = {path.relative_to(entry.path).as_posix(): path.read_bytes() for path in paths}
        order = ray.put(Order(files, load, predict, offline, threshold, items, cpus // count))
        options: dict[str, Any] = {
            "num_cpus": cpus // count,
            "num_gpus": int(load.device.startswith("cuda")),
            "max_restarts": _MOST_RESTARTS,
            "max_task_retries": _MOST_RESTARTS,
        }
        actors = [ray.remote(**options)(Worker).remote() for _ in range(count)]
        yield lambda windows: _answers(ray, actors, order, windows)
    finally:
        if is_ours:
            ray.shutdown()


def _answers(ray: Any, actors: list[Any], order: Any, windows: Iterator[Window]) -> Iterator[tuple[Window, Answer]]:
    free, busy = deque(actors * _ASKED_AT_ONCE), dict[Any, Any]()
    waiting: deque[tuple[Window, Any]] = deque()
    for window in windows:
        while not free or len(waiting) >= _KEPT * len(actors):
            if waiting[0][1] not in busy:
                yield _answer(ray, *waiting.popleft())
                continue
            done, _ = ray.wait([*busy], num_returns=1)
            free.extend(busy.pop(one) for one in done)
        actor = free.popleft()
        asked = actor.table.remote(order, window)
        busy[asked] = actor
        waiting.append((window, asked))
    while waiting:
        yield _answer(ray, *waiting.popleft())


def _answer(ray: Any, window: Window, asked: Any) -> tuple[Window, Answer]:
    try:
        return window, ray.get(asked)
    except ray.exceptions.RayActorError as error:
        raise SettingsError(
            f"A worker was lost {_MOST_RESTARTS} times and is not started again.",
            hint="Memory may be short: use fewer --workers. The same command goes on where this one stopped.",
        ) from error
