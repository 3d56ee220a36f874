"""Writes the bundled sample, judgekit/sample/votes.csv and new.csv: synthetic items, simulated annotators.

Run `python benchmarks/make_sample.py` for the files and the figures that judgekit/sample/README.md states. The same
phrases give the same bytes: nothing but random.Random(SEED).random() draws, and its stream is stable across Python
versions.

An item is a customer's message and the team's reply. The wording carries cues (a hedge, an unanswered second
request, a flat refusal …), and each cue moves the logits of resolved, partly and unresolved. Each simulated annotator
reads these logits with a strictness and a liking for the middle of their own; their labels are drawn from that.
"""

from __future__ import annotations

import csv
import math
import random
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SEED = 20260
LABELS = ("resolved", "partly", "unresolved")
COMPOSED, UNLABELLED = 580, 30
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
ANNOTATORS_PER_ITEM = {3: 0.44, 4: 0.28, 5: 0.15, 6: 0.08, 7: 0.05}

# What each cue adds to the logits of resolved, partly, unresolved.
REPLY_CUES = {
    "done": (2.4, -0.2, -2.0),
    "likely": (1.0, 0.8, -0.7),
    "partial": (-0.6, 1.9, -0.3),
    "promise": (-1.3, 0.7, 0.9),
    "deflect": (-1.3, -0.1, 1.4),
    "refuse": (0.4, -0.9, 1.0),  # an answer, but not the one hoped for: people part ways here
    "ask": (-2.0, 0.2, 1.4),
    "elsewhere": (-2.4, -0.8, 2.4),  # a reply that belongs to another message
}
CLOSING_CUES = {
    "sure": (0.7, -0.2, -0.2),
    "doubt": (-0.7, 0.5, 0.2),
    "open": (-0.6, 0.2, 0.7),
    "gift": (0.2, 0.5, -0.4),
    "curt": (-0.4, -0.3, 0.6),
    "warm": (0.0, 0.0, 0.0),
}
# Which closings can follow which replies without contradicting them.
CLOSINGS_OF = {
    "done": ("sure", "gift", "warm"),
    "likely": ("sure", "doubt", "gift", "warm"),
    "partial": ("sure", "gift", "curt", "warm"),
    "promise": ("open", "doubt", "gift", "warm"),
    "deflect": ("curt", "warm"),
    "refuse": ("curt", "gift", "warm"),
    "ask": ("warm",),
    "elsewhere": ("warm", "sure"),
}
REPLY_SHARES = {
    "done": 0.24, "likely": 0.16, "partial": 0.16, "promise": 0.14, "deflect": 0.08, "refuse": 0.12, "ask": 0.05,
    "elsewhere": 0.05,
}  # fmt: skip
TAIL_CUES = {"urgent": (-0.3, 0.0, 0.4), "angry": (-0.2, -0.1, 0.3), "calm": (0.2, 0.1, -0.3), "plain": (0.0, 0.0, 0.0)}
# One number for how far the cues decide: larger means fewer disagreements.
CLARITY = 1.25
SECOND_UNANSWERED = (-1.5, 1.1, 0.2)


class Annotator(NamedTuple):
    """A simulated person: strictness moves logits from resolved to unresolved, lapses are labels at random."""

    annotator_id: str
    strictness: float
    liking_for_partly: float
    lapses: float


class Item(NamedTuple):
    """A message, its reply and the logits of the labels that their cues add up to."""

    message: str
    reply: str
    logits: tuple[float, ...]


ANNOTATORS = [
    Annotator(f"p{number:02d}", *traits)
    for number, traits in enumerate(
        [
            (-0.7, -0.4, 0.02), (-0.5, 0.3, 0.02), (-0.35, -0.2, 0.03), (-0.2, 0.5, 0.02), (-0.1, -0.5, 0.04),
            (0.0, 0.1, 0.02), (0.05, 0.4, 0.03), (0.2, -0.3, 0.02), (0.3, 0.2, 0.02), (0.45, -0.1, 0.03),
            (0.6, 0.3, 0.02), (0.8, -0.5, 0.12),
        ],
        start=1,
    )
]  # fmt: skip


def pick(rng: random.Random, options: Sequence) -> Any:
    """One of the options, from a single draw."""
    return options[int(rng.random() * len(options))]


def pick_weighted(rng: random.Random, shares: Mapping) -> object:
    """A key, with the probability of its value; the values sum to 1."""
    left = rng.random()
    for key, share in shares.items():
        left -= share
        if left < 0:
            return key
    return key


def compose(rng: random.Random, phrases: dict) -> Item:
    """One item put together from the phrases, with the logits of the cues that went into it."""
    topic = pick(rng, phrases["topic"])
    kind = str(pick_weighted(rng, REPLY_SHARES))
    message, cues = [pick(rng, topic["messages"])], [REPLY_CUES[kind]]
    if kind == "elsewhere":
        others = [other for other in phrases["topic"] if other is not topic]
        reply = [pick(rng, pick(rng, others)["done"])]
    else:
        reply = [pick(rng, topic[kind])]
    extra = rng.random()
    if extra < 0.34:
        tail = pick(rng, list(TAIL_CUES))
        message.append(pick(rng, phrases["tails"][tail]))
        cues.append(TAIL_CUES[tail])
    elif extra < 0.52 and kind in ("done", "likely", "partial", "promise"):
        number = int(rng.random() * len(phrases["second"]["asks"]))
        message.append(phrases["second"]["asks"][number])
        if rng.random() < 0.5:
            reply.append(phrases["second"]["answers"][number])
        else:
            cues.append(SECOND_UNANSWERED)
    if kind in phrases["openings"] and rng.random() < 0.6:
        reply.insert(0, pick(rng, phrases["openings"][kind]))
    if len(reply) == 1 and rng.random() < 0.7:
        closing = pick(rng, CLOSINGS_OF[kind])
        reply.append(pick(rng, phrases["closings"][closing]))
        cues.append(CLOSING_CUES[closing])
    slots = {"day": pick(rng, DAYS), "n": 3 + int(rng.random() * 17)}
    logits = tuple(CLARITY * sum(parts) for parts in zip(*cues, strict=True))
    return Item(" ".join(message).format(**slots), " ".join(reply).format(**slots), logits)


