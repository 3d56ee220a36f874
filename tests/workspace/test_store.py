"""The workspace: staged, committed whole, opened again; safe against kills at any point and against two processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import WorkspaceError
from judgekit.workspace import atomic, renaming
from judgekit.workspace.manifest import Manifest, now, write_json
from judgekit.workspace.store import Kind, Workspace


class Note(Manifest):
    content: str


DATASETS = Kind("dataset", "datasets", Note, made_by="judgekit ingest votes.csv", option="--name", files=("file",))
JUDGES = Kind("judge", "judges", Note, made_by="judgekit train", option="--judge", files=("file",))


def note(content: str = "") -> Note:
    return Note(created=now(), content=content)


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "ws", version="0")


def commit(place: Workspace, name: str, content: str, *, replace: bool = False) -> None:
    with place.staged(DATASETS, name, replace=replace) as staged:
        (staged.path / "file").write_text(content)
        staged.commit(note(content))


def content(place: Workspace, name: str = "votes") -> str:
    entry = place.open(DATASETS, name)
    text = (entry.path / "file").read_text()
    assert entry.manifest.content == text
    return text


# -- making and opening a workspace ------------------------------------------------------------------------------------


def test_creating_twice_keeps_what_is_there(place: Workspace) -> None:
    commit(place, "votes", "one")
    before = (place.root / "workspace.json").read_bytes()
    again = Workspace.create(place.root, version="9")
    assert content(again) == "one"
    assert (place.root / "workspace.json").read_bytes() == before


def test_a_workspace_is_ignored_by_git(place: Workspace) -> None:
    assert (place.root / ".gitignore").read_text() == "*\n"


def test_the_gitignore_of_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / ".gitignore").write_text("build/\n")
    Workspace.create(tmp_path / "project", version="0")
    assert (tmp_path / "project" / ".gitignore").read_text() == "build/\n"


def test_no_gitignore_hides_files_that_were_there_before(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "code.py").write_text("")
    Workspace.create(tmp_path / "project", version="0")
    assert not (tmp_path / "project" / ".gitignore").exists()


def test_a_missing_workspace_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"(?s)no judgekit workspace at .*nowhere.*judgekit init"):
        Workspace(tmp_path / "nowhere")


def test_a_file_cannot_be_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="is a file"):
        Workspace.create(tmp_path / "file", version="0")


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00\xff", '{"created": "x"}', '{"format_version": "1"}'])
def test_a_damaged_marker_is_named_and_not_replaced(place: Workspace, text: str) -> None:
    path = place.root / "workspace.json"
    path.write_bytes(text.encode("latin-1"))
    for opening in (lambda: Workspace(place.root), lambda: Workspace.create(place.root, version="0")):
        with pytest.raises(WorkspaceError, match=r"workspace\.json"):
            opening()
    assert path.read_bytes() == text.encode("latin-1")


def test_a_newer_workspace_is_refused_by_its_version(place: Workspace) -> None:
    path = place.root / "workspace.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 2}))
    with pytest.raises(WorkspaceError, match=r"(?s)format version 2.*reads up to 1.*Update judgekit"):
        Workspace(place.root)


# -- opening what it holds ---------------------------------------------------------------------------------------------


def test_the_newest_is_opened_when_no_name_is_given(place: Workspace) -> None:
    for name in ("b", "c", "a"):
        commit(place, name, name)
    assert [entry.name for entry in place.entries(DATASETS)] == ["b", "c", "a"]
    assert place.open(DATASETS).name == "a"


def test_an_unknown_name_lists_the_ones_there_are(place: Workspace) -> None:
    commit(place, "votes", "x")
    with pytest.raises(WorkspaceError, match=r"no dataset named 'vots'.*there are: votes"):
        place.open(DATASETS, "vots")


def test_an_empty_workspace_names_the_command_that_fills_it(place: Workspace) -> None:
    with pytest.raises(WorkspaceError, match=r"(?s)holds no judge yet.*judgekit train"):
        place.open(JUDGES)


@pytest.mark.parametrize("name", ["../votes", "", "/etc"])
def test_a_name_never_leads_out_of_the_workspace(place: Workspace, name: str) -> None:
    for act in (place.open, place.exists):
        with pytest.raises(WorkspaceError, match="cannot be a name"):
            act(DATASETS, name)


def test_a_folder_without_a_manifest_is_reported_and_never_loaded(place: Workspace) -> None:
    (place.root / "datasets" / "half").mkdir()
    (place.root / "datasets" / "half" / "file").write_text("x")
    assert place.entries(DATASETS) == []
    with pytest.raises(WorkspaceError, match=r"(?s)'half' at .*half has no manifest\.json: it is unfinished"):
        place.open(DATASETS, "half")
    with pytest.raises(WorkspaceError, match="named 'half' already"):
        commit(place, "half", "y")


def test_a_damaged_manifest_is_named(place: Workspace) -> None:
    commit(place, "votes", "x")
    path = place.root / "datasets" / "votes" / "manifest.json"
    path.write_text(path.read_text()[:20])
    for name in ("votes", None):
        with pytest.raises(WorkspaceError) as caught:
            place.open(DATASETS, name)
        assert str(path) in str(caught.value)


def test_a_manifest_of_a_newer_format_is_refused(place: Workspace) -> None:
    commit(place, "votes", "x")
    path = place.root / "datasets" / "votes" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 7}))
    with pytest.raises(WorkspaceError, match="format version 7"):
        place.open(DATASETS, "votes")


def test_free_name_counts_up(place: Workspace) -> None:
    assert place.free_name(DATASETS, "votes") == "votes"
    commit(place, "votes", "x")
    commit(place, "votes-2", "x")
    assert place.free_name(DATASETS, "votes") == "votes-3"
    assert place.free_name(JUDGES, "votes") == "votes"


# -- staging and committing --------------------------------------------------------------------------------------------


def test_a_committed_folder_stands_whole_and_staging_is_empty(place: Workspace) -> None:
    commit(place, "votes", "one")
    assert content(place) == "one"
    assert list((place.root / ".staging").iterdir()) == []


def test_without_a_commit_nothing_is_left(place: Workspace) -> None:
    with pytest.raises(RuntimeError), place.staged(DATASETS, "votes") as staged:
        (staged.path / "file").write_text("x")
        raise RuntimeError
    assert not place.exists(DATASETS, "votes")
    assert list((place.root / ".staging").iterdir()) == []


def test_a_taken_name_is_refused_before_the_work_begins(place: Workspace) -> None:
    commit(place, "votes", "one")
    entered = False
    with (
        pytest.raises(WorkspaceError, match=r"(?s)named 'votes' already.*--name.*--force"),
        place.staged(DATASETS, "votes"),
    ):
        entered = True
    assert not entered


def test_a_name_taken_during_the_work_is_refused_at_the_commit(place: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="named 'votes' already"), place.staged(DATASETS, "votes") as staged:
        (staged.path / "file").write_text("second")
        commit(place, "votes", "first")
        staged.commit(note("second"))
    assert content(place) == "first"


def test_a_replacement_leaves_the_new_content_alone(place: Workspace) -> None:
    commit(place, "votes", "one")
    commit(place, "votes", "two", replace=True)
    assert content(place) == "two"
    assert list((place.root / ".staging").iterdir()) == []


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the program catches it; `finally` still runs, so staging is kept by hand."""


