"""A judge from elsewhere is data: read as it was written, or refused with its file; never a crash, never other numbers.

`benchmarks/fuzz_judges.py` tries thousands of the same kinds.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hostile_judges import (
    ADAPTER,
    CONFIG,
    HEAD,
    HELD_OUT,
    MANIFEST,
    PROBE,
    TEMPLATE,
    make_hostile,
    seal,
    write_values,
)
from hostile_judges import (
    ITEMS as KEPT_ITEMS,
)
from made_up_votes import votes_rows, write_csv
from safetensors.torch import load_file, save_file

from judgekit import evaluate, ingest, train
from judgekit.errors import BackboneError, JudgekitError
from judgekit.judge.kept_items import kept_items
from judgekit.judge.label_sets import LabelSets
from judgekit.judge.manifest import SETS_FILE, ProbeFacts
from judgekit.trust.judge import Judge
from judgekit.workspace.manifest import CHECKSUM

ITEMS = [{"text": "dirty tea"}, {"text": "clean bed, kind host"}, {"text": "slow soup"}]
TRIES = 120


def read(folder: Path) -> np.ndarray:
    return Judge.load(folder, device="cpu", dtype="float32").predict(ITEMS).probabilities


@pytest.fixture(scope="module")
def whole(finished: Path) -> Path:
    return finished / "judges" / "votes"


@pytest.fixture
def judge(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "judge")


def test_damaged_and_hostile_judges_are_refused_or_unchanged(whole: Path, tmp_path: Path) -> None:
    expected, refused = read(whole), 0
    for seed in range(TRIES):
        what, sealed = make_hostile(whole, tmp_path / "place" / "judge", seed)
        began = time.perf_counter()
        try:
            found = read(tmp_path / "place" / "judge")
        except JudgekitError:
            refused += 1
        else:
            assert sealed or found == pytest.approx(expected, abs=1e-6), what
            assert np.isfinite(found).all() and found.sum(axis=1) == pytest.approx(1), what
        assert time.perf_counter() - began < 10, what
    assert refused > TRIES / 2


def changed(path: Path, **values: Any) -> None:
    write_values(path, {**json.loads(path.read_text()), **values})


def tensors(path: Path, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    found = load_file(path)
    change(found)
    save_file(found, path)


def a_row_more(found: dict[str, torch.Tensor]) -> None:
    for name, one in found.items():
        found[name] = torch.cat([one, one[:1]])


def no_numbers(found: dict[str, torch.Tensor]) -> None:
    next(iter(found.values())).fill_(torch.nan)


def link_out(path: Path) -> None:
    path.rename(path.parents[2] / "outside")
    path.symlink_to(path.parents[2] / "outside")


ENDLESS = {"instruction": "", "names": ["<a>", "b", "c"], "length": 10**9, "decimals": 2, "rationale": False}
SEALED: dict[str, tuple[str, Callable[[Path], Any], str]] = {
    "a rank beyond memory": (CONFIG, lambda path: changed(path, r=10**7), "r: a whole number from 1 to 16,384"),
    "a rank the matrices lack": (CONFIG, lambda path: changed(path, r=512), r"the rank is 512"),
    "an endless pattern": (CONFIG, lambda path: changed(path, target_modules="(a+)+$"), "a list of names of layers"),
    "code by name": (CONFIG, lambda path: changed(path, megatron_config={"a": 1}), "megatron_config"),
    "another method": (CONFIG, lambda path: changed(path, use_dora=True), "use_dora: True is not what judgekit writes"),
    "a layer less": (CONFIG, lambda path: changed(path, target_modules=["query"]), "is not named"),
    "numbers that are none": (ADAPTER, lambda path: tensors(path, no_numbers), "not all numbers are finite"),
    "a matrix less": (ADAPTER, lambda path: tensors(path, dict.popitem), "is missing"),
    "a tensor more": (ADAPTER, lambda path: tensors(path, lambda all_: all_.update(x=torch.ones(1))), "'x' is no LoRA"),
    "half a file": (ADAPTER, lambda path: path.write_bytes(path.read_bytes()[:999]), "cannot be read as safetensors"),
    "a label more": (HEAD, lambda path: tensors(path, a_row_more), r"weight: shape \[4, 32\], \[3, hidden size\]"),
    "another width": (HEAD, lambda path: tensors(path, lambda all_: all_.update(weight=torch.zeros(3, 16))),
                      "the backbone gives 32"),
    "no adapter": (ADAPTER, Path.unlink, "is missing"),
    "a link out of the folder": (HEAD, link_out, "leads out of it"),
    "other columns": (TEMPLATE, lambda path: path.write_text(path.read_text().replace("text", "title")), "reads title"),
    "a temperature of 0.0001": (MANIFEST, lambda path: changed(path, calibration={"temperature": 1e-4}), "temperature"),
    "a label twice": (MANIFEST, lambda path: changed(path, labels=["bad", "bad", "good"]), "different names"),
    "a file elsewhere": (MANIFEST, lambda path: changed(path, files={"../../x": "0" * 64}), "files: hashes of"),
    "no answer to write": (MANIFEST, lambda path: changed(path, method="verbalized"), "answer: one is"),
    "an encoder that writes": (MANIFEST, lambda path: changed(path, method="verbalized", answer=ENDLESS), "causal LMs"),
    "an endless answer": (MANIFEST, lambda path: changed(path, method="verbalized", answer=ENDLESS), "a length of 1"),
    "names that are markup": (MANIFEST, lambda path: changed(path, method="verbalized", answer=ENDLESS), "plain words"),
    "more tokens than the backbone reads": (MANIFEST, lambda path: changed(path, max_length=65), "the backbone 64"),
}  # fmt: skip


@pytest.mark.parametrize("case", SEALED)
def test_what_does_not_belong_together_is_named_although_the_hashes_fit(case: str, judge: Path) -> None:
    name, damage, message = SEALED[case]
    damage(judge / name)
    seal(judge)
    with pytest.raises(JudgekitError, match=message) as caught:
        read(judge)
    assert str(judge) in str(caught.value)
    assert caught.value.hint


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes and devices among its files")
@pytest.mark.parametrize("what", ["pipe", "device", "folder"])
@pytest.mark.parametrize(
    "name",
    ["datasets/votes/manifest.json", "datasets/votes/items.parquet", "datasets/votes/schema.json",
     "datasets/votes/template.j2", "judges/votes/manifest.json", "judges/votes/items.parquet"],
)  # fmt: skip
def test_what_never_ends_in_the_place_of_a_file_is_refused_by_its_name(
    run: Callable[..., Any], judged: Path, what: str, name: str, votes_csv: Path
) -> None:
    path = judged / name
    path.unlink()
    if what == "pipe":
        os.mkfifo(path)
    elif what == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    found = run("check") if name.startswith("datasets") else run("score", votes_csv, "--device", "cpu")
    assert found.code == 3 and str(path) in found.err
    assert run("show").code == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no links without rights")
def test_a_folder_of_a_judge_that_leads_out_of_it_is_refused(judge: Path) -> None:
    (judge / "adapter").rename(judge.parent / "outside")
    (judge / "adapter").symlink_to(judge.parent / "outside")
    with pytest.raises(JudgekitError, match="leads out of it"):
        read(judge)


def test_what_a_judge_knows_of_its_items_is_its_own(judge: Path) -> None:
    (judge / "items.parquet").write_bytes(b"PAR1 of another judge")
    with pytest.raises(JudgekitError, match="not its own, or that have changed") as caught:
        read(judge)
    assert "items.parquet" in caught.value.problems[0]
    (judge / "items.parquet").unlink()
    with pytest.raises(JudgekitError, match=r"items\.parquet is missing"):
        read(judge)
    found = json.loads((judge / "manifest.json").read_text())
    found["format_version"] = 3  # which knew nothing of that file
    found["files"].pop("items.parquet")
    write_values(judge / "manifest.json", found)
    seal(judge)
    assert read(judge).shape == (3, 3)


def test_swapped_labels_and_files_of_another_judge_are_noticed(judge: Path) -> None:
    then = json.loads((judge / MANIFEST).read_text())
    changed(judge / MANIFEST, labels=then["labels"][::-1])
    with pytest.raises(JudgekitError, match="does not fit its checksum"):
        read(judge)
    write_values(judge / MANIFEST, then)
    tensors(judge / HEAD, lambda found: found.update(bias=found["bias"].flip(0)))
    with pytest.raises(JudgekitError, match=r"(?s)files that are not its own.*head\.safetensors: SHA-256"):
        read(judge)


def test_another_tokenizer_beside_the_same_weights_is_refused(judge: Path, tmp_path: Path) -> None:
    backbone = Path(json.loads((judge / MANIFEST).read_text())["backbone"]["name"])
    copy = shutil.copytree(backbone, tmp_path / "backbone")
    assert Judge.load(judge, device="cpu", backbone=str(copy)).predict(ITEMS[0]).probabilities.shape == (1, 3)
    values = json.loads((copy / "tokenizer.json").read_text())
    values["normalizer"]["lowercase"] = False
    write_values(copy / "tokenizer.json", values)
    with pytest.raises(
        BackboneError, match=r"(?s)does not fit the tokenizer.*other tokens than when the judge was trained"
    ):
        Judge.load(judge, device="cpu", backbone=str(copy)).predict(ITEMS[0])


def test_the_command_ends_with_3_and_names_the_file(run: Callable[..., Any], judged: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("text\ndirty tea\n")
    path = judged / "judges" / "votes" / HEAD
    path.write_bytes(path.read_bytes()[:50])
    done = run("score", "new.csv", "--device", "cpu")
    assert done.code == 3 and str(path) in done.err
    assert not (tmp_path / "new.scores.csv").exists()


# -- what folds said, and what sets of labels need ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def in_folds(tmp_path_factory: pytest.TempPathFactory, bert: Path) -> Path:
    """A workspace with a judge that was trained in folds."""
    place = tmp_path_factory.mktemp("folds")
    ingest(write_csv(place / "votes.csv", votes_rows(60)), workspace=place / "ws")
    train(workspace=place / "ws", backbone=bert, folds=2, epochs=1, batch_size=16, device="cpu", learning_rate=1e-2)
    return place / "ws"


def table(path: Path, **columns: pl.Expr) -> None:
    pl.read_parquet(path).with_columns(**columns).write_parquet(path)


FOLDS: dict[str, tuple[bool, Callable[[Path], Any], str]] = {
    "of another judge": (False, lambda path: table(path, fold=pl.lit(0)), "SHA-256"),
    "missing": (False, Path.unlink, "is missing"),
    "of other items": (True, lambda path: table(path, item_id="x" + pl.col("item_id")), "the first is 'x"),
    "one item": (True, lambda path: table(path, item_id=pl.lit("i0001")), "different items"),
    "no item": (True, lambda path: table(path, item_id=pl.lit(None)), "different items"),
    "no fold": (True, lambda path: table(path, fold=pl.lit(None)), "the number of a fold"),
    "no share": (True, lambda path: table(path, **{"prob.bad": pl.lit(float("nan"))}), "no distributions"),
    "no table": (True, lambda path: path.write_bytes(b"PAR1PAR1"), "cannot be read"),
}


@pytest.mark.parametrize("case", FOLDS)
def test_what_folds_said_is_the_judges_own_or_refused(case: str, in_folds: Path, tmp_path: Path) -> None:
    is_sealed, damage, message = FOLDS[case]
    place = shutil.copytree(in_folds, tmp_path / "ws")
    judge = place / "judges" / "votes"
    damage(judge / HELD_OUT)
    if is_sealed:
        seal(judge)
    with pytest.raises(JudgekitError, match=message) as caught:
        evaluate(workspace=place, part="folds", resamples=10)
    assert caught.value.hint


def test_predictions_that_the_manifest_does_not_name_are_not_read(
    in_folds: Path, finished: Path, tmp_path: Path
) -> None:
    place = shutil.copytree(finished, tmp_path / "ws")
    shutil.copy(in_folds / "judges" / "votes" / HELD_OUT, place / "judges" / "votes" / HELD_OUT)
    with pytest.raises(JudgekitError, match="trained without folds"):
        evaluate(workspace=place, part="folds", resamples=10)


@pytest.mark.parametrize("column", ["text_hash", "trained_on", "count.bad"])
def test_damaged_hashes_and_counts_of_its_items_are_refused(column: str, judge: Path) -> None:
    table(judge / KEPT_ITEMS, **{column: pl.lit(None)})
    seal(judge)
    with pytest.raises(JudgekitError, match=r"(?s)items\.parquet is damaged.*for each item"):
        kept_items(Judge.load(judge).entry)


def test_sets_of_labels_that_were_fitted_for_another_judge_are_refused(judge: Path) -> None:
    one = Judge.load(judge, device="cpu", dtype="float32")
    q, counts = np.full((40, 3), 1 / 3), np.ones((40, 3), dtype=np.int64)

    def keep(run: str | None, labels: int = 3) -> None:
        values = one.manifest.values[:labels]
        LabelSets.fit(q[:, :labels], counts[:, :labels], values, created="2026-01-01", run=run).write(judge / SETS_FILE)

    keep(one.manifest.run)
    assert one.predict(ITEMS, sets=0.8).sets is not None
    for run, labels in (("another", 3), (one.manifest.run, 2)):
        keep(run, labels)
        with pytest.raises(JudgekitError, match="fitted for another judge"):
            one.predict(ITEMS, sets=0.8)
    values = json.loads((judge / SETS_FILE).read_text())
    write_values(judge / SETS_FILE, {key: value for key, value in values.items() if key != CHECKSUM})
    with pytest.raises(JudgekitError, match="checksum"):
        one.predict(ITEMS, sets=0.8)


def test_a_probe_of_one_number_is_refused(tmp_path: Path) -> None:
    from judgekit.judge.probe_file import load_probe

    save_file({"weight": torch.tensor(1.0), "bias": torch.zeros(3)}, tmp_path / PROBE)

    class Manifest:
        probe = ProbeFacts(fields=("text",), pairs=(), penalty=1.0, layers=())
        labels = ("a", "b", "c")

    with pytest.raises(JudgekitError, match="a weight"):
        load_probe(tmp_path, Manifest(), None, None, dtype=torch.float32)  # type: ignore[arg-type]
