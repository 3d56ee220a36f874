"""The figures and tables of a report as files of their own: SVG, PDF, CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from matplotlib import rc_context

from judgekit.errors import DataError
from judgekit.judge.score_table import write_table
from judgekit.reports.drawing import STYLE, as_file
from judgekit.reports.evaluate_page import METRIC_WORDS
from judgekit.reports.trust_figures import Drawn, trust_figures
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
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []

    def write(name: str, content: bytes) -> None:
        with replaced_file(folder / name) as temporary:
            temporary.write_bytes(content)
        written.append(folder / name)

    def table(name: str, frame: pl.DataFrame) -> None:
        write_table(frame, folder / name, own=frame.columns, force=True)
        written.append(folder / name)

    for drawn in trust_figures(facts.evaluation, facts.curve):
        with rc_context(STYLE):
            for kind in ("svg", "pdf"):
                write(f"{drawn.name}.{kind}", as_file(drawn.figure, kind))
        table(f"{drawn.name}.csv", _frame(drawn))
    table("metrics.csv", _metrics(facts))
    items = facts.evaluation.items.to_polars()
    table("items.csv", items.drop(_texts(items.columns, facts)) if redact else items)
    paragraph, sources = methods(facts)
    text = "\n".join([paragraph, "", *(f"[{n}] {source}" for n, source in enumerate(sources, 1)), ""])
    write("methods.txt", text.encode())
    return written


def _texts(columns: Sequence[str], facts: ReportFacts) -> list[str]:
    names = {form for name in facts.evaluation.items.texts.columns for form in (name, f"input_{name}")}
    after = columns.index("annotations")
    return [name for name in columns[:after] if name in names and name != "item_id"]


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
