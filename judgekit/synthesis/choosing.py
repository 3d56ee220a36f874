"""Which judgments are learned from: those that agree with people in every order. Pure: samples in, choices out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from judgekit.dataset.items import ItemTable
from judgekit.prompts.answers import AnswerForm
from judgekit.prompts.mirror import Mirror
from judgekit.prompts.verdict import read_verdict
from judgekit.synthesis.store import Sample


class Chosen(NamedTuple):
    """What becomes of the judgments of a teacher."""

    kept: list[Sample]
    """To learn to write: of comparisons those first whose two sides are of similar length."""
    hard: list[str]
    """Ids of the items for preferences: the teacher never agreed with people in every order."""
    items: dict[str, int]
    """Items by what became of them."""
    judgments: dict[str, int]
    """Judgments by what they say."""


def choose(items: ItemTable, samples: Iterable[Sample], form: AnswerForm, mirror: Mirror | None) -> Chosen:
    """Sort the judgments of items.

    The orders of one sample belong together: both are kept where both verdicts are the majority's label, and neither
    where one is not.

    Args:
        items: that were asked about.
        samples: of them; those of other items are passed over.
        form: how their verdicts are read.
        mirror: of a comparison; None for other items.
    """
    of_item: dict[str, dict[int, dict[int, Sample]]] = {}
    for one in samples:
        of_item.setdefault(one.item, {}).setdefault(one.sample, {})[one.order] = one
    orders = 1 if mirror is None else 2
    kept: list[tuple[float, list[Sample]]] = []
    hard: list[str] = []
    of_items: dict[str, int] = dict.fromkeys(("kept", "for preferences", "without a majority", "unasked"), 0)
    of_judgments: dict[str, int] = dict.fromkeys(("agree", "disagree", "no verdict"), 0)
    for row, item in enumerate(items.item_ids.to_list()):
        counts = items.counts[row]
        label = int(counts.argmax())
        if int((counts == counts[label]).sum()) > 1:
            of_items["without a majority"] += 1
            continue
        asked = of_item.get(item, {})
        right: list[Sample] = []
        for _, both in sorted(asked.items()):
            said = {order: read_verdict(form, one.text) for order, one in both.items()}
            agrees = {order: said[order] == _label_in(order, label, mirror) for order in said}
            for order, place in said.items():
                of_judgments["no verdict" if place is None else "agree" if agrees[order] else "disagree"] += 1
            if len(both) == orders and all(agrees.values()):
                right += [both[order] for order in sorted(both)]
        if right:
            kept.append((_difference(items.texts.row(row, named=True), mirror), right))
            of_items["kept"] += 1
        elif any(len(both) == orders for both in asked.values()):
            hard.append(item)
            of_items["for preferences"] += 1
        else:
            of_items["unasked"] += 1
    kept.sort(key=lambda one: one[0])  # stable: items alike in this keep their order
    return Chosen([one for _, right in kept for one in right], hard, of_items, of_judgments)


def _label_in(order: int, label: int, mirror: Mirror | None) -> int:
    """The place of a label's counterpart in an order."""
    return label if order == 0 or mirror is None else mirror.labels[label]


def _difference(texts: Mapping[str, str], mirror: Mirror | None) -> float:
    """How much the two sides of a comparison differ in length, as |log| of the ratio; 0 for other items."""
    pairs = {} if mirror is None else mirror.fields
    lengths = [(len(texts[one]) + 1, len(texts[other]) + 1) for one, other in pairs.items()]
    return max((abs(math.log(one / other)) for one, other in lengths), default=0.0)
