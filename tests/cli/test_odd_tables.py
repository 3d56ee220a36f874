"""Tables that are odd and valid: nothing is interpreted, nothing crashes, nothing is lost."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_up_votes import text_of, votes_rows, write_csv

Run = Callable[..., Any]
Flow = Callable[..., dict[str, Any]]


@pytest.fixture
def flow(run: Run, bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flow:
    """Every verb on one table, as a person sees it and as a script does; the figures of the last."""
    monkeypatch.setenv("COLUMNS", "300")

    def call(rows: list[list[str]], *, line_end: str = "\n", backbone: Path = bert) -> dict[str, Any]:
        write_csv(tmp_path / "votes.csv", rows, line_end=line_end)
        ends = [run("init"), run("ingest", "votes.csv"), run("show", "template"), run("show")]
        ends += [run("train", "--backbone", backbone, "--epochs", 1, "--device", "cpu"), run("score", "votes.csv")]
        ends += [run("evaluate", "votes.csv"), run("evaluate")]
        for end in ends:
            assert end.code == 0, end.err
        figures = run("evaluate", "votes.csv", "--json").json
        with (tmp_path / "votes.scores.csv").open(encoding="utf-8", newline="") as file:
            scores = list(csv.DictReader(file))
        return {"figures": figures, "scores": scores, "ingest": ends[1].out, "show": ends[3].out, "score": ends[5].out}

    return call


def test_labels_texts_and_columns_are_never_read_as_markup(flow: Flow) -> None:
    labels = ["[bold]", "[/]", "a,b", ":smile:", "back\\", "{{ x }}"]
    rows = votes_rows(30, labels=labels)
    rows[0][2] = "[red] text [/]"
    for row in rows[1:]:
        row[2] += " [link=x]tea[/red] :tea: {% if %} {{ y }} [/] \\"
    found = flow(rows)
    for label in labels:
        for shown in ("ingest", "show", "score"):
            assert label in found[shown]
        assert f"prob_{label}" in found["scores"][0]
    assert "[red] text [/]" in found["ingest"]
    assert "[link=x]tea[/red] :tea: {% if %} {{ y }} [/] \\" in found["ingest"]
    assert {row["label"] for row in found["scores"]} <= set(labels)


def test_a_file_name_is_never_read_as_markup(run: Run, judged: Path, tmp_path: Path) -> None:
    for name in ("[bold].csv", "[red]", "[link=x].csv"):
        write_csv(tmp_path / name, votes_rows(4))
        end = run("evaluate", name)
        assert end.code == 0
        assert f"on {name}" in end.out


def test_unicode_labels_and_texts_come_through(flow: Flow, llama: Path) -> None:
    labels = ["schön", "häßlich", "语言", "🍵", "not", "not sure"]
    rows = votes_rows(24, labels=labels)
    for row in rows[1:]:
        row[2] += " 語言模型 Überprüfung 🍵"
    found = flow(rows, backbone=llama)
    assert {name.removeprefix("prob_") for name in found["scores"][0] if name.startswith("prob_")} == set(labels)
    assert "語言模型 Überprüfung 🍵" in found["ingest"]


def test_quotes_and_line_breaks_in_labels_survive_the_way_into_the_scores(flow: Flow) -> None:
    labels = ["it's", '"q"', "a\nb"]
    found = flow(votes_rows(24, labels=labels))
    assert {f"prob_{label}" for label in labels} <= set(found["scores"][0])


@pytest.mark.parametrize("number", [2, 20])
def test_few_and_many_labels(flow: Flow, number: int) -> None:
    labels = [f"kind {n:02d}" for n in range(number)]
    rows = votes_rows(60, labels=labels, annotators=5)
    found = flow(rows)
    assert sum(name.startswith("prob_") for name in found["scores"][0]) == number
    assert found["figures"]["annotations"] == 30  # those of the training are left out


def test_unanimous_annotators_leave_the_entropy_correlation_undefined(flow: Flow) -> None:
    rows = votes_rows(30)
    found = flow([rows[0], *([*row[:3], "yes" if int(row[0][1:]) % 3 else "no"] for row in rows[1:])])
    assert found["figures"]["metrics"]["entropy_correlation"] is None
    assert found["figures"]["metrics"]["kl"]["value"] > 0


def test_a_label_that_no_training_item_has_keeps_a_finite_probability(flow: Flow) -> None:
    rows = votes_rows(40)
    found = [flow([*rows, ["i9999", "p0", "a rare thing", "rare"]])]
    assert all(0 < float(row["prob_rare"]) < 1 for row in found[0]["scores"])
    assert found[0]["figures"]["metrics"]["kl"]["value"] < 10


def test_windows_line_ends_change_nothing(flow: Flow) -> None:
    found = flow(votes_rows(30), line_end="\r\n")
    assert found["figures"]["items"] == 3
    assert "fair" in found["scores"][0]["label"] + "".join(found["scores"][0])


def test_three_items_are_enough_and_two_are_refused(run: Run, flow: Flow, bert: Path) -> None:
    flow(votes_rows(3))
    write_csv(Path("two.csv"), votes_rows(2))
    assert run("ingest", "two.csv").code == 0
    result = run("train", "--dataset", "two", "--backbone", bert)
    assert result.code == 3
    assert "2 groups of items cannot be split" in result.err


def test_items_that_share_a_text_stay_on_one_side(run: Run, bert: Path) -> None:
    rows = votes_rows(40)
    for row in rows[1:]:
        row[2] = text_of(int(row[0][1:]) // 4, 0)
    write_csv(Path("votes.csv"), rows)
    assert run("ingest", "votes.csv").code == 0
    sizes = run("train", "--backbone", bert, "--epochs", 1, "--device", "cpu", "--json").json["items"]
    assert all(size % 4 == 0 and size > 0 for size in sizes.values())
