"""The System One format: what is asked of a judge in it, and what is answered.

A judge answers its own question and no other: it is found by its name, as that of the question or as that of the model,
and the labels or levels of the question must be the judge's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from judgekit.judge.judge import TrainedJudge
from judgekit.wording import listed

ALL_JUDGES = "judgekit"
"""The model that stands for all judges."""
_TRUE = {"yes", "true", "1", "y", "t"}
_FALSE = {"no", "false", "0", "n", "f"}
Content = str | dict[str, Any] | list[Any]


class Question(BaseModel):
    """A question of any type."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["noul", "choice", "score", "box"]
    instructions: Content | None = None
    criteria: dict[str, Content | None] | list[Content] | None = None


class SystemOneRequest(BaseModel):
    """What `POST /v1/systemone` takes."""

    model_config = ConfigDict(extra="ignore")

    model: str = ALL_JUDGES
    state: Content
    questions: dict[str, Question] = Field(min_length=1)
    assets: dict[str, Any] | None = None


class Refused(Exception):
    """A question or a state that no judge was trained on; the text says why and what there is."""


def judge_for(
    name: str, question: Question, request: SystemOneRequest, judges: Mapping[str, TrainedJudge]
) -> TrainedJudge:
    """The judge that was trained on a question.

    Raises:
        Refused: there is none, or its labels are others.
    """
    there = f"The questions here are: {'; '.join(described(judge) for judge in judges.values())}."
    if request.model != ALL_JUDGES and request.model not in judges:
        models = listed([ALL_JUDGES, *judges])
        raise Refused(f"There is no model {request.model!r}; the models here are {models}.")
    judge = judges.get(request.model) or judges.get(name)
    if judge is None:
        raise Refused(f"No judge was trained on the question {name!r}, and none answers another one. {there}")
    if request.model == ALL_JUDGES or len(request.questions) == 1 or name == judge.name:
        if problem := _problem(question, judge):
            raise Refused(
                f"The question {name!r} is not the one that the judge {judge.name!r} was trained on: {problem}."
            )
        return judge
    raise Refused(f"The judge {judge.name!r} answers one question, and {len(request.questions)} are asked. {there}")


def described(judge: TrainedJudge) -> str:
    """A judge's question in words: its name, as what it can be asked, and of which fields."""
    kinds = [
        "choice",
        *(["score"] if judge.manifest.values else []),
        *(["noul"] if true_label(judge) is not None else []),
    ]
    return f"{judge.name!r} ({' or '.join(kinds)}: {', '.join(judge.labels)}; state: {', '.join(judge.fields)})"


def true_label(judge: TrainedJudge) -> int | None:
    """The label that means yes, of two labels that mean yes and no; None where it is not plain which."""
    words = [label.strip().casefold() for label in judge.labels]
    if len(words) != 2:
        return None
    negated = [word in _FALSE or word.startswith(("not ", "not_", "non-", "non_", "no ", "no_")) for word in words]
    affirmed = [word in _TRUE for word in words]
    if sum(negated) == 1:
        return negated.index(False)
    return affirmed.index(True) if sum(affirmed) == 1 else None


def _problem(question: Question, judge: TrainedJudge) -> str:
    """Why a judge cannot answer a question, or an empty text."""
    labels, criteria = judge.labels, question.criteria
    if question.type == "choice":
        if not isinstance(criteria, dict) or set(criteria) != set(labels):
            asked = ", ".join(criteria) if isinstance(criteria, dict) else "none"
            return f"its choices are {', '.join(labels)}, and those that are asked for are {asked}"
    elif question.type == "score":
        if not judge.manifest.values:
            return "its labels have no order; ask for a choice"
        if not isinstance(criteria, list):
            return f"its levels, lowest first, are {', '.join(labels)}; the criteria of a score are a list of as many"
        levels = criteria
        if len(levels) != len(labels) or (set(map(str, levels)) == set(labels) and levels != list(labels)):
            return f"its levels are {', '.join(labels)}, lowest first, and {len(levels)} are asked for"
    elif question.type == "noul":
        if true_label(judge) is None:
            return f"its labels {', '.join(labels)} do not say which means yes; ask for a choice"
    else:
        return "it finds nothing in images"
    return ""


def item_of(state: Content, judge: TrainedJudge) -> dict[str, str]:
    """The fields of a judge from the state.

    Raises:
        Refused: it lacks some.
    """
    fields = judge.fields
    if isinstance(state, dict) and len(state) == 1:  # DeepEval wraps its fields: {"test_case": {…}}
        wrapped = next(iter(state.values()))
        state = wrapped if isinstance(wrapped, dict) else state
    if isinstance(state, str) and len(fields) == 1:
        state = {fields[0]: state}
    if not isinstance(state, dict) or not all(isinstance(state.get(name), str | int | float) for name in fields):
        raise Refused(
            f"The state must be an object with the texts {listed(fields)}, which the judge {judge.name!r} reads."
        )
    return {name: str(state[name]) for name in fields}


def answer(question: Question, judge: TrainedJudge, q: NDArray[np.float64]) -> dict[str, Any]:
    """What a judge's distribution says, in the form of the question's type; `confidence` is that of the label."""
    shares: list[float] = q.tolist()
    if question.type == "noul":
        true = true_label(judge)
        assert true is not None
        return {"type": "noul", "noul": shares[true]}
    if question.type == "choice":
        found = dict(zip(judge.labels, shares, strict=True))
        return {"type": "choice", "choice": max(found, key=found.__getitem__), "confidence": max(shares),
                "probabilities": found}  # fmt: skip
    levels: Sequence[Any] = question.criteria if isinstance(question.criteria, list) else judge.labels
    return {
        "type": "score",
        "score": float(np.arange(len(shares)) @ q),
        "confidence": max(shares),
        "legend": {str(n): level for n, level in enumerate(levels)},
        "probabilities": {str(n): share for n, share in enumerate(shares)},
    }
