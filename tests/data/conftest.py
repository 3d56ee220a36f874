"""Small tables written to disk, and the whole way from a file to its items."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from judgekit.data.build import Ingested, build_items
from judgekit.data.inference import infer_schema
from judgekit.data.readers.delimited import read_table
from judgekit.data.schema import Roles
from judgekit.data.source import SourceTable


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., SourceTable]:
    def read(content: str | bytes, **options: str) -> SourceTable:
        path = tmp_path / "votes.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path, **options)

    return read


@pytest.fixture
def ingest(table: Callable[..., SourceTable]) -> Callable[..., Ingested]:
    def run(content: str | bytes, roles: Roles | None = None, **known: tuple[str, ...]) -> Ingested:
        source = table(content)
        return build_items(source, infer_schema(source, roles, **known))

    return run
