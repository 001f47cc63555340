"""Serve one sandbox application from a background thread on the loopback interface."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any, Protocol

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

START_SECONDS = 10.0
TRANSPORT_KEY = "sandbox.transport"


class ServedShop(Protocol):
    """What a simulated shop must offer to be served: its application, and a place to note its own address."""

    base_url: str

    def application(self) -> ASGIApp:
        """Return the ASGI application of this shop."""

    def close(self) -> None:
        """Release files and threads; called once when the server stops."""


class DroppableProtocol(H11Protocol):
    """HTTP/1.1 that hands the raw connection to the application, so that a fault can cut it without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Bind this connection's transport to every request that arrives on it."""
        super().connection_made(transport)
        inner = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT_KEY] = transport
            await inner(scope, receive, send)

        self.app = with_transport


async def drop_connection(scope: Scope, receive: Receive) -> None:
    """Cut the TCP connection of this request without sending a byte, and wait until the server has noticed."""
    transport: Any = scope[TRANSPORT_KEY]
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


class SandboxServer:
    """Run one simulated shop in a background thread with its own HTTP server on 127.0.0.1; usable as a context manager.

    The port is bound in the constructor, so `url` is known before `start()` and two servers never collide.
    """

    def __init__(self, shop: ServedShop, port: int = 0, *, host: str = "127.0.0.1") -> None:
        self._shop = shop
        # The protocol must be named: only then asyncio switches Nagle's algorithm off, which costs 40 ms per request.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        shop.base_url = self.url
        config = uvicorn.Config(
            shop.application(),
            http=DroppableProtocol,
            ws="none",
            lifespan="off",
            log_level="error",
            access_log=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name=f"sandbox-{self.url}", daemon=True)

    def start(self) -> SandboxServer:
        """Start answering; returns once the first request would be accepted, raises TimeoutError if that never happens."""
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise TimeoutError(f"the sandbox server did not come up at {self.url}")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Stop answering, cut what is still open, and close the shop's files; calling it twice is harmless."""
        self._server.should_exit = True
        self._server.force_exit = True
        if self._thread.is_alive():
            self._thread.join(START_SECONDS)
        self._socket.close()
        self._shop.close()

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def __enter__(self) -> SandboxServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
