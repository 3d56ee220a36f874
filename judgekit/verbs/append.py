"""`judgekit ingest --append`: a further round of annotations for a dataset that is there."""

from __future__ import annotations

from dataclasses import replace

from judgekit.config import IngestSettings
from judgekit.config.roles import Roles
from judgekit.dataset.building import NO_DISAGREEMENT, build_items
from judgekit.dataset.manifest import DATASETS
from judgekit.dataset.near_duplicates import keep_together
from judgekit.dataset.opening import load_annotations, open_dataset
from judgekit.dataset.pseudonyms import Hidden, hide_annotators
from judgekit.dataset.result import PSEUDONYMS, IngestResult
from judgekit.dataset.rounds import add_round, refuse_contradictions, schema_of_round, with_annotators_of
from judgekit.dataset.writing import files_of, write_dataset
from judgekit.errors import DataError
from judgekit.tables.source import SourceTable
from judgekit.workspace.store import Workspace


def append_round(
    place: Workspace,
    name: str | None,
    source: SourceTable,
    settings: IngestSettings,
    *,
    roles: Roles,
    dry_run: bool,
) -> IngestResult:
    """Add the annotations of a table to a dataset; items are matched by id and text.

    Args:
        place: the workspace.
        name: the dataset; None takes the newest.
        source: the round.
        settings: what may be set aside, and whether near-duplicates stay together.
        roles: the user's word on columns, which beats what these mean in the dataset.
        dry_run: write nothing.

    Raises:
        DataError: the round cannot be read, was added before, has other labels, or contradicts the dataset more than
            is allowed; the dataset is then as it was.
        WorkspaceError: there is no such dataset.
    """
    name = place.open(DATASETS, name).name
    with place.only_one(f"append-{name}"):
        data = open_dataset(place, name)
        before, sources = data.manifest.sources, files_of(source)
        if known := [file.name for file in sources if file.sha256 in {one.sha256 for one in before}]:
            raise DataError(
                f"{', '.join(known)} is in the dataset {name!r} already, with the same content.",
                hint="Give the files of the new round alone.",
            )
        schema = schema_of_round(name, data.schema, data.items, source, roles)
        strict, most_set_aside = settings.strict, settings.most_set_aside
        new = build_items(source, schema, strict=strict, most_set_aside=most_set_aside, is_round=True)
        ids, hidden, report = data.manifest.annotator_ids, Hidden(new.annotations, {}), new.report
        if report.annotators is not None and ids in (PSEUDONYMS, None):
            hidden, ids = hide_annotators(new.annotations, source, schema, place.secret()), PSEUDONYMS
        by_id = schema.item is not None and data.schema.item is not None
        old = load_annotations(data)
        joined = add_round(data.items, old, new.items, hidden.annotations, by_id=by_id)
        read = report.annotations
        refuse_contradictions(name, source, joined, read, strict=strict, most_set_aside=most_set_aside)
        items, notes = joined.items, list[str]()
        if settings.near_duplicates and not data.schema.group:
            items, notes = keep_together(items)
        lone = [NO_DISAGREEMENT] if int(items.counts.sum(axis=1).max()) == 1 else []
        result = IngestResult(
            dataset=name,
            folder=None,
            items=items,
            annotations=joined.annotations,
            schema=with_annotators_of(data.schema, schema, hidden.names),
            report=replace(report, notes=(*report.notes, *notes), warnings=(*report.warnings, *lone)),
            template=data.manifest.template,
            template_text=data.template.source,
            annotator_ids=ids,
            sources=(*before, *sources),
            names=hidden.names,
            round=joined,
        )
        return result if dry_run else write_dataset(place, result, replace=True, based_on=data.entry)
