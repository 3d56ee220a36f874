"""A fresh interpreter: what starting costs, and what the commands say of themselves."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgekit.cli import app, main

Run = Callable[..., Any]

HEAVY = {"torch", "transformers", "peft", "polars", "cvxpy", "numpy", "scipy", "pyarrow", "jinja2"}
LOADED = """
import json, sys
from judgekit.cli import main
code = main(json.loads(sys.argv[1]))
print(json.dumps([code, sorted({name.split(".")[0] for name in sys.modules})]), file=sys.stderr)
"""


def loaded_by(*arguments: object) -> set[str]:
    """The top-level modules that one command loads in a new interpreter."""
    words = [sys.executable, "-c", LOADED, json.dumps([str(one) for one in arguments])]
    ended = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", check=True)
    code, modules = json.loads(ended.stderr.splitlines()[-1])
    assert code == 0, ended.stderr
    return set(modules)


def test_help_loads_none_of_the_heavy_libraries() -> None:
    assert not loaded_by("--help") & (HEAVY | {"rich", "pydantic"})


def test_help_of_a_verb_loads_none_of_the_heavy_libraries() -> None:
    assert not loaded_by("train", "--help") & (HEAVY | {"rich"})


def test_importing_judgekit_loads_nothing_at_all() -> None:
    script = "import sys; before = set(sys.modules); import judgekit; print(sorted(set(sys.modules) - before))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {name.split(".")[0] for name in ast.literal_eval(ended.stdout)} & (HEAVY | {"typer", "rich"})


def test_ingest_and_show_load_no_torch(votes_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGEKIT_WORKSPACE", str(tmp_path / "ws"))
    assert not loaded_by("ingest", votes_csv) & {"torch", "transformers", "peft", "cvxpy", "pyarrow"}
    assert not loaded_by("show", "template") & {"torch", "transformers", "peft", "cvxpy", "pyarrow"}


def test_scoring_with_a_judge_on_bert_loads_neither_transformers_nor_what_trains(
    votes_csv: Path, usual_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from judgekit import ingest, train

    monkeypatch.setenv("JUDGEKIT_WORKSPACE", str(tmp_path / "ws"))
    ingest(votes_csv)
    train(backbone=usual_bert, epochs=1, device="cpu")
    loaded = loaded_by("score", votes_csv)
    assert "torch" in loaded
    assert not loaded & {"transformers", "peft", "accelerate", "bitsandbytes", "huggingface_hub", "scipy", "pandas"}


def test_every_command_has_help_and_every_option_too(run: Run) -> None:
    from typer.main import get_command

    group: Any = get_command(app)
    assert {"init", "ingest", "train", "score", "evaluate", "show", "demo"} <= set(group.commands)
    for name, command in group.commands.items():
        assert command.help, name
        for parameter in command.params:
            assert parameter.help or parameter.name == "help", f"{name} {parameter.name}"
        result = run(name, "--help")
        assert result.code == 0
        assert result.err == ""


def test_the_version_is_printed(run: Run) -> None:
    from judgekit import __version__

    assert run("--version").out == f"judgekit {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["nosuch"], ["ingest"], ["train", "--nosuch"], ["score"], ["train", "--epochs", "0"], ["show", "me"]]
)
def test_wrong_usage_is_exit_code_2_with_nothing_on_stdout(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from judgekit.verbs import show as pipeline

    def broken(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(pipeline, "show", broken)
    with pytest.raises(ZeroDivisionError):
        main(["show"])


def test_an_interrupt_is_exit_code_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from judgekit.verbs import show as pipeline

    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "show", interrupted)
    assert run("show").code == 130


def test_a_terminal_that_knows_no_unicode_gets_question_marks_and_scripts_get_escapes(tmp_path: Path) -> None:
    rows = "item_id,annotator_id,text,label\n" + "".join(
        f"{n},{person},ein langer Satz Nummer {n},{label}\n"
        for n in range(6)
        for person, label in (("x", "schön"), ("y", "häßlich"))
    )
    (tmp_path / "votes.csv").write_text(rows, encoding="utf-8")
    workspace = {"JUDGEKIT_WORKSPACE": str(tmp_path / "ws")}
    environment = {**os.environ, **workspace, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    for more in ([], ["--json", "--force"]):
        words = [sys.executable, "-m", "judgekit", "ingest", "votes.csv", *more]
        ended = subprocess.run(words, capture_output=True, env=environment)
        assert ended.returncode == 0, ended.stderr.decode()
    assert json.loads(ended.stdout.decode("ascii"))["labels"] == ["häßlich", "schön"]
