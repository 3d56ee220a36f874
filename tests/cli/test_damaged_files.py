"""Damaged files of every kind: a dataset or a refusal, never a traceback and never half a dataset."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from made_up_votes import votes_rows

Run = Callable[..., Any]
ROWS = votes_rows(8)
FRAME = pl.DataFrame(ROWS[1:], schema=ROWS[0], orient="row")
EACH = 12


def as_excel() -> bytes:
    FRAME.write_excel(buffer := io.BytesIO())
    return buffer.getvalue()


def as_arrow() -> bytes:
    FRAME.write_ipc(buffer := io.BytesIO())
    return buffer.getvalue()


FILES = {
    "votes.csv": FRAME.write_csv().encode(),
    "votes.csv.gz": gzip.compress(FRAME.write_csv().encode()),
    "votes.json": json.dumps(FRAME.to_dicts()).encode(),
    "votes.jsonl": FRAME.write_ndjson().encode(),
    "votes.xlsx": as_excel(),
    "votes.arrow": as_arrow(),
}


def damaged(content: bytes, generator: random.Random) -> bytes:
    """Cut, repeat, swap or overwrite a stretch of the content."""
    start = generator.randrange(len(content))
    end = min(len(content), start + generator.randint(1, 40))
    return generator.choice(
        [
            content[:start],
            content[:start] + content[end:],
            content[:end] + content[start:],
            content[:start] + bytes(generator.choices(b'",;\t\r\n\x00{}[]\xff0a', k=end - start)) + content[end:],
        ]
    )


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_read_with_its_account_or_refused(name: str, run: Run, tmp_path: Path) -> None:
    generator = random.Random(name)
    assert run("init").code == 0
    datasets = tmp_path / ".judgekit" / "datasets"
    codes: list[int] = []
    for _ in range(EACH):
        (tmp_path / name).write_bytes(damaged(FILES[name], generator))
        before = sorted(datasets.iterdir())
        result = run("ingest", name, "--name", f"n{len(codes)}", "--json")
        codes.append(result.code)
        assert result.code in (0, 3), result.err
        if result.code == 0:
            facts = result.json
            assert facts["rows_read"] == facts["rows_kept"] + sum(aside["rows"] for aside in facts["set_aside"])
            assert (Path(facts["folder"]) / "manifest.json").is_file()
        else:
            assert result.err.startswith("judgekit: ") and sorted(datasets.iterdir()) == before
    assert 3 in codes
