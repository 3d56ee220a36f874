"""`judgekit evaluate --against systemone:URL` of our own server, through a real port."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from made_up_votes import votes_rows, write_csv

from judgekit import Judge, evaluate
from judgekit.config import ServeSettings

pytest.importorskip("fastapi", reason="the extra `serve` is not installed")
uvicorn = pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")
pytest.importorskip("tenacity", reason="the extra `endpoints` is not installed")

Run = Callable[..., Any]


@pytest.fixture
def new_csv(judged: Path, tmp_path: Path) -> Path:
    """Annotations of 20 items that no training saw."""
    return write_csv(tmp_path / "round.csv", votes_rows(20, first=900))


@contextmanager
def serving(judges: list[Judge]) -> Iterator[str]:
    from judgekit.serving.app import make_app

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(judges, ServeSettings(), None), log_level="error"))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def test_our_own_server_says_what_the_judge_says(new_csv: Path, run: Run) -> None:
    judge = Judge.load()
    with serving([judge]) as address:
        found = evaluate(new_csv, against=f"systemone:{address}", price=0.01, offline=True, resamples=100)
        same = found.comparison
        assert same is not None
        assert (same.items, same.calls, same.cost) == (20, 20, pytest.approx(0.2))
        assert same.kl.value == pytest.approx(0, abs=1e-6)
        assert same.own.kl.value == pytest.approx(found.metrics["kl"].value)  # pyright: ignore[reportOptionalMemberAccess]
        assert same.others.excess.value == pytest.approx(same.others.kl.value - same.floor)
        page = run("evaluate", new_csv, "--against", f"systemone:{address}/v1/systemone", "--price", 0.01)
    text = " ".join(page.out.split())
    assert page.code == 0, page.err
    assert f"The model 'judgekit' at {address} gets 0 calls; 20 answers are kept from before." in " ".join(
        page.err.split()
    )
    assert f"Beside judgekit at {address}" in text
    assert "By themselves: a perfect judge would show KL" in text and "(the noise floor); this judge" in text
    (kept,) = (new_csv.parent / ".judgekit" / "answers").iterdir()
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert len(lines) == 20 and set(lines[0]) == {"asked", "probabilities"}


def test_more_calls_than_are_allowed_are_said_and_not_made(new_csv: Path, run: Run) -> None:
    with serving([Judge.load()]) as address:
        found = run("evaluate", new_csv, "--against", f"systemone:{address}", "--most-calls", 10, "--price", 0.5)
    assert found.code == 3
    assert "gets 20 calls. At 0.5 each that costs 10." in " ".join(found.err.split())
    assert "20 calls are more than the 10 that are allowed; none was made." in found.err
    assert "--most-calls 20" in found.err


def test_the_network_is_not_used_offline(new_csv: Path, run: Run) -> None:
    found = run("evaluate", new_csv, "--against", "systemone:https://example.org", "--offline")
    assert found.code == 3 and "example.org is on the network, which --offline forbids" in found.err
