"""`judgekit estimate`: which items it rests on, what it refuses, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_votes import LABELS, text_of, votes_rows, write_csv

from judgekit import EstimateSettings, estimate
from judgekit.decisions.held_out import held_out_predictions, open_judge
from judgekit.decisions.likeness import differences
from judgekit.errors import DataError
from judgekit.training.reporter import SILENT

Run = Callable[..., Any]


@pytest.fixture
def new_csv(tmp_path: Path) -> Path:
    """120 items that no training saw; half of each of two systems."""
    rows = [[f"n{n}", text_of(n + 900, n % 3), "ab"[n % 2]] for n in range(120)]
    return write_csv(tmp_path / "new.csv", [["item_id", "text", "system"], *rows])


def annotated(path: Path, numbers: range) -> Path:
    """Annotations of some of those items."""
    rows = votes_rows(numbers.stop - numbers.start, first=900 + numbers.start)
    return write_csv(path, rows)


def test_held_out_items_of_the_dataset_correct_the_judge(judged: Path, new_csv: Path, run: Run) -> None:
    facts = run("estimate", new_csv, "--json").json
    assert (facts["items"], facts["annotated"], facts["annotations"]) == (120, 12, 36)  # 6 of test, 6 of validation
    shares = [one for one in facts["quantities"] if one["measure"] == "share"]
    assert [one["name"] for one in shares] == list(LABELS)
    for one in shares:
        found = one["estimate"]
        assert 0 <= found["low"] <= found["value"] <= found["high"] <= 1
        assert found["high"] - found["low"] <= 1.02 * (
            found["annotations_alone"]["high"] - found["annotations_alone"]["low"]
        )


def test_annotations_of_a_file_and_the_words_of_the_page(judged: Path, new_csv: Path, tmp_path: Path, run: Run) -> None:
    file = annotated(tmp_path / "round.csv", range(0, 60))
    found = run("estimate", new_csv, "--annotations", file)
    assert found.code == 0
    text = " ".join(found.out.split())
    assert "What people would say of new.csv (120 items)" in text
    assert "the judge alone says" in text
    assert "From round.csv: 60 items with 180 annotations, 60 of them in new.csv." in text


def test_annotated_items_that_the_judge_was_trained_on_are_refused(
    judged: Path, new_csv: Path, tmp_path: Path, run: Run
) -> None:
    known = set(held_out_ids())
    rows = votes_rows(60)
    trained = write_csv(tmp_path / "trained.csv", [rows[0], *(row for row in rows[1:] if row[0] not in known)])
    found = run("estimate", new_csv, "--annotations", trained)
    assert found.code == 3
    assert "trained.csv cannot correct the judge 'votes', which was trained on all of its items" in found.err


def held_out_ids() -> list[str]:
    """The items that an estimate of the judge rests on by default."""
    opened = open_judge(None, None, EstimateSettings(), offline=True)
    return held_out_predictions(opened, EstimateSettings(), SILENT).items.item_ids.to_list()


def test_too_few_annotated_items_are_refused_with_their_number(judged: Path, new_csv: Path, tmp_path: Path) -> None:
    file = annotated(tmp_path / "round.csv", range(0, 9))
    with pytest.raises(DataError, match="9 annotated items are too few for an estimate; at least 10"):
        estimate(new_csv, annotations=str(file))


def test_a_table_of_annotated_items_alone_is_refused(judged: Path, new_csv: Path, tmp_path: Path) -> None:
    file = annotated(tmp_path / "round.csv", range(0, 120))
    with pytest.raises(DataError, match="0 of its 120 items are neither annotated nor known"):
        estimate(new_csv, annotations=str(file))


def test_parts_of_the_table_each_have_their_annotated_items(judged: Path, new_csv: Path, tmp_path: Path) -> None:
    file = annotated(tmp_path / "round.csv", range(0, 60))
    found = estimate(new_csv, annotations=str(file), by="system")
    assert [(part.group, part.items, part.annotated) for part in found.parts] == [("a", 60, 30), ("b", 60, 30)]
    assert all(part.quantities for part in found.parts)
    with pytest.raises(DataError, match="no column for --by"):
        estimate(new_csv, annotations=str(file), by="sistem")
    few = annotated(tmp_path / "few.csv", range(0, 15))
    with pytest.raises(DataError, match="No value of 'system' has 10 annotated items"):
        estimate(new_csv, annotations=str(few), by="system")


def test_a_text_that_stands_in_two_parts_counts_in_both(judged: Path, tmp_path: Path) -> None:
    texts = [[f"q{n}", text_of(n + 900, n % 3)] for n in range(40)]
    rows = [[*row, system] for row in texts for system in "ab"]  # both answer each question alike
    new = write_csv(tmp_path / "new.csv", [["item_id", "text", "system"], *rows])
    found = estimate(new, by="system", annotations=str(annotated(tmp_path / "round.csv", range(20))))
    assert [(one.group, one.items, one.annotated) for one in found.parts] == [("a", 40, 20), ("b", 40, 20)]
    assert found.items == 80


def test_a_field_is_read_from_a_column_of_another_name(judged: Path, new_csv: Path, tmp_path: Path, run: Run) -> None:
    renamed = tmp_path / "renamed.csv"
    renamed.write_text(new_csv.read_text().replace("text", "answer", 1))
    file = str(annotated(tmp_path / "round.csv", range(20)))
    assert estimate(renamed, column="text=answer", annotations=file).quantities == (
        estimate(new_csv, annotations=file).quantities
    )
    assert run("estimate", renamed).err.strip().endswith("or say --column FIELD=COLUMN.")


def test_a_table_of_one_item_has_no_shares(judged: Path, tmp_path: Path) -> None:
    one = write_csv(tmp_path / "one.csv", [["text"], ["a new text"]])
    with pytest.raises(DataError, match=r"one\.csv has a single item"):
        estimate(one)


@pytest.mark.parametrize("verb", ["estimate", "gate", "select", "evaluate"])
def test_what_score_adds_to_a_table_is_no_option_where_there_is_none(judged: Path, run: Run, verb: str) -> None:
    assert run(verb, "new.csv", "--review", "0.1").code == 2


def test_two_tables_are_compared_in_pairs_by_their_ids(judged: Path, new_csv: Path, tmp_path: Path, run: Run) -> None:
    rows = [[f"n{n}", text_of(n + 2000, 2)] for n in range(120)]
    other = write_csv(tmp_path / "other.csv", [["item_id", "text"], *rows])
    said = [*votes_rows(40, first=900), *votes_rows(40, first=2000)[1:]]
    for row in said[121:]:
        row[2] = text_of(int(row[0][1:]), 2)
    file = write_csv(tmp_path / "round.csv", said)
    found = estimate(new_csv, annotations=str(file), against=str(other))
    assert found.against is not None
    assert (found.against.pairs, found.against.annotated) == (120, (40, 40))
    assert [one.name for one in found.against.changes if one.measure == "share"] == list(LABELS)
    assert "More than in other.csv" in run("estimate", new_csv, "--annotations", file, "--against", other).out
    with pytest.raises(DataError, match="10 annotated items of each are needed"):
        estimate(new_csv, annotations=str(annotated(tmp_path / "one.csv", range(0, 30))), against=str(other))


def test_items_of_the_training_in_the_table_are_left_out_of_the_judges_mean(judged: Path, tmp_path: Path) -> None:
    rows = {row[0]: row[2] for row in votes_rows(60)[1:]}
    file = write_csv(
        tmp_path / "all.csv", [["item_id", "text"], *map(list, rows.items()), ["z1", "cold tea"], ["z2", "warm bed"]]
    )
    found = estimate(file)
    assert (found.items, found.among, found.trained_on) == (62, 12, 48)


def test_annotated_items_from_elsewhere_are_told_in_words() -> None:
    random = np.random.default_rng(0)
    one, other = random.dirichlet([6, 2], size=200), random.dirichlet([2, 6], size=900)
    lengths = random.integers(100, 200, size=200), random.integers(20, 60, size=900)
    found = differences(one, other, lengths, ("yes", "no"))
    assert {difference.what for difference in found} == {"length", "labels", "score"}
    assert any("their texts are longer (median 1" in difference.sentence for difference in found)


def test_a_random_sample_is_seldom_called_another_population() -> None:
    random, alarms = np.random.default_rng(1), 0
    for _ in range(100):
        q, lengths = random.dirichlet([3, 2, 1], size=600), random.integers(20, 200, size=600)
        alarms += bool(differences(q[:100], q[100:], (lengths[:100], lengths[100:]), ("a", "b", "c")))
    assert alarms <= 10
