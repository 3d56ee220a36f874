"""Whether what a manifest says of a judge can be so: label set, words, prior, calibration. Loads no torch.

A judge may come from elsewhere, and its manifest is data: every claim is checked before anything is computed with it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from judgekit.core.calibration import MAX_TEMPERATURE, MIN_TEMPERATURE, Calibration

if TYPE_CHECKING:
    from judgekit.judge.manifest import ProbeFacts, ReadingManifest
    from judgekit.prompts.verbalizer import Verbalizer

MOST_LABELS = 10_000
MOST_WORDS = 10_000
MOST_LAYERS = 1_000
MOST_WORD_TOKENS = 1_000
MOST_TOKENS = 10_000_000
MOST_FRAME_CHARACTERS = 100_000
MOST_DECIMALS = 4
MOST_ANSWER_TOKENS = 32_768
MOST_JUDGMENTS = 1_000
MOST_WEIGHT = 200.0
MOST_BIAS = 1e4
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_TOLERANCE = 1e-3


def reading_problems(manifest: ReadingManifest) -> Iterator[str]:
    """What is wrong with how items are read, each problem with the name of its field."""
    labels, count = manifest.labels, len(manifest.labels)
    if not 2 <= count <= MOST_LABELS or len(set(labels)) != count or "" in labels:
        yield f"labels: from 2 to {MOST_LABELS:,} different names are expected, not {_brief(labels)}"
    if (manifest.scale == "ordinal" and len(manifest.values) != count) or not _are_finite(manifest.values):
        yield f"values: one number for each of the {count} labels of an ordinal scale is expected"
    if manifest.scale == "nominal" and manifest.values:
        yield "values: labels of a nominal scale have none"
    prior = manifest.class_prior
    if len(prior) != count or not all(0 <= share <= 1 for share in prior) or abs(math.fsum(prior) - 1) > _TOLERANCE:
        yield f"class_prior: {count} shares that sum to 1 are expected, not {_brief(prior)}"
    if not manifest.fields or len(set(manifest.fields)) != len(manifest.fields):
        yield f"fields: one or more different columns are expected, not {_brief(manifest.fields)}"
    if not 1 <= manifest.max_length <= MOST_TOKENS:
        yield f"max_length: from 1 to {MOST_TOKENS:,} tokens are expected, not {manifest.max_length:,}"
    if not _SHA256.fullmatch(manifest.backbone.sha256):
        yield f"backbone.sha256: 64 hexadecimal digits are expected, not {_brief(manifest.backbone.sha256)}"
    if manifest.backbone.kind == "auto":
        yield "backbone.kind: encoder or causal is expected, not auto"
    if manifest.backbone.kind != "causal" and (manifest.verbalizer or manifest.chat):
        yield f"verbalizer, chat: {manifest.backbone.kind} judges have neither"
    if manifest.chat and sum(map(len, manifest.chat)) > MOST_FRAME_CHARACTERS:
        yield f"chat: at most {MOST_FRAME_CHARACTERS:,} characters are expected"
    if manifest.verbalizer:
        yield from _word_problems(manifest.verbalizer, labels)


def answer_problems(manifest: ReadingManifest) -> Iterator[str]:
    """What is wrong with what a judge is asked to write."""
    answer = manifest.answer
    if (manifest.method == "label") != (answer is None):
        yield "answer: one is expected if and only if the method is not label"
    if answer is None:
        if manifest.backbone.kind == "endpoint":
            yield "answer: an endpoint is asked for one"
        return
    if manifest.backbone.kind == "encoder" or (manifest.backbone.kind == "endpoint" and manifest.method == "rise"):
        yield f"method: {manifest.method} is of causal LMs"
    names = answer.names
    if len(set(names)) != len(manifest.labels) or len(names) != len(manifest.labels) or not all(map(_is_name, names)):
        yield f"answer.names: {len(manifest.labels)} different plain words are expected, not {_brief(names)}"
    if not 1 <= answer.length <= MOST_ANSWER_TOKENS or not 1 <= answer.decimals <= MOST_DECIMALS:
        yield f"answer: a length of 1 to {MOST_ANSWER_TOKENS:,} tokens and 1 to {MOST_DECIMALS} decimals are expected"
    if not 0 <= answer.judgments <= MOST_JUDGMENTS:
        yield f"answer.judgments: from 0 to {MOST_JUDGMENTS:,} are expected, not {answer.judgments:,}"
    if len(answer.instruction) > MOST_FRAME_CHARACTERS:
        yield f"answer.instruction: at most {MOST_FRAME_CHARACTERS:,} characters are expected"


def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _word_problems(verbalizer: Verbalizer, labels: Sequence[str]) -> Iterator[str]:
    count, (scoring, of_labels, texts, codes, _, mass) = len(labels), verbalizer
    if mass is not None and not 0 <= mass <= 1.001:  # rounding
        yield f"verbalizer: the label mass {mass} is no probability"
    words = [word for of_label in of_labels for word in of_label]
    if scoring not in ("tokens", "codes", "sequences"):
        yield f"verbalizer.scoring: tokens, codes or sequences is expected, not {_brief(scoring)}"
    if len(of_labels) != count or not all(of_labels) or not all(words) or len(words) > MOST_WORDS:
        yield f"verbalizer.words: one or more words for each of the {count} labels are expected"
    if any(min(word) < 0 or len(word) > MOST_WORD_TOKENS for word in words if word):
        yield f"verbalizer.words: ids of at most {MOST_WORD_TOKENS:,} tokens, none below 0, are expected"
    if scoring != "sequences" and any(len(word) != 1 for word in words):
        yield f"verbalizer.words: one token for each word is expected, as these are read at {_brief(scoring)}"
    if _overlap(words):
        yield "verbalizer.words: one word is another, or the beginning of another"
    if [len(of_label) for of_label in texts] != [len(of_label) for of_label in of_labels]:
        yield "verbalizer.texts: one text for each word is expected"
    if (scoring == "codes") != bool(codes) or len(codes) not in (0, count) or len(set(codes)) != len(codes):
        yield f"verbalizer.codes: {count if scoring == 'codes' else 'no'} different codes are expected"


def calibration_problems(field: str, found: Calibration, labels: int) -> Iterator[str]:
    """What is wrong with the weights of a judge's parts."""
    temperature = found.temperature
    if temperature is not None and not MIN_TEMPERATURE * 0.99 <= temperature <= MAX_TEMPERATURE * 1.01:
        yield (f"{field}.temperature: from {MIN_TEMPERATURE:g} to {MAX_TEMPERATURE:g} is expected, "
               f"not {temperature:g}")  # fmt: skip
    if not 0 <= found.probe <= MOST_WEIGHT or not abs(found.prior) <= MOST_WEIGHT:
        yield f"{field}: weights of at most {MOST_WEIGHT:g} are expected"
    if found.is_shares and not found.prior:
        yield f"{field}: the judge, the probe or the label shares must count"
    if len(found.bias) not in (0, labels) or not all(abs(one) <= MOST_BIAS for one in found.bias):
        yield f"{field}.bias: none, or {labels} numbers of at most {MOST_BIAS:g} are expected"


