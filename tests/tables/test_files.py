"""The whole way from paths to one table, and that several files are what one would have been."""

from __future__ import annotations

import csv
import errno
import gzip
import hashlib
import io
import json
import zipfile
from mmap import mmap
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.dataset.building import build_items
from judgekit.errors import DataError
from judgekit.schema.inference import infer_schema
from judgekit.tables import opening
from judgekit.tables.files import ReadOptions, format_titles, read_files
from judgekit.tables.opening import open_paths

LABELS = ("yes", "no", "maybe")
COLUMNS = ["item_id", "annotator_id", "text", "label"]


def as_csv(rows: list[tuple[str, ...]], columns: list[str] = COLUMNS) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([columns, *rows])
    return out.getvalue().encode()


def as_jsonl(rows: list[tuple[str, ...]]) -> bytes:
    return "\n".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in rows).encode()


def as_parquet(rows: list[tuple[str, ...]]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(rows, schema=COLUMNS, orient="row").write_parquet(out)
    return out.getvalue()


def as_arrow(rows: list[tuple[str, ...]]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(rows, schema=COLUMNS, orient="row").write_ipc_stream(out)
    return out.getvalue()


def as_excel(rows: list[tuple[str, ...]]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(rows, schema=COLUMNS, orient="row").write_excel(out)
    return out.getvalue()


WRITERS = [as_csv, as_jsonl, as_parquet, as_arrow, as_excel]
VOTES = [
    (f"i{item}", f"a{person}", f"What of number {item}?", LABELS[(item * person) % 3])
    for item in range(6)
    for person in range(3)
]


def counts_of(*paths: Path) -> dict[str, dict[str, int]]:
    source = read_files(paths)
    assert source.set_aside == ()
    items = build_items(source, infer_schema(source)).items
    return {
        item: dict(zip(items.labels, counts, strict=True))
        for item, counts in zip(items.item_ids, items.counts.tolist(), strict=True)
    }


@pytest.mark.parametrize("write", WRITERS)
def test_every_format_gives_the_same_table(tmp_path, write):
    (tmp_path / "votes").write_bytes(write(VOTES))
    assert read_files([tmp_path / "votes"]).frame.select(COLUMNS).rows() == VOTES


@settings(deadline=None, max_examples=25)
@given(parts=st.lists(st.integers(0, 3), min_size=len(VOTES), max_size=len(VOTES)), data=st.data())
def test_the_parts_of_a_table_give_the_items_and_counts_of_the_whole(tmp_path_factory, parts, data):
    folder = tmp_path_factory.mktemp("parts")
    (folder / "whole.csv").write_bytes(as_csv(VOTES))
    paths: list[Path] = []
    for part in set(parts):
        write = data.draw(st.sampled_from(WRITERS))
        pack = data.draw(st.sampled_from([bytes, gzip.compress]))
        paths.append(folder / f"part{part}")
        paths[-1].write_bytes(pack(write([row for row, place in zip(VOTES, parts, strict=True) if place == part])))
    assert counts_of(*paths) == counts_of(folder / "whole.csv")


def test_one_file_per_annotator_gives_what_one_table_with_their_names_gives(tmp_path):
    (tmp_path / "whole.csv").write_bytes(as_csv(VOTES))
    members = tmp_path / "members.zip"
    with zipfile.ZipFile(members, "w") as archive:
        for person in ("a0", "a1", "a2"):
            own = [(row[0], row[2], row[3]) for row in VOTES if row[1] == person]
            archive.writestr(f"export/{person}.csv", as_csv(own, ["item_id", "text", "label"]))
    source = read_files([members])
    assert source.roles.annotator == "annotator"
    assert source.frame.get_column("annotator").unique(maintain_order=True).to_list() == ["a0", "a1", "a2"]
    assert source.path == members and source.place([6]) == "a1.csv line 2"
    assert counts_of(members) == counts_of(tmp_path / "whole.csv")


def test_doccano_s_file_of_each_member_is_one_annotator(tmp_path):
    for name, labels in (("ann", "abab"), ("bob", "abba")):
        records = [{"id": n, "text": f"text {n}", "label": [x], "Comments": []} for n, x in enumerate(labels, 1)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, records)))
    source = read_files([tmp_path])
    assert source.roles.annotator == "annotator" and source.frame.height == 8
    assert source.frame.get_column("annotator").to_list() == ["ann"] * 4 + ["bob"] * 4


def test_texts_beside_votes_are_joined_to_them(tmp_path):
    votes = [{"question_id": 1, "model_a": "m", "model_b": "n", "winner": "tie", "judge": f"j{n}"} for n in range(3)]
    answers = [{"question_id": 1, "model": name, "turns": [f"I am {name}"]} for name in "mn"]
    names = {"v.jsonl": votes, "a.jsonl": answers, "q.jsonl": [{"question_id": 1, "turns": ["Who are you?"]}]}
    for name, records in names.items():
        (tmp_path / name).write_text("\n".join(map(json.dumps, records)))
    source = read_files([tmp_path / name for name in ("q.jsonl", "v.jsonl", "a.jsonl")])
    assert source.frame.height == 3 and "Joined to it: q.jsonl, a.jsonl." in source.notes
    assert "I am m" in source.frame.row(0)


def test_the_same_content_twice_is_refused_however_it_is_packed(tmp_path):
    (tmp_path / "a.csv").write_bytes(as_csv(VOTES))
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(as_csv(VOTES)))
    for paths in ([tmp_path / "a.csv"] * 2, [tmp_path / "a.csv", tmp_path / "b.csv.gz"]):
        with pytest.raises(DataError, match="have the same content"):
            read_files(paths)


