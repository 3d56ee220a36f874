"""Drawing items: chances, and that weights undo what the chances did."""

from __future__ import annotations

import numpy as np
import pytest

from judgekit.core.distributions import entropy
from judgekit.core.ppi import Sample, estimate_means
from judgekit.core.selecting import draw, inclusion_chances, order_by_likeness, word_vectors


@pytest.mark.parametrize("wanted", [1, 7, 40])
def test_chances_sum_to_what_is_wanted_and_leave_no_item_out(wanted: int) -> None:
    gain = np.array([100.0, 50.0] + [0.1] * 20 + [0.0] * 18)
    chances = inclusion_chances(gain, wanted, random_share=0.3)
    assert chances.sum() == pytest.approx(wanted)
    assert (chances > 0).all() and (chances <= 1).all()
    assert (np.diff(chances) <= 1e-12).all()  # in the order of the gains
    assert inclusion_chances(np.zeros(40), wanted, random_share=0.3) == pytest.approx(wanted / 40)


def test_items_are_drawn_as_often_as_their_chances_say() -> None:
    rng = np.random.default_rng(0)
    chances = inclusion_chances(rng.random(50) ** 2, 10, random_share=0.2)
    drawn = np.zeros(50)
    for seed in range(2_000):
        rows = draw(chances, rng.permutation(50), seed=seed)
        assert len(set(rows.tolist())) == 10
        drawn[rows] += 1
    # 4.5 standard deviations
    assert np.abs(drawn / 2_000 - chances).max() < 4.5 * (chances * (1 - chances) / 2_000).max() ** 0.5


def test_like_texts_are_neighbours_and_few_of_a_kind_are_drawn() -> None:
    texts = [f"{kind} {kind} order {n}" for n in range(8) for kind in ("refund", "delivery", "praise", "spam")]
    order = order_by_likeness(word_vectors(texts))
    assert sorted(order.tolist()) == list(range(32))
    drawn = [draw(np.full(32, 4 / 32), order, seed=seed) for seed in range(200)]
    assert np.mean([len({texts[row].split()[0] for row in rows}) for rows in drawn]) > 3.2  # at random 2.8
    assert (word_vectors(["", "a"])[0] == 0).all()
    assert sorted(order_by_likeness(np.zeros((9, 3))).tolist()) == list(range(9))


def test_weights_make_a_chosen_sample_stand_for_all_and_without_them_it_does_not() -> None:
    rng = np.random.default_rng(1)
    pi = rng.beta(0.4, 1.6, size=2_000)
    pi = np.stack([pi, 1 - pi], axis=1)
    q = pi**2 / np.square(pi).sum(axis=1, keepdims=True)  # too sure
    chances, order = inclusion_chances(entropy(q), 80, random_share=0.3), order_by_likeness(q)
    weighted, plain, held = [], [], 0
    truth = pi[:, 0].mean()
    for seed in range(500):
        rows = draw(chances, order[np.roll(np.arange(2_000), 7 * seed)], seed=seed)
        y = rng.multinomial(3, pi[rows]) / 3
        found = estimate_means(Sample(y, q[rows], q, weights=1 / chances[rows]))[0]
        weighted.append(found.value)
        held += found.low <= truth <= found.high
        plain.append(estimate_means(Sample(y, q[rows], q))[0].value)
    assert abs(np.mean(weighted) - truth) < 3 * np.std(weighted) / 500**0.5 + 0.001
    assert abs(np.mean(plain) - truth) > 0.02
    assert held >= 0.93 * 500
