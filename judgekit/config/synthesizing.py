"""The settings of `judgekit synthesize`."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.settings import Settings, names_address, setting


@dataclass(frozen=True, kw_only=True)
class SynthesizeSettings(Settings):
    """Settings of `judgekit synthesize`.

    Examples:
        >>> SynthesizeSettings(teacher="./my-llm", samples=2).items is None
        True
    """

    teacher: str | None = setting(
        None,
        "Who writes the judgments: a causal LM (a local folder, or an id on the hub), or the address of an "
        "OpenAI-compatible endpoint, such as http://localhost:8000/v1.",
        metavar="MODEL|ADDRESS",
        reaches_out=names_address,
    )
    teacher_model: str | None = setting(None, "Of an endpoint: the model to ask.", metavar="NAME")
    items: int | None = setting(
        None, "Ask about so many items, drawn at random (default: all that are trained on).", ge=1
    )
    samples: int = setting(4, "Judgments of each item; of a comparison, of each of its two orders.", ge=1, le=1000)
    temperature: float = setting(0.8, "Temperature of the judgments; 0 takes the likeliest.", ge=0, le=5)
    answer_length: int = setting(512, "Most tokens of a judgment.", ge=16, le=32_768)
    languages: tuple[str, ...] = setting(
        ("en",), "Languages in which the teacher is asked: en, de, fr, es.", metavar="CODE"
    )
    concurrency: int = setting(4, "Questions that an endpoint is asked at a time.", ge=1, le=256)
    timeout_seconds: float = setting(120.0, "Seconds until an endpoint that is silent is asked anew.", gt=0)
    attempts: int = setting(6, "How often an endpoint is asked the same before the question is left.", ge=1)
    price_in: float = setting(0.0, "Price of a million tokens of the prompts, for the sum that is shown.", ge=0)
    price_out: float = setting(0.0, "Price of a million tokens of the judgments.", ge=0)
    seed: int = setting(0, "Seed of the items, words and judgments that are drawn.", ge=0)

    def cross_problems(self) -> list[str]:
        """A teacher is needed, and of an endpoint the model."""
        if self.teacher is None:
            return ["--teacher is not given: name a causal LM or an endpoint that writes the judgments"]
        if self.is_endpoint and self.teacher_model is None:
            return ["--teacher-model is not given: name the model that the endpoint is to ask"]
        if not self.is_endpoint and self.teacher_model is not None:
            return ["--teacher-model is of an endpoint, and --teacher names none"]
        return [] if self.languages else ["--languages is empty"]

    @property
    def is_endpoint(self) -> bool:
        """Whether the teacher is asked over HTTP."""
        return "://" in (self.teacher or "")
