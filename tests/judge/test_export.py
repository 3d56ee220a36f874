"""An exported judge: one folder that plain transformers reads, which says what the judge says, or nothing at all."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from backbone_families import FAMILIES, build_family
from made_up_votes import LABELS, votes_rows, write_csv
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer, pipeline

from judgekit import evaluate, export, ingest, score, train
from judgekit.core.calibration import Calibration
from judgekit.errors import BackboneError, DataError
from judgekit.judge.manifest import PROBE_FILE, JudgeManifest
from judgekit.models.merged import save_merged
from judgekit.trust.judge import Judge
from judgekit.workspace.manifest import read_json, write_json

TEXTS = {
    "new": "the soup was cold and the staff rude",
    "other": "clean room, kind host\nand a view",
    "odd": "Ünlü | {{ x }}",
}


def trained(place: Path, backbone: Path, **settings: Any) -> Path:
    """A workspace with a judge whose adapter has learned something."""
    ingest(write_csv(place / "votes.csv", votes_rows(60)), workspace=place / "ws")
    train(
        workspace=place / "ws", backbone=backbone, device="cpu", dtype="float32", epochs=1, batch_size=8,
        learning_rate=1e-2, evaluations=1, **settings,
    )  # fmt: skip
    return place / "ws"


def calibrate(workspace: Path) -> None:
    path = workspace / "judges" / "votes" / "manifest.json"
    warm = Calibration(1.7, bias=(0.5, 0.0, -0.5))
    then = JudgeManifest.read(path)
    files = {name: found for name, found in (then.files or {}).items() if name != PROBE_FILE}
    then.model_copy(update={"calibration": warm, "alone": warm, "probe": None, "files": files}).write(path)


def by_cross_encoder(folder: Path) -> list[list[float]]:
    """What the files for sentence-transformers say, read as its documentation tells: module after module."""
    modules = read_modules(folder)
    assert [one["type"].rpartition(".")[2] for one in modules] == ["Transformer", "Pooling", "Dense"]
    transformer, pooling, dense = (read_json(folder / path) for path in
        ("sentence_bert_config.json", "1_Pooling/config.json", "2_Dense/config.json"))  # fmt: skip
    assert transformer["transformer_task"] == "feature-extraction" and pooling["pooling_mode"] == "mean"
    assert dense["activation_function"] == "torch.nn.modules.linear.Identity"
    tokenizer: Any = AutoTokenizer.from_pretrained(str(folder))
    model: Any = AutoModel.from_pretrained(str(folder), dtype=torch.float32)
    head = torch.nn.Linear(dense["in_features"], dense["out_features"], bias=dense["bias"])
    saved = load_file(folder / "2_Dense" / "model.safetensors")
    head.load_state_dict({name.removeprefix("linear."): one for name, one in saved.items()})
    given = tokenizer([*TEXTS.values()], padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden, mask = model(**given).last_hidden_state, given["attention_mask"].unsqueeze(-1)
        return head((hidden * mask).sum(1) / mask.sum(1)).softmax(-1).tolist()


def read_modules(folder: Path) -> list[dict[str, Any]]:
    return json.loads((folder / "modules.json").read_text())


def with_chat(backbone: Path, place: Path) -> Path:
    """The same backbone with a chat template that begins with BOS."""
    folder = shutil.copytree(backbone, place / "chatty")
    tokenizer: Any = AutoTokenizer.from_pretrained(str(folder))
    tokenizer.chat_template = "{{ bos_token }}user: {{ messages[0].content }}\nassistant:"
    tokenizer.save_pretrained(str(folder))
    return folder


def by_the_card(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[float]]:
    """What the code of the model card, run in its folder, says of `TEXTS`."""
    code = re.findall(r"^```python\n(.*?)^```", (folder / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    with monkeypatch.context() as patch:
        patch.chdir(folder)
        exec(code[0], names)
    found = [names["distribution"]({"text": text}) for text in TEXTS.values()]
    assert [list(one) for one in found] == [list(LABELS)] * len(TEXTS)
    return [list(one.values()) for one in found]


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def by_judgekit(workspace: Path, **settings: Any) -> list[list[float]]:
    path = write_csv(workspace.parent / "new.csv", [["item_id", "text"], *TEXTS.items()])
    scores = score(path, workspace=workspace, force=True, device="cpu", **settings).to_polars()
    return scores.select(f"prob_{label}" for label in LABELS).to_numpy().tolist()


@pytest.mark.parametrize(
    ("backbone", "settings"),
    [
        ("bert", {}),
        ("roberta", {}),
        ("llama_of_words", {"label_scoring": "tokens"}),
        ("llama_of_words", {"label_scoring": "tokens", "chat": True}),
        ("llama", {"label_scoring": "codes"}),
        ("gemma2", {"label_scoring": "sequences"}),
        ("gemma2_of_words", {"target_modules": ("auto", "lm_head")}),
    ],
    ids=["encoder", "encoder without segments", "tokens", "chat", "codes", "sequences", "tied head"],
)
def test_the_code_of_the_card_says_what_the_judge_says(
    backbone: str,
    settings: dict[str, Any],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = request.getfixturevalue(backbone)
    model = with_chat(model, tmp_path) if settings.get("chat") else model
    workspace = trained(tmp_path, model, **settings)
    result = export(workspace=workspace, merged=tmp_path / "model", device="cpu")
    assert result.sample == "items of the dataset votes"
    assert (result.sample_items, result.dtype, result.tolerance) == (60, "float32", 1e-4)
    assert set(result.shift) == set(LABELS) and max(result.shift.values()) < 1e-5  # rounding of float32
    expected = by_judgekit(workspace, dtype="float32")
    assert np.std(expected, axis=0).max() > 1e-3  # a judge that says the same of all items would show nothing
    # One item at a time against batches with padding, in float32.
    assert by_the_card(tmp_path / "model", monkeypatch) == pytest.approx(np.array(expected), abs=1e-4)
    if settings.get("chat"):
        tokenizer: Any = AutoTokenizer.from_pretrained(str(tmp_path / "model"))
        assert tokenizer.chat_template


def test_the_folder_holds_the_models_own_format_and_config(tmp_path: Path, llama_of_words: Path) -> None:
    backbone = shutil.copytree(llama_of_words, tmp_path / "in-bf16")
    model: Any = AutoModelForCausalLM.from_pretrained(str(backbone), dtype=torch.bfloat16)
    model.config.attention_dropout = 0.25  # judgekit trains without; that is no fact of the model
    model.save_pretrained(str(backbone))
    # transformers refuses to save such a file; the backbone's own is kept as it is.
    generation = '{"temperature": 0.6, "do_sample": false}'
    (backbone / "generation_config.json").write_text(generation)
    (backbone / "LICENSE.txt").write_text("Terms")
    workspace = trained(tmp_path, backbone)
    result = export(workspace=workspace, merged=tmp_path / "model", device="cpu")
    folder = tmp_path / "model"
    assert (result.dtype, result.tolerance) == ("bfloat16", 1e-2)
    assert {weight.dtype for weight in load_file(folder / "model.safetensors").values()} == {torch.bfloat16}
    assert read_json(folder / "config.json")["attention_dropout"] == 0.25
    assert (folder / "generation_config.json").read_text() == generation
    assert (folder / "LICENSE.txt").read_text() == "Terms"
    assert set(result.files) == files_of(folder)
    assert {path.stat().st_mode for path in folder.glob("*.safetensors")} == {(folder / "config.json").stat().st_mode}


def test_a_judge_of_4_bits_is_exported_with_its_weights_expanded(
    tmp_path: Path, llama_of_words: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = trained(tmp_path, llama_of_words, load_in_4bit=True)
    result = export(workspace=workspace, merged=tmp_path / "model", device="cpu")
    assert result.tolerance == 1e-2
    assert max(result.shift.values()) < 1e-3  # the very weights that it was trained against, as numbers
    assert by_the_card(tmp_path / "model", monkeypatch) == pytest.approx(
        np.array(by_judgekit(workspace, dtype="float32")), abs=1e-3
    )
    original, merged = (load_file(folder / "model.safetensors") for folder in (llama_of_words, tmp_path / "model"))
    assert {weight.dtype for weight in merged.values()} == {torch.float32}
    assert set(merged) == set(original)


@pytest.mark.parametrize("backbone", ["bert", "roberta"])
def test_a_cross_encoder_gives_the_calibrated_probabilities(
    backbone: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    workspace = trained(tmp_path, request.getfixturevalue(backbone))
    calibrate(workspace)
    export(workspace=workspace, merged=tmp_path / "model", device="cpu")
    expected = np.array(by_judgekit(workspace, dtype="float32"))
    assert by_cross_encoder(tmp_path / "model") == pytest.approx(expected, abs=1e-5)
    sentence_transformers = pytest.importorskip("sentence_transformers", minversion="6")
    model = sentence_transformers.CrossEncoder(str(tmp_path / "model"), device="cpu", local_files_only=True)
    found = [model.predict(text, apply_softmax=True) for text in TEXTS.values()]
    assert np.array(found) == pytest.approx(expected, abs=1e-5)


def test_a_cross_encoder_reads_pairs_as_the_judge_does(bert: Path, tmp_path: Path) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers", minversion="6")
    _, *votes = votes_rows(60)
    rows = [["item_id", "annotator_id", "premise", "hypothesis", "label"]]
    rows += [[item, who, text, " ".join(text.split()[::-1]), label] for item, who, text, label in votes]
    ingest(write_csv(tmp_path / "pairs.csv", rows), workspace=tmp_path / "ws")
    judge = train(workspace=tmp_path / "ws", backbone=bert, device="cpu", dtype="float32", epochs=1)
    assert set(judge.fields) == {"premise", "hypothesis"}
    export(workspace=tmp_path / "ws", merged=tmp_path / "model", device="cpu")
    items = [{"premise": "dirty tea", "hypothesis": "clean bed"}, {"premise": "soup", "hypothesis": "a kind host"}]
    loaded = judge.loaded.prompts.segments(items)
    model = sentence_transformers.CrossEncoder(str(tmp_path / "model"), device="cpu", local_files_only=True)
    found = model.predict(loaded, apply_softmax=True)
    assert found == pytest.approx(judge.predict(items).probabilities, abs=1e-5)


@pytest.mark.parametrize("name", ["eurobert", "ultrabert"])
def test_a_pipeline_gives_the_calibrated_probabilities_where_the_family_has_such_a_head(
    name: str, tmp_path: Path
) -> None:
    family = next(one for one in FAMILIES if one.name == name)
    workspace = trained(tmp_path, build_family(tmp_path / "backbone", family))
    calibrate(workspace)
    export(workspace=workspace, merged=tmp_path / "model", device="cpu")
    judge = pipeline("text-classification", str(tmp_path / "model"), top_k=None, dtype=torch.float32)
    found = [{one["label"]: one["score"] for one in of_text} for of_text in judge([*TEXTS.values()])]
    expected = by_judgekit(workspace, dtype="float32")
    assert [[of_text[label] for label in LABELS] for of_text in found] == pytest.approx(np.array(expected), abs=1e-5)
    card = (tmp_path / "model" / "README.md").read_text("utf-8")
    assert "pipeline_tag: text-classification" in card and "gives this judge's probabilities" in card
    assert by_cross_encoder(tmp_path / "model") == pytest.approx(np.array(expected), abs=1e-5)


@pytest.mark.parametrize("backbone", ["bert", "roberta", "llama_of_words"])
def test_a_pipeline_without_such_a_head_answers_nothing(
    backbone: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    export(workspace=trained(tmp_path, request.getfixturevalue(backbone)), merged=tmp_path / "model", device="cpu")
    with pytest.raises(ValueError):  # of transformers, which has nothing to choose from
        pipeline("text-classification", str(tmp_path / "model"))("dirty tea")


def test_the_card_claims_no_pipeline_that_would_answer_at_random(judged: Path, tmp_path: Path) -> None:
    export(workspace=judged, merged=tmp_path / "model")
    card = (tmp_path / "model" / "README.md").read_text("utf-8")
    assert "pipeline_tag" not in card
    assert "does **not** give this judge's probabilities" in card.split("# votes")[1][:200]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_files_get_the_permissions_that_the_umask_gives(judged: Path, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        export(workspace=judged, merged=tmp_path / "model")
        Judge.load("votes").save(tmp_path / "saved")
    finally:
        os.umask(before)
    for folder in (tmp_path / "model", tmp_path / "saved"):
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
        assert set(modes.values()) == {0o640}, modes


# -- the encoder of the fixture is enough for the rest -----------------------------------------------------------------


def test_a_shift_above_the_tolerance_is_refused_and_nothing_is_left(judged: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(BackboneError, match="more than the tolerance of 1e-07") as caught:
        export(workspace=judged, merged=tmp_path / "model", dtype="bfloat16", tolerance=1e-7)
    assert "--dtype float32" in str(caught.value) and "good: " in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_merged_model_that_says_nothing_is_refused_too(
    judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In float16 a model trained in bfloat16 may overflow: its probabilities are nan then."""

    def lost(*arguments: Any, **_: Any) -> None:
        save_merged(*arguments, **_)
        head = load_file(arguments[2] / "2_Dense" / "model.safetensors")
        lost = {**head, "linear.bias": torch.tensor([0.0, 0.0, torch.nan])}
        save_file(lost, arguments[2] / "2_Dense" / "model.safetensors")

    monkeypatch.setattr("judgekit.judge.export.save_merged", lost)
    with pytest.raises(BackboneError, match="infinite numbers or none"):
        export(workspace=judged, merged=tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_only_an_earlier_export_is_replaced_and_only_by_force(judged: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    for force in (False, True):
        with pytest.raises(DataError, match="is not an export of judgekit"):
            export(workspace=judged, merged=tmp_path / "mine", force=force)
    with pytest.raises(DataError, match="does not exist"):
        export(workspace=judged, merged=tmp_path / "no" / "model")
    export(workspace=judged, merged=tmp_path / "model")
    (tmp_path / "model" / "left.txt").write_text("from before")
    with pytest.raises(DataError, match="--force"):
        export(workspace=judged, merged=tmp_path / "model")
    card = tmp_path / "model" / "README.md"
    written = card.read_text("utf-8")
    card.write_text(written + "Our own words.\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"did not write") as caught:
        export(workspace=judged, merged=tmp_path / "model", force=True)
    assert caught.value.problems == ("README.md (it was changed)", "left.txt")
    (tmp_path / "model" / "left.txt").unlink()
    card.write_text(written, encoding="utf-8")
    result = export(workspace=judged, merged=tmp_path / "model", force=True)
    assert files_of(tmp_path / "model") == set(result.files)
    assert not list(tmp_path.glob(".judgekit-*"))


def test_an_export_that_lists_no_files_is_replaced_if_their_names_are_known(judged: Path, tmp_path: Path) -> None:
    export(workspace=judged, merged=tmp_path / "model")
    facts = read_json(tmp_path / "model" / "judgekit.json")
    for key in ("files", "checksum"):
        facts.pop(key, None)
    write_json(tmp_path / "model" / "judgekit.json", facts)
    for path in (tmp_path / "model").iterdir():  # exports that listed no files had none of these
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name in ("modules.json", "sentence_bert_config.json", "config_sentence_transformers.json"):
            path.unlink()
    (tmp_path / "model" / "thesis.tex").write_text("years of work")
    with pytest.raises(DataError, match="did not write") as caught:
        export(workspace=judged, merged=tmp_path / "model", force=True)
    assert caught.value.problems == ("thesis.tex",)
    (tmp_path / "model" / "thesis.tex").unlink()
    export(workspace=judged, merged=tmp_path / "model", force=True)


def test_the_card_tells_what_is_known_and_nothing_of_this_machine(judged: Path, tmp_path: Path, bert: Path) -> None:
    export(workspace=judged, merged=tmp_path / "model")
    card = (tmp_path / "model" / "README.md").read_text("utf-8")
    front = card.split("---\n")[1].splitlines()
    assert front[0] == 'base_model: "tiny-bert"'
    assert "license: unknown" in front and "library_name: transformers" in front
    assert "`votes`: 48 items to train on, 6 to choose the checkpoint on, 6 held out with 180 annotations" in card
    assert "`bad`, `fair`, `good`" in card
    assert "On the validation items" in card and "not evaluated" in card
    evaluated = evaluate(workspace=judged)
    export(workspace=judged, merged=tmp_path / "model", force=True)
    card = (tmp_path / "model" / "README.md").read_text("utf-8")
    kl = evaluated.metrics["kl"]
    assert kl is not None
    assert f"| {kl.value:.3f} | {kl.low:.3f} to {kl.high:.3f} |" in card
    assert "`test part of votes`" in card and "validation items, on which" not in card
    for path in (tmp_path / "model").rglob("*.*"):
        if path.suffix != ".safetensors":
            text = path.read_text("utf-8")
            assert str(bert.parent) not in text and str(tmp_path) not in text, path.name


def test_the_licence_is_the_one_that_the_backbones_card_names(tmp_path: Path, bert: Path) -> None:
    backbone = shutil.copytree(bert, tmp_path / "with-card")
    (backbone / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n# It\n")
    export(workspace=trained(tmp_path, backbone), merged=tmp_path / "model", device="cpu")
    assert "license: apache-2.0\n" in (tmp_path / "model" / "README.md").read_text("utf-8")


def test_without_its_dataset_a_judge_is_checked_on_the_bundled_sample(judged: Path, tmp_path: Path) -> None:
    shutil.rmtree(judged / "datasets" / "votes")
    result = export(workspace=judged, merged=tmp_path / "model")
    assert "bundled sample" in result.sample
    assert result.sample_items > 5


def test_the_command_prints_the_shift_of_every_label(run: Callable[..., Any], judged: Path, tmp_path: Path) -> None:
    done = run("export", "--merged", "model")
    assert done.code == 0
    assert all(label in done.out for label in LABELS) and "Export of votes" in done.out
    assert "Written: model" in done.err and "Next: " in done.err
    done = run("export", "votes", "--merged", "model", "--force", "--json")
    assert done.json["folder"] == "model"
    assert set(done.json["shift"]) == set(LABELS)
    assert json.loads((tmp_path / "model" / "judgekit.json").read_text("utf-8"))["labels"] == list(LABELS)
    assert run("export", "--merged", "model").code == 3
