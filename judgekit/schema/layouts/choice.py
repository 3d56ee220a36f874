"""Which layout a table has: as the user or its format says, else the reading that its names and cells speak for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from judgekit.config.roles import Layout
from judgekit.schema.column_kinds import is_beside_labels
from judgekit.schema.derived import derived_columns
from judgekit.schema.inference_state import InferenceState
from judgekit.schema.layouts.counts import Counts
from judgekit.schema.layouts.layout import LayoutReading
from judgekit.schema.layouts.lists import Lists
from judgekit.schema.layouts.long import Long
from judgekit.schema.layouts.shares import Probabilities
from judgekit.schema.layouts.two_answers import refuse_two_answers
from judgekit.schema.layouts.wide import Wide, annotators
from judgekit.schema.question import Answer
from judgekit.tables.column_names import LIST_LABEL_NAMES, in_preference_order, names_a_settled_label, strip_share_affix

READINGS: dict[Layout, type[LayoutReading]] = {
    reading.layout: reading for reading in (Long, Wide, Counts, Lists, Probabilities)
}

_UNSURE = "\x00"
"""The reason of a reading that is asked for even where no other is as good."""


def choose_layout(state: InferenceState) -> LayoutReading:
    """How the table holds its annotations; the state gets the reason.

    Raises:
        Question: two layouts are possible.
    """
    choice = _Choice(state)
    reading, why = choice.explicit() or choice.guess()
    state.reasons.append(f"the layout is {reading.layout}{why}")
    return reading


class _Weight(NamedTuple):
    """What speaks for one reading."""

    points: int
    reading: LayoutReading
    why: str
    """To put behind the name of the layout."""
    answer: Answer | None = None
    """The reading as an answer to the question; None where it is never asked for."""


class _Choice:
    """The readings of one table, and what speaks for each.

    Points: 8 the column of the label holds lists; 7 two of the three signs of a long table, or one-hot rows of items
    that return; 6 another column holds lists; 5 the numbers are shares or counts by name or by their sums; 4 columns
    are named like annotators; 3 columns share a set of values, or may be counts; 2 a column is named like a label whose
    values such columns have; 1 none of all that: one label per row. The reading with most points is taken if no other
    has as many; else the question is asked.
    """

    def __init__(self, state: InferenceState) -> None:
        self.state = state
        self.long, self.wide, self.lists = Long(state), Wide(state), Lists(state)
        self.counts, self.shares = Counts(state), Probabilities(state)

    def explicit(self) -> tuple[LayoutReading, str] | None:
        """The reading that the user or the format names, or that a named column implies."""
        roles = self.state.roles
        readings = (self.long, self.wide, self.counts, self.lists, self.shares)
        implied = {
            "layout": lambda: next(reading for reading in readings if reading.layout == roles.layout),
            "number": lambda: self.long if roles.label and not roles.counts else self.shares,
            "separator": lambda: self.lists,
            "counts": lambda: self.shares if self.shares.columns else self.counts,
            "annotator_columns": lambda: self.wide,
            "label": lambda: self.lists if self.lists.find(roles.label) else self.long,
            "annotator": lambda: self.lists if self.lists.find_first() else self.long,
        }
        role = next((role for role in implied if getattr(roles, role)), None)
        if role is None:
            return None
        reading = implied[role]()
        if reading is self.lists and not self.lists.separators:
            self.lists.find_as_given()
        return reading, f", {self.state.whose_word(role)}"

    def guess(self) -> tuple[LayoutReading, str]:
        """The reading that the names and cells speak for.

        Raises:
            Question: they speak for two.
        """
        refuse_two_answers(self.state, self.wide)
        weights = self._weigh_rows() or self._weigh_columns()
        most = max(weight.points for weight in weights)
        best = [weight for weight in weights if weight.points == most]
        if len(best) > 1 or best[0].why == _UNSURE:
            self.state.ask("the layout", [weight.answer for weight in best if weight.answer])
        return best[0].reading, best[0].why

    def _weigh_rows(self) -> list[_Weight]:
        """Readings of a table whose rows hold whole annotations, or lists of them: nothing else is looked at then."""
        labels = self.state.label_candidates()
        if self.lists.find(labels[:1]):
            return [self._as_lists(8)]
        is_repeated = self.long.items is not None and self.long.items.repeat
        if is_repeated and not labels and self.counts.found.sure == "single":
            return [
                _Weight(7, self.counts, f": each row is one annotation, a 1 below {_few(self.counts.found.columns)}")
            ]
        if why := self.long.certainty():
            return [_Weight(7, self.long, f": {why}")]
        if self.lists.find(in_preference_order(self.state.free(), LIST_LABEL_NAMES)) or self.lists.find_unnamed():
            return [self._as_lists(6)]
        return []

    def _as_lists(self, points: int) -> _Weight:
        names = list(self.lists.separators)
        if len(names) > 1:
            self.state.ask_for_label(names)
        return _Weight(points, self.lists, f": {names[0]!r} holds the labels of several annotators in one cell")

    def _weigh_columns(self) -> list[_Weight]:
        """Readings of a table with a row for each item."""
        labels = self.state.label_candidates()
        rivals = [name for name in labels if not (names_a_settled_label(name) or self._is_derived(name))]
        weights = [_Weight(1, self.long, ": one label per row"), *self._weigh_wide(rivals)]
        shares = self.shares.columns
        if self.wide.groups and self.wide.is_named and strip_share_affix(shares) == list(shares):
            shares = ()
        if shares and (self.counts.found.sure != "yes" or set(shares) & set(self.counts.found.columns)):
            return [_Weight(5, self.shares, f": {', '.join(shares)} hold the share of one label each")]
        return weights + self._weigh_counts(labels, rivals)

    def _is_derived(self, name: str) -> bool:
        """Whether a column named like a label is a calculation from a group of columns."""
        groups = self.wide.groups
        others = [] if not groups or name in groups[0] else groups[0]
        return bool(others) and name in derived_columns(self.state.frame, [*others, name])

    def _weigh_wide(self, rivals: Sequence[str]) -> list[_Weight]:
        groups, is_named = self.wide.groups, self.wide.is_named
        if not groups:
            return []
        why = f": {len(groups[0])} columns {'named like annotators' if is_named else 'sharing one set of values'}"
        wide = _Weight(4 if is_named else 3, self.wide, f"{why} hold one label each", annotators(groups[0]))
        if is_named or not rivals:
            return [wide]
        if self._shares_values(rivals, groups[0]):
            return [wide._replace(points=2), self._one_label(2, rivals[0])]
        return []

    def _one_label(self, points: int, name: str) -> _Weight:
        answer = Answer(f"{name!r} holds one label per row", (("layout", "long"), ("label", (name,))))
        return _Weight(points, self.long, ": one label per row", answer)

    def _weigh_counts(self, labels: Sequence[str], rivals: Sequence[str]) -> list[_Weight]:
        found, groups, is_named = self.counts.found, self.wide.groups, self.wide.is_named
        why = f": {', '.join(found.columns)} count one label each: {found.why}"
        weight = _Weight(5, self.counts, why, count_columns(found.columns))
        if found.sure == "yes":
            return [weight]
        if found.sure == "single":
            return [weight._replace(why=_UNSURE), *self._weigh_other_labels(found.columns)]
        if found.sure == "mixed" and not is_named:
            return [weight._replace(why=_UNSURE)]
        as_people = _Weight(3, self.wide, "", annotators(found.columns))
        if found.sure == "even":
            return [weight._replace(points=4), *([] if is_named else [as_people._replace(points=4)])]
        is_plain = bool(groups) and not is_named and not rivals
        if found.sure == "maybe" and (is_plain or not (groups or labels)):
            return [weight._replace(points=3), *([] if groups else [as_people])]
        if is_plain and self.counts.may_have_gaps(groups[0]):
            return [_Weight(3, self.counts, "", count_columns(groups[0], gaps=True))]
        return []

    def _weigh_other_labels(self, taken: Sequence[str]) -> list[_Weight]:
        """The columns beside those of one 1 among zeros that may hold the label."""
        state = self.state
        others = [name for name in state.label_pool() if name not in taken and state.evidence[name].could_be_labels]
        return [self._one_label(5, name) for name in others if not is_beside_labels(name, state.kind(name))]

    def _shares_values(self, labels: Sequence[str], group: Sequence[str]) -> bool:
        """Whether a column named like a label has mostly the values of a group of columns."""
        values = self.state.values(labels[0])
        shared = values & set[str]().union(*map(self.state.values, group))
        return 2 * len(shared) >= len(values) > 0


def _few(columns: Sequence[str]) -> str:
    return f"{', '.join(columns[:6])}{' …' if len(columns) > 6 else ''}"


def count_columns(columns: Sequence[str], *, gaps: bool = False) -> Answer:
    """The reading of some columns as numbers of annotators."""
    words = f"{', '.join(columns)} count one label each" + (", and an empty cell means 0" if gaps else "")
    return Answer(words, (("layout", "counts"), ("counts", tuple(columns))))