def probe_problems(
    calibration: Calibration, probe: ProbeFacts | None, fields: Sequence[str], *, reads_prompts: bool
) -> Iterator[str]:
    """What is wrong with what a probe reads."""
    if (probe is not None) != (calibration.probe > 0):
        yield "probe: one is expected if and only if the calibration gives it a weight"
    if probe is None:
        return
    read = [*probe.fields, *(name for pair in probe.pairs for name in pair)]
    layers = probe.layers
    if not all(0 < one <= MOST_LAYERS for one in layers) or list(layers) != sorted(set(layers)):
        yield f"probe: layers from 1 to {MOST_LAYERS:,} are expected, ascending"
    if reads_prompts:
        if read or len(layers) != 1:
            yield "probe: one layer and no columns are expected where a prompt is read"
    elif not set(read) <= set(fields) or not probe.fields:
        yield f"probe: columns among {', '.join(fields)} are expected"


def file_problems(files: dict[str, str] | None, expected: Sequence[str], possible: Sequence[str]) -> Iterator[str]:
    """What is wrong with the hashes of a judge's files; an older judge has none."""
    if files is None:
        return
    if not set(expected) <= set(files) <= {*expected, *possible}:
        yield f"files: hashes of {', '.join(expected)} are expected, not of {_brief(sorted(files))}"
    yield from (f"files.{name[:80]}: 64 hexadecimal digits are expected" for name, found in files.items()
                if not _SHA256.fullmatch(found))  # fmt: skip


def _overlap(words: Sequence[tuple[int, ...]]) -> bool:
    """Whether a word is another or its beginning; sorted, such a word is right before one that it begins."""
    ordered = sorted(words)
    return any(after[: len(word)] == word for word, after in pairwise(ordered))


def _are_finite(values: Sequence[float]) -> bool:
    return all(map(math.isfinite, values))


def _brief(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 120 else f"{shown[:120]}…"
