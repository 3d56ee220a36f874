"""What a teacher is asked: every item in every order, several times, each time in other words."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from judgekit.dataset.items import ItemTable
from judgekit.errors import SettingsError
from judgekit.prompts.answers import AnswerForm
from judgekit.prompts.library import read_builtin
from judgekit.prompts.mirror import Mirror
from judgekit.prompts.template import PromptTemplate


class Question(NamedTuple):
    """One judgment that is wanted."""

    item: str
    order: int
    """0 as the item stands, 1 with its two sides exchanged."""
    sample: int
    prompt: str
    seed: int

    @property
    def key(self) -> tuple[str, int, int]:
        """What tells it from all others."""
        return self.item, self.order, self.sample


class _Words(NamedTuple):
    roles: list[str]
    criteria: list[str]
    formats: list[str]
    closing: str


@cache
def _languages() -> dict[str, _Words]:
    found = tomllib.loads(read_builtin("judging.toml"))
    return {name: _Words(**words) for name, words in found.items()}


def check_languages(names: Sequence[str]) -> None:
    """Refuse a language that there are no words of.

    Raises:
        SettingsError: there is one; names those there are.
    """
    if unknown := [name for name in names if name not in _languages()]:
        raise SettingsError(
            f"--languages {', '.join(unknown)}: a teacher is asked in {', '.join(_languages())}.",
            hint="Choose among these.",
        )


def questions_of(
    items: ItemTable,
    template: PromptTemplate,
    form: AnswerForm,
    mirror: Mirror | None,
    *,
    samples: int,
    languages: Sequence[str],
    seed: int,
) -> list[Question]:
    """Every question about some items: item by item, sample by sample, each in all orders.

    The words of a sample depend on the seed, the item's id and its number alone, so that further items and further
    samples change nothing of those that are there; both orders of a sample are asked in the same words.

    Args:
        items: which.
        template: of the dataset.
        form: with the labels' names.
        mirror: of a comparison, which is asked in both orders; None for other items.
        samples: of each item and order.
        languages: among which one is drawn for each sample.
        seed: of the draws.
    """
    pairs = zip(form.names, items.labels, strict=True)
    names = ", ".join(name if name == label else f"{name} (= {label})" for name, label in pairs)
    texts = items.texts.to_dicts()
    orders = [template.render_many(texts, items.labels, ())]
    if mirror is not None:
        orders.append(template.render_many([mirror.item(one) for one in texts], items.labels, ()))
    found: list[Question] = []
    for row, item in enumerate(items.item_ids.to_list()):
        of_item = [seed, *item.encode()]
        for sample in range(samples):
            draw = np.random.default_rng([*of_item, sample])
            words = _languages()[languages[int(draw.integers(len(languages)))]]
            role, criteria, form_words = (
                one[int(draw.integers(len(one)))] for one in (words.roles, words.criteria, words.formats)
            )
            closing = f"{criteria} {form_words} {words.closing.replace('{names}', names)}"
            for order, prompts in enumerate(orders):
                prompt = f"{role}\n\n{prompts[row]}\n\n{closing}"
                found.append(Question(item, order, sample, prompt, int(draw.integers(2**31))))
    return found
