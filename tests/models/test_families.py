"""Each family of transformers is right or refused: `score` equals plain transformers on the exact prompt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from backbone_families import (
    BY_ITSELF,
    CAUSAL_LMS,
    FAMILIES,
    NO_TEXT,
    PADDED,
    PAIR,
    RIGHT,
    Family,
    build_family,
)
from made_up_votes import LABELS, votes_rows, write_csv
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

from judgekit import Judge, ingest, score, train
from judgekit.errors import BackboneError

TEXTS = ("dirty tea", "clean bed, kind host and a quick walk to the lake", "slow soup", "the rain was loud " * 3)
# In every push; all the others every night.
EVERY_TIME = {
    "deberta-v2", "eurobert", "modernbert", "fnet", "tapas", "bloom", "gemma3_text", "mamba", "mixtral", "qwen3",
    "rwkv", "t5",
}  # fmt: skip
OUTCOMES = {
    RIGHT: "right",
    PADDED: "refused: padding changes its numbers",
    BY_ITSELF: "refused: its logits are more than its hidden states times its LM head",
    NO_TEXT: "refused: it fails on a text",
    PAIR: "refused: encoder-decoder",
}
KINDS = {"AutoModel": "encoder", "AutoModelForCausalLM": "causal LM", "AutoModelForSeq2SeqLM": "encoder-decoder"}


def cases(families: tuple[Family, ...]) -> list[Any]:
    marks = {True: [], False: [pytest.mark.nightly]}
    return [
        pytest.param(one, id=f"{one.name}-{one.model_class}", marks=marks[one.name in EVERY_TIME]) for one in families
    ]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("families")
    ingest(write_csv(place / "votes.csv", votes_rows(30)), workspace=place / "ws")
    write_csv(place / "new.csv", [["item_id", "text"], *([str(n), text] for n, text in enumerate(TEXTS))])
    return place / "ws"


def trained(workspace: Path, family: Family, place: Path, words: tuple[str, ...] = LABELS, **settings: Any) -> Judge:
    """A judge of one step on a fresh backbone of a family."""
    backbone = build_family(place / "backbone", family, words)
    return train(
        workspace=workspace, judge=family.name, force=True, backbone=backbone,
        epochs=1, batch_size=64, learning_rate=1e-2, device="cpu", dtype="float32", **settings,
    )  # fmt: skip


def scored(workspace: Path, judge: Judge) -> np.ndarray:
    """What `score` says, `[N, K]`."""
    found = score(
        workspace.parent / "new.csv", judge=judge.name, workspace=workspace, device="cpu", dtype="float32", force=True
    )
    return found.to_polars().select(f"prob_{label}" for label in LABELS).to_numpy()


def by_transformers(judge: Judge) -> np.ndarray:
    """The same by transformers and PEFT alone, one text at a time without padding, `[N, K]`."""
    folder, manifest = judge.backbone.folder, judge.manifest
    tokenizer: Any = AutoTokenizer.from_pretrained(str(folder))
    auto = AutoModel if manifest.verbalizer is None else AutoModelForCausalLM
    base = auto.from_pretrained(str(folder), dtype=torch.float32)
    model: Any = PeftModel.from_pretrained(base, str(judge.folder / "adapter")).eval()
    with torch.no_grad():
        logits = [
            of_encoder(model, tokenizer, judge, {"text": text})
            if manifest.verbalizer is None
            else of_causal(model, tokenizer, judge, {"text": text})
            for text in TEXTS
        ]
    return (torch.stack(logits) / manifest.calibration.temperature).softmax(-1).numpy()


def of_encoder(model: Any, tokenizer: Any, judge: Judge, item: dict[str, str]) -> torch.Tensor:
    first, second = judge.loaded.prompts.segments([item])[0]
    names = [name for name in tokenizer.model_input_names if name != "attention_mask"]
    given = {name: torch.tensor([tokenizer(first, second)[name]]) for name in names}
    if getattr(model.config, "type_vocab_size", 2) < 2 or judge.loaded.prompts.encode([item]).token_type_ids is None:
        given.pop("token_type_ids", None)
    head = load_file(judge.folder / "adapter" / "head.safetensors")
    return head["weight"] @ model(**given).last_hidden_state[0].mean(0) + head["bias"]


def of_causal(model: Any, tokenizer: Any, judge: Judge, item: dict[str, str]) -> torch.Tensor:
    verbalizer = judge.manifest.verbalizer
    assert verbalizer is not None
    prompt = tokenizer(judge.loaded.prompts.texts([item])[0])["input_ids"]
    labels: list[torch.Tensor] = []
    for words in verbalizer.words:
        of_words: list[torch.Tensor] = []
        for word in words:
            log_p = model(input_ids=torch.tensor([[*prompt, *word]]), use_cache=False).logits[0].log_softmax(-1)
            of_words.append(torch.stack([log_p[len(prompt) - 1 + n, token] for n, token in enumerate(word)]).sum())
        labels.append(torch.stack(of_words).logsumexp(0))
    return torch.stack(labels)


@pytest.mark.parametrize("family", cases(FAMILIES))
def test_a_family_is_right_or_refused_in_a_sentence(family: Family, workspace: Path, tmp_path: Path) -> None:
    if family.refusal:
        with pytest.raises(BackboneError) as caught:
            trained(workspace, family, tmp_path)
        assert family.refusal in caught.value.message and caught.value.hint
        return
    judge = trained(workspace, family, tmp_path)
    assert judge.manifest.backbone.kind == ("causal" if family.is_causal else "encoder")
    found = scored(workspace, judge)
    assert np.ptp(found, axis=0).max() > 1e-4  # a judge that says the same of all texts would show nothing
    assert found.tobytes() == scored(workspace, judge).tobytes()  # loaded twice
    assert found == pytest.approx(by_transformers(judge), abs=1e-5)


@pytest.mark.nightly
@pytest.mark.parametrize("family", [one for one in CAUSAL_LMS if not one.refusal], ids=lambda one: one.name)
def test_words_of_several_tokens_are_right_too(family: Family, workspace: Path, tmp_path: Path) -> None:
    judge = trained(workspace, family, tmp_path, words=(), label_scoring="sequences")
    assert scored(workspace, judge) == pytest.approx(by_transformers(judge), abs=1e-5)


def test_the_page_lists_every_family_and_what_becomes_of_it() -> None:
    page = (Path(__file__).parents[2] / "docs" / "backbones.md").read_text(encoding="utf-8")
    rows = [
        f"| `{one.name}` | {KINDS.get(one.model_class, one.model_class)} | {OUTCOMES[one.refusal]} |"
        for one in FAMILIES
    ]
    listed = [line for line in page.splitlines() if line.startswith("| `")]
    assert listed == rows, "The table of docs/backbones.md is to be:\n" + "\n".join(rows)
    assert len({one.name for one in FAMILIES}) >= 40
