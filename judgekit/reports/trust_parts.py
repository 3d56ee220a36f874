"""What an evaluation says beyond its metrics, part by part, in words and rows: for the terminal and for HTML."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from judgekit.core.ceiling import Ceiling
from judgekit.core.floor import PEOPLE
from judgekit.core.metrics import Interval
from judgekit.dataset.result import PSEUDONYMS
from judgekit.trust.evaluated import Comparison, EvaluateResult
from judgekit.trust.people import People
from judgekit.wording import counted

ANNOTATORS_SHOWN = 15
MANY_LOOKS = 10
"""Evaluations on the same items, from which on choosing by them makes the figures flatter the judge."""


class Part(NamedTuple):
    """A part of a page."""

    title: str
    sentences: tuple[str, ...]
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    warnings: tuple[str, ...] = ()


def trust_parts(result: EvaluateResult) -> Iterator[Part]:
    """The parts that there are, those that were asked for first."""
    for part in (_comparison, _by, _drift, _calibration, _coverage, _stand_in, _probes):
        yield from part(result)


def names_sentence(names: str) -> str:
    """By what names annotators are shown; empty where they are unnamed."""
    if names == PSEUDONYMS:
        return "Annotators are shown by pseudonyms; who has the file with their names sees them with --names FILE."
    return f"Annotators are shown by their names, {names}: this page holds personal data." if names else ""


def people_part(result: EvaluateResult) -> Iterator[Part]:
    """What was judged by whom, how far people agree, and how well some of them predict the others."""
    found = result.people
    if found is None:
        return
    items = len(result.items)
    says = [f"{result.annotations:,} annotations of {counted(items, 'item')}, {result.annotations / items:.1f} each."]
    if found.named:
        says[0] = f"{counted(found.named, 'annotator')} gave {says[0]} {names_sentence(found.names)}"
    alpha = found.alpha
    if alpha.value is None:
        says.append(alpha.reason)
    else:
        between = "" if alpha.low is None else f" ({alpha.low:.2f} to {alpha.high:.2f})"
        says.append(
            f"Krippendorff's alpha ({alpha.level}) is {alpha.value:.2f}{between}: 1 is complete agreement, 0 what "
            f"chance would give. Two annotations of an item agree in {found.raw_agreement or 0:.0%} of the pairs."
        )
    yield Part("Who judged these items, and how far they agree", tuple(says), *_annotators(found))
    if found.ceiling is not None:
        yield _ceiling(found.ceiling)


def _annotators(found: People) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    worst = sorted(found.annotators, key=lambda one: (not one.flag, one.reliability))[:ANNOTATORS_SHOWN]
    rows = tuple(
        (one.annotator, f"{one.items:,}", "" if one.agreement is None else f"{one.agreement:.1%}",
         f"{one.reliability:.3f}", one.flag)
        for one in worst
    )  # fmt: skip
    headings = ("items", "agreement", "reliability", "remark")
    if not any(one.flag for one in worst):
        rows, headings = tuple(row[:-1] for row in rows), headings[:-1]
    more = len(found.annotators) - len(worst)
    first = f"annotator (the {len(worst)} least reliable of {len(found.annotators):,})" if more else "annotator"
    return (first, *headings), rows


def _ceiling(found: Ceiling) -> Part:
    says = (
        "KL in nats. Noise is what a perfect judge would show against the same annotations; fewer of them are noisier, "
        "so compare by KL - noise."
    )
    rows = tuple(
        (name, figure(one.kl), figure(one.floor), figure(max(0.0, one.kl - one.floor)), figure(one.accuracy))
        for name, one in (("one annotator → the others", found.one), ("half of them → the other half", found.half))
    )
    return Part("How well people predict each other", (says,), ("", "KL", "noise", "KL - noise", "accuracy"), rows)


def looks_sentence(result: EvaluateResult) -> str:
    """How often these items were looked at; empty where nobody knows."""
    if result.looks is None:
        return ""
    if result.looks == 1:
        return "This is the first evaluation on these items."
    worn = (
        " Judges that are chosen by these figures look better than they are: have new items annotated for the decision."
        if result.looks >= MANY_LOOKS
        else ""
    )
    return f"This is evaluation number {result.looks} on these items.{worn}"


def figure(value: float) -> str:
    """Three digits; empty where there is none."""
    return "" if math.isnan(value) else "infinite" if math.isinf(value) else f"{value:.3f}"


def between(found: Interval) -> str:
    """The interval in brackets; empty where there is none."""
    return "" if math.isnan(found.low) else f" ({figure(found.low)} to {figure(found.high)})"


def _comparison(result: EvaluateResult) -> Iterator[Part]:
    found = result.comparison
    if found is None:
        return
    on = f"on {counted(found.items, 'item')} that are new to both"
    difference = f"its KL is {figure(abs(found.kl.value))} nats {'lower' if found.kl.value > 0 else 'higher'}"
    verdict = {
        "better": f"It is better than {found.other} {on}: {difference}{between(found.kl)}.",
        "worse": f"It is worse than {found.other} {on}: {difference}{between(found.kl)}.",
        "not told apart": f"It cannot be told apart from {found.other} {on}: {difference}{between(found.kl)}.",
    }[found.verdict]
    chance = "" if math.isnan(found.p) else f" A difference like this comes by chance with probability {found.p:.3g}."
    accuracy = f"Its accuracy is {found.accuracy.value:+.3f}{between(found.accuracy)} beside the other's."
    left = f" {counted(found.left_out, 'item was', 'items were')} left out." if found.left_out else ""
    rows = tuple((one.id, figure(one.distance), figure(one.kl), figure(one.other_kl)) for one in found.changed)
    headings = ("items that changed most", "JS distance", "KL", f"KL of {found.other}")
    yield Part(f"Beside {found.other}", (verdict + chance, accuracy + left, *_standings(found)), headings, rows)


def _people(number: float) -> str:
    return f"more than {PEOPLE[-1]} people" if math.isinf(number) else f"{number:.1f} people"


def _standings(found: Comparison) -> Iterator[str]:
    """Both by themselves, beside what is the least that any judge can show."""
    words = [f"a perfect judge would show KL {figure(found.floor)} there (the noise floor)"]
    for name, one in (("this judge", found.own), (found.other, found.others)):
        worth = ""
        if one.annotators is not None:
            worth = f", worth {_people(one.annotators.value)} (equivalent annotators)"
        words.append(f"{name} {figure(one.kl.value)}, {figure(max(0.0, one.excess.value))} above that{worth}")
    yield "By themselves: " + "; ".join(words) + "."
    if found.calls or found.cost is not None:
        cost = "" if found.cost is None else f", which cost {found.cost:g}"
        yield f"{counted(found.calls, 'call was', 'calls were')} made for this{cost}; the answers are kept."


def _by(result: EvaluateResult) -> Iterator[Part]:
    if not result.by:
        return
    rows = tuple(
        (one.name, f"{one.items:,}", figure(one.kl.value), between(one.kl).strip(" ()"), figure(one.class_prior_kl),
         figure(one.accuracy))
        for one in result.by
    )  # fmt: skip
    headings = (result.by_column, "items", "KL ↓", f"{result.confidence:.0%} interval", "class prior", "accuracy")
    warnings = tuple(
        f"Where {result.by_column} is {one.name} the judge is worse than the label shares alone: KL "
        f"{figure(one.kl.value)}, class prior {figure(one.class_prior_kl)}. Do not rely on it there."
        for one in result.by
        if one.gain.high < 0
    )
    yield Part(f"By {result.by_column}", (), headings, rows, warnings)


def _drift(result: EvaluateResult) -> Iterator[Part]:
    found = result.drift
    if found is None:
        return
    if found.is_found:
        says = (
            "The new annotations differ from those of the judge's dataset by more than chance: what is measured here "
            "is how the judge does on another population. Ingest them as a further round (judgekit ingest FILE "
            "--append DATASET) and train again."
        )
    else:
        says = "The new annotations look like those of the judge's dataset: no difference beyond chance was found."
    rows = [
        (f"share of {label}", f"{before:.1%}", f"{now:.1%}", "")
        for label, before, now in zip(found.labels, found.shares.before, found.shares.now, strict=True)
    ]
    rows.append(("label shares together", "", f"{found.shares.distance:.1%} differ", figure(found.shares.p)))
    for name, one in (("agreement of pairs", found.agreement), ("KL above the noise floor", found.excess)):
        if one is not None:
            rows.append((name, figure(one.before), figure(one.now), figure(one.p)))
    headings = ("", "before", "now", "p")
    yield Part("Are these the same people and items as before?", (says,), headings, tuple(rows))


def _calibration(result: EvaluateResult) -> Iterator[Part]:
    found = result.calibrations
    if found is None:
        return
    rows = [(f"share of {one.name}", figure(one.error.value), between(one.error).strip(" ()"), figure(one.by_chance))
            for one in found.shares]  # fmt: skip
    rows.append(("all labels", figure(found.error.value), between(found.error).strip(" ()"), figure(found.by_chance)))
    right = found.right
    rows.append(("being right", figure(right.error.value), between(right.error).strip(" ()"), figure(right.by_chance)))
    says = (
        "Calibration error: how far a predicted share is from the share that people gave, and how far the highest "
        "probability is from the chance that its label is the most frequent one (being right), mean over bins of "
        "equally many items. Beside it stands what a judge would show whose shares are exact: by chance, and because "
        "the label of most people is right more often than its share says."
    )
    headings = ("", "error ↓", f"{result.confidence:.0%} interval", "if shares were exact")
    yield Part("Do its probabilities mean what they say?", (says,), headings, tuple(rows))


def _coverage(result: EvaluateResult) -> Iterator[Part]:
    found = result.coverage
    if found is None:
        return
    held = f"{found.covered.value:.1%}"
    if not math.isnan(found.covered.low):
        held += f" ({found.covered.low:.1%} to {found.covered.high:.1%})"
    fitted = f"Fitted on {counted(found.fitted_on, 'held-out item')}."
    if found.folds:
        fitted = f"Each of {found.folds} folds was measured with what the others say."
    yield Part(
        f"Sets of labels at {found.level:.0%}",
        (
            f"A set is to hold what a new person says of a new item with probability {found.level:.0%} "
            f"(judgekit score --sets {found.level:g}). On these items {held} of the annotations lie in it; it has "
            f"{found.labels:.2f} labels on average, and all of them for {found.whole:.1%} of the items. {fitted}",
        ),
    )


def _stand_in(result: EvaluateResult) -> Iterator[Part]:
    found = result.stand_in
    if found is None:
        return
    title = "May it stand in for an annotator? (alt-test)"
    if found.test is None:
        yield Part(title, (f"That cannot be said: {found.why_not}",))
        return
    test = found.test
    won = sum(one.is_won for one in test.annotators)
    says = (
        f"{'Yes' if test.is_passed else 'No'}: it holds its own against {won} of {len(test.annotators)} annotators, "
        f"where half are needed; a person would have to be ahead of it by {found.advantage:g} to be worth the effort "
        f"(--advantage). On {test.advantage_probability:.0%} of the items it is as near to the other annotators as the "
        "left-out one, or nearer."
    )
    rows = tuple(
        (found.annotators[one.annotator], f"{one.items:,}", f"{one.judge_ahead:.0%}", f"{one.annotator_ahead:.0%}",
         f"{one.p:.3g}", "yes" if one.is_won else "no")
        for one in test.annotators
    )  # fmt: skip
    names = names_sentence(result.people.names) if result.people else ""
    sentences = (says, names) if names else (says,)
    yield Part(title, sentences, ("annotator", "items", "judge as near", "person as near", "p", "may stand in"), rows)


def _probes(result: EvaluateResult) -> Iterator[Part]:
    if not result.probes:
        return
    found = [one for one in result.probes if one.is_found]
    says = (
        "What it follows beyond what people's annotations explain: partial correlations, from -1 to 1, and "
        "differences; 0 is none. An interval without 0 is a reason to look."
    )
    rows = tuple(
        (one.what, f"{one.value.value:+.3f}", between(one.value).strip(" ()"), "look" if one.is_found else "")
        for one in [*found, *(one for one in result.probes if not one.is_found)]
    )
    headings = ("", "value", f"{result.confidence:.0%} interval", "")
    yield Part("What does it follow that people do not?", (says,), headings, rows)
