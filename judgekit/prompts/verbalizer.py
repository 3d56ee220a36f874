"""How a causal LM's labels are read: at words of one token each, at codes, or as whole sequences of tokens.

The choice is made once, when a judge is trained, from the prompts that it will read; it is kept with the judge. No
label of several tokens is ever read at its first token. This module must not know transformers.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

from judgekit.errors import LabelError, SettingsError
from judgekit.prompts.label_tokens import LabelTokenizer, glue_after, label_token_ids, prompt_ends, single_tokens
from judgekit.prompts.label_words import one_token_words, why_no_word

# A letter that stands alone, as in model_a, completionA and Answer B, or a digit.
_CODE_IN_LABEL = re.compile(r"(?<![A-Z])[A-Z](?![A-Za-z])|(?<![A-Za-z])[a-z](?![A-Za-z])|[0-9]")


class Verbalizer(NamedTuple):
    """What is read for each of the K labels."""

    scoring: str
    """tokens, codes or sequences."""
    words: tuple[tuple[tuple[int, ...], ...], ...]
    """For each label its words, each the token ids that follow the prompt; one id each unless these are sequences."""
    texts: tuple[tuple[str, ...], ...]
    """The same words as text, with the space before them where there is one."""
    codes: tuple[str, ...] = ()
    """The code of each label, shown in the prompt; empty where labels have none."""
    reason: str = ""
    """Why the labels are not read at tokens of their own; empty where they are, or where the user wanted it so."""
    mass: float | None = None
    """Probability of all words together on a few items before training; None where there was nothing to choose."""

    def shown(self, labels: Sequence[str]) -> tuple[str, ...]:
        """The label set as the prompt lists it."""
        return shown_labels(labels, self.codes)

    def describe(self, labels: Sequence[str]) -> str:
        """How the labels are read, in one sentence."""
        because = f", because {self.reason}" if self.reason else ""
        before = "" if self.mass is None else f" Before training they have {percent(self.mass)} of the probability."
        if self.scoring == "sequences":
            behind = "" if self.texts[0][0].startswith(labels[0]) else " behind a space"
            return f"Labels are scored as whole sequences of tokens{behind}{because}.{before}"
        if self.scoring == "codes":
            pairs = ", ".join(f"{code} = {label}" for code, label in zip(self.codes, labels, strict=True))
            return f"Labels get codes{because}: {pairs}.{before}"
        words = (f"{label} = {', '.join(map(repr, texts))}" for label, texts in zip(labels, self.texts, strict=True))
        return f"Labels are read at words of one token each{because}: {'; '.join(words)}.{before}"

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**self._asdict(), "words": [[list(word) for word in words] for words in self.words]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        words = tuple(tuple(tuple(word) for word in words) for words in values["words"])
        texts = tuple(tuple(one) for one in values["texts"])
        return cls(values["scoring"], words, texts, tuple(values["codes"]), values["reason"], values.get("mass"))


def shown_labels(labels: Sequence[str], codes: Sequence[str] = ()) -> tuple[str, ...]:
    """The label set as a prompt lists it: `A (entailment)` where labels have codes; in quotes where commas part them.

    Args:
        labels: the ordered label set.
        codes: of each label, or empty.
    """
    names = [f'"{label}"' if "," in label else label for label in labels]
    return tuple(f"{code} ({name})" for code, name in zip(codes, names, strict=True)) if codes else tuple(names)


def percent(mass: float) -> str:
    """A share of the probability, to three digits."""
    return f"{100 * mass:.3g} %"


def readings(
    tokenizer: LabelTokenizer,
    render: Callable[[tuple[str, ...]], list[str]],
    labels: Sequence[str],
    *,
    scoring: str = "auto",
    label_words: Mapping[str, Sequence[str]] | None = None,
    ordinal: bool = False,
) -> list[Verbalizer]:
    """The ways in which the labels can be read, at least one, the simplest first.

    Words of one token, if each label has one; then codes, if there are enough of one token and the template shows them;
    then whole sequences, with and without a space before them.

    Args:
        tokenizer: the tokenizer of the causal LM.
        render: the prompts of a few items, at least one, as they are with these codes (none: an empty tuple).
        labels: the ordered label set.
        scoring: auto, or tokens, codes or sequences to insist.
        label_words: label -> words of one token that count as it, besides the label itself; auto reads these alone.
        ordinal: whether the labels have an order; their codes are numbers then.

    Raises:
        SettingsError: words are given for what is no label, or together with codes or sequences.
        LabelError: what was insisted on is not possible, a given word is not one token, two labels share a word, or
            `label_token_ids` refuses the labels and nothing else works. Each with the tokens.
    """
    given = dict(label_words or {})
    _check_given(given, labels, scoring)
    plain, reason = render(()), ""
    prompts = prompt_ends(tokenizer, plain)
    found: list[Verbalizer] = []
    if scoring in ("auto", "tokens"):
        words = one_token_words(tokenizer, prompts, labels, given)
        if all(words):
            found.append(_at_tokens("tokens", words))
        else:
            lacking = [label for label, one in zip(labels, words, strict=True) if not one]
            reason = why_no_word(tokenizer, prompts, lacking[0])
        if reason and (scoring == "tokens" or given):
            raise LabelError(
                f"The labels cannot be read at words of one token each, because {reason}.",
                hint="Give every such label a word of one token (--label-words LABEL=word), or let judgekit choose: "
                "--label-scoring auto, without --label-words.",
            )
        if scoring == "tokens" or given:
            return found
    if scoring != "sequences":
        coded = _coded(tokenizer, render, plain, labels, ordinal)
        if isinstance(coded, Verbalizer):
            found.append(coded._replace(reason=reason))
        elif scoring == "codes":
            raise LabelError(f"The labels cannot get codes, because {coded}.", hint="Omit --label-scoring.")
        else:
            reason = f"{reason}, and {coded}" if reason else coded
        if scoring == "codes":
            return found
    return found + _sequences(tokenizer, prompts, labels, reason, is_needed=not found)


def _sequences(
    tokenizer: LabelTokenizer, prompts: Sequence[str], labels: Sequence[str], reason: str, *, is_needed: bool
) -> list[Verbalizer]:
    """The labels as whole sequences, with what would come before them and with the other spacing."""
    glue = glue_after(tokenizer, prompts)
    found: list[Verbalizer] = []
    for space in (glue, "" if glue else " "):
        try:
            ids = label_token_ids(tokenizer, prompts, labels, space=space)
        except LabelError:
            if is_needed and space == glue:
                raise
            continue
        words, texts = tuple((tuple(one),) for one in ids), tuple((space + label,) for label in labels)
        found.append(Verbalizer("sequences", words, texts, reason=reason))
    return found


def _check_given(given: Mapping[str, Sequence[str]], labels: Sequence[str], scoring: str) -> None:
    if given and scoring in ("codes", "sequences"):
        raise SettingsError(
            f"--label-words names words of one token, and --label-scoring {scoring} does not read any.",
            hint="Omit one of the two.",
        )
    unknown = [repr(label) for label in given if label not in labels]
    if unknown:
        raise SettingsError(
            f"--label-words names {', '.join(unknown)}, which is not a label.",
            hint=f"The labels are: {', '.join(labels)}.",
        )


def _at_tokens(scoring: str, words: Sequence[Mapping[int, str]], codes: tuple[str, ...] = ()) -> Verbalizer:
    ids = tuple(tuple((number,) for number in found) for found in words)
    return Verbalizer(scoring, ids, tuple(tuple(found.values()) for found in words), codes)


def _coded(
    tokenizer: LabelTokenizer,
    render: Callable[[tuple[str, ...]], list[str]],
    plain: list[str],
    labels: Sequence[str],
    ordinal: bool,
) -> Verbalizer | str:
    """The labels read at codes, or why that is not possible, as part of a sentence."""
    alphabets = _alphabets(labels, ordinal)
    if not alphabets:
        return f"there are {len(labels)} labels and {len(string.ascii_uppercase)} letters"
    for codes in alphabets:
        coded = render(codes)
        if coded == plain:
            return "the template shows neither labels nor codes"
        prompts = prompt_ends(tokenizer, coded)
        single = single_tokens(tokenizer, prompts, [space + code for code in codes for space in (" ", "")])
        # A form that only some codes have, as ` B` where ` A` is two tokens, would favour these.
        spaces = [space for space in (" ", "") if all(space + code in single for code in codes)]
        words = [{single[space + code]: space + code for space in spaces} for code in codes]
        if spaces and len({number for found in words for number in found}) == sum(map(len, words)):
            return _at_tokens("codes", words, codes)
    return f"the codes {', '.join(alphabets[0])} are not one token each"


def _alphabets(labels: Sequence[str], ordinal: bool) -> list[tuple[str, ...]]:
    """Letters and numbers, if there are enough of them; first what suits the labels best."""
    letters, numbers = tuple(string.ascii_uppercase[: len(labels)]), tuple("123456789"[: len(labels)])
    alphabets = [codes for codes in (letters, numbers) if len(codes) == len(labels)]
    inside = {found.upper() for label in labels for found in _CODE_IN_LABEL.findall(label)}
    # `A (model_b)` would be misread; and for steps of a scale numbers say more than letters.
    return sorted(alphabets, key=lambda codes: (not inside.isdisjoint(codes), ordinal and codes is not numbers))
