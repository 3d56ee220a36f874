"""Ctrl-C and termination as a wish to stop at the next step, so that a checkpoint can be kept."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from judgekit.cli.output import say

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signal() -> Generator[Callable[[], bool]]:
    """A function that tells whether to stop. The first signal asks for it; the second interrupts at once."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        say("\nStopping after this step; the checkpoint is kept. Once more to stop at once.")

    previous = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield lambda: asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
