"""OpenVINO as the engine of a judge: torch's numbers, whatever stands in a batch beside an item, or a refusal."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_votes import votes_rows, write_csv

from judgekit import Judge, ingest, score, train
from judgekit.errors import BackboneError, SettingsError
from judgekit.judge import engines
from judgekit.models.openvino_reader import OpenVinoReader
from judgekit.models.reader import Reading

pytest.importorskip("openvino")
pytest.importorskip("onnx")
ITEMS = [
    {"text": " ".join(["dirty tea and", "kind host"][n % 2] for _ in range(1 + n % 9)) + f" {n}"} for n in range(40)
]


@pytest.fixture(scope="module", params=["bert", "roberta"])
def folded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a judge that weighs a probe too."""
    place = tmp_path_factory.mktemp(request.param)
    ingest(write_csv(place / "votes.csv", votes_rows(60)), workspace=place)
    backbone = request.getfixturevalue(request.param)
    judge = train(workspace=place, backbone=backbone, device="cpu", epochs=1, batch_size=8, learning_rate=1e-2, folds=2)
    assert judge.manifest.probe is not None
    return place


def probabilities(place: Path, engine: Any, dtype: Any = "float32", **settings: Any) -> np.ndarray:
    return (
        Judge.load(workspace=place, device="cpu", dtype=dtype, engine=engine).predict(ITEMS, **settings).probabilities
    )


def test_openvino_says_what_torch_says_in_batches_of_any_size(folded: Path) -> None:
    expected = probabilities(folded, "torch")
    for size in (1, 7, 128):
        assert probabilities(folded, "openvino", batch_size=size) == pytest.approx(expected, abs=1e-5)
    assert probabilities(folded, "openvino", "bfloat16") == pytest.approx(expected, abs=0.05)


def test_the_summary_names_the_engine(judged: Path, run: Callable[..., Any], tmp_path: Path) -> None:
    table = write_csv(tmp_path / "new.csv", [["text"], *([item["text"]] for item in ITEMS)])
    done = run("score", table, "--engine", "openvino", "--json", "--device", "cpu")
    assert done.json["engine"] == "openvino"
    assert run("score", table, "--force", "--json", "--device", "cpu").json["engine"] == "torch"
    assert "openvino" in run("score", table, "--force", "--engine", "openvino").out


def test_many_items_are_read_by_openvino_where_it_is_installed(
    judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "MANY_ITEMS", 30)
    table = write_csv(tmp_path / "new.csv", [["text"], *([item["text"]] for item in ITEMS)])
    assert score(table, device="cpu").engine == "openvino"
    assert score(write_csv(tmp_path / "few.csv", [["text"], ["cold tea"]]), device="cpu").engine == "torch"
    right = importlib.util.find_spec
    monkeypatch.setattr(engines, "find_spec", lambda name: None if name == "openvino" else right(name))
    assert score(table, device="cpu", force=True).engine == "torch"


def test_what_openvino_computes_otherwise_is_left_to_torch(
    judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = OpenVinoReader.read
    monkeypatch.setattr(OpenVinoReader, "read", lambda self, batch: Reading(read(self, batch).logits * 1.5, None))
    monkeypatch.setattr(engines, "MANY_ITEMS", 30)
    table = write_csv(tmp_path / "new.csv", [["text"], *([item["text"]] for item in ITEMS)])
    assert score(table, device="cpu", dtype="float32").engine == "torch"
    with pytest.raises(BackboneError, match="other numbers than torch") as caught:
        score(table, device="cpu", dtype="float32", engine="openvino", force=True)
    assert "--engine torch" in str(caught.value)


def test_a_missing_openvino_is_named_with_its_extra(judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(SettingsError, match=r"annotation-judgekit\[openvino\]"):
        Judge.load("votes", device="cpu", engine="openvino").predict(ITEMS)


def test_a_causal_judge_is_read_by_torch_alone(tmp_path: Path, llama_of_words: Path) -> None:
    ingest(write_csv(tmp_path / "votes.csv", votes_rows(60)), workspace=tmp_path / "ws")
    train(workspace=tmp_path / "ws", backbone=llama_of_words, device="cpu", epochs=1)
    with pytest.raises(SettingsError, match="This judge is a causal LM"):
        Judge.load(workspace=tmp_path / "ws", device="cpu", engine="openvino").predict(ITEMS)
