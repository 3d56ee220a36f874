"""One label in several spellings: what no person means is merged, the rest is warned about; and words for no answer.

White space at the ends, the form of Unicode characters and the `.0` that pandas adds to whole numbers are merged.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterable, Sequence

from judgekit.schema.scales import numeric_values

_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_WHOLE, _PLAIN = re.compile(r"([+-]?\d+)[.,]0+"), re.compile(r"[+-]?\d+")
_DASHES, _QUOTES = re.compile(r"[‐‑‒–—―−﹘﹣－_]"), re.compile(r"[‘’ʼ`´′＇]")
_NO_ANSWER = frozenset(
    {
        "nan", "null", "nil", "<na>", "na", "n/a", "n.a.", "n.a", "#n/a", "#na", "#value!", "#ref!", "\\n", "none",
        "-", "--", "?", ".", "", "no answer", "no annotation", "no response", "no label", "not annotated",
        "not answered", "not labelled", "not labeled", "unlabelled", "unlabeled", "unanswered", "missing", "skip",
        "skipped", "abstain", "abstained", "abstention", "pass (no answer)", "prefer not to say", "keine angabe",
        "k.a.", "k. a.", "keine antwort", "sans réponse", "sin respuesta", "nat", "undefined", "empty", "blank",
    }
)  # fmt: skip
_CODES_OF_NO_ANSWER = frozenset({-1.0, -9.0, -99.0, -999.0, 99.0, 999.0, 9999.0, -9999.0, -88.0, 88.0})
_GAP = 3
"""A code of 88 or 99 stands so many times the widest label away from the scale."""


def tidy(label: str) -> str:
    """A label without white space at its ends, in the composed Unicode form."""
    if label.isascii():
        return label.strip()
    return unicodedata.normalize("NFC", label).strip().strip(_INVISIBLE).strip()


def as_whole_number(label: str) -> str:
    """`3.0` as `3`; any other label as it is."""
    match = _WHOLE.fullmatch(label)
    return match[1] if match else label


def tidied(found: Iterable[str], known: Iterable[str] = ()) -> dict[str, str]:
    """What each label is read as.

    Args:
        found: labels as they stand in the file.
        known: labels that are there already, as those of a dataset.
    """
    plain = {label: tidy(label) for label in found}
    there = {*plain.values(), *known}
    written = set(known)
    whole = {short: as_whole_number(short) for short in plain.values()}
    # Where some whole numbers are written plainly, those with `.0` stand in a column that pandas took for fractions.
    are_numbers = all(map(_PLAIN.fullmatch, {*whole.values(), *written})) and any(map(_PLAIN.fullmatch, there))
    return {
        label: whole[short] if short not in written and (are_numbers or whole[short] in there) else short
        for label, short in plain.items()
    }


def spelling_map(labels: Sequence[str], totals: Sequence[int]) -> list[tuple[str, str]]:
    """The labels that seem to be spellings of another, more frequent one, and that one.

    Args:
        labels: the labels.
        totals: number of annotations of each.
    """
    spellings: dict[str, list[int]] = {}
    for k, label in enumerate(labels):
        spellings.setdefault(_fold(label), []).append(k)
    pairs: list[tuple[str, str]] = []
    for same in spellings.values():
        most = labels[max(same, key=lambda k: (totals[k], -len(labels[k])))]
        pairs += [(labels[k], most) for k in same if labels[k] != most]
    return pairs


def _fold(label: str) -> str:
    """The same text for all spellings of one label: case, spaces, dashes, apostrophes, full stops, leading zeros."""
    text = unicodedata.normalize("NFKC", label).strip()
    plain = _DASHES.sub("-", _QUOTES.sub("'", text)).translate(dict.fromkeys(map(ord, _INVISIBLE)))
    if (numbers := numeric_values([plain])) is not None:
        return repr(numbers[0])
    return re.sub(r"[\s-]+", "", plain.casefold()).rstrip(".!") or text


def label_warnings(labels: Sequence[str], totals: Sequence[int]) -> list[str]:
    """Warnings of labels in several spellings, and of words for no answer, each with the options that would mend it.

    Args:
        labels: the labels.
        totals: number of annotations of each.
    """
    warnings: list[str] = []
    number = dict(zip(labels, totals, strict=True))
    if pairs := spelling_map(labels, totals):
        found = ", ".join(f"{old!r} ({number[old]:,}) beside {new!r} ({number[new]:,})" for old, new in pairs)
        options = " ".join(f"--label-map {shlex.quote(f'{old}={new}')}" for old, new in pairs)
        warnings.append(
            f"Labels that may be one label in two spellings are kept apart: {found}; {options} would merge them, "
            "and so would --merge-spellings."
        )
    if missing := no_answers(labels):
        found = ", ".join(f"{label!r} ({number[label]:,})" for label in missing)
        options = " ".join(drop_option(label) for label in missing)
        warnings.append(
            f"Labels that read like no answer are counted as labels: {found}; {options} would set them aside."
        )
    return warnings


def drop_option(label: str) -> str:
    """The option that sets a label aside; with `=`, as some labels begin with a dash."""
    return f"--drop-label={shlex.quote(label)}" if label.startswith("-") else f"--drop-label {shlex.quote(label)}"


def no_answers(labels: Sequence[str]) -> list[str]:
    """The labels that are words or codes for no answer: `nan`, -1 beside 0 to 4, 99 beside 1 to 5."""
    found = [label for label in labels if label.strip().strip("<>()[]{}*").casefold() in _NO_ANSWER]
    rest = [label for label in labels if label not in found]
    numbers = numeric_values(rest)
    if numbers is None:
        return found
    value_of = dict(zip(rest, numbers, strict=True))
    codes = [label for label, value in value_of.items() if value in _CODES_OF_NO_ANSWER]
    scale = sorted(value for label, value in value_of.items() if label not in codes)
    if len(scale) < 2:
        return found
    return found + [
        label
        for label in codes
        if (value_of[label] < 0 <= scale[0]) or value_of[label] > _GAP * max(abs(scale[0]), scale[-1])
    ]
