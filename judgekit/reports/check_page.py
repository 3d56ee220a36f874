"""The page of `check`: the advice first, the evidence below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from judgekit.annotators.reliability import AnnotatorQuality
from judgekit.checks.result import CheckResult
from judgekit.core.agreement import NOTHING_TO_COMPARE
from judgekit.core.ceiling import Prediction
from judgekit.reports.blocks import Bars, Column, Rows, facts, heading, point
from judgekit.reports.ingest_page import known_of

ANNOTATORS_SHOWN = 15
PAIRS_SHOWN = 5
NOTHING_DIFFERS = "No two annotations of an item differ."


def check_page(result: CheckResult) -> RenderableType:
    """What `check` found."""
    parts: list[RenderableType] = [heading(f"Is {result.dataset} worth training on?"), *map(point, result.advice)]
    for words, part in (
        ("Agreement", [facts(agreement_facts(result))]),
        ("What predicts the annotations of an item", _predictors(result)),
        ("Labels", [Bars(result.label_shares)]),
        ("Annotators", _annotators(result)),
        ("Labels that are confused most", [_confused(result.confused_labels)]),
        ("Items on which people disagree most", _disagreed(result)),
        ("Warnings", [point(warning, style="yellow") for warning in result.warnings]),
        ("Thresholds", _thresholds(result)),
    ):
        if shown := list(part):
            parts += [Text(""), heading(words), *shown]
    return Group(*parts)


def agreement_facts(result: CheckResult) -> Iterator[tuple[str, str]]:
    """The coefficients of agreement, in words."""
    alpha, kappa = result.krippendorff_alpha, result.fleiss_kappa
    words = alpha.reason
    if alpha.value is not None:
        words = f"{alpha.value:.3f} ({alpha.level})"
        if alpha.low is not None:
            words += f", {result.confidence:.0%} interval {alpha.low:.3f} … {alpha.high:.3f}"
    yield "Krippendorff's alpha", words
    if result.raw_agreement is not None and result.prevalence is not None:
        pairs = f"{result.raw_agreement:.1%} of the pairs of annotations of an item ({result.pairs:,})"
        most = max(result.prevalence, key=result.prevalence.__getitem__)
        yield "raw agreement", pairs
        yield "prevalence", f"{result.prevalence[most]:.1%} of the annotations are {most}"
    yield "Fleiss' kappa", kappa.reason if kappa.value is None else f"{kappa.value:.3f}"


def _predictors(result: CheckResult) -> list[RenderableType]:
    headings, rows, words = predictors(result)
    columns = [Column(one, is_figure=n > 0, is_bold=n == 3) for n, one in enumerate(headings)]
    return [Rows(columns, rows), Text(words)]


def predictors(result: CheckResult) -> tuple[tuple[str, ...], list[tuple[str, ...]], str]:
    """What predicts the annotations of an item: headings, rows, and how to read them."""
    prior = result.class_prior
    share = Prediction(prior["kl"] or 0.0, result.noise_floor, prior["accuracy"] or 0.0)
    found = {"the label shares alone": share}
    if result.ceiling is None:
        words = f"{NOTHING_TO_COMPARE} How well people predict each other is unknown."
    else:
        found |= {
            "one annotator → the others": result.ceiling.one,
            "half of them → the other half": result.ceiling.half,
            "a perfect judge": result.ceiling.perfect._replace(kl=result.noise_floor, floor=result.noise_floor),
        }
        words = (
            "KL in nats. Noise is what a perfect judge would show against the same annotations; fewer of them are "
            "noisier, so compare the lines by KL - noise."
        )
    rows = [
        (name, f"{one.kl:.3f}", f"{one.floor:.3f}", f"{max(0.0, one.kl - one.floor):.3f}", f"{one.accuracy:.3f}")
        for name, one in found.items()
    ]
    return ("", "KL", "noise", "KL - noise", "accuracy"), rows, words


def _annotators(result: CheckResult) -> Iterator[RenderableType]:
    if rows := annotator_rows(result):
        columns = [
            Column("annotator", is_figure=False),
            Column("items"),
            Column("agreement"),
            Column("reliability"),
            Column("remark", is_figure=False),
        ]
        yield Rows(columns, rows)
    yield from map(Text, annotators_notes(result))
    if result.annotation_columns:
        yield facts(known_of(result.annotation_columns))


def annotator_rows(result: CheckResult) -> list[tuple[str, ...]]:
    """Annotator, items, agreement, reliability and remark of the least reliable ones."""
    return [_annotator(one, result.shifts) for one in result.annotators_worst_first()[:ANNOTATORS_SHOWN]]


def annotators_notes(result: CheckResult) -> Iterator[str]:
    """What to mind in reading them, and by what names they are shown."""
    found = result.annotators_worst_first()
    if (more := len(found) - ANNOTATORS_SHOWN) > 0:
        yield f"The least reliable; {more:,} more in --json."
    if not result.shifts and any(one.confused and not one.flag for one in found):
        yield '"x for y in 7%": chooses x in 7% of the cases where y is likely to be right.'
    if result.has_pseudonyms and found:
        yield "The names are pseudonyms. Who has the file that was ingested sees who is who with --names FILE."
    if result.names_from and found:
        yield f"The annotators stand by their names in {result.names_from}: this page holds personal data."
    yield result.annotators_note()


def _annotator(one: AnnotatorQuality, shifts: dict[str, float]) -> tuple[str, ...]:
    agreement = "nobody else" if one.agreement is None else f"{one.agreement:.1%}"
    return one.annotator, f"{one.items:,}", agreement, f"{one.reliability:.3f}", _remark(one, shifts)


def _remark(one: AnnotatorQuality, shifts: dict[str, float]) -> str:
    """Why an annotator is flagged, or else how far off on the scale, or what is confused most."""
    if one.flag:
        return one.flag
    if shifts:
        shift = round(shifts.get(one.annotator, 0.0), 1)
        return f"{abs(shift):.1f} {'above' if shift > 0 else 'below'} the others" if shift else ""
    return f"{one.confused[0][1]} for {one.confused[0][0]} in {one.confused[0][2]:.0%}" if one.confused else ""


def _confused(pairs: Sequence[tuple[str, str, float]]) -> RenderableType:
    if not pairs:
        return Text(NOTHING_DIFFERS)
    columns = [Column("labels", is_figure=False), Column("share of all disagreement")]
    return Rows(columns, [(f"{one} / {two}", f"{share:.1%}") for one, two, share in pairs[:PAIRS_SHOWN]])


def _disagreed(result: CheckResult) -> Iterator[RenderableType]:
    if not result.disagreed_items:
        yield Text(NOTHING_DIFFERS)
    for item in result.disagreed_items:
        counts = ", ".join(f"{label}: {count:,}×" for label, count in item.counts.items() if count)
        yield Text.assemble((item.item_id, "cyan"), f"  {counts}", overflow="fold")
        yield Padding(Text(item.text, no_wrap=True, overflow="ellipsis", style="dim"), (0, 0, 0, 2))


def _thresholds(result: CheckResult) -> Iterator[RenderableType]:
    for found in result.thresholds.values():
        yield point(("met: " if found.met else "MISSED: ") + found.sentence)
