"""What a table says reaches the terminal as text: no escape sequence, no override of the direction of writing."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

HOSTILE = {
    "escape": "\x1b[31mred\x1b]0;title\x07",
    "return": "fine\rgone",
    "eight bit": "\x9b2Jclear",
    "backspace": "ab\b\b\bcd",
    "override": "\u202eevil\u202c",
    "isolate": "\u2066evil\u2069",
    "zero width": "good\u200b",
    "separator": "one\u2028two",
}
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_in_a_table_is_obeyed_by_the_terminal(run: Run, tmp_path: Path, kind: str) -> None:
    bad = HOSTILE[kind]
    rows = [
        {"id": f"{bad}{n}", "text": f"a text of some words {bad} {n}", "annotator": f"{bad}{a}", "label": label}
        for n in range(20)
        for a, label in enumerate((bad if n % 2 else "other", "other", bad if n % 3 else "third"))
    ]
    path = write(tmp_path / f"table {bad}.csv", rows)
    commands = {
        ("ingest", path, "--name", "votes"): 0,
        ("ingest", path, "--name", "votes", "--force", "--keep-annotator-ids"): 0,
        ("ingest", path, "--label", bad): 3,
        ("ingest", path, "--labels", f"{bad},nobody", "--name", "other"): 3,
        ("check", "votes"): 0,
        ("show",): 0,
        ("show", "template"): 0,
        ("show", "template", "--item", bad): 3,
        ("train", "--dataset", bad): 3,
        ("score", path, "--judge", bad): 3,
        ("score", path): 3,
    }
    for command, code in commands.items():
        found = run(*command)
        assert found.code == code, found.err
        assert not OBEYED.search(found.out + found.err), (command, OBEYED.findall(found.out + found.err))


@pytest.mark.parametrize("kind", HOSTILE)
def test_json_holds_the_texts_and_shows_nothing_that_is_obeyed(run: Run, tmp_path: Path, kind: str) -> None:
    bad = HOSTILE[kind]
    rows = [
        {"text": f"some words {n}", "annotator": f"a{a}", "label": bad if (n + a) % 2 else "other"}
        for n in range(20)
        for a in range(3)
    ]
    found = run("ingest", write(tmp_path / "votes.csv", rows), "--json")
    assert found.code == 0, found.err
    assert not OBEYED.search(found.out)
    assert any("other" in label for label in json.loads(found.out)["labels"])


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have names in Unicode alone")
def test_a_file_whose_name_is_no_utf8_is_ingested(run: Callable[..., Any], votes_csv: Path) -> None:
    odd = votes_csv.with_name(os.fsdecode(b"vo\xff.csv"))
    votes_csv.rename(odd)
    assert run("ingest", odd, "--name", "votes").code == 0
    assert run("show").code == 0
