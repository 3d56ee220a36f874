"""A large file in pieces is the table that it is as a whole, or is read as a whole."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import DataError
from judgekit.tables import pieces as pieces_module
from judgekit.tables.files import ReadOptions, read_files
from judgekit.tables.pieces import Pieces, WholeFile, read_pieces

TEXTS = ["plain", 'with "quotes", commas', "two\nlines", "naïve café 猫", "", "a;b", '"', "x\r\ny"]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces_module, "LEAST_BYTES", 1)
    monkeypatch.setattr(pieces_module, "PIECE_BYTES", 150)
    monkeypatch.setattr(pieces_module, "_PIECE_ROWS", 7)


def frame(rows: int = 40) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": [f"i{n}" for n in range(rows)],
            "text": [f"{n} {TEXTS[n % len(TEXTS)]}" for n in range(rows)],
            "score": [n / 4 for n in range(rows)],
        }
    )


def written(path: Path) -> Path:
    table = frame()
    if path.suffix == ".parquet":
        table.write_parquet(path, row_group_size=11)
    elif path.suffix == ".jsonl":
        lines = [json.dumps({**row, **({"more": "m"} if n > 30 else {})}) for n, row in enumerate(table.to_dicts())]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    else:
        table.write_csv(path, separator="\t" if path.suffix == ".tsv" else ",")
    return path


def joined(found: Pieces) -> pl.DataFrame:
    return pl.concat([piece.frame for piece in found.again()])


@pytest.mark.parametrize("name", ["new.csv", "new.tsv", "new.jsonl", "new.parquet", "new.data"])
def test_pieces_together_are_the_whole(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name)
    found, whole = read_pieces(path, ReadOptions()), read_files([path])
    assert isinstance(found.whole, WholeFile)
    assert sum(1 for _ in found.again()) > 3
    assert joined(found).equals(whole.frame) and joined(found).equals(joined(found))
    assert found.height == whole.frame.height and found.whole.rows_read == whole.rows_read
    assert found.whole.lines is not None and found.whole.lines.tolist() == whole.lines.tolist()
    assert (found.whole.unit, found.whole.roles, found.whole.notes) == (whole.unit, whole.roles, whole.notes)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content + b"i40,a,b,c,d\n",
        lambda content: content + b'i40,"never closed,1\n',
        lambda content: content.replace(b"\n", b"\r\n", 3),
        lambda content: content.decode().encode("utf-16"),
        lambda content: content + b"[1\n",
    ],
)
def test_what_is_in_doubt_is_read_as_a_whole_with_the_same_end(tmp_path: Path, change) -> None:
    path = written(tmp_path / "new.csv")
    path.write_bytes(change(path.read_bytes()))
    for strict in (True, False):
        options = ReadOptions(strict=strict)
        try:
            whole = read_files([path], options)
        except DataError as error:
            with pytest.raises(DataError) as caught:
                read_pieces(path, options)
            assert (str(caught.value), caught.value.problems) == (str(error), error.problems)
        else:
            found = read_pieces(path, options)
            assert joined(found).equals(whole.frame)
            assert found.whole.set_aside == whole.set_aside


def test_a_file_that_changes_between_the_passes_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "new.csv")
    found = read_pieces(path, ReadOptions())
    path.write_bytes(path.read_bytes() + b"i40,late,1\n")
    with pytest.raises(DataError, match="was changed while it was read"):
        joined(found)


@given(
    st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60)), min_size=5, max_size=30),
    st.integers(20, 200),
)
def test_any_csv_is_the_same_in_pieces(tmp_path_factory: pytest.TempPathFactory, rows: list, size: int) -> None:
    path = tmp_path_factory.mktemp("any") / "new.csv"
    path.write_bytes(pl.DataFrame(rows, schema=["id", "text"], orient="row").write_csv().encode())
    try:
        whole = read_files([path], ReadOptions(strict=False))
    except DataError as error:
        with pytest.MonkeyPatch.context() as patch, pytest.raises(DataError) as caught:
            patch.setattr(pieces_module, "PIECE_BYTES", size)
            read_pieces(path, ReadOptions(strict=False))
        assert str(caught.value) == str(error)
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces_module, "PIECE_BYTES", size)
        found = read_pieces(path, ReadOptions(strict=False))
        assert joined(found).equals(whole.frame)
        assert found.whole.lines is None or found.whole.lines.tolist() == whole.lines.tolist()
