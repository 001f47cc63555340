"""How calls are signed: HTTP Digest, which every Shopware 5 asks for; Basic where a shop offers only that, and only over TLS."""

import base64
from collections.abc import Generator

import httpx
from pydantic import SecretStr


class UserAuth(httpx.Auth):
    """Answers the shop's challenge; the nonce is kept for the calls that follow."""

    requires_response_body = True

    def __init__(self, user: str, api_key: SecretStr) -> None:
        self._user = user
        self._api_key = api_key
        self._digest = httpx.DigestAuth(user, api_key.get_secret_value())

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign the request once it is known how."""
        flow = self._digest.sync_auth_flow(request)
        signed = next(flow)
        while True:
            response = yield signed
            if response.status_code == httpx.codes.UNAUTHORIZED and self._wants_basic(request, response):
                pair = base64.b64encode(f"{self._user}:{self._api_key.get_secret_value()}".encode()).decode()
                request.headers["authorization"] = f"Basic {pair}"
                yield request
                return
            # Digest takes cookies from the answer, for which it looks at the request that led to it.
            response.request = signed
            try:
                signed = flow.send(response)
            except StopIteration:
                return

    @staticmethod
    def _wants_basic(request: httpx.Request, response: httpx.Response) -> bool:
        """Whether the shop offers Basic and nothing better; over plain HTTP the key would be readable."""
        offered = [value.partition(" ")[0].lower() for value in response.headers.get_list("www-authenticate")]
        return request.url.scheme == "https" and "basic" in offered and "digest" not in offered
