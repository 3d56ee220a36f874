"""`judgekit show prompt`: what a model reads is what is shown, token by token."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_up_votes import LABELS, text_of, votes_rows, write_csv

Run = Callable[..., Any]


@pytest.fixture
def votes(run: Run, tmp_path: Path) -> None:
    """The dataset `votes`; the text of its second item is too long for any backbone here, and holds special tokens."""
    rows = votes_rows(60)
    for row in rows[4:7]:
        row[2] = "[SEP] </s> " + "the tea was cold " * 400 + "and late"
    assert run("init").code == 0
    assert run("ingest", write_csv(tmp_path / "votes.csv", rows)).code == 0


@pytest.fixture
def chatty(llama_of_words: Path, tmp_path: Path) -> Path:
    """A causal LM whose tokenizer has a chat template."""
    folder = shutil.copytree(llama_of_words, tmp_path / "chatty")
    path = folder / "tokenizer_config.json"
    template = (
        "{{ bos_token }}{% for one in messages %}[{{ one.role }}] {{ one.content }}</s>{% endfor %}{{ '[answer]\\n' }}"
    )
    path.write_text(json.dumps({**json.loads(path.read_text()), "chat_template": template}))
    return folder


def ids_of(shown: dict[str, Any]) -> list[int]:
    return [token["id"] for token in shown["tokens"]]


def test_a_causal_lm_reads_text_and_tokens_up_to_the_judgment_position(votes: None, run: Run, llama: Path) -> None:
    shown = run("show", "prompt", "--backbone", llama, "--json").json
    assert (shown["item"], shown["kind"], shown["segments"]) == ("i0000", "causal", None)
    assert text_of(0, 0) in shown["text"] and shown["text"].endswith("Rating:")
    assert shown["tokens"][0] == {"id": 1, "token": "<s>"}
    assert shown["judgment_position"] == len(shown["tokens"]) - 1
    assert shown["tokens"][-1]["token"] == ":"
    # Every label of several bytes gets a number, as on a scale, and the prompt says so.
    assert [[word["text"] for word in words] for words in shown["words"].values()] == [["1"], ["2"], ["3"]]
    assert "1 (bad), 2 (fair), 3 (good)" in shown["text"] and "because 'bad' is 4 tokens" in shown["reading"]


def test_the_page_shows_the_text_as_it_is_the_marked_position_and_the_words(
    votes: None, run: Run, llama_of_words: Path
) -> None:
    shown = run("show", "prompt", "--backbone", llama_of_words)
    assert shown.code == 0
    assert "one of these labels" in shown.out or "this scale" in shown.out
    assert "◀ the label is read here" in " ".join(shown.out.split())
    for label in LABELS:
        assert f"{label}: ' {label}' = Ġ{label}·" in shown.out


def test_a_prompt_goes_into_the_chat_template_unless_that_is_not_wanted(votes: None, run: Run, chatty: Path) -> None:
    shown = run("show", "prompt", "--backbone", chatty, "--json").json
    assert shown["text"].startswith("<s>[user] ") and shown["text"].endswith(":</s>[answer]\n")
    assert ids_of(shown)[0] == 1 and ids_of(shown).count(1) == 1
    plain = run("show", "prompt", "--backbone", chatty, "--no-chat", "--json").json
    assert "[user]" not in plain["text"] and ids_of(plain)[0] == 1


def test_what_is_too_long_is_shown_as_it_was_cut(votes: None, run: Run, llama: Path, bert: Path) -> None:
    shown = run("show", "prompt", "--backbone", llama, "--item", "i0001", "--json").json
    assert shown["is_truncated"] and shown["has_special_tokens"]
    assert len(shown["tokens"]) <= shown["max_length"]
    assert "[SEP] < /s> the tea" in shown["text"] and " … " in shown["text"] and "and late\n" in shown["text"]
    page = run("show", "prompt", "--backbone", bert, "--item", "i0001").out
    assert "A: [ SEP] </s> the tea" in page and "too long" in page and "special token" in page
    assert "A label head" in page and "◀" not in page


def test_a_trained_judge_shows_what_it_was_trained_on(votes: None, run: Run, chatty: Path, llama: Path) -> None:
    before = run("show", "prompt", "--backbone", chatty, "--label-scoring", "codes", "--json").json
    options = ("--epochs", 1, "--device", "cpu", "--label-scoring", "codes")
    assert run("train", "--backbone", chatty, *options).code == 0
    for arguments in ([], ["--judge", "votes"]):
        shown = run("show", "prompt", *arguments, "--json").json
        assert shown["reader"] == "judge votes"
        assert {**shown, "reader": ""} == {**before, "reader": ""}
    assert run("show", "prompt", "--backbone", llama, "--json").json["reader"].startswith(f"backbone {llama}")


def test_settings_of_the_workspace_hold_where_no_judge_reads(votes: None, run: Run, llama: Path) -> None:
    Path(".judgekit/judgekit.toml").write_text(f'[train]\nbackbone = "{llama}"\nlabel_scoring = "sequences"\n')
    shown = run("show", "prompt", "--json").json
    assert shown["reading"].startswith("Labels are scored as whole sequences of tokens")


def test_what_cannot_be_shown_is_refused(votes: None, run: Run, llama: Path) -> None:
    refused = run("show", "prompt", "--judge", "any", "--label-scoring", "codes")
    assert refused.code == 3 and "keeps how it reads" in refused.err
    refused = run("show", "prompt", "--backbone", llama, "--item", "nobody")
    assert refused.code == 3 and "no item 'nobody'" in refused.err
    refused = run("show", "template", "--backbone", llama)
    assert refused.code == 2 and "show prompt" in refused.err
