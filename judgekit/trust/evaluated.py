"""What an evaluation found out about a judge: for Python, for scripts, for pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray, empirical_distribution, entropy
from judgekit.core.floor import Signal
from judgekit.core.json_values import json_values
from judgekit.core.metrics import Interval, kl_per_item
from judgekit.core.reliability import Calibrations
from judgekit.core.strata import Stratum
from judgekit.dataset.items import item_rows
from judgekit.trust.drift import Drift
from judgekit.trust.label_sets import Coverage
from judgekit.trust.people import People
from judgekit.trust.probes import Probe
from judgekit.trust.stand_in import StandIn
from judgekit.trust.written import Written


@dataclass(frozen=True, eq=False)
class EvaluatedItems:
    """The N items of an evaluation, with what people and the judge say of each.

    Examples:
        >>> items = judge.evaluate("held_out.csv").items
        >>> len(items), items.to_polars().columns[:3]
        (20, ['item_id', 'text', 'annotations'])
    """

    ids: Sequence[str]
    """`[N]`."""
    texts: pl.DataFrame
    """One String column per field, `[N, F]`."""
    labels: tuple[str, ...]
    """The K labels in their one order."""
    counts: NDArray[np.int64]
    """Annotations per label, `[N, K]`."""
    probabilities: NDArray[np.float64]
    """The judge's distributions, calibrated, `[N, K]`."""

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"Evaluated items\n{self.to_polars()}"

    @cached_property
    def shares(self) -> FloatArray:
        """Each label's share of an item's annotations, `[N, K]`."""
        return empirical_distribution(self.counts)

    @cached_property
    def kl(self) -> FloatArray:
        """KL(shares || probabilities) of each item, nats, `[N]`."""
        return kl_per_item(self.probabilities, self.shares)

    def to_polars(self) -> pl.DataFrame:
        """One row per item, as `judgekit evaluate -o` writes it.

        Returns:
            `item_id`, the texts, `annotations` (how many), `people_<label>` (shares of the annotations), `prob_<label>`
            (what the judge predicts), `people_label` and `label` (the most frequent and the most probable one, the
            first of several), `people_entropy` and `entropy` (nats), `kl` (nats).
        """
        shares, q = self.shares, self.probabilities

        def most(values: FloatArray) -> list[str]:
            return [self.labels[k] for k in values.argmax(axis=1)]

        figures = [
            pl.Series("annotations", self.counts.sum(axis=1)),
            *(pl.Series(f"people_{label}", shares[:, k]) for k, label in enumerate(self.labels)),
            *(pl.Series(f"prob_{label}", q[:, k]) for k, label in enumerate(self.labels)),
            pl.Series("people_label", most(shares), dtype=pl.String),
            pl.Series("label", most(q), dtype=pl.String),
            pl.Series("people_entropy", entropy(shares)),
            pl.Series("entropy", entropy(q)),
            pl.Series("kl", self.kl),
        ]
        return item_rows(self.ids, self.texts, figures)


class Changed(NamedTuple):
    """An item that two judges see differently."""

    id: str
    distance: float
    """JS distance of the two predictions."""
    kl: float
    """Of the judge, nats."""
    other_kl: float


class Standing(NamedTuple):
    """How good predictions are, by themselves."""

    kl: Interval
    """Nats."""
    excess: Interval
    """Above the noise floor, nats."""
    annotators: Interval | None
    """Equivalent annotators; None where they cannot be known."""


class Comparison(NamedTuple):
    """A judge beside another one, on the items that both were not trained on."""

    other: str
    items: int
    left_out: int
    """Evaluated items of which the other one says nothing, or on which it was trained."""
    kl: Interval
    """KL of the other minus KL of the judge, nats: above 0 where the judge is better."""
    p: float
    """Probability of such a difference by chance."""
    accuracy: Interval
    """Accuracy of the judge minus that of the other."""
    changed: tuple[Changed, ...]
    """The items on which they differ most."""
    floor: float
    """The noise floor on the compared items, nats."""
    own: Standing
    """Of the judge."""
    others: Standing
    """Of the other one."""
    calls: int = 0
    """That were made to an endpoint; other answers of it were kept from before."""
    cost: float | None = None
    """Of these calls, where a price was given."""

    @property
    def verdict(self) -> str:
        """`better`, `worse`, or `not told apart`, of the judge."""
        if self.kl.low > 0 or self.kl.value == np.inf:
            return "better"
        return "worse" if self.kl.high < 0 or self.kl.value == -np.inf else "not told apart"


