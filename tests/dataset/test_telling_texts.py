"""A column of the prompt that gives the label away is warned about; one that does not is not."""

from __future__ import annotations

import random

from judgekit.config.roles import Roles

LABELS = ("good", "bad", "fair")


def rows(cell, seed=1):
    draw = random.Random(seed)
    lines = ["id,text,more,ann,ben"]
    for n in range(40):
        label = draw.choice(LABELS)
        lines.append(f"{n},the words of item number {n},{cell(n, label, draw)},{label},{label}")
    return "\n".join(lines) + "\n"


def warnings(ingest, cell):
    found = ingest(rows(cell), Roles(text=("text", "more"))).report.warnings
    return [warning for warning in found if "learns nothing else" in warning]


def test_column_that_determines_the_label_is_warned_about_with_its_name(ingest):
    (warning,) = warnings(ingest, lambda n, label, _: {"good": "green light", "bad": "red light"}.get(label, "amber"))
    assert warning.startswith("'more' determines the label") and "--text text would leave it out" in warning


def test_column_that_names_the_label_is_warned_about(ingest):
    (warning,) = warnings(ingest, lambda n, label, _: f"I said {label.upper()} as it sounds so to me {n}")
    assert warning.startswith("'more' names the label")


def test_other_columns_are_not_warned_about(ingest):
    assert warnings(ingest, lambda n, _, draw: f"a good and a bad thing {n}") == []
    assert warnings(ingest, lambda n, _, draw: draw.choice(("topic one", "topic two"))) == []
