"""Predictions come in the order of the items, whatever the batches are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from toy_judge import ToyJudge, toy_items

from judgekit.errors import SettingsError
from judgekit.models.reader import Batch, LabelReader, Reading
from judgekit.training.batches import EncodedItems
from judgekit.training.predict import predict
from judgekit.training.processes import Processes


class LengthReader:
    """Says of each item its number of tokens and its first token, and can do nothing else, as a `LabelReader`."""

    device = torch.device("cpu")
    pad_left = False

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    def read(self, batch: Batch) -> Reading:
        self.sizes.append(tuple(batch.input_ids.shape))
        return Reading(torch.stack([batch.attention_mask.sum(1), batch.input_ids[:, 0]], dim=1).float(), None)


def test_predictions_come_in_the_order_of_the_items() -> None:
    lengths = np.random.default_rng(0).integers(1, 700, 150).tolist()
    ids = [np.full(length, number, dtype=np.int64) for number, length in enumerate(lengths)]
    encoded = EncodedItems(ids, None, np.zeros(150, dtype=np.bool_), 0)
    reader: LabelReader = LengthReader()
    told: list[int] = []
    predicted = predict(reader, encoded, batch_size=16, on_batch=told.append)
    assert predicted.logits.dtype == np.float32
    assert predicted.logits[:, 0].tolist() == lengths
    assert predicted.logits[:, 1].tolist() == list(range(150))
    assert predicted.label_mass is None
    assert sum(told) == 150
    assert max(rows for rows, _ in reader.sizes) <= 16
    assert [width for _, width in reader.sizes] == sorted((width for _, width in reader.sizes), reverse=True)
    assert reader.sizes[0][0] < 16  # the longest come in smaller batches


def test_the_mass_on_the_label_set_comes_along() -> None:
    encoded = toy_items()[0].items.encoded
    predicted = predict(ToyJudge(), encoded, batch_size=4)
    q = torch.from_numpy(predicted.logits).softmax(-1).numpy()
    assert predicted.label_mass is not None
    np.testing.assert_allclose(predicted.label_mass, q.max(1), rtol=1e-6)


def test_batches_are_halved_where_memory_runs_out() -> None:
    encoded = toy_items()[0].items.encoded
    free, short = ToyJudge(), ToyJudge(most_tokens=20)
    told: list[int] = []
    predicted = predict(short, encoded, batch_size=16, on_batch=told.append)
    # The same items in other batches: sums of floats in another order.
    np.testing.assert_allclose(predicted.logits, predict(free, encoded, batch_size=16).logits, rtol=1e-5, atol=1e-6)
    assert sum(told) == 22
    with pytest.raises(SettingsError, match=r"(?s)One item of 9 tokens does not fit.*--device"):
        predict(ToyJudge(most_tokens=8), encoded)


def test_another_error_is_not_taken_for_a_lack_of_memory() -> None:
    class Broken(ToyJudge):
        def label_logits(self, batch: Batch) -> torch.Tensor:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        predict(Broken(), toy_items()[0].items.encoded)


@pytest.mark.parametrize("items", [1, 2, 7])
def test_the_shares_of_processes_add_up_to_the_whole(items: int) -> None:
    class Third(Processes):
        """One of three, which keeps what it would add up."""

        count = 3

        def __init__(self, rank: int) -> None:
            self.rank = rank
            self.parts: list[torch.Tensor] = []

        def sum(self, tensors: Any) -> None:
            self.parts = [tensor.clone() for tensor in tensors]

    encoded = toy_items(items)[0].items.encoded
    whole = predict(ToyJudge(), encoded)
    members = [Third(rank) for rank in range(3)]
    for member in members:
        predict(ToyJudge(), encoded, processes=member)
    for place, expected in enumerate([whole.logits, whole.label_mass]):
        assert expected is not None
        total = torch.stack([member.parts[place] for member in members]).sum(0)
        np.testing.assert_allclose(total.numpy(), expected, rtol=1e-5, atol=1e-6)
