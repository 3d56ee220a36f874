"""An endpoint of the System One format as it is asked: refusals end with a sentence, what may pass is tried again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from judgekit.endpoints.calls import Caller, MayPass, Refused, check_address, trying
from judgekit.errors import DataError

ATTEMPTS = 5


@dataclass(frozen=True)
class Endpoint(Caller):
    """Where is asked, and how."""

    @classmethod
    def at(cls, address: str, key_variable: str, seconds: float, *, offline: bool) -> Endpoint:
        """The endpoint at an address.

        Raises:
            SettingsError: as of `check_address`.
        """
        check_address(address, key_variable, offline=offline, example="--against systemone:https://example.org")
        return cls(address.rstrip("/"), key_variable, seconds)

    def ask(self, path: str, body: Mapping[str, object] | None, check: Callable[[Any], Any]) -> Any:
        """What an endpoint answers, tried several times.

        Args:
            path: below the base.
            body: of a POST; None makes a GET.
            check: makes of the JSON what is returned, and raises `MayPass` where it is no answer.

        Raises:
            DataError: it refuses what is asked, or still fails after several attempts.
            SettingsError: the package for trying again is not installed.
        """
        content = None if body is None else json.dumps(body).encode()
        try:
            return trying(ATTEMPTS, extra="endpoints")(lambda: check(self.call(path, content)))
        except MayPass as error:
            raise DataError(f"{self.base}{path} failed {ATTEMPTS} times: {error}.") from error
        except Refused as error:
            raise self._refusal(error, path) from error

    def _refusal(self, error: Refused, path: str) -> DataError:
        if error.code in (401, 403):
            there = "refuses the key in" if os.environ.get(self.key_variable) else "asks for a key, which belongs in"
            return DataError(f"{self.base} {there} {self.key_variable} (HTTP {error.code}).")
        if 300 <= error.code < 400:
            return DataError(f"{self.base}{path} sends the call elsewhere (HTTP {error.code}); give that address.")
        return DataError(f"{self.base}{path} refuses what is asked (HTTP {error.code}): {error.words}")
