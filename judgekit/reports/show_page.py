"""The pages of `show`: what the workspace holds, and a template filled with one item."""

from __future__ import annotations

from pathlib import PurePath

from rich.console import Group, RenderableType
from rich.text import Text

from judgekit.dataset.result import FilledTemplate
from judgekit.judge.overview import WorkspaceContents
from judgekit.reports.blocks import Column, Rows, as_it_is, heading

_DATASET_COLUMNS = [
    Column("name", is_figure=False),
    Column("items"),
    Column("annotations"),
    Column("labels", is_figure=False),
    Column("text", is_figure=False),
    Column("created (UTC)"),
]
_JUDGE_COLUMNS = [
    Column("name", is_figure=False),
    Column("dataset", is_figure=False),
    Column("backbone", is_figure=False),
    Column("validation KL"),
    Column("class prior"),
    Column("created (UTC)"),
]


def workspace_page(contents: WorkspaceContents) -> RenderableType:
    """What a workspace holds."""
    datasets = [
        (
            entry.name,
            f"{entry.manifest.items:,}",
            f"{entry.manifest.annotations:,}",
            ", ".join(entry.manifest.labels),
            ", ".join(entry.manifest.columns.text),
            _minute(entry.manifest.created),
        )
        for entry in contents.datasets
    ]
    judges = [
        (
            entry.name,
            entry.manifest.dataset.name,
            _without_folders(entry.manifest.backbone.name),
            f"{entry.manifest.metrics.validation_kl:.4f}",
            f"{entry.manifest.metrics.validation_prior_kl:.4f}",
            _minute(entry.manifest.created),
        )
        for entry in contents.judges
    ]
    parts: list[RenderableType] = [heading(f"Workspace {contents.workspace}"), Text("")]
    parts += [heading("Datasets"), Rows(_DATASET_COLUMNS, datasets)] if datasets else [_NO_DATASETS]
    parts += [Text(""), heading("Judges"), Rows(_JUDGE_COLUMNS, judges)] if judges else [_NO_JUDGES]
    for name in contents.unfinished:
        parts += [Text(""), Text(f"Unfinished training: {name} (judgekit train --judge {name} --resume)")]
    for name in contents.studies:
        parts += [Text(""), as_it_is(f"Study: {name} ({contents.workspace}/studies/{name})")]
    for damaged in contents.damaged:
        parts += [Text(""), heading(f"Damaged: {damaged.name}"), as_it_is(damaged.problem)]
    return Group(*parts)


_NO_DATASETS = Text("No datasets yet: judgekit ingest votes.csv")
_NO_JUDGES = Text("No judges yet: judgekit train")


def _minute(created: str) -> str:
    return created[:16].replace("T", " ")


def _without_folders(backbone: str) -> str:
    path = PurePath(backbone)
    return path.name if path.is_absolute() else backbone


def template_page(filled: FilledTemplate) -> RenderableType:
    """A template with one item in it."""
    first, second = filled.segments
    return Group(
        heading(f"Item {filled.item} as a causal LM reads it"),
        as_it_is(filled.prompt),
        Text(""),
        heading("as an encoder reads it ([SEP]: the separator of its tokenizer)"),
        as_it_is(f"A: {first}"),
        *([] if second is None else [as_it_is(f"B: {second}")]),
        Text(""),
        as_it_is(f"The template may be edited: {filled.path}"),
    )
