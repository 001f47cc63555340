"""A filled sandbox shop over real HTTP, and the recorded answers of the real one."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop, seed_shop
from tests.sandbox.support import api_client, fill


@pytest.fixture
def shop() -> WooShop:
    """A small shop that believes it is behind TLS."""
    return fill(WooShop(https=True))


@pytest.fixture
def client(shop: WooShop) -> Iterator[httpx.Client]:
    """A client with the read/write key."""
    with SandboxServer(shop) as server, api_client(server.url, shop) as client:
        yield client


@pytest.fixture(scope="session")
def seeded() -> Iterator[tuple[WooShop, httpx.Client]]:
    """A lifelike shop for tests that only read."""
    shop = WooShop(https=True, fulfillments_enabled=True)
    seed_shop(shop, articles=120, orders=300, seed=7, unknown_sku_share=0.1)
    with SandboxServer(shop) as server, api_client(server.url, shop) as client:
        yield shop, client


@pytest.fixture(scope="session")
def recorded(shared: Path) -> Callable[[str], Any]:
    """Read a recorded answer by its name."""
    folder = shared / "fixtures" / "woocommerce_real"
    return lambda name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
