"""The main job from the command line: annotations in, a judge, distributions out."""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_up_votes import LABELS, text_of, votes_rows, write_csv

Run = Callable[..., Any]

METRICS = {
    "kl", "accuracy", "js_distance", "total_variation", "brier", "entropy_correlation", "rps", "wasserstein1",
    "mae_of_mean",
}  # fmt: skip


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def new_rows(numbers: list[int]) -> list[list[str]]:
    return [["text", "item_id", "note"], *([text_of(n, n % 3), f"n{n}", "x"] for n in numbers)]


def tree(folder: Path) -> dict[str, bytes]:
    """The content of all files; lock files hold nothing."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("name", ["bert", "roberta", "llama", "llama_of_words", "gemma2"])
def test_from_annotations_to_distributions(name: str, request: Any, run: Run, votes_csv: Path, tmp_path: Path) -> None:
    backbone = request.getfixturevalue(name)
    made = run("init")
    assert (made.code, made.out) == (0, "")
    assert str(tmp_path / ".judgekit") in made.err

    ingested = run("ingest", votes_csv, "--json").json
    assert ingested["schema_version"] == 1
    assert (ingested["items"], ingested["annotations"], ingested["annotators"]) == (60, 180, 3)
    assert (ingested["labels"], ingested["dataset"]) == (list(LABELS), "votes")

    template = run("show", "template")
    assert text_of(0, 0) in template.out
    assert all(label in template.out for label in LABELS)

    trained = run("train", "--backbone", backbone, "--epochs", 2, "--batch-size", 16, "--device", "cpu", "--json").json
    assert trained["schema_version"] == 1
    assert trained["items"] == {"train": 48, "validation": 6, "test": 6}
    assert trained["judge"] == "votes"
    assert Path(trained["folder"]) == tmp_path / ".judgekit" / "judges" / "votes"

    new = write_csv(tmp_path / "new.csv", new_rows([7, 3, 5, 3]))
    scored = run("score", new, "--json").json
    assert scored["items"] == 3
    rows = read(tmp_path / "new.scores.csv")
    assert [row["item_id"] for row in rows] == ["n7", "n3", "n5"]
    is_causal = name != "bert" and name != "roberta"
    assert list(rows[0]) == scored["columns"] == [
        "text", "item_id", "prob_bad", "prob_fair", "prob_good", "label", "entropy", "expected_score",
        *(["label_mass"] if is_causal else []), "truncated",
    ]  # fmt: skip
    for row in rows:
        assert not is_causal or 0 < float(row["label_mass"]) < 1
        q = [float(row[f"prob_{label}"]) for label in LABELS]
        assert sum(q) == pytest.approx(1, abs=1e-7)
        assert row["label"] == LABELS[q.index(max(q))]
        assert float(row["entropy"]) == pytest.approx(-sum(one * math.log(one) for one in q), abs=1e-6)
        assert row["truncated"] == "false"

    figures = run("evaluate", "--json").json
    assert figures["schema_version"] == 1
    assert (figures["items"], figures["annotations"]) == (6, 18)
    assert set(figures["metrics"]) == METRICS
    kl = figures["metrics"]["kl"]
    assert 0 <= kl["low"] <= kl["value"] <= kl["high"]
    assert set(figures["metrics"]["accuracy"]) == {"value", "low", "high"}
    assert figures["baselines"]["uniform"]["kl"] > 0
    assert figures["baselines"]["class_prior"]["kl"] > 0

    shown = run("show", "--json").json
    assert [found["name"] for found in shown["datasets"]] == ["votes"]
    assert [found["name"] for found in shown["judges"]] == ["votes"]
    assert shown["unfinished"] == []


def test_results_go_to_stdout_and_talk_to_stderr(run: Run, votes_csv: Path, bert: Path) -> None:
    ingested = run("ingest", votes_csv)
    assert "Dataset votes" in ingested.out
    assert "Next: " in ingested.err
    assert "Next: " not in ingested.out
    trained = run("train", "--backbone", bert, "--epochs", 1, "--device", "cpu")
    assert "Judge votes" in trained.out
    assert "48 items to train on" in trained.err
    assert "48 items to train on" not in trained.out
    assert "Written: " in trained.err


def test_json_is_one_object_with_nothing_around_it(run: Run, judged: Path, votes_csv: Path) -> None:
    for arguments in (
        ["ingest", votes_csv, "--force"],
        ["score", votes_csv],
        ["evaluate"],
        ["show"],
        ["show", "template"],
    ):
        result = run(*arguments, "--json")
        assert result.code == 0
        assert result.out.count("\n") == 1
        assert result.json["schema_version"] == 1
        assert "items/s" not in result.err


def test_a_judge_learns_what_the_annotators_do(run: Run, tmp_path: Path, bert: Path) -> None:
    write_csv(tmp_path / "votes.csv", votes_rows(150))
    write_csv(tmp_path / "held_out.csv", votes_rows(90, first=5000))
    assert run("ingest", "votes.csv").code == 0
    assert run("train", "--backbone", bert, "--device", "cpu", "--epochs", 12, "--learning-rate", 3e-3).code == 0
    figures = run("evaluate", "held_out.csv", "--json").json
    assert figures["metrics"]["kl"]["value"] < figures["baselines"]["class_prior"]["kl"] - 0.1
    assert figures["metrics"]["accuracy"]["value"] > 0.8


# -- score -------------------------------------------------------------------------------------------------------------


def test_rows_that_repeat_an_item_are_scored_once_in_the_order_of_the_input(
    run: Run, judged: Path, tmp_path: Path
) -> None:
    long = votes_rows(9)
    write_csv(tmp_path / "long.csv", [long[0], *reversed(long[1:])])
    assert run("score", "long.csv").code == 0
    assert [row["item_id"] for row in read(tmp_path / "long.scores.csv")] == [f"i{n:04d}" for n in reversed(range(9))]


def test_without_an_id_column_the_rows_are_numbered(run: Run, judged: Path, tmp_path: Path) -> None:
    write_csv(tmp_path / "texts.csv", [["text"], ["clean tea"], ["dirty bed"]])
    result = run("score", "texts.csv")
    assert result.code == 0
    assert [row["row"] for row in read(tmp_path / "texts.scores.csv")] == ["1", "2"]
    assert "No column identifies the items" in result.err


def test_scores_do_not_depend_on_batch_size_or_neighbours(run: Run, judged: Path, tmp_path: Path) -> None:
    write_csv(tmp_path / "new.csv", new_rows(list(range(40))))
    write_csv(tmp_path / "one.csv", new_rows([17]))
    options = ["--dtype", "float32", "--device", "cpu"]
    assert run("score", "new.csv", *options).code == 0
    assert run("score", "new.csv", "-o", "small.csv", "--batch-size", 1, *options).code == 0
    assert run("score", "one.csv", *options).code == 0
    whole, small = read(tmp_path / "new.scores.csv"), read(tmp_path / "small.csv")
    for one, other in [*zip(whole, small, strict=True), (whole[17], read(tmp_path / "one.scores.csv")[0])]:
        assert one["item_id"] == other["item_id"]
        for label in LABELS:  # float32 sums in another order
            assert float(one[f"prob_{label}"]) == pytest.approx(float(other[f"prob_{label}"]), abs=1e-6)


def test_a_text_that_is_too_long_is_flagged(run: Run, judged: Path, tmp_path: Path) -> None:
    write_csv(tmp_path / "new.csv", [["item_id", "text"], ["a", "clean " * 200], ["b", "clean"]])
    assert run("score", "new.csv", "--json").json["truncated"] == 1
    assert [row["truncated"] for row in read(tmp_path / "new.scores.csv")] == ["true", "false"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("item_id,texts\n1,x\n", ["no column for the judge's fields", "'text'", "texts"]),
        ("", ["new.csv", "empty"]),
        ("item_id,text\n", ["no rows"]),
        ("item_id,text\n1,\n", ["no text"]),
        ("item_id,text\n1,x,y\n", ["line 2"]),
        (b"\x00\x01\x02", ["new.csv"]),
        (None, ["new.csv"]),
    ],
)
def test_a_table_that_cannot_be_scored_is_refused_and_nothing_is_written(
    run: Run, judged: Path, tmp_path: Path, content: str | bytes | None, words: list[str]
) -> None:
    if content is not None:
        (tmp_path / "new.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    before = tree(tmp_path)
    result = run("score", "new.csv")
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith("judgekit: ")
    for word in words:
        assert word in result.err
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score", "new.csv", "--judge", "nobody"], ["no judge named 'nobody'", "there are: votes"]),
        (["score", "new.csv", "--judge", "../votes"], ["There is no judge in ../votes"]),
        (["score", "new.csv", "-o", "there.csv"], ["there.csv already exists", "--force"]),
        (["score", "new.csv", "-o", "new.csv", "--force"], ["would replace the input"]),
        (["score", "new.csv", "-o", "sub/../new.csv", "--force"], ["would replace the input"]),
        (["score", "new.csv", "-o", "link.csv", "--force"], ["would replace the input"]),
        (["score", "new.csv", "-o", "sub"], ["would replace a folder"]),
        (["score", "new.csv", "-o", "none/x.csv"], ["does not exist"]),
        (["score", "sub"], ["sub"]),
        (["score", "new.csv", "--device", "banana"], ["device 'banana'"]),
        (["evaluate", "--judge", "nobody"], ["no judge named 'nobody'"]),
        (["evaluate", "sub"], ["sub"]),
        (["evaluate", "new.csv"], ["new.csv"]),
        (["ingest", "sub"], ["sub"]),
        (["ingest", "nowhere.csv"], ["nowhere.csv"]),
        (["ingest", "there.csv", "--name", "a/b"], ["cannot be a name"]),
        (["train", "--dataset", "nobody"], ["no dataset named 'nobody'"]),
        (["train", "--judge", "votes"], ["named 'votes' already", "--force"]),
        (["train", "--resume"], ["no unfinished training"]),
        (["train", "--backbone", "./nowhere"], ["no model folder at './nowhere'"]),
        (["train", "--learning-rate", "0"], ["--learning-rate"]),
        (["show", "template", "--item", "nobody"], ["no item 'nobody'"]),
        (["show", "--workspace", "nowhere"], ["no judgekit workspace", "judgekit init"]),
    ],
)
def test_what_the_user_can_mend_is_exit_code_3_with_a_remedy_and_changes_nothing(
    run: Run, judged: Path, tmp_path: Path, arguments: list[str], words: list[str]
) -> None:
    write_csv(tmp_path / "new.csv", new_rows([1, 2]))
    write_csv(tmp_path / "there.csv", votes_rows(3))
    (tmp_path / "sub").mkdir()
    if "link.csv" in arguments:
        if os.name == "nt":
            pytest.skip("Windows lets only administrators make links")
        (tmp_path / "link.csv").symlink_to("new.csv")
    before = tree(tmp_path)
    result = run(*arguments)
    assert (result.code, result.out) == (3, ""), result.err
    for word in words:
        assert word in result.err
    assert tree(tmp_path) == before


def test_the_output_is_replaced_only_when_asked(run: Run, judged: Path, tmp_path: Path) -> None:
    write_csv(tmp_path / "new.csv", new_rows([1, 2]))
    (tmp_path / "new.scores.csv").write_text("precious")
    assert run("score", "new.csv").code == 3
    assert (tmp_path / "new.scores.csv").read_text() == "precious"
    assert run("score", "new.csv", "--force").code == 0
    assert len(read(tmp_path / "new.scores.csv")) == 2


def test_a_kill_while_the_scores_are_written_leaves_no_part_of_them(
    run: Run, judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from judgekit.workspace import atomic

    def fail(path: Path) -> None:
        raise KeyboardInterrupt

    write_csv(tmp_path / "new.csv", new_rows([1, 2]))
    before = tree(tmp_path)
    monkeypatch.setattr(atomic, "sync_file", fail)
    assert run("score", "new.csv").code == 130
    assert tree(tmp_path) == before


def test_two_files_of_one_family_name_get_scores_of_their_own(run: Run, judged: Path, tmp_path: Path) -> None:
    for name in ("new.v1.csv", "new.v2.csv"):
        write_csv(tmp_path / name, new_rows([1]))
        assert run("score", name).code == 0
    assert {path.name for path in tmp_path.glob("*.scores.csv")} == {"new.v1.scores.csv", "new.v2.scores.csv"}


def test_columns_of_the_input_never_hide_columns_of_the_scores(run: Run, tmp_path: Path, bert: Path) -> None:
    rows = votes_rows(30)
    rows[0][0] = "prob_bad"
    write_csv(tmp_path / "votes.csv", rows)
    assert run("ingest", "votes.csv", "--item", "prob_bad", "--label", "label", "--annotator", "annotator_id").code == 0
    assert run("train", "--backbone", bert, "--epochs", 1, "--device", "cpu").code == 0
    scored = run("score", "votes.csv", "--json").json
    assert scored["columns"][:3] == ["input_prob_bad", "text", "prob_bad"]
    assert set(scored["label_shares"]) == set(LABELS)


# -- evaluate ----------------------------------------------------------------------------------------------------------


def counts_of(rows: list[list[str]], labels: tuple[str, ...]) -> list[list[str]]:
    """A long table as a counts table, its label columns in the order given."""
    found: dict[str, list[str]] = {}
    for item, _, text, label in rows[1:]:
        found.setdefault(item, [item, text, *["0"] * len(labels)])
        place = 2 + labels.index(label)
        found[item][place] = str(int(found[item][place]) + 1)
    return [["item_id", "text", *labels], *found.values()]


def test_long_and_counts_files_of_the_same_annotations_give_the_same_figures(
    run: Run, judged: Path, tmp_path: Path
) -> None:
    rows = votes_rows(30, annotators=5, first=900)
    write_csv(tmp_path / "long.csv", rows)
    write_csv(tmp_path / "counts.csv", counts_of(rows, ("good", "bad", "fair")))
    long, counts = (run("evaluate", name, "--json").json for name in ("long.csv", "counts.csv"))
    for name in METRICS:
        assert long["metrics"][name] == counts["metrics"][name]
    assert long["baselines"] == counts["baselines"]
    assert long["items"] == 30


def test_a_file_with_some_of_the_labels_is_evaluated_on_all(run: Run, judged: Path, tmp_path: Path) -> None:
    rows = [row for row in votes_rows(20) if row[3] != "fair"]
    write_csv(tmp_path / "some.csv", rows)
    assert run("evaluate", "some.csv", "--json").code == 0


def test_a_label_that_the_judge_does_not_know_is_refused_with_its_lines(run: Run, judged: Path, tmp_path: Path) -> None:
    rows = votes_rows(4)
    rows[3][3] = "goood"
    write_csv(tmp_path / "other.csv", rows)
    result = run("evaluate", "other.csv")
    assert result.code == 3
    for word in ("line 4", "'goood'", "good"):
        assert word in result.err


def test_the_columns_that_were_named_at_ingest_are_known_at_evaluate(run: Run, tmp_path: Path, bert: Path) -> None:
    rows = votes_rows(40)
    rows[0] = ["thing", "who", "words", "said"]
    write_csv(
        tmp_path / "votes.csv",
        [*rows[:1], *([*row[:3], {"bad": "1", "fair": "x", "good": "z"}[row[3]]] for row in rows[1:])],
    )
    told = ["--item", "thing", "--annotator", "who", "--text", "words", "--label", "said"]
    assert run("ingest", "votes.csv", *told).code == 0
    assert run("train", "--backbone", bert, "--epochs", 1, "--device", "cpu").code == 0
    figures = run("evaluate", "votes.csv", "--json").json
    assert (figures["items"], figures["annotations"], figures["left_out"]) == (4, 12, 36)
    assert run("score", "votes.csv", "--json").json["columns"][0] == "thing"


def test_one_annotator_per_item_leaves_brier_undefined(run: Run, judged: Path, tmp_path: Path) -> None:
    write_csv(tmp_path / "single.csv", votes_rows(12, annotators=1))
    result = run("evaluate", "single.csv", "--json")
    assert result.json["metrics"]["brier"] is None
    assert result.json["metrics"]["kl"]["value"] > 0
    assert "undefined" in run("evaluate", "single.csv").out


def test_a_hundred_annotators_are_as_welcome_as_three(run: Run, judged: Path, tmp_path: Path) -> None:
    rows = [["item_id", "text", "bad", "fair", "good"]]
    rows += [[f"c{n}", text_of(700 + n, n % 3), str(100 - n), str(n // 2), str(n - n // 2)] for n in range(20)]
    write_csv(tmp_path / "counts.csv", rows)
    figures = run("evaluate", "counts.csv", "--json").json
    assert figures["annotations"] == 2000
    assert figures["noise_floor"]["kl"] < 0.05


def test_the_other_parts_of_the_split_can_be_asked_for(run: Run, judged: Path) -> None:
    sizes = {part: run("evaluate", "--part", part, "--json").json["items"] for part in ("train", "validation", "test")}
    assert sizes == {"train": 48, "validation": 6, "test": 6}


def test_a_dataset_that_has_changed_no_longer_has_a_held_out_part(run: Run, judged: Path, tmp_path: Path) -> None:
    write_csv(tmp_path / "votes.csv", votes_rows(61))
    assert run("ingest", "votes.csv", "--force").code == 0
    result = run("evaluate")
    assert result.code == 3
    assert "has changed since the judge 'votes' was trained" in result.err
    assert run("evaluate", "votes.csv").code == 0


def test_items_edited_by_hand_are_noticed(run: Run, judged: Path, tmp_path: Path) -> None:
    import polars as pl

    path = judged / "datasets" / "votes" / "items.parquet"
    pl.read_parquet(path).with_columns(pl.lit("x").alias("field.text")).write_parquet(path)
    for verb in ("train", "evaluate"):
        result = run(verb)
        assert result.code == 3
        assert "has changed since it was ingested" in result.err
    path.write_bytes(b"no parquet")
    result = run("evaluate")
    assert result.code == 3
    assert str(path) in result.err


@pytest.mark.parametrize("name", ["items.parquet", "annotations.parquet", "schema.json"])
def test_what_no_count_tells_of_a_dataset_is_noticed_by_its_hash(run: Run, judged: Path, name: str) -> None:
    import polars as pl

    path = judged / "datasets" / "votes" / name
    if name == "items.parquet":  # groups part the items, and are no part of the content's hash
        pl.read_parquet(path).with_columns(pl.lit("one").alias("group")).write_parquet(path)
    elif name == "annotations.parquet":
        pl.read_parquet(path).with_columns(pl.lit("ann").alias("annotator")).write_parquet(path)
    else:
        path.write_text(path.read_text().replace("annotator_id", "nobody"))
    result = run("train", "--annotator-weights", "--judge", "new")
    assert result.code == 3 and f"{path} has changed since it was ingested" in result.err


def test_a_judge_needs_no_dataset(run: Run, judged: Path, tmp_path: Path) -> None:
    shutil.rmtree(judged / "datasets" / "votes")
    write_csv(tmp_path / "new.csv", new_rows([1, 2]))
    assert run("score", "new.csv").code == 0
    result = run("evaluate")
    assert result.code == 3
    assert "dataset" in result.err


# -- the backbone of a judge -------------------------------------------------------------------------------------------


def test_a_backbone_that_has_changed_is_refused(run: Run, tmp_path: Path, bert: Path, votes_csv: Path) -> None:
    mine = shutil.copytree(bert, tmp_path / "mine")
    assert run("ingest", votes_csv).code == 0
    assert run("train", "--backbone", "mine", "--epochs", 1, "--device", "cpu").code == 0
    weights = mine / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    result = run("score", votes_csv)
    assert result.code == 3
    assert "have changed since the judge 'votes' was trained" in result.err
    shutil.rmtree(mine)
    result = run("score", votes_csv)
    assert result.code == 3
    assert str(mine) in result.err
    assert not list(tmp_path.glob("*.scores.csv"))


def test_a_judge_on_a_relative_backbone_works_from_any_folder(
    run: Run, tmp_path: Path, bert: Path, votes_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(bert, tmp_path / "mine")
    assert run("init").code == 0
    assert run("ingest", votes_csv).code == 0
    assert run("train", "--backbone", "mine", "--epochs", 1, "--device", "cpu").code == 0
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    assert run("score", votes_csv).code == 0


# -- where it runs -----------------------------------------------------------------------------------------------------


def test_the_environment_names_the_workspace(
    run: Run, tmp_path: Path, votes_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGEKIT_WORKSPACE", str(tmp_path / "elsewhere"))
    assert run("ingest", votes_csv).code == 0
    assert (tmp_path / "elsewhere" / "datasets" / "votes" / "manifest.json").is_file()
    assert run("show", "--json").json["workspace"] == str(tmp_path / "elsewhere")


def test_without_init_the_data_folder_of_the_person_is_used(run: Run, tmp_path: Path, votes_csv: Path) -> None:
    assert run("ingest", votes_csv).code == 0
    assert not (tmp_path / ".judgekit").exists()
    assert str(tmp_path / "home") in run("show", "--json").json["workspace"]


def test_a_folder_that_cannot_be_written_to_is_no_obstacle(
    run: Run, judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    new = write_csv(locked / "new.csv", new_rows([1]))
    locked.chmod(0o555)
    try:
        if os.access(locked, os.W_OK):
            pytest.skip("this user may write everywhere")
        monkeypatch.chdir(locked)
        assert run("score", "new.csv").code == 3
        assert run("score", new, "-o", tmp_path / "out.csv").code == 0
        assert run("evaluate").code == 0
    finally:
        locked.chmod(0o755)


def test_a_folder_for_the_scores_that_cannot_be_written_to_is_an_error_with_a_remedy(
    run: Run, judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(tmp_path / "new.csv", new_rows([1]))
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path and may(path, mode))
    result = run("score", "new.csv")
    assert result.code == 3
    assert "cannot be written to" in result.err
    assert "-o FILE" in result.err


def test_the_demo_runs_through_on_the_sample(
    run: Run, tmp_path: Path, bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from judgekit.models import starter
    from judgekit.models.weights import hash_weights
    from judgekit.training import decisions

    monkeypatch.setattr(starter, "find_in_wheel", lambda: bert)
    monkeypatch.setattr(starter, "SHA256", hash_weights(bert))
    monkeypatch.setattr(decisions, "FEWEST_STEPS", 1)
    monkeypatch.setattr(decisions, "FEWEST_EPOCHS", 1)
    result = run("demo")
    assert result.code == 0, result.err
    for verb in ("ingest", "train", "score", "evaluate", "show"):
        assert f"$ judgekit {verb}" in result.err
    assert "Judge votes on test part of votes" in result.out
    assert len(read(tmp_path / "judgekit-demo" / "new.scores.csv")) == 30
    *_, last = result.err.strip().splitlines()
    assert last.endswith(str(Path("judgekit-demo") / "votes.report.html")) and Path(last.split(": ")[-1]).is_file()
    again = run("demo")
    assert again.code == 3
    assert "judgekit-demo is there already" in again.err
    # Its parts work from inside, as the closing line says.
    monkeypatch.chdir(tmp_path / "judgekit-demo")
    assert run("score", "new.csv", "--force").code == 0
    assert run("show", "--json").json["judges"][0]["backbone"]["name"] == "starter"


def test_training_again_makes_a_second_judge_and_force_replaces_the_first(run: Run, judged: Path, bert: Path) -> None:
    options = ["--backbone", bert, "--epochs", 1]
    assert run("train", *options, "--json").json["judge"] == "votes-2"
    assert run("train", *options, "--force", "--json").json["judge"] == "votes"
    assert sorted(path.name for path in (judged / "judges").iterdir()) == ["votes", "votes-2"]


def test_the_manifest_says_where_a_judge_comes_from(run: Run, judged: Path, bert: Path) -> None:
    manifest = json.loads((judged / "judges" / "votes" / "manifest.json").read_text())
    assert manifest["backbone"]["name"] == str(bert)
    assert len(manifest["backbone"]["sha256"]) == 64
    assert manifest["labels"] == list(LABELS)
    assert manifest["settings"]["epochs"] == 4
    assert manifest["settings"]["seed"] == 0
    assert manifest["machine"]["packages"]["torch"]
    assert (
        manifest["dataset"]["content_hash"]
        == json.loads((judged / "datasets" / "votes" / "manifest.json").read_text())["content_hash"]
    )
    log = [json.loads(line) for line in (judged / "judges" / "votes" / "log.jsonl").read_text().splitlines()]
    assert log[0]["step"] == 0
    assert {path.suffix for path in judged.rglob("*") if path.is_file()} <= {
        ".json", ".jsonl", ".safetensors", ".parquet", ".j2", ".lock", ".key", "",
    }  # fmt: skip


def test_a_judge_without_its_adapter_is_said_to_be_damaged(judged: Path, run: Run) -> None:
    (judged / "judges" / "votes" / "adapter" / "adapter_model.safetensors").unlink()
    result = run("evaluate")
    assert result.code == 3
    assert "adapter_model.safetensors is missing" in result.err


def test_a_moved_backbone_is_named_and_can_be_pointed_to(run: Run, votes_csv: Path, bert: Path, tmp_path: Path) -> None:
    there = Path(shutil.copytree(bert, tmp_path / "there"))
    assert run("init").code == run("ingest", votes_csv).code == 0
    assert run("train", "--backbone", there, "--epochs", 1, "--device", "cpu").code == 0
    there.rename(tmp_path / "here")
    refused = run("evaluate")
    assert refused.code == 3
    assert f"no longer at {there}" in refused.err
    assert run("evaluate", "--backbone", tmp_path / "here").code == 0


def test_options_of_causal_lms_are_refused_with_an_encoder(run: Run, votes_csv: Path, bert: Path) -> None:
    assert run("init").code == run("ingest", votes_csv).code == 0
    for option, value in (("--label-words", "good=fine"), ("--label-scoring", "codes")):
        refused = run("train", "--backbone", bert, option, value, "--device", "cpu")
        assert refused.code == 3
        assert "is an encoder with a label head" in refused.err
