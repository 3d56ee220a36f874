"""`judgekit report` as one HTML file: the verdict, the figures, and a browser of every evaluated item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from judgekit.reports.evaluate_page import METRIC_WORDS, context_rows, remarks, shown, strata_rows, strata_warnings
from judgekit.reports.html import facts, figure, heading, hidden, html_page, paragraphs, table, text
from judgekit.reports.item_browser import item_browser
from judgekit.reports.trust_figures import trust_figures
from judgekit.reports.trust_methods import methods
from judgekit.reports.trust_parts import Part, people_part, trust_parts
from judgekit.reports.verdict import next_step, verdict
from judgekit.trust.evaluated import EvaluatedItems, EvaluateResult
from judgekit.trust.report import ReportFacts
from judgekit.version import __version__

_TEMPERATURE = (
    "Temperature: the scores of the labels are divided by it before they become probabilities; above 1 it makes them "
    "more even. Alpha weighs people's distribution (1) against their most frequent label (0) in training, epsilon is "
    "how far a target may be moved to make the judge robust."
)


def trust_html(facts_of: ReportFacts, *, redact: bool) -> str:
    """The page.

    Args:
        facts_of: what it says.
        redact: whether the texts of the items are left out.
    """
    result = facts_of.evaluation
    first, *others = verdict(result)
    advice = next_step(result)
    body = [
        *paragraphs([first], kind="headline"),
        *paragraphs([*others, *([advice] if advice else [])]),
        _made(facts_of),
        heading("How near it comes to people"),
        *paragraphs(["KL says how far a predicted distribution is from that of people, in nats; lower is better."]),
        table(["", "KL, nats", "above the floor"], context_rows(result)),
        *(html for part in people_part(result) for html in part_html(part)),
        *_agreement(result),
        *(html for part in trust_parts(result) for html in part_html(part)),
        *(html for drawn in trust_figures(result, facts_of.curve) for html in figure(drawn)),
        heading("All figures"),
        table(["", "judge", f"{result.confidence:.0%} interval", "class prior"], _metric_rows(facts_of)),
        *paragraphs(remarks(result)),
        *_methods(facts_of),
        *_settings(facts_of),
        _browser(result.items, redact=redact),
    ]
    return html_page(f"Judge {result.judge} on {result.source}", body, script="items.js")


def part_html(part: Part) -> Iterator[str]:
    """A part of a page as elements."""
    yield heading(part.title)
    yield from paragraphs(part.sentences)
    if part.rows:
        yield table(part.headings, part.rows)
    yield from paragraphs(part.warnings, kind="warning")


def _agreement(result: EvaluateResult) -> Iterator[str]:
    yield heading("Where people agree, and where not")
    if result.strata:
        yield table(*strata_rows(result))
    else:
        yield from paragraphs(["No item has two annotations."])
    yield from paragraphs(strata_warnings(result), kind="warning")


def _methods(facts_of: ReportFacts) -> Iterator[str]:
    paragraph, sources = methods(facts_of)
    yield heading("Methods, for a paper")
    yield from paragraphs([paragraph])
    yield "<ol>" + "".join(f"<li>{text(source)}</li>" for source in sources) + "</ol>"


def _made(facts_of: ReportFacts) -> str:
    result, manifest = facts_of.evaluation, facts_of.manifest
    return facts(
        [
            ("items", f"{len(result.items):,}, with {result.annotations:,} annotations"),
            ("trained on", f"{manifest.dataset.name}: {manifest.items.train:,} items"),
            ("backbone", facts_of.backbone),
            ("made", f"{facts_of.created} by judgekit {__version__}"),
        ]
    )


def _settings(facts_of: ReportFacts) -> Iterator[str]:
    manifest = facts_of.manifest
    backbone, machine, parts = manifest.backbone, manifest.machine, manifest.items
    rows = [
        ("judge made", manifest.created[:16].replace("T", " ")),
        ("dataset", f"{manifest.dataset.name}, SHA-256 {manifest.dataset.content_hash}"),
        ("items", f"{parts.train:,} to train on, {parts.validation:,} to choose by, {parts.test:,} to test on"),
        ("labels", f"{', '.join(manifest.labels)} ({manifest.scale})"),
        ("reads", f"{', '.join(manifest.fields)}, up to {manifest.max_length:,} tokens"),
        ("backbone", f"{facts_of.backbone}, {backbone.kind}, weights' SHA-256 {backbone.sha256}"),
        ("calibration", manifest.calibration.describe()),
        ("made with", f"judgekit {machine.judgekit}, Python {machine.python}, "
                      + ", ".join(f"{name} {one}" for name, one in machine.packages.items())),
        ("made on", f"{machine.system}, {machine.device}, {machine.dtype}"),
    ]  # fmt: skip
    settings = [(name, str(value)) for name, value in manifest.settings.to_json().items() if name != "backbone"]
    yield heading("The judge")
    yield facts(rows)
    yield from paragraphs([_TEMPERATURE])
    yield hidden("All settings of its training", table(["setting", "value"], settings, is_text=True))


def _metric_rows(facts_of: ReportFacts) -> Iterable[Sequence[str]]:
    prior = facts_of.evaluation.baselines["class_prior"]
    for name, found in facts_of.evaluation.metrics.items():
        if found is None:
            yield METRIC_WORDS[name], "undefined", "", ""
        else:
            between = f"{shown(found.low)} to {shown(found.high)}" if shown(found.low) else ""
            yield METRIC_WORDS[name], shown(found.value), between, shown(prior.get(name))


def _browser(items: EvaluatedItems, *, redact: bool) -> str:
    return item_browser(
        items.ids,
        items.texts,
        items.labels,
        items.counts,
        redact=redact,
        sorts={"kl": ("largest disagreement of people and judge", items.kl)},
        q=items.probabilities,
    )
