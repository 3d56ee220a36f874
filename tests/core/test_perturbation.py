import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_kl

from judgekit.core.losses import kl_divergence
from judgekit.core.perturbation import worst_case_target
from judgekit.core.reference import project_to_ball_and_simplex_cvxpy, worst_case_by_sampling

METHODS = ["search", "paper"]


def problem(labels, model, *, items=40, annotations=5, seed=0, dtype=torch.float64):
    """Centres p and a model drawn at random ("far"), smoothed from p ("near"), or facing unanimous items."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(annotations, rng.dirichlet(np.ones(labels), items))
    if model == "one-hot":
        counts = annotations * np.eye(labels, dtype=int)[rng.integers(labels, size=items)]
    sharpness = 0.3 if model == "one-hot" else 1.0  # against a flat q a unanimous item is worst as it is
    q = (counts + 1) / (annotations + labels) if model == "near" else rng.dirichlet(np.full(labels, sharpness), items)
    return torch.tensor(q).log().to(dtype), torch.tensor(counts / annotations).to(dtype)


def share_of_increase(log_q, p, epsilon, **options):
    """How much of the largest increase in KL, as found by sampling, the adversary finds over all items."""
    clean = kl_divergence(log_q, p)
    found = kl_divergence(log_q, worst_case_target(log_q, p, epsilon=epsilon, **options)) - clean
    return (found.sum() / (worst_case_by_sampling(log_q, p, epsilon=epsilon, seed=0) - clean).sum()).item()


def test_two_labels_by_hand():
    # One direction, two ends; q = (0.9, 0.1) is worst when mass moves to the second label.
    log_q, p, step = torch.tensor([[0.9, 0.1]]).log(), torch.tensor([[0.6, 0.4]]), 0.1 / 2**0.5
    torch.testing.assert_close(worst_case_target(log_q, p, epsilon=0.1), torch.tensor([[0.6 - step, 0.4 + step]]))


@pytest.mark.parametrize("model", ["far", "near", "one-hot"])
@pytest.mark.parametrize("labels", [2, 3, 5])
def test_search_finds_nearly_all_of_the_sampled_maximum(labels, model):
    log_q, p = problem(labels, model)
    for epsilon in (0.1, 0.25):
        assert share_of_increase(log_q, p, epsilon) > 0.99


def test_the_best_transfer_empties_a_rare_label_by_hand():
    # At q = p no direction has a slope; giving the rare label away curves most, and is shorter than the radius.
    p = torch.tensor([[0.1, 0.45, 0.45]], dtype=torch.float64)
    x = worst_case_target(p.log(), p, epsilon=0.15, refinements=0)
    torch.testing.assert_close(x.sort().values, torch.tensor([[0.0, 0.45, 0.55]], dtype=torch.float64))


def best_of_all_directions(q, p, epsilon):
    """The candidates of docs/method.md one by one: transfers, and lines towards and away from every vertex."""
    unit = np.eye(len(p))
    directions = [unit[i] - unit[j] for i in range(len(p)) for j in range(len(p)) if i != j]
    directions += [sign * (vertex - p) for vertex in unit for sign in (1, -1) if np.abs(vertex - p).max() > 0]
    best = scipy_kl(p, q)
    for direction in directions:
        u = direction / np.linalg.norm(direction)
        edge = min(p[k] / -u[k] for k in range(len(p)) if u[k] < 0)
        best = max(best, scipy_kl((p + min(epsilon, edge) * u).clip(min=0), q))
    return best


@pytest.mark.parametrize("model", ["far", "near", "one-hot"])
@pytest.mark.parametrize("epsilon", [0.1, 0.4])
def test_search_without_refinement_is_the_best_of_the_directions_one_by_one(model, epsilon):
    log_q, p = problem(4, model, items=30)
    found = kl_divergence(log_q, worst_case_target(log_q, p, epsilon=epsilon, refinements=0))
    expected = [
        best_of_all_directions(q, centre, epsilon) for q, centre in zip(log_q.exp().numpy(), p.numpy(), strict=True)
    ]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9)


def test_refinement_earns_its_place_with_many_labels():
    log_q, p = problem(8, "far")
    assert share_of_increase(log_q, p, 0.25, refinements=0) < 0.97 < share_of_increase(log_q, p, 0.25)


def test_the_published_ascent_does_not_move_on_one_hot_targets_and_search_does():
    log_q, p = problem(3, "one-hot")
    torch.testing.assert_close(worst_case_target(log_q, p, epsilon=0.25, method="paper"), p, atol=0, rtol=0)
    log_q = torch.tensor([[0.9, 0.07, 0.03]]).log()
    p = torch.tensor([[1.0, 0.0, 0.0]])
    moved = worst_case_target(log_q, p, epsilon=0.25)
    torch.testing.assert_close(moved, torch.tensor([[1 - 0.25 / 2**0.5, 0.0, 0.25 / 2**0.5]]))
    assert kl_divergence(log_q, moved) > 2 * kl_divergence(log_q, p)


def test_the_published_ascent_finds_what_the_method_notes_say():
    log_q, p = problem(5, "far", items=100)
    assert 0.9 < share_of_increase(log_q, p, 0.1, method="paper") < 1
    log_q, p = problem(5, "near", items=100)
    assert share_of_increase(log_q, p, 0.2, method="paper") < 0.5


def test_the_published_ascent_is_five_projected_gradient_steps():
    log_q, p = problem(4, "far", items=8, annotations=50)  # interior p, far q: every step climbs
    p = (p + 0.1) / 1.4
    x = p
    for _ in range(5):
        x = project_to_ball_and_simplex_cvxpy(x + 0.05 * (x.clamp_min(1e-12).log() - log_q + 1), p, radius=0.1)
    found = worst_case_target(log_q, p, epsilon=0.1, method="paper")
    torch.testing.assert_close(found, x, atol=1e-5, rtol=0)
    with_cvxpy = worst_case_target(log_q, p, epsilon=0.1, method="paper", project=project_to_ball_and_simplex_cvxpy)
    torch.testing.assert_close(with_cvxpy, found, atol=1e-5, rtol=0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@settings(max_examples=40, deadline=None)
@given(
    labels=st.integers(2, 7),
    annotations=st.integers(1, 20),
    model=st.sampled_from(["far", "near", "one-hot"]),
    sharpness=st.sampled_from([1.0, 30.0, 1e4]),
    epsilon=st.sampled_from([0.0, 1e-4, 0.1, 0.5, 2.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_result_is_feasible_and_never_below_the_clean_loss(
    method, dtype, labels, annotations, model, sharpness, epsilon, seed
):
    log_q, p = problem(labels, model, items=10, annotations=annotations, seed=seed, dtype=dtype)
    log_q = (sharpness * log_q.clamp_min(-50)).log_softmax(-1)  # q down to exp(-500000): zero in any float
    x = worst_case_target(log_q, p, epsilon=epsilon, method=method)
    rounding = 2e-6 if dtype == torch.float32 else 1e-12
    assert x.dtype == dtype and torch.isfinite(x).all() and (x >= 0).all()
    assert ((x.sum(-1) - 1).abs() <= rounding).all()
    assert ((x - p).norm(dim=-1) <= epsilon + rounding).all()
    clean = kl_divergence(log_q, p)
    assert (kl_divergence(log_q, x) >= clean - 2 * rounding * (1 + clean)).all()


@pytest.mark.parametrize("method", METHODS)
def test_epsilon_zero_returns_p(method):
    log_q, p = problem(4, "far")
    torch.testing.assert_close(worst_case_target(log_q, p, epsilon=0.0, method=method), p, atol=1e-15, rtol=0)


@pytest.mark.parametrize("method", METHODS)
def test_each_item_can_have_its_own_epsilon(method):
    log_q, p = problem(3, "far", items=4)
    epsilon = torch.tensor([0.0, 0.05, 0.1, 0.4], dtype=torch.float64)
    together = worst_case_target(log_q, p, epsilon=epsilon, method=method)
    for i in range(4):
        alone = worst_case_target(log_q[i : i + 1], p[i : i + 1], epsilon=epsilon[i].item(), method=method)
        torch.testing.assert_close(together[i : i + 1], alone)


@pytest.mark.parametrize("method", METHODS)
def test_no_gradient_passes_through_the_target(method):
    log_q, p = problem(3, "far")
    assert not worst_case_target(log_q.requires_grad_(), p, epsilon=0.1, method=method).requires_grad


def test_labels_can_be_permuted():
    log_q, p = problem(5, "far")
    order = torch.tensor([3, 0, 4, 1, 2])
    x = worst_case_target(log_q, p, epsilon=0.2)
    permuted = worst_case_target(log_q[:, order], p[:, order], epsilon=0.2)
    torch.testing.assert_close(kl_divergence(log_q[:, order], permuted), kl_divergence(log_q, x))


def test_a_label_the_judge_rules_out_draws_all_the_mass_it_can():
    log_q = torch.tensor([[0.0, -torch.inf, -torch.inf]])
    p = torch.tensor([[0.8, 0.2, 0.0]])
    for method in METHODS:
        x = worst_case_target(log_q, p, epsilon=0.1, method=method)
        assert torch.isfinite(x).all() and x[0, 0] < 0.75


def test_bad_arguments_are_refused():
    log_q, p = problem(3, "far")
    with pytest.raises(ValueError):
        worst_case_target(log_q, p, epsilon=-0.1)
    with pytest.raises(ValueError):
        worst_case_target(log_q, p[:, :2], epsilon=0.1)
