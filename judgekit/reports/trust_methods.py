"""What a paper may say of an evaluation: a paragraph with its figures, and the sources it cites."""

from __future__ import annotations

import math
from collections.abc import Callable

from judgekit.trust.report import ReportFacts
from judgekit.version import __version__
from judgekit.wording import counted

_SOURCES = {
    "alignment": "Distribution alignment for LLM-as-a-Judge (NeurIPS 2025), arXiv:2505.12301.",
    "lora": "Hu et al. (2022), LoRA: Low-Rank Adaptation of Large Language Models, ICLR.",
    "minka": "Minka (2000), Estimating a Dirichlet distribution.",
    "nixon": "Nixon et al. (2019), Measuring Calibration in Deep Learning, arXiv:1904.01685.",
    "lee": "Lee, Barber and Willett (2023), Distribution-free inference with hierarchical data, arXiv:2306.06342.",
    "alt": "Calderon, Reichart and Dror (2025), The Alternative Annotator Test for LLM-as-a-Judge, arXiv:2501.10970.",
    "yekutieli": "Benjamini and Yekutieli (2001), The control of the false discovery rate in multiple testing under "
    "dependency, Annals of Statistics 29.",
}


def methods(facts: ReportFacts) -> tuple[str, list[str]]:
    """The paragraph, with numbers in brackets, and the sources by their numbers."""
    result, manifest = facts.evaluation, facts.manifest
    cited: list[str] = []

    def cite(key: str) -> str:
        if key not in cited:
            cited.append(key)
        return f"[{cited.index(key) + 1}]"

    kl = result.metrics["kl"]
    shown = "" if kl is None else f" KL was {kl.value:.3f}{_between(kl.low, kl.high)} nats,"
    sentences = [
        f"A judge that predicts the distribution of annotations over {counted(len(manifest.labels), 'label')} was "
        f"trained with judgekit {manifest.machine.judgekit} on {counted(manifest.items.train, 'item')} of "
        f"{manifest.dataset.name}, {_learned(facts, cite)}, seed {manifest.settings.seed}.",
        f"It was evaluated with judgekit {__version__} on {counted(len(result.items), 'item')} with "
        f"{counted(result.annotations, 'annotation')} ({result.source}{_out_of_fold(facts)}).{shown} against "
        f"{result.baselines['class_prior']['kl']:.3f} for the label shares of the training items and a noise floor of "
        f"{result.floor.value:.3f} under a Dirichlet-multinomial model {cite('minka')}; intervals are "
        f"{result.confidence:.0%} percentile bootstrap intervals over items.",
    ]
    if result.signal is not None:
        people = result.signal.annotators
        is_many = math.isinf(people.value)
        number = "more than 100" if is_many else f"{people.value:.1f}{_between(people.low, people.high)}"
        sentences.append(
            f"That is {result.signal.share.value:.0%} of what can be learned from the annotations, and as good as "
            f"{number} annotators."
        )
    if result.calibrations is not None:
        sentences.append(
            f"Its adaptive calibration error {cite('nixon')} to people's shares was "
            f"{result.calibrations.error.value:.3f}, where {result.calibrations.by_chance:.3f} is expected by chance."
        )
    if result.coverage is not None:
        sentences.append(
            f"Conformal sets of labels at {result.coverage.level:.0%}, fitted on held-out annotations {cite('lee')}, "
            f"held {result.coverage.covered.value:.1%} of the annotations, with {result.coverage.labels:.2f} labels "
            "on average."
        )
    if result.stand_in is not None and result.stand_in.test is not None:
        test = result.stand_in.test
        sentences.append(
            f"In the alternative annotator test {cite('alt')} (epsilon {result.stand_in.advantage:g}, adjusted as in "
            f"{cite('yekutieli')}) its winning rate was {test.winning_rate:.2f} over {len(test.annotators)} annotators."
        )
    return " ".join(sentences), [_SOURCES[key] for key in cited]


def _learned(facts: ReportFacts, cite: Callable[[str], str]) -> str:
    """How the judge was made, up to the seed."""
    settings, resolved = facts.manifest.settings, facts.manifest.resolved
    if settings.quick:
        return f"by a logistic regression on what {facts.backbone} reads of an item"
    return (
        f"by fine-tuning {facts.backbone} with LoRA {cite('lora')} and the adversarial distribution-alignment loss "
        f"{cite('alignment')} (alpha {settings.alpha:g}, epsilon {settings.epsilon:g}, "
        f"{counted(resolved.epochs, 'epoch')}, learning rate {resolved.learning_rate:g})"
    )


def _out_of_fold(facts: ReportFacts) -> str:
    """That items were predicted by judges of their folds, where they were."""
    folds = facts.evaluation.folds
    return f", each predicted by one of {folds} judges that had not seen it" if folds else ""


def _between(low: float, high: float) -> str:
    if math.isnan(low):
        return ""
    return f" ({low:.2f} to {'more than 100' if math.isinf(high) else f'{high:.2f}'})"
