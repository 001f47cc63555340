"""A filled simulated Shopify over real HTTP."""

from collections.abc import Iterator

import pytest

from sandbox.server import SandboxServer
from sandbox.shopify import ShopifyShop
from tests.sandbox.shopify.support import Api, fill


@pytest.fixture
def shop() -> ShopifyShop:
    """A small shop."""
    return fill(ShopifyShop(bucket=100_000))


@pytest.fixture
def api(shop: ShopifyShop) -> Iterator[Api]:
    """A client with the custom app's token."""
    with SandboxServer(shop) as server:
        found = Api(server.url, shop.credentials()["token"])
        yield found
        found.client.close()
