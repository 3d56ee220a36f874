"""Is anything lost, mixed or left over when a command is killed, meets a full disk, or is overtaken by another one?

    python benchmarks/attacks.py [--every N] [--kind killed | full-disk | overtaken]

Each verb that writes is run on a tiny backbone with the process killed before its n-th flush, rename, creation or
deletion, for every n, or for each N-th; and again with a disk that is full from that write on. After each the workspace
must open; what the verb replaces must be whole, the old or the new; files of the user must be as they were; the same
command must then succeed; and nothing half-written may be left.

Overtaken: the process is really stopped (SIGSTOP) before its n-th write or before it opens its n-th file of the
workspace, another command runs to its end meanwhile and replaces the judge or the dataset, and the first goes on. What
a reader writes must then be byte for byte what the old or the new judge says.

Ends with 1 if one try breaks one of these.
"""

from __future__ import annotations

import argparse
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
import judgekit.verbs.score
import judgekit.verbs.train  # noqa: F401  # loaded before the processes part: each then starts at once
from judgekit.cli import main
from judgekit.workspace import renaming, store

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
# What is stopped, and what overtakes it.
OTHER_JUDGE = [*VERBS["train --force"], "--dataset", "other"]
OVERTAKEN = {
    "score --force, by train --force": (VERBS["score --force"], OTHER_JUDGE),
    "evaluate, by train --force": (VERBS["evaluate"], OTHER_JUDGE),
    "export --force, by train --force": (VERBS["export --force"], OTHER_JUDGE),
    "train --force, by ingest --force": (VERBS["train --force"], ["ingest", "other.csv", "--name", "votes", "--force"]),
    "train --force, by score --force": (VERBS["train --force"], VERBS["score --force"]),
    "ingest --append, by ingest --force": (VERBS["ingest --append"], VERBS["ingest --force"]),
}


def in_process(work: Callable[[], Any], meanwhile: Callable[[], Any] = lambda: None) -> tuple[int, Any]:
    """What a process of its own returns, and how it ended; the parent never computes, so that it can be parted.

    Args:
        work: what the process does.
        meanwhile: what is done once it has stopped itself; it goes on afterwards.
    """
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
    _, status = os.waitpid(child, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        meanwhile()
        os.kill(child, signal.SIGCONT)
        _, status = os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:  # an answer is far shorter than what a pipe holds
        answer = pipe.read()
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


def stop(number: int) -> Callable[[], int]:
    """Stop before the n-th write or opening of a file in the workspace, until somebody lets the process go on."""

    def work() -> int:
        store.COMMIT_TIMEOUT_SECONDS = 1
        steps(lambda n: os.kill(os.getpid(), signal.SIGSTOP) if n == number else None)
        return main(CURRENT)

    return work


def steps(before: Callable[[int], None]) -> list[int]:
    """The same as `counting`, for openings of files in the workspace too."""
    seen = counting(before)
    root = str(Path(".judgekit").absolute())

    def opened(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str) and os.path.abspath(arguments[0]).startswith(root):  # noqa: PTH100
            before(seen[0])
            seen[0] += 1

    sys.addaudithook(opened)
    return seen


def count() -> int:
    seen = counting(lambda n: None)
    assert main(CURRENT) == 0
    return seen[0]


def count_steps() -> int:
    seen = steps(lambda n: None)
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
    write_csv(folder / "other.csv", votes_rows(30, labels=("no", "yes")))
    build_bert(folder / "bert")
    os.chdir(folder)
    first = (["init"], ["ingest", "other.csv"])
    for words in (*first, *(VERBS[verb] for verb in ("ingest --force", "train --force", "score --force"))):
        assert main(words) == 0, words
    assert main(VERBS["export --force"]) == 0
    for name, text in USERS.items():
        Path(name).write_text(text)


CURRENT: list[str] = []


def problems_of_a_race(tables: tuple[bytes, bytes], refused: bool) -> list[str]:
    """What is wrong after a command was overtaken: mixed numbers, or what `problems` finds.

    Args:
        tables: what the old judge says, and the new one.
        refused: whether a command gave up, as the other one held the lock; a training that did is kept for --resume.
    """
    kept = ["left over: .judgekit/.staging/train-votes"] if refused else []
    found = [one for one in problems() if one not in kept]
    if Path("votes.scores.csv").read_bytes() not in tables:
        found.append("the score table is neither the old judge's nor the new one's")
    if main(["evaluate", "votes.csv", "--device", "cpu"]) not in (0, 3):
        found.append("evaluate ends with a traceback")
    return found


def attack(kind: str, verb: str, root: Path, every: int) -> tuple[int, list[str]]:
    """All tries of one kind at one verb: how many, and what broke."""

    def fresh() -> None:
        os.chdir(root)
        shutil.rmtree(root / "one", ignore_errors=True)
        shutil.copytree(root / "start", root / "one", symlinks=True)
        os.chdir(root / "one")

    other: list[str] = []
    tables: list[bytes] = []
    if kind == "overtaken":
        CURRENT[:], other[:] = OVERTAKEN[verb]
        for before in ([], [OTHER_JUDGE]):
            fresh()
            in_process(lambda: [main(words) for words in (*before, VERBS["score --force"])])  # noqa: B023
            tables.append(Path("votes.scores.csv").read_bytes())
        assert tables[0] != tables[1]
    else:
        CURRENT[:] = VERBS[verb]
    fresh()
    _, total = in_process(count_steps if kind == "overtaken" else count)
    bad: list[str] = []
    numbers = range(0, total, every)
    for number in numbers:
        fresh()
        work = {"killed": kill, "full-disk": fill_disk, "overtaken": stop}[kind](number)
        others: list[tuple[int, int]] = []
        status, code = in_process(work, lambda: others.append(in_process(lambda: overtake(other))))  # noqa: B023
        if kind == "killed":
            bad += [] if os.WIFSIGNALED(status) else [f"step {number}: was not killed"]
        elif status != 0 or code not in (0, 3):
            bad.append(f"step {number}: exit code {code}, status {status}")
        if kind == "overtaken" and (not others or others[0][0] != 0 or others[0][1] not in (0, 3)):
            bad.append(f"step {number}: the other command: {others}")
        refused = 3 in (code, *(other_code for _, other_code in others))
        check = problems if kind != "overtaken" else lambda: problems_of_a_race((tables[0], tables[1]), refused)  # noqa: B023
        _, wrong = in_process(check)
        bad += [f"step {number}: {one}" for one in (wrong if wrong is not None else ["a traceback"])]
    os.chdir(root)
    return len(numbers), bad


def overtake(words: list[str]) -> int:
    store.COMMIT_TIMEOUT_SECONDS = 1  # the stopped process may hold the lock
    return main(words)


def run() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--kind", choices=("killed", "full-disk", "overtaken"))
    options = parser.parse_args()
    broken = tries = 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        (root / "start").mkdir()
        status, _ = in_process(lambda: set_up(root / "start"))
        assert status == 0, "the workspace could not be made"
        for kind in [options.kind] if options.kind else ["killed", "full-disk", "overtaken"]:
            for verb in OVERTAKEN if kind == "overtaken" else VERBS:
                count_, bad = attack(kind, verb, root, options.every)
                tries += count_
                broken += len(bad)
                print(f"{kind:10} {verb:36} {count_:4} tries, {len(bad)} broken", flush=True)
                for one in bad[:10]:
                    print(f"    {one}", flush=True)
    print(f"{tries} tries, {broken} broken, {time.monotonic() - started:.0f} s")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(run())
