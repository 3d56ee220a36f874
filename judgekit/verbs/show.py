"""`judgekit show`: what the workspace holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from rich.console import RenderableType

from judgekit.dataset.opening import Dataset, open_dataset, open_workspace
from judgekit.errors import DataError
from judgekit.prompts.verbalizer import shown_labels
from judgekit.reports.tables import filled_template, workspace_tables
from judgekit.training.run_folder import unfinished
from judgekit.workspace.store import Kind


class WorkspaceContents(NamedTuple):
    """The datasets and judges of a workspace, oldest first, the trainings that were interrupted, and the studies."""

    workspace: Path
    datasets: list[dict[str, Any]]
    judges: list[dict[str, Any]]
    unfinished: list[str]
    studies: list[str]

    def __rich__(self) -> RenderableType:
        """The facts for the terminal."""
        return workspace_tables(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**self._asdict(), "workspace": str(self.workspace)}


class FilledTemplate(NamedTuple):
    """A dataset's template with one of its items in it."""

    dataset: str
    path: Path
    """The template file, for editing."""
    item: str
    prompt: str
    """What a causal LM reads."""
    segments: tuple[str, str | None]
    """What an encoder reads."""

    def __rich__(self) -> RenderableType:
        """The facts for the terminal."""
        return filled_template(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**self._asdict(), "path": str(self.path), "segments": list(self.segments)}


def show(*, workspace: str | Path | None = None) -> WorkspaceContents:
    """What the workspace holds, from the manifests.

    Args:
        workspace: its folder; None finds one.
    """
    place = open_workspace(workspace)
    return WorkspaceContents(
        place.root,
        [{"name": entry.name, **entry.manifest} for entry in place.entries(Kind.dataset)],
        [{"name": entry.name, **entry.manifest} for entry in place.entries(Kind.judge)],
        list(unfinished(place)),
        place.studies(),
    )


def show_template(
    dataset: str | None = None, *, item: str | None = None, workspace: str | Path | None = None
) -> FilledTemplate:
    """A dataset's template filled with one item.

    Args:
        dataset: its name; None takes the newest.
        item: id of the item; None takes the first.
        workspace: its folder; None finds one.

    Raises:
        DataError: there is no such item.
        TemplateError: the template was edited and is now wrong.
    """
    opened = open_dataset(open_workspace(workspace), dataset)
    row = row_of(opened, item)
    texts, labels = opened.items.texts.row(row, named=True), shown_labels(opened.items.labels)
    return FilledTemplate(
        opened.name,
        Path(opened.template.name),
        opened.items.item_ids[row],
        opened.template.render(texts, labels),
        opened.template.segments(texts, labels),
    )


def row_of(dataset: Dataset, item: str | None) -> int:
    """The row of an item by its id; of the first where no id is given.

    Raises:
        DataError: there is no such item.
    """
    ids = dataset.items.item_ids
    found = (ids == (ids[0] if item is None else item)).arg_true()
    if found.is_empty():
        raise DataError(f"The dataset {dataset.name!r} has no item {item!r}; its first is {ids[0]!r}.")
    return int(found[0])
