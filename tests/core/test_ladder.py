import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from judgekit.core.calibration import Calibration, Evidence
from judgekit.core.ladder import SHARES, Rung, climb, fit_rung, rungs
from judgekit.core.metrics import kl_per_item

ITEMS, LABELS = 400, 3
LOG_PRIOR = np.log([0.5, 0.3, 0.2])


def made(*, judge: float, probe: float, annotators: int = 5, seed: int = 0, items: int = ITEMS):
    """Evidence, and annotators' shares drawn from a mixture of the judge, the probe and the shares."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(items, LABELS))
    of_probe = log_softmax(random.normal(size=(items, LABELS)), axis=1)
    truth = softmax(judge * logits + probe * of_probe + LOG_PRIOR, axis=1)
    return Evidence(logits, of_probe, LOG_PRIOR), random.multinomial(annotators, truth) / annotators


def mean_kl(q, p):
    return float(kl_per_item(q, p).mean())


def test_the_weights_that_made_the_shares_are_found():
    evidence, p = made(judge=1.5, probe=0.7, annotators=2000)
    found = fit_rung(Rung(judge=True, probe=True, prior=True), evidence, p)
    assert 1 / found.temperature == pytest.approx(1.5, rel=0.02)
    assert (found.probe, found.prior) == (
        pytest.approx(0.7, rel=0.03),
        pytest.approx(1.0, rel=0.05),
    )  # the ridge penalty


def test_a_temperature_alone_is_what_calibration_fits():
    evidence, p = made(judge=1.5, probe=0.0)
    assert fit_rung(Rung(judge=True), evidence, p).temperature == pytest.approx(
        Calibration.fit(evidence.logits, p).temperature, rel=1e-3
    )


def test_a_bias_mends_label_shares_that_are_wrong():
    evidence, p = made(judge=1.5, probe=0.0, annotators=200)
    wrong = evidence._replace(log_prior=np.log([1 / 3, 1 / 3, 1 / 3]))
    without, with_bias = (fit_rung(Rung(judge=True, prior=True, bias=one), wrong, p) for one in (False, True))
    assert mean_kl(with_bias.weigh(wrong), p) < mean_kl(without.weigh(wrong), p) - 0.02


@pytest.mark.parametrize("seed", range(10))
def test_what_tells_nothing_leaves_the_label_shares(seed):
    random = np.random.default_rng(seed)
    p = random.multinomial(3, np.exp(LOG_PRIOR), size=80) / 3
    evidence = Evidence(random.normal(size=p.shape), log_softmax(random.normal(size=p.shape), axis=1), LOG_PRIOR)
    found = climb(evidence, p, np.arange(80))
    new = random.multinomial(3, np.exp(LOG_PRIOR), size=4000) / 3
    others = Evidence(random.normal(size=new.shape), log_softmax(random.normal(size=new.shape), axis=1), LOG_PRIOR)
    # By chance a seed may keep a weight; then it must be a small one.
    assert mean_kl(found.calibration.weigh(others), new) <= mean_kl(SHARES.weigh(others), new) + 0.01


def test_both_are_better_than_each_and_the_held_out_figure_is_honest():
    evidence, p = made(judge=1.0, probe=1.0)
    new, new_p = made(judge=1.0, probe=1.0, seed=1, items=20_000)
    both = climb(evidence, p, np.arange(ITEMS))
    alone = [climb(evidence._replace(**{part: None}), p, np.arange(ITEMS)) for part in ("logits", "probe")]
    of_both = mean_kl(both.calibration.weigh(new), new_p)
    assert all(of_both < mean_kl(one.calibration.weigh(new), new_p) - 0.02 for one in alone)
    assert mean_kl(both.held_out, p) == pytest.approx(of_both, abs=0.04)
    assert both.gain == pytest.approx(mean_kl(SHARES.weigh(evidence), p) - mean_kl(both.held_out, p))


def test_the_probe_is_not_asked_where_it_adds_nothing():
    evidence, p = made(judge=1.5, probe=0.0)
    assert climb(evidence, p, np.arange(ITEMS)).calibration.probe == 0


def test_rungs_ask_only_for_what_there_is():
    assert rungs(judge=False, probe=True) == [
        Rung(probe=True), Rung(probe=True, prior=True), Rung(probe=True, prior=True, bias=True)
    ]  # fmt: skip
    assert not any(rung.probe for rung in rungs(judge=True, probe=False))


def test_copies_in_one_group_do_not_pass_for_certainty():
    random = np.random.default_rng(3)
    p = random.multinomial(3, np.exp(LOG_PRIOR), size=20) / 3
    logits = random.normal(size=p.shape) + p
    once = climb(Evidence(logits, None, LOG_PRIOR), p, np.arange(20))
    twenty = Evidence(np.repeat(logits, 20, axis=0), None, LOG_PRIOR)
    grouped = climb(twenty, np.repeat(p, 20, axis=0), np.repeat(np.arange(20), 20))
    assert grouped.calibration.is_shares == once.calibration.is_shares


def test_the_shares_have_the_shape_of_what_is_judged():
    assert (
        SHARES.weigh(Evidence(np.zeros((4, 3)), None, LOG_PRIOR)).tolist()
        == [pytest.approx(np.exp(LOG_PRIOR).tolist())] * 4
    )


def test_a_part_with_a_weight_must_be_there():
    with pytest.raises(ValueError, match="missing"):
        Calibration(probe=0.5).weigh(Evidence(np.zeros((1, 3)), None, LOG_PRIOR))
    with pytest.raises(ValueError, match="weighs more"):
        Calibration(prior=0.5).apply(np.zeros((1, 3)))


def test_a_probability_of_zero_for_what_nobody_says_is_right():
    p = np.tile([1.0, 0.0], (40, 1))
    p[::2] = [0.0, 1.0]
    logits = np.where(p > 0, 5000.0, -5000.0)  # softmax gives 1 and 0 exactly
    found = climb(Evidence(logits, None, np.log([0.5, 0.5])), p, np.arange(40))
    assert found.calibration.temperature is not None
    assert found.gain == pytest.approx(np.log(2), abs=1e-3)
