"""Making a dataset of a table, and writing it: whole or not at all, without the names of annotators."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from judgekit.config import IngestSettings
from judgekit.dataset.building import build_items
from judgekit.dataset.items import content_hash, save_items
from judgekit.dataset.manifest import (
    ANNOTATIONS_FILE,
    DATASETS,
    HASHED_FILES,
    ITEMS_FILE,
    SCHEMA_FILE,
    TEMPLATE_FILE,
    DatasetManifest,
    DatasetSchema,
    SourceFile,
)
from judgekit.dataset.near_duplicates import keep_together
from judgekit.dataset.pseudonyms import hide_annotators, redacted
from judgekit.dataset.result import AS_IN_FILE, PSEUDONYMS, IngestResult
from judgekit.prompts.library import build_template, choose_template
from judgekit.prompts.template import PromptTemplate
from judgekit.schema.schema import Schema
from judgekit.tables.source import SourceTable
from judgekit.workspace.atomic import write_text
from judgekit.workspace.manifest import file_hash, now
from judgekit.workspace.store import Entry, Workspace


def make_dataset(name: str, source: SourceTable, schema: Schema, settings: IngestSettings) -> IngestResult:
    """A dataset with its template, not yet written and with the annotators' own names.

    Args:
        name: of the dataset.
        source: the table.
        schema: what each column means.
        settings: what may be set aside, whether near-duplicates stay together, and the template.

    Raises:
        DataError: too much of the table cannot be used.
        TemplateError: there is no such template, or it does not fit the columns.
    """
    items, annotations, report = build_items(
        source, schema, strict=settings.strict, most_set_aside=settings.most_set_aside
    )
    if settings.near_duplicates and not schema.group:
        items, note = keep_together(items)
        report = replace(report, notes=(*report.notes, *note))
    template = settings.template or choose_template(items.fields, items.labels, items.scale)
    text = build_template(template, items.fields, items.labels, items.scale)
    PromptTemplate(text).check(items.fields)
    return IngestResult(
        dataset=name,
        folder=None,
        items=items,
        annotations=annotations,
        schema=schema,
        report=report,
        template=template,
        template_text=text,
        annotator_ids=None if report.annotators is None else AS_IN_FILE if settings.keep_annotator_ids else PSEUDONYMS,
        sources=files_of(source),
    )


def hide_names(made: IngestResult, source: SourceTable, key: bytes) -> IngestResult:
    """The dataset with pseudonyms for its annotators, unless they are to keep their ids."""
    if made.annotator_ids != PSEUDONYMS:
        return made
    annotations, names = hide_annotators(made.annotations, source, made.schema, key)
    return made._replace(annotations=annotations, names=names)


def write_dataset(
    place: Workspace, made: IngestResult, *, replace: bool, based_on: Entry[DatasetManifest] | None = None
) -> IngestResult:
    """Write a dataset.

    Args:
        place: the workspace.
        made: the dataset, its names hidden.
        replace: whether one of that name is replaced.
        based_on: the version that it was made of and replaces; None replaces any.

    Returns:
        The same with its folder.

    Raises:
        WorkspaceError: the name is taken and `replace` is false, or another version than `based_on` is there.
    """
    with place.staged(DATASETS, made.dataset, replace=replace, based_on=based_on) as staged:
        with ThreadPoolExecutor(1) as pool:  # an interrupt waits for it, so no file is written there
            content = pool.submit(content_hash, made.items)
            save_items(made.items, staged.path / ITEMS_FILE)
            made.annotations.write_parquet(staged.path / ANNOTATIONS_FILE, compression="zstd")
        schema = Schema.from_json(redacted(made.schema.to_json(), made.names))
        DatasetSchema(items=made.items.header(), columns=schema).write(staged.path / SCHEMA_FILE)
        write_text(staged.path / TEMPLATE_FILE, made.template_text)
        about = {
            "created": now(),
            "sources": redacted([file.to_json() for file in made.sources], made.names),
            "content_hash": content.result(),
            "files": {name: file_hash(staged.path / name) for name in HASHED_FILES},
        }
        entry = staged.commit(DatasetManifest.from_json({**about, **made.to_json()}))
    return made._replace(folder=entry.path)


def files_of(source: SourceTable) -> tuple[SourceFile, ...]:
    """Name and SHA-256 of each file: a dataset can be traced to its files, and no file is added twice."""
    # A name need not be UTF-8 on the disk; in the manifest it is.
    names = [os.fsencode(one.name).decode("utf-8", "replace") for one in source.fingerprints]
    return tuple(SourceFile(name=name, sha256=one.sha256) for name, one in zip(names, source.fingerprints, strict=True))
