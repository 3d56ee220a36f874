"""The question asked where a table has two readings: each with what it says, and the options that say so."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.tables.source import SourceTable

Option = tuple[str, str | tuple[str, ...]]
"""A setting of `ingest` by its name, and its value."""
_SETTINGS = (
    "layout",
    "item",
    "annotator",
    "label",
    "text",
    "counts",
    "number",
    "separator",
    "annotator_columns",
    "group",
)


class Answer(NamedTuple):
    """One reading of a table."""

    words: str
    options: tuple[Option, ...]
    """What makes this reading the only one, and right."""


class Question(DataError):
    """A table has several readings, and nothing shows which is meant.

    Args:
        name: of the table.
        what: what is not clear.
        answers: the readings, two or more, or one that the user must confirm.
        command: what stands before the options of a reading.
        more: a sentence behind the commands.
    """

    def __init__(self, name: str, what: str, answers: Sequence[Answer], command: str, *, more: str = "") -> None:
        self.name, self.what, self.answers, self.more = name, what, tuple(answers), more
        self.commands = tuple(f"{command} {in_words(one.options)}" for one in answers)
        number = "one reading is" if len(answers) == 1 else f"{len(answers)} readings are"
        super().__init__(
            f"{name}: {what} is not clear; {number} possible.",
            problems=[f"{one.words}: {whole}" for one, whole in zip(answers, self.commands, strict=True)],
            hint=f"Give the command of the reading that is right.{' ' + more if more else ''}",
        )

    def below(self, command: str) -> Question:
        """The same question with another command before the options."""
        return Question(self.name, self.what, self.answers, command, more=self.more)


def in_words(options: Iterable[tuple[str, object]]) -> str:
    """Settings as the options that are typed: `--label vote --dry-run`."""
    words: list[str] = []
    for name, value in options:
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(flag)
            continue
        for one in value if isinstance(value, list | tuple) else (value,):
            # an option would be read into a value that begins with a dash
            words.append(f"{flag}{'=' if str(one).startswith('-') else ' '}{shlex.quote(str(one))}")
    return " ".join(words)


def command_for(source: SourceTable, given: Roles, answers: Sequence[Answer]) -> str:
    """The command that reads the table as the user said, as far as no answer says otherwise."""
    paths = [one.path for one in source.members or (source,)]
    answered = {name for one in answers for name, _ in one.options}
    explicit = [option for option in options_of(given) if option[0] not in answered]
    return " ".join(
        ["judgekit ingest", *(shlex.quote(str(path)) for path in paths), *filter(None, [in_words(explicit)])]
    )


def options_of(roles: Roles) -> list[Option]:
    """Roles as the options that say them."""
    plain: list[Option] = [(name, value) for name in _SETTINGS if (value := getattr(roles, name))]
    others: dict[str, str | tuple[str, ...] | None] = {
        "split": roles.split,
        "label_map": tuple(f"{old}={new}" for old, new in roles.label_map),
        "drop_label": roles.drop_labels,
        "labels": ",".join(roles.labels),
    }
    return plain + [(name, value) for name, value in others.items() if value]
