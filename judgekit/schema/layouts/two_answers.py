"""Two rated answers in a row: `rating_a` and `rating_b` beside `answer_a` and `answer_b` are no two annotators."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from judgekit.schema.inference_state import InferenceState
from judgekit.schema.layouts.wide import Wide, annotators
from judgekit.schema.question import Answer

_SIDE = re.compile(r"(.*?)[\W_]*(\d+|[ab]|left|right|chosen|rejected|first|second)", re.IGNORECASE)
_BEFORE = re.compile(r"(\d+|[ab]|left|right|chosen|rejected|first|second)[\W_]+(.*)", re.IGNORECASE)


def refuse_two_answers(state: InferenceState, wide: Wide) -> None:
    """Ask what is rated where columns of labels and columns of texts are told apart by the same sides.

    Raises:
        Question: they are.
    """
    if not wide.groups:
        return
    others = [name for name in state.free() if name not in wide.groups[0]]
    texts = _by_side([name for name in others if state.evidence[name].is_prose or state.is_named_text(name)])
    labels = _by_side(wide.groups[0])
    for sides, rated in labels.items():
        if len(sides) == len(wide.groups[0]) and (answers := texts.get(sides)):
            _ask(state, wide.groups[0], rated, answers)


def _by_side(names: Sequence[str]) -> dict[frozenset[str], Mapping[str, str]]:
    """Columns of one stem that end, or begin, with two sides or more: the column of each side, by the sides."""
    stems: dict[str, dict[str, str]] = {}
    for name in names:
        plain = re.sub(r"(?<=[a-z])(?=[A-Z0-9])", "_", name)
        if match := _SIDE.fullmatch(plain):
            stem, side = match.groups()
        elif match := _BEFORE.fullmatch(plain):
            side, stem = match.groups()
        else:
            continue
        stems.setdefault(stem.casefold(), {})[side.casefold()] = name
    return {frozenset(found): found for found in stems.values() if len(found) > 1}


def _ask(state: InferenceState, group: Sequence[str], rated: Mapping[str, str], answers: Mapping[str, str]) -> None:
    others = [name for name in state.texts_by_name() if name not in answers.values()]
    rate = [
        Answer(
            f"{label!r} rates {answers[side]!r} alone: one annotation for each item",
            (("layout", "long"), ("label", (label,)), ("text", (*others, answers[side]))),
        )
        for side, label in rated.items()
    ]
    both = annotators(group, why=f", who compared {', '.join(answers.values())}")
    state.ask("what is rated", [*rate, both])
