"""What a judge says of the items of a table: for Python, for scripts and for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.core.distributions import entropy, expected_score

if TYPE_CHECKING:
    import pandas as pd

# Enough digits to lose nothing of a float32 logit, few enough to read; rows still sum to 1 within 1e-8.
SIGNIFICANT_DIGITS = 9
REVIEW = "review"
"""The decision on an item that people are to judge."""


class Score(NamedTuple):
    """What a judge says of one item.

    Examples:
        >>> best = judge.predict([{"text": "clean room, kind host"}])[0]
        >>> best.label == max(best.probabilities, key=best.probabilities.get)
        True
    """

    id: str
    """Its id, or the number of its row, from 1."""
    probabilities: dict[str, float]
    """Of each label; they sum to 1."""
    label: str
    """The most probable one."""
    entropy: float
    """In nats."""
    expected_score: float | None
    """Mean of the labels' numbers; None where labels have no order."""


@dataclass(frozen=True, eq=False)
class Scores:
    """What a judge says of N items, in the order of the data they were read from.

    As a sequence it holds one `Score` per item; `to_polars` and `to_pandas` give all of it as a table.

    Examples:
        >>> scores = judge.predict([{"text": "clean room, kind host"}, {"text": "cold soup"}])
        >>> [score.label for score in scores] == list(scores.label)
        True
        >>> scores[:1].to_pandas().shape
        (1, 8)
    """

    judge: str
    """Name of the judge."""
    labels: tuple[str, ...]
    """The K labels in their one order."""
    values: tuple[float, ...]
    """The number of each label on an ordinal scale; empty for a nominal one."""
    ids: pl.DataFrame
    """The id columns of the data, or the numbers of its rows, from 1, in a column `row`."""
    rows: NDArray[np.int64]
    """Which row of the data each item is, from 0, ascending, `[N]`; those that are set aside or dropped are missing."""
    probabilities: NDArray[np.float64]
    """Predicted distributions, calibrated, `[N, K]`; rows sum to 1."""
    is_truncated: NDArray[np.bool_]
    """Whether an item's texts were too long and lost their middle, `[N]`."""
    label_mass: NDArray[np.float32] | None = None
    """Probability that a causal LM gives to the label set before it is renormalised, `[N]`; None for encoders."""
    order_gap: NDArray[np.float64] | None = None
    """|p + p' - 1| of the preference for the side shown first in either order, `[N]`; None without both orders."""
    is_parsed: NDArray[np.bool_] | None = None
    """Whether the answer that the judge wrote could be read, `[N]`; where not, its label tokens were. None where it
    writes none."""
    threshold: float | None = None
    """Of a gate: the probability of its label from which on the judge decides; None without a gate."""
    sets: tuple[int, NDArray[np.bool_]] | None = None
    """The probability in percent with which a set of labels holds a new person's label, and the sets, `[N, K]`."""
    review: NDArray[np.bool_] | None = None
    """Whether an item is so doubtful that a person should look at it, `[N]`."""
    reasons: pl.DataFrame | None = None
    """Reasons that the judge wrote, a column for each verdict that they were asked for, `[N]` rows; None for none."""
    formulas_are_given: bool = False
    """Whether the ids stood in a text file, where a spreadsheet reads `=1+1` as a formula already."""
    output: Path | None = None
    """The file they were written to; None where they were not."""

    @property
    def label(self) -> tuple[str, ...]:
        """The most probable label of each item, `[N]`."""
        return tuple(self.labels[k] for k in self.probabilities.argmax(axis=1))

    @property
    def decision(self) -> tuple[str, ...] | None:
        """The label of each item that the gate lets the judge decide, else `review`, `[N]`; None without a gate."""
        if self.threshold is None:
            return None
        is_decided = self.probabilities.max(axis=1) >= self.threshold
        return tuple(label if sure else REVIEW for label, sure in zip(self.label, is_decided.tolist(), strict=True))

    @cached_property
    def entropy(self) -> NDArray[np.float64]:
        """Of each distribution, in nats, `[N]`."""
        return entropy(self.probabilities)

    @cached_property
    def expected_score(self) -> NDArray[np.float64] | None:
        """Mean of the labels' numbers under each distribution, `[N]`; None where labels have no order."""
        return expected_score(self.probabilities, np.asarray(self.values)) if self.values else None

    def to_polars(self) -> pl.DataFrame:
        """The score table, as `judgekit score` writes it: one row per item.

        Returns:
            The id columns (with `input_` before the name of one that would clash), `prob_<label>` for each label,
            `label` (the most probable one), `entropy` (nats), `expected_score` (ordinal labels only), `label_mass`
            (causal LMs only: what the LM gives to the label set before it is renormalised), `order_gap` (with both
            orders only), `parsed` (of a judge that writes: whether its answer could be read; where not, its label
            tokens were), `set_90` (the labels of its set with `|` between them, where sets are asked for), `review`
            (where that is asked for), `rationale_majority`, `runner_up` and `rationale_minority` (where they are asked
            for; `rationale` of a judge that writes probabilities), `truncated`, `decision` (with a gate only: the
            label, or `review`).
        """
        columns = [pl.Series(f"prob_{label}", self.probabilities[:, k]) for k, label in enumerate(self.labels)]
        columns += [pl.Series("label", self.label, dtype=pl.String), pl.Series("entropy", self.entropy)]
        if self.expected_score is not None:
            columns.append(pl.Series("expected_score", self.expected_score))
        if self.label_mass is not None:
            columns.append(pl.Series("label_mass", self.label_mass, dtype=pl.Float64))
        if self.order_gap is not None:
            columns.append(pl.Series("order_gap", self.order_gap))
        if self.is_parsed is not None:
            columns.append(pl.Series("parsed", self.is_parsed))
        columns += self._of_held_out()
        columns += [] if self.reasons is None else self.reasons.get_columns()
        columns.append(pl.Series("truncated", self.is_truncated))
        if self.decision is not None:
            columns.append(pl.Series("decision", self.decision, dtype=pl.String))
        taken = {*self.ids.columns, *(column.name for column in columns)}
        clashes: dict[str, str] = {}
        for name in (column.name for column in columns if column.name in self.ids.columns):
            free = f"input_{name}"
            while free in taken:
                free = f"input_{free}"
            taken.add(free)
            clashes[name] = free
        ids = self.ids.rename(clashes)
        return ids.with_columns(columns).with_columns(pl.selectors.float().round_sig_figs(SIGNIFICANT_DIGITS))

    def _of_held_out(self) -> list[pl.Series]:
        """What held-out items say of these."""
        found: list[pl.Series] = []
        if self.sets is not None:
            percent, sets = self.sets
            order = np.argsort(self.values, kind="stable") if self.values else np.arange(len(self.labels))
            texts = ["|".join(self.labels[k] for k in order if row[k]) for row in sets]
            found.append(pl.Series(f"set_{percent}", texts, dtype=pl.String))
        if self.review is not None:
            found.append(pl.Series("review", self.review))
        return found

    def to_pandas(self) -> pd.DataFrame:
        """The same as a pandas frame."""
        import pandas as pd  # takes long to import, and few want it

        return pd.DataFrame(self.to_polars().to_dict(as_series=False))

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values, without the scores themselves."""
        return {
            "output": None if self.output is None else str(self.output),
            "judge": self.judge,
            "items": len(self),
            "columns": self.to_polars().columns,
            "truncated": int(self.is_truncated.sum()),
            "mean_label_mass": _mean(self.label_mass),
            "mean_order_gap": _mean(self.order_gap),
            "unparsed": None if self.is_parsed is None else int((~self.is_parsed).sum()),
            "mean_entropy": _mean(self.entropy),
            "label_shares": dict(zip(self.labels, self.probabilities.mean(axis=0).tolist(), strict=True)),
        }

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Score]:
        return (self[n] for n in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Score: ...
    @overload
    def __getitem__(self, index: slice) -> Scores: ...
    def __getitem__(self, index: int | slice) -> Score | Scores:
        if isinstance(index, slice):
            return replace(
                self,
                ids=self.ids[index],
                rows=self.rows[index],
                probabilities=self.probabilities[index],
                is_truncated=self.is_truncated[index],
                label_mass=None if self.label_mass is None else self.label_mass[index],
                order_gap=None if self.order_gap is None else self.order_gap[index],
                is_parsed=None if self.is_parsed is None else self.is_parsed[index],
                sets=None if self.sets is None else (self.sets[0], self.sets[1][index]),
                review=None if self.review is None else self.review[index],
                reasons=None if self.reasons is None else self.reasons[index],
            )
        q = self.probabilities[index]
        return Score(
            id=str(self.ids.row(index)[0]),
            probabilities=dict(zip(self.labels, q.tolist(), strict=True)),
            label=self.labels[q.argmax()],
            entropy=float(self.entropy[index]),
            expected_score=None if self.expected_score is None else float(self.expected_score[index]),
        )

    def __repr__(self) -> str:
        return f"Scores of {self.judge}\n{self.to_polars()}"


def _mean(values: NDArray[Any] | None) -> float | None:
    return None if values is None else float(np.mean(values, dtype=np.float64))
