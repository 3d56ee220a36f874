"""Where labels are read is asked of the untrained model: where it would say them, and not where nothing is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from made_up_votes import LABELS
from tiny_backbones import build_causal
from transformers import AutoModelForCausalLM

from judgekit.errors import LabelError
from judgekit.models.backbones import find_backbone
from judgekit.models.tokenizer import load_tokenizer
from judgekit.prompts.template import PromptTemplate
from judgekit.prompts.verbalizer import Verbalizer, readings
from judgekit.training.batches import TokenizedPrompts
from judgekit.training.reading import choose_reading

TEMPLATE = PromptTemplate(
    "{% block prompt %}One of {{ labels | join(', ') }}.\n{{ text }}\nLabel:{% endblock %}"
    "{% block encoder %}{{ text }}{% endblock %}",
    name="one.j2",
)
ITEMS = [{"text": text} for text in ("the tea was cold", "the room was clean", "rain")]


@pytest.fixture(scope="module")
def biased(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A causal LM that says words which begin with some character at every place, whatever it reads."""

    def make(token: str) -> Path:
        folder = build_causal(tmp_path_factory.mktemp("biased"), "gptj", rotary_dim=4, words=LABELS)
        tokenizer = load_tokenizer(find_backbone(str(folder)))
        model = AutoModelForCausalLM.from_pretrained(folder)
        with torch.no_grad():
            model.lm_head.weight.mul_(0.01)
            model.lm_head.bias.zero_()[tokenizer.convert_tokens_to_ids(token)] = 9.0
        model.save_pretrained(folder)
        return folder

    return make


def chosen(folder: Path, *, embeddings: int | None = None, most: int = 400, **options: Any) -> Verbalizer:
    backbone = find_backbone(str(folder))
    tokenizer = load_tokenizer(backbone)

    def prompts(codes: tuple[str, ...]) -> TokenizedPrompts:
        return TokenizedPrompts(
            TEMPLATE, LABELS, tokenizer, for_encoder=False, max_length=most, codes=codes, embeddings=embeddings
        )

    return choose_reading(
        readings(tokenizer, lambda codes: prompts(codes).texts(ITEMS), LABELS, **options),
        lambda reading: prompts(reading.codes),
        ITEMS,
        backbone,
        device=torch.device("cpu"),
        dtype=torch.float32,
    )


@pytest.mark.parametrize(
    ("token", "scoring", "first"), [("Ġgood", "tokens", " bad"), ("A", "codes", "A"), ("Ġ", "tokens", " bad")]
)
def test_labels_are_read_where_the_model_would_say_them(
    token: str, scoring: str, first: str, biased: Callable[[str], Path]
) -> None:
    made = chosen(biased(token))
    assert (made.scoring, made.texts[0][0]) == (scoring, first)
    assert made.mass is not None and (made.mass > 0.5) == (token != "Ġ")
    assert chosen(biased(token)) == made  # of the same weights the same
    assert ("as words of one token they have" in made.reason) == (scoring == "codes")
    assert f"Before training they have {100 * made.mass:.3g} %" in made.describe(LABELS)


def test_what_the_user_insists_on_is_read_whatever_its_mass(biased: Callable[[str], Path]) -> None:
    made = chosen(biased("A"), scoring="tokens")
    assert (made.scoring, made.mass, made.reason) == ("tokens", None, "")


def test_no_reading_needs_a_token_that_the_backbone_has_no_embedding_for(biased: Callable[[str], Path]) -> None:
    folder = biased("A")
    with pytest.raises(LabelError, match="with 5 embeddings, does not know"):
        chosen(folder, embeddings=5)


def test_a_reading_whose_prompt_does_not_fit_is_no_choice(biased: Callable[[str], Path]) -> None:
    folder = biased("A")
    assert chosen(folder).scoring == "codes"
    tokenizer = load_tokenizer(find_backbone(str(folder)))
    plain = TokenizedPrompts(TEMPLATE, LABELS, tokenizer, for_encoder=False, max_length=400)
    most = int(plain.encode(ITEMS).lengths.min()) + 5  # the codes and their brackets take 12 more
    made = chosen(folder, most=most)
    assert made.scoring == "tokens" and made.mass is not None  # of those left it was still chosen
