"""A probe: multinomial logistic regression on frozen features, towards distributions instead of single labels.

What a backbone already knows can be read off its states in a second, and on a few hundred items that is often more
than fine-tuning teaches it. Knows arrays only: where features come from is no concern of this file.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray

PENALTIES = tuple(float(penalty) for penalty in 10.0 ** np.arange(-4, 2.01, 0.5))
"""Ridge penalties that are tried, per item and for features of mean square 1."""
FOLDS = 5
PATIENCE = 2
"""Penalties in a row that are no better, after which no smaller one is tried."""
_SMALLEST_SHARE = 1e-9
_MOST_STEPS = 500


class Probe(NamedTuple):
    """A linear reader of features: logits = features @ weight + bias."""

    weight: FloatArray
    """`[D, K]`."""
    bias: FloatArray
    """`[K]`."""

    def log_q(self, features: NDArray[Any]) -> FloatArray:
        """Log of the predicted distributions, `[N, K]`, of features `[N, D]`."""
        scores = np.asarray(features, dtype=np.float64) @ self.weight + self.bias
        scores -= scores.max(axis=1, keepdims=True)
        return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


class FittedProbe(NamedTuple):
    """A probe of all items, with what cross-validation says of it."""

    probe: Probe
    penalty: float
    """The ridge penalty whose predictions out of fold are best; infinite where none beats the label shares."""
    out_of_fold: FloatArray
    """Log of the distribution of each item by a probe that saw no item of its group, `[N, K]`."""
    loss: float
    """Mean cross-entropy of what is scored with these, nats."""


def grouped_folds(groups: NDArray[Any], folds: int = FOLDS, *, seed: int = 0) -> NDArray[np.int64]:
    """The fold of each item, `[N]`; items of one group share one, and folds are as even as groups allow.

    Args:
        groups: key of each item's group, `[N]`; the order of the items does not matter.
        folds: how many; fewer where there are fewer groups.
        seed: of the order in which groups of one size are dealt out.

    Raises:
        ValueError: there are fewer than two groups or two folds.
    """
    keys, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    folds = min(folds, len(keys))
    if folds < 2:
        raise ValueError(f"{len(keys)} groups cannot make {folds} folds; two of each are the least")
    shuffled = np.random.default_rng(seed).permutation(len(keys))
    fold_of_group = np.empty(len(keys), dtype=np.int64)
    filled = np.zeros(folds, dtype=np.int64)
    for key in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:  # the largest first: the rest evens out
        fold_of_group[key] = filled.argmin()
        filled[filled.argmin()] += sizes[key]
    return fold_of_group[group]


def pair_features(u: NDArray[Any], v: NDArray[Any]) -> NDArray[Any]:
    """|u - v|, u * v of two texts' features `[N, D]`, as `[N, 2 D]`."""
    return np.concatenate([np.abs(u - v), u * v], axis=1)


def scale_axes(labels: int) -> FloatArray:
    """Orthonormal directions in which the logits of an ordinal scale may differ from item to item, `[K, 2]`.

    Along the scale, and towards or away from its middle: where an item stands and how sure people are of it. For three
    labels these are all there are.

    Raises:
        ValueError: there are fewer than three labels.
    """
    if labels < 3:
        raise ValueError(f"{labels} labels make no scale")
    steps = np.vander(np.linspace(-1, 1, labels), 3, increasing=True)
    return np.linalg.qr(steps)[0][:, 1:]


