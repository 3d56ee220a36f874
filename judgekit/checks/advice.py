"""What the figures of `check` mean for somebody who wants to train, in sentences.

The limits behind the words stand here by name. Krippendorff asks for an alpha of 0.8, and 0.667 for tentative
conclusions; the others are ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.checks.result import CheckResult
from judgekit.core.agreement import NOTHING_TO_COMPARE, Alpha
from judgekit.core.planning import Plan, repeated_share

MUCH_TO_LEARN, LITTLE_TO_LEARN = 0.2, 0.05
"""KL in nats by which a perfect judge beats the class prior."""
FEWEST_TEST_ITEMS = 50
"""However exact the annotations are: fewer items do not show what texts there are."""
ENOUGH_ANNOTATORS = 2.5
"""Annotations per item from which on new items are worth more."""
REPETITION = 0.5
"""Share of an item's further annotations, in annotations, that repeats the first; below it they count almost fully."""
RARE, DOMINANT = 0.01, 0.9
"""Shares of a label that are cause for a warning."""
FEW_ITEMS = 200
_DEGREES = ((0.8, "very well"), (0.667, "well"), (0.4, "moderately"), (0.2, "a little"))


def advice(result: CheckResult) -> list[str]:
    """Two to six sentences: whether to train, how to read a KL, whom to look at, what to annotate next."""
    alpha, per_item = result.krippendorff_alpha, result.annotations_per_item
    gain = max(0.0, (result.class_prior["kl"] or 0.0) - result.noise_floor)
    sentences = [_verdict(alpha, gain), _noise(result)]
    if flagged := result.flagged():
        shown = ", ".join(flagged[:3]) + (f" and {len(flagged) - 3} more" if len(flagged) > 3 else "")
        sentences.append(f"Look first at what {shown} annotated: flagged below; nothing was removed.")
    if _beats_chance(alpha):
        sentences.append(_testing(result.test_plan, per_item[1], result.items))
        sentences.append(_training(per_item[1], result.strength))
        if result.items < FEW_ITEMS:
            sentences.append(f"{result.items:,} items are few: a judge will learn little, and its test tell little.")
    return sentences


def warnings(result: CheckResult) -> list[str]:
    """What may be a mistake in the data, or will hamper training; a sentence each."""
    found = [
        f"Only {share:.1%} of the labels are {label}: a judge hardly learns when to say it."
        for label, share in result.label_shares.items()
        if 0 < share < RARE
    ]
    found += [f"Nobody gave the label {label}." for label, share in result.label_shares.items() if share == 0]
    found += [
        f"{share:.1%} of the labels are {label}: a judge that always says so is right as often."
        for label, share in result.label_shares.items()
        if share > DOMINANT
    ]
    single, compared = result.single_annotation_items, result.ceiling.items if result.ceiling else 0
    if single and compared:
        found.append(f"{single:,} items have one annotation; agreement rests on the other {compared:,}.")
    repeated = result.duplicates
    if repeated.equal_items:
        found.append(
            f"{repeated.equal_items:,} items have the text of another one to the letter; a split keeps them together."
        )
    if repeated.near_groups:
        found.append(
            f"{repeated.near_items:,} items in {repeated.near_groups:,} groups have nearly the same text, as "
            f"{_ids(repeated.examples)}; a split keeps each group together."
        )
    if result.leakage and result.leakage.groups:
        found.append(
            f"{result.leakage.groups:,} groups of items that belong together stand on both sides of the given split "
            f"({result.leakage.items:,} items, as {_ids(result.leakage.examples)}): figures on its test part will "
            "flatter the judge."
        )
    long = result.long_texts
    if long and long.items:
        found.append(
            f"{long.items:,} items are longer than {long.max_length:,} tokens (the longest has {long.longest:,}): they "
            "will lose the middle of their longest text. Raise --max-length if the backbone can read more."
        )
    return found


def _ids(examples: Sequence[Sequence[str]]) -> str:
    return " and ".join(examples[0][:2])


