"""What a training says when it is over."""

from judgekit.training.notes import notes_on_gain, notes_on_label_mass


def test_a_training_that_gained_nothing_says_so() -> None:
    assert notes_on_gain(best_step=4, kl=0.4, prior_kl=0.5) == []
    untrained, worse = notes_on_gain(best_step=0, kl=0.6, prior_kl=0.5)
    assert "the judge is the untrained model" in untrained
    assert "(KL 0.6000) does not beat the class prior (0.5000)" in worse


def test_a_low_label_mass_is_told_with_a_remedy_that_is_not_in_use() -> None:
    assert notes_on_label_mass(None, "") == notes_on_label_mass(0.5, "tokens") == []
    assert "--label-scoring codes" in notes_on_label_mass(0.0312, "sequences")[0]
    (note,) = notes_on_label_mass(0.0312, "codes")
    assert "3.12 % of its probability" in note
    assert "--label-scoring codes" not in note
