"""What a training says before it begins and when it is over."""

from judgekit.core.calibration import Calibration
from judgekit.training.notes import (
    notes_on_answers,
    notes_on_gain,
    notes_on_label_mass,
    notes_on_size,
    notes_on_size_of_backbone,
)


def test_a_training_that_gained_nothing_says_so() -> None:
    assert notes_on_gain(best_step=4, kl=0.4, prior_kl=0.5) == []
    untrained, worse, remedies = notes_on_gain(best_step=0, kl=0.6, prior_kl=0.5)
    assert "the judge is the untrained model" in untrained
    assert "(KL 0.6000) does not beat the class prior (0.5000)" in worse
    for words in ("more items", "a larger --backbone", "judgekit show template", "--epochs", "--learning-rate"):
        assert words in remedies
    assert "--swap" not in remedies
    assert "Try --swap" in notes_on_gain(best_step=0, kl=0.4, prior_kl=0.5, could_swap=True)[-1]


def test_small_parts_are_warned_of() -> None:
    assert notes_on_size(train=100, validation=10, test=20) == []
    train, validation, test = notes_on_size(train=10, validation=1, test=1)
    assert train.startswith("Warning: 10 items are very little to train on")
    assert "on 1 item is mostly chance" in validation
    assert "finds on 1 item will say little" in test


def test_a_low_label_mass_is_told_with_a_remedy_that_is_not_in_use() -> None:
    assert notes_on_label_mass(None, "") == notes_on_label_mass(0.5, "tokens") == []
    assert "--label-scoring codes" in notes_on_label_mass(0.0312, "sequences")[0]
    (note,) = notes_on_label_mass(0.0312, "codes")
    assert "3.12 % of its probability" in note
    assert "--label-scoring codes" not in note


def test_a_larger_encoder_is_advised_with_its_minutes_where_the_embedded_one_has_learned() -> None:
    learned, probe = Calibration(1.2), Calibration(None, probe=1.0)
    (note,) = notes_on_size_of_backbone("starter", asked=learned, seconds=60)
    assert "about 8 minutes here" in note
    assert notes_on_size_of_backbone("roberta-base", asked=learned, seconds=60) == []
    assert notes_on_size_of_backbone("starter", asked=probe, seconds=60) == []


def test_answers_that_cannot_be_read_are_warned_of() -> None:
    assert notes_on_answers(None, is_trained=True) == notes_on_answers(1.0, is_trained=True) == []
    [trained] = notes_on_answers(0.8, is_trained=True)
    assert "20.0 % of the answers cannot be read" in trained and "more --epochs" in trained
    [as_it_is] = notes_on_answers(0.8, is_trained=False)
    assert "--stage sft" in as_it_is and "--epochs" not in as_it_is
