"""What every test stands on: a workspace of its own, no network, and backbones so small that they are built here."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from made_up_votes import LABELS, votes_rows, write_csv
from tiny_backbones import build_bert, build_causal, build_roberta

pytest_plugins = ["small_tables", "small_studies"]

# Before any library reads them: no test may use the network, and the small backbones gain nothing from threads.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["TOKENIZERS_PARALLELISM"] = "false"


# A busy machine is slow to make examples, and the first ones wait for hypothesis's table of all characters. At a desk
# each run tries new ones; CI tries the same ones for the same code, and every night many new ones.
settings.register_profile(
    "judgekit", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.register_profile(
    "nightly", settings.get_profile("judgekit"), derandomize=False, max_examples=1000, print_blob=True, database=None
)
settings.load_profile("judgekit")


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test works in a folder of its own; nothing of the person's settings or data reaches it."""
    for name in [name for name in os.environ if name.startswith("JUDGEKIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("JUDGEKIT_TRAIN_FOLDS", "0")  # as below, for commands in processes of their own
    for name in ("HOME", "USERPROFILE", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    # Windows asks the system for this folder, not the environment.
    monkeypatch.setattr("judgekit.workspace.layout.user_data_path", lambda *_, **__: tmp_path / "home" / "judgekit")
    monkeypatch.setattr("judgekit.workspace.layout.user_config_path", lambda *_, **__: tmp_path / "home" / "settings")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """One thread for torch, where it is loaded at all; same seed, same bytes needs the same number of threads."""
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def one_training() -> Iterator[None]:
    """One training instead of six where a test says nothing of folds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("judgekit.training.decisions.MOST_ITEMS_TO_FOLD", 0)
        yield


@pytest.fixture
def votes_csv(tmp_path: Path) -> Path:
    """A long CSV with 60 items and 3 annotators."""
    return write_csv(tmp_path / "votes.csv", votes_rows(60))


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder with token types."""
    return build_bert(tmp_path_factory.mktemp("backbones") / "tiny-bert")


@pytest.fixture(scope="session")
def usual_bert(bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small BERT with what the files of published ones say of their tokenizer."""
    folder = shutil.copytree(bert, tmp_path_factory.mktemp("usual") / "bert")
    says = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(says | {"tokenizer_class": "BertTokenizer"}))
    stored = json.loads((folder / "tokenizer.json").read_text())
    number = len(stored["model"]["vocab"])
    stored["model"]["vocab"]["[MASK]"] = number
    stored["added_tokens"].append({**stored["added_tokens"][0], "id": number, "content": "[MASK]"})
    (folder / "tokenizer.json").write_text(json.dumps(stored))
    return folder


@pytest.fixture(scope="module")  # other files want the real one
def small_starter(bert: Path) -> Iterator[None]:
    """The small encoder under the name of the embedded backbone."""
    from judgekit.models import starter
    from judgekit.models.weights import hash_weights

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starter, "find_in_wheel", lambda: bert)
        patch.setattr(starter, "SHA256", hash_weights(bert))
        yield


@pytest.fixture(scope="session")
def roberta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder without token types."""
    return build_roberta(tmp_path_factory.mktemp("backbones") / "tiny-roberta")


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal LM for which every label is several tokens."""
    return build_causal(tmp_path_factory.mktemp("backbones") / "tiny-llama")


@pytest.fixture(scope="session")
def llama_of_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal LM for which each of `LABELS` is one token."""
    return build_causal(tmp_path_factory.mktemp("backbones") / "tiny-llama-words", words=LABELS)


@pytest.fixture(scope="session")
def gemma2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal LM with soft caps on attention and logits, and sliding windows; labels are several tokens."""
    return build_causal(tmp_path_factory.mktemp("backbones") / "tiny-gemma2", "gemma2")


@pytest.fixture(scope="session")
def gemma2_of_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, where each of `LABELS` is one token."""
    return build_causal(tmp_path_factory.mktemp("backbones") / "tiny-gemma2-words", "gemma2", words=LABELS)


@pytest.fixture(scope="session")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal LM with learned positions; labels are several tokens."""
    return build_causal(tmp_path_factory.mktemp("backbones") / "tiny-gpt2", "gpt2")


# -- a finished judge -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, bert: Path) -> Path:
    """A workspace with the dataset `votes` of 60 items and a judge of that name on the small encoder."""
    from judgekit import ingest, train

    folder = tmp_path_factory.mktemp("finished")
    ingest(write_csv(folder / "votes.csv", votes_rows(60)), workspace=folder / "ws")
    train(workspace=folder / "ws", backbone=bert, epochs=4, batch_size=8, device="cpu")
    return folder / "ws"


@pytest.fixture
def judged(finished: Path, tmp_path: Path) -> Path:
    """A copy of that workspace as `.judgekit` in the current folder, which nobody has evaluated yet."""
    return shutil.copytree(finished, tmp_path / ".judgekit", ignore=shutil.ignore_patterns("looks.json"))


# -- the command line ------------------------------------------------------------------------------------------------


class Ran:
    """One run of the command line: its exit code and what it printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout; NaN and Infinity, which are no JSON, are refused."""

        def refuse(word: str) -> float:
            raise AssertionError(f"{word} is no JSON")

        return json.loads(self.out, parse_constant=refuse)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `judgekit …` in this process; stdout and stderr are caught at their file descriptors."""
    from judgekit.cli import main

    def call(*arguments: object) -> Ran:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Ran(code, out, err)

    return call
