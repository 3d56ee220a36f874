import pytest
import torch
from torch.nn.functional import gelu, relu

from judgekit.models.linear import PackedLinear, PlainLinear, can_pack

CPU = torch.device("cpu")
needs_packing = pytest.mark.skipif(not can_pack(CPU, torch.bfloat16), reason="this CPU computes no bfloat16")


def test_only_bfloat16_on_a_cpu_is_packed() -> None:
    assert not can_pack(CPU, torch.float32)
    assert not can_pack(torch.device("meta"), torch.bfloat16)


def test_a_torch_without_the_operators_packs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise AttributeError("no such operator")

    monkeypatch.setattr("judgekit.models.linear._onednn", gone)
    assert not can_pack(CPU, torch.bfloat16)


@needs_packing
@pytest.mark.parametrize("shape", [(1, 24), (3, 7, 24), (2, 150, 24)])
def test_packed_products_are_plain_ones_up_to_rounding(shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    weight, bias = torch.randn(40, 24, generator=generator) * 0.2, torch.randn(40, generator=generator)
    x, other = torch.randn(*shape, generator=generator), torch.randn(*shape[:-1], 40, generator=generator)
    rounded = [part.bfloat16() for part in (weight, bias, x, other)]
    weight, bias, x, other = (part.float() for part in rounded)
    exact, packed = PlainLinear(weight, bias), PackedLinear(rounded[0], rounded[1])
    for found, wanted in (
        (packed(rounded[2]), exact(x)),
        (packed.activated(rounded[2], gelu), exact.activated(x, gelu)),
        (packed.activated(rounded[2], relu), exact.activated(x, relu)),
        (packed.plus(rounded[2], rounded[3]), exact.plus(x, other)),
    ):
        assert found.dtype == torch.bfloat16
        torch.testing.assert_close(found.float(), wanted, rtol=1e-2, atol=1e-2)
