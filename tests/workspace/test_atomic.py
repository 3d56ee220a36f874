"""Files and folders appear whole or not at all, whatever fails or is killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from judgekit.workspace import atomic
from judgekit.workspace.atomic import move_folder, replaced_file, replaced_folder, write_text


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


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "model"
    with replaced_folder(place) as staged:
        (staged / "old").write_text("1")
    with pytest.raises(RuntimeError), replaced_folder(place) as staged:
        (staged / "new").write_text("2")
        raise RuntimeError
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["model", "model/old"]

    def fail(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk full"):
        patch.setattr(atomic, "move_folder", fail)
        with replaced_folder(place) as staged:
            (staged / "new").write_text("2")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["model", "model/old"]
    with replaced_folder(place) as staged:
        (staged / "new").write_text("2")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["model", "model/new"]


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
