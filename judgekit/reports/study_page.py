"""The tables of `study`, for the terminal and as Markdown, in 80 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from judgekit.studies.result import StudyResult

TITLES = {
    "table1": "Table 1: untrained, single-point, the paper's alignment, and judgekit's own",
    "ablation": "Ablation: the paper's loss without one of its parts",
    "alpha": "Weight of the KL term: loss = alpha KL + (1 - alpha) CE",
    "epsilon": "Radius epsilon within which the targets are perturbed in training",
    "robustness": "KL against test targets perturbed at random, by the L2 length of the perturbation",
    "budget": "The same number of training annotations, spent on many items or on few",
}
HEADINGS = ("", "KL", "95 %", "seeds", "acc.%", "95 %", "items/s", "GiB")


def study_page(result: StudyResult) -> RenderableType:
    """What a study found."""
    facts = result.to_json()
    if "plans" not in facts:
        return Text(f"Study {facts['study']}: {facts['finished']:,} of {facts['runs']:,} runs are finished.")
    parts: list[RenderableType] = [Text(heading(facts), style="bold")]
    for plan, lines in facts["plans"].items():
        table = Table(
            title=TITLES[plan], title_justify="left", title_style="italic", box=SIMPLE_HEAD, show_edge=False,
            pad_edge=False, padding=(0, 1, 0, 0),
        )  # fmt: skip
        headings, rows = table_of(plan, lines, facts)
        for number, words in enumerate(headings):
            table.add_column(words, justify="right" if number else "left", no_wrap=True)
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        parts += [Text(""), table]
    return Group(*parts, *(part for line in remarks(facts) for part in (Text(""), Text(line))))


def study_markdown(result: StudyResult) -> str:
    """The same tables as Markdown."""
    facts = result.to_json()
    parts = [f"# {heading(facts)}"]
    for plan, lines in facts["plans"].items():
        headings, rows = table_of(plan, lines, facts)
        ruled = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
        parts.append(f"## {TITLES[plan]}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in ruled))
    return "\n\n".join([*parts, *remarks(facts), *facts["notes"]]) + "\n"


def heading(facts: Mapping[str, Any]) -> str:
    """What was studied on what."""
    items, seeds = facts["items"], facts["seeds"]
    per_item = facts["test_annotations"] / items["test"]
    return (
        f"Study {facts['study']}: {facts['backbone']} on {items['train']:,} items, tested on {items['test']:,} with "
        f"{per_item:.1f} annotations each, {seeds} seed{'s' if seeds > 1 else ''}"
    )


def table_of(
    plan: str, lines: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]
) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of one plan's table, as text."""
    if plan == "robustness":
        return _robustness_table(lines)
    prior, uniform = facts["baselines"]["class_prior"], facts["baselines"]["uniform"]
    rows = [_row(line) for line in lines]
    rows += [_constant("class prior", prior), _constant("uniform", uniform)]
    rows.append(["noise floor", f"{facts['noise_floor']:.3f}", *[""] * (len(HEADINGS) - 2)])
    return list(HEADINGS), rows


def _row(line: Mapping[str, Any]) -> list[str]:
    kl, accuracy = line["kl"], line["accuracy"]
    rate, memory = line["items_per_second"], line["peak_memory"]
    return [
        line["variant"],
        _short(kl["value"], 3),
        _range(kl["low"], kl["high"]),
        _range(kl["least"], kl["most"]) if line["seeds"] > 1 else "",
        f"{100 * accuracy['value']:.1f}",
        _range(100 * accuracy["low"], 100 * accuracy["high"], 1),
        "" if rate is None else f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}",
        "" if memory is None else _short(memory / 2**30, 2),
    ]


def _constant(name: str, found: Mapping[str, float]) -> list[str]:
    cells = [name, f"{found['kl']:.3f}", "", "", f"{100 * found['accuracy']:.1f}"]
    return [*cells, *[""] * (len(HEADINGS) - len(cells))]


def _robustness_table(points: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    levels = list(dict.fromkeys(point["x"] for point in points))
    rows = {point["variant"]: [point["variant"]] for point in points}
    for point in points:
        rows[point["variant"]].append(f"{point['kl']['value']:.3f}")
    return ["", *(f"{level:g}" for level in levels)], list(rows.values())


def _range(low: float, high: float, digits: int = 3) -> str:
    return f"{_short(low, digits)}–{_short(high, digits)}"


def _short(value: float, digits: int) -> str:
    """Large figures with a digit less: an untrained causal LM's KL has two before the point, a terminal 80 columns."""
    return f"{value:.{digits - (value >= 10 and digits > 1)}f}"


def remarks(facts: Mapping[str, Any]) -> list[str]:
    """What the figures mean, one sentence or a few per paragraph."""
    found = [
        "KL(p || q) in nats on the test items, mean over seeds. 95 %: bootstrap interval over items of the mean over "
        "seeds; seeds: least and most of the seeds' own means. acc.: most probable label against the most frequent "
        "one, ties share. items/s: of training, the fastest seed; GiB: its peak memory, the least of the seeds, on a "
        "CPU of the whole process. A perfect judge would show the noise floor against these annotations.",
    ]
    if facts["kl_above_paper"]:
        words = (
            f"{name} {one['value']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})"
            for name, one in facts["kl_above_paper"].items()
        )
        found.append(f"KL above the paper's variant, item by item, with 95 % intervals: {'; '.join(words)}.")
    every = (line for lines in facts["plans"].values() for line in lines if line.get("untrained"))
    untrained = sorted({f"{line['variant']} ({line['untrained']})" for line in every})
    if untrained:
        found.append(
            "No evaluation was better than the one before training, so the untrained judge was kept, in trainings of: "
            f"{', '.join(untrained)}. More --epochs may help."
        )
    masses = {
        line["variant"]: line["label_mass"]
        for lines in facts["plans"].values()
        for line in lines
        if line.get("label_mass") is not None
    }
    if masses:
        words = ", ".join(f"{name} {100 * mass:.3g} %" for name, mass in masses.items())
        found.append(f"Probability that the model gives to the labels at all, before it is shared among them: {words}.")
    if "robustness" in facts["plans"]:
        found.append(
            f"Perturbed targets: a point is drawn uniformly from the simplex, again while it is nearer to p than the "
            f"level, and p moves by exactly the level straight towards it; mean of {facts['draws']} draws per item, "
            "the same for all variants."
        )
    if "budget" in facts["plans"]:
        budget = facts["budget"]
        found.append(
            f"Budget: {budget['annotations']:,} annotations of the {budget['pool']:,} training items that have "
            f"{max(budget['per_item'])} or more; items, then annotations of each, drawn without replacement, anew for "
            "each seed. All ways have the same epochs, so fewer items mean fewer steps."
        )
    return found
