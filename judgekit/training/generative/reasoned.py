"""A reasoned judge in two stages: it learns to write a teacher's good judgments, then prefers its own better ones.

Preferences are between judgments that the judge itself writes, after the first stage, of the items on which the teacher
failed: chosen is the one whose verdict more people gave.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from judgekit.models.generating import Writing, generate
from judgekit.models.written import likelihoods, writer_of
from judgekit.prompts.answers import AnswerForm
from judgekit.prompts.verdict import END_OF_VERDICT, read_verdict, up_to_verdict
from judgekit.training.assembly import Training
from judgekit.training.generative.dpo import Preference, train_on_preferences
from judgekit.training.generative.judgments import Shown, of_writable_length, shown_items, sorted_judgments
from judgekit.training.generative.sft import train_on_answers
from judgekit.training.generative.stage import Stage, StageResult
from judgekit.training.reporter import Reporter
from judgekit.training.writing import as_causal
from judgekit.workspace.manifest import read_json, write_json

PREFERENCES_FILE = "preferences.json"
JUDGMENTS_TO_PREFER = 8
"""Of an item and order that the judge writes to choose from."""


def train_reasoned(
    training: Training, reporter: Reporter, folder: Path, should_stop: Callable[[], bool]
) -> StageResult:
    """Both stages, each from its newest checkpoint on.

    Args:
        training: whose model is trained.
        reporter: gets notes and progress.
        folder: where the stages keep what a resumed run needs.
        should_stop: asked after every step.

    Raises:
        DataError: no judgment is fit to learn from.
        SettingsError: the loss is not finite.
    """
    answer = training.setup.answer
    assert answer is not None
    shown = shown_items(training)
    found = sorted_judgments(training, answer, folder, shown.mirror)
    reporter.note(
        f"Of the judgments {len(found.kept)} agree with most people in every order and are learned; of "
        f"{len(found.hard)} items none does: these are for preferences. {found.unused} are of no training item with a "
        "majority."
    )
    lessons = [(shown.prompts[order][row], up_to_verdict(text)) for row, order, text in found.kept]
    lessons = of_writable_length(training, lessons, reporter)
    first = Stage("SFT", folder / "sft", training, len(lessons), reporter, should_stop)
    learned = train_on_answers(first, [prompt for prompt, _ in lessons], [text for _, text in lessons])
    if not learned.is_finished:
        return learned
    if not (folder / PREFERENCES_FILE).is_file():
        pairs = _preferences(training, answer, shown, found.hard)
        write_json(folder / PREFERENCES_FILE, {"pairs": [list(one) for one in pairs]})
    pairs = [Preference(*one) for one in read_json(folder / PREFERENCES_FILE)["pairs"]]
    if not pairs:
        reporter.note("The judge wrote no two judgments of a hard item that differ in their verdict: it is left there.")
        return learned
    second = Stage("DPO", folder / "dpo", training, len(pairs), reporter, should_stop)
    preferred = train_on_preferences(second, pairs)
    state = preferred.state
    state.log = [*learned.state.log, *({**row, "step": row["step"] + learned.state.step} for row in state.log)]
    state.step += learned.state.step
    state.best_step = state.step
    state.seconds += learned.state.seconds
    return preferred


def _preferences(training: Training, answer: AnswerForm, shown: Shown, hard: Sequence[int]) -> list[Preference]:
    """Two judgments each of the hard items, in each order, that the judge writes after the first stage."""
    judge, tokenizer = as_causal(training.model), training.setup.prompts.tokenizer
    training.model.set_training(False)
    decode = partial(tokenizer.decode, skip_special_tokens=True)
    writer = writer_of(judge, decode, tokenizer.eos_token_id)
    settings = training.settings
    how = Writing(
        answer.length, settings.sampling_temperature, JUDGMENTS_TO_PREFER, seed=settings.seed, stop=END_OF_VERDICT
    )
    places = [(row, order) for row in hard for order in range(len(shown.prompts))]
    prompts = [shown.prompts[order][row] for row, order in places]
    written = generate(writer, prompts, how, names=[zlib.crc32(one.tobytes()) for one in prompts])
    end = [] if tokenizer.eos_token_id is None else [int(tokenizer.eos_token_id)]
    found: list[Preference] = []
    for (row, order), prompt, texts in zip(places, prompts, written, strict=True):
        texts = [text for text in texts if text or end]  # of no token at all nothing is learned
        if not texts:
            continue
        tokens = [[*one, *end] for one in tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]]
        verdicts = [read_verdict(answer, text) for text in texts]
        pair = choose_pair(verdicts, likelihoods(judge, prompt, tokens), shown.p[order][row])
        if pair is not None:
            found.append(Preference(prompt.tolist(), tokens[pair[0]], tokens[pair[1]]))
    return found


def choose_pair(
    verdicts: Sequence[int | None], likelihood: NDArray[np.float64], p: NDArray[np.float64]
) -> tuple[int, int] | None:
    """Which judgment is chosen, of those whose verdict most people gave, and which rejected, of those that fewest gave.

    Among judgments of one verdict the likeliest is taken: the others more often come to it by a slip of the draw, and
    would teach the slip. A judgment without a verdict is rejected only where all others have the same one.

    Args:
        verdicts: place of the label that each of M judgments comes to; None where it comes to none.
        likelihood: of each under the judge, `[M]`, mean log probability per token.
        p: people's shares, `[K]`.

    Returns:
        Places of the chosen and the rejected; None where no two differ in their verdict, or none has one.
    """
    shares = np.array([-1.0 if verdict is None else p[verdict] for verdict in verdicts])
    if shares.max() < 0 or shares.max() == shares.min():
        return None
    worst = shares[(shares >= 0) & (shares < shares.max())].min(initial=np.inf)

    def likeliest(share: float) -> int:
        return int(np.where(shares == share, likelihood, -np.inf).argmax())

    return likeliest(shares.max()), likeliest(worst if np.isfinite(worst) else -1.0)
