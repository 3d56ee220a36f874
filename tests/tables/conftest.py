"""Files in the shape of a published format, from Python objects to the table that is read from them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from judgekit.schema.inference import infer_schemas
from judgekit.tables.json_records.records import Records, read_records
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.format import Format
from judgekit.tables.tools.recognition import FORMATS

ReadFormat = Callable[..., SourceTable]


def records_of(content: Any, name: str = "votes.jsonl") -> Records:
    """JSONL of a list, JSON of anything else."""
    text = "\n".join(map(json.dumps, content)) if isinstance(content, list) else json.dumps(content)
    return read_records(Path(name if isinstance(content, list) else "votes.json"), text.encode(), strict=True)


@pytest.fixture
def read_format() -> ReadFormat:
    """Reads a file, with the companions beside it, as a format that must be the only one that knows it."""

    def read(known: Format, content: Any, *companions: list[Any]) -> SourceTable:
        records = records_of(content)
        assert [one.name for one in FORMATS if one.matches(records.records[:5])] == [known.name]
        beside = [records_of(companion, f"beside{n}.jsonl") for n, companion in enumerate(companions)]
        for companion in beside:
            assert known.is_companion(companion.records)
            assert not any(one.matches(companion.records) for one in FORMATS)
        source = known.read(records, beside)
        assert set(source.frame.dtypes) == {pl.String}
        assert source.lines is not None and len(source.lines) == source.frame.height
        schema = infer_schemas(source)[0]  # no option is needed, and nothing is guessed
        assert (schema.item, schema.fields) == (source.roles.item, source.roles.text)
        assert schema.label in (None, *source.roles.label)
        return source

    return read
