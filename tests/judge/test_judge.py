"""The judge as Python users hold it: loaded once, asked with data in memory or in files, saved and opened again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from made_up_votes import LABELS, votes_rows, write_csv

from judgekit import score
from judgekit.config import LoadSettings, PredictSettings
from judgekit.errors import DataError, LabelError, SettingsError, WorkspaceError
from judgekit.judge import judge as judge_module
from judgekit.judge.manifest import JudgeManifest
from judgekit.judge.scores import Score, Scores
from judgekit.training.reporter import Reporter
from judgekit.trust.judge import Judge

ITEMS = [{"text": "dirty tea"}, {"text": "clean bed, kind host"}, {"text": "slow soup"}]
EXACT = LoadSettings(device="cpu", dtype="float32")


class Listener(Reporter):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(scope="module")
def judge(finished: Path) -> Judge:
    return Judge.load("votes", workspace=finished, settings=EXACT)


# -- loading -----------------------------------------------------------------------------------------------------------


def test_a_judge_knows_what_it_is_before_its_weights_are_loaded(finished: Path) -> None:
    opened = Judge.load(workspace=finished)
    assert (opened.name, opened.labels, opened.fields) == ("votes", LABELS, ("text",))
    assert opened.folder == finished / "judges" / "votes"
    assert opened.manifest.dataset.name == "votes"
    assert opened.training is None
    assert "loaded" not in vars(opened)
    assert repr(opened) == f"Judge('votes', labels={LABELS!r}, fields=('text',))"


def test_weights_are_loaded_once(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[str] = []

    def counted(*arguments: Any, **keywords: Any) -> Any:
        loads.append("load")
        return load(*arguments, **keywords)

    load = judge_module.load
    monkeypatch.setattr(judge_module, "load", counted)
    opened = Judge.load("votes", workspace=finished)
    assert loads == []
    opened.predict(ITEMS)
    opened.predict(ITEMS[0])
    opened.evaluate(workspace_votes(finished))
    assert loads == ["load"]


def workspace_votes(workspace: Path) -> Path:
    return workspace.parent / "votes.csv"


@pytest.mark.parametrize("as_text", [True, False])
def test_a_judge_is_loaded_from_its_folder(finished: Path, as_text: bool) -> None:
    folder = finished / "judges" / "votes"
    opened = Judge.load(str(folder) if as_text else folder)
    assert opened.name == "votes"
    assert opened.predict(ITEMS[0])[0].label in LABELS


def test_the_name_of_a_judge_wins_over_a_folder_that_is_called_the_same(judged: Path, tmp_path: Path) -> None:
    shutil.copytree(judged / "judges" / "votes", tmp_path / "votes")
    assert Judge.load("votes").folder == judged / "judges" / "votes"
    assert Judge.load("./votes").folder == tmp_path / "votes"
    assert Judge.load(Path("votes")).folder == tmp_path / "votes"


def test_what_is_no_judge_is_refused_with_a_word_on_what_there_is(judged: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"no judge named 'vots'.*did you mean 'votes'"):
        Judge.load("vots")
    with pytest.raises(WorkspaceError, match=r"There is no judge in .*elsewhere"):
        Judge.load(tmp_path / "elsewhere")


def test_unknown_settings_are_refused(finished: Path) -> None:
    wrong: Any = {"divice": "cpu"}
    with pytest.raises(SettingsError, match="divice"):
        Judge.load("votes", workspace=finished, **wrong)
    wrong = PredictSettings()
    with pytest.raises(SettingsError, match="PredictSettings"):
        Judge.load("votes", workspace=finished, settings=wrong)


# -- predicting --------------------------------------------------------------------------------------------------------


def test_predictions_are_a_sequence_of_scores_and_columns(judge: Judge) -> None:
    scores = judge.predict(ITEMS)
    assert len(scores) == len(list(scores)) == 3
    assert scores.probabilities.shape == (3, 3)
    assert np.allclose(scores.probabilities.sum(axis=1), 1)
    assert scores.labels == LABELS
    assert scores.rows.tolist() == [0, 1, 2]
    first = scores[0]
    assert isinstance(first, Score)
    assert first.id == "1"
    assert first.label == scores.label[0] == max(first.probabilities, key=lambda label: first.probabilities[label])
    assert first.probabilities == dict(zip(LABELS, scores.probabilities[0].tolist(), strict=True))
    assert first.entropy == pytest.approx(-sum(p * np.log(p) for p in first.probabilities.values()))
    assert scores.expected_score is not None
    assert first.expected_score == pytest.approx(float(scores.expected_score[0]))
    last = scores[1:]
    assert isinstance(last, Scores)
    assert [score.id for score in last] == ["2", "3"]
    assert scores[-1] == last[-1] == list(scores)[-1]
    with pytest.raises(IndexError):
        scores[3]


def test_every_kind_of_data_is_scored_alike(judge: Judge) -> None:
    expected = judge.predict(ITEMS).probabilities
    for data in (pl.DataFrame(ITEMS), pd.DataFrame(ITEMS)):
        assert np.array_equal(judge.predict(data).probabilities, expected)
    assert np.array_equal(judge.predict({"text": [item["text"] for item in ITEMS]}).probabilities, expected)
    assert judge.predict(ITEMS[1]).probabilities == pytest.approx(expected[1:2], abs=1e-6)


def test_every_row_of_data_in_memory_is_scored_also_where_rows_repeat_an_item(judge: Judge) -> None:
    frame = pl.DataFrame({"item_id": ["a", "b", "a"], "text": ["dirty tea", "clean bed", "dirty tea"]})
    scores = judge.predict(frame)
    assert scores.ids.columns == ["item_id"]
    assert [score.id for score in scores] == ["a", "b", "a"]
    assert scores.rows.tolist() == [0, 1, 2]


def test_rows_without_a_text_are_left_out_and_said(judge: Judge) -> None:
    listener = Listener()
    scores = judge.predict([{"text": "dirty tea", "n": "1"}, {"text": " ", "n": "2"}, {"text": "clean bed", "n": "3"}],
                           most_set_aside=0.5, reporter=listener)  # fmt: skip
    assert scores.rows.tolist() == [0, 2]
    assert "1 row is not scored: it has no text in text (row 2)." in listener.notes
    with pytest.raises(DataError, match="1 of 3 rows"):
        judge.predict([{"text": "a", "n": "1"}, {"text": "", "n": "2"}, {"text": "b", "n": "3"}])


def test_tables_of_the_scores_have_the_columns_of_the_file(judge: Judge) -> None:
    scores = judge.predict(ITEMS)
    table = scores.to_polars()
    figures = ["label", "entropy", "expected_score", "truncated"]
    assert table.columns == ["row", *(f"prob_{label}" for label in LABELS), *figures]
    assert scores.to_pandas().to_dict("list") == table.to_dict(as_series=False)
    assert str(table) in repr(scores)


def test_a_field_that_is_missing_is_named_with_the_nearest_column(judge: Judge) -> None:
    with pytest.raises(DataError, match=r"(?s)no column for the judge's fields.*'text'.*did you mean 'texts'"):
        judge.predict([{"texts": "dirty tea"}])


def test_both_orders_of_what_is_no_comparison_are_refused_before_the_data_are_read(judge: Judge) -> None:
    with pytest.raises(LabelError, match="--both-orders"):
        judge.predict([], both_orders=True)


# -- files -------------------------------------------------------------------------------------------------------------


def test_a_file_is_scored_into_a_file_beside_it_or_elsewhere(judge: Judge, tmp_path: Path) -> None:
    new = write_csv(tmp_path / "new.csv", [["item_id", "text"], ["a", "dirty tea"], ["a", "dirty tea"], ["b", "bed"]])
    scores = judge.predict_file(new)
    assert scores.output == tmp_path / "new.scores.csv"
    assert pl.read_csv(tmp_path / "new.scores.csv").equals(scores.to_polars())
    assert scores.to_polars()["item_id"].to_list() == ["a", "b"]
    with pytest.raises(DataError, match="already exists"):
        judge.predict_file(new)
    assert judge.predict_file(new, force=True, output=str(tmp_path / "other.csv")).output == tmp_path / "other.csv"


def test_a_file_is_read_as_the_settings_say(judge: Judge, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_bytes("item_id|text\nä|dirty tea\n".encode("cp1252"))
    scores = judge.predict_file(tmp_path / "new.txt", delimiter="|", encoding="cp1252")
    assert scores.to_polars()["item_id"].to_list() == ["ä"]


def test_lines_that_do_not_fit_are_set_aside_up_to_a_share(judge: Judge, tmp_path: Path) -> None:
    rows = "".join(f"i{n},a clean room\n" for n in range(20))
    (tmp_path / "new.csv").write_text(f"item_id,text\n{rows}i20,a,b,c\n")
    listener = Listener()
    assert len(judge.predict_file(tmp_path / "new.csv", reporter=listener)) == 20
    assert any("1 row is not scored" in note and "line 22" in note for note in listener.notes)
    with pytest.raises(DataError, match="line 22"):
        judge.predict_file(tmp_path / "new.csv", strict=True, force=True)
    with pytest.raises(DataError, match=r"more than the share of 0\.01"):
        judge.predict_file(tmp_path / "new.csv", most_set_aside=0.01, force=True)


# -- evaluating --------------------------------------------------------------------------------------------------------


def test_annotations_in_memory_and_in_a_file_give_the_same_figures(judge: Judge, finished: Path) -> None:
    path = workspace_votes(finished)
    from_file, from_frame = judge.evaluate(path), judge.evaluate(pl.read_csv(path))
    assert from_file.source == "votes.csv"
    assert from_frame._replace(source="votes.csv", items=from_file.items, looks=from_file.looks) == from_file
    assert from_frame.items.to_polars().equals(from_file.items.to_polars())


def test_a_judge_in_a_folder_of_its_own_has_no_dataset(finished: Path) -> None:
    opened = Judge.load(finished / "judges" / "votes")
    with pytest.raises(WorkspaceError, match="loaded from a folder"):
        opened.evaluate()
    assert Judge.load(finished / "judges" / "votes", workspace=finished).evaluate().source == "test part of votes"


def test_evaluating_writes_nothing(judge: Judge, judged: Path, tmp_path: Path) -> None:
    opened = Judge.load("votes")
    opened.evaluate(write_csv(tmp_path / "votes.csv", votes_rows(12)))
    assert not (judged / "judges" / "votes" / "evaluation.json").exists()


# -- saving ------------------------------------------------------------------------------------------------------------


def test_a_saved_judge_is_the_same_judge(judge: Judge, tmp_path: Path) -> None:
    folder = judge.save(tmp_path / "shipped" / "comments")
    copy = Judge.load(folder, settings=EXACT)
    assert copy.name == "comments"
    assert np.array_equal(copy.predict(ITEMS).probabilities, judge.predict(ITEMS).probabilities)
    assert not [path for path in folder.parent.iterdir() if path != folder]


def test_saving_replaces_a_judge_only_when_told_to_and_nothing_else_ever(judge: Judge, tmp_path: Path) -> None:
    folder = judge.save(tmp_path / "judge")
    (folder / "extra.txt").write_text("mine")
    with pytest.raises(WorkspaceError, match="There is a judge in"):
        judge.save(folder)
    with pytest.raises(WorkspaceError, match=r"did not write: extra\.txt"):
        judge.save(folder, force=True)
    (folder / "extra.txt").unlink()
    (folder / "template.j2").write_text("of the judge before")
    judge.save(folder, force=True)
    assert (folder / "template.j2").read_bytes() == (judge.folder / "template.j2").read_bytes()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("x")
    for force in (False, True):
        with pytest.raises(WorkspaceError, match="is not a judge"):
            judge.save(tmp_path / "photos", force=force)
    assert (tmp_path / "photos" / "cat.jpg").exists()
    (tmp_path / "empty").mkdir()
    assert Judge.load(judge.save(tmp_path / "empty")).labels == LABELS


def test_a_judge_that_is_replaced_while_it_is_read_is_never_mixed(
    judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = judged / "judges" / "votes" / "manifest.json"
    opened, then = Judge.load(workspace=judged), JudgeManifest.read(path)
    then.model_copy(update={"created": "2030-01-01"}).write(path)
    with pytest.raises(WorkspaceError, match="was replaced or changed"):
        opened.predict(ITEMS)
    assert opened.keep("evaluation.json", then) == "the judge 'votes' was replaced meanwhile"
    read, others = judge_module.load, ["2031-01-01", "2032-01-01"]

    def replaced_meanwhile(entry: Any, *arguments: Any, **keywords: Any) -> Any:
        if others:
            then.model_copy(update={"created": others.pop()}).write(path)
        return read(entry, *arguments, **keywords)

    monkeypatch.setattr(judge_module, "load", replaced_meanwhile)
    (tmp_path / "new.csv").write_text("text\ncold soup\n")
    score(tmp_path / "new.csv", workspace=judged)  # begins again with the judge that is there then
    assert (tmp_path / "new.scores.csv").is_file() and not others
