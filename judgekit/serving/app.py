"""The HTTP application: predictions, the System One format, health and metrics."""

# The extra `serve` may be missing where types are checked.
# pyright: reportMissingImports=false, reportUntypedFunctionDecorator=false

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

import numpy as np
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from judgekit.config import ServeSettings
from judgekit.core.distributions import entropy, expected_score
from judgekit.errors import JudgekitError
from judgekit.judge.judge import TrainedJudge
from judgekit.serving.batching import Batcher, QueueFull
from judgekit.serving.limits import App, Limits, Message, Receive, Send
from judgekit.serving.system_one import (
    ALL_JUDGES,
    Refused,
    SystemOneRequest,
    answer,
    described,
    item_of,
    judge_for,
)
from judgekit.version import __version__
from judgekit.wording import listed

LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")


class PredictRequest(BaseModel):
    """Items to predict."""

    model_config = ConfigDict(extra="forbid")

    items: list[dict[str, str]] = Field(min_length=1, description="Each with the texts that the judge reads.")
    judge: str | None = Field(None, description="Its name; may be omitted where there is one.")


class Prediction(BaseModel):
    """What a judge says of an item."""

    probabilities: dict[str, float]
    label: str
    entropy: float
    expected_score: float | None


class PredictResponse(BaseModel):
    """What a judge says of items, in their order."""

    judge: str
    labels: list[str]
    items: list[Prediction]


class Metrics:
    """Counts since the start, in the text format of Prometheus."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.items = 0
        self.seconds = 0.0

    def text(self, waiting: int) -> str:
        """All of them."""
        lines = ["# TYPE judgekit_requests_total counter"]
        for (path, status), number in sorted(self.requests.items()):
            lines.append(f'judgekit_requests_total{{path="{path}",status="{status}"}} {number}')
        for name, kind, value in (
            ("judgekit_items_total", "counter", self.items),
            ("judgekit_request_seconds_total", "counter", f"{self.seconds:.6f}"),
            ("judgekit_items_waiting", "gauge", waiting),
        ):
            lines += [f"# TYPE {name} {kind}", f"{name} {value}"]
        return "\n".join(lines) + "\n"

    def measuring(self, app: App) -> App:
        """The same application, each of whose requests is counted."""

        async def measured(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
            started, status = perf_counter(), 500

            async def sending(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, sending)
            finally:
                if scope["type"] == "http":
                    self.requests[getattr(scope.get("route"), "path", "other"), status] += 1
                    self.seconds += perf_counter() - started

        return measured


def make_app(judges: Sequence[TrainedJudge], settings: ServeSettings, token: str | None) -> Limits:
    """The application.

    Args:
        judges: one or more, by different names.
        settings: limits, and how many items are computed together.
        token: what every request but that for the health must bring; None asks for nothing.
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix="judge")
    queues = {
        judge.name: Batcher(judge, batch_size=settings.batch_size, most_waiting=settings.most_waiting, thread=thread)
        for judge in judges
    }
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        workers = [asyncio.create_task(queue.work()) for queue in queues.values()]
        yield
        for worker in workers:
            worker.cancel()
        thread.shutdown()

    app = FastAPI(title="judgekit", version=__version__, lifespan=lifespan)

    @app.exception_handler(QueueFull)
    async def full(_: Request, __: QueueFull) -> JSONResponse:
        return JSONResponse({"detail": "Too many items wait; ask again."}, 503, headers={"Retry-After": "1"})

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        if "json" not in request.headers.get("content-type", ""):
            return JSONResponse({"detail": "Send JSON, with the header Content-Type: application/json."}, 422)
        # Without what was sent: a wrong body of megabytes is not sent back.
        problems = [{key: one[key] for key in ("type", "loc", "msg")} for one in error.errors()]
        return JSONResponse({"detail": problems}, 422)

    @app.exception_handler(JudgekitError)
    async def unreadable(_: Request, error: JudgekitError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    async def ask(queue: Batcher, items: Sequence[dict[str, str]]) -> np.ndarray[Any, np.dtype[np.float64]]:
        found = await queue.ask(items)
        metrics.items += len(items)
        return found

    @app.post("/predict", response_model=PredictResponse)
    async def predict(request: PredictRequest) -> PredictResponse:
        """The distribution of human labels that the judge expects for each item."""
        queue = _queue_of(request.judge)
        judge = queue.judge
        if len(request.items) > settings.most_items:
            raise HTTPException(413, f"{len(request.items):,} items; at most {settings.most_items:,} at once.")
        for n, item in enumerate(request.items):
            if lacking := [name for name in judge.fields if name not in item]:
                raise HTTPException(422, f"items.{n} lacks {listed(lacking)}; the judge reads {listed(judge.fields)}.")
            if not any(item[name].strip() for name in judge.fields):
                raise HTTPException(422, f"items.{n} has no text in {listed(judge.fields)}.")
        q = await ask(queue, request.items)
        values = np.asarray(judge.manifest.values)
        means = expected_score(q, values).tolist() if judge.manifest.values else [None] * len(q)
        found = [
            Prediction(
                probabilities=dict(zip(judge.labels, row, strict=True)),
                label=judge.labels[int(np.argmax(row))],
                entropy=nats,
                expected_score=mean,
            )
            for row, nats, mean in zip(q.tolist(), entropy(q).tolist(), means, strict=True)
        ]
        return PredictResponse(judge=judge.name, labels=list(judge.labels), items=found)

    def _queue_of(name: str | None) -> Batcher:
        if name is None and len(queues) == 1:
            return next(iter(queues.values()))
        if name not in queues:
            raise HTTPException(422, f"Say which judge: {listed([*queues])}.")
        return queues[name]

    @app.post("/v1/systemone")
    async def system_one(request: SystemOneRequest) -> dict[str, Any]:
        """The answers of judges to the questions that they were trained on; any other is refused."""
        if request.assets:
            raise Refused("These judges read texts alone, no assets.")
        known = {name: queue.judge for name, queue in queues.items()}
        asked = {name: (one, judge_for(name, one, request, known)) for name, one in request.questions.items()}
        items = [item_of(request.state, judge) for _, judge in asked.values()]
        found = await asyncio.gather(
            *(ask(queues[judge.name], [item]) for (_, judge), item in zip(asked.values(), items, strict=True))
        )
        answers = {
            name: answer(question, judge, q[0])
            for (name, (question, judge)), q in zip(asked.items(), found, strict=True)
        }
        return {"model": request.model, "answers": answers, "usage": {"input_tokens": 0, "output_tokens": 0}}

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        """The judges, as models of the System One format."""
        known = [queue.judge for queue in queues.values()]
        newest = max(judge.manifest.created[:10] for judge in known)
        everyone = {"name": ALL_JUDGES, "description": "All judges, each for the question of its name.",
                    "release_date": newest}  # fmt: skip
        return {
            "models": [
                everyone,
                *(
                    {"name": judge.name, "description": described(judge), "release_date": judge.manifest.created[:10]}
                    for judge in known
                ),
            ]
        }

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Whether the server answers, and for which judges."""
        return {"status": "ok", "version": __version__, "judges": [*queues]}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics_text() -> str:
        """Counts in the text format of Prometheus."""
        return metrics.text(sum(queue.items_waiting for queue in queues.values()))

    hosts = LOCAL_NAMES if settings.host in LOCAL_NAMES else ()
    counted = metrics.measuring(app)
    return Limits(counted, token=token, most_bytes=settings.most_bytes, seconds=settings.slowest, hosts=hosts)
