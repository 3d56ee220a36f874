"""The columns that belong to an item: what identifies it, its texts, and the part of a given split that it is in."""

from __future__ import annotations

import polars as pl

from judgekit.errors import DataError
from judgekit.schema.given_parts import normalise_part
from judgekit.schema.inference_state import Claims
from judgekit.schema.layouts.wide import values_of
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


def find_item(claims: Claims) -> str | None:
    """The column that identifies the item; None: its texts do."""
    if claims.roles.item:
        claims.reasons.append(f"{claims.roles.item!r} identifies the item, {claims.told('item')}")
        return claims.roles.item
    free = claims.free()
    texts = [name for name in claims.names if normalise(name) in TEXT_NAMES or name in claims.known_fields]
    has_votes = any(normalise(name) in (*ANNOTATOR_NAMES, *LABEL_NAMES) for name in claims.names)
    distinct_texts = claims.frame.select(pl.struct(texts).n_unique()).item() if texts else claims.frame.height
    for name in in_preference_order(free, ITEM_NAMES):
        figures = claims.evidence[name]
        if figures.is_prose:
            continue
        is_per_row = figures.distinct == claims.frame.height
        if is_per_row and has_votes and distinct_texts <= _ONE_ID_PER_ROW_SHARE * claims.frame.height:
            claims.reasons.append(f"{name!r} differs in every row while the texts return: it numbers the annotations")
            continue
        claims.claim([name], f"{name!r} identifies the item, by its name")
        return name
    claims.reasons.append("no column identifies the item, so equal texts are one item")
    return None


def find_split(claims: Claims) -> str | None:
    """The column of a given split: named so, and with nothing but names of parts in it.

    Raises:
        DataError: the column that the user named has other values.
    """
    told = claims.roles.split
    for name in [told] if told else in_preference_order(claims.free(), SPLIT_NAMES):
        parts = {value: normalise_part(value) for value in sorted(values_of(claims.frame, name))}
        strange = [value for value, part in parts.items() if part is None]
        if told and (strange or not parts):
            raise DataError(
                f"{claims.source.name}: {name!r} does not say which part of a split an item belongs to.",
                problems=[f"{value!r} is no part" for value in strange] or ["it is empty"],
                hint="The parts are train, validation (dev) and test.",
            )
        if told or (not strange and len(set(parts.values())) > 1):
            claims.claim([name], f"{name!r} gives the split{', as told' if told else ', by its name and values'}")
            return name
    return None


def find_fields(claims: Claims, item: str | None) -> tuple[str, ...]:
    """The columns whose texts enter the prompt, in file order.

    Raises:
        DataError: there is none, or several may be it.
    """
    if claims.known_fields:
        claims.reasons.append(f"{', '.join(claims.known_fields)} are the judge's fields")
        return claims.known_fields
    if claims.roles.text:
        claims.reasons.append(f"{', '.join(claims.roles.text)} enter the prompt, {claims.told('text')}")
        return claims.roles.text
    groups = Groups(claims.frame, [item]) if item else None
    free = claims.free()
    fields = [name for name in free if _reads_as_field(claims, name, groups)]
    if not fields:
        fields = [
            name
            for name in free
            if not claims.evidence[name].is_number
            and not claims.evidence[name].is_category
            and (groups is None or groups.constant_share(name) >= _CONSTANT_SHARE)
        ]
        if len(fields) > 1:
            claims.ambiguous("the text", "--text", fields, fields[:1])
    if not fields:
        raise DataError(
            f"{claims.source.name}: no column holds texts to judge; the columns are {', '.join(claims.names)}.",
            hint="Name the column of the text with --text."
            + (f" If the texts stand in another file, add them as a column first, joined by {item!r}." if item else ""),
        )
    verb = "enters" if len(fields) == 1 else "enter"
    claims.claim(fields, f"{', '.join(map(repr, fields))} {verb} the prompt: texts, the same for every annotator")
    return tuple(fields)


def _reads_as_field(claims: Claims, name: str, groups: Groups | None) -> bool:
    figures, plain = claims.evidence[name], normalise(name)
    if plain in TEXT_NAMES and plain not in WEAK_TEXT_NAMES:
        return True
    if not figures.is_prose or (figures.is_category and figures.rows > 10):
        return False
    if plain in TEXT_NAMES:
        return True
    return figures.mean_characters >= 15 and (groups is None or groups.constant_share(name) >= _CONSTANT_SHARE)
