"""Judges trained in folds: every item is predicted by one that has not seen it, and nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from made_up_votes import LABELS, WORDS, text_of, votes_rows, write_csv
from safetensors.torch import load_file
from scipy.special import log_softmax

from judgekit import Judge, evaluate, ingest, score, train
from judgekit.config import TrainSettings
from judgekit.core.calibration import Evidence
from judgekit.core.metrics import kl_per_item
from judgekit.errors import JudgekitError, SettingsError, TrainingStopped, WorkspaceError
from judgekit.judge.held_out import held_out_predictions
from judgekit.judge.manifest import PROBE_FILE
from judgekit.models.causal import CausalJudge
from judgekit.models.frozen_causal import FrozenCausal
from judgekit.training.predict import predict

FAST: dict[str, Any] = {"device": "cpu", "dtype": "float32", "epochs": 4, "batch_size": 16, "lora_dropout": 0.0}


@pytest.fixture
def votes(tmp_path: Path) -> Path:
    """A workspace with 60 items whose texts tell their labels."""
    ingest(write_csv(tmp_path / "votes.csv", votes_rows(60)), workspace=tmp_path / "ws")
    return tmp_path / "ws"


def files(folder: Path) -> dict[str, bytes]:
    """What a judge is, without the time it was made at."""
    return {one.name: one.read_bytes() for one in folder.rglob("*") if one.is_file() and one.suffix != ".json"}


def after(steps: int) -> Callable[[], bool]:
    """Asks to stop at the n-th time it is asked."""
    asked = iter(range(steps))
    return lambda: next(asked, None) is None


def test_every_item_is_predicted_by_a_judge_that_has_not_seen_it_and_evaluated(votes: Path, bert: Path) -> None:
    judge = train("votes", workspace=votes, backbone=bert, folds=3, **FAST)
    assert judge.training is not None
    assert judge.training.items == {"train": 60, "validation": 0, "test": 0}
    held = held_out_predictions(judge.entry)
    assert held is not None
    assert sorted(held.item_ids) == sorted(f"i{n:04d}" for n in range(60))
    assert np.bincount(held.fold).tolist() == [20, 20, 20]
    found = evaluate(workspace=votes, resamples=50)
    assert (found.source, len(found.items), found.trained_on) == ("folds of votes", 60, 0)
    assert found.metrics["kl"].value == pytest.approx(judge.training.validation_kl)
    # What its own training items tell is not what new ones would.
    assert evaluate(workspace=votes, part="train", resamples=50, device="cpu").trained_on == 60


def test_a_given_test_part_stays_apart(tmp_path: Path, bert: Path) -> None:
    header, *rows = votes_rows(60)
    parts = [[*row, "test" if int(row[0][1:]) % 4 == 0 else "train"] for row in rows]
    ingest(write_csv(tmp_path / "votes.csv", [[*header, "split"], *parts]), workspace=tmp_path / "ws")
    judge = train(workspace=tmp_path / "ws", backbone=bert, folds=3, **FAST)
    assert judge.training is not None and judge.training.items == {"train": 45, "validation": 0, "test": 15}
    assert evaluate(workspace=tmp_path / "ws", resamples=50, device="cpu").source == "test part of votes"
    assert len(evaluate(workspace=tmp_path / "ws", part="folds", resamples=50).items) == 45


def test_what_is_not_there_cannot_be_evaluated(votes: Path, bert: Path) -> None:
    train("votes", judge="folded", workspace=votes, backbone=bert, folds=2, quick=True, **FAST)
    with pytest.raises(WorkspaceError, match="--part folds"):
        evaluate(judge="folded", workspace=votes, part="validation")
    train("votes", judge="plain", workspace=votes, backbone=bert, folds=0, quick=True, **FAST)
    with pytest.raises(WorkspaceError, match="--folds 5"):
        evaluate(judge="plain", workspace=votes, part="folds")


@pytest.mark.parametrize("steps", [1, 9, 30, 56])
def test_a_run_that_was_stopped_and_resumed_ends_with_the_same_bytes(votes: Path, bert: Path, steps: int) -> None:
    how: dict[str, Any] = {"workspace": votes, "backbone": bert, "folds": 3, "patience": 99, **FAST, "epochs": 6}
    how |= {"learning_rate": 5e-3, "probe": False}
    whole = train("votes", judge="whole", **how)
    assert whole.manifest.calibration.temperature is not None  # else fine-tuning ends after two folds
    with pytest.raises(TrainingStopped):
        train("votes", judge="parted", should_stop=after(steps), **how)
    parted = train(judge="parted", workspace=votes, resume=True)
    assert files(whole.folder) == files(parted.folder)
    assert whole.manifest.calibration == parted.manifest.calibration


@pytest.mark.parametrize("probe", [True, False])
def test_where_nothing_can_be_learned_the_judge_predicts_the_label_shares(
    tmp_path: Path, bert: Path, probe: bool
) -> None:
    random = np.random.default_rng(0)
    rows = [[f"i{n}", f"a{a}", text_of(n, n % 3), LABELS[random.integers(3)]] for n in range(80) for a in range(3)]
    table = write_csv(tmp_path / "votes.csv", [["item_id", "annotator_id", "text", "label"], *rows])
    ingest(table, workspace=tmp_path / "ws")
    judge = train(workspace=tmp_path / "ws", backbone=bert, folds=4, probe=probe, **FAST)
    assert judge.training is not None
    assert judge.training.calibration.is_shares
    assert judge.training.validation_kl == pytest.approx(judge.training.validation_prior_kl)
    q = judge.predict([{"text": "clean bed"}, {"text": "dirty soup"}]).probabilities
    assert np.allclose(q, judge.manifest.class_prior)
    assert evaluate(workspace=tmp_path / "ws", resamples=50).gain.value == pytest.approx(0, abs=1e-9)


def test_quick_is_the_probe_alone_and_scores(votes: Path, bert: Path, tmp_path: Path) -> None:
    judge = train("votes", workspace=votes, backbone=bert, folds=3, quick=True, device="cpu")
    assert judge.training is not None
    calibration = judge.training.calibration
    assert (judge.training.steps, calibration.temperature) == (0, None) and calibration.probe > 0
    assert judge.training.validation_kl < judge.training.validation_prior_kl
    new = write_csv(tmp_path / "new.csv", [["text"], ["a very clean bed"], ["dirty soup"]])
    score(new, workspace=votes, device="cpu", output=tmp_path / "scores.csv")
    found = pl.read_csv(tmp_path / "scores.csv").select(pl.col("^prob_.*$")).to_numpy()
    assert np.allclose(found.sum(axis=1), 1) and not np.allclose(found[0], found[1])


def test_the_probe_of_a_loaded_judge_says_what_it_said_in_training(votes: Path, bert: Path) -> None:
    judge = train("votes", workspace=votes, backbone=bert, folds=0, quick=True, **FAST)
    items = pl.read_csv(votes.parent / "votes.csv").unique("item_id", maintain_order=True)
    q = judge.predict(items.select("text")).probabilities
    p = np.stack([np.bincount([LABELS.index(one) for one in labels], minlength=3) / len(labels)
                  for labels in _labels(votes.parent / "votes.csv", items)])  # fmt: skip
    assert kl_per_item(q, p).mean() < kl_per_item(np.tile(p.mean(axis=0), (len(p), 1)), p).mean()


def _labels(path: Path, items: pl.DataFrame) -> list[list[str]]:
    table = pl.read_csv(path)
    return [table.filter(pl.col("item_id") == name)["label"].to_list() for name in items["item_id"]]


def test_both_orders_of_a_comparison_are_mirrored_by_the_probe(tmp_path: Path, bert: Path) -> None:
    random = np.random.default_rng(1)
    words = ("dirty", "slow", "clean")
    rows = [["item_id", "annotator_id", "answer_a", "answer_b", "label"]]
    for n in range(120):
        level = random.integers(0, 3, 2)
        better = "A" if level[0] > level[1] else "B" if level[1] > level[0] else "tie"
        texts = [f"{words[one]} {WORDS[random.integers(9)]}" for one in level]
        rows += [[f"i{n}", f"p{a}", *texts, better] for a in range(3)]
    ingest(write_csv(tmp_path / "pairs.csv", rows), workspace=tmp_path / "ws")
    judge = train(workspace=tmp_path / "ws", backbone=bert, folds=3, quick=True, device="cpu")
    assert judge.manifest.probe is not None
    assert judge.manifest.probe.pairs == (("answer_a", "answer_b"),)
    one, other = judge.predict([
        {"answer_a": "clean bed", "answer_b": "dirty soup"}, {"answer_a": "dirty soup", "answer_b": "clean bed"}
    ]).probabilities  # fmt: skip
    swapped = [judge.labels.index(name) for name in ("B", "A", "tie")]
    own = [judge.labels.index(name) for name in ("A", "B", "tie")]
    assert np.abs(one[own] - other[swapped]).max() < 0.1  # the label shares, which are not mirrored, may count too


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"folds": 1}, "--folds is 1"), ({"quick": True, "probe": False}, "--quick fits the probe alone")],
)
def test_settings_that_contradict_each_other_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        TrainSettings(**settings)


def states_at_the_end(backbone: Path, judge: Judge, texts: list[str], layer: int) -> np.ndarray:
    """The hidden states behind a layer where each prompt ends, by plain transformers."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(backbone, dtype="float32").eval()
    encoded = judge.loaded.prompts.encode([{"text": text} for text in texts])
    ids = [torch.tensor(one).unsqueeze(0) for one in encoded.input_ids]
    with torch.no_grad():
        found = [model(input_ids=one, output_hidden_states=True).hidden_states[layer][0, -1] for one in ids]
    return torch.stack(found).double().numpy()


