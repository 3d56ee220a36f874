"""`judgekit gate`: the file, what `score` makes of it, its check, and its refusals."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_up_votes import LABELS, text_of, votes_rows, write_csv

from judgekit import gate, score
from judgekit.decisions.gate_file import Gate
from judgekit.errors import DataError, WorkspaceError

Run = Callable[..., Any]


def as_the_judge_says(path: Path, first: int, items: int, *, contradicting: float = 0.0) -> Path:
    """Annotations of items that no training saw: the judge's labels, but for some of the items."""
    texts = [[f"n{n}", text_of(n, n % 3)] for n in range(first, first + items)]
    labels = score([{"item_id": name, "text": text} for name, text in texts]).label
    choose, rows = random.Random(first), [["item_id", "annotator_id", "text", "label"]]
    for (name, text), label in zip(texts, labels, strict=True):
        said = choose.choice([one for one in LABELS if one != label]) if choose.random() < contradicting else label
        rows += [[name, person, text, said] for person in ("p1", "p2", "p3")]
    return write_csv(path, rows)


@pytest.fixture
def round_csv(judged: Path, tmp_path: Path) -> Path:
    """Annotations of 200 items with which the judge agrees but for one in twenty."""
    return as_the_judge_says(tmp_path / "round.csv", 900, 200, contradicting=0.05)


def test_a_gate_is_written_and_score_adds_its_decision(judged: Path, round_csv: Path, tmp_path: Path, run: Run) -> None:
    made = run("gate", "--annotations", round_csv, "--error", 0.2)
    assert made.code == 0
    assert "disagrees with a new annotator on at most 20.0% of them (95% confidence)" in " ".join(made.out.split())
    found = Gate.read(tmp_path / "gate.json")
    assert (found.judge, found.error, found.items) == ("votes", 0.2, 200)
    again = run("gate", "--annotations", round_csv, "--error", 0.2)
    assert again.code == 3
    assert again.err.strip().endswith("Replace it with --force. Name another file: judgekit gate FILE")
    write_csv(tmp_path / "new.csv", [["item_id", "text"], ["a", "dirty tea"], ["b", "clean bed"]])
    assert run("score", "new.csv", "--gate", "gate.json").code == 0
    with (tmp_path / "new.scores.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sure = max(float(value) for name, value in row.items() if name.startswith("prob_")) >= found.threshold
            assert row["decision"] == (row["label"] if sure else "review")


def test_a_gate_of_another_judge_is_refused(judged: Path, round_csv: Path, tmp_path: Path) -> None:
    made = gate(annotations=str(round_csv), error=0.2).gate
    made.model_copy(update={"fingerprint": "0" * 64}).write(tmp_path / "other.json")
    with pytest.raises(DataError, match="the judge 'votes' is another"):
        score([{"text": "cold tea"}], gate="other.json")
    changed = json.loads((tmp_path / "gate.json").read_text()) | {"threshold": 0.1}
    (tmp_path / "changed.json").write_text(json.dumps(changed))
    with pytest.raises(WorkspaceError, match="has changed since judgekit wrote it"):
        score([{"text": "cold tea"}], gate="changed.json")


def test_a_promise_that_holds_and_one_that_is_broken(judged: Path, round_csv: Path, tmp_path: Path, run: Run) -> None:
    assert run("gate", "--annotations", round_csv, "--error", 0.2).code == 0
    later = as_the_judge_says(tmp_path / "later.csv", 3000, 90, contradicting=0.1)
    held = run("gate", "--check", later)
    assert held.code == 0, held.err
    assert "Holds: it decides" in held.out
    as_the_judge_says(tmp_path / "turned.csv", 3000, 90, contradicting=0.6)
    facts = run("gate", "--check", "turned.csv", "--json")
    assert (facts.code, facts.json["holds"]) == (3, False)
    assert "The promise of gate.json no longer holds on turned.csv" in facts.err
    assert facts.err.strip().endswith("judgekit gate gate.json --judge votes --error 0.2 --annotations FILE --force")


def test_a_check_on_too_few_items_says_that_it_cannot_tell(
    judged: Path, round_csv: Path, tmp_path: Path, run: Run
) -> None:
    assert run("gate", "--annotations", round_csv, "--error", 0.2).code == 0
    as_the_judge_says(tmp_path / "one.csv", 3000, 1, contradicting=1.0)
    found = run("gate", "--check", "one.csv")
    assert found.code == 0
    assert "Holds" not in found.out
    assert run("gate", "--check", "one.csv", "--json").json["can_tell"] is False


def test_a_budget_that_people_do_not_keep_is_refused_with_theirs(judged: Path, tmp_path: Path) -> None:
    round_csv = write_csv(tmp_path / "votes_of_people.csv", votes_rows(150, first=900))
    with pytest.raises(DataError, match=r"--error is 0\.05, but people contradict the others of an item in \d"):
        gate(annotations=str(round_csv), error=0.05)


def test_what_cannot_be_promised_is_said_with_what_can(judged: Path, tmp_path: Path) -> None:
    few = write_csv(tmp_path / "few.csv", votes_rows(30, first=900, annotators=1))
    with pytest.raises(DataError, match="It cannot be promised with 95% confidence") as caught:
        gate(annotations=str(few), error=0.1)
    assert f"judgekit gate --judge votes --annotations {few} --error 0." in str(caught.value)
    assert not (tmp_path / "gate.json").exists()
