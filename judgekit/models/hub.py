"""Models of the Hugging Face hub: from the cache, or downloaded where that is allowed.

The hub library itself reads HF_HOME, HF_TOKEN and HF_HUB_OFFLINE.
"""

from __future__ import annotations

import re
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from judgekit.errors import BackboneError
from judgekit.models.weights import has_weights
from judgekit.wording import first_line

_COMMIT = re.compile("[0-9a-f]{40}")
_FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
# Other forms of the same weights, and those of other tools: as large as the model itself.
_NOT_WANTED = ["*/*", "consolidated*"]


def hub_folder(hub_id: str, revision: str | None, offline: bool, *, with_code: bool) -> Path:
    """The snapshot folder of a hub model.

    Args:
        hub_id: as `organisation/name`.
        revision: branch, tag or commit; None for the main branch.
        offline: look into the cache alone.
        with_code: whether Python files may be downloaded too.

    Raises:
        BackboneError: it cannot be had; tells a gated, a missing and a private model, and a missing revision apart.
    """

    def ask(*, local_files_only: bool) -> Path:
        found = snapshot_download(
            hub_id,
            revision=revision,
            allow_patterns=[*_FILES, *(["*.py"] if with_code else [])],
            ignore_patterns=_NOT_WANTED,
            local_files_only=local_files_only,
        )
        return Path(found)

    try:
        if not offline and _COMMIT.fullmatch(revision or ""):
            try:  # a commit never moves: what is whole in the cache needs no network
                folder = ask(local_files_only=True)
                if has_weights(folder):
                    return folder
            except LocalEntryNotFoundError:
                pass
        return ask(local_files_only=offline)
    except HFValidationError as error:
        raise BackboneError(
            f"There is no model folder at {hub_id!r}, and it is no hub id either.",
            hint="Name a folder with a config.json, a hub id such as Qwen/Qwen2.5-0.5B, starter, or starter-lm.",
        ) from error
    except GatedRepoError as error:
        raise BackboneError(
            f"The model {hub_id!r} is gated: its owners let in those who accepted its terms.",
            hint=f"Accept them at https://huggingface.co/{hub_id} and set HF_TOKEN to a token of that account.",
        ) from error
    except RepositoryNotFoundError as error:
        raise BackboneError(
            f"There is no model folder at {hub_id!r}, and no model of that id on the hub that this account may see.",
            hint="Check the name; a private model needs HF_TOKEN of an account with access.",
        ) from error
    except RevisionNotFoundError as error:
        raise BackboneError(
            f"The model {hub_id!r} is on the hub, but has no revision {revision or 'main'!r}.",
            hint="Name a branch, tag or commit of it with --revision.",
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        # Offline the library's own words advise its callers, not people.
        where = "in the local Hugging Face cache" if offline else "in the cache or on the hub"
        reason = "." if offline else f": {first_line(error)}"
        raise BackboneError(
            f"There is no model folder at {hub_id!r}, and no model of that id (revision {revision or 'main'}) "
            f"{where}{reason}",
            hint="Check the name, or omit --offline once to download it."
            if offline
            else "Check the name and the network; HF_HUB_OFFLINE and --offline forbid downloads.",
        ) from error
