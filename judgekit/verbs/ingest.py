"""`judgekit ingest`: what annotation teams have becomes datasets of the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Unpack

from judgekit.config import IngestSettings
from judgekit.config.keywords import IngestKeywords
from judgekit.config.roles import Roles
from judgekit.dataset.manifest import DATASETS
from judgekit.dataset.opening import open_workspace
from judgekit.dataset.result import IngestResult
from judgekit.dataset.writing import hide_names, make_dataset, write_dataset
from judgekit.errors import DataError
from judgekit.reports.ingest_page import first_items as first_items
from judgekit.reports.ingest_page import ingest_page as ingest_page
from judgekit.reports.preview_page import Preview
from judgekit.reports.preview_page import preview_page as preview_page
from judgekit.schema.inference import infer_schemas
from judgekit.schema.question import Question as Question
from judgekit.schema.question import in_words as in_words
from judgekit.schema.respondents import turned
from judgekit.schema.schema import Schema
from judgekit.schema.spellings import spelling_map
from judgekit.tables.files import ReadOptions, read_files
from judgekit.tables.files import format_titles as format_titles
from judgekit.tables.frames import TableData
from judgekit.tables.source import SourceTable
from judgekit.verbs.append import append_round
from judgekit.workspace.layout import check_name, name_from_file

_DRY_KEY = b"what is not written needs no secret"


def ingest(
    *data: TableData | str | PathLike[str],
    name: str | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    append: bool = False,
    dry_run: bool = False,
    settings: IngestSettings | None = None,
    **keywords: Unpack[IngestKeywords],
) -> IngestResult:
    """Read what several people said about the same items, and keep the label distribution of every item.

    Args:
        data: files or folders (delimited text, Excel, JSON, JSONL, Parquet, Arrow, exports of annotation tools), or
            tables in memory: polars or pandas data frames, lists of dicts, dicts of lists.
        name: name of the dataset; None makes one of the first path's name, and `data` of a table in memory. With
            several label columns the name of the column is put behind it.
        workspace: its folder; None finds one, and makes it where there is none.
        force: replace a dataset of that name.
        append: add a further round to the dataset `name`, or the newest, instead of making one.
        dry_run: write nothing.
        settings: what the columns mean, and how the files are read.
        keywords: fields of the settings, by name; they beat `settings`.

    Returns:
        The dataset; where the table has several label columns, that of the first, with the `others`.

    Raises:
        DataError: the files cannot be read or contradict themselves; all problems are listed and nothing is written.
        WorkspaceError: the name is taken, or there is no dataset to append to.

    Examples:
        >>> rows = [("a", "Anna", "cold soup", "bad"), ("a", "Ben", "cold soup", "fair")]
        >>> rows += [("b", "Anna", "kind host", "good"), ("b", "Ben", "kind host", "good")]
        >>> columns = ("item_id", "annotator", "text", "label")
        >>> dataset = ingest([dict(zip(columns, row)) for row in rows], name="meals")
        >>> dataset.items.counts.tolist()
        [[1, 1, 0], [0, 0, 2]]
    """
    chosen = IngestSettings.chosen(settings, keywords)
    if not data:
        raise DataError("There is no file to ingest.", hint="judgekit ingest votes.csv")
    inputs = [Path(one) if isinstance(one, str | PathLike) else one for one in data]
    base = None if append and name is None else check_name(name or _name_of(inputs[0]))
    source, roles = _read(inputs, chosen)
    if append or base is None:
        return append_round(open_workspace(workspace), base, source, chosen, roles=roles, dry_run=dry_run)
    # Everything that can be wrong is found before anything is written, and a dry run makes no workspace.
    made = _made(base, source, roles, chosen)
    if chosen.merge_spellings and (spellings := _spellings(made)):
        made = _made(base, source, replace(roles, label_map=(*roles.label_map, *spellings)), chosen)
    if dry_run:
        results = [hide_names(one, source, _DRY_KEY) for one in made]
    else:
        place = open_workspace(workspace, create=True)
        for one in made:
            place.check_free(DATASETS, one.dataset, force)
        results = [write_dataset(place, hide_names(one, source, place.secret()), replace=force) for one in made]
    return results[0]._replace(others=tuple(results[1:]))


def preview(
    *data: TableData | str | PathLike[str], settings: IngestSettings | None = None, **keywords: Unpack[IngestKeywords]
) -> Preview:
    """The first rows of a table and what each column is taken for; no workspace is opened, and nothing is made.

    Args:
        data: as for `ingest`.
        settings: what the columns mean, and how the files are read.
        keywords: fields of the settings, by name; they beat `settings`.

    Raises:
        DataError: the files cannot be read, or allow several readings.
    """
    inputs = [Path(one) if isinstance(one, str | PathLike) else one for one in data]
    source, roles = _read(inputs, IngestSettings.chosen(settings, keywords))
    return Preview.of(source, infer_schemas(source, roles))


def _read(inputs: Sequence[object], chosen: IngestSettings) -> tuple[SourceTable, Roles]:
    """The table with a row for each item or annotation, and the user's word on its columns."""
    source, roles = read_files(inputs, ReadOptions.of(chosen)), chosen.roles()
    if not chosen.is_of_respondents:
        return source, roles
    return turned(source, roles, read_files([Path(chosen.item_texts)]) if chosen.item_texts else None)


def _made(base: str, source: SourceTable, roles: Roles, chosen: IngestSettings) -> list[IngestResult]:
    """The datasets of a table, not yet written."""
    schemas = infer_schemas(source, roles)
    names = _names(base, schemas)
    return [make_dataset(one, source, schema, chosen) for one, schema in zip(names, schemas, strict=True)]


def _spellings(made: Sequence[IngestResult]) -> list[tuple[str, str]]:
    """Labels that are spellings of others, and these; of all datasets together."""
    totals: dict[str, int] = {}
    for one in made:
        for label, total in zip(one.items.labels, one.items.counts.sum(axis=0).tolist(), strict=True):
            totals[label] = totals.get(label, 0) + total
    return spelling_map(list(totals), list(totals.values()))


def _name_of(given: object) -> str:
    """The name of a dataset that has none: that of its file."""
    return name_from_file(given) if isinstance(given, Path) else "data"


def _names(base: str, schemas: Sequence[Schema]) -> list[str]:
    """A name for each dataset; of several, what is judged is put behind it."""
    if len(schemas) == 1:
        return [base]
    names = [name_from_file(Path(f"{base}-{one.dimension}.csv")) for one in schemas]
    return [name if names.index(name) == n else f"{name}-{n + 1}" for n, name in enumerate(names)]
