"""Words of one token that count as a label: the label itself, the user's words, and other spellings of the label.

Synonyms are summed when the label is read, so no token may stand for two labels. Must not know transformers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from judgekit.errors import LabelError
from judgekit.prompts.label_tokens import (
    LabelTokenizer,
    check_distinct,
    glue_after,
    label_ids,
    show_tokens,
    single_tokens,
)

TOKENS_SHOWN = 8


def one_token_words(
    tokenizer: LabelTokenizer, prompts: Sequence[str], labels: Sequence[str], given: Mapping[str, Sequence[str]]
) -> list[dict[int, str]]:
    """The words of each label: token id -> its text, with the space before it where there is one.

    The label and the words that the user gave are firm. Their forms with the other spacing and the label in lower,
    upper and capital letters are our own idea, and left out where such a token could stand for another label too.

    Args:
        tokenizer: the tokenizer of the causal LM.
        prompts: rendered prompts of a few items, at least one.
        labels: the ordered label set.
        given: label -> words of the user.

    Returns:
        one mapping per label, empty where the label has no word of one token.

    Raises:
        LabelError: two labels have the same tokens, a given word is not one token, or a token stands for two labels.
    """
    own = label_ids(tokenizer, prompts, labels)
    check_distinct(tokenizer, own, labels)
    glue = glue_after(tokenizer, prompts)
    spaces = (glue, "" if glue else " ")
    asked = [(label, *given.get(label, ())) for label in labels]
    tried = [(*words, *_other_cases(words[0])) for words in asked]
    single = single_tokens(tokenizer, prompts, sorted({s + word for words in tried for word in words for s in spaces}))
    for label, ids in zip(labels, own, strict=True):
        if len(ids) == 1 and ids[0] != tokenizer.unk_token_id:
            single[glue + label] = ids[0]  # also where the prompt's own end merges with it
    forms = {word: [s + word for s in spaces if s + word in single] for words in tried for word in words}
    firm = [{single[forms[word][0]]: forms[word][0] for word in words if forms[word]} for words in asked]
    _check_firm(tokenizer, labels, firm, _several_tokens(tokenizer, prompts, asked, forms))
    every = [{single[text]: text for word in words for text in forms[word]} for words in tried]
    owners = Counter(number for found in every for number in found)
    return [
        sure | {number: text for number, text in found.items() if number not in sure and owners[number] == 1}
        for sure, found in zip(firm, every, strict=True)
    ]


def _other_cases(label: str) -> tuple[str, ...]:
    # The letter A is a label, the word "a" is an article.
    return (label.lower(), label.capitalize(), label.upper()) if len(label) > 1 else ()


def why_no_word(tokenizer: LabelTokenizer, prompts: Sequence[str], label: str) -> str:
    """Why a label has no word of one token, as part of a sentence."""
    ids = label_ids(tokenizer, prompts, [label])[0]
    if len(ids) == 1:
        return f"the tokenizer does not know {label!r}"
    tokens = [str(token) for token in tokenizer.convert_ids_to_tokens(ids[:TOKENS_SHOWN])]
    more = " …" if len(ids) > TOKENS_SHOWN else ""
    return f"{label!r} is {len(ids)} tokens ({' '.join(tokens)}{more})"


def _several_tokens(
    tokenizer: LabelTokenizer,
    prompts: Sequence[str],
    asked: Sequence[Sequence[str]],
    forms: Mapping[str, Sequence[str]],
) -> list[str]:
    """What is wrong with the words of the user that are not one token."""
    problems: list[str] = []
    for word in (word for _, *words in asked for word in words if not forms[word]):
        ids = label_ids(tokenizer, prompts, [word])[0]
        first = f"; its first token is {tokenizer.convert_ids_to_tokens(ids[:1])[0]!r}" if len(ids) > 1 else ""
        problems.append(f"{show_tokens(tokenizer, [word], [ids])[0]} is not one known token{first}")
    return problems


def _check_firm(
    tokenizer: LabelTokenizer, labels: Sequence[str], firm: Sequence[Mapping[int, str]], problems: list[str]
) -> None:
    owners = Counter(number for found in firm for number in found)
    for label, found in zip(labels, firm, strict=True):
        shared = {text: number for number, text in found.items() if owners[number] > 1}
        lines = show_tokens(tokenizer, list(shared), [[number] for number in shared.values()])
        problems += [f"{line} stands for {label!r} and for another label" for line in lines]
    if problems:
        raise LabelError(
            "Some words of the labels cannot be used: each must be one token, and stand for one label.",
            problems=problems,
            hint="Change --label-words.",
        )
