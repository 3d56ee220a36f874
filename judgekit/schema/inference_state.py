"""The state of one inference: which columns have a role already, the reasons given, and what is refused as unclear."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NoReturn

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.tables.column_names import LABEL_NAMES, TEXT_NAMES, WEAK_LABEL_NAMES, in_preference_order, normalise
from judgekit.tables.evidence import weigh_columns
from judgekit.tables.source import SourceTable, require_columns


class Claims:
    """What is claimed of one table, and why.

    Args:
        source: the table.
        roles: the user's word; where it says nothing, the format's stands.
        known_labels: the ordered labels of a trained judge.
        known_fields: the fields of a trained judge.

    Raises:
        DataError: a named column does not exist.
    """

    def __init__(
        self,
        source: SourceTable,
        roles: Roles,
        known_labels: Sequence[str] | None,
        known_fields: Sequence[str] | None,
    ) -> None:
        self.source, self.told_roles, self.roles = source, roles, roles.over(source.roles)
        roles = self.roles
        self.known_labels, self.known_fields = tuple(known_labels or ()), tuple(known_fields or ())
        require_columns(source, roles.named(), what="an option", hint="Give the name as the header has it.")
        require_columns(
            source, self.known_fields, what="the judge's fields", hint="Name the columns as they were in training."
        )
        self.frame = source.frame
        self.names = source.frame.columns
        self.evidence = weigh_columns(source.frame)
        self.reasons: list[str] = []
        self.warnings: list[str] = []
        self.lists: dict[str, str | None] = {}
        """Columns that hold lists of labels, once the layout is known, with what separates these."""
        self.claimed: set[str] = {*roles.named(), *self.known_fields}

    def told(self, role: str) -> str:
        """Whose word a role is: of the user, or of the format."""
        return "as told" if getattr(self.told_roles, role) else "as the format says"

    def free(self) -> list[str]:
        """Columns with cells and without a role, in file order."""
        return [name for name in self.names if name not in self.claimed and self.evidence[name].filled]

    def claim(self, names: Sequence[str], reason: str) -> None:
        """Give columns a role, with the reason."""
        self.claimed.update(names)
        self.reasons.append(reason)

    def label_candidates(self) -> list[str]:
        """Columns named like a label that could be one, the preferred first."""
        free = self.free()
        named = in_preference_order(free, LABEL_NAMES)
        if named:
            return named
        weak = in_preference_order(free, WEAK_LABEL_NAMES)
        return [name for name in weak if self.evidence[name].could_be_labels and not self.is_text(name)]

    def is_text(self, name: str) -> bool:
        """Whether a column both is named like a text and reads like one."""
        figures = self.evidence[name]
        return normalise(name) in TEXT_NAMES and figures.is_prose and not figures.is_category

    def texts_by_name(self) -> list[str]:
        """The texts that are known before all roles are settled: those of the judge or the user, else by name."""
        if self.known_fields or self.roles.text:
            return list(self.known_fields or self.roles.text)
        return [name for name in self.free() if normalise(name) in TEXT_NAMES and self.evidence[name].is_prose]

    def ambiguous(
        self, what: str, option: str, candidates: Sequence[str], example: Sequence[str], *, more: str = ""
    ) -> NoReturn:
        """Refuse to guess.

        Args:
            what: what is not clear.
            option: the option that says it.
            candidates: the readings, one line each.
            example: columns for an example of the option.
            more: what else the user could say, after a space.

        Raises:
            DataError: always.
        """
        words = " ".join(f"{option} {shlex.quote(name)}" for name in example[:4])
        raise DataError(
            f"{self.source.name}: {what} is not clear; there are {len(candidates)} candidates.",
            problems=list(candidates),
            hint=f"Say which with {option}{', once for each column' if len(example) > 1 else ''}; for example: "
            f"judgekit ingest {shlex.quote(self.source.name)} {words}{' …' if len(example) > 4 else ''}"
            + (f".{more}" if more else ""),
        )
