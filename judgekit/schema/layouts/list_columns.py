"""Which columns hold lists of labels, and which one lists their annotators."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NoReturn

from judgekit.errors import DataError
from judgekit.schema.inference_state import Claims
from judgekit.schema.layouts.lists import SEPARATORS, annotator_separator, read_as_list, split_cells
from judgekit.tables.column_names import (
    ANNOTATOR_NAMES,
    WEAK_ANNOTATOR_NAMES,
    in_preference_order,
    names_annotators,
    normalise,
)

_PARALLEL_SHARE = 0.5
"""Of the rows: fewer lists of annotators of another length than that are mistakes, and are reported."""


def find_lists(claims: Claims, names: Sequence[str], *, is_told: bool = False) -> dict[str, str | None]:
    """Those of some columns whose cells hold the labels of several annotators, and what separates these.

    Args:
        claims: the state of the inference.
        names: columns named like labels, or those that the user named.
        is_told: whether the user said that they are lists.

    Returns:
        The separator of each such column; None: JSON lists.

    Raises:
        DataError: the cells may be choices of one annotator.
    """
    found: dict[str, str | None] = {}
    for name in names:
        cells = claims.frame.get_column(name)
        if is_told and claims.roles.separator is not None:
            found[name] = claims.roles.separator
            continue
        filled = cells.filter(cells.str.strip_chars() != "")
        reading = read_as_list(
            cells,
            known=[*claims.known_labels, *claims.roles.labels, *(old for old, _ in claims.roles.label_map)],
            people=[claims.frame.get_column(other) for other in _people(claims, name)],
        )
        if reading and not reading.is_sure and not is_told:
            refuse_choices(claims, name, reading.separator)
        if reading:
            found[name] = reading.separator
        elif is_told:
            found[name] = max(SEPARATORS, key=lambda text: int(filled.str.contains(text, literal=True).sum()))
    return found


def find_unnamed_lists(claims: Claims) -> dict[str, str | None]:
    """The columns without a telling name whose cells can be nothing but the labels of several annotators."""
    names = [name for name in claims.free() if not names_annotators(name)]
    readings = {name: read_as_list(claims.frame.get_column(name), is_named=False) for name in names}
    return {name: reading.separator for name, reading in readings.items() if reading and reading.is_sure}


def find_listed_annotators(claims: Claims, label: str, separator: str | None) -> str | None:
    """The column with as many annotators as labels in each row.

    Raises:
        DataError: each row names one annotator, who gave several labels.
    """
    members = split_cells(claims.frame.get_column(label), separator).fill_null([])
    for name in _people(claims, label):
        share = annotator_separator(claims.frame.get_column(name), members, separator)[1]
        if name == claims.roles.annotator:
            claims.reasons.append(f"{name!r} lists the annotators, {claims.told('annotator')}")
            return name
        if share >= _PARALLEL_SHARE:
            claims.claim([name], f"{name!r} lists the annotators, as many as labels")
            return name
        is_one = normalise(name) in set(ANNOTATOR_NAMES) - WEAK_ANNOTATOR_NAMES
        has_several = bool((members.list.len() > 1).any())
        if is_one and has_several and not claims.evidence[name].is_integer and claims.roles.separator is None:
            refuse_choices(claims, label, separator, f", though {name!r} names one annotator per row")
    claims.reasons.append("no column lists the annotators, so every label in a list is taken for a person of its own")
    return None


def refuse_choices(claims: Claims, name: str, separator: str | None, why: str = "") -> NoReturn:
    """Refuse cells of several labels that may be the choices of one annotator.

    Raises:
        DataError: always.
    """
    cells = claims.frame.get_column(name)
    members = split_cells(cells, separator)
    first = cells.filter(members.list.len() > 1)[0]
    raise DataError(
        f"{claims.source.name}: {name!r} holds several labels in one cell, as {first!r}{why}: of several annotators, "
        "or several choices of one?",
        hint="A label is a single choice. If they are of several annotators, say --layout list"
        + (f" --separator {shlex.quote(separator)}" if separator else "")
        + "; if each cell is one label, say --layout long.",
    )


def _people(claims: Claims, label: str) -> list[str]:
    """Columns that may list the annotators, the likeliest first."""
    if claims.roles.annotator:
        return [claims.roles.annotator]
    named = [name for name in claims.free() if names_annotators(name) and name != label]
    return [
        *in_preference_order(named, ANNOTATOR_NAMES),
        *(name for name in named if normalise(name) not in ANNOTATOR_NAMES),
    ]
