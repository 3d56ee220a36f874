"""`judgekit show`: what the workspace holds."""

from __future__ import annotations

from pathlib import Path

from judgekit.dataset.manifest import DATASETS
from judgekit.dataset.opening import Dataset, open_dataset, open_workspace
from judgekit.dataset.result import FilledTemplate
from judgekit.errors import DataError
from judgekit.judge.manifest import JUDGES, runs_of_judges
from judgekit.judge.overview import WorkspaceContents
from judgekit.prompts.verbalizer import shown_labels
from judgekit.reports.show_page import template_page as template_page
from judgekit.reports.show_page import workspace_page as workspace_page
from judgekit.training.run_folder import unfinished

ANY_SEPARATOR = "[SEP]"
"""In the place of the separator that an encoder's tokenizer has."""


def show(*, workspace: str | Path | None = None) -> WorkspaceContents:
    """What the workspace holds, from the manifests.

    Args:
        workspace: its folder; None finds one.

    Examples:
        >>> [(entry.name, entry.manifest.labels) for entry in show().judges]
        [('comments', ('bad', 'fair', 'good'))]
    """
    place = open_workspace(workspace)
    datasets, judges = place.readable(DATASETS), place.readable(JUDGES)
    return WorkspaceContents(
        place.root,
        datasets[0],
        judges[0],
        list(unfinished(place, runs_of_judges(place))),
        place.studies(),
        datasets[1] + judges[1],
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
        opened.template.segments(texts, labels, separator=f" {ANY_SEPARATOR} "),
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
