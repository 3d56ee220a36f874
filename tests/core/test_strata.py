import numpy as np
import pytest

from judgekit.core.metrics import kl_per_item
from judgekit.core.strata import by_agreement

PRIOR = np.array([0.5, 0.3, 0.2])


def test_items_are_told_apart_by_how_far_people_agree() -> None:
    counts = np.array([[3, 0, 0], [0, 4, 0], [2, 1, 0], [1, 1, 0], [1, 1, 1], [2, 1, 1], [1, 0, 0]])
    q = np.tile([0.6, 0.3, 0.1], (7, 1))
    found = {one.name: one for one in by_agreement(q, counts, PRIOR, seed=0, confidence=0.95, resamples=50)}
    assert {name: one.items for name, one in found.items()} == {"unanimous": 2, "mixed": 1, "split": 3}
    unanimous = found["unanimous"]
    assert unanimous.kl.value == pytest.approx(-(np.log(0.6) + np.log(0.3)) / 2)
    assert unanimous.class_prior_kl == pytest.approx(-(np.log(0.5) + np.log(0.3)) / 2)
    assert unanimous.gain.value == pytest.approx(np.log(0.6 / 0.5) / 2)
    assert unanimous.accuracy == 0.5
    assert found["mixed"].kl.value == pytest.approx(kl_per_item(q[:1], np.array([[2, 1, 0]]) / 3)[0])
    assert np.isnan(found["mixed"].kl.low)


def test_single_annotations_are_in_no_stratum() -> None:
    assert (
        by_agreement(np.tile(PRIOR, (3, 1)), np.eye(3, dtype=np.int64), PRIOR, seed=0, confidence=0.9, resamples=9)
        == ()
    )