@pytest.mark.parametrize("family", ["bert", "usual_bert", "roberta"])
def test_the_probe_of_an_encoder_reads_its_middle_and_its_end(
    votes: Path, family: str, request: pytest.FixtureRequest
) -> None:
    from transformers import AutoModel

    backbone: Path = request.getfixturevalue(family)
    quick = train("votes", workspace=votes, backbone=backbone, quick=True, folds=3, **FAST)
    facts, texts = quick.manifest.probe, [text_of(n, n % 3) for n in range(5)]
    assert facts is not None and facts.layers == (1, 2)
    model = AutoModel.from_pretrained(backbone, dtype="float32").eval()
    ids = quick.loaded.prompts.encode_texts(texts).input_ids
    with torch.no_grad():
        states = [
            model(input_ids=torch.tensor(one).unsqueeze(0), output_hidden_states=True).hidden_states for one in ids
        ]
    x = np.stack([np.concatenate([one[layer][0].mean(0) for layer in (1, 2)]) for one in states])
    tensors = load_file(quick.entry.path / PROBE_FILE)
    logits = x @ tensors["weight"].double().numpy() + tensors["bias"].double().numpy()
    evidence = Evidence(np.zeros((5, 3)), log_softmax(logits, axis=1), quick.loaded.log_prior)
    expected = quick.manifest.calibration.weigh(evidence)
    assert quick.predict([{"text": text} for text in texts]).probabilities == pytest.approx(expected, abs=1e-5)


