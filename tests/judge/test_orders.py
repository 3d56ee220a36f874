"""Pairwise comparisons in both orders: in training, in scoring and in evaluation."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_votes import WORDS, write_csv
from transformers import AutoTokenizer

from judgekit import evaluate, ingest, score, train
from judgekit.config import PredictSettings, TrainSettings
from judgekit.dataset.opening import open_dataset, open_workspace
from judgekit.errors import JudgekitError, LabelError
from judgekit.judge.loading import Predictions
from judgekit.judge.orders import predict_both_orders
from judgekit.prompts.mirror import find_mirror
from judgekit.training.batches import TokenizedPrompts
from judgekit.training.reporter import SILENT, Reporter
from judgekit.training.training_data import training_data
from judgekit.workspace.manifest import read_json

LABELS = ("A", "B", "tie")


def comparisons(items: int) -> list[list[str]]:
    """A long table: the answer with `clean` in it is mostly preferred, and the first one a little more often."""
    choose = random.Random(5)
    rows = [["item_id", "annotator_id", "question", "answer_a", "answer_b", "label"]]
    for n in range(items):
        good = n % 2
        answers = [" ".join([("clean" if side == good else "dirty"), *choose.choices(WORDS, k=3)]) for side in (0, 1)]
        for annotator in range(3):
            label = LABELS[good] if choose.random() < 0.7 else choose.choice(("A", "A", "B", "tie"))
            rows.append([f"i{n:03d}", f"p{annotator}", f"which {WORDS[n % 40]}", *answers, label])
    return rows


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, bert: Path) -> Path:
    """A workspace with a judge of comparisons, trained on the one order."""
    folder = tmp_path_factory.mktemp("compared")
    ingest(write_csv(folder / "pairs.csv", comparisons(60)), workspace=folder / "ws")
    train(workspace=folder / "ws", backbone=bert, epochs=2, batch_size=8, device="cpu", dtype="float32")
    return folder / "ws"


class Notes(Reporter):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_training_sees_every_item_in_both_orders_and_validation_only_as_it_is(compared: Path, bert: Path) -> None:
    data = open_dataset(open_workspace(compared))
    tokenizer = AutoTokenizer.from_pretrained(str(bert))
    prompts = TokenizedPrompts(data.template, data.items.labels, tokenizer, for_encoder=True, max_length=64)
    plain = training_data(data, prompts, TrainSettings())
    both = training_data(data, prompts, TrainSettings(swap=True))
    count = len(plain.training.hard)
    assert both.sizes == plain.sizes
    assert len(both.training.hard) == len(both.training.encoded.input_ids) == 2 * count
    for kept, target in ((both.training.target, plain.training.target), (both.training.hard, plain.training.hard)):
        assert np.array_equal(kept[:count], target)
        assert np.array_equal(kept[count:], target[:, [1, 0, 2]])
    first, other = (tokenizer.decode(both.training.encoded.input_ids[row]) for row in (0, count))
    question, a, b, _ = [part.strip() for part in first.replace("[CLS]", "").split("[SEP]")]
    assert [part.strip() for part in other.replace("[CLS]", "").split("[SEP]")][:3] == [question, b, a]
    assert len(both.held.items) == len(plain.held.items)


class Reader:
    """A judge that likes long answers, and the first one a bit more; `too long` does not fit as the first answer."""

    def predict(self, items: Sequence[Mapping[str, str]], *_: object) -> Predictions:
        rows = [n for n, item in enumerate(items) if item["answer_a"] != "too long"]
        first = [0.1 + 0.8 * (len(items[n]["answer_a"]) > len(items[n]["answer_b"])) for n in rows]
        q = np.array([[p * 0.9 + 0.05, (1 - p) * 0.9 - 0.05, 0.1] for p in first]).reshape(-1, 3)
        return Predictions(q, np.zeros(len(rows), dtype=np.bool_), None, np.array(rows, dtype=np.int64))


def test_both_orders_are_averaged_with_labels_mirrored_and_the_gap_is_what_the_order_decides() -> None:
    mirror = find_mirror(["answer_a", "answer_b"], LABELS)
    assert mirror is not None
    items = [
        {"answer_a": "longer", "answer_b": "short"},
        {"answer_a": "too long", "answer_b": "x"},
        {"answer_a": "brief", "answer_b": "too long"},
    ]
    reader: Any = Reader()
    settings = PredictSettings(on_too_long="drop", batch_size=8)
    found = predict_both_orders(reader, mirror, items, ["1", "2", "3"], settings, SILENT)
    assert found.as_given.rows.tolist() == [0, 2]
    assert found.averaged.rows.tolist() == [0]  # the third does not fit the other way round
    # As given p(A) = .86, p(B) = .04; swapped p(A) = .14, p(B) = .76: the order moves p_first by .91 + .19 - 1.
    assert found.averaged.q == pytest.approx(np.array([[(0.86 + 0.76) / 2, (0.04 + 0.14) / 2, 0.1]]))
    assert found.gap == pytest.approx(np.array([0.1]))


def test_scores_of_both_orders_do_not_depend_on_the_order_of_the_table(compared: Path, tmp_path: Path) -> None:
    rows = [[row[0], *row[2:5]] for row in comparisons(12)[1::3]]
    write_csv(tmp_path / "as_is.csv", [["item_id", "question", "answer_a", "answer_b"], *rows])
    write_csv(tmp_path / "swapped.csv", [["item_id", "question", "answer_b", "answer_a"], *rows])
    tables = [
        score(tmp_path / name, workspace=compared, both_orders=True, only_scores=True, dtype="float32", device="cpu")
        for name in ("as_is.csv", "swapped.csv")
    ]
    one, other = (result.to_polars() for result in tables)
    assert other["prob_A"].to_numpy() == pytest.approx(one["prob_B"].to_numpy(), abs=1e-5)  # float32 in other batches
    assert other["order_gap"].to_numpy() == pytest.approx(one["order_gap"].to_numpy(), abs=1e-5)
    assert one.columns == [
        "item_id",
        *(f"prob_{label}" for label in LABELS),
        "label",
        "entropy",
        "order_gap",
        "truncated",
    ]
    assert tables[0].to_json()["mean_order_gap"] == pytest.approx(float(one["order_gap"].to_numpy().mean()))
    plain = score(tmp_path / "as_is.csv", workspace=compared, force=True)
    assert "order_gap" not in plain.to_polars().columns
    assert plain.to_json()["mean_order_gap"] is None


def test_evaluate_reports_the_order_gap_and_keeps_its_figures_with_the_judge(compared: Path) -> None:
    plain = evaluate(workspace=compared, dtype="float32", device="cpu")
    gap = plain.metrics["order_gap"]
    assert gap is not None
    assert 0 < gap.low <= gap.value <= gap.high < 1
    both = evaluate(workspace=compared, dtype="float32", device="cpu", both_orders=True)
    assert both.metrics["order_gap"] == gap
    assert both.metrics["kl"] != plain.metrics["kl"]
    kept = compared / "judges" / "pairs" / "evaluation.json"
    assert read_json(kept)["both_orders"] is True
    evaluate(workspace=compared, part="train")  # of items it was trained on: no figures for a model card
    assert read_json(kept)["source"] == "test part of pairs"


def test_training_says_what_swap_does_and_that_there_is_one(
    compared: Path, bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"backbone": bert, "epochs": 1, "device": "cpu", "workspace": compared}
    notes = Notes()
    train(judge="plain", reporter=notes, **settings)
    assert any("--swap trains on both orders" in note for note in notes.notes)
    notes = Notes()
    train(judge="swapped", swap=True, reporter=notes, **settings)
    told = next(note for note in notes.notes if "both orders" in note)
    assert "answer_a and answer_b change places; labels are exchanged with them: A is then B, B is then A." in told
    assert not any("--swap" in note for note in notes.notes)


@pytest.mark.parametrize("verb", ["train", "score", "evaluate"])
def test_both_orders_of_what_is_no_comparison_are_refused_with_the_reason(
    judged: Path, votes_csv: Path, verb: str
) -> None:
    calls: dict[str, Callable[[], Any]] = {
        "train": lambda: train(workspace=judged, judge="new", swap=True),
        "score": lambda: score(votes_csv, workspace=judged, both_orders=True),
        "evaluate": lambda: evaluate(workspace=judged, both_orders=True),
    }
    with pytest.raises(LabelError, match="no two of the columns text are sides that the labels bad, fair, good name"):
        calls[verb]()
    assert not votes_csv.with_name("votes.scores.csv").exists()


def test_a_swapped_training_resumes_as_it_was_started(compared: Path, bert: Path) -> None:
    settings: dict[str, Any] = {"backbone": bert, "epochs": 1, "batch_size": 8, "swap": True, "workspace": compared}
    whole = train(judge="whole", **settings)
    steps = iter(range(100))
    with pytest.raises(JudgekitError, match="was stopped after step"):
        train(judge="stopped", should_stop=lambda: next(steps) == 3, **settings)
    resumed = train(judge="stopped", resume=True, workspace=compared)
    one, other = ((folder / "adapter" / "adapter_model.safetensors") for folder in (whole.folder, resumed.folder))
    assert one.read_bytes() == other.read_bytes()
