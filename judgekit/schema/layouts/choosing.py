"""The layout of a table, and the columns that hold its annotations where a row is an item."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NoReturn

from judgekit.config.roles import Layout
from judgekit.errors import DataError
from judgekit.schema.inference_state import Claims
from judgekit.schema.label_columns import several_labels_option
from judgekit.schema.layouts.counts import (
    CountReading,
    count_columns,
    may_be_counts_with_gaps,
    weigh_counts,
)
from judgekit.schema.layouts.list_columns import find_lists, find_unnamed_lists
from judgekit.schema.layouts.shares import find_shares
from judgekit.schema.layouts.wide import dimensions_of, is_unclear, values_of, wide_columns
from judgekit.tables.column_names import (
    ANNOTATOR_NAMES,
    LABEL_NAMES,
    LIST_LABEL_NAMES,
    QUALITY_NAMES,
    TEXT_NAMES,
    in_preference_order,
    names_a_settled_label,
    normalise,
    strip_count_affix,
    strip_share_affix,
    words_of,
)
from judgekit.tables.evidence import Groups

_ROWS_PER_ITEM = 1.2
"""Fewer are repeated rows of a wide or counts table rather than several annotations."""


def find_layout(claims: Claims, item: str | None) -> Layout:
    """How the table holds its annotations.

    Args:
        claims: the state of the inference; gets the reason.
        item: column that identifies the item.

    Raises:
        DataError: two layouts are possible, or the table holds shares and nothing says of how many annotators.
    """
    roles = claims.roles
    told: Layout | None = roles.layout
    if told is None and roles.number:
        told = "probabilities"
    elif told is None and roles.separator:
        told = "list"
    elif told is None and roles.counts:
        told = "probabilities" if find_shares(claims, []) else "counts"
    elif told is None and roles.annotator_columns:
        told = "wide"
    elif told is None and (roles.label or roles.annotator):
        claims.lists = find_lists(claims, roles.label or _named_like_lists(claims))
        claims.lists = claims.lists if roles.label else dict([*claims.lists.items()][:1])
        told = "list" if claims.lists else "long"
    if told == "list" and not claims.lists:
        names = roles.label or _named_like_lists(claims)[:1] or tuple(find_unnamed_lists(claims))[:1]
        claims.lists = find_lists(claims, names, is_told=True)
    if told:
        is_said = any(getattr(claims.told_roles, role) for role in ("layout", "counts", "annotator_columns", "label"))
        claims.reasons.append(f"the layout is {told}, {'as told' if is_said else 'as the format says'}")
        return told
    layout, why = _guess_layout(claims, item)
    claims.reasons.append(f"the layout is {layout}: {why}")
    return layout


def _guess_layout(claims: Claims, item: str | None) -> tuple[Layout, str]:
    labels = claims.label_candidates()
    if lists := find_lists(claims, labels[:1]):
        return _as_lists(claims, lists)
    annotators = in_preference_order(claims.free(), ANNOTATOR_NAMES)
    keys = [item] if item else claims.texts_by_name()
    number = Groups(claims.frame, keys).number if keys else claims.frame.height
    is_repeated = claims.frame.height >= _ROWS_PER_ITEM * number
    if sum((bool(labels), bool(annotators), is_repeated)) > 1:
        held = f"{labels[0]!r} holds one label per row and " if labels else ""
        return "long", held + (f"{annotators[0]!r} says whose" if annotators else "items return in several rows")
    lists = find_lists(claims, in_preference_order(claims.free(), LIST_LABEL_NAMES)) or find_unnamed_lists(claims)
    if lists:
        return _as_lists(claims, lists)
    reading = _count_candidates(claims)
    groups, is_named = wide_columns(claims.frame, _label_pool(claims), claims.evidence, labels)
    shares = find_shares(claims, _label_pool(claims))
    if is_named and groups and strip_share_affix(shares) == list(shares):
        shares = ()
    if shares and (reading.sure != "yes" or set(shares) & set(reading.columns)):
        return "probabilities", f"{', '.join(shares)} hold the share of one label each"
    counts = f"{', '.join(reading.columns)} count one label each"
    if reading.sure == "yes":
        return "counts", f"{counts}: {reading.why}"
    if reading.sure == "mixed" and not is_named:
        _refuse_mixed(claims, reading)
    rivals = [name for name in labels if not names_a_settled_label(name)]
    wide = f"wide: {', '.join(groups[0])} are one annotator each" if groups else ""
    if groups and not is_named and _shares_values(claims, rivals, groups[0]):
        _refuse_layouts(claims, [f"long: {rivals[0]} holds one label per row", wide])
    if groups and (is_named or not rivals):
        if not is_named and (
            reading.sure == "maybe" or may_be_counts_with_gaps(claims.frame, groups[0], claims.evidence)
        ):
            counts = (
                counts
                if reading.columns
                else f"{', '.join(groups[0])} count one label each, with 0 to be written into the empty cells"
            )
            _refuse_layouts(claims, [f"counts: {counts}", wide])
        why = "named like annotators" if is_named else "sharing one set of values"
        return "wide", f"{len(groups[0])} columns {why} hold one label each"
    if reading.sure == "maybe" and not labels:
        _refuse_layouts(claims, [f"counts: {counts}", f"wide: {', '.join(reading.columns)} are one annotator each"])
    return "long", "one label per row"


def _named_like_lists(claims: Claims) -> list[str]:
    return [*in_preference_order(claims.free(), LIST_LABEL_NAMES), *claims.label_candidates()]


def _as_lists(claims: Claims, lists: dict[str, str | None]) -> tuple[Layout, str]:
    if len(lists) > 1:
        claims.ambiguous("the label", "--label", list(lists), list(lists)[:1], more=several_labels_option(list(lists)))
    claims.lists = lists
    return "list", f"{next(iter(lists))!r} holds the labels of several annotators in one cell"


def _refuse_mixed(claims: Claims, reading: CountReading) -> NoReturn:
    candidates = [f"{', '.join(reading.columns)}: {reading.why}"]
    claims.ambiguous("which columns count labels", "--counts", candidates, reading.columns)


def _shares_values(claims: Claims, labels: Sequence[str], group: Sequence[str]) -> bool:
    """Whether a column named like a label has mostly the values of a group of columns."""
    if not labels:
        return False
    values = values_of(claims.frame, labels[0])
    shared = values & set[str]().union(*(values_of(claims.frame, name) for name in group))
    return 2 * len(shared) >= len(values) > 0


def _label_pool(claims: Claims) -> list[str]:
    return [name for name in claims.free() if normalise(name) not in TEXT_NAMES]


def _count_candidates(claims: Claims) -> CountReading:
    integers = [name for name in claims.free() if claims.evidence[name].is_integer]
    if claims.known_labels:
        short = strip_count_affix(integers)
        known = [name for name, label in zip(integers, short, strict=True) if label in claims.known_labels]
        known = known or [name for name in integers if name in claims.known_labels]
        if len(known) > 1:
            return CountReading(known, "yes", "they are named like the judge's labels")
    named = in_preference_order(claims.free(), LABEL_NAMES)
    labels = [name for name in claims.label_candidates() if name in named or names_a_settled_label(name)]
    labels = [name for name in labels if claims.evidence[name].could_be_labels]
    values = values_of(claims.frame, labels[0]) if labels else set[str]()
    free = [name for name in claims.free() if name not in claims.label_candidates()]
    return weigh_counts(claims.frame, count_columns(claims.frame, free, claims.evidence), claims.evidence, values)


def find_counts(claims: Claims) -> tuple[str, ...]:
    """The columns that count one label each, in file order.

    Raises:
        DataError: there are fewer than two, or only some of the candidates are counts.
    """
    counts = claims.roles.counts
    if not counts:
        reading = _count_candidates(claims)
        if reading.sure == "mixed":
            _refuse_mixed(claims, reading)
        counts = tuple(reading.columns)
    if len(counts) < 2:
        raise DataError(
            f"{claims.source.name}: {len(counts)} columns of whole numbers could count labels; two are needed.",
            hint="Name them with --counts, or the layout with --layout.",
        )
    claims.claim(counts, f"{', '.join(counts)} count the annotations of one label each")
    return counts


def find_people(claims: Claims) -> dict[str | None, tuple[str, ...]]:
    """The columns of one annotator each, in file order, for each thing that they judge; None where it is one.

    Raises:
        DataError: there are fewer than two, or two groups of columns could be the annotators'.
    """
    if claims.roles.annotator_columns:
        return {None: _claimed(claims, claims.roles.annotator_columns)}
    groups, is_named = wide_columns(claims.frame, _label_pool(claims), claims.evidence, claims.label_candidates())
    if not groups:
        raise DataError(
            f"{claims.source.name}: no two columns share a set of labels, as columns of annotators do.",
            hint="Name them with --annotator-columns, or the layout with --layout.",
        )
    rated = [name for name in _label_pool(claims) if {*words_of(name)[:1], *words_of(name)[-1:]} & QUALITY_NAMES]
    together = [name for name in claims.names if any(name in group for group in groups)]
    grid, is_sure = dimensions_of(rated) or dimensions_of(together if is_named else groups[0]) or ({}, False)
    if is_sure:
        return {
            thing: _claimed(claims, columns, f" for {thing}: a dataset of its own") for thing, columns in grid.items()
        }
    if grid or is_unclear(groups, is_named):
        groups = list(grid.values()) or groups
        claims.ambiguous(
            "the annotators' columns", "--annotator-columns", [", ".join(group) for group in groups], groups[0]
        )
    return {None: _claimed(claims, groups[0])}


def _claimed(claims: Claims, people: Sequence[str], why: str = "") -> tuple[str, ...]:
    claims.claim(people, f"{', '.join(people[:6])}{' …' if len(people) > 6 else ''} are one annotator each{why}")
    return tuple(people)


def _refuse_layouts(claims: Claims, candidates: Sequence[str]) -> NoReturn:
    words = [candidate.partition(":")[0] for candidate in candidates]
    raise DataError(
        f"{claims.source.name}: the layout is not clear: {' or '.join(words)}?",
        problems=list(candidates),
        hint=f"Say which with --layout long, --layout wide or --layout counts; for example: "
        f"judgekit ingest {shlex.quote(claims.source.name)} --layout {words[0]}",
    )
