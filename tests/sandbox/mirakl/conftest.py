"""Marketplace shops over real HTTP; one server for all tests, as starting one takes longer than most tests."""

from collections.abc import Iterator

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.mirakl import MiraklShop
from sandbox.server import SandboxServer
from tests.sandbox.mirakl.support import Open, api_client, fill


class Stage:
    """Serves whichever shop is on stage."""

    def __init__(self) -> None:
        self.base_url = ""
        self._app: ASGIApp | None = None

    def application(self) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            assert self._app is not None
            await self._app(scope, receive, send)

        return serve

    def show(self, shop: MiraklShop) -> httpx.Client:
        shop.base_url = self.base_url
        self._app = shop.application()
        return api_client(self.base_url, shop)

    def close(self) -> None:
        self._app = None


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with SandboxServer(stage):
        yield stage


@pytest.fixture
def open_shop(stage: Stage) -> Iterator[Open]:
    """Serve a shop and return a client with its key."""
    clients: list[httpx.Client] = []

    def show(shop: MiraklShop) -> httpx.Client:
        clients.append(stage.show(shop))
        return clients[-1]

    yield show
    for client in clients:
        client.close()


@pytest.fixture
def shop() -> MiraklShop:
    """A shop with a few offers, whose orders can be shipped at once."""
    return fill(MiraklShop())


@pytest.fixture
def client(shop: MiraklShop, open_shop: Open) -> httpx.Client:
    """A client with the shop's key."""
    return open_shop(shop)
