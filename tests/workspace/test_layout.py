"""Where the workspace is found, and which names its contents may have."""

from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs import user_data_path

from judgekit.errors import WorkspaceError
from judgekit.workspace import layout
from judgekit.workspace.layout import check_name, find_root, name_from_file
from judgekit.workspace.store import Workspace


def make(root: Path) -> Path:
    Workspace.create(root, version="0")
    return root


def test_the_nearest_workspace_upward_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / ".judgekit")
    inner = make(tmp_path / "a" / ".judgekit")
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert find_root() == inner
    monkeypatch.chdir(tmp_path)
    assert find_root() == tmp_path / ".judgekit"


def test_a_folder_of_that_name_without_a_marker_is_passed_over(tmp_path: Path) -> None:
    outer = make(tmp_path / ".judgekit")
    (tmp_path / "a" / ".judgekit").mkdir(parents=True)
    assert find_root(start=tmp_path / "a") == outer


def test_option_comes_before_environment_before_folders_upward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / ".judgekit")
    monkeypatch.setenv("JUDGEKIT_WORKSPACE", str(tmp_path / "env"))
    assert find_root(tmp_path / "option") == tmp_path / "option"
    assert find_root() == tmp_path / "env"
    monkeypatch.delenv("JUDGEKIT_WORKSPACE")
    assert find_root() == tmp_path / ".judgekit"


def test_a_named_folder_that_has_a_workspace_means_that_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = make(tmp_path / "proj" / ".judgekit")
    assert find_root(tmp_path / "proj") == find_root(inner) == inner
    monkeypatch.setenv("JUDGEKIT_WORKSPACE", str(tmp_path / "proj"))
    assert find_root() == inner


def test_a_workspace_named_directly_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "ws" / ".judgekit").mkdir(parents=True)
    assert find_root(make(tmp_path / "ws")) == tmp_path / "ws"


def test_without_any_the_data_folder_of_the_platform_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "user_data_path", user_data_path)  # the tests' own fixture had moved it
    assert find_root() == user_data_path("judgekit", appauthor=False)


def test_a_relative_option_becomes_absolute_and_a_tilde_is_expanded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_root(Path("here")) == tmp_path / "here"
    monkeypatch.setenv("JUDGEKIT_WORKSPACE", "~/there")
    assert find_root() == Path("~/there").expanduser()


@pytest.mark.parametrize("name", ["a", "votes-2", "SNLI_train.v1", "9", "x" * 80])
def test_plain_names_are_accepted(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".x", "-x", "a/b", "a\\b", "a b", "a:b", "x" * 81, "name.", "CON", "nul.txt", "Lpt1", "é", "a\n"],
)
def test_names_that_some_platform_cannot_store_are_refused(name: str) -> None:
    with pytest.raises(WorkspaceError, match="cannot be a name"):
        check_name(name)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("votes.csv", "votes"),
        ("SNLI train (v2).csv", "SNLI-train-v2"),
        ("con.csv", "con-data"),
        ("…….csv", "dataset"),
        (".hidden", "hidden"),
        ("-x-.csv", "x"),
        ("a" * 200 + ".csv", "a" * 80),
    ],
)
def test_every_file_name_gives_a_name_that_is_accepted(file: str, name: str) -> None:
    assert check_name(name_from_file(Path(file))) == name
