"""Drawn items as the tasks that annotation tools import, each with its id and the chance with which it was drawn.

Only those two stand beside the texts: what the judge expects would sway whoever annotates. Formats: labelstud.io/guide/
tasks, docs.argilla.io (`Dataset.records.from_json`), prodi.gy/docs/api-loaders, doccano's JSONL of text classification.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from judgekit.config import Tool
from judgekit.judge.score_table import already_there
from judgekit.schema.drawn import CHANCE_COLUMN, ID_COLUMN
from judgekit.workspace.atomic import replaced_file

TEXT = "text"
ENDINGS: dict[Tool, str] = {
    "none": ".csv",
    "label-studio": ".json",
    "argilla": ".json",
    "prodigy": ".jsonl",
    "doccano": ".jsonl",
}


def tasks_of(
    tool: Tool, ids: pl.Series, texts: pl.DataFrame, chances: Sequence[float], labels: Sequence[str]
) -> list[str]:
    """The tasks of a tool, each as JSON.

    Args:
        tool: its name.
        ids: of the items, `[n]`.
        texts: of the items, by field, `[n, F]`.
        chances: of the items, `[n]`.
        labels: of the judge, for tools whose tasks bring the choices.
    """
    return [
        json.dumps(_task(tool, {ID_COLUMN: name, CHANCE_COLUMN: chance}, row, labels), ensure_ascii=False)
        for name, chance, row in zip(ids.to_list(), chances, texts.iter_rows(named=True), strict=True)
    ]


def _task(
    tool: Tool, about: Mapping[str, str | float], texts: Mapping[str, str], labels: Sequence[str]
) -> dict[str, Any]:
    if tool == "label-studio":
        return {"data": {**texts, **about}}
    if tool == "argilla":
        metadata = {CHANCE_COLUMN: about[CHANCE_COLUMN]}
        return {"id": about[ID_COLUMN], "fields": dict(texts), "metadata": metadata, "suggestions": {},
                "responses": {}, "vectors": {}}  # fmt: skip
    if tool == "prodigy":
        options = [{"id": label, "text": label} for label in labels]
        return {**_shown_as_html(texts), "options": options, "meta": dict(about)}
    return {**_shown_as_text(texts), "label": [], **about}  # doccano


def _shown_as_html(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts, and all of several in one that is shown."""
    if len(texts) == 1:
        return {TEXT: next(iter(texts.values())), **texts}
    shown = "".join(f"<p><b>{html.escape(name)}</b><br>{html.escape(one)}</p>" for name, one in texts.items())
    return {**texts, "html": shown}


def _shown_as_text(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts; doccano shows the one that is called `text`, and the others as metadata."""
    if TEXT in texts or len(texts) == 1:
        return {TEXT: texts.get(TEXT) or next(iter(texts.values())), **texts}
    return {TEXT: "\n\n".join(f"{name}:\n{one}" for name, one in texts.items()), **texts}


def write_tasks(tasks: Sequence[str], output: Path, *, force: bool) -> None:
    """Write tasks as a JSON list, or a line each where the file ends on `.jsonl`; whole or not at all.

    Raises:
        DataError: a file has come to that place meanwhile, and `force` is false.
    """
    is_lines = output.suffix.lower() in (".jsonl", ".ndjson")
    content = "\n".join(tasks) + "\n" if is_lines else "[\n" + ",\n".join(tasks) + "\n]\n"
    try:
        with replaced_file(output, replace=force) as temporary:
            temporary.write_text(content, encoding="utf-8", newline="\n")
    except FileExistsError as error:
        raise already_there(output) from error
