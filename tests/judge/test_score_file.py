"""A file of any size is scored into a file: the same in windows, after a kill, and in every form."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from made_up_votes import write_csv

from judgekit import Judge
from judgekit.config import ScoreFileSettings
from judgekit.errors import DataError, SettingsError
from judgekit.judge import score_file as module
from judgekit.judge.scored_file import ScoredFile
from judgekit.tables import pieces
from judgekit.training.reporter import Reporter
from judgekit.workspace import claims

EXACT: Any = {"dtype": "float32", "device": "cpu"}


class Heard(Reporter):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def judge(judged: Path) -> Judge:
    return Judge.load(workspace=judged, **EXACT)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """40 items; the texts are of many lengths."""
    rows = [
        ["id", "text", "source"],
        *([f"i{n}", " ".join([f"room {n}"] * (1 + n * 7 % 11)), f"s{n % 3}"] for n in range(40)),
    ]
    return write_csv(tmp_path / "new.csv", rows)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WINDOW_ITEMS", {"encoder": 6, "causal": 6})
    monkeypatch.setattr(pieces, "LEAST_BYTES", 1)
    monkeypatch.setattr(pieces, "PIECE_BYTES", 300)


def numbers(table: pl.DataFrame) -> Any:
    return table.select(pl.selectors.starts_with("prob_")).to_numpy()


def test_the_columns_of_the_input_stand_in_front_in_its_order(judge: Judge, new: Path) -> None:
    found = judge.predict_file(new).to_polars()
    assert found.columns[:4] == ["id", "text", "source", "prob_bad"]
    assert found.select("id", "text", "source").equals(pl.read_csv(new))
    alone = judge.predict_file(new, force=True, only_scores=True).to_polars()
    assert alone.columns == [name for name in found.columns if name not in ("text", "source")]


def test_of_rows_that_repeat_an_item_the_columns_of_single_rows_are_left_out(judge: Judge, tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "long.csv", [["who", "item_id", "text"], ["x", "a", "tea"], ["y", "a", "tea"], ["x", "b", "bed"]]
    )
    heard = Heard()
    found = judge.predict_file(path, reporter=heard).to_polars()
    assert found.columns[:3] == ["item_id", "text", "prob_bad"]
    assert any("Left out" in note and "'who'" in note for note in heard.notes)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet", "xlsx"])
@pytest.mark.parametrize("source", ["csv", "jsonl", "parquet"])
def test_windows_and_pieces_change_no_number_in_any_form(
    judge: Judge, new: Path, windows: None, monkeypatch: pytest.MonkeyPatch, suffix: str, source: str
) -> None:
    table, path = pl.read_csv(new), new.with_suffix(f".{source}")
    {"csv": table.write_csv, "jsonl": table.write_ndjson, "parquet": table.write_parquet}[source](path)
    parted = judge.predict_file(path, output=new.with_name(f"parted.{suffix}"))
    assert not list(new.parent.glob(".judgekit-scoring*"))
    monkeypatch.undo()
    whole = judge.predict_file(path, output=new.with_name(f"whole.{suffix}"))
    one, other = parted.to_polars(), whole.to_polars()
    assert one.columns == other.columns == list(parted.columns)
    assert one.select("id", "text", "source").equals(other.select("id", "text", "source"))
    # float32 in batches of other items: the same up to rounding.
    np.testing.assert_allclose(numbers(one), numbers(other), atol=1e-5)
    assert parted.label_shares == pytest.approx(whole.label_shares, abs=1e-5)


def test_each_item_alone_and_all_together_give_the_same(
    judge: Judge, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = numbers(judge.predict_file(new).to_polars())
    monkeypatch.setattr(module, "WINDOW_ITEMS", {"encoder": 1})
    np.testing.assert_allclose(numbers(judge.predict_file(new, force=True).to_polars()), together, atol=1e-5)


def test_the_ending_decides_and_any_other_is_refused_before_the_work(judge: Judge, new: Path) -> None:
    for name in ("out.txt", "out", "out.xls"):
        with pytest.raises(DataError, match="cannot be told"):
            judge.predict_file(new, output=new.with_name(name))
    assert "loaded" not in vars(judge)


def test_a_workbook_holds_texts_and_no_formulas(judge: Judge, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "new.csv", [["item_id", "text"], ["=1+1", "http://x.y tea"], ["02", "bed"]])
    outputs = [tmp_path / f"{n}.xlsx" for n in "ab"]
    tables = [judge.predict_file(path, output=output).to_polars() for output in outputs]
    assert tables[0]["item_id"].to_list() == ["=1+1", "02"]
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


def test_what_excel_cannot_hold_is_refused_before_the_work(judge: Judge, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "new.csv", [["item_id", "text"], ["a", "tea " * 9_000]])
    with pytest.raises(DataError, match="32,767 characters"):
        judge.predict_file(path, output=tmp_path / "out.xlsx")
    assert len(judge.predict_file(path, output=tmp_path / "out.xlsx", only_scores=True)) == 1


def test_a_field_is_read_from_a_column_of_another_name(judge: Judge, tmp_path: Path) -> None:
    rows = [["item_id", "text"], ["a", "cold tea"], ["b", "clean bed"]]
    usual = judge.predict_file(write_csv(tmp_path / "new.csv", rows)).to_polars()
    rows[0] = [name.replace("text", "comment") for name in rows[0]]
    other = write_csv(tmp_path / "other.csv", rows)
    with pytest.raises(DataError, match="--column FIELD=COLUMN"):
        judge.predict_file(other)
    found = judge.predict_file(other, column="text=comment").to_polars()
    assert "comment" in found.columns and np.array_equal(numbers(found), numbers(usual))
    with pytest.raises(SettingsError, match="reads no field 'texts'"):
        judge.predict_file(other, column="texts=comment", force=True)
    with pytest.raises(SettingsError, match="expected FIELD=COLUMN"):
        ScoreFileSettings(column=("text",))


def test_items_that_are_all_too_long_in_one_window_are_dropped(judge: Judge, tmp_path: Path, windows: None) -> None:
    rows = [[f"i{n}", "tea " * (200 if 6 <= n < 12 else 2)] for n in range(20)]
    path = write_csv(tmp_path / "new.csv", [["id", "text"], *rows])
    found = judge.predict_file(path, on_too_long="drop")
    assert found.to_polars()["id"].to_list() == [f"i{n}" for n in range(20) if not 6 <= n < 12]
    path = write_csv(tmp_path / "long.csv", [["id", "text"], *([f"i{n}", "tea " * 200] for n in range(20))])
    with pytest.raises(DataError, match="All 20 items"):
        judge.predict_file(path, on_too_long="drop")


def test_a_fault_at_the_end_is_found_before_anything_is_written(judge: Judge, new: Path, windows: None) -> None:
    new.write_bytes(new.read_bytes() + b"i40,a,b,c,d\n")
    with pytest.raises(DataError, match="line 42"):
        judge.predict_file(new, strict=True)
    assert "loaded" not in vars(judge)
    assert [path.name for path in new.parent.iterdir() if path.name != ".judgekit"] == ["new.csv"]


# -- killed and gone on with -------------------------------------------------------------------------------------------


class _KilledError(Exception):
    """In place of a kill."""


@pytest.fixture
def stops_after(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[int]]:
    """Makes the judge fail after so many windows; returns the sizes of those that it is asked."""
    ask = judge.ask

    def stop(number: int) -> list[int]:
        asked: list[int] = []

        def counted(window: Any, *rest: Any) -> Any:
            if len(asked) == number:
                raise _KilledError
            asked.append(len(window.names))
            return ask(window, *rest)

        monkeypatch.setattr(judge, "ask", counted)
        return asked

    return stop


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_stopped_run_goes_on_and_ends_in_the_same_bytes(
    judge: Judge, new: Path, windows: None, stops_after: Callable[[int], list[int]], suffix: str
) -> None:
    output, whole = new.with_name(f"out.{suffix}"), new.with_name(f"whole.{suffix}")
    facts = judge.predict_file(new, output=whole)
    stops_after(3)
    with pytest.raises(_KilledError):
        judge.predict_file(new, output=output)
    assert not output.exists()
    asked, heard = stops_after(-1), Heard()
    again = judge.predict_file(new, output=output, reporter=heard)
    assert sum(asked) == 40 - 18 and any("after 18 of 40 items" in note for note in heard.notes)
    assert output.read_bytes() == whole.read_bytes()
    assert {**again.to_json(), "output": ""} == {**facts.to_json(), "output": ""}
    assert not list(new.parent.glob(".judgekit-scoring*"))


@pytest.mark.parametrize("what", ["fresh", "settings", "input"])
def test_what_was_made_otherwise_is_not_gone_on_with(
    judge: Judge, new: Path, windows: None, stops_after: Callable[[int], list[int]], what: str
) -> None:
    stops_after(3)
    with pytest.raises(_KilledError):
        judge.predict_file(new)
    if what == "input":
        new.write_text(new.read_text().replace("room 1", "bath 1"))
    asked = stops_after(-1)
    judge.predict_file(new, fresh=what == "fresh", only_scores=what == "settings")
    assert sum(asked) == 40


def test_a_judge_that_another_has_replaced_on_the_disk_leaves_no_parts_to_the_new_one(
    judged: Path, judge: Judge, new: Path, windows: None, stops_after: Callable[[int], list[int]]
) -> None:
    asked = stops_after(3)
    assert judge.loaded  # in memory before another training puts its judge there
    path = judged / "judges" / "votes" / "manifest.json"
    other = judge.manifest.model_copy(update={"run": "another", "class_prior": (0.5, 0.25, 0.25)})
    other.write(path)
    with pytest.raises(_KilledError):
        judge.predict_file(new)
    assert sum(asked) == 18
    heard = Heard()
    Judge.load(workspace=judged, **EXACT).predict_file(new, reporter=heard)
    assert not any("Goes on" in note for note in heard.notes)


def test_a_part_that_the_disk_has_damaged_is_made_again(
    judge: Judge, new: Path, windows: None, stops_after: Callable[[int], list[int]]
) -> None:
    judge.predict_file(new, output=new.with_name("whole.csv"))
    stops_after(3)
    with pytest.raises(_KilledError):
        judge.predict_file(new)
    part = next(new.parent.glob(".judgekit-scoring*")) / "000001.arrow"
    part.write_bytes(part.read_bytes()[:100])
    asked = stops_after(-1)
    judge.predict_file(new)
    assert sum(asked) == 40 - 6
    assert new.with_name("new.scores.csv").read_bytes() == new.with_name("whole.csv").read_bytes()


def test_the_users_files_among_the_parts_stay(judge: Judge, new: Path, windows: None) -> None:
    folder = parts_folder(new)
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    judge.predict_file(new)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no links without rights")
@pytest.mark.parametrize("what", ["link", "file"])
def test_nothing_is_written_or_deleted_through_a_link_in_the_place_of_the_parts(
    judge: Judge, new: Path, windows: None, what: str
) -> None:
    mine = new.parent / "mine"
    mine.mkdir()
    (mine / "run.json").write_text("{}")
    if what == "link":
        parts_folder(new).symlink_to(mine)
    else:
        parts_folder(new).write_text("mine")
    with pytest.raises(DataError, match="no folder of judgekit's"):
        judge.predict_file(new)
    assert (mine / "run.json").read_text() == "{}"


@pytest.mark.parametrize("missing", ["module", "ENOLCK", "ENOSYS"])
def test_where_there_are_no_locks_a_file_is_scored_all_the_same(
    judge: Judge, new: Path, windows: None, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoLocks:
        LOCK_EX = LOCK_NB = 0

        @staticmethod
        def flock(*_: Any) -> None:
            raise OSError(getattr(errno, missing), "no locks")

    monkeypatch.setattr(claims, "fcntl", None if missing == "module" else NoLocks)
    assert len(judge.predict_file(new)) == 40


def parts_folder(new: Path) -> Path:
    name = hashlib.sha256(b"new.scores.csv").hexdigest()[:12]
    return new.parent / f".judgekit-scoring-{name}"


def test_two_processes_do_not_write_one_output(judge: Judge, new: Path, windows: None) -> None:
    from judgekit.judge.score_parts import scored_parts

    with (
        scored_parts(new.with_name("new.scores.csv"), {}, fresh=False),
        pytest.raises(DataError, match="Another process is scoring into"),
    ):
        judge.predict_file(new)


KILLED = """
import os, signal, sys
from judgekit import score
from judgekit.judge import score_file, score_parts
score_file.WINDOW_ITEMS = {"encoder": 6}
put = score_parts.ScoredParts.put
def killed(parts, table):
    if len(parts.paths) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    put(parts, table)
