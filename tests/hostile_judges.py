"""Judges as a stranger or a broken disk leaves them: structured damage to every file that a judge is read from.

`seal` makes the manifest fit the damaged files again, as an attacker would.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from judgekit.workspace.manifest import CHECKSUM, checksum

ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3.5, 10**7, 10**18, -(10**18), 10**400, 1e308, 1e-300, float("nan"), float("inf"),
    "", "x", "x" * 100_000, "../../../etc/passwd", "(a+)+$", ".*", "\x1b[31m", "\u202e", "\ud800", "ordinal", "causal",
    "encoder", [], {}, [[]], [None], [0], ["a", "a"], [[[-1]]], [10**9] * 3, {"a": {"b": [1]}}, ["x"] * 5_000,
)  # fmt: skip
TEMPLATES = (
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}{{ text }}", "{{ 'x' * 10**10 }}",
    "{{ text | nope }}", "{{ text.__class__ }}", "{{ other }}", "{{ text + 1 }}", "{% if %}", "no field",
    "{{ text }}" * 999,
    "{{ text }}{{ 10**10**10 }}", "{{ text }}{{ labels[99] }}",
)  # fmt: skip
ADAPTER, CONFIG, HEAD, TEMPLATE, MANIFEST = (
    "adapter/adapter_model.safetensors", "adapter/adapter_config.json", "adapter/head.safetensors", "template.j2",
    "manifest.json",
)  # fmt: skip
PROBE, HELD_OUT, ITEMS = "probe.safetensors", "held_out.parquet", "items.parquet"
Damage = Callable[[Path, random.Random], str]


def seal(folder: Path) -> None:
    """Compute hashes and checksum of the manifest anew."""
    from judgekit.judge.judge_files import hash_files

    path = folder / MANIFEST
    if any(one.is_fifo() for one in folder.rglob("*")):
        return
    try:
        values = json.loads(path.read_text())
        kind = values["backbone"]["kind"]
        values["files"] = {
            name: found
            for name, found in hash_files(folder, kind, probe=bool(values.get("probe"))).items()
            if name in values["files"]
        }
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return
    write_values(path, {**values, CHECKSUM: checksum(values)})


def write_values(path: Path, values: Any) -> None:
    path.write_text(json.dumps(values, indent=2))


def damage_json(path: Path, generator: random.Random) -> str:
    """Put an odd value anywhere, or delete, double or swap something."""
    values = json.loads(path.read_text())
    parent, key = generator.choice(list(_places(values)))
    how = generator.choice(("replace", "replace", "replace", "delete", "add", "swap", "number", "text"))
    value = parent[key]
    if how == "delete":
        del parent[key]
    elif how == "add" and isinstance(parent, list):
        parent.append(generator.choice((value, *ODD_VALUES)))
    elif how == "add":
        parent[generator.choice(("extra", "use_dora", "modules_to_save", "megatron_config", "auto_map"))] = True
    elif how == "swap" and isinstance(value, list) and len(value) > 1:
        value[0], value[-1] = value[-1], value[0]
    elif how == "number" and isinstance(value, int | float):
        parent[key] = generator.choice((value + 1, -value, value * 2, value * 10**6))
    elif how == "text" and isinstance(value, str) and value:
        place = generator.randrange(len(value))
        parent[key] = value[:place] + generator.choice("aZ0./\x00") + value[place + 1 :]
    else:
        parent[key] = generator.choice(ODD_VALUES)
    write_values(path, values)
    return f"{how} {key}"


def damage_tensors(path: Path, generator: random.Random) -> str:
    """Another shape, name, number or format of one tensor; one too many, or one missing."""
    import torch
    from safetensors.torch import load_file, save_file

    tensors = load_file(path)
    name = generator.choice(sorted(tensors))
    one = tensors.pop(name)
    changed: dict[str, Any] = {
        "drop": {},
        "rename": {f"{name}x": one},
        "more rows": {name: torch.cat([one, one[:1]])},
        "fewer rows": {name: one[:-1].clone()},
        "nan": {name: torch.full_like(one, torch.nan)},
        "inf": {name: one * torch.inf},
        "integers": {name: one.to(torch.int64)},
        "extra": {name: one, "extra": torch.zeros(3)},
        "empty": {name: one[:0].clone()},
        "flip": {name: one.flip(0).contiguous()},
        "huge": {name: one * 1e30},
        "scalar": {name: one.flatten()[0].clone()},
    }
    how = generator.choice(sorted(changed))
    save_file(tensors | changed[how], path)
    return f"{how} {name}"


def damage_table(path: Path, generator: random.Random) -> str:
    """Another number, type or name in one column of a Parquet file; a row or a column too many, or missing."""
    import polars as pl

    frame = pl.read_parquet(path)
    name = generator.choice(frame.columns)
    column = pl.col(name)
    row = pl.int_range(pl.len()) == generator.randrange(frame.height)
    changed: dict[str, pl.DataFrame] = {
        "drop": frame.drop(name),
        "rename": frame.rename({name: f"{name}x"}),
        "no rows": frame[:0],
        "a row less": frame[1:],
        "a row twice": pl.concat([frame, frame[:1]]),
        "null": frame.with_columns(pl.when(row).then(None).otherwise(column).alias(name)),
        "texts": frame.with_columns(column.cast(pl.String) + "x"),
        "lists": frame.with_columns(pl.concat_list(column).alias(name)),
        "first for all": frame.with_columns(column.first()),
        "reversed": frame.with_columns(column.reverse()),
    }
    if frame.schema[name].is_numeric():
        for number in (-1.0, float("nan"), float("inf"), 1e300, 0.5):
            damaged = frame.with_columns(pl.when(row).then(pl.lit(number)).otherwise(column).alias(name))
            changed[f"{number}"] = damaged
    how = generator.choice(sorted(changed))
    changed[how].write_parquet(path)
    return f"{how} {name}"


def damage_bytes(path: Path, generator: random.Random) -> str:
    """Cut, overwrite or lengthen a file; or claim another shape in the head of the safetensors."""
    content = path.read_bytes()
    how = generator.choice(("cut", "overwrite", "lengthen", "empty", "head", "bytes of another size"))
    place = generator.randrange(len(content))
    if how == "head" and path.suffix == ".safetensors":
        size = struct.unpack("<Q", content[:8])[0]
        head = json.loads(content[8 : 8 + size])
        tensor = generator.choice([name for name in head if name != "__metadata__"])
        head[tensor]["shape"][0] = generator.choice((10**7, 10**15, 0, -1))
        made = json.dumps(head).encode()
        path.write_bytes(struct.pack("<Q", len(made)) + made + content[8 + size :])
    elif how == "overwrite":
        path.write_bytes(content[:place] + generator.randbytes(4) + content[place + 4 :])
    elif how == "lengthen":
        path.write_bytes(content + content[place:] + b"\0")
    elif how == "bytes of another size" and path.suffix == ".safetensors":
        path.write_bytes(struct.pack("<Q", generator.choice((0, 2**40, 2**63))) + content[8:])
    else:
        path.write_bytes(b"" if how == "empty" else content[:place])
    return how


def damage_place(path: Path, generator: random.Random) -> str:
    """Something else in the place of the file."""
    how = generator.choice(("missing", "folder", "link out", "link to nothing", "pipe", "pickle"))
    content = path.read_bytes()
    path.unlink()
    if how == "folder":
        path.mkdir()
    elif how == "link out":
        outside = path.parents[2] / f"outside-{path.name}"
        outside.write_bytes(content)
        path.symlink_to(outside)
    elif how == "link to nothing":
        path.symlink_to("/nowhere/at/all")
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "pickle":
        path.with_suffix(".bin").write_bytes(content)
    return how


def damage_template(path: Path, generator: random.Random) -> str:
    text = generator.choice(TEMPLATES)
    blocks = "".join(f"{{% block {name} %}}{text}{{% endblock %}}" for name in ("prompt", "encoder"))
    path.write_text(generator.choice((blocks, text)))
    return text[:40]


WAYS: tuple[tuple[str, Damage], ...] = (
    *((MANIFEST, damage_json),) * 8, *((CONFIG, damage_json),) * 6, *((ADAPTER, damage_tensors),) * 4,
    *((HEAD, damage_tensors),) * 4, (TEMPLATE, damage_template), (TEMPLATE, damage_template),
    *((PROBE, damage_tensors),) * 3, *((HELD_OUT, damage_table),) * 6, *((ITEMS, damage_table),) * 3,
    *((name, damage_bytes) for name in (ADAPTER, CONFIG, HEAD, TEMPLATE, MANIFEST, PROBE, HELD_OUT, ITEMS)),
    *((name, damage_place) for name in (ADAPTER, CONFIG, HEAD, TEMPLATE, MANIFEST, PROBE, HELD_OUT, ITEMS)),
)  # fmt: skip


def make_hostile(whole: Path, folder: Path, seed: int) -> tuple[str, bool]:
    """A copy of a judge with one damage, which the seed decides; what it is, and whether the manifest fits it again."""
    generator = random.Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    ways = [(name, damage) for name, damage in WAYS if (whole / name).exists()]
    name, damage = generator.choice(ways)
    what = f"{name}: {damage.__name__}, {damage(folder / name, generator)}"
    sealed = generator.random() < 0.6
    if sealed:
        seal(folder)
    return what, sealed


def _places(values: Any) -> Any:
    """Every place in JSON values, as a container and its key."""
    pairs = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in list(pairs):
        yield values, key
        yield from _places(value)
