"""Opening a finished dataset: its items, its template, its columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from judgekit import __version__
from judgekit.data.items import ItemTable, content_hash, load_items
from judgekit.data.schema import Schema
from judgekit.errors import WorkspaceError
from judgekit.prompts.template import PromptTemplate
from judgekit.workspace.layout import find_root
from judgekit.workspace.manifest import read_json
from judgekit.workspace.store import Kind, Workspace

ITEMS_FILE = "items.parquet"
ANNOTATIONS_FILE = "annotations.parquet"
SCHEMA_FILE = "schema.json"
TEMPLATE_FILE = "template.j2"


class Dataset(NamedTuple):
    """A dataset of the workspace, read and checked."""

    name: str
    folder: Path
    items: ItemTable
    schema: Schema
    template: PromptTemplate
    content_hash: str
    manifest: dict[str, Any]


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
    entry = workspace.open(Kind.dataset, name)
    stored = read_json(entry.path / SCHEMA_FILE)
    items = load_items(entry.path / ITEMS_FILE, stored["items"])
    found = content_hash(items)
    if found != entry.manifest["content_hash"]:
        raise WorkspaceError(
            f"The items in {entry.path / ITEMS_FILE} are not the ones that were ingested.",
            hint="Ingest the file again with --force.",
        )
    template = PromptTemplate.from_file(entry.path / TEMPLATE_FILE)
    template.check(items.fields)
    return Dataset(entry.name, entry.path, items, Schema.from_json(stored["schema"]), template, found, entry.manifest)


def load_annotations(folder: Path) -> pl.DataFrame:
    """The annotations of a dataset: `item_id`, `annotator` (null where unnamed), `label`, `count`.

    Raises:
        WorkspaceError: the file is missing or damaged.
    """
    path = folder / ANNOTATIONS_FILE
    try:
        return pl.read_parquet(path, use_pyarrow=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise WorkspaceError(
            f"{path} cannot be read: {str(error).splitlines()[0]}", hint="Ingest the file again with --force."
        ) from error
