"""Which layout a table has: as the user or its format says, else the reading that its names and cells speak for."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NoReturn

from judgekit.config.roles import Layout
from judgekit.errors import DataError
from judgekit.schema.inference_state import InferenceState
from judgekit.schema.layouts.counts import Counts
from judgekit.schema.layouts.layout import LayoutReading
from judgekit.schema.layouts.lists import Lists
from judgekit.schema.layouts.long import Long
from judgekit.schema.layouts.shares import Probabilities
from judgekit.schema.layouts.wide import Wide
from judgekit.tables.column_names import LIST_LABEL_NAMES, in_preference_order, names_a_settled_label, strip_share_affix

READINGS: dict[Layout, type[LayoutReading]] = {
    reading.layout: reading for reading in (Long, Wide, Counts, Lists, Probabilities)
}


def choose_layout(state: InferenceState) -> LayoutReading:
    """How the table holds its annotations; the state gets the reason.

    Raises:
        DataError: two layouts are possible.
    """
    choice = _Choice(state)
    reading, why = choice.explicit() or choice.guess()
    state.reasons.append(f"the layout is {reading.layout}{why}")
    return reading


class _Choice:
    """The readings of one table, and what speaks for each."""

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
            "number": lambda: self.shares,
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
            DataError: they speak for two.
        """
        labels = self.state.label_candidates()
        if self.lists.find(labels[:1]):
            return self._as_lists()
        if why := self.long.certainty():
            return self.long, f": {why}"
        if self.lists.find(in_preference_order(self.state.free(), LIST_LABEL_NAMES)) or self.lists.find_unnamed():
            return self._as_lists()
        counted, shares = self.counts.found, self.shares.columns
        groups, is_named = self.wide.groups, self.wide.is_named
        if is_named and groups and strip_share_affix(shares) == list(shares):
            shares = ()
        if shares and (counted.sure != "yes" or set(shares) & set(counted.columns)):
            return self.shares, f": {', '.join(shares)} hold the share of one label each"
        counts = f"{', '.join(counted.columns)} count one label each"
        if counted.sure == "yes":
            return self.counts, f": {counts}: {counted.why}"
        if counted.sure == "mixed" and not is_named:
            self.counts.refuse_mixed()
        rivals = [name for name in labels if not names_a_settled_label(name)]
        wide = f"wide: {', '.join(groups[0])} are one annotator each" if groups else ""
        if groups and not is_named and self._shares_values(rivals, groups[0]):
            self._refuse([f"long: {rivals[0]} holds one label per row", wide])
        is_plain = bool(groups) and not is_named and not rivals
        if is_plain and (counted.sure == "maybe" or self.counts.may_have_gaps(groups[0])):
            gaps = f"{', '.join(groups[0])} count one label each, with 0 to be written into the empty cells"
            self._refuse([f"counts: {counts if counted.columns else gaps}", wide])
        if groups and (is_named or not rivals):
            why = "named like annotators" if is_named else "sharing one set of values"
            return self.wide, f": {len(groups[0])} columns {why} hold one label each"
        if counted.sure == "maybe" and not labels:
            self._refuse([f"counts: {counts}", f"wide: {', '.join(counted.columns)} are one annotator each"])
        return self.long, ": one label per row"

    def _as_lists(self) -> tuple[LayoutReading, str]:
        names = list(self.lists.separators)
        if len(names) > 1:
            self.state.refuse_labels(names)
        return self.lists, f": {names[0]!r} holds the labels of several annotators in one cell"

    def _shares_values(self, labels: Sequence[str], group: Sequence[str]) -> bool:
        """Whether a column named like a label has mostly the values of a group of columns."""
        if not labels:
            return False
        values = self.state.values(labels[0])
        shared = values & set[str]().union(*map(self.state.values, group))
        return 2 * len(shared) >= len(values) > 0

    def _refuse(self, candidates: Sequence[str]) -> NoReturn:
        words = [candidate.partition(":")[0] for candidate in candidates]
        name = self.state.source.name
        raise DataError(
            f"{name}: the layout is not clear: {' or '.join(words)}?",
            problems=list(candidates),
            hint=f"Say which with --layout long, --layout wide or --layout counts; for example: "
            f"judgekit ingest {shlex.quote(name)} --layout {words[0]}",
        )
