"""The columns that hold labels: by their names, else by few short values that differ between annotators."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.errors import DataError
from judgekit.schema.inference_state import Claims
from judgekit.schema.layouts.long import is_renaming
from judgekit.schema.layouts.wide import values_of
from judgekit.schema.scales import order_labels
from judgekit.tables.column_names import LIST_LABEL_NAMES, QUALITY_NAMES, TEXT_NAMES, WEAK_TEXT_NAMES, normalise
from judgekit.tables.evidence import Groups

_MOST_RATINGS = 11
_SAME_VALUES_SHARE = 0.5


def find_labels(claims: Claims, item: str | None, annotator: str | None) -> tuple[str, ...]:
    """The columns that hold one label each, which is one column unless there are several ratings of the same kind.

    Raises:
        DataError: there is none, or several that may be it.
    """
    if claims.roles.label:
        for name in claims.roles.label:
            claims.reasons.append(f"{name!r} holds the label, {claims.told('label')}")
        return claims.roles.label
    keys = [item] if item else claims.texts_by_name()
    groups = Groups(claims.frame, keys) if keys else None
    candidates, is_named = claims.label_candidates(), True
    if candidates:
        if len(candidates) > 1 and groups is not None and groups.repeat:
            varying = [name for name in candidates if groups.constant_share(name) < 1]
            candidates = varying or candidates
        candidates = _without_renamed(claims, candidates)
    else:
        candidates, is_named = _by_evidence(claims, groups, annotator, claims.free()), False
    if not candidates:
        listed = [name for name in claims.free() if normalise(name) in LIST_LABEL_NAMES]
        raise DataError(
            f"{claims.source.name}: no column holds labels; the columns are {', '.join(claims.names)}.",
            hint="Name the column with --label, or the layout with --layout."
            + (f" If {listed[0]!r} holds lists of labels, say --separator." if listed else ""),
        )
    is_repeated = groups is not None and groups.repeat
    are_qualities = all(normalise(name) in QUALITY_NAMES for name in candidates)
    if len(candidates) > 1 and not is_named and (is_repeated or are_qualities) and _are_ratings(claims, candidates):
        words = ", ".join(map(repr, candidates))
        claims.claim(candidates, f"{words} are ratings on one scale: each makes a dataset of its own")
        return tuple(candidates)
    if len(candidates) > 1 and normalise(candidates[0]) != "label":
        claims.ambiguous("the label", "--label", candidates, candidates[:1], more=several_labels_option(candidates))
    why = "by its name" if is_named else "it alone has a few short values that differ between annotators"
    claims.claim(candidates[:1], f"{candidates[0]!r} holds the label, {why}")
    near = [name for name in claims.free() if claims.evidence[name].could_be_labels] if is_repeated else []
    near = [name for name in near if _are_ratings(claims, [candidates[0], name])]
    if near and (others := _by_evidence(claims, groups, annotator, near)):
        claims.reasons.append(
            f"{', '.join(map(repr, others))} {'is' if len(others) == 1 else 'are'} rated on the scale of "
            f"{candidates[0]!r} too;{several_labels_option([candidates[0], *others])}"
        )
    return (candidates[0],)


def several_labels_option(names: Sequence[str]) -> str:
    """The words that say how to take all of some label columns."""
    return f" {' '.join(f'--label {name}' for name in names)} would make a dataset of each."


def _by_evidence(claims: Claims, groups: Groups | None, annotator: str | None, names: Sequence[str]) -> list[str]:
    by_annotator = Groups(claims.frame, [annotator]) if annotator else None
    return [name for name in names if _looks_like_label(claims, name, groups, by_annotator)]


def _looks_like_label(claims: Claims, name: str, groups: Groups | None, by_annotator: Groups | None) -> bool:
    is_text = normalise(name) in TEXT_NAMES - WEAK_TEXT_NAMES or claims.is_text(name)
    if is_text or not claims.evidence[name].could_be_labels:
        return False
    if groups is not None and groups.repeat and groups.constant_share(name) == 1:
        return False
    return by_annotator is None or not by_annotator.repeat or by_annotator.constant_share(name) < 1


def _are_ratings(claims: Claims, names: Sequence[str]) -> bool:
    """Whether columns hold values of one scale, each at least half of them."""
    values = [values_of(claims.frame, name) for name in names]
    union = set[str]().union(*values)
    is_scale = len(union) <= _MOST_RATINGS and order_labels(sorted(union)).kind == "ordinal"
    return is_scale and all(len(found) >= _SAME_VALUES_SHARE * len(union) for found in values)


def _without_renamed(claims: Claims, candidates: list[str]) -> list[str]:
    """The candidates without the codes of another one: `label_id` beside `label_name`."""
    kept: list[str] = []
    for name in sorted(candidates, key=lambda name: (claims.evidence[name].is_number, candidates.index(name))):
        if not any(is_renaming(claims.frame, name, other) for other in kept):
            kept.append(name)
    return sorted(kept, key=candidates.index)
