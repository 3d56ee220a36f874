"""What the counts say about more annotators: the noise that n of them leave, and how many a test set needs.

The model is the Dirichlet-multinomial of `targets`: an item's true distribution pi is drawn from Dirichlet(s m), with m
the class prior and s the strength fitted to the counts, and its n annotations from pi. One label's count c is then
beta-binomial with n, a = s m_k and s - a, and one label's share of pi is Beta(a, s - a). Two facts carry everything:

- E[pi_k log pi_k] = m_k (digamma(a + 1) - digamma(s + 1)), as x log x under a Beta is its mean times the expected log
  under the same Beta with one annotation more;
- the posterior mean given c is t_k = (c + a) / (n + s), so E[pi_k log t_k] = E[t_k log t_k], a sum over c = 0 … n.
"""

from bisect import bisect_left
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, xlogy
from scipy.stats import betabinom

from judgekit.core.distributions import FloatArray
from judgekit.core.metrics import kl_per_item

NORMAL_95 = 1.96
SIMULATED_ITEMS = 20_000
"""The spread over items is known to about 1 % then, and the number of items to about 2 %."""


class Plan(NamedTuple):
    """How many annotations make a good test set."""

    annotators: int
    """Per item."""
    items: int
    floor: float
    """KL in nats that a perfect judge is expected to show there."""
    precision: float
    """KL in nats that it was made for."""


def perfect_judge_kl(prior: NDArray[Any], strength: float, annotators: int) -> float:
    """The expected KL(p || pi) of a perfect judge, which knows pi, against the shares p of n annotators.

    E KL(p || pi) = sum_k E[p_k log p_k] - E[p_k log pi_k]. The first term is a sum over the beta-binomial counts; in
    the second, p has mean pi, so it is E[pi_k log pi_k]. Falls with n, and is about (K - 1) / (2 n) for large n.

    Args:
        prior: m, `[K]`, sums to 1.
        strength: s, in annotations, positive.
        annotators: n, at least 1.

    Returns:
        Nats, non-negative up to rounding.
    """
    m = _uncertain(prior)
    c, chance = _count_chances(m, strength, annotators)
    shares = c / annotators
    return float((chance * xlogy(shares, shares)).sum() - _mean_pi_log_pi(m, strength))


def smoothed_votes_kl(prior: NDArray[Any], strength: float, annotators: int) -> float:
    """The expected KL(pi || t) of the smoothed annotations t of n annotators: what they leave unknown of an item.

    E KL(pi || t) = sum_k E[pi_k log pi_k] - E[t_k log t_k]. With 0 annotators t is the class prior.

    Args:
        prior: m, `[K]`, sums to 1.
        strength: s, in annotations, positive.
        annotators: n, at least 0.

    Returns:
        Nats, non-negative up to rounding; falls with n.
    """
    m = _uncertain(prior)
    c, chance = _count_chances(m, strength, annotators)
    t = (c + strength * m[:, None]) / (annotators + strength)
    return float(_mean_pi_log_pi(m, strength) - (chance * xlogy(t, t)).sum())


def repeated_share(strength: float) -> float:
    """The correlation of two annotations of one item, 1 / (1 + s): how much a second one repeats of the first.

    For a mean over items (a class prior, a calibration, a coefficient of a linear model) n annotations of one item
    weigh like n / (1 + (n - 1) rho) annotations of different items (Kish's design effect).
    """
    return 1 / (1 + strength)


def kl_spread(prior: NDArray[Any], strength: float, annotators: int, *, seed: int) -> float:
    """The standard deviation over items of the KL of a judge as good as one annotator, against n annotators.

    One annotator stands for the judge because a trained judge is about as good, and a better one spreads less. The
    second moment has no short formula, so items are drawn from the model.

    Args:
        prior: m, `[K]`, sums to 1.
        strength: s, in annotations, positive.
        annotators: n, at least 1.
        seed: of the draws.
    """
    m = _uncertain(prior)
    if len(m) == 0:
        return 0.0
    rng = np.random.default_rng(seed)
    pi = rng.dirichlet(strength * m, size=SIMULATED_ITEMS)
    q = (rng.multinomial(1, pi) + strength * m) / (1 + strength)
    return float(kl_per_item(q, rng.multinomial(annotators, pi) / annotators).std())


def plan_test(prior: NDArray[Any], strength: float, *, precision: float, seed: int) -> Plan:
    """The smallest test set whose mean KL is blurred by no more than a precision, by noise and by chance.

    Two things blur a mean KL: the floor, which the number of annotators per item sets, and the choice of items. The
    annotators are the fewest with a floor of at most `precision`; (K - 1) / precision are always enough, because
    E KL(p || pi) <= log(1 + (K - 1) / n) <= (K - 1) / n for any pi. The items are the fewest for which the half-width
    of the 95 % interval, 1.96 spread / sqrt(N), is at most `precision` for a judge as good as one annotator.

    Args:
        prior: m, `[K]`, sums to 1.
        strength: s, in annotations, positive.
        precision: nats, positive.
        seed: of `kl_spread`.
    """
    most = max(1, int(np.ceil((len(prior) - 1) / precision)))
    annotators = 1 + bisect_left(range(1, most), -precision, key=lambda n: -perfect_judge_kl(prior, strength, n))
    return Plan(
        annotators,
        items_needed(kl_spread(prior, strength, annotators, seed=seed), precision),
        perfect_judge_kl(prior, strength, annotators),
        precision,
    )


def items_needed(spread: float, precision: float) -> int:
    """The number of items at which a mean with this standard deviation per item has a 95 % interval of ± precision."""
    return max(1, int(np.ceil((NORMAL_95 * spread / precision) ** 2)))


def _uncertain(prior: NDArray[Any]) -> FloatArray:
    """The labels that are neither impossible nor certain; the others add nothing to any of the sums here."""
    prior = np.asarray(prior, dtype=np.float64)
    return prior[(prior > 0) & (prior < 1)]


def _count_chances(m: FloatArray, strength: float, annotators: int) -> tuple[FloatArray, FloatArray]:
    """The possible counts of one label, `[n + 1]`, and their probabilities for each label, `[K, n + 1]`."""
    c = np.arange(annotators + 1, dtype=np.float64)
    a = strength * m[:, None]
    chance: Any = betabinom.pmf(c, annotators, a, strength - a)
    return c, chance


def _mean_pi_log_pi(m: FloatArray, strength: float) -> float:
    return float((m * (digamma(strength * m + 1) - digamma(strength + 1))).sum())
