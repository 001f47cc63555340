"""How calls are signed: the bare key as the whole header `Authorization`, without any word before it."""

from collections.abc import Generator

import httpx
from pydantic import SecretStr


class BareKeyAuth(httpx.Auth):
    """Adds the key to each call."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign."""
        request.headers["authorization"] = self._key.get_secret_value()
        yield request
