"""The state of one inference: what the columns look like, which have a role already, and the reasons given so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NoReturn

import polars as pl

from judgekit.config.roles import Roles
from judgekit.schema.column_kinds import Kind, kind_of, sample_of
from judgekit.schema.question import Answer, Question, command_for, in_words
from judgekit.schema.spellings import as_whole_number, tidy
from judgekit.tables.column_names import (
    LABEL_NAMES,
    TEXT_NAMES,
    WEAK_LABEL_NAMES,
    WEAK_TEXT_NAMES,
    in_preference_order,
    normalise,
)
from judgekit.tables.evidence import weigh_columns
from judgekit.tables.groups import Groups
from judgekit.tables.source import SourceTable, require_columns

Owner = Literal["annotation", "annotator"]


class InferenceState:
    """What is known of one table while its columns are given roles.

    Args:
        source: the table.
        given: the user's word; where it says nothing, the format's stands.
        known_labels: the ordered labels of a trained judge.
        known_fields: the fields of a trained judge.

    Raises:
        DataError: a named column does not exist.
    """

    def __init__(
        self,
        source: SourceTable,
        given: Roles,
        known_labels: Sequence[str] | None = None,
        known_fields: Sequence[str] | None = None,
    ) -> None:
        self.source, self.given, self.roles = source, given, given.over(source.roles)
        self.known_labels, self.known_fields = tuple(known_labels or ()), tuple(known_fields or ())
        named = self.roles.named()
        require_columns(source, named, what="an option", hint="Give the name as the header has it.")
        require_columns(
            source, self.known_fields, what="the judge's fields", hint="Name the columns as they were in training."
        )
        self.frame, self.names = source.frame, source.frame.columns
        self.evidence = weigh_columns(source.frame)
        self._kinds: dict[str, Kind] = {}
        self._values: dict[str, set[str]] = {}
        self.item: str | None = None
        """The column that identifies the item, once found; None: its texts do."""
        self.split: str | None = None
        self.chance: str | None = None
        """The column of the chances with which items were drawn."""
        self.unread: list[str] = []
        """Columns that are known, and left out."""
        self.fields: tuple[str, ...] = ()
        self.may_be_annotators: list[str] = []
        """Columns that may name the annotator, where it is not clear which does."""
        self.owners: dict[str, Owner] = {
            **{name: "annotation" for name in self.roles.of_annotation if name in self.names},
            **{name: "annotator" for name in self.roles.of_annotator if name in self.names},
        }
        """Whose the columns are that are kept beside the annotations."""
        self.reasons: list[str] = []
        self.warnings: list[str] = []
        self._claimed = {*named, *self.known_fields, *self.owners}

    def whose_word(self, role: str) -> str:
        """Who gave a role: the user, or the format."""
        return "as given" if getattr(self.given, role) else "as the format says"

    def claim(self, names: Sequence[str], reason: str) -> None:
        """Give columns a role, with the reason."""
        self._claimed.update(names)
        self.reasons.append(reason)

    def left(self) -> list[str]:
        """Columns without a role, in file order."""
        return [name for name in self.names if name not in self._claimed]

    def free(self) -> list[str]:
        """Columns with cells and without a role, in file order."""
        return [name for name in self.left() if self.evidence[name].filled]

    def kind(self, name: str) -> Kind:
        """What a column is on its own."""
        if name not in self._kinds:
            self._kinds[name] = kind_of(name, self.evidence[name], sample_of(self.frame.get_column(name)))
        return self._kinds[name]

    def label_pool(self) -> list[str]:
        """Free columns whose name is not that of a text."""
        return [name for name in self.free() if normalise(name) not in TEXT_NAMES]

    def values(self, name: str) -> set[str]:
        """The distinct values of a column, in one spelling: `3.0` is 3."""
        if name not in self._values:
            self._values[name] = {as_whole_number(tidy(cell)) for cell in self.cells(name)}
        return self._values[name]

    def cells(self, name: str) -> set[str]:
        """The distinct cells of a column that are not blank, as they stand in the file."""
        few = self.evidence[name].values
        return set(few) or {value for value in self.frame.get_column(name).unique().to_list() if value.strip()}

    def groups(self, *keys: str) -> Groups:
        """The rows that agree in some columns."""
        return self.source.groups(*keys)

    def is_renaming(self, one: str, other: str) -> bool:
        """Whether two columns tell the rows apart alike, as a code and its name do."""
        both = self.frame.select(pl.struct(one, other).n_unique()).item()
        return both == self.frame.get_column(one).n_unique() == self.frame.get_column(other).n_unique()

    def label_candidates(self) -> list[str]:
        """Columns named like a label that could be one, the preferred first."""
        free = self.free()
        named = in_preference_order(free, LABEL_NAMES)
        if named:
            return named
        weak = in_preference_order(free, WEAK_LABEL_NAMES)
        return [name for name in weak if self.evidence[name].could_be_labels and not self.is_text(name)]

    def is_named_text(self, name: str) -> bool:
        """Whether a column is named like a text and, where its name means other things too, reads like one."""
        is_sure = normalise(name) in TEXT_NAMES - WEAK_TEXT_NAMES
        return self.kind(name) == "text" and (is_sure or self.evidence[name].is_prose)

    def is_text(self, name: str) -> bool:
        """Whether a column both is named like a text and reads like one."""
        figures = self.evidence[name]
        return normalise(name) in TEXT_NAMES and figures.is_prose and not figures.is_category

    def texts_by_name(self) -> list[str]:
        """The texts that are known before all roles are settled: those of the judge or the user, else by name."""
        if self.known_fields or self.roles.text:
            return list(self.known_fields or self.roles.text)
        return [name for name in self.free() if self.is_named_text(name) and self.evidence[name].is_prose]

    def ask(self, what: str, answers: Sequence[Answer], *, more: str = "") -> NoReturn:
        """Ask rather than guess between equally good readings.

        Args:
            what: what is not clear.
            answers: the readings.
            more: a sentence behind them.

        Raises:
            Question: always.
        """
        command = command_for(self.source, self.given, answers)
        raise Question(self.source.name, what, answers, command, more=more)

    def ask_for_label(self, names: Sequence[str]) -> NoReturn:
        """Ask which of some columns holds the label, or whether all of them do."""
        answers = [Answer(f"{name!r} holds the label", (("label", (name,)),)) for name in names]
        every = Answer("each of them is judged, and makes a dataset of its own", (("label", tuple(names)),))
        self.ask("the label", [*answers, every])


def offer_all_labels(names: Sequence[str]) -> str:
    """The words that say how to use all of some label columns."""
    return f" {in_words([('label', tuple(names))])} would make a dataset of each."
