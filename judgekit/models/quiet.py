"""Keeping the libraries below quiet and off the network while they are imported and while they load a model.

Their progress bars, deprecation notes and advice are for their own users; judgekit reports through its callers.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def quiet_libraries() -> Generator[None]:
    """Silence transformers, peft and bitsandbytes inside the block, and leave their settings as they were."""
    from transformers.utils import logging as transformers_logging  # imported with the first of these libraries

    bitsandbytes = logging.getLogger("bitsandbytes")
    level, bars = bitsandbytes.level, transformers_logging.is_progress_bar_enabled()
    verbosity = transformers_logging.get_verbosity()
    # bitsandbytes, imported by peft, fetches a kernel from the hub where the package `kernels` is installed: code from
    # a network call that nobody asked for. None in sys.modules makes that one import fail, as foreseen there.
    hides_kernels = "kernels" not in sys.modules
    if hides_kernels:
        sys.modules["kernels"] = None  # type: ignore[assignment]
    bitsandbytes.setLevel(logging.ERROR)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.filterwarnings("ignore", "fan_in_fan_out", UserWarning)  # peft sets it right for GPT-2 by itself
            warnings.filterwarnings("ignore", "Model has `tie_word_embeddings=True`", UserWarning)  # never merged then
            yield
    finally:
        if hides_kernels:
            del sys.modules["kernels"]
        bitsandbytes.setLevel(level)
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()
