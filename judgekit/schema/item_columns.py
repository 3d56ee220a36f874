"""The columns that belong to an item: what identifies it, its texts, and the part of a given split that it is in."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.errors import DataError
from judgekit.schema.column_kinds import names_a_number_of_items
from judgekit.schema.drawn import id_of_drawn
from judgekit.schema.given_parts import normalise_part
from judgekit.schema.inference_state import InferenceState
from judgekit.schema.question import Answer, in_words
from judgekit.tables.column_names import (
    ANNOTATOR_NAMES,
    ITEM_NAMES,
    LABEL_NAMES,
    SPLIT_NAMES,
    TEXT_NAMES,
    WEAK_TEXT_NAMES,
    in_preference_order,
    normalise,
)
from judgekit.tables.groups import Groups

_CONSTANT_SHARE = 0.9
"""A text that differs in a few rows of its item is a text with mistakes, which are then reported with their lines."""
_ONE_ID_PER_ROW_SHARE = 0.6
_REPEATED_SHARE = 0.8
"""Of the rows: with more items than that too few return for what they share to mean anything."""
_FILLED_SHARE = 0.5
_TEXT_CHARACTERS = 15
_FEW_ROWS = 10
_FEWEST_ROWS = 3
_MOST_CODE_CHARACTERS = 40
_NO_ITEM = "no column identifies the item, so equal texts are one item"


def find_split(state: InferenceState) -> None:
    """Find the column of a given split: named so, and with nothing but names of parts in it.

    Raises:
        DataError: the column that the user named has other values.
    """
    given = state.roles.split
    for name in [given] if given else in_preference_order(state.free(), SPLIT_NAMES):
        parts = {value: normalise_part(value) for value in sorted(state.values(name))}
        strange = [value for value, part in parts.items() if part is None]
        if given and (strange or not parts):
            raise DataError(
                f"{state.source.name}: {name!r} does not say which part of a split an item belongs to.",
                problems=[f"{value!r} is no part" for value in strange] or ["it is empty"],
                hint="The parts are train, validation (dev) and test.",
            )
        if given or (not strange and len(set(parts.values())) > 1):
            word = state.whose_word("split") if given else "by its name and values"
            state.claim([name], f"{name!r} gives the split, {word}")
            state.split = name
            return


def find_item(state: InferenceState) -> None:
    """Find the column that identifies the item."""
    drawn = id_of_drawn(state)
    state.item = drawn or state.roles.item or _item_by_name(state)
    if drawn:
        state.claim([drawn], f"{drawn!r} identifies the item: judgekit select drew it by this id")
    elif state.roles.item:
        state.claim([state.roles.item], f"{state.roles.item!r} identifies the item, {state.whose_word('item')}")
    elif state.item:
        state.claim([state.item], f"{state.item!r} identifies the item, by its name")
    else:
        state.reasons.append(_NO_ITEM)


def _item_by_name(state: InferenceState) -> str | None:
    rows = state.frame.height
    texts = [name for name in state.names if normalise(name) in TEXT_NAMES or name in state.known_fields]
    has_annotations = any(normalise(name) in (*ANNOTATOR_NAMES, *LABEL_NAMES) for name in state.names)
    for name in in_preference_order(state.free(), ITEM_NAMES):
        if state.evidence[name].is_prose:
            continue
        is_per_row = state.evidence[name].distinct == rows and has_annotations
        if is_per_row and texts and state.groups(*texts).number <= _ONE_ID_PER_ROW_SHARE * rows:
            state.reasons.append(f"{name!r} differs in every row while the texts return: it numbers the annotations")
            continue
        return name
    return None


def find_row_id(state: InferenceState) -> None:
    """Find the column that identifies the rows of a table with a row for each item: unique numbers or codes."""
    if state.item is not None or state.frame.height < _FEWEST_ROWS:
        return
    unique = [name for name in state.free() if _is_unique_code(state, name)]
    named = [name for name in unique if names_a_number_of_items(name)]
    for name in (named or unique)[:1]:
        state.item = name
        state.reasons = [reason for reason in state.reasons if reason != _NO_ITEM]
        state.claim([name], f"{name!r} identifies the item: another number or code in every row")


def _is_unique_code(state: InferenceState, name: str) -> bool:
    figures = state.evidence[name]
    if not figures.filled == figures.distinct == figures.rows or state.kind(name) not in ("number", "other"):
        return False
    is_code = figures.spaced_share == 0 and not figures.is_number and figures.most_characters <= _MOST_CODE_CHARACTERS
    return figures.integer_share == 1 or is_code


def find_fields(state: InferenceState, annotations: Sequence[str] = ()) -> None:
    """Find the columns whose texts enter the prompt, in file order.

    Args:
        state: the state of the inference.
        annotations: the columns that hold the annotations.

    Raises:
        DataError: there is none, or several may be it.
    """
    if state.known_fields:
        state.fields = state.known_fields
        state.reasons.append(f"{', '.join(state.fields)} are the judge's fields")
    elif state.roles.text:
        state.fields = state.roles.text
        state.reasons.append(f"{', '.join(state.fields)} enter the prompt, {state.whose_word('text')}")
    else:
        state.fields = _fields_by_evidence(state, annotations)
        verb = "enters" if len(state.fields) == 1 else "enter"
        shown = ", ".join(map(repr, state.fields))
        state.claim(state.fields, f"{shown} {verb} the prompt: texts, the same for every annotator")
    if state.fields == (state.item,):
        state.item = None


def _fields_by_evidence(state: InferenceState, annotations: Sequence[str]) -> tuple[str, ...]:
    free = state.free()
    named = [name for name in free if state.is_named_text(name)]
    keys = [state.item] if state.item else named
    groups = state.groups(*keys) if keys else _groups_by_likeliest(state, free)
    weak = [name for name in named if normalise(name) in WEAK_TEXT_NAMES or normalise(name) not in TEXT_NAMES]
    fields = [name for name in named if name not in weak or not state.item or _is_constant(groups, name)]
    unnamed = [name for name in free if name not in named and _may_be_text(state, name) and _is_constant(groups, name)]
    prose = [name for name in unnamed if state.evidence[name].mean_characters >= _TEXT_CHARACTERS]
    if not fields:
        fields = _most_filled(state, prose) or _remarks_alone(state, free, groups)
    else:
        proven = [name for name in prose if _is_proven(state, name, groups, annotations)]
        _warn_of_unproven(state, fields, [name for name in free if name in prose and name not in proven])
        fields = [name for name in free if name in fields or name in proven]
    if not fields and len(unnamed) > 1:
        answers = [Answer(f"{name!r} is the text that is judged", (("text", (name,)),)) for name in unnamed]
        state.ask("the text", answers, more="Repeat --text where several are judged together.")
    if not fields and not unnamed:
        joined = (
            f" If the texts are in another file, add them as a column first, joined by {state.item!r}."
            if state.item
            else ""
        )
        raise DataError(
            f"{state.source.name}: no column holds texts to judge; the columns are {', '.join(state.names)}.",
            hint=f"Name the column of the text with --text.{joined}",
        )
    return tuple(fields or unnamed)


def _groups_by_likeliest(state: InferenceState, free: Sequence[str]) -> Groups | None:
    """The rows of each text, where no name tells the texts: those of the column that returns most often."""
    prose = [name for name in free if _may_be_text(state, name) and state.evidence[name].is_prose]
    likeliest = min(prose, key=lambda name: state.evidence[name].distinct, default=None)
    return state.groups(likeliest) if likeliest else None


def _is_constant(groups: Groups | None, name: str) -> bool:
    """Whether a column is the same in all rows of an item, but for mistakes in a few items, or a few rows."""
    if groups is None or groups.constant_share(name) >= _CONSTANT_SHARE:
        return True
    return float(groups.differs(name).mean() or 0) <= 1 - _CONSTANT_SHARE  # pyright: ignore[reportArgumentType]


def _may_be_text(state: InferenceState, name: str) -> bool:
    """Whether a column, whatever its name, could be a text of the item."""
    figures = state.evidence[name]
    if state.kind(name) not in ("text", "other", "settled", "model") or figures.is_number:
        return False
    return not figures.is_category or (figures.rows <= _FEW_ROWS and figures.is_prose)


def _most_filled(state: InferenceState, names: Sequence[str]) -> list[str]:
    """The columns that are mostly filled, or all where none is."""
    figures = state.evidence
    filled = [
        name for name in names if figures[name].is_prose and figures[name].filled >= _FILLED_SHARE * figures[name].rows
    ]
    return filled or [name for name in names if figures[name].is_prose]


def _remarks_alone(state: InferenceState, free: Sequence[str], groups: Groups | None) -> list[str]:
    """A column named like a remark is what is judged where there is no other text and every row has one."""
    figures = state.evidence
    return [
        name
        for name in free
        if state.kind(name) == "remark" and figures[name].is_prose and _is_constant(groups, name)
        if figures[name].filled == figures[name].rows and not figures[name].is_category
    ][:1]


def _is_proven(state: InferenceState, name: str, groups: Groups | None, annotations: Sequence[str]) -> bool:
    """Whether an unnamed text beside named ones was there before anybody annotated.

    It is the same in all rows of its item, where items return; else it is filled and stands before the annotations.
    """
    figures = state.evidence[name]
    if not figures.is_prose or figures.filled < _FILLED_SHARE * figures.rows:
        return False
    if groups is not None and groups.number <= _REPEATED_SHARE * figures.rows and groups.constant_share(name) == 1:
        return True
    place = state.names.index
    return not annotations or place(name) < min(map(place, annotations))


def _warn_of_unproven(state: InferenceState, fields: Sequence[str], names: Sequence[str]) -> None:
    if names:
        options = in_words([("text", (*fields, *names))])
        are = "is" if len(names) == 1 else "are"
        state.warnings.append(
            f"{', '.join(map(repr, names))} {are} left out of the prompt: nothing shows that it was there before "
            f"anybody annotated; {options} would take it."
        )
