"""A reader over many items: label logits in the order of the items, whatever order they were computed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit.errors import BackboneError, SettingsError
from judgekit.models.reader import LabelReader, Reading, WritingReader
from judgekit.training.batches import EncodedItems, collate
from judgekit.training.out_of_memory import attempt
from judgekit.training.processes import ALONE, Processes
from judgekit.training.shared_prefix import PrefixReader, read_shared
from judgekit.training.streams import read_in_streams, streams_of

READ_TOGETHER = 128
# A CPU is fastest while a batch stays in its caches; a GPU while it is full.
TOKENS_PER_BATCH = {"cpu": 1_024}
TOKENS_PER_BATCH_ELSEWHERE = 32_768


class Predicted(NamedTuple):
    """What a reader says of N items."""

    logits: NDArray[np.float32]
    """Label logits, `[N, K]`."""
    label_mass: NDArray[np.float32] | None
    """Probability that a causal LM gives to the label set before it is renormalised, `[N]`; None for encoders."""
    is_parsed: NDArray[np.bool_] | None = None
    """Whether the answer that the model wrote could be read, `[N]`; None where it writes none."""
    texts: tuple[tuple[str, ...], ...] | None = None
    """What the model wrote of each item, `[N][S]`; None where it writes nothing."""

    def check_finite(self, whose: str, ids: Sequence[str] | None = None) -> None:
        """Refuse logits that give no distribution.

        Args:
            whose: what gives the logits, in words.
            ids: of the N items, for the message; None where they are not known.

        Raises:
            BackboneError: some are infinite or no numbers.
        """
        lost = np.flatnonzero(~np.isfinite(self.logits).all(axis=1))
        if len(lost):
            first = "" if ids is None else f"; the first is item {ids[int(lost[0])]}"
            raise BackboneError(
                f"For {len(lost):,} of {len(self.logits):,} items {whose} gives infinite numbers or none, and so no "
                f"distribution{first}.",
                hint="Compute with more digits: --dtype float32. If that does not help, train again with a lower "
                "--learning-rate.",
            )

    @property
    def mean_label_mass(self) -> float | None:
        """Its mean over the items."""
        return None if self.label_mass is None else float(self.label_mass.mean())


def predict(
    reader: LabelReader,
    encoded: EncodedItems,
    *,
    batch_size: int = READ_TOGETHER,
    on_batch: Callable[[int], None] | None = None,
    processes: Processes = ALONE,
    shares_beginnings: bool = False,
    in_streams: bool = False,
) -> Predicted:
    """Read all items, in the order given.

    Items are sorted by length, the longest first, so that batches hold little padding, memory runs out at once if it
    runs out at all, and the time left is never underestimated. Where it does run out, batches are halved.

    Args:
        reader: what reads them; of a model in training, in evaluation mode.
        encoded: N tokenised items, at least one.
        batch_size: most items per forward pass; fewer where items are long.
        on_batch: called after each batch with the number of items done in it.
        processes: those that share the items; each gets the whole.
        shares_beginnings: read what prompts begin with only once, where the reader can and many begin alike.
        in_streams: let an encoder on a CPU read several batches side by side.

    Raises:
        SettingsError: memory does not suffice for one item.
    """
    tokens = TOKENS_PER_BATCH.get(reader.device.type, TOKENS_PER_BATCH_ELSEWHERE)
    if isinstance(reader, WritingReader):
        tokens = reader.tokens_per_batch
    if shares_beginnings and isinstance(reader, PrefixReader):
        shared = read_shared(reader, encoded, tokens=tokens, batch_size=batch_size, on_batch=on_batch)
        if shared is not None:
            return _placed(*shared, len(encoded.input_ids), processes)
    lengths = encoded.lengths
    order = np.argsort(-lengths, kind="stable")
    mine = processes.share(order)
    # Every process reads equally many, as under FSDP it must; what fills a share up does not count.
    filled = np.append(mine, order[-1:])[: -(-len(order) // processes.count)]
    if in_streams and not reader.pad_left and processes.count == 1:
        whole = _read_in_streams(reader, encoded, order, tokens=tokens, batch_size=batch_size, on_batch=on_batch)
        if whole is not None:
            return _placed(order, whole, len(order), processes)
    found: list[Reading] = []
    done = 0
    while done < len(filled):
        longest = int(lengths[order[done * processes.count]])
        size = max(1, min(batch_size, tokens // max(1, longest)))
        rows = filled[done : done + size]
        reading = attempt(lambda: _read(reader, encoded, rows), reader.device)  # noqa: B023  # called before the next turn
        if reading is None:
            if len(rows) == 1 or processes.is_sharded:  # under FSDP the others wait: it cannot be done again with fewer
                what = "One item" if len(rows) == 1 else f"A batch of {len(rows)} items"
                raise SettingsError(
                    f"{what} of {longest} tokens does not fit into the memory of {reader.device}.",
                    hint="Use another --device, or a judge with a lower --max-length or a smaller backbone."
                    + (" Under FSDP a lower --micro-batch-size helps too." if processes.is_sharded else ""),
                )
            batch_size = len(rows) // 2
            continue
        found.append(reading)
        done += len(rows)
        if on_batch is not None:
            on_batch(len(rows))

    return _placed(mine, found, len(order), processes)


def _read_in_streams(
    reader: LabelReader,
    encoded: EncodedItems,
    order: NDArray[np.int64],
    *,
    tokens: int,
    batch_size: int,
    on_batch: Callable[[int], None] | None,
) -> list[Reading] | None:
    """Readings in the given order, the longest first; None where one stream is best, or memory ran out."""
    streams, lengths = streams_of(reader.device), encoded.lengths
    batches: list[NDArray[np.int64]] = []
    batch_size = min(batch_size, -(-len(order) // streams))  # few items too are shared by all streams
    done = 0
    while done < len(order):
        size = max(1, min(batch_size, tokens // max(1, int(lengths[order[done]]))))
        batches.append(order[done : done + size])
        done += size
    if min(streams, len(batches)) < 2:
        return None
    return read_in_streams(
        lambda rows: attempt(lambda: _read(reader, encoded, rows), reader.device),
        batches,
        streams,
        lambda rows: on_batch(len(rows)) if on_batch is not None else None,
    )


def _placed(rows: NDArray[np.int64], found: Sequence[Reading], items: int, processes: Processes) -> Predicted:
    """Readings of some rows in the order of the items; what was read beyond the rows does not count."""

    def placed(parts: list[torch.Tensor]) -> torch.Tensor:
        values = torch.cat(parts)
        whole = torch.zeros(items, *values.shape[1:])
        whole[torch.from_numpy(rows)] = values[: len(rows)]
        return whole

    masses = [reading.label_mass for reading in found if reading.label_mass is not None]
    result = [placed([reading.logits for reading in found]), *([placed(masses)] if masses else [])]
    processes.sum(result)
    parsed = [reading.is_parsed.float() for reading in found if reading.is_parsed is not None]
    written = [texts for reading in found for texts in reading.texts or ()]
    by_row = dict(zip(rows.tolist(), written, strict=False))
    return Predicted(
        result[0].numpy(),
        result[1].numpy() if masses else None,
        placed(parsed).numpy().astype(np.bool_) if parsed else None,
        tuple(by_row[row] for row in range(items)) if written else None,  # generated in one process alone
    )


@torch.no_grad()  # not inference_mode: under FSDP what a layer is gathered into is trained with afterwards
def _read(reader: LabelReader, encoded: EncodedItems, rows: NDArray[np.int64]) -> Reading:
    reading = reader.read(collate(encoded, rows, pad_left=reader.pad_left).to(reader.device))
    mass, parsed = reading.label_mass, reading.is_parsed
    return reading._replace(
        logits=reading.logits.float().cpu(),
        label_mass=None if mass is None else mass.float().cpu(),
        is_parsed=None if parsed is None else parsed.cpu(),
    )
