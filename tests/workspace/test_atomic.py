"""Files and folders appear whole or not at all, whatever fails or is killed on the way."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from judgekit.workspace import atomic, renaming
from judgekit.workspace.atomic import append_line, move_folder, replaced_file, replaced_folder, write_text


def test_a_failing_writer_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), replaced_file(path) as temporary:
        temporary.write_text("ne")
        raise RuntimeError
    assert [one.name for one in tmp_path.iterdir()] == ["file.csv"]
    assert path.read_text() == "old"


@pytest.mark.parametrize("step", ["sync_file", "rename"])
def test_a_failing_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    path = tmp_path / "file.json"
    write_text(path, "old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    if step == "rename":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        monkeypatch.setattr(atomic, step, fail)
    with pytest.raises(OSError, match="disk full"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["file.json"]


def test_the_temporary_file_keeps_the_suffix_and_takes_long_names(tmp_path: Path) -> None:
    with replaced_file(tmp_path / ("n" * (100 if os.name == "nt" else 240) + ".safetensors")) as temporary:
        assert temporary.suffix == ".safetensors"
        temporary.write_text("x")
    assert len(list(tmp_path.iterdir())) == 1


def test_text_is_utf8_with_line_feeds(tmp_path: Path) -> None:
    write_text(tmp_path / "t", "é\n")
    assert (tmp_path / "t").read_bytes() == b"\xc3\xa9\n"


def test_a_folder_is_flushed_before_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "source" / "deep").mkdir(parents=True)
    for name in ("one", "deep/two"):
        (tmp_path / "source" / name).write_text("x")
    flushed: list[str] = []

    def note(path: Path) -> None:
        assert not (tmp_path / "to" / "place").exists()
        flushed.append(path.name)

    monkeypatch.setattr(atomic, "sync_file", note)
    move_folder(tmp_path / "source", tmp_path / "to" / "place")
    assert sorted(flushed) == ["one", "two"]
    assert (tmp_path / "to" / "place" / "deep" / "two").read_text() == "x"


WRITER = """
import sys
from pathlib import Path
from judgekit.workspace.atomic import write_text
path = Path(sys.argv[1])
number = 0
while True:
    write_text(path, f"{number}\\n" * 20_000)
    if number == 0:
        print("ready", flush=True)
    number += 1
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_kill_in_the_middle_of_writing_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    for delay in (0.0, 0.013, 0.029):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        lines = path.read_text().splitlines()
        assert len(lines) == 20_000
        assert len(set(lines)) == 1


def anything(folder: Path) -> None:
    """Let any folder be replaced."""


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_folder_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(renaming, "_system_call", lambda: None)
    place = tmp_path / "model"
    with replaced_folder(place) as staged:
        (staged / "old").write_text("1")
    with pytest.raises(RuntimeError), replaced_folder(place, check=anything) as staged:
        (staged / "new").write_text("2")
        raise RuntimeError
    with pytest.raises(FileExistsError), replaced_folder(place) as staged:
        (staged / "new").write_text("2")
    assert files(tmp_path) == ["model", "model/old"]

    def fail(*_: object) -> None:
        raise OSError("disk full")

    for step in ("sync_file", "rename_free", "exchange"):
        with monkeypatch.context() as patch, pytest.raises(OSError, match="disk full"):
            patch.setattr(atomic, step, fail)
            with replaced_folder(place, check=anything) as staged:
                (staged / "new").write_text("2")
        assert files(tmp_path) == ["model", "model/old"]
    with replaced_folder(place, check=anything) as staged:
        (staged / "new").write_text("2")
    assert files(tmp_path) == ["model", "model/new"]


@pytest.mark.parametrize("can_exchange", [True, False])
def test_what_comes_into_a_folder_while_it_is_replaced_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(renaming, "_system_call", lambda: None)
    place = tmp_path / "model"
    with replaced_folder(place) as staged:
        (staged / "old").write_text("1")

    def only_old(folder: Path) -> None:
        if files(folder) != ["old"]:
            raise RuntimeError("something of the user")
        (folder / "thesis").write_text("written at the last moment")

    with pytest.raises(RuntimeError, match="something of the user"), replaced_folder(place, check=only_old) as staged:
        (staged / "new").write_text("2")
    assert files(tmp_path) == ["model", "model/old", "model/thesis"]


