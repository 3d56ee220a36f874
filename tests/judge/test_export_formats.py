"""An exported judge for other engines: one graph of the whole judge, which says what it says, or nothing at all."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_votes import votes_rows, write_csv
from transformers import AutoModelForSequenceClassification

from judgekit import Judge, export, ingest, train
from judgekit.core.calibration import Calibration
from judgekit.errors import BackboneError, SettingsError
from judgekit.judge.manifest import JudgeManifest
from judgekit.models.graph import JudgeGraph
from judgekit.workspace.manifest import read_json

ITEMS = [
    {"premise": "dirty tea", "hypothesis": "the clean bed was rude and cold"},
    {"premise": "soup of the kind host, again and again", "hypothesis": "host"},
    {"premise": "Ünlü | {{ x }}", "hypothesis": "a view"},
]
FORMATS = ("onnx", "openvino")


def pairs_judge(place: Path, backbone: Path) -> Path:
    """A workspace with a judge of two columns that weighs fine-tuned model, probe, label shares and a bias."""
    _, *votes = votes_rows(60)
    rows = [["item_id", "annotator_id", "premise", "hypothesis", "label"]]
    rows += [[item, who, text, " ".join(text.split()[::-1]), label] for item, who, text, label in votes]
    ingest(write_csv(place / "pairs.csv", rows), workspace=place / "ws")
    judge = train(
        workspace=place / "ws", backbone=backbone, device="cpu", dtype="float32", epochs=1, batch_size=8,
        learning_rate=1e-2, folds=2,
    )  # fmt: skip
    assert judge.manifest.probe is not None and judge.manifest.probe.pairs
    weigh(place / "ws", Calibration(1.7, probe=0.6, prior=0.3, bias=(0.5, 0.0, -0.5)))
    return place / "ws"


def weigh(workspace: Path, calibration: Calibration) -> None:
    path = workspace / "judges" / "pairs" / "manifest.json"
    JudgeManifest.read(path).model_copy(update={"calibration": calibration}).write(path)


@pytest.fixture(scope="module", params=["bert", "roberta"])
def weighed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of `pairs_judge`, on an encoder with segments and on one without."""
    return pairs_judge(tmp_path_factory.mktemp(request.param), request.getfixturevalue(request.param))


@pytest.fixture
def reweighed(weighed: Path) -> Iterator[Callable[[Calibration], None]]:
    """Give the judge other weights, until the test is over."""
    path = weighed / "judges" / "pairs" / "manifest.json"
    before = path.read_bytes()
    yield lambda calibration: weigh(weighed, calibration)
    path.write_bytes(before)


