"""`judgekit select` of old items, with costs, and as the tasks of annotation tools, there and back."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from made_up_votes import text_of, votes_rows, write_csv

from judgekit import SelectSettings, estimate, ingest, select, train
from judgekit.dataset.chances import drawn_of
from judgekit.decisions.candidates import own_items_of
from judgekit.decisions.held_out import open_judge
from judgekit.decisions.tasks import tasks_of
from judgekit.errors import DataError
from judgekit.judge.held_out import held_out_predictions
from judgekit.training.reporter import SILENT

Run = Callable[..., Any]
CHANCE = "inclusion_probability"


@pytest.fixture
def new_csv(tmp_path: Path) -> Path:
    """60 items that no training saw, and what reading each costs."""
    rows = [[f"n{n}", text_of(n, n % 3), str(1 + n % 2)] for n in range(900, 960)]
    return write_csv(tmp_path / "new.csv", [["item_id", "text", "seconds"], *rows])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_items_of_the_dataset_are_drawn_for_one_more_annotation(judged: Path, tmp_path: Path, run: Run) -> None:
    found = run("select", "-n", 10)
    assert found.code == 0, found.err
    assert "judgekit ingest FILE --append --name votes" in found.err
    drawn = rows_of(tmp_path / "votes.next.csv")
    assert list(drawn[0]) == ["item_id", "text", CHANCE, "expected_gain", "annotations_so_far", "reason"]
    assert {row["annotations_so_far"] for row in drawn} == {"3"}
    assert all("3 annotations so far" in row["reason"] for row in drawn)
    assert run("select", "votes", "-n", 10, "--json", "--force").json["again"] == 60
    other = run("select", "elsewhere", "-n", 10)
    assert other.code == 3 and "'elsewhere' is no file, and the judge 'votes' was trained on the dataset" in other.err


def test_new_items_tell_more_than_old_ones_of_their_kind(judged: Path, new_csv: Path, tmp_path: Path) -> None:
    found = select(new_csv, items=30, again=True, output=tmp_path / "both.csv")
    assert (found.items, found.again) == (120, 60)
    old = [one for one in found.chosen if one.annotations]
    new = [one for one in found.chosen if not one.annotations]
    assert len(new) > len(old) > 0
    # An old item that is drawn is no item of the table, and the estimate of it does without.
    said = {row[0]: row for row in [*votes_rows(60), *votes_rows(60, first=900)]}
    rows = rows_of(tmp_path / "both.csv")
    file = write_csv(
        tmp_path / "round.csv",
        [["item_id", "text", "annotator_id", "label", CHANCE]]
        + [
            [row["item_id"], row["text"], "p9", said[row["item_id"].replace("n", "i0")][3], row[CHANCE]] for row in rows
        ],
    )
    made = estimate(new_csv, annotations=str(file))
    assert (made.annotated, made.is_weighted) == (len(new), True)


def test_costs_turn_the_draw_to_cheaper_items(judged: Path, new_csv: Path, tmp_path: Path) -> None:
    with_costs = select(new_csv, items=20, cost="seconds", output=tmp_path / "a.csv")
    without = select(new_csv, items=20, output=tmp_path / "b.csv")
    chances = {row["item_id"]: float(row[CHANCE]) for row in rows_of(tmp_path / "a.csv")}
    dear = [chance for name, chance in chances.items() if int(name[1:]) % 2]
    cheap = [chance for name, chance in chances.items() if not int(name[1:]) % 2]
    assert sum(cheap) / len(cheap) > 1.2 * sum(dear) / len(dear)
    assert with_costs.cost is not None and without.cost is None
    assert list(rows_of(tmp_path / "a.csv")[0])[2:6] == [CHANCE, "expected_gain", "cost", "gain_per_cost"]
    with pytest.raises(DataError, match="--cost text must be a number above 0"):
        select(new_csv, items=20, cost="text", output=tmp_path / "c.csv")
    with pytest.raises(DataError, match="votes keeps no column 'seconds' of numbers"):
        select(items=20, cost="seconds", output=tmp_path / "c.csv")


def exported(tool: str, tasks: list[dict[str, Any]], said: Callable[[int, int], str]) -> Any:
    """What a tool writes when two people have annotated its tasks; `said` is what each chose."""
    if tool == "label-studio":
        return [
            {
                "id": n + 1,
                "data": task["data"],
                "annotations": [
                    {
                        "id": 10 * n + who,
                        "completed_by": who + 1,
                        "was_cancelled": False,
                        "result": [
                            {
                                "from_name": "label",
                                "to_name": "text",
                                "type": "choices",
                                "value": {"choices": [said(n, who)]},
                            }
                        ],
                    }
                    for who in range(2)
                ],
                "predictions": [],
            }
            for n, task in enumerate(tasks)
        ]
    if tool == "argilla":
        return [
            {
                **task,
                "responses": {"label": [{"value": said(n, who), "user_id": f"u{who}"} for who in range(2)]},
                "status": "completed",
                "_server_id": f"s{n}",
            }
            for n, task in enumerate(tasks)
        ]
    if tool == "prodigy":
        return [
            {
                **task,
                "_input_hash": 7 * n,
                "_task_hash": 11 * n,
                "_view_id": "choice",
                "accept": [said(n, who)],
                "answer": "accept",
                "_annotator_id": f"u{who}",
                "_session_id": f"u{who}",
            }
            for n, task in enumerate(tasks)
            for who in range(2)
        ]
    return [{"id": n + 1, **task, "label": [said(n, 0)], "Comments": []} for n, task in enumerate(tasks)]


@pytest.mark.parametrize("tool", ["label-studio", "argilla", "prodigy", "doccano"])
def test_ids_and_chances_come_back_from_a_tool(judged: Path, new_csv: Path, tmp_path: Path, tool: str) -> None:
    found = select(new_csv, items=20, tool=tool)
    written = found.output.read_text(encoding="utf-8")
    is_lines = found.output.suffix == ".jsonl"
    tasks = [json.loads(line) for line in written.splitlines()] if is_lines else json.loads(written)
    assert len(tasks) == 20 and "expect" not in written
    folder = tmp_path / "out"
    folder.mkdir()
    records = exported(tool, tasks, lambda n, who: ("bad", "fair", "good")[(n + who * (n % 4 == 0)) % 3])
    file = folder / ("admin.jsonl" if is_lines else "export.json")
    file.write_text("\n".join(map(json.dumps, records)) if is_lines else json.dumps(records), encoding="utf-8")
    made = ingest(file, name="votes", append=True, dry_run=True)
    assert made.round is not None and (made.round.new_items, made.round.known_items) == (20, 0)
    drawn = drawn_of(made.annotations, made.items.item_ids)
    assert drawn is not None
    chances = dict(zip(made.items.item_ids.to_list(), drawn.chances.tolist(), strict=True))
    assert {one.item_id: round(one.chance, 9) for one in found.chosen} == {
        name: round(chance, 9) for name, chance in chances.items() if chance == chance
    }


@pytest.mark.parametrize("tool", ["label-studio", "argilla", "prodigy", "doccano"])
def test_several_texts_are_shown_together_and_kept_apart(tool: Any) -> None:
    texts = pl.DataFrame({"question": ["why <b>"], "reply": ["so"]})
    task = json.loads(tasks_of(tool, pl.Series(["a"]), texts, [0.5], ("no", "yes"))[0])
    within = task.get("data") or task.get("fields") or task
    assert {name: within[name] for name in texts.columns} == {"question": "why <b>", "reply": "so"}
    if tool == "prodigy":
        assert "why &lt;b&gt;" in task["html"] and [one["id"] for one in task["options"]] == ["no", "yes"]
    if tool == "doccano":
        assert task["text"] == "question:\nwhy <b>\n\nreply:\nso" and task["label"] == []


def test_a_judge_in_folds_says_of_old_items_what_those_say_that_had_not_seen_them(
    votes_csv: Path, bert: Path, tmp_path: Path
) -> None:
    place = tmp_path / "ws"
    ingest(votes_csv, workspace=place)
    train(workspace=place, backbone=bert, epochs=1, folds=2, device="cpu")
    opened = open_judge(None, place, SelectSettings(), offline=True)
    own = own_items_of(opened, SelectSettings(), SILENT)
    held = held_out_predictions(opened.judge.entry)
    assert own is not None and held is not None
    place_of = [held.item_ids.index(name) for name in own.items.ids.to_list()]
    np.testing.assert_array_equal(own.items.q, held.q[place_of])
    assert select(items=5, workspace=place, output=tmp_path / "next.csv").again == 60
