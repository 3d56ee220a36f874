import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from judgekit.core.projection import maximise_linear, project_to_ball_and_simplex, project_to_simplex
from judgekit.core.reference import project_to_ball_and_simplex_cvxpy

# float32 resolves 6e-8 near 1; a handful of roundings lie between input and output.
ROUNDING = {torch.float32: 2e-6, torch.float64: 1e-13}


def random_problem(labels, *, seed, items=200, annotations=5, spread=1.0, dtype=torch.float64):
    rng = np.random.default_rng(seed)
    p = torch.tensor(rng.multinomial(annotations, rng.dirichlet(np.ones(labels), items)) / annotations)
    y = p + spread * torch.tensor(rng.normal(size=(items, labels)))
    return y.to(dtype), p.to(dtype)


def by_bisection(y, p, radius):
    """Method.md 1.2 to the letter: the largest t whose Proj_simplex(p + t (y - p)) is in the ball."""
    low, high = torch.zeros_like(p[:, :1]), torch.ones_like(p[:, :1])
    whole = project_to_simplex(y)
    for _ in range(60):
        middle = (low + high) / 2
        inside = (project_to_simplex(p + middle * (y - p)) - p).norm(dim=-1, keepdim=True) <= radius
        low, high = torch.where(inside, middle, low), torch.where(inside, high, middle)
    fits = (whole - p).norm(dim=-1, keepdim=True) <= radius
    return torch.where(fits, whole, project_to_simplex(p + low * (y - p)))


