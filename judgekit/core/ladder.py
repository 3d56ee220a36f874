"""The rungs of calibration: each is kept only where predictions of items that it was not fitted on become better.

From the label shares alone, over a temperature, the probe, both, both with the label shares, to one bias per label.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax, xlogy

from judgekit.core.calibration import MAX_TEMPERATURE, MIN_TEMPERATURE, Calibration, Evidence
from judgekit.core.distributions import FloatArray
from judgekit.core.probe import grouped_folds

SHARES = Calibration(None, prior=1.0)
"""The label shares, whatever an item says."""
FOLDS = 10
SURE_BY = 1.0
"""Standard errors by which what was learned must beat the label shares."""
LEAST_WEIGHT = 0.1
_MOST_WEIGHT = 1 / MIN_TEMPERATURE
_MOST_PRIOR = 3.0
_PENALTY = 1.0
"""Ridge penalty on the weight of the label shares and on the biases, in items: even shares tell no weight."""


class Rung(NamedTuple):
    """Which numbers of a calibration are fitted; the others stay as in `Calibration(None)`."""

    judge: bool = False
    probe: bool = False
    prior: bool = False
    bias: bool = False


class Climbed(NamedTuple):
    """A calibration with what cross-validation says of it."""

    calibration: Calibration
    held_out: FloatArray
    """Distributions of the items by that rung, fitted on the others, `[N, K]`."""
    gain: float
    """Mean KL of the label shares minus that of `held_out`, nats."""


def rungs(*, judge: bool, probe: bool) -> list[Rung]:
    """The rungs above the label shares: each source alone and both, then the shares, then a bias per label."""
    sources = (
        [Rung(judge=True)] * judge + [Rung(probe=True)] * probe + [Rung(judge=True, probe=True)] * (judge and probe)
    )
    forms: list[dict[str, bool]] = [{}, {"prior": True}, {"prior": True, "bias": True}]
    return [source._replace(**form) for source in sources for form in forms]


def climb(evidence: Evidence, p: NDArray[Any], groups: NDArray[Any], *, seed: int = 0) -> Climbed:
    """The rung whose predictions, fitted on other items, are nearest to people's shares; the label shares at least.

    Where the gain over the label shares is not clear, which is where it is no larger than `SURE_BY` standard errors,
    the label shares are what is predicted: a judge is never knowingly worse than they are. A source whose weight is
    below `LEAST_WEIGHT` beside the other is not asked, as each costs a pass over every item that is scored.

    Args:
        evidence: of N items that neither judge nor probe was trained on.
        p: people's shares, `[N, K]`.
        groups: items of one group are never on both sides of a fold, `[N]`.
        seed: of the folds.

    Raises:
        ValueError: there are fewer than two groups.
    """
    fold = grouped_folds(groups, FOLDS, seed=seed)
    best, best_loss, best_q = SHARES, np.inf, SHARES.weigh(evidence)
    gains = np.zeros(len(p))
    for rung in rungs(judge=evidence.logits is not None, probe=evidence.probe is not None):
        q = np.empty(p.shape)
        for number in range(fold.max() + 1):
            held = fold == number
            q[held] = fit_rung(rung, evidence.take(~held), p[~held]).weigh(evidence.take(held))
        loss = _cross_entropy(q, p)
        if loss.mean() < best_loss and not _is_idle(rung, found := fit_rung(rung, evidence, p)):
            best, best_loss, best_q = found, loss.mean(), q
            gains = _cross_entropy(SHARES.weigh(evidence), p) - loss
    if gains.mean() <= SURE_BY * _standard_error(gains, groups):
        return Climbed(SHARES, SHARES.weigh(evidence), 0.0)
    return Climbed(best, best_q, float(gains.mean()))


def _is_idle(rung: Rung, found: Calibration) -> bool:
    """Whether one of two sources has hardly a weight."""
    weights = (1 / found.temperature if found.temperature else 0.0, found.probe)
    return rung.judge and rung.probe and min(weights) < LEAST_WEIGHT


def fit_rung(rung: Rung, evidence: Evidence, p: NDArray[Any]) -> Calibration:
    """The weights of a rung with the least mean KL(p || q); none is negative but that of the label shares.

    Args:
        rung: which are fitted; one at least.
        evidence: of N items.
        p: people's shares, `[N, K]`.
    """
    items, labels = p.shape
    asked = ((rung.judge, evidence.logits), (rung.probe, evidence.probe), (rung.prior, evidence.log_prior))
    parts = np.stack([np.broadcast_to(np.asarray(part, dtype=np.float64), p.shape)
                      for is_asked, part in asked if is_asked and part is not None])  # fmt: skip
    count, biases = len(parts), labels if rung.bias else 0
    is_prior = np.arange(count) >= count - rung.prior
    is_penalised = np.concatenate([is_prior, np.ones(biases, dtype=np.bool_)])

    def objective(at: FloatArray) -> tuple[float, FloatArray]:
        bias = at[count:]
        scores = np.tensordot(at[:count], parts, axes=1) + (bias if biases else 0.0)  # [N, K]
        rest = (softmax(scores, axis=1) - p) / items
        loss = (
            -(p * log_softmax(scores, axis=1)).sum() / items + _PENALTY / 2 / items * np.square(at[is_penalised]).sum()
        )
        slope = np.concatenate([(parts * rest).sum(axis=(1, 2)), rest.sum(axis=0) if biases else np.empty(0)])
        return float(loss), slope + _PENALTY / items * np.where(is_penalised, at, 0.0)

    bounds = [(-1.0, _MOST_PRIOR) if one else (1 / MAX_TEMPERATURE, _MOST_WEIGHT) for one in is_prior]
    start = np.concatenate([np.where(is_prior, 0.0, 1 / max(1, count - rung.prior)), np.zeros(biases)])
    options: Any = {"gtol": 1e-7, "ftol": 1e-12}
    found: Any = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds + [(None, None)] * biases,
                          options=options)  # fmt: skip
    weights = dict(zip((name for name, is_asked in rung._asdict().items() if is_asked), found.x[:count], strict=False))
    return Calibration(
        1 / float(weights["judge"]) if rung.judge else None,
        probe=float(weights.get("probe", 0.0)),
        prior=float(weights.get("prior", 0.0)),
        bias=tuple(map(float, found.x[count:])),
    )


def folded(calibration: Calibration, log_prior: NDArray[Any]) -> Calibration:
    """The same distributions from a temperature and a bias alone, for who has neither label shares nor a probe.

    Args:
        calibration: without a probe.
        log_prior: log of the label shares, `[K]`.
    """
    bias = calibration.prior * log_prior + (np.asarray(calibration.bias) if calibration.bias else 0.0)
    # A judge that is not asked is one whose logits are divided by so much that they say nothing.
    temperature = MAX_TEMPERATURE if calibration.temperature is None else calibration.temperature
    return Calibration(temperature, bias=tuple(map(float, bias)) if np.any(bias) else ())


def _cross_entropy(q: FloatArray, p: NDArray[Any]) -> FloatArray:
    return -xlogy(p, q).sum(axis=1)


def _standard_error(values: FloatArray, groups: NDArray[Any]) -> float:
    """Of the mean of values that depend on each other within a group, `[N]`."""
    _, group = np.unique(groups, return_inverse=True)
    sums = np.bincount(group, weights=values - values.mean())
    return float(np.sqrt(np.square(sums).sum() * len(sums) / (len(sums) - 1))) / len(values)
