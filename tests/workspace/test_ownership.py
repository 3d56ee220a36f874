"""A workspace of another user is not obeyed because it was found; what lets code run is never taken from one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from judgekit.cli import app
from judgekit.cli.completion import dataset_names
from judgekit.errors import WorkspaceError
from judgekit.workspace import layout
from judgekit.workspace.layout import find_root, nearest_root

Run = Callable[..., Any]
STRANGER = 54321

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="the platform has no such owners")


class OwnedBy:
    """A stat result with another owner."""

    def __init__(self, found: os.stat_result, **facts: int) -> None:
        self.__dict__.update({name: getattr(found, name) for name in dir(found) if name.startswith("st_")}, **facts)


def own(monkeypatch: pytest.MonkeyPatch, *paths: Path, **facts: int) -> None:
    """Let the system say that these paths have other facts, such as another owner."""
    facts = facts or {"st_uid": STRANGER}
    for method in ("stat", "lstat"):
        true = getattr(Path, method)

        def answer(self: Path, *args: Any, _true: Any = true, **kwargs: Any) -> Any:
            found = _true(self, *args, **kwargs)
            return OwnedBy(found, **facts) if self in paths else found

        monkeypatch.setattr(Path, method, answer)


@pytest.fixture
def strange(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace above the current folder, that the tests give to somebody else."""
    assert run("init").code == 0
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / ".judgekit"


@pytest.mark.parametrize("part", ["", "workspace.json", "judgekit.toml"])
def test_a_strangers_workspace_is_refused_with_the_way_to_allow_it(
    run: Run, strange: Path, part: str, monkeypatch: pytest.MonkeyPatch, votes_csv: Path
) -> None:
    (strange / "judgekit.toml").write_text('[train]\nbackbone = "evil"\n')
    own(monkeypatch, strange / part if part else strange)
    for words in (("ingest", votes_csv), ("show",), ("train",), ("score", votes_csv)):
        refused = run(*words)
        assert refused.code == 3 and f"{strange} belongs to user {STRANGER}" in refused.err
        assert f"--workspace {strange}" in refused.err
    assert not list((strange / "datasets").iterdir())
    assert run("ingest", votes_csv, "--workspace", strange).code == 0


def test_a_link_of_somebody_else_to_my_own_workspace_is_refused(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("init", "mine").code == 0
    link = tmp_path / "work" / ".judgekit"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "mine" / ".judgekit")
    true = Path.lstat
    monkeypatch.setattr(
        Path, "lstat", lambda self: OwnedBy(true(self), st_uid=STRANGER) if self == link else true(self)
    )
    with pytest.raises(WorkspaceError, match="belongs to"):
        nearest_root(link.parent)


def test_root_accepts_what_belongs_to_the_user_behind_sudo(
    strange: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(monkeypatch, strange, strange / "workspace.json")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("SUDO_UID", str(STRANGER))
    own(monkeypatch, strange, strange / "workspace.json")
    assert find_root() == strange
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(WorkspaceError):
        find_root()


def test_the_search_upward_ends_at_the_border_of_the_file_system(
    strange: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nearest_root() == strange
    own(monkeypatch, tmp_path, st_dev=-1)
    assert nearest_root() is None


def test_a_completion_in_a_strangers_workspace_is_empty(strange: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (strange / "datasets" / "votes").mkdir()
    (strange / "datasets" / "votes" / "manifest.json").touch()
    context = typer.Context(get_command(app))
    assert dataset_names(context, "") == ["votes"]
    own(monkeypatch, strange)
    assert dataset_names(context, "") == []


@pytest.mark.parametrize("verb", ["train", "score", "evaluate", "export", "study"])
def test_no_file_of_a_workspace_lets_code_run(run: Run, verb: str) -> None:
    assert run("init").code == 0
    Path(".judgekit/judgekit.toml").write_text(f"[{verb}]\ntrust_remote_code = true\n")
    refused = run("show")
    assert refused.code == 3 and "--trust-remote-code" in refused.err and "config.toml" in refused.err


@pytest.mark.parametrize(
    ("verb", "outside", "here"),
    [
        ("synthesize", 'teacher = "https://example.org/v1"\nteacher_model = "m"', 'teacher = "./models/teacher"'),
        ("evaluate", 'against = "systemone:https://example.org"', 'against = "older"'),
        ("report", 'against = "systemone:http://10.0.0.1"', 'against = "older.csv"'),
        ("serve", 'host = "0.0.0.0"', 'host = "127.0.0.1"'),
    ],
)
def test_no_file_of_a_workspace_reaches_the_network(run: Run, verb: str, outside: str, here: str) -> None:
    assert run("init").code == 0
    for place, code in ((Path(".judgekit/judgekit.toml"), 3), (layout.user_settings_file(), 0)):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"[{verb}]\n{outside}\n")
        found = run("show")
        assert found.code == code and ("cannot reach the network" in found.err) == bool(code)
        place.write_text(f"[{verb}]\n{here}\n")
        assert run("show").code == 0


def test_the_users_own_file_may_let_code_run_and_stands_below_the_workspace(run: Run, votes_csv: Path) -> None:
    own_file = layout.user_settings_file()
    own_file.parent.mkdir(parents=True)
    own_file.write_text('[train]\ntrust_remote_code = true\n[ingest]\nlabels = "bad,fair,good"\nname = "own"\n')
    refused = run("show")
    assert refused.code == 3 and f"{own_file} cannot be used" in refused.err  # `name` is no setting
    own_file.write_text('[train]\ntrust_remote_code = true\n[ingest]\nlabels = "bad,fair,good"\n')
    assert run("init").code == 0
    assert run("ingest", votes_csv, "--json").json["labels"] == ["bad", "fair", "good"]
    Path(".judgekit/judgekit.toml").write_text('[ingest]\nlabels = "good,fair,bad"\n')
    made = run("ingest", votes_csv, "--json", "--force")
    assert made.json["labels"] == ["good", "fair", "bad"]
    assert 'From its judgekit.toml: labels = "good,fair,bad"' in made.err


def test_a_verb_says_which_workspace_it_uses_where_it_is_not_in_this_folder(
    run: Run, votes_csv: Path, strange: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("ingest", votes_csv).err.startswith(f"Workspace: {strange}\n")
    monkeypatch.chdir(tmp_path)
    assert "Workspace: " not in run("ingest", votes_csv, "--force").err
