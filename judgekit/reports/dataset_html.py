"""`judgekit report --dataset`: what annotations are worth before training, on one HTML page with every item."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from judgekit.checks.item_list import expected_gain
from judgekit.checks.result import CheckResult
from judgekit.core.distributions import FloatArray, empirical_distribution, entropy
from judgekit.dataset.items import ItemTable
from judgekit.reports.check_page import agreement_facts, annotator_rows, annotators_notes, predictors
from judgekit.reports.drawing import SERIES, STYLE, Drawn, short_name
from judgekit.reports.html import facts, figure, heading, html_page, paragraphs, table
from judgekit.reports.item_browser import item_browser
from judgekit.version import __version__

_PEOPLE = str(SERIES[0]["color"])


class DatasetReport(NamedTuple):
    """A report on a dataset that was written.

    Examples:
        >>> report_dataset("votes", output="votes.html").output.name
        'votes.html'
    """

    output: Path
    check: CheckResult
    files: tuple[Path, ...] = ()
    """Figures and tables that were written beside it."""

    def to_json(self) -> dict[str, Any]:
        """The place of the file, and what was found, as JSON values."""
        return {"output": str(self.output), "files": [str(one) for one in self.files], "check": self.check.to_json()}


def dataset_html(found: CheckResult, items: ItemTable, *, created: str, redact: bool) -> str:
    """The page.

    Args:
        found: what `check` found.
        items: of the dataset.
        created: when the report was made.
        redact: whether the texts of the items are left out.
    """
    first, *others = found.advice
    headings, rows, words = predictors(found)
    body = [
        *paragraphs([first], kind="headline"),
        *paragraphs(others),
        *paragraphs(found.warnings, kind="warning"),
        facts([
            ("items", f"{found.items:,}, with {found.annotations:,} annotations"),
            ("labels", ", ".join(found.label_shares)),
            ("made", f"{created} by judgekit {__version__}"),
        ]),
        heading("How far people agree"),
        *paragraphs(["Krippendorff's alpha: 1 is complete agreement, 0 what chance would give."]),
        facts(agreement_facts(found)),
        heading("What predicts the annotations of an item"),
        table(headings, rows),
        *paragraphs([words]),
        *_annotators(found),
        *(html for drawn in dataset_figures(items) for html in figure(drawn)),
        _confused(found),
        item_browser(
            items.item_ids.to_list(), items.texts, items.labels, items.counts, redact=redact,
            sorts={"expected_gain": ("one more annotation tells most", _gain(found, items))},
        ),
    ]  # fmt: skip
    return html_page(f"Dataset {found.dataset}: is it worth training on?", body, script="items.js")


def dataset_figures(items: ItemTable) -> Iterator[Drawn]:
    """What people said: the shares of the labels, and how many items they disagree on."""
    shares = empirical_distribution(items.counts)
    with rc_context(STYLE):
        yield _labels(items.labels, shares.mean(axis=0))
        yield _entropies(entropy(shares), len(items.labels))


def _labels(labels: tuple[str, ...], shares: FloatArray) -> Drawn:
    drawn = Figure(figsize=(7.2, max(1.6, 0.36 * len(labels) + 0.8)), layout="constrained")
    axes = drawn.subplots()
    axes.barh(range(len(labels)), shares, height=0.6, color=_PEOPLE)
    axes.set_yticks(range(len(labels)), [short_name(label) for label in labels])
    axes.invert_yaxis()
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("mean share")
    rows = tuple((label, f"{share:.3f}") for label, share in zip(labels, shares, strict=True))
    words = "The mean share of each label, every item weighing the same."
    return Drawn("labels", "What people said", words, drawn, ("label", "mean share"), rows)


def _entropies(entropies: FloatArray, labels: int) -> Drawn:
    edges = np.linspace(0, np.log(labels) + 1e-9, 13)
    counts = np.histogram(entropies, edges)[0]
    drawn = Figure(figsize=(7.2, 2.6), layout="constrained")
    axes = drawn.subplots()
    axes.stairs(counts, edges, fill=True, color=_PEOPLE)
    axes.set_xlabel("entropy of an item, nats (0: all agree)")
    axes.set_ylabel("items")
    rows = tuple(
        (f"{low:.2f} to {high:.2f}", f"{count:,}") for low, high, count in zip(edges, edges[1:], counts, strict=False)
    )
    words = "How many items have which entropy: on the left those on which all agree, on the right the most disputed."
    return Drawn("disagreement", "On how many items people disagree", words, drawn, ("entropy, nats", "items"), rows)


def _annotators(found: CheckResult) -> Iterator[str]:
    yield heading("Annotators")
    if rows := annotator_rows(found):
        yield table(["annotator", "items", "agreement", "reliability", "remark"], rows)
    yield from paragraphs(annotators_notes(found))


def _confused(found: CheckResult) -> str:
    rows = [(f"{one} / {two}", f"{share:.1%}") for one, two, share in found.confused_labels]
    return heading("Labels that are confused") + table(["labels", "share of all disagreement"], rows) if rows else ""


def _gain(found: CheckResult, items: ItemTable) -> FloatArray:
    prior = np.array([found.label_shares[label] for label in items.labels])
    gain = expected_gain(items.counts, prior, found.strength)
    return gain / max(gain.max(), 1e-12)
