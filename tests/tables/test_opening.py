"""What a path turns out to be: by content first, and everything that cannot be opened is refused by name."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import threading
import zipfile
from pathlib import Path

import polars as pl
import pytest

from judgekit.errors import DataError
from judgekit.tables import unpacking
from judgekit.tables.files import read_files
from judgekit.tables.opening import open_paths

CSV = b"id,text,label\n1,one,a\n2,two,b\n"
JSONL = b'{"id": "1", "text": "one", "label": "a"}\n{"id": "2", "text": "two", "label": "b"}\n'
ROWS = [("1", "one", "a"), ("2", "two", "b")]


def parquet() -> bytes:
    content = io.BytesIO()
    pl.DataFrame(ROWS, schema=["id", "text", "label"], orient="row").write_parquet(content)
    return content.getvalue()


def zipped(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [CSV, JSONL, parquet(), b"[" + JSONL.strip().replace(b"\n", b",") + b"]"],
    ids=["csv", "jsonl", "parquet", "json"],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("name", ["votes", "votes.csv.gz", "votes.json", "votes.xlsx"])
def test_content_decides_whatever_the_name_says(tmp_path, name, pack, content):
    path = tmp_path / name
    path.write_bytes(pack(content))
    assert read_files([path]).frame.select("id", "text", "label").rows() == ROWS


def test_a_name_that_says_another_thing_is_said(tmp_path):
    path = tmp_path / "votes.xlsx"
    path.write_bytes(gzip.compress(CSV, mtime=0))
    assert open_paths([path]).files[0].notes == (
        "votes.xlsx is compressed with gzip, whatever its name says.",
        "votes.xlsx is delimited text by its content, whatever its name says.",
    )
    (tmp_path / "votes.csv.gz").write_bytes(CSV)
    assert "not compressed" in open_paths([tmp_path / "votes.csv.gz"]).files[0].notes[0]


@pytest.mark.parametrize("header", ["[id],{text},label", '["id"],text,label', "{id},text,label"])
def test_a_header_with_brackets_is_not_json(tmp_path, header):
    path = tmp_path / "votes.csv"
    path.write_bytes(CSV.replace(b"id,text,label", header.encode()))
    assert open_paths([path]).files[0].kind == "csv"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (gzip.compress(CSV, mtime=0)[:-9], "gzip file, and damaged or cut off"),
        (gzip.compress(CSV, mtime=0)[:12] + b"\xff" * 30, "gzip file, and damaged or cut off"),
        (gzip.compress(b"", mtime=0), "empty"),
        (zipped(**{"a.csv": CSV})[:-20], "zip archive and damaged"),
        (zipped(), "no file that is named like data"),
        (zipped(**{"readme.md": b"x"}), "no file that is named like data"),
        (zipped(**{"../a.csv": CSV}), "leads out of it"),
        (zipped(**{"/a.csv": CSV}), "leads out of it"),
        (zipped(**{"a.csv": CSV, "b.csv": CSV}).replace(b"b.csv", b"a.csv"), "two files of one name"),
        (zipped(**{"a.csv": CSV}).replace(b"a.csv", bytes(5)), "no file that is named like data"),
        (zipped(**{"[Content_Types].xml": b"", "word/document.xml": b""}), "not .xlsx"),
        (zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "not .xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Excel file"),
        (b"PAR1 and no more", "cannot be read"),
        (b"ARROW1\x00\x00 and no more", "cannot be read"),
        (b"FEA1" + bytes(60), "Feather file of version 1"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "binary or damaged"),
        (b"%PDF-1.7 ...", "a PDF file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "bytes",  # archives hold the time they were made
)
def test_what_cannot_be_opened_is_refused_by_name_with_a_way_out(tmp_path, content, said):
    path = tmp_path / "votes.dat"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said) as caught:
        read_files([path])
    assert "votes.dat" in caught.value.message and caught.value.hint


def test_a_member_that_fails_its_checksum_is_refused(tmp_path):
    content = bytearray(zipped(**{"a.csv": CSV * 20}))
    content[45] ^= 0xFF
    (tmp_path / "votes.zip").write_bytes(content)
    with pytest.raises(DataError, match=r"votes\.zip: a\.csv in it is damaged"):
        read_files([tmp_path / "votes.zip"])


def test_a_password_is_said(tmp_path):
    content = bytearray(zipped(**{"a.csv": CSV}))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + offset] |= 1
    (tmp_path / "votes.zip").write_bytes(content)
    with pytest.raises(DataError, match="has a password"):
        read_files([tmp_path / "votes.zip"])


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: zipped(**{"a.csv": content})])
def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(unpacking, "_SMALL_BYTES", 1 << 20)
    path = tmp_path / "votes.bin"
    path.write_bytes(pack(CSV + bytes(20 << 20)))
    with pytest.raises(DataError, match="unpacks to more than 1 MiB and more than 100 times its size"):
        read_files([path])


def test_a_zip_that_lies_about_its_size_is_refused_as_well(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "_SMALL_BYTES", 1 << 20)
    content = zipped(**{"a.csv": bytes(20 << 20)}).replace((20 << 20).to_bytes(4, "little"), (99).to_bytes(4, "little"))
    (tmp_path / "votes.zip").write_bytes(content)
    with pytest.raises(DataError):
        read_files([tmp_path / "votes.zip"])


def test_missing_and_unreadable_paths_are_all_listed(tmp_path):
    (tmp_path / "good.csv").write_bytes(CSV)
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.csv").write_bytes(b"id,text,label\n1,a\n")
    with pytest.raises(DataError) as caught:
        read_files([tmp_path / name for name in ("none.csv", "good.csv", "empty", "bad.csv")])
    text = str(caught.value)
    assert text.startswith("3 problems with the files")
    assert "none.csv does not exist" in text and "empty has no file" in text and "bad.csv line 2" in text


def test_a_folder_gives_its_data_files_and_names_what_it_passes_over(tmp_path):
    folder = tmp_path / "round 1"
    (folder / "old").mkdir(parents=True)
    for name in ("b.csv", "a.csv", "notes.txt", ".hidden.csv", "old/c.csv", "dataset_info.json"):
        (folder / name).write_bytes(CSV.replace(b"one", name.encode()))
    found = open_paths([folder])
    assert [file.path.name for file in found.files] == ["a.csv", "b.csv"] and not found.problems
    assert found.notes == ["Skipped in round 1: dataset_info.json, notes.txt."]


def test_a_folder_of_folders_gives_the_files_of_the_first_level_that_has_any(tmp_path):
    for name in ("x/deep/a.csv", "y/b.csv", "z/c.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(CSV)
    assert [file.path.name for file in open_paths([tmp_path]).files] == ["b.csv", "c.csv"]


def test_a_zip_is_read_like_the_folder_in_it(tmp_path):
    content = zipped(
        **{"export/b.csv": CSV, "export/a.jsonl": JSONL, "export/old/c.csv": CSV, "__MACOSX/export/._a.jsonl": b"x"}
    )
    (tmp_path / "votes.zip").write_bytes(content)
    found = open_paths([tmp_path / "votes.zip"])
    assert [file.path.name for file in found.files] == ["a.jsonl", "b.csv"]
    assert found.notes == ["Skipped in votes.zip: export/old/c.csv."]


def test_a_pipe_is_read_once(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    threading.Thread(target=path.write_bytes, args=(CSV,), daemon=True).start()
    assert read_files([path]).frame.rows() == ROWS


def test_a_dash_is_the_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(CSV, mtime=0))))
    source = read_files([Path("-")])
    assert source.frame.rows() == ROWS and source.name == "stdin"


@pytest.mark.parametrize(
    ("name", "stem"),
    [("ann.csv.gz", "ann"), ("ann@example.org", "ann@example.org"), ("ann@example.org.jsonl", "ann@example.org")],
)
def test_the_stem_keeps_what_is_no_ending_of_a_format(tmp_path, name, stem):
    (tmp_path / name).write_bytes(CSV)
    assert open_paths([tmp_path / name]).files[0].stem == stem


def test_a_mistyped_file_gets_the_nearest_name_beside_it(tmp_path):
    (tmp_path / "chatbot_ratings.csv").write_text("item_id,annotator,text,label\na,p,x,1\n")
    with pytest.raises(
        DataError, match=r"chatbot_rating\.csv does not exist \(did you mean 'chatbot_ratings\.csv'\?\)"
    ):
        read_files([tmp_path / "chatbot_rating.csv"])
    with pytest.raises(DataError, match=r"nowhere/votes\.csv does not exist\."):
        read_files([tmp_path / "nowhere" / "votes.csv"])


def test_each_file_is_read_once_and_known_by_what_was_given(tmp_path, monkeypatch):
    plain, packed, archive = tmp_path / "one.csv", tmp_path / "two.csv.gz", tmp_path / "more.zip"
    plain.write_bytes(CSV)
    packed.write_bytes(gzip.compress(CSV.replace(b"1,", b"3,")))
    archive.write_bytes(zipped(**{"a.csv": CSV.replace(b"1,", b"4,"), "b.csv": CSV.replace(b"1,", b"5,")}))
    read, whole = list[str](), Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path.name) or whole(path))
    source = read_files([plain, packed, archive])
    expected = [(path.name, hashlib.sha256(whole(path)).hexdigest()) for path in (plain, packed, archive)]
    for path in (plain, packed, archive):
        path.unlink()
    assert [tuple(one) for one in source.fingerprints] == expected
    assert read == ["one.csv"]  # the head says that the others are packed, and the rest of them is read behind it
