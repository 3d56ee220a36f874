"""The judgments of a teacher on the disk: each is written as it arrives, for it may have cost money.

A kill leaves at most half of a last line, which the next run deletes; what else does not parse is an error.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from judgekit.endpoints.chat import Answer
from judgekit.errors import WorkspaceError
from judgekit.synthesis.questions import Question
from judgekit.workspace.atomic import append_line
from judgekit.workspace.manifest import Document

SAMPLES_FILE = "samples.jsonl"
FACTS_FILE = "facts.json"


class Facts(Document):
    """What the judgments were asked with; others are not put beside them."""

    dataset: str
    content_hash: str
    teacher: str
    model: str
    temperature: float
    answer_length: int
    languages: tuple[str, ...]
    seed: int


class Sample(NamedTuple):
    """A judgment that is on the disk."""

    item: str
    order: int
    sample: int
    prompt: str
    text: str
    prompt_tokens: int | None
    answer_tokens: int | None

    @property
    def key(self) -> tuple[str, int, int]:
        """As `Question.key`."""
        return self.item, self.order, self.sample


class SampleStore:
    """The judgments in a folder; several threads may add to it.

    Args:
        folder: where they are; it is made at the first one.
        facts: what they are asked with.

    Raises:
        WorkspaceError: there are judgments that were asked with something else, or a file is damaged.
    """

    def __init__(self, folder: Path, facts: Facts) -> None:
        self.folder, self.facts = folder, facts
        self._lock = threading.Lock()
        self._check_facts()
        self.samples: dict[tuple[str, int, int], Sample] = {one.key: one for one in self._read()}

    def add(self, question: Question, answer: Answer) -> None:
        """Write a judgment, flushed to the disk."""
        # A lone surrogate, which JSON can spell, has no bytes of its own.
        text = answer.text.encode("utf-8", errors="replace").decode()
        sample = Sample(*question.key, question.prompt, text, *answer[1:])
        line = json.dumps(sample._asdict())  # in ASCII: a line separator in a text is no end of a line
        with self._lock:
            if not (self.folder / FACTS_FILE).is_file():
                self.folder.mkdir(parents=True, exist_ok=True)
                self.facts.write(self.folder / FACTS_FILE)
            append_line(self.folder / SAMPLES_FILE, line)
            self.samples[sample.key] = sample

    def _check_facts(self) -> None:
        if not (self.folder / FACTS_FILE).is_file():
            return
        found = Facts.read(self.folder / FACTS_FILE)
        its, own = found.to_json(), self.facts.to_json()
        if its != own:
            raise WorkspaceError(
                f"{self.folder} holds judgments that were asked for in another way:",
                problems=[f"{name}: {its[name]}, and now {own[name]}" for name in own if its[name] != own[name]],
                hint="Ask as before to go on, or throw them away with --force.",
            )

    def _read(self) -> list[Sample]:
        path = self.folder / SAMPLES_FILE
        if not path.is_file():
            return []
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):  # a kill while a line was written
            with path.open("rb+") as file:
                file.truncate(whole)
        lines = content[:whole].decode("utf-8", errors="replace").split("\n")[:-1]
        return [_sample(line, path, number) for number, line in enumerate(lines, 1)]


def _sample(line: str, path: Path, number: int) -> Sample:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, Mapping) or set(values) != set(Sample._fields):
        raise WorkspaceError(f"{path} line {number}: no judgment.", hint="Delete the line; it is asked for anew.")
    return Sample(**values)
