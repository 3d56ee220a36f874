"""A table in memory scored: every row that has a text, in one window."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from judgekit.config import PredictSettings, ScoreFileSettings
from judgekit.dataset.score_input import read_score_items
from judgekit.judge.score_file import Asked, Window
from judgekit.judge.scores import Scores
from judgekit.tables.files import ReadOptions, read_files
from judgekit.tables.frames import TableData
from judgekit.training.reporter import Reporter
from judgekit.wording import counted


def score_rows(judge: Asked, data: TableData, settings: PredictSettings, reporter: Reporter) -> Scores:
    """What a judge says of every row.

    Args:
        judge: who is asked.
        data: with the columns that it reads.
        settings: how the rows are read and shown.
        reporter: gets notes and progress.

    Raises:
        DataError: a column is missing, or too many rows have no text.
    """
    manifest = judge.entry.manifest
    source = read_files([data], ReadOptions.of(settings))
    found = read_score_items(
        source,
        fields=manifest.fields,
        columns=settings.column_of_field(manifest.fields) if isinstance(settings, ScoreFileSettings) else None,
        item_column=manifest.columns.item,
        every_row=True,
        strict=settings.strict,
        most_set_aside=settings.most_set_aside,
    )
    for note in found.notes:
        reporter.note(note)
    judge.expect(len(found.texts))
    window = Window(found.ids, found.ids.to_series(0).cast(pl.String).to_list(), found.texts)
    scores = judge.ask(window, settings, reporter)
    dropped = len(window.names) - len(scores)
    if dropped:
        what = counted(dropped, "item is", "items are")
        reporter.note(f"{what} longer than {manifest.max_length:,} tokens and left out.")
    rows = found.rows[scores.rows]
    return replace(scores, rows=rows if source.lines is None else source.lines[rows] - 1)
