"""Encoders of many families as graphs: OpenVINO reads what torch computes, or it is said that it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from backbone_families import ENCODERS, Family, build_family

from judgekit.errors import BackboneError
from judgekit.models.encoder import EncoderJudge
from judgekit.models.loading import find_backbone, load_backbone
from judgekit.models.openvino_reader import OpenVinoReader
from judgekit.models.reader import Batch
from judgekit.models.tokenizer import has_segments

WRONG = ("longformer",)
OFTEN = ("deberta-v2", "modernbert")
READ = [family for family in ENCODERS if not family.refusal]


@pytest.mark.parametrize(
    "family",
    [pytest.param(one, id=one.name, marks=[] if one.name in OFTEN else pytest.mark.nightly) for one in READ],
)
def test_openvino_reads_what_torch_reads(family: Family, tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    backbone = find_backbone(str(build_family(tmp_path / family.name, family)), offline=True, kind="encoder")
    model, cpu = load_backbone(backbone, torch.device("cpu"), torch.float32), torch.device("cpu")
    judge = EncoderJudge(model.to(cpu), torch.zeros(3), dtype=torch.float32)
    judge.set_training(False)
    torch.nn.init.normal_(judge.head.weight)
    segments = has_segments(backbone)

    def make() -> OpenVinoReader:
        return OpenVinoReader(judge, has_segments=segments, dtype=torch.float32, streams=1)

    if family.name in WRONG:
        with pytest.raises(BackboneError, match=r"OpenVINO cannot compute|cannot be written"):
            make()
        return
    reader = make()
    for rows, tokens in ((5, 23), (1, 40), (2, 9)):
        ids = 5 + torch.arange(rows * tokens).reshape(rows, tokens) % 31
        mask = torch.ones_like(ids)
        mask[0, tokens - tokens // 4 :] = 0
        types = (torch.arange(tokens) >= tokens // 2).long().repeat(rows, 1) if segments else None
        batch = Batch(ids, mask, types)
        with torch.no_grad():
            assert reader.read(batch).logits == pytest.approx(judge.read(batch).logits, abs=1e-4)
