"""What a backbone knows of items before it is fine-tuned: features of each text by itself, for a probe to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.core.probe import pair_features
from judgekit.models.reader import LabelReader
from judgekit.prompts.mirror import Mirror
from judgekit.training.batches import TokenizedPrompts
from judgekit.training.predict import predict
from judgekit.training.processes import ALONE, Processes

MOST_PAIRED = 3
"""Columns of which every two are compared; of more, only the sides of a comparison are."""


class FeaturePlan(NamedTuple):
    """Which texts of an item become features."""

    fields: tuple[str, ...]
    """Columns, each of which is read by itself."""
    pairs: tuple[tuple[str, str], ...]
    """Columns whose states are compared: |u - v| and u * v beside u and v."""

    @property
    def width(self) -> int:
        """Hidden sizes H that an item's features take: their number D is `width * H`."""
        return len(self.fields) + 2 * len(self.pairs)


def plan_features(fields: Sequence[str], mirror: Mirror | None) -> FeaturePlan:
    """The features of items with these columns: of a comparison its sides are paired, else every two of a few."""
    if mirror is not None:
        sides = [(one, other) for one, other in mirror.fields.items() if one < other]
        return FeaturePlan(tuple(fields), tuple(sides))
    return FeaturePlan(tuple(fields), tuple(combinations(fields, 2)) if len(fields) <= MOST_PAIRED else ())


def read_features(
    plan: FeaturePlan,
    reader: LabelReader,
    prompts: TokenizedPrompts,
    items: Sequence[Mapping[str, str]],
    *,
    on_batch: Callable[[int], None] | None = None,
    processes: Processes = ALONE,
) -> NDArray[np.float32]:
    """The features of items, `[N, D]`; a text that occurs several times is read once.

    Args:
        plan: of `plan_features`.
        reader: gives the states of a frozen backbone in place of label logits.
        prompts: whose tokenizer makes tokens of texts.
        items: column name -> text of each.
        on_batch: called after each batch with the number of texts done in it.
        processes: those that share the texts.

    Raises:
        SettingsError: memory does not suffice for one text.
    """
    texts, place = np.unique([item[field] for field in plan.fields for item in items], return_inverse=True)
    encoded = prompts.encode_texts(texts.tolist())
    states = predict(reader, encoded, on_batch=on_batch, processes=processes).logits
    of_field = dict(zip(plan.fields, states[place].reshape(len(plan.fields), len(items), -1), strict=True))
    compared = [pair_features(of_field[one], of_field[other]) for one, other in plan.pairs]
    return np.concatenate([*of_field.values(), *compared], axis=1)
