import numpy as np
import pytest
from scipy.special import softmax

from judgekit.core.calibration import MAX_TEMPERATURE, MIN_TEMPERATURE, Calibration
from judgekit.core.metrics import kl_per_item

LOGITS = np.random.default_rng(0).normal(size=(300, 4))


def test_without_arguments_it_is_plain_softmax():
    np.testing.assert_allclose(Calibration().apply(LOGITS), softmax(LOGITS, axis=1))


@pytest.mark.parametrize("temperature", [0.2, 1.0, 3.5])
def test_fit_recovers_the_temperature_that_made_the_targets(temperature):
    p = softmax(LOGITS / temperature, axis=1)
    found = Calibration.fit(LOGITS.astype(np.float32), p)
    assert found.temperature == pytest.approx(temperature, rel=1e-4)
    np.testing.assert_allclose(found.apply(LOGITS), p, atol=1e-4)


def test_fit_is_the_best_on_a_grid_of_targets_no_temperature_fits():
    rng = np.random.default_rng(1)
    p = rng.multinomial(5, softmax(LOGITS / 2 + rng.normal(size=LOGITS.shape), axis=1)) / 5

    def mean_kl(calibration):
        return kl_per_item(calibration.apply(LOGITS), p).mean()

    grid = np.geomspace(MIN_TEMPERATURE, MAX_TEMPERATURE, 300)
    best = min(mean_kl(Calibration(temperature)) for temperature in grid)
    assert mean_kl(Calibration.fit(LOGITS, p)) <= best + 1e-12


def test_useless_logits_are_flattened_to_the_bound():
    assert Calibration.fit(LOGITS, softmax(-LOGITS, axis=1)).temperature > 0.9 * MAX_TEMPERATURE


def test_large_float16_logits_do_not_overflow():
    np.testing.assert_allclose(Calibration().apply(np.array([[60000, -60000]], dtype=np.float16)), [[1, 0]])


def test_bad_arguments_are_refused():
    for temperature in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="must be positive"):
            Calibration(temperature)
    with pytest.raises(ValueError):
        Calibration.fit(LOGITS, LOGITS[:, :2])
    with pytest.raises(ValueError):
        Calibration.fit(LOGITS[:0], LOGITS[:0])
