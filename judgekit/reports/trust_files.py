"""The figures and tables of a report as files of their own: SVG, PDF, CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from matplotlib import rc_context

from judgekit.checks.item_list import item_list
from judgekit.checks.result import CheckResult
from judgekit.dataset.items import ItemTable
from judgekit.errors import DataError
from judgekit.judge.score_table import write_table
from judgekit.reports.dataset_html import dataset_figures
from judgekit.reports.drawing import STYLE, Drawn, as_file
from judgekit.reports.evaluate_page import METRIC_WORDS
from judgekit.reports.trust_figures import trust_figures
from judgekit.reports.trust_methods import methods
from judgekit.trust.report import ReportFacts
from judgekit.workspace.atomic import replaced_file


def check_folder(folder: Path, *, force: bool) -> None:
    """Refuse a folder for the files that has something in it, before any work is done.

    Raises:
        DataError: it is refused.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(
            f"{folder} is a file; the figures and tables go into a folder.", hint="Name another: --files DIR"
        )
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise DataError(f"{folder} is not empty.", hint="Name another folder, or write into it with --force.")


def write_files(facts: ReportFacts, folder: Path, *, redact: bool) -> list[Path]:
    """Write every figure as SVG and PDF with its numbers as CSV, the metrics, the items, and the methods paragraph.

    Args:
        facts: what the report says.
        folder: made where it is not there.
        redact: whether the texts of the items are left out.

    Returns:
        The files.
    """
    made = _Files(folder)
    for drawn in trust_figures(facts.evaluation, facts.curve):
        made.figure(drawn)
    made.table("metrics.csv", _metrics(facts))
    items = facts.evaluation.items
    made.items(items.to_polars(), items.texts.columns, redact=redact)
    paragraph, sources = methods(facts)
    text = "\n".join([paragraph, "", *(f"[{n}] {source}" for n, source in enumerate(sources, 1)), ""])
    made.file("methods.txt", text.encode())
    return made.written


def write_dataset_files(found: CheckResult, items: ItemTable, folder: Path, *, redact: bool) -> list[Path]:
    """Write every figure on a dataset as SVG and PDF with its numbers as CSV, the annotators, and the items.

    Args:
        found: what `check` found.
        items: of the dataset.
        folder: made where it is not there.
        redact: whether the texts of the items are left out.

    Returns:
        The files.
    """
    made = _Files(folder)
    for drawn in dataset_figures(items):
        made.figure(drawn)
    if people := found.annotators_worst_first():
        made.table(
            "annotators.csv", pl.DataFrame([one._replace(confused=[])._asdict() for one in people]).drop("confused")
        )
    prior = np.array([found.label_shares[label] for label in items.labels])
    made.items(item_list(items, prior, found.strength), items.fields, redact=redact)
    return made.written


class _Files:
    """Files of a report, written one by one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.written: list[Path] = []

    def file(self, name: str, content: bytes) -> None:
        """Write what is there already."""
        with replaced_file(self._folder / name) as temporary:
            temporary.write_bytes(content)
        self.written.append(self._folder / name)

    def table(self, name: str, frame: pl.DataFrame) -> None:
        """Write a table as CSV."""
        write_table(frame, self._folder / name, own=frame.columns, force=True)
        self.written.append(self._folder / name)

    def figure(self, drawn: Drawn) -> None:
        """Write a figure as SVG and PDF, and its numbers."""
        with rc_context(STYLE):
            for kind in ("svg", "pdf"):
                self.file(f"{drawn.name}.{kind}", as_file(drawn.figure, kind))
        self.table(f"{drawn.name}.csv", _frame(drawn))

    def items(self, frame: pl.DataFrame, texts: Sequence[str], *, redact: bool) -> None:
        """Write the items, without their texts where these are left out."""
        names = {form for name in texts for form in (name, f"input_{name}")}
        before = frame.columns[: frame.columns.index("annotations")]
        hidden = [name for name in before if redact and name in names and name != "item_id"]
        self.table("items.csv", frame.drop(hidden))


def _frame(drawn: Drawn) -> pl.DataFrame:
    names = [heading or "what" for heading in drawn.headings]
    return pl.DataFrame({name: [row[n] for row in drawn.rows] for n, name in enumerate(names)})


def _metrics(facts: ReportFacts) -> pl.DataFrame:
    result = facts.evaluation
    prior = result.baselines["class_prior"]
    return pl.DataFrame(
        {"metric": name, "words": METRIC_WORDS[name], "value": found.value, "low": found.low, "high": found.high,
         "class_prior": prior.get(name)}
        for name, found in result.metrics.items() if found is not None
    )  # fmt: skip
