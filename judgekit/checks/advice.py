"""What the figures of `check` mean for somebody who wants to train, in sentences.

The limits behind the words have names here. Krippendorff asks for an alpha of 0.8, and 0.667 for tentative conclusions;
the others are ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.checks.result import CheckResult
from judgekit.core.agreement import NOTHING_TO_COMPARE, Alpha
from judgekit.core.planning import Plan, repeated_share
from judgekit.wording import counted

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
"""Fewer items teach a judge little."""
_DEGREES = ((0.8, "very well"), (0.667, "well"), (0.4, "moderately"), (0.2, "a little"))


def advice(result: CheckResult) -> list[str]:
    """Two to seven sentences: whether to train, how to read a KL, whom to look at, what to annotate next."""
    alpha, per_item = result.krippendorff_alpha, result.annotations_per_item
    gain = max(0.0, (result.class_prior["kl"] or 0.0) - result.noise_floor)
    is_small = result.items < FEW_ITEMS and _beats_chance(alpha)
    sentences = [_verdict(alpha, gain, is_small=is_small), _noise(result)]
    if is_small:
        few = "Too few items" if result.items < FEWEST_TEST_ITEMS else "Few items"
        sentences.insert(
            0,
            f"{few}: {result.items:,}. From fewer than {FEW_ITEMS} a judge learns little, and a test tells little.",
        )
    if flagged := result.flagged():
        shown = ", ".join(flagged[:3]) + (f" and {len(flagged) - 3} more" if len(flagged) > 3 else "")
        sentences.append(f"Look first at what {shown} annotated: flagged below; nothing was removed.")
    if _beats_chance(alpha):
        sentences.append(_testing(result.test_plan, per_item[1], result.items))
        sentences.append(_training(per_item[1], result.strength))
    return sentences


def warnings(result: CheckResult) -> list[str]:
    """What may be a mistake in the data, or will hamper training; a sentence each."""
    found = [
        f"Only {share:.1%} of the labels are {label}: a judge will hardly learn when to choose it."
        for label, share in result.label_shares.items()
        if 0 < share < RARE
    ]
    found += [f"Nobody gave the label {label}." for label, share in result.label_shares.items() if share == 0]
    found += [
        f"{share:.1%} of the labels are {label}: a judge that always chose it would be right as often."
        for label, share in result.label_shares.items()
        if share > DOMINANT
    ]
    single, compared = result.single_annotation_items, result.ceiling.items if result.ceiling else 0
    if single and compared:
        found.append(
            f"{counted(single, 'item has', 'items have')} one annotation; agreement rests on the other {compared:,}."
        )
    repeated = result.duplicates
    if repeated.equal_items:
        found.append(
            f"{counted(repeated.equal_items, 'item has', 'items have')} exactly the text of another one; a split keeps "
            "them together."
        )
    if repeated.near_groups:
        found.append(
            f"{repeated.near_items:,} items in {counted(repeated.near_groups, 'group')} have nearly the same text, "
            f"such as {_ids(repeated.examples)}; a split keeps each group together."
        )
    if result.leakage and result.leakage.groups:
        found.append(
            f"{counted(result.leakage.groups, 'group')} of items that belong together cross the given split "
            f"({result.leakage.items:,} items, such as {_ids(result.leakage.examples)}): figures on its test part will "
            "flatter the judge."
        )
    long = result.long_texts
    if long and long.items:
        found.append(
            f"{counted(long.items, 'item is', 'items are')} longer than {long.max_length:,} tokens (the longest has "
            f"{long.longest:,}) and will lose the middle of the longest text. Raise --max-length if the backbone can "
            "read more."
        )
    return found


def _ids(examples: Sequence[Sequence[str]]) -> str:
    return " and ".join(examples[0][:2])


def _beats_chance(alpha: Alpha) -> bool:
    """Whether alpha is above 0, with its interval."""
    return alpha.value is not None and min(alpha.value, alpha.value if alpha.low is None else alpha.low) > 0


def _verdict(alpha: Alpha, gain: float, *, is_small: bool) -> str:
    """Whether the annotations are worth training on, and why; `gain` is what a perfect judge has over the prior."""
    if alpha.value is None:
        if alpha.reason == NOTHING_TO_COMPARE:
            return (
                "Nobody can tell whether this is worth training on: no item has two annotations, so disagreement and "
                "mistakes look alike. Have about 100 items annotated by 3 people, and check again."
            )
        return "Not worth training on: all annotations that can be compared have the same label."
    between = "" if alpha.low is None else f", {alpha.low:.2f} to {alpha.high:.2f}"
    words = f"alpha {alpha.value:.2f}{between}"
    if not _beats_chance(alpha):
        return (
            f"Not worth training on as it is: nothing shows that people agree better than by chance ({words}). "
            "Look at the instructions, or have more items annotated."
        )
    degree = next((words for least, words in _DEGREES if alpha.value >= least), "barely")
    agree = f"people agree {degree} beyond chance ({words})"
    best = f"a perfect judge would be {gain:.2f} nats of KL better than the label shares alone"
    if gain >= MUCH_TO_LEARN:
        return f"Worth training on{' once there are more' if is_small else ''}: {agree}, and {best}."
    if gain >= LITTLE_TO_LEARN:
        return f"Worth a trial, with little to gain: {agree}, and {best}."
    return f"Hardly worth training on: {agree}, but {best}."


def _noise(result: CheckResult) -> str:
    """What the number of annotators means for reading a KL."""
    fewest, mean, most = result.annotations_per_item
    number = counted(most, "annotator")
    if fewest < most:
        number = f"{number} (fewer on some)" if most - mean < 0.05 else f"{fewest:,} to {number} (mean {mean:.1f})"
    if result.ceiling is None:
        return f"{number} on {counted(result.items, 'item')}: how noisy they are is unknown too."
    return (
        f"{number} on {counted(result.items, 'item')}; a perfect judge would still show KL {result.noise_floor:.2f} "
        "against them, so look at what a judge has above that."
    )


def _testing(plan: Plan, per_item: float, items: int) -> str:
    """What a test set needs."""
    wanted = _round_up(max(plan.items, FEWEST_TEST_ITEMS))
    exact = f"a perfect judge then shows KL {plan.floor:.2f}, and a judge's mean KL is known to ± {plan.precision:g}"
    if per_item < plan.annotators:
        return f"For testing, get about {plan.annotators:,} annotators on {wanted:,} items: {exact}."
    if items < wanted:
        return f"For testing there are enough annotators, but get about {wanted:,} items: {exact}."
    people = counted(plan.annotators, "annotator")
    return f"For testing, {wanted:,} of these items are enough, with {people} each: {exact}."


def _training(per_item: float, strength: float) -> str:
    """Whether new items or more annotators help, as far as counts can tell."""
    if per_item < ENOUGH_ANNOTATORS:
        return (
            "For training, get a third annotator before new items: at the same cost 3 annotators per item trained "
            "better judges than 1 or 5 (on SNLI, arXiv 2505.12301)."
        )
    repeated = (per_item - 1) * repeated_share(strength)
    alike = per_item / (1 + repeated)
    weight = f"the {round(per_item, 1):g} annotations of an item tell as much as {alike:.1f} of different items"
    if repeated > REPETITION:
        return f"For training, new items tell more than more annotators: {weight}."
    return f"For training, new annotations help about as much on these items as on new ones: {weight}."


def _round_up(number: int) -> int:
    """To two significant digits, or to tens."""
    step = 10 ** max(1, len(str(number)) - 2)
    return -(-number // step) * step
