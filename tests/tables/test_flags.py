"""One-hot columns of true and false are read as those of 1 and 0; what annotators answered with yes and no is not."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from judgekit.tables.flags import with_numbers_for_flags
from judgekit.tables.source import SourceTable

KINDS = ("joy", "anger", "fear")
ROWS = [0, 1, 2] * 4


def table(true, false, rows=ROWS):
    columns = {kind: [true if kind_of == k else false for kind_of in rows] for k, kind in enumerate(KINDS)}
    return SourceTable(Path("votes.csv"), pl.DataFrame({"text": [f"words {n}" for n in range(len(rows))], **columns}))


@pytest.mark.parametrize(("true", "false"), [("True", "False"), ("TRUE", "FALSE"), ("x", ""), ("yes", "no")])
def test_flags_become_numbers(true, false):
    found = with_numbers_for_flags(table(true, false))
    assert found.frame.select(KINDS).rows() == [("1", "0", "0"), ("0", "1", "0"), ("0", "0", "1")] * 4
    assert len(found.notes) == 1


def test_rows_with_two_flags_or_none_are_left_alone():
    two = table("True", "False")
    frame = two.frame.with_columns(pl.Series("joy", ["True"] * 11 + ["False"]))
    two = SourceTable(Path("votes.csv"), frame)
    assert with_numbers_for_flags(two) is two
    short = table("yes", "no", [0, 1, 2])
    assert with_numbers_for_flags(short) is short
