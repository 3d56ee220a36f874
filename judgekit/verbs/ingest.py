"""`judgekit ingest`: what annotation teams have becomes datasets of the workspace."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from judgekit.config import IngestSettings
from judgekit.dataset.building import build_items
from judgekit.dataset.manifest import DATASETS
from judgekit.dataset.opening import open_workspace
from judgekit.dataset.result import AS_IN_FILE, PSEUDONYMS, IngestResult
from judgekit.errors import DataError
from judgekit.prompts.library import build_template, choose_template
from judgekit.prompts.template import PromptTemplate
from judgekit.reports.tables import ingestion_page as ingestion_page
from judgekit.schema.inference import infer_schemas
from judgekit.schema.schema import Schema
from judgekit.tables.files import ReadOptions, read_files
from judgekit.tables.files import format_titles as format_titles
from judgekit.tables.source import SourceTable
from judgekit.verbs.append import append_round
from judgekit.verbs.new_dataset import (
    grouped,
    with_pseudonyms,
    write_dataset,
)
from judgekit.workspace.layout import check_name, name_from_file

DRY_KEY = b"what is not written needs no secret"


def ingest(
    *paths: str | Path,
    name: str | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    append: bool = False,
    dry_run: bool = False,
    **settings: Any,
) -> IngestResult:
    """Read what several people said about the same items, and keep the label distribution of every item.

    Args:
        paths: files or folders: delimited text, Excel, JSON, JSONL, Parquet, Arrow, exports of annotation tools.
        name: name of the dataset; None makes one of the first path's name. With several label columns the name of the
            column is put behind it.
        workspace: its folder; None finds one, and makes it where there is none.
        force: replace a dataset of that name.
        append: add a further round to the dataset `name`, or the newest, instead of making one.
        dry_run: write nothing.
        settings: fields of `IngestSettings`.

    Returns:
        The dataset; where the table has several label columns, that of the first, with the `others`.

    Raises:
        DataError: the files cannot be read or contradict themselves; all problems are listed and nothing is written.
        WorkspaceError: the name is taken, or there is no dataset to append to.
    """
    chosen = IngestSettings.from_json(settings)
    if not paths:
        raise DataError("There is no file to ingest.", hint="judgekit ingest votes.csv")
    files = [Path(path) for path in paths]
    options = ReadOptions(chosen.format, chosen.sheet, chosen.delimiter, chosen.encoding, chosen.strict)
    base = None if append and name is None else check_name(name or name_from_file(files[0]))
    source = read_files(files, options)
    roles = chosen.roles()
    sources = _fingerprints(source)
    if append:
        place = open_workspace(workspace)
        return append_round(place, base, source, roles, sources, chosen, dry_run=dry_run)
    assert base is not None
    schemas = infer_schemas(source, roles)
    names = [base] if len(schemas) == 1 else [name_from_file(Path(f"{base}-{one.dimension}.csv")) for one in schemas]
    names = [name if names.index(name) == n else f"{name}-{n + 1}" for n, name in enumerate(names)]
    # Everything that can be wrong is found before anything is written, and a dry run makes no workspace.
    made = [_make(dataset, source, schema, chosen) for dataset, schema in zip(names, schemas, strict=True)]
    if dry_run:
        results = [_without_names(result, source, DRY_KEY) for result, _ in made]
    else:
        place = open_workspace(workspace, create=True)
        for dataset in names:
            place.check_free(DATASETS, dataset, force)
        results = [
            write_dataset(place, _without_names(result, source, place.secret()), text, sources, replace=force)
            for result, text in made
        ]
    return results[0]._replace(others=tuple(results[1:]))


def _make(dataset: str, source: SourceTable, schema: Schema, chosen: IngestSettings) -> tuple[IngestResult, str]:
    """One dataset, not yet written, and its template."""
    items, annotations, report = build_items(source, schema, strict=chosen.strict, most_set_aside=chosen.most_set_aside)
    if chosen.near_duplicates:
        items, report = grouped(items, report, schema)
    template = chosen.template or choose_template(items.fields, items.labels, items.scale)
    text = build_template(template, items.fields, items.labels, items.scale)
    PromptTemplate(text).check(items.fields)
    ids = None if report.annotators is None else AS_IN_FILE if chosen.keep_annotator_ids else PSEUDONYMS
    return IngestResult(dataset, None, items, annotations, schema, report, template, ids), text


def _without_names(result: IngestResult, source: SourceTable, key: bytes) -> IngestResult:
    """The dataset with pseudonyms for its annotators, unless they are to keep their ids."""
    if result.annotator_ids != PSEUDONYMS:
        return result
    annotations, names = with_pseudonyms(result.annotations, source, result.schema, key)
    return result._replace(annotations=annotations, names=names)


def _fingerprints(source: SourceTable) -> list[dict[str, Any]]:
    """Name and SHA-256 of each file: a dataset can be traced to its files, and no file is added twice."""
    members = [table.path for table in source.members or (source,)]
    # The members of a zip are no files of their own: it is the zip that was given.
    found: list[dict[str, Any]] = []
    for path in dict.fromkeys(path if path.is_file() else source.path for path in members):
        if path.is_file():
            with path.open("rb") as file:
                found.append({"name": path.name, "sha256": hashlib.file_digest(file, "sha256").hexdigest()})
    return found
