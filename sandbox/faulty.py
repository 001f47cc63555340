"""The ASGI layer that every simulated shop shares: API requests pass through the faults, everything else goes to the pages.

It is asynchronous because a fault must be able to wait without a thread and to cut the connection; everything behind it is
plain functions.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.effects import LoggedRequest, RequestLog
from sandbox.faults import Fault, Faults
from sandbox.server import drop_connection
from sandbox.shop import Exchange


class Faulty(Protocol):
    """What the layer needs of a shop."""

    faults: Faults
    requests: RequestLog
    traffic: list[Exchange] | None


class Api(Protocol):
    """One vendor's API behind the faults."""

    def shown_path(self, scope: Scope) -> str | None:
        """The path under which a request to the API is logged and matched by faults; None for requests to the pages."""
        ...

    def answer(self, request: Request, body: bytes, request_id: str) -> Response:
        """Answer one request; runs under no lock."""
        ...

    def fault_response(self, fault: Fault) -> Response:
        """What the vendor answers in the modes 429, 500, 503 and html."""
        ...


class FaultyApp:
    """Send API requests through the faults to the API, everything else to the pages."""

    def __init__(self, shop: Faulty, api: Api, pages: ASGIApp) -> None:
        self._shop, self._api, self._pages = shop, api, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        shown = self._api.shown_path(scope) if scope["type"] == "http" else None
        if shown is None:
            await self._pages(scope, receive, send)
            return
        request = Request(scope, receive)
        request_id = uuid.uuid4().hex
        body = await request.body()
        fault = self._shop.faults.take(request.method, shown)
        response = await self._respond(request, body, request_id, fault)
        # Logged before it is sent, so that a client that has its answer finds its request in the log.
        status = 0 if response is None else response.status_code
        self._shop.requests.add(LoggedRequest(request.method, shown, status, request_id))
        if response is not None and fault is None and self._shop.traffic is not None:
            self._shop.traffic.append(_exchange(request, body, response))
        if response is None:
            await drop_connection(scope, receive)
        else:
            await response(scope, receive, send)

    async def _respond(self, request: Request, body: bytes, request_id: str, fault: Fault | None) -> Response | None:
        """The response, or None where the connection is to be cut."""
        mode = fault.mode if fault else ""
        if fault and mode in {"429", "500", "503", "html"}:
            return self._api.fault_response(fault)
        if fault and mode == "slow":
            await asyncio.sleep(fault.delay)
        if mode == "drop" or (mode == "hang" and not await self._hang(request)):
            return None
        response = self._api.answer(request, body, request_id)
        if mode == "lose_reply" or (mode == "hang_reply" and not await self._hang(request)):
            return None
        return response

    async def _hang(self, request: Request) -> bool:
        """Wait for the release; False if the client went away first, in which case nothing more is done."""
        gone = asyncio.Event()

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            gone.set()

        watcher = asyncio.create_task(watch())
        try:
            return await self._shop.faults.wait(gone)
        finally:
            watcher.cancel()


def _exchange(request: Request, body: bytes, response: Response) -> Exchange:
    return Exchange(
        method=request.method,
        path=request.url.path,
        query=request.url.query,
        headers=dict(request.headers),
        body=body,
        status=response.status_code,
        answer_headers=dict(response.headers),
        answer=bytes(response.body),
    )
