"""One sentence that survives a redirect, in a sealed cookie of a minute."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from canonical.failure import Failure
from erp.secrets import Keyring, SealBroken

FLASH = "connect_flash"
LONGEST = 300
"""Characters of a value: a cookie holds 4 KB."""


@dataclass(frozen=True)
class Flash:
    """What was done (an English sentence, translated when shown), or what failed."""

    said: str
    params: dict[str, str]
    failure: Failure | None = None


def seal_json(keyring: Keyring, value: Any, about: str) -> str:
    """Make a cookie's value that only we can read and make."""
    sealed = keyring.seal(json.dumps(value).encode(), about=about)
    return f"{keyring.current}.{base64.urlsafe_b64encode(sealed).decode()}"


def open_json(keyring: Keyring, cookie: str, about: str) -> Any:
    """Read a cookie's value; None for anything that we did not make."""
    key_id, _, sealed = cookie.partition(".")
    try:
        return json.loads(keyring.open(base64.urlsafe_b64decode(sealed), key_id, about=about))
    except (SealBroken, ValueError):
        return None


def pack(keyring: Keyring, flashes: list[Flash]) -> str:
    """Put sentences into a cookie, long values cut."""
    return seal_json(
        keyring,
        [
            {
                "said": flash.said,
                "params": {key: value[:LONGEST] for key, value in flash.params.items()},
                "failure": _short(flash.failure).model_dump(mode="json") if flash.failure else None,
            }
            for flash in flashes
        ],
        FLASH,
    )


def unpack(keyring: Keyring, cookie: str) -> list[Flash]:
    """Read the sentences of a cookie."""
    return [
        Flash(item["said"], item["params"], Failure.model_validate(item["failure"]) if item["failure"] else None)
        for item in open_json(keyring, cookie, FLASH) or []
    ]


def _short(failure: Failure) -> Failure:
    return failure.model_copy(update={"params": {key: value[:LONGEST] for key, value in failure.params.items()}})