def card_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the code of the model card defines, run in its folder."""
    code = re.findall(r"^```python\n(.*?)^```", (folder / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    with monkeypatch.context() as patch:
        patch.chdir(folder)
        exec(code[0], names)
    return names


def by_judge(workspace: Path) -> np.ndarray:
    return Judge.load(workspace=workspace, device="cpu", dtype="float32").predict(ITEMS).probabilities


@pytest.mark.parametrize("format", FORMATS)
def test_the_graph_says_what_the_whole_judge_says(
    format: Any, weighed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime" if format == "onnx" else "openvino")
    result = export(workspace=weighed, output=tmp_path / "model", format=format)
    assert (result.sample_items, result.dtype, result.tolerance, result.without_probe) == (60, "float32", 1e-4, None)
    assert max(result.shift.values()) < 1e-4
    expected = by_judge(weighed)
    assert np.std(expected, axis=0).max() > 1e-3  # a judge that says the same of all items would show nothing
    names = card_names(tmp_path / "model", monkeypatch)
    together = [[*one.values()] for one in names["distributions"](ITEMS)]
    assert together == pytest.approx(expected, abs=1e-4)
    labels = read_json(tmp_path / "model" / "judgekit.json")["labels"]
    for item, row in zip(ITEMS, expected, strict=True):
        alone = names["distribution"](item)
        assert list(alone) == labels and [*alone.values()] == pytest.approx(row, abs=1e-4)


@pytest.mark.parametrize(
    "calibration",
    [Calibration(0.8, bias=(0.1, 0.0, -0.1)), Calibration(None, probe=0.9, prior=0.1)],
    ids=["no probe", "probe alone"],
)
def test_a_graph_takes_only_what_the_judge_reads(
    calibration: Calibration, weighed: Path, reweighed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    manifest = JudgeManifest.read(weighed / "judges" / "pairs" / "manifest.json")
    if not calibration.probe:
        files = {name: one for name, one in (manifest.files or {}).items() if not name.startswith("probe")}
        manifest.model_copy(update={"calibration": calibration, "probe": None, "files": files}).write(
            weighed / "judges" / "pairs" / "manifest.json"
        )
    else:
        reweighed(calibration)
    export(workspace=weighed, output=tmp_path / "model", format="onnx")
    names = card_names(tmp_path / "model", monkeypatch)
    assert all(name.startswith("texts_") == bool(calibration.probe) for name in names["inputs"])
    assert [[*one.values()] for one in names["distributions"](ITEMS)] == pytest.approx(by_judge(weighed), abs=1e-4)


def test_a_graph_names_the_labels_and_claims_no_model_of_transformers(weighed: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    export(workspace=weighed, output=tmp_path / "model", format="onnx")
    config = read_json(tmp_path / "model" / "config.json")
    assert [*config["id2label"].values()] == read_json(tmp_path / "model" / "judgekit.json")["labels"]
    with pytest.raises(OSError):  # it must not draw a head at random
        AutoModelForSequenceClassification.from_pretrained(str(tmp_path / "model"))
    card = (tmp_path / "model" / "README.md").read_text("utf-8")
    assert "library_name: onnxruntime" in card and "transformers" not in card.split("## How to read it")[1]


def test_a_cross_encoder_says_how_far_it_is_from_the_judge_with_its_probe(
    weighed: Path, tmp_path: Path, run: Callable[..., Any]
) -> None:
    done = run("export", "--format", "cross-encoder", "-o", "model", "--workspace", weighed, "--json")
    assert done.code == 0
    loaded = Judge.load(workspace=weighed, device="cpu", dtype="float32")
    gap = done.json["without_probe"]
    assert gap["largest"] > gap["mean"] > 0
    assert "weighs a probe" in (tmp_path / "model" / "README.md").read_text("utf-8").replace("also ", "")
    sentence_transformers = pytest.importorskip("sentence_transformers", minversion="6")
    model = sentence_transformers.CrossEncoder(str(tmp_path / "model"), device="cpu", local_files_only=True)
    found = model.predict(loaded.loaded.prompts.segments(ITEMS), apply_softmax=True)
    alone = loaded.loaded.alone(loaded.manifest.alone)._replace(probe=None)
    from judgekit.config import PredictSettings
    from judgekit.training.reporter import SILENT

    assert found == pytest.approx(alone.predict(ITEMS, ["1", "2", "3"], PredictSettings(), SILENT).q, abs=1e-5)


@pytest.mark.parametrize("format", [*FORMATS, "cross-encoder"])
def test_a_causal_judge_is_refused_by_name(format: Any, tmp_path: Path, llama_of_words: Path) -> None:
    ingest(write_csv(tmp_path / "votes.csv", votes_rows(60)), workspace=tmp_path / "ws")
    train(workspace=tmp_path / "ws", backbone=llama_of_words, device="cpu", epochs=1, quick=False)
    with pytest.raises(BackboneError, match="'votes' is a causal LM") as caught:
        export(workspace=tmp_path / "ws", output=tmp_path / "model", format=format)
    assert "--merged" in str(caught.value) and not (tmp_path / "model").exists()


@pytest.mark.parametrize("format", ["merged", "cross-encoder"])
def test_a_judge_that_was_never_fine_tuned_is_no_model_by_itself(format: Any, judged: Path, tmp_path: Path) -> None:
    path = judged / "judges" / "votes" / "manifest.json"
    made = JudgeManifest.read(path)
    made.model_copy(update={"settings": dataclasses.replace(made.settings, quick=True)}).write(path)
    with pytest.raises(BackboneError, match="was trained with --quick") as caught:
        export(workspace=judged, output=tmp_path / "model", format=format)
    assert "judgekit export votes --format onnx -o FOLDER" in str(caught.value) and not (tmp_path / "model").exists()


@pytest.mark.parametrize("format", FORMATS)
def test_a_missing_engine_is_named_with_its_extra(
    format: Any, judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = "onnxruntime" if format == "onnx" else "openvino"
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SettingsError, match=rf"needs the packages onnx and {package}") as caught:
        export(workspace=judged, output=tmp_path / "model", format=format)
    assert f"annotation-judgekit[{format}]" in str(caught.value)


def test_a_graph_that_says_something_else_is_not_written(
    judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    right = JudgeGraph.forward
    monkeypatch.setattr(JudgeGraph, "forward", lambda *given: [1.01 * one for one in right(*given)])
    with pytest.raises(BackboneError, match="probabilities move by up to"):
        export(workspace=judged, output=tmp_path / "model", format="onnx")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    "given",
    [{}, {"merged": "one", "output": "two"}, {"merged": "one", "format": "onnx"}],
    ids=["none", "both", "other"],
)
def test_one_folder_is_asked_for(given: dict[str, Any], judged: Path) -> None:
    with pytest.raises(SettingsError, match="--output FOLDER with a --format"):
        export(workspace=judged, **given)