def test_simplex_projection_by_hand():
    y = torch.tensor([[0.2, 0.3, 0.5], [2.0, 0.0, 0.0], [1.0, 0.8, -1.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
    expected = torch.tensor([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.6, 0.4, 0.0], [1 / 3, 1 / 3, 1 / 3]]).double()
    torch.testing.assert_close(project_to_simplex(y), expected, atol=1e-7, rtol=0)


def test_projection_by_hand():
    # Between two labels the simplex is a line: 0.1 along it moves each entry by 0.1 / sqrt 2.
    p, step = torch.tensor([[0.5, 0.5, 0.0]], dtype=torch.float64), 0.1 / 2**0.5
    x = project_to_ball_and_simplex(torch.tensor([[5.0, 0.0, -9.0]], dtype=torch.float64), p, radius=0.1)
    torch.testing.assert_close(x, torch.tensor([[0.5 + step, 0.5 - step, 0.0]], dtype=torch.float64))


@pytest.mark.parametrize("labels", [2, 3, 5, 12])
@pytest.mark.parametrize("spread", [0.05, 1.0, 30.0])
@pytest.mark.parametrize("radius", [0.05, 0.25, 2.0])
def test_projection_equals_bisection_on_the_simplex_projection(labels, spread, radius):
    y, p = random_problem(labels, seed=labels, spread=spread)
    x = project_to_ball_and_simplex(y, p, radius=radius)
    torch.testing.assert_close(x, by_bisection(y, p, radius), atol=1e-12, rtol=0)


@pytest.mark.parametrize("labels", [2, 3, 5])
@pytest.mark.parametrize("radius", [0.05, 0.25])
def test_projection_equals_cvxpy(labels, radius):
    for spread in (0.1, 3.0):
        y, p = random_problem(labels, seed=7, items=15, spread=spread)
        x = project_to_ball_and_simplex(y, p, radius=radius)
        torch.testing.assert_close(x, project_to_ball_and_simplex_cvxpy(y, p, radius=radius), atol=1e-5, rtol=0)


@pytest.mark.parametrize("dtype", ROUNDING)
@settings(max_examples=60, deadline=None)
@given(
    labels=st.integers(2, 8),
    annotations=st.integers(1, 20),
    spread=st.sampled_from([1e-3, 0.1, 1.0, 1e3]),
    radius=st.sampled_from([0.0, 1e-6, 0.01, 0.25, 1.5]),
    seed=st.integers(0, 2**32 - 1),
)
def test_projection_is_feasible_and_no_feasible_point_is_nearer(dtype, labels, annotations, spread, radius, seed):
    y, p = random_problem(labels, seed=seed, items=20, annotations=annotations, spread=spread, dtype=dtype)
    rounding = ROUNDING[dtype]
    x = project_to_ball_and_simplex(y, p, radius=radius)
    assert x.dtype == dtype and (x >= 0).all()
    assert ((x.sum(-1) - 1).abs() <= rounding).all()
    assert ((x - p).norm(dim=-1) <= radius + rounding).all()
    # The set is convex: x is the projection when y - x makes no acute angle with the way to any feasible point z.
    z = project_to_simplex(torch.randn(30, *p.shape, dtype=dtype, generator=torch.Generator().manual_seed(seed % 97)))
    z = p + (z - p) * (radius / (z - p).norm(dim=-1, keepdim=True).clamp_min(1e-30)).clamp_max(1)
    assert (((y - x) * (z - x)).sum(-1) <= 10 * rounding * (1 + spread)).all()


def test_a_point_of_the_set_stays_and_radius_zero_returns_p():
    y, p = random_problem(4, seed=3)
    x = project_to_ball_and_simplex(y, p, radius=0.2)
    torch.testing.assert_close(project_to_ball_and_simplex(x, p, radius=0.2), x, atol=1e-12, rtol=0)
    torch.testing.assert_close(project_to_ball_and_simplex(y, p, radius=0.0), p, atol=0, rtol=0)


def test_each_item_can_have_its_own_radius_and_any_batch_shape():
    y, p = random_problem(3, seed=5, items=6)
    radius = torch.linspace(0, 0.5, 6, dtype=torch.float64)
    together = project_to_ball_and_simplex(y.view(2, 3, 3), p.view(2, 3, 3), radius=radius.view(2, 3)).view(6, 3)
    alone = torch.stack([project_to_ball_and_simplex(y[i], p[i], radius=radius[i].item()) for i in range(6)])
    torch.testing.assert_close(together, alone)


def test_nearly_equal_directions_do_not_leave_the_simplex_in_float32():
    # The mean of the remaining entries rounds to 1e6 +- 0.06, which a walk of length 1 would add to the sum.
    p = torch.full((1, 4), 0.25)
    y = torch.tensor([[-2e6, 1e6, 1e6, 1e6 + 0.0625]])
    x = project_to_ball_and_simplex(y, p, radius=0.5)
    assert abs(x.sum().item() - 1) < 1e-6
    # The three left are equal, but their mean in float32 is not any of them.
    p, c = torch.tensor([[0.1, 0.3, 0.3, 0.3]]), torch.tensor([[-1.0, -0.3, -0.3, -0.3]])
    expected = torch.tensor([[0.0, 1 / 3, 1 / 3, 1 / 3]])
    torch.testing.assert_close(maximise_linear(c, p, radius=0.5), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("labels", [2, 3, 6])
@pytest.mark.parametrize("radius", [0.1, 0.6, 2.0])
def test_linear_maximum_is_the_limit_of_projections_and_feasible(labels, radius):
    c, p = random_problem(labels, seed=11)
    x = maximise_linear(c, p, radius=radius)
    far = project_to_ball_and_simplex(p + 1e5 * c, p, radius=radius)
    torch.testing.assert_close((c * x).sum(-1), (c * far).sum(-1), atol=1e-8, rtol=0)
    assert ((x - p).norm(dim=-1) <= radius + 1e-12).all() and ((x.sum(-1) - 1).abs() < 1e-12).all()


def test_linear_maximum_without_a_ball_is_the_vertex_linear_programming_finds():
    c, p = random_problem(5, seed=13, items=5)
    x = maximise_linear(c, p, radius=2.0)
    for i in range(5):
        program = linprog(-c[i].numpy(), A_eq=np.ones((1, 5)), b_eq=[1.0])
        np.testing.assert_allclose(x[i].numpy(), program.x, atol=1e-9)


def test_linear_maximum_of_equal_coefficients_is_p():
    p = torch.tensor([[0.3, 0.3, 0.4]])
    torch.testing.assert_close(maximise_linear(torch.full((1, 3), 7.3), p, radius=0.2), p)
    torch.testing.assert_close(maximise_linear(torch.zeros(1, 3), p, radius=0.2), p)


def test_bad_arguments_are_refused():
    p = torch.tensor([[0.5, 0.5]])
    with pytest.raises(ValueError):
        project_to_ball_and_simplex(p, p, radius=-0.1)
    with pytest.raises(ValueError):
        project_to_ball_and_simplex(p.double(), p, radius=0.1)
    with pytest.raises(ValueError):
        project_to_ball_and_simplex(p[:, :1], p, radius=0.1)
    with pytest.raises(ValueError):
        project_to_ball_and_simplex_cvxpy(p[:, :1], p, radius=0.1)
