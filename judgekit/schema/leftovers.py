"""What becomes of columns without a role: kept beside the annotations or left out, each with a reason, or a warning."""

from __future__ import annotations

from judgekit.schema.annotation_columns import owner_of, why_personal
from judgekit.schema.column_kinds import WHY
from judgekit.schema.inference_state import InferenceState, Owner
from judgekit.schema.layouts.layout import Claim, LayoutReading
from judgekit.tables.groups import Groups


def settle_leftovers(state: InferenceState, reading: LayoutReading, claim: Claim) -> None:
    """Keep the columns without a role that tell of annotations and annotators, and say why the others are left out."""
    items = state.groups(*([state.item] if state.item else state.fields))
    for name in state.left():
        why = _why_left_out(state, name, reading)
        owner = None if why or not reading.is_row_an_annotation else owner_of(state, name, items, claim.annotator)
        if owner is None:
            why = why or _why_of_the_item(state, name, items)
        else:
            why = why_personal(state, name, claim.annotator)
        if why:
            state.reasons.append(f"{name!r} is left out: {why}")
        elif owner is not None:
            _keep(state, name, owner)
    state.warnings += reading.warn_of(state.free(), claim.judged[0])


def _keep(state: InferenceState, name: str, owner: Owner) -> None:
    state.owners[name] = owner
    is_like_label = owner == "annotation" and state.evidence[name].could_be_labels
    more = f"; --label {name} would make it the label" if is_like_label else ""
    state.claim([name], f"{name!r} is kept beside the annotations: it describes the {owner}{more}")


def _why_left_out(state: InferenceState, name: str, reading: LayoutReading) -> str:
    """Why a column is nobody's, of whatever layout; else an empty text."""
    if state.evidence[name].filled == 0:
        return "it is empty"
    if name.startswith("Unnamed: "):
        return "it only counts the rows"
    if reading.is_made_of_annotations(name):
        return "its name means a label that was made of the annotations"
    return ""


def _why_of_the_item(state: InferenceState, name: str, items: Groups) -> str:
    figures = state.evidence[name]
    if items.repeat and items.constant_share(name) < 1:
        return "it differs between the annotations of one item"
    if figures.is_number:
        return "it holds numbers, not texts"
    if figures.is_category:
        return "its few short values describe the item"
    if state.given.text:
        return "--text does not name it"
    if state.known_fields:
        return "it is no field of the judge"
    if state.kind(name) in WHY:
        return WHY[state.kind(name)]
    return "the format names other texts" if state.roles.text else "it does not read like a text"
