"""What cells look like."""

from __future__ import annotations

import sys

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from judgekit.tables.shapes import is_blank

SPACES = "".join(char for char in map(chr, range(sys.maxunicode)) if char.isspace()) + "\u200b\x00!~\x7faé中"


@given(cells=st.lists(st.text(SPACES, max_size=3), max_size=8))
def test_a_blank_cell_holds_white_space_at_most(cells):
    column = pl.Series("cells", cells, pl.String)
    assert is_blank(column).to_list() == (column.str.strip_chars() == "").to_list()
    assert is_blank(column).name == "cells"
