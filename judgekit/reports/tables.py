"""What the verbs answer, as rich renderables: typed results in, tables out. Prints nothing.

Whatever comes from a user's table goes in as `Text`: rich would read `[bold]` and `:tea:` in a plain string.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from judgekit.dataset.items import ItemTable
from judgekit.dataset.result import FilledTemplate, IngestResult
from judgekit.judge.results import EvaluateResult, ExportResult, ScoreResult, WorkspaceContents
from judgekit.training.result import TrainResult

BAR_WIDTH = 24
TEXT_SHOWN = 160
DETAILS_SHOWN = 3
EXAMPLES_SHOWN = 3

METRIC_WORDS = {
    "kl": "KL(p || q), nats",
    "accuracy": "accuracy",
    "js_distance": "JS distance",
    "total_variation": "total variation",
    "brier": "Brier, unbiased",
    "rps": "RPS",
    "wasserstein1": "Wasserstein-1",
    "mae_of_mean": "error of the mean",
    "entropy_correlation": "entropy correlation",
    "order_gap": "order gap",
}
_HIGHER_IS_BETTER = {"accuracy", "entropy_correlation"}


def ingestion_page(result: IngestResult) -> RenderableType:
    """What one call of `ingest` made, one page per dataset; columns are shown by their names in the file."""
    between = [part for one in result.datasets for part in (Text(""), _dataset_summary(one))][1:]
    is_dry_run = result.folder is None
    return Group(*between, *([Text("Dry run: nothing was written.", style="bold")] if is_dry_run else []))


def _dataset_summary(result: IngestResult) -> RenderableType:
    """The facts of one dataset, and its first items."""
    facts, examples = result.facts(), result.items.take(np.arange(min(EXAMPLES_SHOWN, len(result.items))))
    columns = facts["columns"]
    roles = _facts_table()
    for role in ("item", "annotator", "label", "text", "group", "split", "ignored"):
        value = columns[role]
        if value:
            roles.add_row(role, Text(value if isinstance(value, str) else ", ".join(value)))
    roles.add_row("layout", facts["layout"])
    roles.add_row("scale", facts["scale"])
    roles.add_row("template", facts["template"])
    counted = facts["annotations_per_item"]
    figures = _facts_table()
    figures.add_row("items", f"{facts['items']:,}")
    figures.add_row("annotations", f"{facts['annotations']:,}")
    if facts["annotators"] is not None:
        figures.add_row("annotators", f"{facts['annotators']:,}")
    figures.add_row("annotations per item", f"{counted['min']} to {counted['max']}, mean {counted['mean']:.2f}")
    if facts["raw_agreement"] is not None:
        figures.add_row("raw agreement", f"{facts['raw_agreement']:.1%} of the pairs of annotations of one item")
    figures.add_row("mean entropy", f"{facts['mean_entropy']:.3f} nats")
    parts: list[RenderableType] = [
        Text(f"Dataset {facts['dataset']}", style="bold"),
        roles,
        Text("Why", style="bold"),
        *(Text(f"  {reason}") for reason in facts["reasons"]),
        Text("Figures", style="bold"),
        figures,
        label_bars(facts["label_shares"]),
        Text(f"{_count(len(examples), 'item')} of {facts['items']:,}", style="bold"),
        *_examples(examples),
    ]
    kept = sum(aside["rows"] for aside in facts["set_aside"])
    account = f"{facts['rows_read']:,} rows read = {facts['rows_kept']:,} kept"
    parts.append(Text(account + (f" + {kept:,} set aside" if kept else ""), style="bold"))
    parts += _account(facts["set_aside"])
    if found := facts.get("round"):
        parts.append(
            Text(
                f"This round: {found['annotations']:,} annotations read, {found['added']:,} added to "
                f"{_count(found['known_items'], 'known item')} and {_count(found['new_items'], 'new item')}",
                style="bold",
            )
        )
        parts += _account(found["set_aside"])
    parts += [Text(f"Note: {note}") for note in facts["notes"]]
    parts += [Text(f"Warning: {warning}", style="yellow") for warning in facts["warnings"]]
    return Group(*parts)


def _account(set_aside: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was set aside, a line per reason, and for faults the first findings."""
    lines: list[Text] = []
    for aside in set_aside:
        style = "yellow" if aside["is_fault"] else ""
        lines.append(Text(f"  {aside['rows']:,} set aside: {aside['reason']} ({aside['where']})", style=style))
        lines += [Text(f"      {detail}") for detail in aside["details"][:DETAILS_SHOWN]]
        if len(aside["details"]) > DETAILS_SHOWN:
            lines.append(Text("      …"))
    return lines


