"""What the machine refuses becomes a sentence and exit code 3; a bug keeps its traceback."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from safetensors import SafetensorError

from judgekit.verbs import ingest as ingest_verb

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "x", "/place/file"), "No space left on device: /place/file."),
        (OSError(errno.EROFS, "x", "/place"), "Read-only file system: /place."),
        (OSError(errno.EDQUOT, "x"), "quota exceeded"),
        (PermissionError(errno.EACCES, "x", "/place"), "Permission denied: /place."),
        (SafetensorError("I/O error: No space left on device (os error 28)"), "No space left on device."),
        (pl.exceptions.ComputeError("File too large (os error 27)"), "File too large."),
        (MemoryError(), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried …"), "not enough memory"),
        (ImportError("libtorch.so: failed to map segment from shared object"), "not enough memory"),
        (RuntimeError("could not spawn threads: ThreadPoolBuildError { … }"), "not enough memory"),
    ],
)
def test_an_error_of_the_machine_is_a_sentence(
    run: Run, votes_csv: Path, error: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(ingest_verb, "ingest", fail)
    found = run("ingest", votes_csv)
    assert found.code == 3 and words in found.err and "Traceback" not in found.err


@pytest.mark.parametrize("error", [RuntimeError("a bug"), FileNotFoundError(errno.ENOENT, "gone"), ValueError("x")])
def test_a_bug_keeps_its_traceback(
    run: Run, votes_csv: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(ingest_verb, "ingest", fail)
    with pytest.raises(type(error)):
        run("ingest", votes_csv)


@pytest.mark.parametrize("error", [NameError("name 'PySeries' is not defined"), SystemError("x"), ImportError("numpy")])
def test_a_library_loaded_in_part_within_few_addresses_is_no_bug(
    run: Run, votes_csv: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(ingest_verb, "ingest", fail)
    with pytest.raises(type(error)):
        run("ingest", votes_csv)
    monkeypatch.setattr("judgekit.cli.machine._limit", lambda: 2**29)
    found = run("ingest", votes_csv)
    assert found.code == 3 and "may take 512 MB of addresses (ulimit -v)" in found.err and "not enough" in found.err


def test_a_library_that_names_its_own_trouble_above_the_machines_is_looked_through(
    run: Run, votes_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        try:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        except OSError as error:
            raise ImportError("IMPORTANT: PLEASE READ THIS FOR ADVICE ON HOW TO SOLVE THIS ISSUE!") from error

    monkeypatch.setattr(ingest_verb, "ingest", fail)
    found = run("ingest", votes_csv)
    assert found.code == 3 and "not enough memory" in found.err


def test_a_name_of_300_characters_is_refused(run: Run, votes_csv: Path) -> None:
    for words in (
        ("ingest", "x" * 300),
        ("ingest", votes_csv, "--name", "x" * 300),
        ("show", "--workspace", "x" * 300),
    ):
        found = run(*words)
        assert found.code == 3 and "Traceback" not in found.err


def test_a_full_disk_leaves_the_dataset_that_was_there(run: Run, votes_csv: Path, tmp_path: Path) -> None:
    assert run("init").code == 0 and run("ingest", votes_csv).code == 0
    before = {path: path.read_bytes() for path in (tmp_path / ".judgekit").rglob("*") if path.is_file()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, limits[1]))
    try:
        found = run("ingest", votes_csv, "--force")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert found.code == 3 and "File too large" in found.err
    after = {path: path.read_bytes() for path in (tmp_path / ".judgekit").rglob("*") if path.is_file()}
    assert {path: after.get(path) for path in before} == before
    assert list((tmp_path / ".judgekit" / ".staging").iterdir()) == []


@pytest.mark.parametrize("moment", range(12))
def test_a_kill_before_any_write_leaves_a_workspace_that_opens_and_no_litter(
    run: Run, votes_csv: Path, tmp_path: Path, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies before its n-th rename or flush, and leaves what it was writing; the next command cleans up."""
    place = tmp_path / ".judgekit"
    died = subprocess.run(
        [sys.executable, "-c", DYING, str(moment), "ingest", str(votes_csv), "--workspace", str(place)],
        capture_output=True,
        check=False,
    )
    assert died.returncode in (0, -signal.SIGKILL), died.stderr
    assert run("ingest", votes_csv, "--workspace", place, "--force").code == 0
    assert run("show", "--json", "--workspace", place).json["datasets"][0]["items"] == 60
    assert list((place / ".staging").iterdir()) == []
    assert not list(place.rglob(".judgekit-*")) and (place / ".gitignore").read_text() == "*\n"


DYING = """
import os, signal, sys
left = int(sys.argv[1])
def dying(call):
    def run(*args, **kwargs):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **kwargs)
    return run
os.fsync = dying(os.fsync)
os.replace, os.rename, os.mkdir = dying(os.replace), dying(os.rename), dying(os.mkdir)
from judgekit.cli import main
sys.exit(main(sys.argv[2:]))
"""


SLOW = """
import signal, sys, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests by nohup has it ignored
from judgekit.workspace import atomic
flush = atomic.sync_file
def slow(path):
    print("writing", flush=True)
    time.sleep(30)
atomic.sync_file = slow
from judgekit.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_while_a_dataset_is_written_leaves_nothing_of_it(
    votes_csv: Path, tmp_path: Path, number: signal.Signals
) -> None:
    place = tmp_path / ".judgekit"
    command = [sys.executable, "-c", SLOW, "ingest", str(votes_csv), "--workspace", str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "writing"
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and said.rstrip().endswith("judgekit: interrupted")
    assert not list(place.rglob(".judgekit-*")) and not list((place / "datasets").glob("*"))


def test_locks_that_the_file_system_lacks_are_named_and_nothing_is_written(
    run: Run, votes_csv: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run("init").code == 0

    def none(*_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr("fcntl.flock", none)
    found = run("ingest", votes_csv)
    assert found.code == 3 and "has no locks" in found.err and "Another process" not in found.err
    assert list((tmp_path / ".judgekit" / "datasets").iterdir()) == []


def test_the_demo_replaces_no_file_of_the_user(run: Run, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "votes.csv").write_text("my own")
    found = run("demo", "here", "--force")
    assert found.code == 3 and "votes.csv" in found.err
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["votes.csv"]
    assert (tmp_path / "here" / "votes.csv").read_text() == "my own"
