"""The pages of `gate`: what is promised, and whether it holds."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from judgekit.decisions.gate import GateCheck, GateResult
from judgekit.decisions.gate_file import Gate
from judgekit.reports.blocks import facts, heading, point
from judgekit.wording import counted, listed


def gate_page(result: GateResult) -> RenderableType:
    """A gate that was made."""
    gate = result.gate
    return Group(
        heading(f"A gate for {gate.judge}"),
        Text(promise(gate)),
        facts(
            [
                ("threshold", f"decides where its label has a probability of {gate.threshold:.4g} or more"),
                (
                    "found",
                    f"{gate.disagreement:.1%} disagreement on {gate.decided:.0%} of {counted(gate.items, 'item')}",
                ),
                ("people", _people(gate.people)),
                ("from", gate.source),
            ]
        ),
    )


def promise(gate: Gate) -> str:
    """What is promised, in a sentence."""
    return (
        f"Decides {gate.decided:.0%} of the items alone, and disagrees with a new annotator on at most "
        f"{gate.error:.1%} of them ({gate.confidence:.0%} confidence), as long as the items are like these."
    )


def check_page(found: GateCheck) -> RenderableType:
    """A gate held against later annotations."""
    gate = found.gate
    if found.disagreement is None:
        said = f"It decides none of {counted(found.items, 'item')}; nothing can be said."
    else:
        verdict = ("Holds" if found.can_tell else "Too few to tell") if found.holds else "BROKEN"
        said = (
            f"{verdict}: it decides {counted(found.decided, 'item')} of {found.items:,} "
            f"and disagrees with a new annotator on {found.disagreement:.1%} of them; {gate.error:.1%} were promised."
        )
    warnings = []
    if found.differences:
        warnings.append(
            "These items are not like those that the gate was made from: "
            + listed([one.sentence.replace("the new ones", "those") for one in found.differences[:3]])
            + "."
        )
    return Group(
        heading(f"The gate of {gate.judge} on {found.source}"),
        Text(said),
        facts(
            [("people", _people(found.people)), ("chance", f"{found.p_value:.3f} of so much disagreement if it holds")]
        ),
        *(point(sentence, style="yellow") for sentence in warnings),
    )


def _people(share: float | None) -> str:
    if share is None:
        return "no decided item has two annotations, so nobody knows how far they agree"
    return f"contradict the others of an item in {share:.1%} of their annotations there"