def label_bars(shares: Mapping[str, float]) -> Table:
    """The share of each label as a bar."""
    table = _facts_table()
    table.add_column(justify="right")
    most = max(shares.values())
    for label, share in shares.items():
        table.add_row(Text(label), "█" * max(1, round(BAR_WIDTH * share / most)), f"{share:.1%}")
    return table


def _examples(items: ItemTable) -> list[Table]:
    return [
        _example(item, texts, dict(zip(items.labels, counts, strict=True)))
        for item, texts, counts in zip(items.item_ids, items.texts.to_dicts(), items.counts.tolist(), strict=True)
    ]


def _example(item: str, texts: Mapping[str, str], counts: Mapping[str, int]) -> Table:
    table = _facts_table()
    table.add_row("item", Text(item))
    for column, text in texts.items():
        flat = " ".join(text.split())
        table.add_row(Text(column), Text(flat if len(flat) <= TEXT_SHOWN else flat[: TEXT_SHOWN - 1] + "…"))
    table.add_row("annotations", Text(", ".join(f"{label}: {count}" for label, count in counts.items() if count)))
    return table


def evaluation_table(result: EvaluateResult) -> RenderableType:
    """What `evaluate` measured, each figure beside the baselines."""
    facts = result.to_json()
    title = Text(f"Judge {facts['judge']} on {facts['source']}")
    table = Table(title=title, title_justify="left", title_style="italic")
    table.add_column("")
    table.add_column("judge", justify="right", style="bold")
    table.add_column(f"{facts['confidence']:.0%} interval", justify="right")
    table.add_column("class prior", justify="right")
    table.add_column("uniform", justify="right")
    prior, uniform = facts["baselines"]["class_prior"], facts["baselines"]["uniform"]
    for name, found in facts["metrics"].items():
        if found is None:
            table.add_row(METRIC_WORDS[name], "undefined", "", "", "")
            continue
        interval = "" if found["low"] is None else f"{found['low']:.3f} … {found['high']:.3f}"
        others = ("" if side.get(name) is None else f"{side[name]:.3f}" for side in (prior, uniform))
        arrow = "↑" if name in _HIGHER_IS_BETTER else "↓"
        table.add_row(f"{METRIC_WORDS[name]} {arrow}", f"{found['value']:.3f}", interval, *others)
    kl, floor = facts["metrics"]["kl"]["value"], facts["noise_floor"]["kl"]
    per_item = facts["annotations"] / facts["items"]
    lines = [
        f"{facts['items']:,} items, {facts['annotations']:,} annotations ({per_item:.1f} per item). Against these "
        f"annotations a perfect judge would show KL {floor:.3f}; this one has {_excess(kl, floor)}.",
        "Accuracy: the judge's most probable label against the most voted one; ties share the credit.",
    ]
    if facts["truncated"]:
        lines.append(f"{facts['truncated']:,} items were too long and lost the middle of their longest texts.")
    if facts["dropped"]:
        lines.append(f"{facts['dropped']:,} items were too long and are left out.")
    if facts["label_mass"] is not None:
        lines.append(_mass(facts["label_mass"]))
    if facts["metrics"].get("order_gap"):
        figures = "averaged over both orders" if facts["both_orders"] else "of the order given (--both-orders: of both)"
        lines.append(
            "Order gap: mean |p + p' - 1|, p and p' how far the side shown first is preferred in either order; 0 where "
            f"the order decides nothing. The other figures are {figures}."
        )
    if kl is not None and kl >= prior["kl"]:
        lines.append("This judge does not beat the class prior here: it has learned nothing that carries over.")
    return Group(table, *(Text(line) for line in lines))


def _mass(mass: float) -> str:
    return f"The model gives the labels {100 * mass:.3g} % of its probability; the distributions are relative to that."


def _excess(kl: float | None, floor: float) -> str:
    return "an infinite KL" if kl is None else f"{max(0.0, kl - floor):.3f} more"


def training_summary(result: TrainResult) -> RenderableType:
    """How a training ended."""
    facts = result.to_json()
    table = _facts_table()
    table.add_row("dataset", facts["dataset"])
    table.add_row("steps", f"{facts['steps']:,} of {facts['total_steps']:,}, best after {facts['best_step']:,}")
    table.add_row("speed", f"{facts['items_per_second']:.0f} items/s")
    table.add_row(
        "validation KL", f"{facts['validation_kl']:.4f} nats (class prior {facts['validation_prior_kl']:.4f})"
    )
    table.add_row("temperature", f"{facts['temperature']:.3f}")
    if facts["label_mass"] is not None:
        table.add_row("label mass", f"{100 * facts['label_mass']:.3g} %")
    return Group(Text(f"Judge {facts['judge']}", style="bold"), table)