@pytest.mark.parametrize("way", ["system", "steps", "no links"])
def test_what_came_meanwhile_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    if way != "system":
        monkeypatch.setattr(renaming, "_system_call", lambda: None)
    if way == "no links":

        def no_links(*_: object, **__: object) -> None:
            raise OSError(errno.EPERM, "no hard links")

        monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "scores.csv"
    with pytest.raises(FileExistsError), replaced_file(path, replace=False) as temporary:
        temporary.write_text("mine")
        path.write_text("the user's")
    with pytest.raises(FileExistsError), replaced_folder(tmp_path / "model") as staged:
        (staged / "weights").write_text("mine")
        (tmp_path / "model").mkdir()
    (tmp_path / "nowhere").symlink_to("gone")
    with pytest.raises(FileExistsError), replaced_folder(tmp_path / "gone") as staged:
        (tmp_path / "gone").write_text("the user's")
    assert files(tmp_path) == ["gone", "model", "nowhere", "scores.csv"]
    assert path.read_text() == (tmp_path / "gone").read_text() == "the user's"
    with replaced_file(tmp_path / "free.csv", replace=False) as temporary:
        temporary.write_text("mine")
    assert (tmp_path / "free.csv").read_text() == "mine"
    with replaced_folder(tmp_path / "free") as staged:
        (staged / "weights").write_text("mine")
    assert files(tmp_path / "free") == ["weights"]


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink() and (tmp_path / "real.txt").read_text() == "new"


DYING = """
import os, signal, sys
from pathlib import Path
from judgekit.workspace.atomic import replaced_file, replaced_folder
folder = Path(sys.argv[1])
with replaced_file(folder / "scores.csv") as one, replaced_folder(folder / "model") as other:
    one.write_text("half")
    (other / "weights").write_text("half")
    print("ready", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot tell")
def test_the_next_writer_deletes_what_a_dead_process_left_and_nothing_of_a_living_one(tmp_path: Path) -> None:
    words = [sys.executable, "-c", DYING, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        half = files(tmp_path)
        write_text(tmp_path / "other.txt", "x")
        assert files(tmp_path) == sorted([*half, "other.txt"])
        process.send_signal(signal.SIGKILL)
    assert files(tmp_path) == sorted([*half, "other.txt"])
    write_text(tmp_path / "other.txt", "y")
    assert files(tmp_path) == ["other.txt"]


def test_without_locks_what_was_left_is_deleted_after_a_week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    if os.name != "nt":
        monkeypatch.setattr("fcntl.flock", none)
    left = tmp_path / ".judgekit-1234.partial"
    left.mkdir()
    (left / "weights").write_text("half")
    ages = {6: ["file.txt", ".judgekit-1234.partial", ".judgekit-1234.partial/weights"], 8: ["file.txt"]}
    for days, expected in ages.items():
        long_ago = time.time() - days * 24 * 3600
        for path in (left / "weights", left):
            os.utime(path, (long_ago, long_ago))
        write_text(tmp_path / "file.txt", "x")
        assert files(tmp_path) == sorted(expected)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_the_files_of_a_moved_folder_are_for_whoever_may_read_the_folder(tmp_path: Path, mode: int) -> None:
    (tmp_path / "made" / "inner").mkdir(parents=True)
    (tmp_path / "made").chmod(mode)
    for name in ("a", "inner/b"):
        (tmp_path / "made" / name).touch(0o600)
    move_folder(tmp_path / "made", tmp_path / "there")
    for name in ("a", "inner/b"):
        assert (tmp_path / "there" / name).stat().st_mode & 0o777 == mode & 0o666


def test_a_line_is_added_behind_whole_and_half_ones(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lines"
    append_line(path, "first")
    append_line(path, "wide: ü")
    assert path.read_text(encoding="utf-8") == "first\nwide: ü\n"
    path.write_bytes(path.read_bytes() + b"hal")
    append_line(path, "next")
    assert path.read_text(encoding="utf-8").splitlines() == ["first", "wide: ü", "hal", "next"]
