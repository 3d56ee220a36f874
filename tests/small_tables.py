"""Small tables written to disk, and the whole way from a file to its items."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgekit.config.roles import Roles
from judgekit.dataset.building import Ingested, build_items
from judgekit.schema.inference import infer_schema
from judgekit.tables.delimited.table import read_table
from judgekit.tables.source import SourceTable


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., SourceTable]:
    def read(content: str | bytes, **options: Any) -> SourceTable:
        path = tmp_path / "votes.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path, path.read_bytes(), **options)

    return read


@pytest.fixture
def ingest(table: Callable[..., SourceTable]) -> Callable[..., Ingested]:
    def run(content: str | bytes, roles: Roles | None = None, **known: tuple[str, ...]) -> Ingested:
        source = table(content)
        return build_items(source, infer_schema(source, roles, **known))

    return run
