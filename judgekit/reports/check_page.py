"""The page of `check` for the terminal: the advice first, the evidence below it.

Whatever comes from a user's table goes in as `Text`: rich would read `[bold]` and `:tea:` in a plain string.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from judgekit.checks.result import CheckResult
from judgekit.reports.tables import label_bars

ANNOTATORS_SHOWN = 15
PAIRS_SHOWN = 5


def check_page(result: CheckResult) -> RenderableType:
    """What `check` found."""
    facts = result.to_json()
    parts: list[RenderableType] = [Text(f"Is {facts['dataset']} worth training on?", style="bold")]
    parts += [_point(sentence) for sentence in facts["advice"]]
    parts += [Text(""), Text("Agreement", style="bold"), _agreement(facts)]
    parts += [Text(""), Text("What predicts the annotations of an item", style="bold"), *_predictors(facts)]
    parts += [Text(""), Text("Labels", style="bold"), label_bars(facts["label_shares"])]
    parts += [Text(""), Text("Annotators", style="bold"), *_annotators(facts)]
    parts += [Text(""), Text("Labels that stand against each other", style="bold"), _confused(facts["confused_labels"])]
    parts += [Text(""), Text("Items on which people disagree most", style="bold"), *_disagreed(facts)]
    if facts["warnings"]:
        parts += [Text(""), Text("Warnings", style="bold")]
        parts += [_point(warning, style="yellow") for warning in facts["warnings"]]
    if facts["thresholds"]:
        parts += [Text(""), Text("Thresholds", style="bold")]
        for found in facts["thresholds"].values():
            parts.append(_point(("met: " if found["met"] else "MISSED: ") + found["sentence"]))
    return Group(*parts)


def _point(sentence: str, *, style: str = "") -> RenderableType:
    point = Table.grid(padding=(0, 1, 0, 1))
    point.add_row("•", Text(sentence, style=style))
    return point


def _agreement(facts: Mapping[str, Any]) -> RenderableType:
    alpha, kappa = facts["krippendorff_alpha"], facts["fleiss_kappa"]
    table = Table.grid(padding=(0, 2, 0, 1))
    table.add_column(style="cyan", no_wrap=True)
    if alpha["value"] is None:
        shown = alpha["reason"]
    else:
        shown = f"{alpha['value']:.3f} ({alpha['level']})"
        if alpha["low"] is not None:
            shown += f", {facts['confidence']:.0%} interval {alpha['low']:.3f} … {alpha['high']:.3f}"
    table.add_row("Krippendorff's alpha", shown)
    if facts["raw_agreement"] is not None:
        table.add_row(
            "raw agreement", f"{facts['raw_agreement']:.1%} of the pairs of annotations of an item ({facts['pairs']:,})"
        )
        most = max(facts["prevalence"], key=facts["prevalence"].__getitem__)
        table.add_row("prevalence", Text(f"{facts['prevalence'][most]:.1%} of the annotations are {most}"))
    table.add_row("Fleiss' kappa", kappa["reason"] if kappa["value"] is None else f"{kappa['value']:.3f}")
    return table


def _predictors(facts: Mapping[str, Any]) -> list[RenderableType]:
    prior, floor, found = facts["class_prior"], facts["noise_floor"]["kl"], facts["ceiling"]
    table = Table()
    table.add_column("")
    for heading in ("KL", "noise", "KL - noise", "accuracy"):
        table.add_column(heading, justify="right", style="bold" if heading == "KL - noise" else None)

    def row(words: str, kl: float, noise: float, accuracy: float) -> None:
        table.add_row(words, f"{kl:.3f}", f"{noise:.3f}", f"{max(0.0, kl - noise):.3f}", f"{accuracy:.3f}")

    row("the label shares alone", prior["kl"], floor, prior["accuracy"])
    if found["one"]:
        row("one annotator → the others", **_figures(found["one"]))
        row("half of them → the other half", **_figures(found["half"]))
        row("a perfect judge", floor, floor, found["perfect"]["accuracy"])
        words = (
            "KL in nats. Noise is what a perfect judge would show against the same annotations; fewer of them are "
            "noisier, so compare the lines by KL - noise."
        )
    else:
        words = f"{found['reason']} How well people predict each other cannot be told."
    return [table, Text(words)]


def _figures(row: Mapping[str, float]) -> dict[str, float]:
    return {"kl": row["kl"], "noise": row["floor"], "accuracy": row["accuracy"]}


def _annotators(facts: Mapping[str, Any]) -> list[RenderableType]:
    found = facts["annotators"]
    if not found:
        return [Text(f" {facts['annotators_note']}")]
    table = Table()
    table.add_column("annotator", overflow="fold")
    for heading in ("items", "agreement", "reliability"):
        table.add_column(heading, justify="right")
    table.add_column("remarks")
    for one in found[:ANNOTATORS_SHOWN]:
        agreement = "nobody else" if one["agreement"] is None else f"{one['agreement']:.1%}"
        table.add_row(
            Text(one["annotator"]), f"{one['items']:,}", agreement, f"{one['reliability']:.3f}", Text(_remark(one))
        )
    more = len(found) - ANNOTATORS_SHOWN
    lines = [f"The least reliable; {more:,} more in --json."] if more > 0 else []
    if any(one["confused"] for one in found):
        lines.append('"x for y in 7%": chooses x in 7% of the cases where y is likely to be right.')
    return [table, *(Text(line) for line in [*lines, facts["annotators_note"]] if line)]


def _remark(annotator: Mapping[str, Any]) -> str:
    """Why an annotator is flagged, or else what she confuses most."""
    if annotator["flag"] or not annotator["confused"]:
        return annotator["flag"]
    true, said, share = annotator["confused"][0]
    return f"{said} for {true} in {share:.0%}"


def _confused(pairs: Sequence[Mapping[str, Any]]) -> RenderableType:
    if not pairs:
        return Text(" No two annotations of an item differ.")
    table = Table.grid(padding=(0, 2, 0, 1))
    table.add_column(style="cyan", overflow="fold")
    for pair in pairs[:PAIRS_SHOWN]:
        table.add_row(Text(" / ".join(pair["labels"])), f"{pair['share']:.1%} of all disagreement")
    return table


def _disagreed(facts: Mapping[str, Any]) -> list[RenderableType]:
    if not facts["disagreed_items"]:
        return [Text(" No two annotations of an item differ.")]
    lines: list[RenderableType] = []
    for item in facts["disagreed_items"]:
        counts = ", ".join(f"{count:,} {label}" for label, count in item["counts"].items() if count)
        lines.append(Padding(Text.assemble((item["item_id"], "cyan"), f"  {counts}"), (0, 0, 0, 1)))
        lines.append(Padding(Text(item["text"], no_wrap=True, overflow="ellipsis", style="dim"), (0, 0, 0, 3)))
    return lines
