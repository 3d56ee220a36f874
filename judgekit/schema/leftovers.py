"""What becomes of columns without a role: a reason each, and a warning where annotations may be lost with one."""

from __future__ import annotations

from judgekit.schema.inference_state import InferenceState
from judgekit.schema.layouts.layout import Claim, LayoutReading


def explain_leftovers(state: InferenceState, reading: LayoutReading, claim: Claim) -> None:
    """Say of each column without a role why it is left out; the state gets the reasons and warnings."""
    left = state.left()
    state.reasons += [f"{name!r} is left out: {_why_left_out(state, name, reading, claim.annotator)}" for name in left]
    state.warnings += reading.warn_of(state.free(), claim.judged[0])


def _why_left_out(state: InferenceState, name: str, reading: LayoutReading, annotator: str | None) -> str:
    figures = state.evidence[name]
    if figures.filled == 0:
        return "it is empty"
    if name.startswith("Unnamed: "):
        return "it only counts the rows"
    if reading.is_made_of_annotations(name):
        return "its name means a label that was made of the annotations"
    by_item = state.groups(*([state.item] if state.item else state.fields))
    by_annotator = state.groups(annotator) if annotator else None
    if by_item.repeat and by_item.constant_share(name) < 1:
        if by_annotator and by_annotator.repeat and by_annotator.constant_share(name) == 1:
            return "it describes the annotator"
        if reading.layout == "long" and figures.could_be_labels:
            return f"it differs between annotators like a label; --label {name} would take it"
        return "it differs between the annotations of one item"
    if figures.is_number:
        return "it holds numbers, not texts"
    if figures.is_category:
        return "its few short values describe the item"
    if state.given.text:
        return "--text does not name it"
    if state.known_fields:
        return "it is no field of the judge"
    return "the format names other texts" if state.roles.text else "it does not read like a text"