score_parts.ScoredParts.put = killed
score(sys.argv[1], workspace=sys.argv[2], dtype="float32", device="cpu")
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_process_is_gone_on_with(judged: Path, judge: Judge, new: Path, windows: None) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(new), str(judged)], capture_output=True)
    assert ended.returncode == -signal.SIGKILL
    assert not new.with_name("new.scores.csv").exists()
    heard = Heard()
    judge.predict_file(new, reporter=heard)
    assert any("after 18 of 40 items" in note for note in heard.notes)
    judge.predict_file(new, output=new.with_name("whole.csv"))
    assert new.with_name("new.scores.csv").read_bytes() == new.with_name("whole.csv").read_bytes()


# -- the command line --------------------------------------------------------------------------------------------------


def test_a_dash_is_the_standard_output_with_nothing_else_on_it(
    judged: Path, new: Path, windows: None, capfdbinary: Any
) -> None:
    from judgekit.cli import main

    assert main(["score", str(new), "-o", "-", "--device", "cpu"]) == 0
    out = capfdbinary.readouterr().out.decode()
    assert [row["id"] for row in csv.DictReader(out.splitlines())] == [f"i{n}" for n in range(40)]
    assert main(["score", str(new), "-o", "-", "--json"]) == 2
    assert capfdbinary.readouterr().out == b""


def test_the_facts_of_a_stream_have_no_table_to_read(judge: Judge, new: Path, capfdbinary: Any) -> None:
    found = judge.predict_file(new, output="-")
    assert isinstance(found, ScoredFile) and json.dumps(found.to_json())
    with pytest.raises(ValueError, match="cannot be read again"):
        found.to_polars()
