"""What becomes of a teacher's judgments in a training, counted. Pure: samples in, numbers out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from judgekit.dataset.items import ItemTable
from judgekit.dataset.judgments import Judgment, sort_judgments
from judgekit.prompts.answers import AnswerForm
from judgekit.prompts.mirror import Mirror
from judgekit.prompts.verdict import read_verdict
from judgekit.synthesis.store import Sample


class Tally(NamedTuple):
    """The judgments of a teacher in numbers."""

    items: dict[str, int]
    """Items by what becomes of them."""
    judgments: dict[str, int]
    """Judgments of items with a majority by what they say."""


def tally(items: ItemTable, samples: Iterable[Sample], form: AnswerForm, mirror: Mirror | None) -> Tally:
    """Count what a training would learn from, which sorts by the same rule.

    Args:
        items: that were asked about.
        samples: of them; those of other items are passed over.
        form: how their verdicts are read.
        mirror: of a comparison; None for other items.
    """
    ids = set(items.item_ids.to_list())
    judgments = [Judgment(one.item, one.order, one.sample, one.text) for one in samples if one.item in ids]
    verdicts = [read_verdict(form, one.text) for one in judgments]
    uneven = [] if mirror is None else [mirror.is_uneven(one) for one in items.texts.to_dicts()]
    found = sort_judgments(judgments, verdicts, items.item_ids.to_list(), items.counts, mirror, uneven)
    is_even = (items.counts == items.counts.max(axis=1, keepdims=True)).sum(axis=1) > 1
    even = set(items.item_ids.filter(is_even.tolist()).to_list())
    silent = sum(said is None for one, said in zip(judgments, verdicts, strict=True) if one.item not in even)
    kept = len({row for row, _, _ in found.kept})
    return Tally(
        {
            "kept": kept,
            "for preferences": len(found.hard),
            "without a majority": len(even),
            "unasked": len(items) - kept - len(found.hard) - len(even),
        },
        {
            "agree": found.agreeing,
            "disagree": len(judgments) - found.unused - found.agreeing - silent,
            "no verdict": silent,
        },
    )
