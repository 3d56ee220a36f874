"""The columns that belong to an item: what identifies it, its texts, and the part of a given split that it is in."""

from __future__ import annotations

import polars as pl

from judgekit.errors import DataError
from judgekit.schema.given_parts import normalise_part
from judgekit.schema.inference_state import InferenceState
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
from judgekit.tables.evidence import Groups

_CONSTANT_SHARE = 0.9
"""A text that differs in a few rows of its item is a text with mistakes, which are then reported with their lines."""
_ONE_ID_PER_ROW_SHARE = 0.6


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
    state.item = state.roles.item or _item_by_name(state)
    if state.roles.item:
        state.claim([state.roles.item], f"{state.roles.item!r} identifies the item, {state.whose_word('item')}")
    elif state.item:
        state.claim([state.item], f"{state.item!r} identifies the item, by its name")
    else:
        state.reasons.append("no column identifies the item, so equal texts are one item")


def _item_by_name(state: InferenceState) -> str | None:
    rows = state.frame.height
    texts = [name for name in state.names if normalise(name) in TEXT_NAMES or name in state.known_fields]
    has_annotations = any(normalise(name) in (*ANNOTATOR_NAMES, *LABEL_NAMES) for name in state.names)
    distinct_texts = state.frame.select(pl.struct(texts).n_unique()).item() if texts else rows
    for name in in_preference_order(state.free(), ITEM_NAMES):
        if state.evidence[name].is_prose:
            continue
        is_per_row = state.evidence[name].distinct == rows
        if is_per_row and has_annotations and distinct_texts <= _ONE_ID_PER_ROW_SHARE * rows:
            state.reasons.append(f"{name!r} differs in every row while the texts return: it numbers the annotations")
            continue
        return name
    return None


def find_fields(state: InferenceState) -> None:
    """Find the columns whose texts enter the prompt, in file order.

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
        state.fields = _fields_by_evidence(state)
        verb = "enters" if len(state.fields) == 1 else "enter"
        shown = ", ".join(map(repr, state.fields))
        state.claim(state.fields, f"{shown} {verb} the prompt: texts, the same for every annotator")
    if state.fields == (state.item,):
        state.item = None


def _fields_by_evidence(state: InferenceState) -> tuple[str, ...]:
    groups = state.groups(state.item) if state.item else None
    free = state.free()
    fields = [name for name in free if _reads_as_field(state, name, groups)]
    if not fields:
        fields = [
            name
            for name in free
            if not state.evidence[name].is_number
            and not state.evidence[name].is_category
            and (groups is None or groups.constant_share(name) >= _CONSTANT_SHARE)
        ]
        if len(fields) > 1:
            state.refuse("the text", "--text", fields, fields[:1])
    if not fields:
        joined = (
            f" If the texts are in another file, add them as a column first, joined by {state.item!r}."
            if state.item
            else ""
        )
        raise DataError(
            f"{state.source.name}: no column holds texts to judge; the columns are {', '.join(state.names)}.",
            hint=f"Name the column of the text with --text.{joined}",
        )
    return tuple(fields)


def _reads_as_field(state: InferenceState, name: str, groups: Groups | None) -> bool:
    figures, plain = state.evidence[name], normalise(name)
    if plain in TEXT_NAMES and plain not in WEAK_TEXT_NAMES:
        return True
    if not figures.is_prose or (figures.is_category and figures.rows > 10):
        return False
    if plain in TEXT_NAMES:
        return True
    return figures.mean_characters >= 15 and (groups is None or groups.constant_share(name) >= _CONSTANT_SHARE)
