"""What an evaluation says of answers: how many could be read, and how many probabilities they use."""

from __future__ import annotations

import numpy as np

from judgekit.prompts.verbalized import target_text, verbalized_form
from judgekit.trust.written import Written, written_of

FORM = verbalized_form(("A", "B"))


def test_probabilities_are_counted_as_they_were_written() -> None:
    texts = [target_text(FORM, np.array(q)) for q in ([0.25, 0.75], [0.5, 0.5], [0.75, 0.25])] + ["no idea"]
    found = written_of(
        FORM, np.array([True, True, True, False]), [(one,) for one in texts], np.array([True, False, True, True])
    )
    assert found == Written(parsed=0.75, distinct=3, order_consistency=0.75)
    assert "75.0 % of the judge's answers" in found.sentence()
    assert "3 different probabilities" in found.sentence()


def test_a_judge_that_is_read_at_its_labels_has_none() -> None:
    assert written_of(None, None, None, np.array([True])) is None
