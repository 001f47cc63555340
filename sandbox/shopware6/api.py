"""The Admin API: addresses, tokens, bodies and answers; each kind of call has its own module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.shopware6 import errors
from sandbox.shopware6.auth import Rights
from sandbox.shopware6.paths import SYSTEM_LANGUAGE
from sandbox.shopware6.rendering import Context

if TYPE_CHECKING:
    from sandbox.shopware6.shop import Shopware6Shop

Json = dict[str, Any]
API = "/api/"


@dataclass
class Call:
    """One identified request: its parts of the path behind `/api/`, query, body and headers."""

    shop: Shopware6Shop
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes
    rights: Rights
    request_id: str
    words: list[str] = field(default_factory=list)

    @property
    def body(self) -> Any:
        """The JSON body; a body of another content type is not read, as PHP does."""
        if not self.raw or "json" not in self.headers.get("content-type", ""):
            return {}
        try:
            return orjson.loads(self.raw)
        except orjson.JSONDecodeError:
            raise errors.ApiError(400, [_plain(400, "The JSON payload is malformed.")]) from None

    @property
    def url(self) -> str:
        """The address as asked."""
        return f"{self.shop.base_url}{API}{self.path}"

    @property
    def wants_json(self) -> bool:
        """Whether plain JSON is asked for; the shop answers JSON:API otherwise."""
        return "application/json" in self.headers.get("accept", "")

    @property
    def language_id(self) -> str:
        """The language of the header, which must exist."""
        language = self.headers.get("sw-language-id") or SYSTEM_LANGUAGE
        if language not in self.shop.store.tables["language"]:
            raise errors.refusal(412, "FRAMEWORK__LANGUAGE_NOT_FOUND", f'The language "{language}" was not found.')
        return language

    def context(self, includes: Any = None) -> Context:
        """How the client wants to see things."""
        inherits = self.headers.get("sw-inheritance") in {"1", "true"}
        return Context(self.language_id, inherits, self.shop.base_url, includes or None)


@dataclass
class Answer:
    """What a call answers; `content` is JSON-able, bytes, or None for an empty body."""

    content: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


Handler = Callable[[Call], Answer]


class AdminApi:
    """The API behind the faults."""

    def __init__(self, shop: Shopware6Shop) -> None:
        from sandbox.shopware6.actions import ACTIONS
        from sandbox.shopware6.resources import resource, search, search_ids

        self._shop = shop
        self._actions = ACTIONS
        self._prefixes: dict[str, Handler] = {"search": search, "search-ids": search_ids}
        self._resource = resource

    def shown_path(self, scope: Any) -> str | None:
        """The path of a call to the API."""
        path: str = scope.get("path", "")
        return path if path.startswith(API) else None

    def fault_response(self, fault: Any) -> Response:
        """What the shop or the server before it answers while something is wrong."""
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        if fault.mode == "html":
            return Response("<html><body><h1>Wartungsmodus</h1></body></html>", 200, headers, "text/html")
        if fault.mode == "503":
            return Response("<html><body><h1>503 Service Unavailable</h1></body></html>", 503, headers, "text/html")
        status = int(fault.mode)
        detail = "Too Many Requests" if status == 429 else "Internal Server Error"
        return _response(Answer({"errors": [_plain(status, detail)]}, status, headers))

    def answer(self, request: Request, body: bytes, request_id: str) -> Response:
        """Answer one request."""
        try:
            return _response(self._answer(request, body, request_id))
        except errors.ApiError as error:
            return _response(Answer(error.body, error.status))

    def _answer(self, request: Request, body: bytes, request_id: str) -> Answer:
        headers = dict(request.headers)
        path = request.url.path.removeprefix(API).strip("/")
        query = dict(parse_qsl(request.url.query, keep_blank_values=True))
        call = Call(self._shop, request.method, path, query, headers, body, Rights(None), request_id, path.split("/"))
        if path == "oauth/token":
            return self._token(call)
        with self._shop.store.lock:
            call.rights = self._shop.gate.identify(headers.get("authorization", ""))
            return self._handler(call)(call)

    def _handler(self, call: Call) -> Handler:
        for pattern, methods in self._actions.items():
            words = pattern.split("/")
            if len(words) == len(call.words) and all(a in ("*", b) for a, b in zip(words, call.words, strict=True)):
                if call.method not in methods:
                    raise errors.method_not_allowed(call.method, call.url, ", ".join(methods))
                return methods[call.method]
        if call.words[0] in self._prefixes:
            if call.method != "POST":
                raise errors.method_not_allowed(call.method, call.url, "POST")
            return self._prefixes[call.words[0]]
        if call.words[0].startswith("_") or not call.words[0]:
            raise errors.no_route(call.method, call.url)
        return self._resource

    def _token(self, call: Call) -> Answer:
        if call.method != "POST":
            raise errors.method_not_allowed(call.method, call.url, "POST")
        is_form = "x-www-form-urlencoded" in call.headers.get("content-type", "")
        body = dict(parse_qsl(call.raw.decode(errors="replace"))) if is_form else call.body
        return Answer(self._shop.gate.grant(body), headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _plain(status: int, detail: str) -> Json:
    return {"code": "0", "status": str(status), "title": errors.TITLES[status], "detail": detail}


def _response(answer: Answer) -> Response:
    if answer.content is None:
        return Response(b"", answer.status, answer.headers)
    content = answer.content if isinstance(answer.content, bytes) else orjson.dumps(answer.content)
    return Response(content, answer.status, answer.headers, answer.media_type)
