"""Opening a finished dataset: its items, its template, its columns."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.dataset.items import ItemTable, content_hash, load_items
from judgekit.dataset.manifest import (
    ANNOTATIONS_FILE,
    DATASETS,
    ITEMS_FILE,
    SCHEMA_FILE,
    TEMPLATE_FILE,
    DatasetManifest,
    DatasetSchema,
)
from judgekit.errors import DataError, WorkspaceError
from judgekit.prompts.template import PromptTemplate
from judgekit.schema.schema import Schema
from judgekit.version import __version__
from judgekit.workspace.layout import find_root
from judgekit.workspace.manifest import check_own_file, file_hash
from judgekit.workspace.store import Entry, Workspace
from judgekit.workspace.versions import OneVersion, of_one_version

_AGAIN = "Ingest the files again with --force."


class Dataset(NamedTuple):
    """A dataset of the workspace, read and checked."""

    name: str
    folder: Path
    items: ItemTable
    schema: Schema
    template: PromptTemplate
    content_hash: str
    manifest: DatasetManifest

    @property
    def entry(self) -> Entry[DatasetManifest]:
        """The version of it that was read."""
        return Entry(self.name, self.folder, self.manifest)


def open_workspace(root: str | Path | None, *, create: bool = False) -> Workspace:
    """The workspace to use.

    Args:
        root: its folder; None looks at the environment, upward, and at the user's data folder.
        create: make it if it is not there.
    """
    place = find_root(None if root is None else Path(root))
    return Workspace.create(place, version=__version__) if create else Workspace(place)


def open_dataset(workspace: Workspace, name: str | None = None) -> Dataset:
    """A dataset with its items; the newest when no name is given.

    Raises:
        WorkspaceError: there is none of that name, or its items are not what was ingested.
        TemplateError: the template was edited and is now wrong.
    """
    return of_one_version(lambda: _read(workspace.open(DATASETS, name)))


def _read(entry: Entry[DatasetManifest]) -> Dataset:
    with OneVersion(entry, DATASETS.word):
        _check_unchanged(entry, SCHEMA_FILE)
        _check_unchanged(entry, ITEMS_FILE)
        stored = DatasetSchema.read(entry.path / SCHEMA_FILE)
        items = load_items(entry.path / ITEMS_FILE, stored.items)
        found = content_hash(items)
        if found != entry.manifest.content_hash:
            raise _changed(entry.path / ITEMS_FILE)
        check_own_file(entry.path / TEMPLATE_FILE, entry.path, hint=_AGAIN)
        template = PromptTemplate.from_file(entry.path / TEMPLATE_FILE)
        template.check(items.fields)
    return Dataset(entry.name, entry.path, items, stored.columns, template, found, entry.manifest)


def _check_unchanged(entry: Entry[DatasetManifest], name: str) -> None:
    """Compare a file with its hash in the manifest; a dataset of an older judgekit has none.

    Raises:
        WorkspaceError: the file is missing, another, or none of that folder.
    """
    path = entry.path / name
    check_own_file(path, entry.path, hint=_AGAIN)
    if entry.manifest.files is not None and file_hash(path) != entry.manifest.files.get(name):
        raise _changed(path)


def _changed(path: Path) -> WorkspaceError:
    return WorkspaceError(f"{path} has changed since it was ingested.", hint=_AGAIN)


def load_annotations(data: Dataset) -> pl.DataFrame:
    """The annotations of a dataset: `item_id`, `annotator` (null where unnamed), `label`, `count`.

    Raises:
        WorkspaceError: the file is missing or damaged, or the dataset was replaced since it was opened.
    """
    path = data.folder / ANNOTATIONS_FILE
    try:
        with OneVersion(data.entry, DATASETS.word):
            _check_unchanged(data.entry, ANNOTATIONS_FILE)
            return pl.read_parquet(path, use_pyarrow=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise WorkspaceError(f"{path} cannot be read: {str(error).splitlines()[0]}", hint=_AGAIN) from error


def named_annotations(data: Dataset, is_training: NDArray[np.bool_]) -> pl.DataFrame:
    """The annotations of the training items: weights that had seen those of the test part would leak them.

    Raises:
        DataError: they name no annotator.
    """
    training = data.items.item_ids.filter(pl.Series(is_training))
    annotations = load_annotations(data).filter(pl.col("item_id").is_in(training.implode()))
    if annotations.get_column("annotator").null_count() == annotations.height:
        raise DataError(
            f"The dataset {data.name!r} does not say who gave which annotation, so --annotator-weights has nobody to "
            "weigh.",
            hint="Train without it, or ingest the table anew with its column of annotators: judgekit ingest FILE "
            "--annotator COLUMN --force",
        )
    return annotations
