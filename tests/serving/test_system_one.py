"""The System One format: a judge answers its own question, in the form of its type, and no other one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from judgekit.serving.system_one import Refused, SystemOneRequest, answer, item_of, judge_for, true_label


def judge_of(
    name: str, labels: tuple[str, ...], *, values: tuple[float, ...] = (), fields: tuple[str, ...] = ("text",)
) -> Any:
    """What of a judge the format needs."""
    return SimpleNamespace(name=name, labels=labels, fields=fields, manifest=SimpleNamespace(values=values))


TOXIC = judge_of("toxic", ("no", "yes"))
STARS = judge_of("stars", ("1", "2", "3"), values=(1, 2, 3))
TONE = judge_of("tone", ("angry", "calm"), fields=("message", "reply"))
JUDGES = {one.name: one for one in (TOXIC, STARS, TONE)}


def asked(questions: dict[str, Any], model: str = "judgekit", state: Any = "cold tea") -> SystemOneRequest:
    return SystemOneRequest.model_validate({"model": model, "state": state, "questions": questions})


def found(name: str, question: dict[str, Any], model: str = "judgekit") -> Any:
    request = asked({name: question}, model)
    return judge_for(name, request.questions[name], request, JUDGES)


def test_a_question_is_known_by_its_name_and_its_labels() -> None:
    assert found("toxic", {"type": "noul", "instructions": "Is it toxic?"}) is TOXIC
    assert found("toxic", {"type": "choice", "criteria": {"yes": None, "no": "all else"}}) is TOXIC
    assert found("stars", {"type": "score", "criteria": ["bad", "fair", "good"]}) is STARS
    assert found("anything", {"type": "choice", "criteria": {"angry": None, "calm": None}}, model="tone") is TONE


@pytest.mark.parametrize(
    ("name", "question", "model", "words"),
    [
        (
            "spam",
            {"type": "noul"},
            "judgekit",
            r"No judge was trained on the question 'spam'.*'toxic'.*'stars'.*'tone'",
        ),
        ("toxic", {"type": "choice", "criteria": {"yes": None, "maybe": None}}, "judgekit", "its choices are no, yes"),
        ("toxic", {"type": "score", "criteria": ["a", "b"]}, "judgekit", "its labels have no order"),
        (
            "stars",
            {"type": "score", "criteria": ["a", "b"]},
            "judgekit",
            "its levels are 1, 2, 3, lowest first, and 2 ",
        ),
        ("stars", {"type": "score", "criteria": ["3", "2", "1"]}, "judgekit", "lowest first"),
        ("stars", {"type": "score", "criteria": {"1": None, "2": None, "3": None}}, "judgekit", "are a list"),
        ("tone", {"type": "noul"}, "judgekit", "do not say which means yes"),
        ("tone", {"type": "box"}, "judgekit", "it finds nothing in images"),
        (
            "toxic",
            {"type": "noul"},
            "jev-latest",
            "There is no model 'jev-latest'; the models here are judgekit, toxic",
        ),
    ],
)
def test_a_question_that_no_judge_was_trained_on_is_refused(
    name: str, question: dict[str, Any], model: str, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        found(name, question, model)


def test_a_judge_that_is_named_as_the_model_answers_one_question() -> None:
    request = asked({"one": {"type": "noul"}, "two": {"type": "noul"}}, model="toxic")
    with pytest.raises(Refused, match="answers one question, and 2 are asked"):
        judge_for("one", request.questions["one"], request, JUDGES)


def test_answers_have_the_form_of_their_type() -> None:
    q = np.array([0.3, 0.7])
    questions = asked({"a": {"type": "noul"}, "b": {"type": "choice", "criteria": {"yes": None, "no": None}}}).questions
    assert answer(questions["a"], TOXIC, q) == {"type": "noul", "noul": 0.7}
    assert answer(questions["b"], TOXIC, q) == {
        "type": "choice", "choice": "yes", "confidence": 0.7, "probabilities": {"no": 0.3, "yes": 0.7},
    }  # fmt: skip
    score = asked({"c": {"type": "score", "criteria": ["bad", "fair", "good"]}}).questions["c"]
    assert answer(score, STARS, np.array([0.2, 0.2, 0.6])) == {
        "type": "score", "score": pytest.approx(1.4), "confidence": 0.6,
        "legend": {"0": "bad", "1": "fair", "2": "good"}, "probabilities": {"0": 0.2, "1": 0.2, "2": 0.6},
    }  # fmt: skip


def test_the_state_is_a_text_or_has_the_fields() -> None:
    assert item_of("cold tea", TOXIC) == {"text": "cold tea"}
    assert item_of({"message": "a", "reply": 3, "more": []}, TONE) == {"message": "a", "reply": "3"}
    assert item_of({"test_case": {"message": "a", "reply": "b"}}, TONE) == {"message": "a", "reply": "b"}
    for state in ("cold tea", {"message": "a"}, ["a", "b"]):
        with pytest.raises(Refused, match="the texts message and reply, which the judge 'tone' reads"):
            item_of(state, TONE)


@pytest.mark.parametrize(
    ("labels", "true"),
    [(("no", "yes"), 1), (("1", "0"), 0), (("not toxic", "toxic"), 1), (("A", "B"), None), (("a", "b", "c"), None)],
)
def test_the_label_that_means_yes(labels: tuple[str, ...], true: int | None) -> None:
    assert true_label(judge_of("x", labels)) == true
