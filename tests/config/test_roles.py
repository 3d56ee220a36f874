"""Column roles: from settings, into JSON and back, and what of them holds for another table."""

from __future__ import annotations

import json

import pytest

from judgekit.config import IngestSettings
from judgekit.config.roles import Roles
from judgekit.errors import DataError

FULL = Roles(
    item="id", annotator="who", label=("toxic", "rude"), text=("text",), number="5", group="thread", split="part",
    label_map=(("y", "yes"),), drop_labels=("skip",), layout="long", labels=("no", "yes"), counts=("n_no", "n_yes"),
    of_annotation=("seconds",), of_annotator=("age",),
)  # fmt: skip


def test_roles_survive_json() -> None:
    assert Roles.from_json(json.loads(json.dumps(FULL.to_json()))) == FULL
    assert Roles.from_json({}) == Roles()


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(DataError, match="colour"):
        Roles.from_json({"colour": "red"})


def test_settings_name_roles() -> None:
    settings = IngestSettings(item="id", label=("a",), label_map=("y=yes",), labels="no, yes", drop_label=("skip",))
    assert settings.roles() == Roles(
        item="id", label=("a",), label_map=(("y", "yes"),), labels=("no", "yes"), drop_labels=("skip",)
    )


def test_a_table_without_one_of_the_label_columns_leaves_the_label_open() -> None:
    within = FULL.within(["id", "toxic", "text", "n_no", "n_yes"])
    assert (within.item, within.annotator, within.label, within.text) == ("id", None, (), ("text",))
    assert (within.counts, within.number, within.label_map) == (FULL.counts, "5", FULL.label_map)
