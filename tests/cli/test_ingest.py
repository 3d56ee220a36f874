"""`ingest` beyond one CSV: dry runs, further rounds, pseudonyms, several label columns; nothing half-written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from made_up_votes import text_of, votes_rows, write_csv

from judgekit.dataset.items import load_items
from judgekit.dataset.manifest import DatasetSchema

Run = Callable[..., Any]
HEADER = ["item_id", "annotator_id", "text", "label"]


def annotations(place: Path, name: str = "votes") -> pl.DataFrame:
    return pl.read_parquet(place / ".judgekit" / "datasets" / name / "annotations.parquet")


def counts(place: Path, name: str = "votes") -> dict[str, list[int]]:
    folder = place / ".judgekit" / "datasets" / name
    items = load_items(folder / "items.parquet", DatasetSchema.read(folder / "schema.json").items)
    return dict(zip(items.item_ids, items.counts.tolist(), strict=True))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


@pytest.fixture
def place(tmp_path: Path, run: Run, votes_csv: Path) -> Path:
    """A folder with a workspace that holds the dataset `votes`: items i0000 to i0059, three annotators."""
    assert run("init").code == 0
    assert run("ingest", votes_csv).code == 0
    return tmp_path


# -- dry runs ----------------------------------------------------------------------------------------------------------


def test_dry_run_shows_all_and_writes_nothing(run: Run, votes_csv: Path, tmp_path: Path) -> None:
    before = tree(tmp_path)
    shown = run("ingest", votes_csv, "--dry-run")
    assert shown.code == 0 and "60" in shown.out and "nothing was written" in shown.out
    assert "Written" not in shown.err and tree(tmp_path) == before
    facts = run("ingest", votes_csv, "--dry-run", "--json").json
    assert facts["dry_run"] is True and facts["folder"] is None and facts["items"] == 60
    assert tree(tmp_path) == before


# -- further rounds ----------------------------------------------------------------------------------------------------


def test_a_round_is_added_to_its_dataset(run: Run, place: Path) -> None:
    before = counts(place)
    rows = [HEADER, ["i0000", "new", text_of(0, 0), "good"], ["i0100", "new", text_of(100, 1), "bad"]]
    write_csv(place / "round2.csv", rows)
    facts = run("ingest", "round2.csv", "--append", "--json").json
    assert facts["dataset"] == "votes" and (facts["items"], facts["annotations"]) == (61, 182)
    assert facts["round"] | {"set_aside": []} == {
        "annotations": 2, "added": 2, "new_items": 1, "known_items": 1, "set_aside": []
    }  # fmt: skip
    after = counts(place)
    assert sum(after["i0000"]) == sum(before["i0000"]) + 1 and after["i0100"] == [1, 0, 0]
    assert {item: after[item] for item in before if item != "i0000"} == {
        item: before[item] for item in before if item != "i0000"
    }


def test_the_same_person_is_known_again_in_the_next_round(run: Run, place: Path, votes_csv: Path) -> None:
    first = [row for row in votes_rows(60)[1:] if row[0] == "i0000"]
    write_csv(place / "round2.csv", [votes_rows(1)[0], *first, ["i0001", "new", text_of(1, 1), "good"]])
    facts = run("ingest", "round2.csv", "--append", "--json").json
    assert facts["annotations"] == 181  # three that were there, one that is new
    assert sum(aside["rows"] for aside in facts["round"]["set_aside"]) == 3


def test_a_round_that_contradicts_leaves_the_dataset_as_it_was(run: Run, place: Path) -> None:
    before = tree(place / ".judgekit")
    write_csv(place / "round2.csv", [HEADER, ["i0000", "new", "another text altogether", "good"]])
    refused = run("ingest", "round2.csv", "--append")
    assert refused.code == 3 and "'i0000'" in refused.err and tree(place / ".judgekit") == before
    write_csv(place / "round3.csv", [HEADER, ["i0000", "new", text_of(0, 0), "godo"]])
    refused = run("ingest", "round3.csv", "--append")
    assert refused.code == 3 and "did you mean 'good'" in refused.err and tree(place / ".judgekit") == before


def test_a_file_is_not_added_twice(run: Run, place: Path, votes_csv: Path) -> None:
    (place / "copy.csv").write_bytes(votes_csv.read_bytes())
    refused = run("ingest", "copy.csv", "--append")
    assert refused.code == 3 and "copy.csv is in the dataset" in refused.err


def test_an_edited_template_survives_a_round(run: Run, place: Path) -> None:
    template = place / ".judgekit" / "datasets" / "votes" / "template.j2"
    edited = template.read_text(encoding="utf-8") + "{# edited #}"
    template.write_text(edited, encoding="utf-8")
    write_csv(place / "round2.csv", [HEADER, ["i0000", "new", text_of(0, 0), "good"]])
    assert run("ingest", "round2.csv", "--append").code == 0
    assert template.read_text(encoding="utf-8") == edited


# -- annotators --------------------------------------------------------------------------------------------------------


def test_annotators_get_pseudonyms_that_last(run: Run, place: Path, votes_csv: Path) -> None:
    hidden = set(annotations(place)["annotator"])
    raw = {row[1] for row in votes_rows(60)[1:]}
    assert len(hidden) == len(raw) and not hidden & raw
    assert run("ingest", votes_csv, "--name", "again").code == 0
    assert set(annotations(place, "again")["annotator"]) == hidden


def test_annotators_keep_their_ids_on_request(run: Run, place: Path, votes_csv: Path) -> None:
    assert run("ingest", votes_csv, "--name", "kept", "--keep-annotator-ids").code == 0
    assert set(annotations(place, "kept")["annotator"]) == {row[1] for row in votes_rows(60)[1:]}


def test_what_annotations_say_beside_the_label_is_kept_and_joined_by_rounds(run: Run, tmp_path: Path) -> None:
    people = {"Ann Lee": "34", "Ben Roe": "51"}
    rows = [
        [
            f"i{n}",
            name,
            text_of(n, n % 3),
            "good" if (n + k) % 3 else "bad",
            f"{n + k}",
            f"like Ann Lee on {n + k}",
            age,
        ]
        for n in range(12)
        for k, (name, age) in enumerate(people.items())
    ]
    write_csv(tmp_path / "votes.csv", [[*HEADER, "seconds", "comment", "age"], *rows])
    assert run("init").code == 0
    columns = run("ingest", "votes.csv", "--json").json["annotation_columns"]
    assert columns == [
        {"name": "seconds", "of": "annotation", "type": "Int64", "filled": 1.0},
        {"name": "comment", "of": "annotation", "type": "String", "filled": 1.0},
        {"name": "age", "of": "annotator", "type": "Int64", "filled": 1.0},
    ]
    assert run("check", "--json").json["annotation_columns"] == columns
    assert not any(b"Ann Lee" in found.read_bytes() for found in (tmp_path / ".judgekit").rglob("*") if found.is_file())
    assert annotations(tmp_path)["annotation.comment"].str.contains("like a-.* on").all()
    prompt = run("show", "prompt", "votes").out
    assert "like a-" not in prompt
    other = [[f"i{n}", "Cy Poe", text_of(n, n % 3), "good", "yes" if n % 2 else "no"] for n in range(12)]
    write_csv(tmp_path / "round2.csv", [[*HEADER, "seconds"], *other])
    facts = run("ingest", "round2.csv", "--append", "--json").json
    assert [(one["name"], one["type"], one["filled"]) for one in facts["annotation_columns"]] == [
        ("seconds", "String", 1.0), ("comment", "String", 24 / 36), ("age", "Int64", 24 / 36)
    ]  # fmt: skip


def test_no_email_reaches_the_workspace(run: Run, tmp_path: Path) -> None:
    people = ["ann@example.org", "ben@example.org", "cem@example.org"]
    rows = [[f"i{n}", text_of(n, n % 3), *("good" if (n + k) % 3 else "bad" for k in range(3))] for n in range(12)]
    write_csv(tmp_path / "wide.csv", [["item_id", "text", *people], *rows])
    assert run("init").code == 0
    shown = run("ingest", "wide.csv", "--json")
    assert shown.json["annotators"] == 3 and "@example.org" not in shown.out
    assert "ann@example.org" in run("ingest", "wide.csv", "--force").out  # one's own columns, on one's own screen
    for path, content in tree(tmp_path / ".judgekit").items():
        assert b"@example.org" not in content, path


# -- several label columns ---------------------------------------------------------------------------------------------


def test_each_label_column_becomes_a_dataset(run: Run, tmp_path: Path) -> None:
    header = ["item_id", "annotator_id", "text", "fluency", "relevance"]
    rows = [
        [f"i{n}", f"a{k}", text_of(n, n % 3), str(1 + (n + k) % 5), str(1 + (n * k) % 5)]
        for n in range(20)
        for k in range(3)
    ]
    write_csv(tmp_path / "ratings.csv", [header, *rows])
    assert run("init").code == 0
    found = run("ingest", "ratings.csv", "--label", "fluency", "--label", "relevance", "--json").json["datasets"]
    assert [facts["dataset"] for facts in found] == ["ratings-fluency", "ratings-relevance"]
    assert [facts["annotations"] for facts in found] == [60, 60]
    assert counts(tmp_path, "ratings-fluency")["i0"] == [1, 1, 1, 0, 0]


def test_a_taken_name_is_found_out_before_anything_is_written(run: Run, place: Path, votes_csv: Path) -> None:
    before = tree(place / ".judgekit")
    refused = run("ingest", votes_csv)
    assert refused.code == 3 and "--force" in refused.err and tree(place / ".judgekit") == before
