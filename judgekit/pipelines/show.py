"""`judgekit show`: what the workspace holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from rich.console import RenderableType

from judgekit.errors import DataError
from judgekit.pipelines.datasets import open_dataset, open_workspace
from judgekit.report.tables import filled_template, workspace_tables
from judgekit.workspace.store import Kind


class WorkspaceContents(NamedTuple):
    """The datasets and judges of a workspace, oldest first, and the trainings that were interrupted."""

    workspace: Path
    datasets: list[dict[str, Any]]
    judges: list[dict[str, Any]]
    unfinished: list[str]

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
        place.unfinished_runs(),
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
    items = opened.items
    row = 0
    if item is not None:
        found = (items.item_ids == item).arg_true()
        if found.is_empty():
            raise DataError(f"The dataset {opened.name!r} has no item {item!r}; its first is {items.item_ids[0]!r}.")
        row = int(found[0])
    texts = items.texts.row(row, named=True)
    return FilledTemplate(
        opened.name,
        Path(opened.template.name),
        items.item_ids[row],
        opened.template.render(texts, items.labels),
        opened.template.segments(texts, items.labels),
    )
