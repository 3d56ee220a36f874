"""A typed JSON file: read whole or refused by name, upgraded from older versions, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.config import TrainSettings
from judgekit.config.roles import Roles
from judgekit.errors import WorkspaceError
from judgekit.workspace.manifest import Manifest, Section, now, read_json, write_json


class Size(Section):
    items: int
    annotations: int | None = None


def _with_labels(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "labels": values.get("classes")}


def _with_size(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "size": {"items": values.get("items")}}


class Third(Manifest):
    """The third version of a format: of `classes` and `items` became `labels` and `size`."""

    VERSION = 3
    UPGRADES: ClassVar = (_with_labels, _with_size)

    labels: tuple[str, ...]
    size: Size
    settings: TrainSettings = TrainSettings()
    columns: Roles = Roles()


WHOLE = Third(
    created=now(), labels=("a", "b"), size=Size(items=3), settings=TrainSettings(epochs=2), columns=Roles(item="id")
)


def written(folder: Path, **changes: Any) -> Path:
    write_json(folder / "manifest.json", {**WHOLE.to_json(), **changes})
    return folder / "manifest.json"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    WHOLE.write(tmp_path / "manifest.json")
    assert Third.read(tmp_path / "manifest.json") == WHOLE
    assert read_json(tmp_path / "manifest.json")["format_version"] == 3


def test_a_value_changed_behind_judgekits_back_is_noticed_and_an_older_file_needs_no_checksum(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    WHOLE.write(path)
    then = read_json(path)
    write_json(path, dict(reversed(then.items())))  # the order of keys says nothing
    assert Third.read(path) == WHOLE
    write_json(path, {**then, "labels": ["b", "a"]})
    with pytest.raises(WorkspaceError, match=r"manifest\.json has changed since judgekit wrote it"):
        Third.read(path)
    write_json(path, {key: value for key, value in then.items() if key != "checksum"})
    assert Third.read(path) == WHOLE

    class Sealed(Third):
        SEALED_SINCE = 3

    with pytest.raises(WorkspaceError, match="its checksum"):
        Sealed.read(path)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"format_version": ' + "9" * 5_000 + "}", '{"created": "\\ud800"}'])
def test_json_that_breaks_parsers_is_damage(text: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(WorkspaceError, match=r"manifest\.json"):
        Third.read(tmp_path / "manifest.json")


def test_a_file_of_another_order_of_size_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "manifest.json").open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(WorkspaceError, match="at most"):
        Third.read(tmp_path / "manifest.json")


def test_a_manifest_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        WHOLE.labels = ("c",)  # type: ignore[misc]


def test_upgrades_are_applied_in_order_from_the_version_on(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    write_json(path, {"format_version": 1, "created": "then", "classes": ["a"], "items": 4})
    first = Third.read(path)
    write_json(path, {"format_version": 2, "created": "then", "labels": ["a"], "items": 4})
    assert first == Third.read(path) == Third(created="then", labels=("a",), size=Size(items=4))


def test_reading_an_older_version_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    write_json(path, {"format_version": 1, "created": "then", "classes": ["a"], "items": 4})
    before = path.read_bytes()
    Third.read(path)
    assert path.read_bytes() == before


def test_a_newer_version_is_refused_by_its_number_and_the_path(tmp_path: Path) -> None:
    path = written(tmp_path, format_version=4)
    with pytest.raises(WorkspaceError, match=r"(?s)format version 4.*up to 3.*annotation-judgekit") as caught:
        Third.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("version", [None, "1", 0, True, 1.0])
def test_a_file_without_a_version_is_refused(tmp_path: Path, version: Any) -> None:
    with pytest.raises(WorkspaceError, match="no format version"):
        Third.read(written(tmp_path, format_version=version))


def test_all_damaged_fields_are_named_at_once(tmp_path: Path) -> None:
    damaged = {"labels": ["a", 3], "size": {}, "settings": {"epochs": "x"}, "columns": {"layout": "round"}}
    path = written(tmp_path, **damaged)
    with pytest.raises(WorkspaceError) as caught:
        Third.read(path)
    assert str(path) in caught.value.message
    for field in ("labels.1", "size.items is missing", "settings.epochs", "columns.layout"):
        assert any(problem.startswith(field) for problem in caught.value.problems)


def test_settings_that_contradict_each_other_are_damage(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"(?s)manifest\.json is damaged.*--projection"):
        Third.read(written(tmp_path, settings={"projection": "cvxpy", "adversary": "off"}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    field=st.sampled_from(["format_version", "created", "labels", "classes", "items", "size", "settings"]), value=JSON
)
def test_damage_is_a_workspace_error_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, field: str, value: Any
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps({**WHOLE.to_json(), "format_version": 1, "classes": ["a"], "items": 1, field: value}))
    try:
        Third.read(path)
    except WorkspaceError as error:
        assert str(path) in str(error)
