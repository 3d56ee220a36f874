"""What a judge that writes wrote: how much of it could be read, how finely it graded, how far the order decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.prompts.answers import AnswerForm
from judgekit.prompts.verbalized import read_probabilities


class Written(NamedTuple):
    """Figures of the answers of a judge that writes."""

    parsed: float
    """Share of the answers that could be read."""
    distinct: int | None
    """Different probabilities in them; None where no probabilities are written."""
    order_consistency: float | None
    """Share of the pairs whose most probable label is the same in both orders; None where there are no sides."""

    def sentence(self) -> str:
        """The figures in words."""
        said = (
            f"{100 * self.parsed:.1f} % of the judge's answers could be read; the others count as its label tokens, or "
            "behind an endpoint the label shares, say."
        )
        if self.distinct is not None:
            said += f" They use {self.distinct:,} different probabilities."
        if self.order_consistency is not None:
            said += f" In {100 * self.order_consistency:.1f} % of the pairs both orders have the same likeliest label."
        return said


def written_of(
    answer: AnswerForm | None,
    is_parsed: NDArray[np.bool_] | None,
    texts: Sequence[Sequence[str]] | None,
    is_consistent: NDArray[np.bool_] | None,
) -> Written | None:
    """The figures of some answers; None where a judge writes none.

    Args:
        answer: what was asked for, where that is probabilities.
        is_parsed: of each item, `[N]`.
        texts: the answers to each.
        is_consistent: of each pair, whether both orders have the same likeliest label.
    """
    if is_parsed is None:
        return None
    distinct = None
    if answer is not None and texts is not None:
        found = [read_probabilities(answer, text) for (text,) in texts]
        distinct = len({round(p, 6) for one in found if one is not None for p in one})
    consistent = None if is_consistent is None else float(is_consistent.mean())
    return Written(float(is_parsed.mean()), distinct, consistent)