def test_the_probe_of_a_causal_lm_reads_the_end_of_the_prompt(votes: Path, llama: Path) -> None:
    quick = train("votes", workspace=votes, backbone=llama, quick=True, folds=3, **FAST)
    facts = quick.manifest.probe
    assert facts is not None and facts.fields == () and len(facts.layers) == 1
    texts = [text_of(n, n % 3) for n in range(5)]
    tensors = load_file(quick.entry.path / PROBE_FILE)
    logits = states_at_the_end(llama, quick, texts, facts.layers[0]) @ tensors["weight"].double().numpy()
    logits += tensors["bias"].double().numpy()
    evidence = Evidence(np.zeros((5, 3)), log_softmax(logits, axis=1), quick.loaded.log_prior)
    expected = quick.manifest.calibration.weigh(evidence)
    assert quick.predict([{"text": text} for text in texts]).probabilities == pytest.approx(expected, abs=1e-5)


def test_a_trained_causal_lm_is_probed_as_it_was_before(votes: Path, llama: Path) -> None:
    judge = train(
        "votes", workspace=votes, backbone=llama, folds=0, probe=False, keep="last", learning_rate=0.02, **FAST
    )
    reader = judge.loaded.reader
    assert isinstance(reader, CausalJudge)
    texts = [text_of(n, n % 3) for n in range(5)]
    encoded = judge.loaded.prompts.encode([{"text": text} for text in texts])
    before = predict(FrozenCausal(reader, (1, 2), is_trained=True), encoded).logits
    expected = [states_at_the_end(llama, judge, texts, layer) for layer in (1, 2)]
    assert before == pytest.approx(np.concatenate(expected, axis=1), abs=1e-5)
    after_training = predict(FrozenCausal(reader, (1, 2), is_trained=False), encoded).logits
    assert np.abs(after_training - before).max() > 1e-3
    assert predict(reader, encoded).logits == pytest.approx(predict(reader, encoded).logits, abs=0)


def test_a_probe_that_reads_no_layer_of_a_causal_lm_is_refused(votes: Path, llama: Path) -> None:
    quick = train("votes", workspace=votes, backbone=llama, quick=True, folds=3, **FAST)
    path, facts = quick.entry.path / "manifest.json", quick.manifest.probe
    assert facts is not None
    for probe, words in (
        ({"layers": (1, 2)}, "one layer and no columns"),
        ({"layers": ()}, "one layer and no columns"),
        ({"layers": (0,)}, "layers from 1"),
        ({"fields": ("text",)}, "one layer and no columns"),
        ({"layers": (99,)}, "gives 1 times 0"),
    ):
        quick.manifest.model_copy(update={"probe": facts.model_copy(update=probe)}).write(path)
        with pytest.raises(JudgekitError, match=words):
            Judge.load("votes", workspace=votes).predict([{"text": "a bed"}])
