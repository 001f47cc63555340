"""The pages in front of real PostgreSQL, Temporal and worker, and a browser without a screen."""

import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

import connectors
from activities.deps import Deps
from canonical.feature import Feature
from connectors.transport import TransportOptions
from embedded import EmbeddedServers
from erp import accounts
from erp.database import make_engine, make_sessions, migrate
from erp.secrets import Keyring
from sandbox.woocommerce import WooShop, seed_shop
from settings import Settings
from tests.world import Connected, World
from web.app import WebDeps, create_app
from worker import connect, make_worker
from workflows.client import Lifecycle

EMAIL, PASSWORD = "anna@shop.example", "correct horse"
ALL = (Feature.ORDERS, Feature.STOCK, Feature.SHIPMENTS)
_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Browser:
    """Opens pages and sends their forms, with cookies and tokens as a browser would."""

    http: httpx.AsyncClient
    token: str = ""

    async def open(self, path: str, status: int = 200, **headers: str) -> str:
        """Open a page, following redirects; the text as it is in HTML."""
        answer = await self.http.get(path, follow_redirects=True, headers=headers)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{answer.text[:3000]}"
        return self._remember(answer)

    async def send(self, path: str, status: int = 200, **form: Any) -> str:
        """Send a form with the token of the page before, following redirects; the text of the page that follows."""
        answer = await self.http.post(path, data={"csrf": self.token, **form}, follow_redirects=True)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{answer.text[:3000]}"
        return self._remember(answer)

    async def log_in(self, email: str = EMAIL, password: str = PASSWORD) -> None:
        """Log in through the form."""
        await self.open("/login")
        await self.send("/login", email=email, password=password)

    def _remember(self, answer: httpx.Response) -> str:
        found = _TOKEN.search(answer.text)
        if found:
            self.token = found[1]
        return answer.text


@dataclass
class Place:
    """Everything behind the pages: the world with a shop whose orders were imported, some of them parked."""

    world: World
    app: FastAPI
    shop: WooShop
    connected: Connected

    @property
    def base(self) -> str:
        """The path of the integration."""
        return f"/integrations/{self.connected.id}"

    def browser(self, language: str = "de") -> Browser:
        """A fresh browser."""
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        cookies = {"language": language}
        return Browser(httpx.AsyncClient(transport=transport, base_url="http://pages", cookies=cookies, timeout=60))


def text_of(html: str) -> str:
    """What a person reads on a page: without tags, blanks folded."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.fixture(scope="session")
async def place() -> AsyncIterator[Place]:
    """Servers, worker and pages with one shop set up and not yet live; order 12 of 12 has an unmapped payment method."""
    folder = Path(tempfile.mkdtemp(prefix="connect-web-"))
    folder.chmod(0o711)
    with EmbeddedServers(folder / "var") as own:
        migrate(own.database_url)
        sessions = make_sessions(make_engine(own.database_url, pool=20))
        keyring = Keyring({"k1": bytes(range(32))})
        transport = TransportOptions(allow_private=True)
        deps = Deps(sessions=sessions, keyring=keyring, transport=transport, exchange=folder / "exchange")
        client = await connect(Settings(), own.temporal_address)
        with sessions.begin() as session:
            new = accounts.NewAccount(email=EMAIL, name="Anna Beispiel", password=SecretStr(PASSWORD))
            accounts.create_account(session, new)
        web = WebDeps(
            settings=Settings(),
            sessions=sessions,
            temporal=client,
            keyring=keyring,
            specs=connectors.specs(),
            temporal_ui_url=own.temporal_ui_url,
        )
        async with make_worker(client, deps):
            world = World(deps, client, Lifecycle(client))
            with world.stack:
                shop = WooShop()
                seed_shop(shop, articles=20, orders=12)
                connected = await world.connect_shop(shop)
                await connected.set_up(*ALL)
                assert await connected.run(Feature.ORDERS) == "done"
                assert await connected.run(Feature.STOCK) == "done"
                yield Place(world, create_app(web), shop, connected)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def anna(place: Place) -> AsyncIterator[Browser]:
    """A person who is logged in, reading German."""
    browser = place.browser()
    await browser.log_in()
    yield browser
    await browser.http.aclose()
