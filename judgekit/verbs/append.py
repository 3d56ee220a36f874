"""`judgekit ingest --append`: a further round of annotations for a dataset that is there."""

from __future__ import annotations

import dataclasses
from typing import Any

from judgekit.config import IngestSettings
from judgekit.config.roles import Roles
from judgekit.dataset.building import build_items
from judgekit.dataset.items import ItemTable
from judgekit.dataset.manifest import DATASETS
from judgekit.dataset.opening import Dataset, load_annotations, open_dataset
from judgekit.dataset.result import PSEUDONYMS, IngestResult
from judgekit.dataset.rounds import Round, add_round
from judgekit.errors import MOST_PROBLEMS_SHOWN, DataError
from judgekit.schema.inference import infer_schema
from judgekit.schema.schema import Schema
from judgekit.tables.source import SourceTable
from judgekit.verbs.new_dataset import (
    grouped,
    with_pseudonyms,
    write_dataset,
)
from judgekit.workspace.store import Workspace


def append_round(
    place: Workspace,
    name: str | None,
    source: SourceTable,
    roles: Roles,
    sources: list[dict[str, Any]],
    chosen: IngestSettings,
    *,
    dry_run: bool,
) -> IngestResult:
    """Add the annotations of a table to a dataset; items are matched by id and text.

    Args:
        place: the workspace.
        name: the dataset; None takes the newest.
        source: the round.
        roles: the user's word on its columns; where it says nothing, they are those of the dataset.
        sources: name and SHA-256 of the round's files.
        chosen: the settings.
        dry_run: write nothing.

    Raises:
        DataError: the round cannot be read, was added before, has other labels, or contradicts the dataset more than
            is allowed; the dataset is then as it was.
        WorkspaceError: there is no such dataset.
    """
    name = place.open(DATASETS, name).name
    with place.only_one(f"append-{name}"):
        data = open_dataset(place, name)
        manifest = data.manifest
        before = [file.to_json() for file in manifest.sources]
        known = {file.sha256 for file in manifest.sources}
        repeated = [entry["name"] for entry in sources if entry["sha256"] in known]
        if repeated:
            raise DataError(
                f"{', '.join(repeated)} is in the dataset {data.name!r} already, with the same content.",
                hint="Give the files of the new round alone.",
            )
        schema = _schema_of_round(data, source, roles)
        round_items, annotations, report = build_items(
            source, schema, strict=chosen.strict, most_set_aside=chosen.most_set_aside
        )
        ids, names = manifest.annotator_ids, dict[str, str]()
        if report.annotators is not None and ids in (PSEUDONYMS, None):
            annotations, names = with_pseudonyms(annotations, source, schema, place.secret())
            ids = PSEUDONYMS
        by_id = schema.item is not None and data.schema.item is not None
        old = load_annotations(data.folder)
        joined = add_round(data.items, old, round_items, annotations, by_id=by_id)
        _refuse_contradictions(source, data, joined, report.annotations, chosen)
        items = joined.items
        if chosen.near_duplicates:
            items, report = grouped(items, report, data.schema)
        result = IngestResult(
            data.name, None, items, joined.annotations, data.schema, report, manifest.template, ids, names, joined
        )
        if dry_run:
            return result
        template = data.template.source
        return write_dataset(place, result, template, [*before, *sources], replace=True)


def _schema_of_round(data: Dataset, source: SourceTable, roles: Roles) -> Schema:
    """The round's columns: as the user says, else as in the dataset where the file has them, else found out."""
    then, columns = data.schema, set(source.frame.columns)
    lacking = [field for field in data.items.fields if field not in columns]
    if lacking:
        raise DataError(
            f"{source.name} lacks columns of the dataset {data.name!r}.",
            problems=[f"no column {field!r}" for field in lacking],
            hint="Name the columns as in the first round.",
        )
    known = dataclasses.replace(then.as_roles(), labels=(), annotator_columns=()).within(columns)
    is_alike = bool(known.label or known.counts)
    known = dataclasses.replace(known, layout=then.layout if is_alike else None)
    return infer_schema(source, roles.over(known), known_labels=_labels(data.items, roles, data.name))


def _labels(items: ItemTable, roles: Roles, name: str) -> tuple[str, ...]:
    if roles.labels and roles.labels != items.labels:
        raise DataError(
            f"The dataset {name!r} has the labels {', '.join(items.labels)}; a round cannot change them.",
            hint="Ingest the files of all rounds together: judgekit ingest round1.csv round2.csv",
        )
    return items.labels


def _refuse_contradictions(
    source: SourceTable, data: Dataset, joined: Round, read: int, chosen: IngestSettings
) -> None:
    faults = [aside for aside in joined.set_aside if aside.is_fault or chosen.strict]
    number = sum(aside.rows for aside in faults)
    if joined.added and (number == 0 or (not chosen.strict and number <= chosen.most_set_aside * read)):
        return
    details = [detail for aside in joined.set_aside for detail in aside.details][:MOST_PROBLEMS_SHOWN]
    what = f"{number:,} annotations do not fit" if joined.added else "no annotation is new to"
    raise DataError(
        f"{source.name}: {what} the dataset {data.name!r}; it is unchanged.",
        problems=details,
        hint="Correct these annotations, or allow more of them to be set aside with --most-set-aside.",
    )