def softmax(logits: Sequence[float]) -> list[float]:
    """The probabilities of the logits."""
    powers = [math.exp(logit - max(logits)) for logit in logits]
    return [power / sum(powers) for power in powers]


def label_shares(item: Item, annotator: Annotator) -> list[float]:
    """The probabilities with which this annotator gives each label to this item."""
    shifts = (-annotator.strictness, annotator.liking_for_partly, annotator.strictness)
    own = softmax([logit + shift for logit, shift in zip(item.logits, shifts, strict=True)])
    return [(1 - annotator.lapses) * share + annotator.lapses / len(LABELS) for share in own]


def true_distribution(item: Item) -> list[float]:
    """The label distribution over all simulated annotators: what a perfect judge would predict."""
    each = [label_shares(item, annotator) for annotator in ANNOTATORS]
    return [sum(shares) / len(ANNOTATORS) for shares in zip(*each, strict=True)]


def make_items(rng: random.Random, phrases: dict) -> tuple[list[Item], list[Item]]:
    """The items to label, in mixed order, and the new ones; no pair of texts occurs twice."""
    whole = [
        Item(str(pair[0]), str(pair[1]), tuple(math.log(p) for p in pair[2:])) for pair in phrases["whole"]["pairs"]
    ]
    composed: dict[tuple[str, str], Item] = {}
    while len(composed) < COMPOSED + UNLABELLED:
        item = compose(rng, phrases)
        composed.setdefault((item.message, item.reply), item)
    items = list(composed.values())
    labelled = sorted(items[:COMPOSED] + whole, key=lambda _: rng.random())
    return labelled, items[COMPOSED:]


def annotate(rng: random.Random, item: Item) -> list[tuple[str, str]]:
    """The annotator ids and labels of one item, by annotator id."""
    number = int(str(pick_weighted(rng, ANNOTATORS_PER_ITEM)))
    chosen = sorted(ANNOTATORS, key=lambda _: rng.random())[:number]
    return [
        (annotator.annotator_id, str(pick_weighted(rng, dict(zip(LABELS, label_shares(item, annotator), strict=True)))))
        for annotator in sorted(chosen)
    ]


def write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """Write rows as CSV with plain line feeds on every system."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def make_sample(folder: Path) -> list[tuple[Item, list[str]]]:
    """Write votes.csv and new.csv into the folder; returns the labelled items with their labels."""
    rng = random.Random(SEED)
    phrases = tomllib.loads((ROOT / "benchmarks" / "sample_phrases.toml").read_text(encoding="utf-8"))
    labelled, new = make_items(rng, phrases)
    annotated = [(item, annotate(rng, item)) for item in labelled]
    write_csv(
        folder / "votes.csv",
        [("item_id", "annotator_id", "message", "reply", "label")]
        + [
            (f"m{number:03d}", annotator_id, item.message, item.reply, label)
            for number, (item, annotations) in enumerate(annotated, start=1)
            for annotator_id, label in annotations
        ],
    )
    write_csv(
        folder / "new.csv",
        [("item_id", "message", "reply")]
        + [(f"n{number:02d}", item.message, item.reply) for number, item in enumerate(new, start=1)],
    )
    return [(item, [label for _, label in annotations]) for item, annotations in annotated]


def kl_divergence(p: Sequence[float], q: Sequence[float]) -> float:
    """KL(p || q) in nats."""
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "judgekit" / "sample"
    items = make_sample(folder)
    votes = [label for _, labels in items for label in labels]
    prior = [votes.count(label) / len(votes) for label in LABELS]
    observed = [[labels.count(label) / len(labels) for label in LABELS] for _, labels in items]
    true = [true_distribution(item) for item, _ in items]
    unanimous = sum(max(p) == 1 for p in observed) / len(items)
    print(f"items {len(items)}, annotations {len(votes)}, per item {len(votes) / len(items):.2f}")
    print("label shares", {label: round(share, 3) for label, share in zip(LABELS, prior, strict=True)})
    print(f"unanimous items {unanimous:.1%}, votes.csv {(folder / 'votes.csv').stat().st_size:,} bytes")
    print(f"KL to the class prior {sum(kl_divergence(p, prior) for p in observed) / len(items):.3f}")
    floor = sum(kl_divergence(p, q) for p, q in zip(observed, true, strict=True)) / len(items)
    print(f"KL to the true distribution (the floor) {floor:.3f}")
    print(f"KL of true to the class prior {sum(kl_divergence(p, prior) for p in true) / len(items):.3f}")


if __name__ == "__main__":
    main()
