"""What is large is read once per command: the weights of a backbone for their hash, and the items of a dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgekit.dataset import opening
from judgekit.models import backbones

Run = Callable[..., Any]


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often weights were hashed, and items loaded."""
    found: Counter[str] = Counter()
    for module, name in ((backbones, "hash_weights"), (opening, "load_items")):
        work = getattr(module, name)

        def counting(*arguments: Any, work: Any = work, name: str = name) -> Any:
            found[name] += 1
            return work(*arguments)

        monkeypatch.setattr(module, name, counting)
    return found


@pytest.mark.parametrize(
    ("command", "hashed", "loaded"),
    [
        (["train", "--epochs", "1"], 1, 1),
        (["study", "--plan", "table1", "--seeds", "1", "--epochs", "1"], 1, 1),
        (["show", "prompt"], 0, 1),
        (["score", "votes.csv"], 1, 0),
        (["evaluate"], 1, 1),
        (["export", "--merged", "merged", "--device", "cpu"], 1, 1),
    ],
)
def test_a_command_reads_weights_and_items_once(
    run: Run, judged: Path, bert: Path, votes_csv: Path, readings: Counter[str], command: list[str], hashed: int,
    loaded: int,
) -> None:  # fmt: skip
    backbone = ["--backbone", bert, "--device", "cpu"] if command[0] in ("train", "study") else []
    result = run(*command, *backbone)
    assert result.code == 0, result.err
    assert (readings["hash_weights"], readings["load_items"]) == (hashed, loaded)


def test_a_resumed_training_reads_them_once_too(run: Run, judged: Path, readings: Counter[str], bert: Path) -> None:
    from judgekit import JudgekitError, train

    with pytest.raises(JudgekitError, match="was stopped"):
        train(judge="again", backbone=bert, epochs=1, device="cpu", should_stop=lambda: True)
    readings.clear()
    assert run("train", "--resume").code == 0
    assert (readings["hash_weights"], readings["load_items"]) == (1, 1)
