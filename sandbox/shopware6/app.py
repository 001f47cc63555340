"""The shop as an ASGI application: the Admin API with its faults, the page for people and the switches for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.types import ASGIApp

from sandbox.faulty import FaultyApp
from sandbox.shopware6.api import AdminApi
from sandbox.shopware6.page import page_routes
from sandbox.shopware6.seed import random_order
from sandbox.switches import switch_routes

if TYPE_CHECKING:
    from sandbox.shopware6.shop import Shopware6Shop


def build_app(shop: Shopware6Shop) -> ASGIApp:
    """The application of one shop."""
    pages = Starlette(routes=[*page_routes(shop), *switch_routes(shop, lambda: random_order(shop))])
    return FaultyApp(shop, AdminApi(shop), pages)
