"""Words of one token that count as a label: the label itself, the user's words, and other spellings of the label.

Synonyms are summed when the label is read, so no token may stand for two labels. Must not know transformers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

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

    The label and the words that the user gave are firm. Other forms, with the other spacing and in lower, upper and
    capital letters, are our own idea: each is used for all labels or for none, since a form that only some labels have
    would favour these, and for none where such a token could stand for another label too.

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
    forms = [(space, case) for case in _cases(labels) for space in spaces]
    tried = {space + case(word) for words in asked for word in words for space, case in forms}
    single = single_tokens(tokenizer, prompts, sorted(tried))
    for label, ids in zip(labels, own, strict=True):
        if len(ids) == 1 and ids[0] != tokenizer.unk_token_id:
            single[glue + label] = ids[0]  # also where the prompt's own end merges with it
    found = _firm(tokenizer, prompts, labels, asked, spaces, single) if given else [{} for _ in labels]
    for space, case in forms:
        texts = [space + case(label) for label in labels]
        ids = [single[text] for text in texts if text in single]
        is_free = not any(number in other for k, number in enumerate(ids) for j, other in enumerate(found) if j != k)
        if len({*ids}) == len(labels) and is_free:
            for words, number, text in zip(found, ids, texts, strict=True):
                words.setdefault(number, text)
    return found


def _cases(labels: Sequence[str]) -> list[Callable[[str], str]]:
    # The letter A is a label, the word "a" is an article.
    return [str, *([str.lower, str.capitalize, str.upper] if min(map(len, labels)) > 1 else [])]


def _firm(
    tokenizer: LabelTokenizer,
    prompts: Sequence[str],
    labels: Sequence[str],
    asked: Sequence[Sequence[str]],
    spaces: Sequence[str],
    single: Mapping[str, int],
) -> list[dict[int, str]]:
    """The labels and the words that the user gave, each in the first spacing in which it is one token."""
    forms = {word: [s + word for s in spaces if s + word in single] for words in asked for word in words}
    firm = [{single[forms[word][0]]: forms[word][0] for word in words if forms[word]} for words in asked]
    _check_firm(tokenizer, labels, firm, _several_tokens(tokenizer, prompts, asked, forms))
    return firm


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
