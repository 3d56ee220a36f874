"""What the manifest of a dataset says, and what its `schema.json` keeps."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from judgekit.config.roles import Layout
from judgekit.dataset.annotation_columns import AnnotationColumn
from judgekit.dataset.items import ItemHeader
from judgekit.schema.schema import Schema
from judgekit.workspace.layout import DATASETS_FOLDER
from judgekit.workspace.manifest import Document, Manifest, Section
from judgekit.workspace.store import Kind

ITEMS_FILE = "items.parquet"
ANNOTATIONS_FILE = "annotations.parquet"
SCHEMA_FILE = "schema.json"
TEMPLATE_FILE = "template.j2"
HASHED_FILES = (ITEMS_FILE, ANNOTATIONS_FILE, SCHEMA_FILE)
"""All but the template, which is there to be edited."""
LOOKS_FILE = "looks.json"
"""How often judges were evaluated on its test parts."""


class SourceFile(Section):
    """A file that annotations were read from."""

    name: str
    sha256: str


class DatasetColumns(Section):
    """The columns of the file by their roles."""

    item: str | None
    annotator: str | tuple[str, ...] | None
    label: str | tuple[str, ...] | None
    text: tuple[str, ...]
    group: str | None
    split: str | None = None
    ignored: tuple[str, ...]


class AnnotationsPerItem(Section):
    """Fewest, mean and most annotations of an item."""

    min: int
    mean: float
    max: int


class AsideAccount(Section):
    """Rows that became no annotation, for one reason; the details quote annotators, and are not kept."""

    reason: str
    rows: int
    where: str
    is_fault: bool = False


class RoundAccount(Section):
    """What the last round added to the dataset."""

    annotations: int
    added: int
    new_items: int
    known_items: int
    set_aside: tuple[AsideAccount, ...]


def _without_hashes(values: dict[str, Any]) -> dict[str, Any]:
    """Version 1 did not say which files belong to a dataset."""
    return {**values, "files": None}


class DatasetManifest(Manifest):
    """What a dataset is made of, and what became of every row."""

    VERSION = 2
    UPGRADES: ClassVar = (_without_hashes,)
    SEALED_SINCE = 2

    sources: tuple[SourceFile, ...] = ()
    """Oldest first; empty in a dataset of an older judgekit."""
    content_hash: str
    """Of the items: see `items.content_hash`."""
    files: dict[str, str] | None
    """SHA-256 of the files that nobody is to change, by name; None in a dataset of an older judgekit."""
    items: int
    annotations: int
    annotators: int | None
    """None where nobody is named."""
    annotator_ids: str | None = None
    """Whether the ids are pseudonyms or as in the file; None where nobody is named, or in an older dataset."""
    labels: tuple[str, ...]
    scale: Literal["nominal", "ordinal"]
    layout: Layout
    columns: DatasetColumns
    annotation_columns: tuple[AnnotationColumn, ...] = ()
    """What is known of annotations and annotators beside the labels."""
    template: str
    """Name of the built-in template that the dataset's own was made from."""
    label_shares: dict[str, float]
    annotations_per_item: AnnotationsPerItem
    raw_agreement: float | None
    mean_entropy: float
    rows_read: int
    rows_kept: int
    set_aside: tuple[AsideAccount, ...]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    round: RoundAccount | None = None
    """None where no round was added."""


class DatasetSchema(Document):
    """What `items.parquet` does not say of itself, and which column meant what."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    items: ItemHeader
    columns: Schema = Field(validation_alias="schema", serialization_alias="schema")


DATASETS = Kind(
    "dataset",
    DATASETS_FOLDER,
    DatasetManifest,
    made_by="judgekit ingest votes.csv",
    option="--name",
    files=(ITEMS_FILE, ANNOTATIONS_FILE, SCHEMA_FILE, TEMPLATE_FILE, LOOKS_FILE),
)
