"""How long work tells its caller what it is doing. The command line shows it; Python users may ignore it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # ingest reports too, and must not load torch
    from judgekit.training.loop import Progress


class Reporter:
    """Told about notes and progress; this one keeps silent. Override what you want to show.

    Examples:
        >>> class Notes(Reporter):
        ...     def note(self, text: str) -> None:
        ...         print(text)
        >>> scores = judge.predict([{"text": "cold tea"}], reporter=Notes())
        No column identifies the items; they are numbered in 'row'.
    """

    def note(self, text: str) -> None:
        """A plain sentence about what was decided or found."""

    def training(self, progress: Progress) -> None:
        """One optimiser step or evaluation is done."""

    def items(self, done: int, total: int) -> None:
        """`done` of `total` items are scored."""

    def runs(self, done: int, total: int, words: str, seconds_left: float | None) -> None:
        """`done` of `total` runs of a study are finished; `words` name the next. None: the time left is unknown yet."""


SILENT = Reporter()
