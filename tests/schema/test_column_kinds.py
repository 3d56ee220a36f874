"""What a column is on its own, by its name and its cells."""

from __future__ import annotations

import polars as pl
import pytest

from judgekit.schema.column_kinds import kind_of, names_a_model, names_a_number_of_items, names_a_remark, sample_of
from judgekit.tables.evidence import weigh_columns

PROSE = [f"some words of a longer text number {n}" for n in range(12)]


def kind(name, cells):
    frame = pl.DataFrame({name: cells}, schema={name: pl.String})
    return kind_of(name, weigh_columns(frame)[name], sample_of(frame[name]))


@pytest.mark.parametrize(
    "time",
    [
        "2026-09-01", "2026-09-01 03:00:00", "2023/01/01 9:00:00 AM GMT+1", "Fri Feb 10 09:00:00 PST 2023",
        "01.09.2026", "9/1/26 14:05", "3 March 2024", "Mar 3, 2024, 10:15", "00:01:23", "2023-01-01T09:00:00.123Z",
        "10:15 PM",
    ],
)  # fmt: skip
def test_times_are_known_by_their_form(time):
    assert kind("column", [time] * 3 + [""]) == "time"


@pytest.mark.parametrize(
    ("name", "cells", "wanted"),
    [
        ("Customer message", PROSE, "text"), ("Input.text", PROSE, "text"), ("question.full_text", PROSE, "text"),
        ("comment_text", PROSE, "text"), ("tweet", PROSE, "text"), ("Ida comment", PROSE, "remark"),
        ("Any comments?", PROSE, "remark"), ("Begründung", PROSE, "remark"), ("explanation_text", PROSE, "remark"),
        ("Your name", ["Ida Berg", "Jon Roe"], "person"), ("annotator", ["a", "b"], "person"),
        ("contact", ["a@x.org", "b@y.org"], "contact"), ("labels_2", ["[[1], [2]]", "[[0], [1]]"], "structure"),
        ("who voted", ['{"a": 1}', '{"a": 2}'], "structure"),
        ("messages", ['[{"role": "user", "content": "a"}]'] * 2, "other"),
        ("other question", ["yes|no|no", "no|no|yes", "yes|yes|no"] * 4, "list"), ("gpt4_label", ["a", "b"], "model"),
        ("final score", ["1", "2"], "settled"), ("Mittelwert", ["1,5", "2"], "settled"),
        ("Score gesamt", ["1", "2"], "settled"),
        ("like_count", ["1", "2"], "number"),
        ("Ida", ["a", "b"], "other"), ("topic", ["sport", "news"], "other"),
    ],
)  # fmt: skip
def test_kind_of_a_column(name, cells, wanted):
    assert kind(name, cells) == wanted


@pytest.mark.parametrize("name", ["GPT-4", "gpt35", "llm_label", "Claude 3", "model_label", "LLM", "bert-base", "AI"])
def test_models_are_known_by_their_names(name):
    assert names_a_model(name)


@pytest.mark.parametrize("name", ["DeepSeek", "o3-mini", "Sonnet", "Claude 3.5", "Vorhersage", "System output"])
def test_answers_of_models_are_known_by_newer_names_too(name):
    assert names_a_model(name) and kind(name, ["good", "bad"] * 10) == "model"


@pytest.mark.parametrize("name", ["Claude", "Bert", "Ida", "model_1_fluency", "annotator_1", "Ali", "Mila"])
def test_people_and_ratings_of_models_are_no_models(name):
    assert not names_a_model(name)


@pytest.mark.parametrize("name", ["Ticket #", "No.", "Case number", "ticket_id", "ref", "№"])
def test_numbers_of_rows_are_known_by_their_names(name):
    assert names_a_number_of_items(name)


def test_comment_that_is_judged_is_no_remark():
    assert names_a_remark("comments") and not names_a_remark("comment text")
