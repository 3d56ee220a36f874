"""Is anything lost, mixed or left over when a command is killed before one of its writes?

    python benchmarks/attacks.py [EVERY]

Each verb that writes is run on a tiny backbone with the process killed before its n-th flush, rename, creation or
deletion, for every n, or for each EVERY-th. After each kill the workspace must open; what the verb replaces must be
whole, the old or the new; files of the user must be as they were; the same command must then succeed; and nothing half
written may be left. The last verb is stopped by a full disk instead. Ends with 1 if one try breaks one of these.
"""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from made_up_votes import votes_rows, write_csv  # pyright: ignore[reportMissingImports]
from tiny_backbones import build_bert  # pyright: ignore[reportMissingImports]

import judgekit.verbs.export
import judgekit.verbs.ingest
import judgekit.verbs.train  # noqa: F401  # loaded before the processes part: each then starts at once
from judgekit.cli import main
from judgekit.workspace import renaming

CALLS = ("fsync", "replace", "rename", "mkdir", "unlink", "rmdir")
USERS = {"notes.txt": "mine", ".judgekit/judges/votes/thoughts.md": "mine too"}
VERBS = {
    "ingest --force": ["ingest", "votes.csv", "--force"],
    "ingest --append": ["ingest", "more.csv", "--append"],
    "train --force": ["train", "--backbone", "bert", "--epochs", "1", "--device", "cpu", "--judge", "votes", "--force"],
    "score --force": ["score", "votes.csv", "--device", "cpu", "--force"],
    "evaluate": ["evaluate", "--device", "cpu"],
    "export --force": ["export", "--merged", "model", "--device", "cpu", "--force"],
}


def in_process(work: Callable[[], Any]) -> tuple[int, Any]:
    """What a process of its own returns, and how it ended; the parent never computes, so that it can be parted."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            with Path(os.devnull).open("w") as nothing, redirect_stdout(nothing), redirect_stderr(nothing):
                answer = pickle.dumps(work())
            os.write(writing, answer)
            os._exit(0)
        finally:  # after an error: the traceback is told by the status
            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    return status, pickle.loads(answer) if answer else None


def counting(before: Callable[[int], None]) -> list[int]:
    """Let `before(n)` run before the n-th write; returns a list whose only entry is how many there were."""
    seen = [0]

    def wrapped(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            before(seen[0])
            seen[0] += 1
            return call(*args, **kwargs)

        return run

    for name in CALLS:
        setattr(os, name, wrapped(getattr(os, name)))
    renaming._rename_by_system = wrapped(renaming._rename_by_system)  # pyright: ignore[reportPrivateUsage]
    return seen


def kill(number: int) -> Callable[[], None]:
    def work() -> None:
        def before(n: int) -> None:
            if n == number:
                os.kill(os.getpid(), signal.SIGKILL)

        counting(before)
        main(CURRENT)

    return work


def fill_disk(number: int) -> Callable[[], int]:
    def work() -> int:
        def before(n: int) -> None:
            if n >= number:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        counting(before)
        return main(CURRENT)

    return work


def count() -> int:
    seen = counting(lambda n: None)
    assert main(CURRENT) == 0
    return seen[0]


def contents() -> dict[str, bytes]:
    """What is whole in the folder, without what tells the time or the run."""
    found = {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    return {name: text for name, text in found.items() if not name.endswith((".lock", "manifest.json", "log.jsonl"))}


def problems() -> list[str]:
    """What is wrong after a kill, once the same command was given again."""
    found: list[str] = []
    for words in (["show"], ["show", "template"], ["score", "votes.csv", "-o", "probe.csv", "--device", "cpu"]):
        if main(words) != 0:
            found.append(f"{' '.join(words)} fails after the kill")
    if main(CURRENT) != 0 and "--append" not in CURRENT:  # the rows may be there already
        found.append("the command fails when it is given again")
    found += [f"{name} is lost" for name, text in USERS.items() if Path(name).read_text() != text]
    litter = [str(path) for path in Path().rglob(".judgekit-*")]
    litter += [str(path) for path in Path(".judgekit/.staging").iterdir()]
    found += [f"left over: {path}" for path in litter]
    if Path(".judgekit/.gitignore").read_text() != "*\n":
        found.append("no .gitignore")
    return found


def set_up(folder: Path) -> None:
    write_csv(folder / "votes.csv", votes_rows(30))
    write_csv(folder / "more.csv", votes_rows(3, first=30))
    build_bert(folder / "bert")
    os.chdir(folder)
    for words in (["init"], *(VERBS[verb] for verb in ("ingest --force", "train --force", "score --force"))):
        assert main(words) == 0, words
    assert main(VERBS["export --force"]) == 0
    for name, text in USERS.items():
        Path(name).write_text(text)


CURRENT: list[str] = []


def main_attack(every: int) -> int:
    broken = tries = 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        (root / "start").mkdir()
        status, _ = in_process(lambda: set_up(root / "start"))
        assert status == 0, "the workspace could not be made"
        for kind, attack in (("killed", kill), ("full disk", fill_disk)):
            for verb, words in VERBS.items():
                CURRENT[:] = words
                shutil.copytree(root / "start", root / "one", symlinks=True)
                os.chdir(root / "one")
                _, total = in_process(count)
                shutil.rmtree(root / "one")
                bad: list[str] = []
                numbers = range(0, total, every)
                for number in numbers:
                    shutil.copytree(root / "start", root / "one", symlinks=True)
                    os.chdir(root / "one")
                    status, code = in_process(attack(number))
                    if kind == "killed" and not os.WIFSIGNALED(status):
                        bad.append(f"write {number}: was not killed")
                    elif kind == "full disk" and (status != 0 or code not in (0, 3)):
                        bad.append(f"write {number}: exit code {code}, status {status}")
                    _, wrong = in_process(problems)
                    bad += [f"write {number}: {one}" for one in (wrong if wrong is not None else ["a traceback"])]
                    os.chdir(root)
                    shutil.rmtree(root / "one")
                tries += len(numbers)
                broken += len(bad)
                print(f"{kind:10} {verb:16} {len(numbers):4} tries of {total:4} writes, {len(bad)} broken", flush=True)
                for one in bad[:10]:
                    print(f"    {one}", flush=True)
    print(f"{tries} tries, {broken} broken, {time.monotonic() - started:.0f} s")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main_attack(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
