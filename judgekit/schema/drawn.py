"""The columns that `judgekit select` writes beside the items it drew: known by name, and no text, label or person."""

from __future__ import annotations

from judgekit.schema.inference_state import InferenceState
from judgekit.tables.column_names import normalise

CHANCE_COLUMN = "inclusion_probability"
"""The chance with which an item was drawn."""
ID_COLUMN = "item_id"
REMARK_COLUMNS = ("expected_gain", "gain_per_cost", "cost", "reason", "annotations_so_far")
"""What else it says of an item, for the person who plans the round."""


def find_drawn(state: InferenceState) -> None:
    """Find the chances with which items were drawn, and leave out what else `select` says of them.

    Tools put a prefix before a column that they carry along, such as `meta.`; case and punctuation make no difference.
    """
    chance, *again = _named(state, CHANCE_COLUMN) or [None]
    if chance is None:
        return
    state.chance = chance
    state.claim([chance], f"{chance!r} is the chance with which judgekit select drew the item")
    for name in [*again, *(found for one in REMARK_COLUMNS for found in _named(state, one))]:
        state.unread.append(name)
        state.claim([name], f"{name!r} is left out: judgekit select wrote it for people to read")


def id_of_drawn(state: InferenceState) -> str | None:
    """The column of the ids under which items were drawn, where an annotation tool has added numbers of its own."""
    if state.chance is None or state.given.item or state.roles.item is None:
        return None
    return next(iter(_named(state, ID_COLUMN)), None)


def _named(state: InferenceState, wanted: str) -> list[str]:
    return [name for name in state.free() if normalise(name.rpartition(".")[2]) == normalise(wanted)]