def fit_probe(
    features: NDArray[Any],
    targets: NDArray[Any],
    fold: NDArray[Any],
    *,
    scored: NDArray[Any] | None = None,
    axes: NDArray[Any] | None = None,
    penalties: tuple[float, ...] = PENALTIES,
) -> FittedProbe:
    """Fit a probe; its ridge penalty is the one with the least cross-entropy on items of other folds.

    An infinite penalty, which is the label shares alone, is always among those compared: where nothing can be
    learned from the features, the probe predicts the label shares. Smaller penalties are tried from the greatest down,
    until `PATIENCE` of them in a row are no better.

    Args:
        features: `[N, D]`, finite.
        targets: distributions to fit, `[N, K]`.
        fold: of each item, `[N]`, as `grouped_folds` makes them.
        scored: distributions that predictions out of fold are compared with, `[N, K]`; the targets if None.
        axes: directions of logits that weights are fitted in, orthonormal `[K, A]`, as of `scale_axes`; all if None.
        penalties: those to choose from, positive.

    Raises:
        ValueError: the shapes do not match, or there is one fold.
    """
    if features.ndim != 2 or targets.ndim != 2 or not len(features) == len(targets) == len(fold):
        raise ValueError(f"features {features.shape}, targets {targets.shape}, {len(fold)} folds: not one N")
    numbers = np.unique(fold)
    if len(numbers) < 2:
        raise ValueError("two folds are the least")
    scored = targets if scored is None else scored
    held = [fold == number for number in numbers]
    axes = np.eye(targets.shape[1]) if axes is None else axes
    paths = [_Path(features[~one], targets[~one], axes) for one in held]
    best, best_loss, best_found, worse = np.inf, np.inf, np.empty(targets.shape), 0
    for penalty in (np.inf, *sorted(penalties, reverse=True)):
        found = np.empty(targets.shape)
        for one, path in zip(held, paths, strict=True):
            found[one] = path.probe(penalty).log_q(features[one])
        loss = -(scored * found).sum(axis=1).mean()
        worse = 0 if loss < best_loss else worse + 1
        if worse == PATIENCE:
            break
        if worse == 0:
            best, best_loss, best_found = penalty, loss, found
    path = _Path(features, targets, axes)
    probes = [path.probe(one) for one in (np.inf, *sorted(penalties, reverse=True)) if one >= best]
    return FittedProbe(probes[-1], best, best_found, float(best_loss))


class _Path:
    """The probes of one set of items, of penalties from the greatest down: each is begun at the one before."""

    def __init__(self, features: NDArray[Any], targets: NDArray[Any], axes: NDArray[Any]) -> None:
        self._mean = features.mean(axis=0, dtype=np.float64)
        self._basis, self._back = _basis(np.asarray(features, dtype=np.float64) - self._mean)
        self._targets, self._axes = targets, axes
        self._bias = np.log(np.maximum(targets.mean(axis=0), _SMALLEST_SHARE))  # [K]
        self._weight = np.zeros((self._basis.shape[1], axes.shape[1]))  # [R, A]

    def probe(self, penalty: float) -> Probe:
        """The probe of a penalty; of an infinite one the label shares."""
        if np.isfinite(penalty):
            start = (self._bias, self._weight)
            self._bias, self._weight = _minimise(self._basis, self._targets, self._axes, penalty, start)
        weight = self._back @ self._weight @ self._axes.T
        return Probe(weight, self._bias - self._mean @ weight)


def _basis(centred: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coordinates of the items, `[N, R]` with R = min(N, D), of mean square 1 over all D; and back, `[D, R]`.

    In the basis of the items a fit costs N columns at most, however wide the features are, and is the same fit.
    """
    scale = float(np.sqrt(np.square(centred).mean())) or 1.0
    if len(centred) < centred.shape[1]:
        values, vectors = np.linalg.eigh(centred @ centred.T)
        singular = np.sqrt(np.maximum(values, _SMALLEST_SHARE * max(values[-1], 1e-30)))
        return vectors * singular / scale, centred.T @ (vectors / singular) / scale
    _, vectors = np.linalg.eigh(centred.T @ centred)
    return centred @ vectors / scale, vectors / scale


def _minimise(
    basis: FloatArray, targets: NDArray[Any], axes: NDArray[Any], penalty: float, start: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Bias `[K]` and weights `[R, A]` with the least mean cross-entropy + penalty / 2 times the squared weights."""
    # A judge that scores fits nothing, and need not wait for this.
    from scipy.optimize import minimize
    from scipy.special import log_softmax, softmax

    items, labels = targets.shape

    def parts(flat: FloatArray) -> tuple[FloatArray, FloatArray]:
        return flat[:labels], flat[labels:].reshape(start[1].shape)

    def objective(flat: FloatArray) -> tuple[float, FloatArray]:
        bias, weight = parts(flat)
        logits = basis @ weight @ axes.T + bias
        rest = (softmax(logits, axis=1) - targets) / items  # [N, K]
        loss = -(targets * log_softmax(logits, axis=1)).sum() / items + penalty / 2 * np.square(weight).sum()
        gradient = basis.T @ (rest @ axes) + penalty * weight
        return float(loss), np.concatenate([rest.sum(axis=0), gradient.ravel()])

    options: Any = {"maxiter": _MOST_STEPS, "gtol": 1e-6, "ftol": 1e-10}
    whole = np.concatenate([start[0], start[1].ravel()])
    found: Any = minimize(objective, whole, jac=True, method="L-BFGS-B", options=options)
    return parts(found.x)
