import numpy as np
import pytest
import torch
from scipy.stats import entropy as scipy_kl

from judgekit.core.distributions import empirical_distribution, hard_target
from judgekit.core.losses import cross_entropy, judge_loss, kl_divergence
from judgekit.core.metrics import kl_per_item
from judgekit.core.perturbation import worst_case_target

COUNTS = np.random.default_rng(0).multinomial(5, [0.5, 0.3, 0.2], size=12)
P, HARD = torch.tensor(empirical_distribution(COUNTS)), torch.tensor(hard_target(COUNTS))
LOGITS = torch.tensor(np.random.default_rng(1).normal(size=(12, 3)))


def test_kl_by_hand_and_where_probabilities_are_zero():
    q, p = torch.tensor([[0.5, 0.5], [0.0, 1.0], [1.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    torch.testing.assert_close(kl_divergence(q.log(), p), torch.tensor([np.log(2), 0.0, np.inf], dtype=torch.float32))


def test_kl_in_torch_numpy_and_scipy_is_one_number():
    log_q = LOGITS.log_softmax(-1)
    torch_kl = kl_divergence(log_q, P).numpy()
    np.testing.assert_allclose(torch_kl, kl_per_item(log_q.exp().numpy(), P.numpy()), rtol=1e-12)
    np.testing.assert_allclose(torch_kl, scipy_kl(P.numpy(), log_q.exp().numpy(), axis=1), rtol=1e-12)


def test_cross_entropy_equals_that_of_torch_and_differs_from_kl_by_the_entropy():
    torch.testing.assert_close(
        cross_entropy(LOGITS.log_softmax(-1), P), torch.nn.functional.cross_entropy(LOGITS, P, reduction="none")
    )
    tied = torch.tensor([[0.5, 0.5, 0.0]])
    torch.testing.assert_close(
        cross_entropy(torch.tensor([[0.5, 0.25, 0.25]]).log(), tied), torch.tensor([1.5 * np.log(2)]).float()
    )


@pytest.mark.parametrize("adversary", ["search", "paper", "off"])
def test_the_total_mixes_the_named_parts(adversary):
    loss = judge_loss(LOGITS, P, HARD, alpha=0.7, epsilon=0.2, adversary=adversary)
    log_q = LOGITS.log_softmax(-1)
    torch.testing.assert_close(loss.total, 0.7 * loss.kl_adversarial + 0.3 * loss.cross_entropy)
    torch.testing.assert_close(loss.kl, kl_divergence(log_q, P))
    torch.testing.assert_close(loss.cross_entropy, cross_entropy(log_q, HARD))
    worst = P if adversary == "off" else worst_case_target(log_q, P, epsilon=0.2, method=adversary)
    torch.testing.assert_close(loss.kl_adversarial, kl_divergence(log_q, worst))
    assert (loss.kl_adversarial >= loss.kl - 1e-12).all()
    assert adversary == "off" or loss.kl_adversarial.mean() > 1.05 * loss.kl.mean()


@pytest.mark.parametrize(
    "options",
    [
        {"alpha": 0.0, "epsilon": 0.2},
        {"alpha": 1.0, "epsilon": 0.0},
        {"alpha": 1.0, "epsilon": 0.2, "adversary": "off"},
    ],
)
def test_the_adversary_is_not_run_where_it_cannot_matter(options, monkeypatch):
    monkeypatch.setattr("judgekit.core.losses.worst_case_target", None)
    loss = judge_loss(LOGITS, P, HARD, **options)
    torch.testing.assert_close(loss.kl_adversarial, loss.kl)


@pytest.mark.parametrize("adversary", ["search", "off"])
def test_gradient_equals_finite_differences(adversary):
    # The worst target is held constant: the gradient of the maximum itself, by Danskin's theorem.
    log_q = LOGITS.log_softmax(-1)
    worst = P if adversary == "off" else worst_case_target(log_q, P, epsilon=0.1)

    def mean_total(logits):
        log_q = logits.log_softmax(-1)
        return (0.8 * kl_divergence(log_q, worst) + 0.2 * cross_entropy(log_q, HARD)).mean()

    logits = LOGITS.clone().requires_grad_()
    judge_loss(logits, P, HARD, alpha=0.8, epsilon=0.1, adversary=adversary).total.mean().backward()
    step = 1e-6
    for i in range(0, 12, 3):
        for k in range(3):
            shift = torch.zeros_like(LOGITS)
            shift[i, k] = step
            difference = (mean_total(LOGITS + shift) - mean_total(LOGITS - shift)) / (2 * step)
            torch.testing.assert_close(logits.grad[i, k], difference, atol=1e-8, rtol=1e-5)


def test_half_precision_logits_are_computed_in_float32():
    loss = judge_loss(LOGITS.bfloat16(), P, HARD, alpha=0.5, epsilon=0.1)
    assert {part.dtype for part in loss} == {torch.float32}
    torch.testing.assert_close(loss.kl.double(), kl_divergence(LOGITS.bfloat16().double().log_softmax(-1), P))


def test_extreme_logits_give_a_finite_loss_and_gradient():
    logits = torch.tensor([[300.0, -300.0, 0.0], [0.0, 0.0, 0.0]], requires_grad=True)
    p = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    loss = judge_loss(logits, p, p, alpha=0.8, epsilon=torch.tensor([0.25, 0.1])).total.sum()
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(logits.grad).all()


def test_bad_arguments_are_refused():
    for options in ({"alpha": 1.1, "epsilon": 0.1}, {"alpha": 0.5, "epsilon": -0.1}):
        with pytest.raises(ValueError):
            judge_loss(LOGITS, P, HARD, **options)
    with pytest.raises(ValueError, match="shapes differ"):
        judge_loss(LOGITS, P[:, :2], HARD, alpha=0.5, epsilon=0.1)
    with pytest.raises(ValueError, match="shapes differ"):
        kl_divergence(LOGITS, P[:, :2])