def kill_at(monkeypatch: pytest.MonkeyPatch, number: int) -> list[str]:
    """Raise `Killed` instead of the disk operation of that number (from 0); returns the names of those done."""
    done: list[str] = []

    def counted(name: str, act: Any) -> Any:
        def run(*arguments: Any, **options: Any) -> Any:
            if len(done) == number:
                raise Killed
            result = act(*arguments, **options)
            done.append(name)
            return result

        return run

    monkeypatch.setattr(renaming, "_rename_by_system", counted("rename", renaming._rename_by_system))
    monkeypatch.setattr(Path, "rename", counted("rename", Path.rename))
    monkeypatch.setattr(Path, "replace", counted("replace", Path.replace))
    monkeypatch.setattr(Path, "mkdir", counted("mkdir", Path.mkdir))
    monkeypatch.setattr(os, "fsync", counted("fsync", os.fsync))
    # What a killed process would not clean up stays.
    monkeypatch.setattr(shutil, "rmtree", counted("rmtree", shutil.rmtree))
    return done


@pytest.mark.parametrize("can_exchange", [True, False])
@pytest.mark.parametrize("replace", [False, True], ids=["commit", "replacement"])
def test_a_kill_at_any_point_leaves_the_old_or_the_new_content(
    tmp_path: Path, replace: bool, can_exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_exchange:
        monkeypatch.setattr(renaming, "_system_call", lambda: None)
    outcomes: list[str] = []
    for number in range(100):
        root = tmp_path / f"ws{number}"
        place = Workspace.create(root, version="0")
        if replace:
            commit(place, "votes", "old")
        with pytest.MonkeyPatch.context() as patch:
            done = kill_at(patch, number)
            try:
                commit(place, "votes", "new", replace=replace)
                is_finished = True
            except Killed:
                is_finished = False
        if is_finished and len(done) <= number:
            break
        opened = Workspace(root)
        if opened.exists(DATASETS, "votes"):
            outcomes.append(content(opened))
        else:
            assert not replace, f"the old content was lost by a kill at operation {number}: {done}"
            outcomes.append("nothing")
        commit(opened, "votes", "newer", replace=True)  # and the workspace works as before
        assert content(opened) == "newer"
    else:
        raise AssertionError("the commit never came to its end")
    assert set(outcomes) == ({"old", "new"} if replace else {"nothing", "new"})
    assert outcomes == sorted(outcomes, key=lambda outcome: outcome == "new")


def test_a_replacement_that_was_killed_elsewhere_does_not_stand_in_the_way(place: Workspace) -> None:
    commit(place, "votes", "old")
    # Another process is killed between its two renames after this one has opened the workspace.
    atomic.move_folder(place.root / "datasets" / "votes", place.root / ".staging" / "replaced-datasets-votes")
    with pytest.raises(WorkspaceError, match="already"), place.staged(DATASETS, "votes") as staged:
        staged.commit(note())
    assert content(place) == "old"


def test_what_a_killed_replacement_left_behind_does_not_stand_in_the_way(place: Workspace) -> None:
    commit(place, "votes", "old")
    left = place.root / ".staging" / "replaced-datasets-votes"
    shutil.copytree(place.root / "datasets" / "votes", left)
    commit(place, "votes", "new", replace=True)
    assert content(place) == "new"
    assert not left.exists()


def test_deleting_staging_loses_nothing_finished(place: Workspace) -> None:
    commit(place, "votes", "one")
    shutil.rmtree(place.root / ".staging")
    assert content(Workspace(place.root)) == "one"
    commit(place, "more", "two")


# -- several processes -------------------------------------------------------------------------------------------------

RACER = """
import sys
from pathlib import Path
from judgekit.errors import WorkspaceError
from judgekit.workspace.manifest import Manifest, now
from judgekit.workspace.store import Kind, Workspace
class Note(Manifest):
    content: str
DATASETS = Kind("dataset", "datasets", Note, made_by="", option="", files=("file",))
place = Workspace(Path(sys.argv[1]))
with place.staged(DATASETS, "votes") as staged:
    (staged.path / "file").write_text(sys.argv[2])
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        staged.commit(Note(created=now(), content=sys.argv[2]))
    except WorkspaceError as error:
        assert "already" in str(error)
        print("lost", flush=True)
    else:
        print("won", flush=True)
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", script, *map(str, arguments)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_of_processes_that_commit_one_name_exactly_one_wins(place: Workspace) -> None:
    racers = {f"content {number}": start(RACER, place.root, f"content {number}") for number in range(4)}
    for racer in racers.values():
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    outcomes = {text: racer.communicate()[0].strip() for text, racer in racers.items()}
    assert sorted(outcomes.values()) == ["lost", "lost", "lost", "won"]
    assert outcomes[content(place)] == "won"
    assert list((place.root / ".staging").iterdir()) == []


HOLDER = """
import sys, time
from pathlib import Path
from judgekit.workspace.store import Workspace
with Workspace(Path(sys.argv[1])).only_one("train-votes"):
    print("ready", flush=True)
    time.sleep(60)
"""


def test_only_one_refuses_the_second_process_and_is_free_after_a_kill(place: Workspace) -> None:
    holder = start(HOLDER, place.root)
    with (
        pytest.raises(WorkspaceError, match="Another process is working on 'train-votes'"),
        place.only_one("train-votes"),
    ):
        raise AssertionError("two at once")
    with place.only_one("train-other"):
        pass
    holder.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    holder.communicate()
    with place.only_one("train-votes"):
        pass


def test_what_is_json_is_json(place: Workspace) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(place.root / "x.json", {"value": float("nan")})
    assert not (place.root / "x.json").exists()


# -- the secret --------------------------------------------------------------------------------------------------------


def test_the_secret_is_made_once_and_is_the_workspaces_own(place: Workspace, tmp_path: Path) -> None:
    secret = place.secret()
    assert len(secret) == 32 and place.secret() == secret == Workspace(place.root).secret()
    assert Workspace.create(tmp_path / "other", version="0").secret() != secret


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_the_secret_is_for_the_users_eyes(place: Workspace) -> None:
    place.secret()
    assert (place.root / "pseudonyms.key").stat().st_mode & 0o077 == 0


def test_a_damaged_secret_is_said_and_never_replaced(place: Workspace) -> None:
    (place.root / "pseudonyms.key").write_text("abc")
    with pytest.raises(WorkspaceError, match=r"pseudonyms\.key is damaged"):
        place.secret()
    assert (place.root / "pseudonyms.key").read_text() == "abc"
