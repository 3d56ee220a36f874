"""`ingest --preview` shows the role of each column beside its first cells, and does nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]


def test_preview_shows_roles_and_opens_nothing(run: Run, votes_csv: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    shown = run("ingest", votes_csv, "--preview")
    assert shown.code == 0 and "nothing was written" in shown.out and "left out" not in shown.out
    facts = run("ingest", votes_csv, "--preview", "--json", "--text", "text").json
    assert {one["name"]: one["role"] for one in facts["columns"]} == {
        "item_id": "item",
        "annotator_id": "annotator",
        "text": "text",
        "label": "label",
    }
    assert len(facts["rows"]) == 3 and sorted(tmp_path.rglob("*")) == before
