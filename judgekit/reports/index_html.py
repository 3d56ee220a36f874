"""`judgekit report --index`: all judges of a workspace on one HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any, NamedTuple
from urllib.parse import quote

from judgekit.errors import WorkspaceError
from judgekit.judge.kept_evaluation import Figure, KeptEvaluation
from judgekit.judge.manifest import EVALUATION_FILE, JudgeManifest
from judgekit.judge.overview import WorkspaceContents
from judgekit.reports.html import heading, html_page, paragraphs, table, text
from judgekit.version import __version__
from judgekit.wording import counted
from judgekit.workspace.layout import LOCAL_NAME
from judgekit.workspace.store import Entry

REPORT_ENDING = ".report.html"


class IndexResult(NamedTuple):
    """A page on all judges that was written.

    Examples:
        >>> report_index(output="judges.html").judges
        1
    """

    output: Path
    judges: int

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"output": str(self.output), "judges": self.judges}


def index_html(contents: WorkspaceContents, *, created: str, folder: Path) -> str:
    """The page.

    Args:
        contents: of the workspace.
        created: when the page is made.
        folder: where it is written; reports on judges that lie there are linked to.
    """
    newest_first = contents.judges[::-1]
    words = f"{counted(len(newest_first), 'judge')}, the newest first. Made {created} by judgekit {__version__}."
    body = [
        *paragraphs([words]),
        *_tables(newest_first),
        *paragraphs(
            [
                "KL says how far a judge's distributions are from people's, in nats; lower is better. Figures of "
                "different items do not compare: judgekit evaluate --judge ONE --against OTHER compares two judges on "
                "the same ones.",
                "The test is the newest evaluation on items that the judge was not trained on (judgekit evaluate).",
            ]
        ),
        *_links(newest_first, folder),
        *_studies(contents.studies),
        *paragraphs([f"{one.name} cannot be read: {one.problem}" for one in contents.damaged], kind="warning"),
    ]
    root = contents.workspace
    return html_page(f"Judges of {root.parent.name if root.name == LOCAL_NAME else root.name}", body)


def _tables(judges: Sequence[Entry[JudgeManifest]]) -> Iterator[str]:
    if judges:
        yield table(["judge", "KL", "class prior", "annotators it equals", "tested on"], map(_tested, judges))
        yield heading("What they were made of")
        headings = ["judge", "made (UTC)", "dataset", "items", "backbone", "validation KL", "class prior"]
        yield table(headings, map(_made, judges))


def _made(entry: Entry[JudgeManifest]) -> tuple[str, ...]:
    manifest = entry.manifest
    return (
        entry.name,
        manifest.created[:16].replace("T", " "),
        manifest.dataset.name,
        f"{manifest.items.train:,}",
        PurePath(manifest.backbone.name).name,
        f"{manifest.metrics.validation_kl:.3f}",
        f"{manifest.metrics.validation_prior_kl:.3f}",
    )


def _tested(entry: Entry[JudgeManifest]) -> tuple[str, ...]:
    path = entry.path / EVALUATION_FILE
    if not path.is_file():
        return entry.name, "", "", "", "not tested yet"
    try:
        found = KeptEvaluation.read(path)
    except WorkspaceError:
        return entry.name, "", "", "", "its evaluation cannot be read"
    prior = found.baselines.get("class_prior", {}).get("kl")
    return (
        entry.name,
        _figure(found.metrics.get("kl"), 3),
        "" if prior is None else f"{prior:.3f}",
        _figure(found.equivalent_annotators, 1),
        f"{found.source}, {counted(found.items, 'item')}",
    )


def _figure(found: Figure | None, digits: int) -> str:
    if found is None or found.value is None:
        return "" if found is None or found.low is None else "more than 100"
    high = "more than 100" if found.high is None else f"{found.high:.{digits}f}"
    between = "" if found.low is None else f" ({found.low:.{digits}f} to {high})"
    return f"{found.value:.{digits}f}{between}"


def _links(judges: Sequence[Entry[JudgeManifest]], folder: Path) -> Iterator[str]:
    there = [entry.name for entry in judges if (folder / f"{entry.name}{REPORT_ENDING}").is_file()]
    yield heading("Reports")
    if there:
        links = (f'<li><a href="{text(quote(name + REPORT_ENDING))}">{text(name)}</a></li>' for name in there)
        yield f"<ul>{''.join(links)}</ul>"
    yield from paragraphs(["judgekit report JUDGE writes the report on one beside this page."])


def _studies(names: Sequence[str]) -> Iterator[str]:
    if names:
        yield heading("Studies")
        yield from paragraphs([f"{', '.join(names)}: their pages lie in studies/ of the workspace."])
