"""The items of a training run: given splits are kept, and annotators weigh where it was asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from made_up_votes import LABELS, text_of, votes_rows, write_csv
from transformers import AutoTokenizer

from judgekit import evaluate, ingest, train
from judgekit.config import TrainSettings
from judgekit.dataset.opening import Dataset, open_dataset, open_workspace
from judgekit.errors import DataError
from judgekit.training.batches import TokenizedPrompts
from judgekit.training.training_data import AnnotatorWeights, TrainingData, split_parts, training_data
from judgekit.workspace.manifest import read_json


@pytest.fixture
def dataset(tmp_path: Path) -> Callable[[list[list[str]]], Dataset]:
    """From the rows of a table to its dataset in the workspace `ws`."""

    def make(rows: list[list[str]]) -> Dataset:
        ingest(write_csv(tmp_path / "votes.csv", rows), workspace=tmp_path / "ws", force=True)
        return open_dataset(open_workspace(tmp_path / "ws"))

    return make


@pytest.fixture
def data_of(bert: Path) -> Callable[..., TrainingData]:
    def make(data: Dataset, **settings: Any) -> TrainingData:
        tokenizer = AutoTokenizer.from_pretrained(str(bert))
        prompts = TokenizedPrompts(data.template, data.items.labels, tokenizer, for_encoder=True, max_length=64)
        return training_data(data, prompts, TrainSettings(**settings))

    return make


def with_spammer(items: int = 90) -> list[list[str]]:
    """Four people who read, and one who says `good` to everything."""
    rows = votes_rows(items, annotators=4)
    return rows + [[f"i{n:04d}", "same", text_of(n, n % 3), "good"] for n in range(items)]


def unnamed(rows: list[list[str]]) -> list[list[str]]:
    return [[item, *rest] for item, _, *rest in rows]


def test_a_spammers_annotations_count_less_and_the_scale_stays(dataset: Any, data_of: Any) -> None:
    data = dataset(with_spammer())
    plain, weighted = (data_of(data, targets="empirical", annotator_weights=one) for one in (False, True))
    training = data.items.take(split_parts(data.items, TrainSettings()) == "train")
    assert np.allclose(plain.training.target, training.counts / training.counts.sum(axis=1, keepdims=True))
    assert plain.weights is None
    good = LABELS.index("good")
    is_not_good = training.counts[:, good] == 1  # the spammer alone
    assert is_not_good.sum() > 20
    assert np.allclose(plain.training.target[is_not_good, good], 0.2)
    assert (weighted.training.target[is_not_good, good] < 0.05).all()
    assert np.allclose(weighted.training.target.sum(axis=1), 1)
    assert weighted.weights is not None
    assert weighted.weights.annotators == 5 and weighted.weights.min < 0.1 < 0.5 < weighted.weights.mean < 1
    # What is not trained on stays as people labelled it.
    assert np.array_equal(weighted.held.items.counts, plain.held.items.counts)
    assert np.array_equal(weighted.prior, plain.prior)
    # Ties of the raw counts are broken by the weights, in the hard labels as well.
    tied = plain.training.hard.max(axis=1) < 1
    assert tied.any() and (weighted.training.hard[tied, good] < 1).any()


def test_weights_go_with_shrunk_targets(dataset: Any, data_of: Any) -> None:
    data = dataset(with_spammer())
    plain = data_of(data, targets="bayes")
    weighted = data_of(data, targets="bayes", annotator_weights=True)
    assert plain.strength is not None and weighted.strength is not None
    assert (weighted.training.target > 0).all()
    good = LABELS.index("good")
    assert weighted.training.target[:, good].mean() < plain.training.target[:, good].mean()


def test_people_of_equal_weight_leave_the_targets_as_they_are(dataset: Any, data_of: Any) -> None:
    rows = [["item_id", "annotator_id", "text", "label"]]
    rows += [[f"i{n}", name, text_of(n, n % 3), LABELS[n % 3]] for n in range(60) for name in ("ann", "ben", "eve")]
    data = dataset(rows)
    plain, weighted = (data_of(data, targets="empirical", annotator_weights=one) for one in (False, True))
    assert np.allclose(plain.training.target, weighted.training.target)
    assert weighted.weights == AnnotatorWeights(3, 1.0, 1.0)


def test_weights_are_refused_where_nobody_is_named(dataset: Any, tmp_path: Path) -> None:
    dataset(unnamed(votes_rows(30)))
    with pytest.raises(DataError, match="who gave which annotation"):
        train(workspace=tmp_path / "ws", backbone=tmp_path / "no such backbone", annotator_weights=True)


def test_a_given_split_is_kept_unless_a_random_one_is_asked_for(dataset: Any, tmp_path: Path) -> None:
    part_of = {f"i{n:04d}": "dev" if n % 6 == 0 else "Test" if n % 6 == 1 else "train" for n in range(60)}
    rows = [[*row, part_of.get(row[0], "split")] for row in votes_rows(60)]
    data = dataset(rows)
    assert data.items.parts is not None
    assert Counter(data.items.parts) == {"train": 40, "validation": 10, "test": 10}
    assert split_parts(data.items, TrainSettings()).tolist() == data.items.parts.to_list()
    other = split_parts(data.items, TrainSettings(split="random"))
    assert Counter(other) == {"train": 48, "validation": 6, "test": 6}


def test_a_judge_is_trained_with_weights_and_tested_on_the_given_part(dataset: Any, bert: Path, tmp_path: Path) -> None:
    rows = [[*row, "test" if row[0] < "i0012" else "train"] for row in with_spammer(60)[1:]]
    data = dataset([["item_id", "annotator_id", "text", "label", "split"], *rows])
    trained = train(
        workspace=tmp_path / "ws", backbone=bert, epochs=1, batch_size=16, device="cpu", annotator_weights=True
    )
    assert trained.training is not None
    assert trained.training.items == {"train": 43, "validation": 5, "test": 12}
    weights = read_json(trained.folder / "manifest.json")["annotator_weights"]
    assert weights["annotators"] == 5 and set(weights) == {"annotators", "min", "mean"}
    tested = evaluate(workspace=tmp_path / "ws")
    given = data.items.take((data.items.parts == "test").to_numpy())
    assert (len(tested.items), tested.annotations) == (12, int(given.counts.sum()))


def test_annotations_outside_the_training_part_have_no_say(dataset: Any, data_of: Any, tmp_path: Path) -> None:
    data = dataset(with_spammer())
    before = data_of(data, annotator_weights=True)
    is_test = split_parts(data.items, TrainSettings()) != "train"
    held_out = set(data.items.item_ids.filter(pl.Series(is_test)))
    turned = [[*row[:3], "bad"] if row[0] in held_out else row for row in with_spammer()]
    after = data_of(dataset(turned), annotator_weights=True)
    assert np.array_equal(before.training.target, after.training.target)
    assert before.weights == after.weights


def test_annotations_of_the_other_order_are_mirrored_with_it(
    dataset: Callable[[list[list[str]]], Dataset], data_of: Callable[..., TrainingData]
) -> None:
    header = ["item_id", "annotator_id", "question", "answer_a", "answer_b", "label"]
    votes = [[str(n), f"p{k}", f"question {n}", f"tea {n}", f"soup {n}", "AAB"[k]] for n in range(40) for k in range(3)]
    data = data_of(dataset([header, *votes]), swap=True, folds=0)
    shown, items = data.learning.counts_shown, len(data.learning.items)
    assert shown[:items].tolist() == [[2, 1]] * items
    assert shown[items:].tolist() == [[1, 2]] * items
    assert len(shown) == len(data.training.target)
