"""`judgekit check` from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_up_votes import votes_rows, write_csv

Run = Callable[..., Any]


@pytest.fixture
def dataset(run: Run, votes_csv: Path) -> str:
    """A dataset of 60 items and 3 annotators in `.judgekit` of the current folder."""
    assert run("init").code == 0
    assert run("ingest", votes_csv).code == 0
    return "votes"


def test_the_page_goes_to_stdout_and_the_next_command_to_stderr(run: Run, dataset: str) -> None:
    found = run("check")
    assert found.code == 0
    assert found.out.startswith(f"Is {dataset} worth training on?")
    for heading in ("Agreement", "What predicts the annotations of an item", "Annotators"):
        assert f"\n{heading}\n" in found.out
    assert found.err == "Next: judgekit train --dataset votes\n"
    assert run("check", dataset).out == found.out


def test_json_has_the_keys_that_scripts_read(run: Run, dataset: str) -> None:
    facts = run("check", "--json").json
    assert facts["schema_version"] == 1
    assert set(facts["krippendorff_alpha"]) == {"value", "low", "high", "level", "reason"}
    for row in ("one", "half"):
        assert {"kl", "accuracy"} <= set(facts["ceiling"][row])
    assert set(facts["class_prior"]) == {"kl", "accuracy"}
    assert set(facts["noise_floor"]) == {"kl", "low", "high"}
    assert {
        "raw_agreement", "fleiss_kappa", "label_shares", "imbalance", "confused_labels", "annotations_per_item",
        "annotators", "disagreed_items", "duplicates", "leakage", "long_texts", "advice", "warnings", "thresholds",
    } <= set(facts)  # fmt: skip
    assert {"annotator", "items", "annotations", "agreement", "reliability", "flag"} <= set(facts["annotators"][0])


def test_a_missed_threshold_is_exit_code_3_after_the_whole_report(run: Run, dataset: str) -> None:
    plain = run("check")
    missed = run("check", "--min-alpha", 0.99, "--min-items", 1000, "--max-noise-floor", 9)
    assert missed.code == 3
    assert missed.out.startswith(plain.out.rstrip())
    assert "Krippendorff's alpha is" in missed.err and "--min-alpha requires at least 0.99" in missed.err
    assert "The number of items is 60; --min-items requires at least 1,000." in missed.err
    assert "--max-noise-floor" not in missed.err
    assert "Next:" not in missed.err
    found = run("check", "--json", "--min-items", 61)
    assert found.code == 3
    assert found.json["thresholds"]["min_items"]["met"] is False
    assert (found.json["thresholds"]["min_items"]["value"], found.json["thresholds"]["min_items"]["limit"]) == (60, 61)
    assert run("check", "--min-items", 60).code == 0


def test_thresholds_can_stand_in_the_settings_file(run: Run, dataset: str, tmp_path: Path) -> None:
    (tmp_path / ".judgekit" / "judgekit.toml").write_text("[check]\nmin_items = 1000\n")
    assert run("check").code == 3
    assert run("check", "--min-items", 1).code == 0


def test_an_unknown_dataset_and_a_limit_out_of_range_are_refused(run: Run, dataset: str) -> None:
    unknown = run("check", "nobody")
    assert (unknown.code, unknown.out) == (3, "")
    assert "no dataset named 'nobody'" in unknown.err
    assert run("check", "--min-alpha", 2).code == 2


def test_check_loads_neither_torch_nor_transformers(run: Run, tmp_path: Path) -> None:
    rows = votes_rows(40)
    rows[1][2] += " tea" * 400  # long enough for its tokens to be counted
    rows[2][2] = rows[3][2] = rows[1][2]
    write_csv(tmp_path / "long.csv", rows)
    assert run("init").code == 0
    assert run("ingest", "long.csv").code == 0
    script = (
        "import json, sys\nfrom judgekit.cli import main\ncode = main(['check', '--json'])\n"
        "print(json.dumps([code, sorted({name.split('.')[0] for name in sys.modules})]), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, encoding="utf-8", env=os.environ, check=True
    )
    code, modules = json.loads(ended.stderr.splitlines()[-1])
    assert code == 0, ended.stderr
    assert not {"torch", "transformers", "peft", "cvxpy"} & set(modules)
    assert json.loads(ended.stdout)["items"] == 40