def score_summary(result: ScoreResult) -> RenderableType:
    """What `score` wrote."""
    facts = result.to_json()
    table = _facts_table()
    table.add_row("items", f"{facts['items']:,}")
    table.add_row("columns", Text(", ".join(facts["columns"])))
    table.add_row("mean entropy", f"{facts['mean_entropy']:.3f} nats")
    if facts["mean_label_mass"] is not None:
        table.add_row("label mass", f"{100 * facts['mean_label_mass']:.3g} % on average")
    if facts["mean_order_gap"] is not None:
        table.add_row("order gap", f"{facts['mean_order_gap']:.3f} on average; both orders are averaged")
    if facts["truncated"]:
        table.add_row("truncated", f"{facts['truncated']:,} items lost the middle of their longest texts")
    return Group(Text(f"Scores of {facts['judge']}", style="bold"), table, label_bars(facts["label_shares"]))


def export_summary(result: ExportResult) -> RenderableType:
    """What `export` wrote and what it changed."""
    facts = result.to_json()
    table = _facts_table()
    table.add_row("folder", Text(facts["folder"]))
    table.add_row("files", Text(", ".join(facts["files"])))
    table.add_row("size", f"{sum(facts['files'].values()) / 2**20:,.1f} MiB, weights in {facts['dtype']}")
    table.add_row("checked on", Text(f"{facts['sample_items']:,} {facts['sample']}"))
    table.add_row("tolerance", f"{facts['tolerance']:g}")
    shifts = _facts_table()
    for label, shift in facts["shift"].items():
        shifts.add_row(Text(label), f"{shift:.2g}")
    return Group(
        Text(f"Export of {facts['judge']}", style="bold"),
        table,
        Text("Largest shift of each label's probability", style="bold"),
        shifts,
    )


def workspace_tables(result: WorkspaceContents) -> RenderableType:
    """What a workspace holds."""
    facts = result.to_json()
    datasets = Table(title="Datasets", title_justify="left")
    for heading in ("name", "items", "annotations", "labels", "text", "created (UTC)"):
        justify = "right" if heading in ("items", "annotations") else "left"
        datasets.add_column(heading, justify=justify, no_wrap=heading in ("name", "created (UTC)"))
    for found in facts["datasets"]:
        datasets.add_row(
            found["name"],
            f"{found['items']:,}",
            f"{found['annotations']:,}",
            Text(", ".join(found["labels"])),
            Text(", ".join(found["columns"]["text"])),
            found["created"][:16].replace("T", " "),
        )
    judges = Table(title="Judges", title_justify="left")
    for heading in ("name", "dataset", "backbone", "validation KL", "class prior", "created (UTC)"):
        judges.add_column(
            heading,
            justify="right" if heading in ("validation KL", "class prior") else "left",
            no_wrap=heading in ("name", "created (UTC)"),
        )
    for found in facts["judges"]:
        metrics = found["metrics"]
        judges.add_row(
            found["name"],
            found["dataset"]["name"],
            Text(PurePath(name).name if PurePath(name := found["backbone"]["name"]).is_absolute() else name),
            f"{metrics['validation_kl']:.4f}",
            f"{metrics['validation_prior_kl']:.4f}",
            found["created"][:16].replace("T", " "),
        )
    parts: list[RenderableType] = [Text(f"Workspace {facts['workspace']}", style="bold")]
    parts.append(datasets if facts["datasets"] else Text("No datasets yet: judgekit ingest votes.csv"))
    parts.append(judges if facts["judges"] else Text("No judges yet: judgekit train"))
    parts += [
        Text(f"Unfinished training: {name} (judgekit train --judge {name} --resume)") for name in facts["unfinished"]
    ]
    parts += [_as_it_is(f"Study: {name} ({facts['workspace']}/studies/{name})") for name in facts["studies"]]
    return Group(*parts)


def filled_template(result: FilledTemplate) -> RenderableType:
    """A template with one item in it."""
    facts = result.to_json()
    first, second = facts["segments"]
    return Group(
        Text(f"Item {facts['item']} as a causal LM reads it", style="bold"),
        _as_it_is(facts["prompt"]),
        Text(""),
        Text("as an encoder reads it", style="bold"),
        _as_it_is(f"A: {first}"),
        *([] if second is None else [_as_it_is(f"B: {second}")]),
        Text(""),
        _as_it_is(f"The template may be edited: {facts['path']}"),
    )


def _facts_table() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 1))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _as_it_is(text: str) -> Text:
    """Text whose lines are not broken where the terminal ends."""
    return Text(text, no_wrap=True, overflow="ignore")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
