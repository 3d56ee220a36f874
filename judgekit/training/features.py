"""What a backbone knows of items before it is fine-tuned, as features for a probe to read.

Of an encoder these are the states of each text by itself, of a causal LM those of the whole prompt at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.core.probe import pair_features
from judgekit.models.encoder import FrozenEncoder
from judgekit.models.frozen_causal import FrozenCausal
from judgekit.models.reader import LabelReader
from judgekit.prompts.mirror import Mirror
from judgekit.training.batches import TokenizedPrompts
from judgekit.training.predict import predict
from judgekit.training.processes import ALONE, Processes

StateReader = FrozenEncoder | FrozenCausal
MOST_PAIRED = 3
"""Columns of which every two are compared; of more, only the sides of a comparison are."""


class FeaturePlan(NamedTuple):
    """What of an item becomes features."""

    fields: tuple[str, ...]
    """Columns, each of which is read by itself; none where the prompt is."""
    pairs: tuple[tuple[str, str], ...]
    """Columns whose states are compared: |u - v| and u * v beside u and v."""
    layers: tuple[int, ...]
    """Behind which layers of the backbone states are read: side by side, or none for its last hidden state alone."""

    @property
    def width(self) -> int:
        """Hidden sizes H that an item's features take: their number D is `width * H`."""
        return max(1, len(self.layers)) * max(1, len(self.fields) + 2 * len(self.pairs))

    @property
    def reads_prompts(self) -> bool:
        """Whether the prompt is read as a whole, by a causal LM."""
        return not self.fields

    def readings(self, items: Sequence[Mapping[str, str]]) -> int:
        """Texts that are read for the features of some items."""
        return len(items) if self.reads_prompts else len({item[field] for item in items for field in self.fields})

    def alternatives(self, features: NDArray[np.float32]) -> list[tuple[FeaturePlan, NDArray[np.float32]]]:
        """Plans to choose from with their parts of the features, `[N, D]`: of a causal LM each layer alone."""
        if not self.reads_prompts:
            return [(self, features)]
        parts = np.split(features, len(self.layers), axis=1)
        return [(self._replace(layers=(layer,)), part) for layer, part in zip(self.layers, parts, strict=True)]


def plan_features(fields: Sequence[str], mirror: Mirror | None, reader: StateReader) -> FeaturePlan:
    """The features of items with these columns: of a comparison its sides are paired, else every two of a few.

    A causal LM reads them together, as the prompt has them.
    """
    if isinstance(reader, FrozenCausal):
        return FeaturePlan((), (), reader.layers)
    if mirror is not None:
        pairs = [(one, other) for one, other in mirror.fields.items() if one < other]
    else:
        pairs = list(combinations(fields, 2)) if len(fields) <= MOST_PAIRED else []
    return FeaturePlan(tuple(fields), tuple(pairs), reader.layers)


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
    if plan.reads_prompts:
        return predict(reader, prompts.encode(items), on_batch=on_batch, processes=processes).logits
    texts, place = np.unique([item[field] for field in plan.fields for item in items], return_inverse=True)
    encoded = prompts.encode_texts(texts.tolist())
    states = predict(reader, encoded, on_batch=on_batch, processes=processes, in_streams=True).logits
    of_field = dict(zip(plan.fields, states[place].reshape(len(plan.fields), len(items), -1), strict=True))
    compared = [pair_features(of_field[one], of_field[other]) for one, other in plan.pairs]
    return np.concatenate([*of_field.values(), *compared], axis=1)
