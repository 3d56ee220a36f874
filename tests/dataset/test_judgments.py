"""A judgment is learned where it agrees with most people in every order."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from judgekit.dataset.judgments import Judgment, read_judgments, sort_judgments
from judgekit.errors import DataError
from judgekit.prompts.mirror import find_mirror

LABELS = ("A", "B", "tie")
MIRROR = find_mirror(("answer_a", "answer_b"), LABELS)
COUNTS = np.array([[3, 1, 0], [0, 4, 1], [2, 2, 0]])
IDS = ("one", "two", "even")


def judged(*said: tuple[str, int, int, str]) -> tuple[list[Judgment], list[int | None]]:
    made = [Judgment(item, order, sample, text) for item, order, sample, text in said]
    return made, [LABELS.index(one.text) if one.text in LABELS else None for one in made]


def test_both_orders_must_come_to_the_counterparts_of_one_label() -> None:
    found = sort_judgments(
        *judged(("one", 0, 0, "A"), ("one", 1, 0, "B"), ("two", 0, 0, "B"), ("two", 1, 0, "B")), IDS, COUNTS, MIRROR
    )
    assert found.kept == [(0, 0, "A"), (0, 1, "B")]
    assert found.hard == [1]


def test_pairs_of_similar_length_count_more() -> None:
    assert MIRROR is not None
    assert [MIRROR.is_uneven({"answer_a": "x" * n, "answer_b": "yyyy"}) for n in (1, 2, 8, 9)] == [
        True,
        False,
        False,
        True,
    ]
    both = [("one", order, sample, "BA"[order == 0]) for sample in (0, 1) for order in (0, 1)]
    for uneven, kept in ((False, 4), (True, 2)):
        assert len(sort_judgments(*judged(*both), IDS, COUNTS, MIRROR, [uneven] * 3).kept) == kept


def test_one_order_alone_is_neither_kept_nor_hard() -> None:
    found = sort_judgments(*judged(("one", 0, 0, "A"), ("one", 1, 1, "B")), IDS, COUNTS, MIRROR)
    assert (found.kept, found.hard) == ([], [])


def test_items_without_a_majority_and_strange_ones_are_counted() -> None:
    found = sort_judgments(*judged(("even", 0, 0, "A"), ("gone", 0, 0, "A"), ("one", 0, 0, "?")), IDS, COUNTS, None)
    assert (found.kept, found.hard, found.unused) == ([], [0], 2)


def test_lines_that_hold_no_judgment_are_named(tmp_path: Path) -> None:
    good = json.dumps({"item": "one", "order": 1, "sample": 2, "text": "x", "prompt": "p"})
    path = tmp_path / "samples.jsonl"
    path.write_text(f"{good}\nnothing\n\n[]\n" + good.replace('"order": 1', '"order": 7') + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"(?s)line 2.*line 4.*line 5"):
        read_judgments(path)
    path.write_text(good, encoding="utf-8")
    assert read_judgments(path) == [Judgment("one", 1, 2, "x")]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone"):
        read_judgments(tmp_path / "gone.jsonl")