class Requirement(NamedTuple):
    """Something that was required of the judge, and whether it is met."""

    required: str
    """As it was given, such as `kl<=0.35`."""
    met: bool
    sentence: str
    """What was found and what was required, in words."""


class EvaluateResult(NamedTuple):
    """A judge's figures on items with human labels.

    Examples:
        >>> figures = judge.evaluate("held_out.csv")
        >>> figures.metrics["kl"].low <= figures.metrics["kl"].value <= figures.metrics["kl"].high
        True
        >>> sorted(figures.baselines["class_prior"])[:2]
        ['accuracy', 'brier']
    """

    judge: str
    source: str
    """What was evaluated on, in words."""
    items: EvaluatedItems
    annotations: int
    truncated: int
    dropped: int
    """Items left out because they are too long."""
    left_out: int
    """Items left out because the judge was trained on them."""
    trained_on: int | None
    """Items of the evaluation that the judge was trained on; None where nobody knows."""
    label_mass: float | None
    """Probability a causal LM gives to the label set, mean over items; None for encoders."""
    both_orders: bool
    """Whether the metrics are of distributions averaged over both orders of a pairwise comparison."""
    metrics: dict[str, Interval | None]
    """By name; None where a metric is undefined on these items."""
    baselines: dict[str, dict[str, float | None]]
    """`class_prior` (of the training items) and `uniform`, each with the metrics by name."""
    floor: Interval
    """KL in nats that a perfect judge is expected to show against these numbers of annotations."""
    one_annotator: float | None
    """KL in nats that one left-out annotator of each item would show, smoothed; None where no item has two."""
    excess: Interval
    """KL above the floor, nats."""
    gain: Interval
    """KL of the class prior minus KL of the judge on the same items, nats; above 0 where the judge is better."""
    signal: Signal | None
    """How much the judge has learned, and what that is worth in people; None where it cannot be known."""
    confidence: float
    strata: tuple[Stratum, ...] = ()
    """The figures where people agree and where they do not."""
    requirements: tuple[Requirement, ...] = ()
    looks: int | None = None
    """Evaluations on these items, this one included; None where the number cannot be kept."""
    calibrations: Calibrations | None = None
    """Whether the probabilities are people's shares, and the chance of being right."""
    coverage: Coverage | None = None
    """Of sets of labels; None where none are fitted, or these are no new items."""
    stand_in: StandIn | None = None
    """The alt-test, or why there is none."""
    probes: tuple[Probe, ...] = ()
    """What the judge follows beyond what people do."""
    drift: Drift | None = None
    """A new round beside the dataset of the judge; None for its own items."""
    by: tuple[Stratum, ...] = ()
    """The figures by a column."""
    by_column: str = ""
    """Which one."""
    comparison: Comparison | None = None
    """The judge beside another one."""
    people: People | None = None
    """Those who annotated the items, and how far they agree."""
    folds: int = 0
    """So many judges predicted the items, each those of its fold; 0 where the judge itself did."""
    weights: FloatArray | None = None
    """With which the items count, `[N]`, mean 1: by the chances with which they were drawn; None where all count alike.
    """
    written: Written | None = None
    """Of the answers of a judge that writes; None for one that is read at its labels."""
    drawn: int = 0
    """Items that `judgekit select` drew, with a chance that is known."""

    @property
    def noise_floor(self) -> float:
        """KL in nats that a perfect judge is expected to show against these numbers of annotations."""
        return self.floor.value

    @property
    def is_test(self) -> bool:
        """Whether all of the items are known to be new to the judge."""
        return self.trained_on == 0

    def missed(self) -> list[str]:
        """A sentence for each requirement that is not met."""
        return [one.sentence for one in self.requirements if not one.met]

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values; null where undefined."""
        signal = self.signal
        facts = {
            **self._asdict(),
            "items": len(self.items),
            "noise_floor": {"kl": self.floor.value, "low": self.floor.low, "high": self.floor.high},
            "signal": None if signal is None else {"learnable": signal.learnable, "share": signal.share},
            "equivalent_annotators": None if signal is None else signal.annotators,
        }
        del facts["floor"], facts["weights"]
        return json_values(facts)
