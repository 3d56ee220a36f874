"""Whose an extra column is: the annotation's where it differs within items, the annotator's where it never changes.

Such columns are kept beside the annotations and never enter a prompt. What names the annotator anew is not kept.
"""

from __future__ import annotations

import numpy as np

from judgekit.schema.inference_state import InferenceState, Owner
from judgekit.tables.column_names import ANNOTATOR_NAMES, mentions_a_person, names_a_side_remark, normalise, words_of
from judgekit.tables.groups import Groups

_MISTAKES_SHARE = 0.1
"""Of the items: a column that differs in fewer belongs to the item and has mistakes."""
_EMAIL = r"^\s*[^\s@]+@[^\s@]+\.[^\s@]+\s*$"
_CONTACT_WORDS = frozenset(
    {"email", "mail", "phone", "telephone", "ip", "login", "username", "surname", "prolific", "pid"}
)
_NAMING_WORDS = frozenset({"id", "ids", "name", "no", "nr", "number", "num", "code", "index", "key"})
_ATTRIBUTE_WORDS = frozenset(
    {
        "sex", "language", "languages", "native", "education", "degree", "ethnicity", "race", "religion", "nationality",
        "experience", "expertise", "group", "team", "role", "background", "occupation", "profession", "job", "income",
        "politics", "political", "party", "region", "state", "city", "level", "type", "kind", "condition",
    }
)  # fmt: skip
"""What is known of a person, though it may tell few persons apart; beside age, gender, country and the like."""


def owner_of(state: InferenceState, name: str, items: Groups, annotator: str | None) -> Owner | None:
    """Whose a column without a role is; None: the item's.

    Args:
        state: the state of the inference.
        name: the column, in a table with a row for each annotation.
        items: the rows of each item.
        annotator: the column that names the annotator.
    """
    if not items.repeat or not _differs_within_items(state, name, items):
        return None
    people = state.groups(annotator) if annotator else None
    return "annotator" if people and people.repeat and people.constant_share(name) == 1 else "annotation"


def _differs_within_items(state: InferenceState, name: str, items: Groups) -> bool:
    """Whether the cells of an item differ in more than a few of the items that have any."""
    differs = items.differs(name)
    if not differs.any():
        return False
    first = items.first.to_numpy()
    filled = (state.frame.get_column(name).str.strip_chars() != "").to_numpy()
    several, has_any = np.bincount(first) > 1, np.bincount(first, filled) > 0
    different = np.count_nonzero(np.bincount(first, differs.to_numpy()))
    return bool(different > _MISTAKES_SHARE * np.count_nonzero(several & has_any))


def why_personal(state: InferenceState, name: str, annotator: str | None) -> str:
    """Why a column says who the annotator is, by its cells or its name; else an empty text."""
    cells, words = state.frame.get_column(name), set(words_of(name))
    filled = state.evidence[name].filled
    if int(cells.str.contains(_EMAIL).sum()) > filled / 2:
        return "it holds e-mail addresses"
    is_attribute = bool(words & _ATTRIBUTE_WORDS) or names_a_side_remark(name)
    is_person = mentions_a_person(name) and all(word in _NAMING_WORDS or mentions_a_person(word) for word in words)
    if words & _CONTACT_WORDS or is_person or normalise(name) in ANNOTATOR_NAMES or name in state.may_be_annotators:
        return "its name means a person"
    is_code = not state.evidence[name].is_number or bool(words & _NAMING_WORDS)
    if annotator and is_code and not is_attribute and state.is_renaming(annotator, name):
        return f"it tells the annotators apart as {annotator!r} does"
    return ""
