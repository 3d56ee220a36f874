"""The tables of `study`, for a terminal of any width and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.text import Text

from judgekit.config import StudyPlan
from judgekit.reports import blocks
from judgekit.reports.blocks import Column, Rows
from judgekit.studies.plans import PAPER
from judgekit.studies.result import Baseline, Findings, Line, Point, StudyResult
from judgekit.wording import counted

TITLES: dict[StudyPlan, str] = {
    "table1": "Table 1: untrained, single-point, the paper's alignment, and judgekit's own",
    "ablation": "Ablation: the paper's loss without one of its parts",
    "alpha": "Weight of the KL term: loss = alpha KL + (1 - alpha) CE",
    "epsilon": "Radius epsilon within which the targets are perturbed in training",
    "robustness": "KL against test targets perturbed at random, by the L2 length of the perturbation",
    "budget": "The same number of training annotations, spent on many items or on few",
}
HEADINGS = ("", "KL", "KL 95 %", "KL seeds", "acc.%", "acc. 95 %", "items/s", "GiB")


class StudyTable(NamedTuple):
    """What one plan found, as text."""

    plan: StudyPlan
    headings: Sequence[str]
    rows: list[list[str]]


def study_page(result: StudyResult) -> RenderableType:
    """What a study found."""
    found = result.findings
    if found is None:
        return Text(f"Study {result.study}: {result.finished:,} of {result.runs:,} runs are finished.")
    parts: list[RenderableType] = [blocks.heading(heading(result.study, found)), Text(winner(found))]
    for plan, headings, rows in tables(found):
        columns = [Column(words, is_figure=number > 0) for number, words in enumerate(headings)]
        parts += [Text(""), Text(TITLES[plan], style="italic"), Rows(columns, rows)]
    return Group(*parts, *(part for line in remarks(found) for part in (Text(""), Text(line))))


def study_markdown(study: str, found: Findings) -> str:
    """The same tables as Markdown."""
    parts = [f"# {heading(study, found)}", winner(found)]
    for plan, headings, rows in tables(found):
        ruled = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
        parts.append(f"## {TITLES[plan]}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in ruled))
    return "\n\n".join([*parts, *remarks(found), *found.notes, origin(found)]) + "\n"


def heading(study: str, found: Findings) -> str:
    """What was studied on what."""
    items = found.sizes.items
    per_item = found.sizes.test_annotations / items["test"]
    return (
        f"Study {study}: {found.backbone} on {items['train']:,} items, tested on {items['test']:,} with "
        f"{per_item:.1f} annotations each, {counted(found.seeds, 'seed')}"
    )


def winner(found: Findings) -> str:
    """Which variant has the lowest KL, and whether that may be chance, in one sentence."""
    lines = sorted({line.variant: line for line in _lines(found)}.values(), key=lambda line: line.kl.value)
    if not lines:
        return "Only perturbed targets were compared."
    best, apart, prior = lines[0], found.kl_above_paper, found.baselines["class_prior"].kl
    words = f"{best.variant} has the lowest KL, {best.kl.value:.3f}"
    if best.kl.value >= prior:
        return f"{words}, but not a lower one than the class prior ({prior:.3f})."
    rivals = [line.variant for line in lines if line.variant in apart]
    if best.variant in apart:
        rival, lead = PAPER.name, apart[best.variant]
    elif best.variant == PAPER.name and rivals:
        rival, lead = rivals[0], apart[rivals[0]]
    else:
        return f"{words} (95 % interval {_range(best.kl.low, best.kl.high)})."
    return f"{words}; its lead over {rival} {'may be chance' if lead.low <= 0 <= lead.high else 'is beyond chance'}."


def tables(found: Findings) -> Iterator[StudyTable]:
    """The tables in the order of the plans."""
    for plan in TITLES:
        if plan in found.plans:
            rows = [_row(line) for line in found.plans[plan]]
            rows += [_constant(words, found.baselines[words.replace(" ", "_")]) for words in ("class prior", "uniform")]
            rows.append(["noise floor", f"{found.noise_floor:.3f}", *[""] * (len(HEADINGS) - 2)])
            yield StudyTable(plan, HEADINGS, rows)
        elif plan == "robustness" and found.robustness:
            yield _robustness_table(found.robustness)


def _row(line: Line) -> list[str]:
    kl, accuracy, rate, memory = line.kl, line.accuracy, line.items_per_second, line.peak_memory
    return [
        line.variant,
        _short(kl.value, 3),
        _range(kl.low, kl.high),
        _range(kl.least, kl.most) if line.seeds > 1 else "",
        f"{100 * accuracy.value:.1f}",
        _range(100 * accuracy.low, 100 * accuracy.high, 1),
        "" if rate is None else f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}",
        "" if memory is None else _short(memory / 2**30, 2),
    ]


def _constant(name: str, found: Baseline) -> list[str]:
    cells = [name, f"{found.kl:.3f}", "", "", f"{100 * found.accuracy:.1f}"]
    return [*cells, *[""] * (len(HEADINGS) - len(cells))]


def _robustness_table(points: Sequence[Point]) -> StudyTable:
    levels = dict.fromkeys(point.x for point in points)
    rows = {point.variant: [point.variant] for point in points}
    for point in points:
        rows[point.variant].append(f"{point.kl.value:.3f}")
    return StudyTable("robustness", ["", *(f"{level:g}" for level in levels)], list(rows.values()))


def _range(low: float, high: float, digits: int = 3) -> str:
    return f"{_short(low, digits)}–{_short(high, digits)}"


def _short(value: float, digits: int) -> str:
    """Large figures with a digit less: an untrained causal LM's KL has two before the point, a terminal 80 columns."""
    return f"{value:.{digits - (value >= 10 and digits > 1)}f}"


