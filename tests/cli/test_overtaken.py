"""A command that is really stopped (SIGSTOP) while another one replaces what it reads mixes nothing.

`benchmarks/attacks.py` stops each command before each of its steps.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from made_up_votes import votes_rows, write_csv

from judgekit import ingest, score, train

STOPPING = """
import os, signal, sys
from pathlib import Path
from judgekit.judge import loading
from judgekit.cli import main
read = loading.read_adapter
def stopped(*arguments, **named):
    if not Path("went-on").exists():
        Path("went-on").touch()
        os.kill(os.getpid(), signal.SIGSTOP)
    return read(*arguments, **named)
loading.read_adapter = stopped
sys.exit(main(["score", "new.csv", "--device", "cpu"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows stops no processes")
def test_scores_of_a_judge_that_is_replaced_meanwhile_are_those_of_the_new_one(
    judged: Path, bert: Path, tmp_path: Path
) -> None:
    write_csv(tmp_path / "new.csv", [["text"], ["dirty tea"], ["clean bed, kind host"]])
    with subprocess.Popen([sys.executable, "-c", STOPPING], cwd=tmp_path, stderr=subprocess.PIPE) as process:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        ingest(write_csv(tmp_path / "other.csv", votes_rows(30, labels=("no", "yes"))), workspace=judged)
        train("other", judge="votes", force=True, workspace=judged, backbone=bert, epochs=1, device="cpu")
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=120)
    assert process.returncode == 0
    written = (tmp_path / "new.scores.csv").read_bytes()
    assert b"prob_no,prob_yes" in written
    score(tmp_path / "new.csv", judge="votes", workspace=judged, device="cpu", force=True)
    assert (tmp_path / "new.scores.csv").read_bytes() == written