def test_a_format_can_be_insisted_on(tmp_path):
    path = tmp_path / "votes.json"
    path.write_bytes(as_jsonl(VOTES))
    assert read_files([path], ReadOptions(format="jsonl")).frame.height == len(VOTES)
    for format_, said in (("csv", "it is JSON"), ("excel", "workbook is damaged"), ("parquet", "cannot be read")):
        with pytest.raises(DataError, match=said):
            read_files([path], ReadOptions(format=format_))
    with pytest.raises(DataError, match=r"no format 'labelstudio' \(did you mean 'label-studio'\?\)"):
        read_files([path], ReadOptions(format="labelstudio"))


def test_a_kind_insisted_on_means_no_tool(tmp_path):
    path = tmp_path / "snli.jsonl"
    record = {"pairID": "p1", "sentence1": "A dog.", "sentence2": "A cat.", "annotator_labels": ["neutral"]}
    path.write_text("\n".join(json.dumps(record | {"pairID": f"p{n}"}) for n in range(3)))
    assert "The format is that of SNLI" in read_files([path]).notes[0]
    assert "annotator_labels" in read_files([path], ReadOptions(format="json")).frame.columns


@pytest.mark.parametrize("name", sorted(format_titles()))
@pytest.mark.parametrize("write", WRITERS)
def test_no_format_insisted_on_ends_in_a_traceback(tmp_path, name, write):
    path = tmp_path / "votes"
    path.write_bytes(write(VOTES))
    try:
        assert read_files([path], ReadOptions(format=name)).frame.height
    except DataError as error:
        assert "votes" in str(error) and error.hint


@pytest.mark.parametrize("option", [{"sheet": "data"}, {"encoding": "cp1252"}, {"delimiter": ";"}])
def test_an_option_that_no_file_can_heed_is_refused(tmp_path, option):
    path = tmp_path / "votes"
    path.write_bytes(as_parquet(VOTES))
    with pytest.raises(DataError, match=f"--{next(iter(option))} is for"):
        read_files([path], ReadOptions(**option))


def test_an_encoding_holds_for_json_as_well(tmp_path):
    path = tmp_path / "votes.jsonl"
    path.write_bytes('{"id": "1", "text": "café", "label": "a"}'.encode("cp1252"))
    assert "café" in read_files([path], ReadOptions(encoding="cp1252")).frame.row(0)
    with pytest.raises(DataError, match="the bytes are not ascii"):
        read_files([path], ReadOptions(encoding="ascii"))


def test_a_plain_file_stays_on_disk_until_it_is_read(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_bytes(as_csv(VOTES))
    assert open_paths([path]).files[0].content is None
    source = read_files([path])
    assert source.path == path and source.members == () and source.line_of(0) == 2


def test_a_long_file_is_mapped_and_read_as_a_short_one(tmp_path):
    votes = [(f"{round}{item}", *rest) for round in range(300) for item, *rest in VOTES]
    path = tmp_path / "votes.csv"
    path.write_bytes(as_csv(votes))
    assert isinstance(open_paths([path]).files[0].load(), mmap)
    source = read_files([path])
    assert source.frame.rows() == votes and source.line_of(len(votes) - 1) == len(votes) + 1
    assert source.fingerprints[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(DataError, match="JSON"):
        read_files([path], ReadOptions(format="json"))
    path.write_bytes(as_csv(votes) + b"torn,row\n")
    torn = read_files([path], ReadOptions(strict=False))
    assert torn.frame.rows() == votes and [aside.rows for aside in torn.set_aside] == [1]


def test_a_long_file_of_a_folder_that_maps_nothing_is_read(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.ENODEV, "No such device")

    path = tmp_path / "votes.csv"
    path.write_bytes(as_csv(VOTES * 100))
    monkeypatch.setattr(opening, "mmap", refuse)
    assert open_paths([path]).files[0].load() == path.read_bytes()


def test_a_packed_file_keeps_its_own_name_in_messages(tmp_path):
    path = tmp_path / "votes.csv.gz"
    path.write_bytes(gzip.compress(as_csv(VOTES) + b"torn,row\n"))
    with pytest.raises(DataError, match=r"votes\.csv\.gz"):
        read_files([path])
    path.write_bytes(gzip.compress(as_csv(VOTES)))
    assert read_files([path]).path == path
