"""Judgments that a teacher wrote of items: read from a file of lines, and those that agree with people chosen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import DataError
from judgekit.prompts.mirror import Mirror

MOST_PROBLEMS = 20


class Judgment(NamedTuple):
    """One text about one item."""

    item: str
    """Its id."""
    order: int
    """0 as the item stands, 1 with its two sides exchanged."""
    sample: int
    """Number of the text; both orders of a number belong together."""
    text: str


class Sorted(NamedTuple):
    """What becomes of the judgments of N items."""

    kept: list[tuple[int, int, str]]
    """Row, order and text of those to learn to write."""
    hard: list[int]
    """Rows of the items on which no judgment agreed with people in every order."""
    unused: int
    """Judgments of other items, or of items without one likeliest label."""
    agreeing: int
    """Judgments that come to the majority's label."""


def read_judgments(path: Path) -> list[Judgment]:
    """The judgments in a file with one JSON object per line; keys beside `item`, `order`, `sample`, `text` are free.

    Raises:
        DataError: it cannot be read, or lines hold no judgment; names the first of them.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"The judgments in {path} cannot be read: {error}", hint="Name a file of judgekit synthesize."
        ) from error
    found = [(number, _judgment(line)) for number, line in enumerate(lines, 1) if line.strip()]
    if wrong := [f"line {number}" for number, one in found if one is None]:
        raise DataError(
            f"{path} has lines that hold no judgment (a JSON object with item, order, sample and text):",
            problems=wrong[:MOST_PROBLEMS],
            hint="Mend or delete them.",
        )
    return [one for _, one in found if one is not None]


def _judgment(line: str) -> Judgment | None:
    try:
        found = json.loads(line)
        made = Judgment(found["item"], found.get("order", 0), found.get("sample", 0), found["text"])
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return None
    is_whole = all(type(one) is int for one in (made.order, made.sample)) and made.order in (0, 1)
    return made if is_whole and isinstance(made.item, str) and isinstance(made.text, str) else None


def sort_judgments(
    judgments: Sequence[Judgment],
    verdicts: Sequence[int | None],
    ids: Sequence[str],
    counts: NDArray[np.number],
    mirror: Mirror | None,
    is_uneven: Sequence[bool] = (),
) -> Sorted:
    """Keep the judgments whose verdict is the majority's label in every order.

    Of a comparison of texts of very different lengths one sample is kept, so that pairs of similar length count more.

    Args:
        judgments: M of them.
        verdicts: place of the label that each comes to; None where it comes to none, `[M]`.
        ids: of the items, `[N]`.
        counts: annotations per label, `[N, K]`.
        mirror: of a comparison, which must be judged alike in both orders; None for other items.
        is_uneven: whether the two sides of each item differ much in length, `[N]`; nothing where that is not known.
    """
    rows = {one: row for row, one in enumerate(ids)}
    is_clear = (counts == counts.max(1, keepdims=True)).sum(1) == 1
    majority = counts.argmax(1)
    of: dict[int, dict[int, dict[int, tuple[Judgment, bool]]]] = {}
    unused = agreeing = 0
    for one, verdict in zip(judgments, verdicts, strict=True):
        row = rows.get(one.item)
        if row is None or not is_clear[row] or (one.order and mirror is None):
            unused += 1
            continue
        label = int(majority[row])
        wanted = mirror.labels[label] if one.order and mirror is not None else label
        agreeing += verdict == wanted
        of.setdefault(row, {}).setdefault(one.sample, {})[one.order] = one, verdict == wanted
    kept: list[tuple[int, int, str]] = []
    hard: list[int] = []
    orders = 1 if mirror is None else 2
    for row, samples in sorted(of.items()):
        whole = [found for _, found in sorted(samples.items()) if len(found) == orders]
        right = [found for found in whole if all(agrees for _, agrees in found.values())]
        right = right[:1] if is_uneven and is_uneven[row] else right
        kept += [(row, order, one.text) for found in right for order, (one, _) in sorted(found.items())]
        if whole and not right:
            hard.append(row)
    return Sorted(kept, hard, unused, agreeing)
