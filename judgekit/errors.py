"""What the user can correct: the only exceptions that become a message instead of a traceback.

Anything else that goes wrong is a bug of judgekit and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence

MOST_PROBLEMS_SHOWN = 20


class JudgekitError(Exception):
    """A problem that the user can solve: what was found, where, what was expected, and what to do next.

    Args:
        message: what was found and where (file, line, column or item), and what was expected.
        hint: the next command or edit, as one sentence; empty when the message already says it.
        problems: single findings, listed below the message; only the first 20 are shown.

    Examples:
        >>> try:
        ...     score("new.csv", judge="nobody")
        ... except JudgekitError as error:
        ...     print(error.message)
        There is no judge named 'nobody' in ...
    """

    is_shown_elsewhere = False
    """Whether another process of the same training shows it to the user."""

    def __init__(self, message: str, *, hint: str = "", problems: Sequence[str] = ()) -> None:
        self.message = message
        self.hint = hint
        self.problems = tuple(problems)
        lines = [message, *(f"  - {problem}" for problem in self.problems[:MOST_PROBLEMS_SHOWN])]
        if len(self.problems) > MOST_PROBLEMS_SHOWN:
            lines.append(f"  … and {len(self.problems) - MOST_PROBLEMS_SHOWN:,} more")
        if hint:
            lines.append(hint)
        super().__init__("\n".join(lines))


class DataError(JudgekitError):
    """A table cannot be read, or lacks what is needed."""


class TemplateError(JudgekitError):
    """A prompt template cannot be read or does not fit the columns."""


class LabelError(JudgekitError):
    """The label set is unusable, or two label sets do not agree."""


class SettingsError(JudgekitError):
    """A setting is unknown, out of range, or contradicts another."""


class WorkspaceError(JudgekitError):
    """The workspace, a dataset or a judge in it is missing, unfinished, busy or of another version."""


class TrainingStopped(JudgekitError):
    """A training was asked to stop before its end; what it has done is kept.

    Examples:
        >>> try:
        ...     judge = train("votes", judge="slow", should_stop=lambda: True, device="cpu")
        ... except TrainingStopped as stopped:
        ...     judge = train(judge=stopped.judge, resume=True)
        >>> judge.name
        'slow'
    """

    def __init__(self, judge: str, steps: int) -> None:
        """Say which judge, after how many steps, and how to go on."""
        self.judge, self.steps = judge, steps
        super().__init__(
            f"The training of {judge!r} was stopped after step {steps:,}; its checkpoint is kept.",
            hint=f"Continue it: train(judge={judge!r}, resume=True)",
        )


class BackboneError(JudgekitError):
    """The pretrained model cannot be found, is not the one expected, or cannot be used that way."""
