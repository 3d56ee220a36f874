"""What `check` found out about a dataset, as one object: for Python, for scripts and for the terminal."""

from __future__ import annotations

from typing import Any, NamedTuple

from judgekit.annotators.reliability import AnnotatorQuality, AnnotatorReport
from judgekit.checks.findings import DisagreedItem, Duplicates, Leakage, LongTexts
from judgekit.checks.thresholds import Threshold
from judgekit.core.agreement import NOTHING_TO_COMPARE, Alpha, Kappa
from judgekit.core.ceiling import Ceiling
from judgekit.core.json_values import json_values
from judgekit.core.metrics import Interval
from judgekit.core.planning import Plan
from judgekit.dataset.annotation_columns import AnnotationColumn

UNNAMED = "The table does not name two annotators or more, so nothing can be said about single ones."


class CheckResult(NamedTuple):
    """What the annotations of a dataset say about it.

    Examples:
        >>> found = check("votes")
        >>> found.items, found.annotations_per_item
        (60, (3, 3.0, 3))
    """

    dataset: str
    items: int
    annotations: int
    annotations_per_item: tuple[int, float, int]
    """Fewest, mean, most."""
    single_annotation_items: int
    label_shares: dict[str, float]
    """Mean over the items of each label's share: the class prior."""
    krippendorff_alpha: Alpha
    raw_agreement: float | None
    """Mean over the items of the share of agreeing pairs of annotations; None where no item has two."""
    pairs: int
    """Pairs of annotations of one item."""
    prevalence: dict[str, float] | None
    """Share of each label among the annotations that alpha compares."""
    fleiss_kappa: Kappa
    ceiling: Ceiling | None
    """None where no item has two annotations."""
    class_prior: dict[str, float | None]
    """Metrics of the constant that predicts the label shares, by name."""
    floor: Interval
    """KL in nats that a perfect judge is expected to show against so many annotations."""
    strength: float
    """Of the Dirichlet-multinomial fitted to the counts, in annotations."""
    test_plan: Plan
    confused_labels: list[tuple[str, str, float]]
    """Pairs of labels with their share of all disagreement."""
    annotators: AnnotatorReport | None
    """None where the table does not name them."""
    annotation_columns: tuple[AnnotationColumn, ...]
    """What is known of annotations and annotators beside the labels."""
    shifts: dict[str, float]
    """How far each annotator's labels lie above those of the others on the same items, on average, in the unit of the
    scale; empty where the labels have no order."""
    has_pseudonyms: bool
    """Whether pseudonyms stand for the annotators."""
    names_from: str
    """The file that their names are from; empty where they are as in the dataset."""
    disagreed_items: list[DisagreedItem]
    duplicates: Duplicates
    leakage: Leakage | None
    """None where no split was given."""
    long_texts: LongTexts | None
    """None where the backbone's tokenizer is not on this machine."""
    confidence: float
    advice: list[str]
    warnings: list[str]
    thresholds: dict[str, Threshold]
    """Those that were set, by the name of the setting."""

    @property
    def noise_floor(self) -> float:
        """KL in nats that a perfect judge is expected to show against so many annotations."""
        return self.floor.value

    def annotators_worst_first(self) -> list[AnnotatorQuality]:
        """The annotators, flagged ones first, then the least reliable; none where they are unnamed."""
        found = [] if self.annotators is None else self.annotators.annotators
        return sorted(found, key=lambda one: (not one.flag, one.reliability))

    def annotators_note(self) -> str:
        """What to mind in reading the figures of annotators."""
        return UNNAMED if self.annotators is None else self.annotators.note

    def flagged(self) -> list[str] | None:
        """The annotators that look careless, worst first; None where annotators are unnamed."""
        return None if self.annotators is None else [one.annotator for one in self.annotators_worst_first() if one.flag]

    def missed(self) -> list[str]:
        """A sentence for each threshold that is not met."""
        return [found.sentence for found in self.thresholds.values() if not found.met]

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values; null where undefined."""
        shares = self.label_shares
        most, least = max(shares, key=shares.__getitem__), min(shares, key=shares.__getitem__)
        people = [one._asdict() | {"shift": self.shifts.get(one.annotator)} for one in self.annotators_worst_first()]
        nothing = {"items": 0, "one": None, "half": None, "perfect": None}
        facts = {
            **self._asdict(),
            "annotations_per_item": dict(zip(("min", "mean", "max"), self.annotations_per_item, strict=True)),
            "ceiling": {**nothing, "reason": NOTHING_TO_COMPARE}
            if self.ceiling is None
            else {**self.ceiling._asdict(), "reason": ""},
            "class_prior": {name: self.class_prior[name] for name in ("kl", "accuracy")},
            "noise_floor": {"kl": self.floor.value, "low": self.floor.low, "high": self.floor.high},
            "imbalance": {"most": most, "most_share": shares[most], "least": least, "least_share": shares[least]},
            "confused_labels": [{"labels": [one, two], "share": share} for one, two, share in self.confused_labels],
            "annotators": people,
            "annotators_note": self.annotators_note(),
        }
        del facts["shifts"], facts["floor"]
        return json_values(facts)
