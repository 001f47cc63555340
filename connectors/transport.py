"""The one way to a vendor: connections, signing, limits, and one table from what went wrong to a failure."""

import logging
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import httpcore
import httpx
import orjson

from canonical.failure import Failure, FailureError
from connectors.addresses import AddressRefusedError, GuardedBackend
from connectors.answers import Answer, Classify, RefusedError, failure_of
from connectors.limiter import Limiter

log = logging.getLogger(__name__)

Params = Mapping[str, str | int]


@dataclass(frozen=True)
class TransportOptions:
    """What the process allows a transport; seconds and bytes."""

    allow_private: bool = False
    timeout: float = 30
    total_timeout: float = 120
    max_bytes: int = 50_000_000
    user_agent: str = "connect-platform/0.1"


@dataclass(frozen=True)
class Upload:
    """A body that is not JSON: a file, a form, several parts; with its media type."""

    content: bytes
    media_type: str


class Calls(Protocol):
    """What a connector needs of a transport; `lane` and `cost` are the limiter's. All raise `FailureError`."""

    host: str

    def get(self, path: str, params: Params | None = None, *, lane: str = "") -> Answer:
        """Read."""
        ...

    def post(self, path: str, json: Any, params: Params | None = None, *, lane: str = "", cost: float = 1) -> Answer:
        """Create; `json` may be an `Upload`. Never repeated by the transport."""
        ...

    def put(self, path: str, json: Any, params: Params | None = None, *, lane: str = "") -> Answer:
        """Change; `json` may be an `Upload`."""
        ...

    def patch(self, path: str, json: Any) -> Answer:
        """Change some fields."""
        ...

    def delete(self, path: str, params: Params | None = None) -> Answer:
        """Remove."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


class NoTransport:
    """For readers of stored documents: there is no account, so every call fails."""

    host = ""

    def get(self, *_: object, **__: object) -> Answer:
        """Fail: nobody gave an account."""
        raise FailureError(Failure.of("CREDENTIALS_MISSING"))

    post = put = patch = delete = get

    def close(self) -> None:
        """Nothing to give back."""


class Transport:
    """Calls one account of one vendor over kept connections.

    Nothing is tried twice here: Temporal repeats, and it must know what happened. Redirects are not followed, cookies are
    not kept, proxies of the environment are not used. Logs name method, host, path and status; never a query or a header.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: httpx.Auth | None,
        limiter: Limiter,
        options: TransportOptions,
        classify: Classify | None = None,
    ) -> None:
        try:
            self._base = httpx.URL(base_url)
        except httpx.InvalidURL as error:
            raise FailureError(Failure.of("URL_INVALID", value=base_url)) from error
        if self._base.scheme not in ("http", "https") or not self._base.host:
            raise FailureError(Failure.of("URL_INVALID", value=base_url))
        self.host = self._base.netloc.decode()
        self._auth = auth or httpx.Auth()
        self._limiter = limiter
        self._options = options
        self._classify = classify
        self._pool = httpcore.ConnectionPool(
            # Reading the trusted authorities costs more than an idle poll; a plain-HTTP shop does without.
            ssl_context=httpx.create_ssl_context() if base_url.startswith("https:") else None,
            keepalive_expiry=30,
            network_backend=GuardedBackend(allow_private=options.allow_private),
        )

    def get(self, path: str, params: Params | None = None, *, lane: str = "") -> Answer:
        """Read; raises `FailureError`."""
        return self._call("GET", path, params=params, lane=lane)

    def post(self, path: str, json: Any, params: Params | None = None, *, lane: str = "", cost: float = 1) -> Answer:
        """Create; `json` may be an `Upload`. Raises `FailureError`. Never repeated by the transport."""
        return self._call("POST", path, params=params, body=json, lane=lane, cost=cost)

    def put(self, path: str, json: Any, params: Params | None = None, *, lane: str = "") -> Answer:
        """Change; `json` may be an `Upload`. Raises `FailureError`."""
        return self._call("PUT", path, params=params, body=json, lane=lane)

    def patch(self, path: str, json: Any) -> Answer:
        """Change some fields; raises `FailureError`."""
        return self._call("PATCH", path, body=json)

    def delete(self, path: str, params: Params | None = None) -> Answer:
        """Remove; raises `FailureError`."""
        return self._call("DELETE", path, params=params)

    def close(self) -> None:
        """Give back connections."""
        self._pool.close()

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        lane: str = "",
        cost: float = 1,
    ) -> Answer:
        """Make one call and decide its answer."""
        self._limiter.acquire(cost)
        if lane:
            self._limiter.acquire(lane=lane)
        request = self._request(method, path, params, body)
        started = time.monotonic()
        try:
            answer = self._signed_exchange(request)
        except (AddressRefusedError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            failure = self._failure_of_connection(error)
            log.warning("%s %s%s failed: %s", method, self.host, request.url.path, failure.code)
            raise FailureError(failure) from error
        milliseconds = (time.monotonic() - started) * 1000
        log.debug("%s %s%s %s in %.0f ms", method, self.host, request.url.path, answer.status, milliseconds)
        refused = self._classify(answer) if self._classify else None
        refused = refused or failure_of(answer, datetime.now(UTC))
        if refused is not None:
            log.warning("%s %s%s %s: %s", method, self.host, request.url.path, answer.status, refused.code)
            raise RefusedError(refused, answer)
        return answer

    def _request(self, method: str, path: str, params: Params | None, body: Any) -> httpx.Request:
        url = self._base.copy_with(path=self._base.path.rstrip("/") + path)
        if params:
            url = url.copy_merge_params({key: str(value) for key, value in params.items()})
        headers = {"accept": "application/json", "user-agent": self._options.user_agent, "accept-encoding": "gzip"}
        content = None
        if isinstance(body, Upload):
            content, headers["content-type"] = body.content, body.media_type
        elif body is not None:
            content, headers["content-type"] = orjson.dumps(body), "application/json"
        limit = self._options.timeout
        timeouts = {"connect": limit, "read": limit, "write": limit, "pool": limit}
        return httpx.Request(method, url, headers=headers, content=content, extensions={"timeout": timeouts})

    def _signed_exchange(self, request: httpx.Request) -> Answer:
        """Let the auth hook sign, and ask for tokens where a vendor has them; its last answer is ours."""
        flow = self._auth.sync_auth_flow(request)
        signed = next(flow)
        while True:
            answer = self._exchange(signed)
            try:
                signed = flow.send(httpx.Response(answer.status, headers=answer.headers, content=answer.body))
            except StopIteration:
                return answer

    def _exchange(self, request: httpx.Request) -> Answer:
        target = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        outgoing = httpcore.Request(
            request.method, target, headers=request.headers.raw, content=request.read(), extensions=request.extensions
        )
        incoming = self._pool.handle_request(outgoing)
        try:
            response = httpx.Response(incoming.status, headers=incoming.headers, stream=_Stream(incoming))
            body = self._read(response)
        finally:
            incoming.close()
        headers = httpx.Headers(
            [
                (key, value)
                for key, value in response.headers.raw
                if key.lower() not in (b"content-encoding", b"content-length")
            ]
        )
        return Answer(request.method, request.url.scheme, self.host, request.url.path, incoming.status, headers, body)

    def _read(self, response: httpx.Response) -> bytes:
        """Read the whole body, unpacked, as long as it is neither too large nor too slow."""
        deadline = time.monotonic() + self._options.total_timeout
        parts: list[bytes] = []
        size = 0
        try:
            for part in response.iter_bytes():
                size += len(part)
                if size > self._options.max_bytes:
                    raise FailureError(Failure.of("ANSWER_TOO_LARGE", host=self.host))
                if time.monotonic() > deadline:
                    raise FailureError(Failure.of("TIMEOUT", host=self.host))
                parts.append(part)
        except httpx.DecodingError as error:
            encoding = response.headers.get("content-encoding", "")
            raise FailureError(Failure.of("NOT_JSON", host=self.host, content_type=encoding)) from error
        return b"".join(parts)

    def _failure_of_connection(self, error: Exception) -> Failure:
        """Decide by the type of an exception, never by its text; httpcore keeps the one it stands for as its argument."""
        cause = error.args[0] if error.args else None
        if isinstance(error, AddressRefusedError):
            return Failure.of("ADDRESS_REFUSED", host=self.host)
        if isinstance(error, httpcore.TimeoutException):
            return Failure.of("TIMEOUT", host=self.host)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Failure.of("HANDSHAKE", host=self.host, reason=cause.verify_message)
        if isinstance(error, httpcore.ConnectError) and isinstance(cause, ssl.SSLError):
            return Failure.of("HANDSHAKE", host=self.host, reason=cause.reason or "TLS")
        return Failure.of("UNREACHABLE", host=self.host)


class _Stream(httpx.SyncByteStream):
    """Lets httpx unpack what httpcore receives."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()
