"""Ctrl-C and termination stop a run at its next step, so that a checkpoint can be kept."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from judgekit.cli.output import say

SIGNALS = (signal.SIGINT, signal.SIGTERM)
SECONDS_OF_ONE_SIGNAL = 1.0


@contextmanager
def stop_on_signal(kept: str = "the checkpoint is kept") -> Generator[Callable[[], bool]]:
    """A function that says whether to stop. The first signal asks for it; one after a second interrupts at once.

    Ctrl-C reaches a process of a launcher twice, from the terminal and from the launcher.
    """
    asked_at: float | None = None

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked_at
        if asked_at is not None:
            if time.monotonic() - asked_at > SECONDS_OF_ONE_SIGNAL:
                raise KeyboardInterrupt
            return
        asked_at = time.monotonic()
        say(f"\nStopping after this step; {kept}. Press Ctrl-C again to stop at once.")

    previous = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield lambda: asked_at is not None
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