def _beats_chance(alpha: Alpha) -> bool:
    """Whether alpha is above 0, with its interval."""
    return alpha.value is not None and min(alpha.value, alpha.value if alpha.low is None else alpha.low) > 0


def _verdict(alpha: Alpha, gain: float) -> str:
    """Whether the annotations are worth training on, and why; `gain` is what a perfect judge has over the prior."""
    if alpha.value is None:
        if alpha.reason == NOTHING_TO_COMPARE:
            return (
                "Whether this is worth training on cannot be told: no item has two annotations, so disagreement and "
                "mistakes look alike. Have about 100 items annotated by 3 people, and check again."
            )
        return "Not worth training on: all annotations that can be compared have the same label."
    between = "" if alpha.low is None else f", {alpha.low:.2f} to {alpha.high:.2f}"
    words = f"alpha {alpha.value:.2f}{between}"
    if not _beats_chance(alpha):
        return (
            f"Not worth training on as it stands: nothing shows that people agree better than by chance ({words}). "
            "Look at the instructions, or have more items annotated."
        )
    degree = next((words for least, words in _DEGREES if alpha.value >= least), "barely")
    agree = f"people agree {degree} beyond chance ({words})"
    best = f"a perfect judge would be {gain:.2f} nats of KL better than the label shares alone"
    if gain >= MUCH_TO_LEARN:
        return f"Worth training on: {agree}, and {best}."
    if gain >= LITTLE_TO_LEARN:
        return f"Worth a trial, with little to gain: {agree}, and {best}."
    return f"Hardly worth training on: {agree}, but {best}."


def _noise(result: CheckResult) -> str:
    """What the number of annotators means for reading a KL."""
    fewest, mean, most = result.annotations_per_item
    number = f"{most:,} annotator{'' if most == 1 else 's'}"
    if fewest < most:
        number = f"{number} (fewer on some)" if most - mean < 0.05 else f"{fewest:,} to {number} (mean {mean:.1f})"
    if result.ceiling is None:
        return f"{number} on {result.items:,} items: how noisy they are cannot be told either."
    return (
        f"{number} on {result.items:,} items; a perfect judge would still show KL {result.noise_floor:.2f} against "
        "them, so look at what a judge has above that."
    )


def _testing(plan: Plan, per_item: float, items: int) -> str:
    """What a test set needs."""
    wanted = _round_up(max(plan.items, FEWEST_TEST_ITEMS))
    exact = f"a perfect judge then shows KL {plan.floor:.2f}, and a judge's mean KL is known to ± {plan.precision:g}"
    if per_item < plan.annotators:
        return f"For testing, get about {plan.annotators:,} annotators on {wanted:,} items: {exact}."
    if items < wanted:
        return f"For testing there are annotators enough, but get about {wanted:,} items: {exact}."
    people = "1 annotator" if plan.annotators == 1 else f"{plan.annotators:,} annotators"
    return f"For testing, {wanted:,} of these items are enough, and {people} on each would do: {exact}."


def _training(per_item: float, strength: float) -> str:
    """Whether new items or more annotators help, as far as counts can tell."""
    if per_item < ENOUGH_ANNOTATORS:
        return (
            "For training, get a third annotator before new items: at equal cost 3 annotators per item trained better "
            "judges than 1 or 5 (on SNLI, arXiv 2505.12301)."
        )
    repeated = (per_item - 1) * repeated_share(strength)
    alike = per_item / (1 + repeated)
    weight = f"the {round(per_item, 1):g} annotations of an item weigh like {alike:.1f} of different items"
    if repeated > REPETITION:
        return f"For training, new items tell more than more annotators: {weight}."
    return f"For training, it matters little whether new annotations go to new items or to these: {weight}."


def _round_up(number: int) -> int:
    """To two significant digits, or to tens."""
    step = 10 ** max(1, len(str(number)) - 2)
    return -(-number // step) * step
