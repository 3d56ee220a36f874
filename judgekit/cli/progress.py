"""Progress bars on stderr; plain lines now and then where stderr is no terminal."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from judgekit.training.reporter import Reporter
from judgekit.wording import visible

if TYPE_CHECKING:
    from judgekit.training.loop import Progress as TrainingProgress

SECONDS_BETWEEN_LINES = 20


class ProgressReporter(Reporter):
    """Shows notes and progress of a verb.

    Args:
        quiet: show nothing at all.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False, quiet=quiet)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[facts]}"),
            console=self._console,
            disable=quiet or not self._console.is_terminal,
            # Results printed while the bar stands go above it on a terminal, and into their file where there is one.
            redirect_stdout=sys.stdout.isatty(),
        )
        self._tasks: dict[str, TaskID] = {}
        self._started = self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def note(self, text: str) -> None:
        """Print the sentence."""
        self._console.print(Text(visible(text)))

    def training(self, progress: TrainingProgress) -> None:
        """Move the bar; rate and validation KL beside it."""
        facts = [progress.stage] if progress.stage else []
        if progress.items_per_second is not None:
            facts.append(f"{progress.items_per_second:.0f} items/s")
        if not math.isnan(progress.validation_kl):
            best = f" (best {progress.best_kl:.4f})" if progress.best_kl < progress.validation_kl else ""
            facts.append(f"validation KL {progress.validation_kl:.4f}{best}")
        self._show("training", progress.step, progress.total_steps, "  ".join(facts), progress.seconds_left)

    def items(self, done: int, total: int) -> None:
        """Move the bar; rate beside it."""
        rate = done / max(1e-9, time.monotonic() - self._started)
        self._show("scoring", done, total, f"{rate:.0f} items/s", (total - done) / rate)

    def runs(self, done: int, total: int, words: str, seconds_left: float | None) -> None:
        """Move the bar above; the bar of the run starts anew."""
        words = visible(words)
        facts = words if seconds_left is None or done == total else f"{words}  {_minutes(seconds_left)} left"
        self._move("runs", done, total, facts)
        if "training" in self._tasks:
            self._bar.reset(self._tasks["training"])
        if self._bar.disable:
            self._console.print(f"runs: {done:,} of {total:,}, {facts}", markup=False)

    def _move(self, words: str, done: int, total: int, facts: str) -> bool:
        """Move a bar of its own for each kind of work; whether it is the first move."""
        is_first = words not in self._tasks
        if is_first:
            self._tasks[words] = self._bar.add_task(words, total=total, facts="")
            self._started = time.monotonic()
        self._bar.update(self._tasks[words], completed=done, total=total, facts=facts)
        return is_first

    def _show(self, words: str, done: int, total: int, facts: str, seconds_left: float | None) -> None:
        is_first = self._move(words, done, total, facts)
        now = time.monotonic()
        if self._bar.disable and (is_first or done == total or now - self._last_line > SECONDS_BETWEEN_LINES):
            self._last_line = now
            left = "" if seconds_left is None or done == total else f"{_minutes(seconds_left)} left"
            self._console.print(", ".join(filter(None, (f"{words}: {done:,} of {total:,}", facts, left))), markup=False)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