def _lines(found: Findings) -> Iterator[Line]:
    return (line for lines in found.plans.values() for line in lines)


def remarks(found: Findings) -> list[str]:
    """What the figures mean, one sentence or a few per paragraph."""
    said = [
        "KL(p || q) in nats on the test items, mean over seeds. 95 %: bootstrap interval over items of the mean over "
        "seeds; seeds: least and most of the seeds' own means. acc.: most probable label against the most frequent "
        "one, ties share. items/s: of training, the fastest seed; GiB: its peak memory, the least of the seeds, on a "
        "CPU of the whole process. A perfect judge would show the noise floor against these annotations.",
    ]
    if found.kl_above_paper:
        words = (f"{name} {one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f})"
                 for name, one in found.kl_above_paper.items())  # fmt: skip
        said.append(f"KL above the paper's variant, item by item, with 95 % intervals: {'; '.join(words)}.")
    if untrained := sorted({f"{line.variant} ({line.untrained})" for line in _lines(found) if line.untrained}):
        said.append(
            "No evaluation was better than the one before training, so the untrained judge was kept, in trainings of: "
            f"{', '.join(untrained)}. More --epochs may help."
        )
    if masses := {line.variant: line.label_mass for line in _lines(found) if line.label_mass is not None}:
        words = ", ".join(f"{name} {100 * mass:.3g} %" for name, mass in masses.items())
        said.append(f"Probability that the model gives to the labels at all, before it is shared among them: {words}.")
    if found.robustness:
        said.append(
            f"Perturbed targets: a point is drawn uniformly from the simplex, again while it is nearer to p than the "
            f"level, and p moves by exactly the level straight towards it; mean of {found.draws} draws per item, "
            "the same for all variants."
        )
    if (budget := found.sizes.budget) is not None:
        said.append(
            f"Budget: {budget.annotations:,} annotations of the {budget.pool:,} training items that have "
            f"{max(budget.per_item)} or more; items, then annotations of each, drawn without replacement, anew for "
            "each seed. All ways have the same epochs, so fewer items mean fewer steps."
        )
    return said


def origin(found: Findings) -> str:
    """When the runs were made, by what, and how to make them again."""
    return f"Made on {found.made.date[:10]} by judgekit {found.made.version}: {found.made.command}"
