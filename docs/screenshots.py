"""Takes the pictures of the docs from Chromium: `python -m docs.screenshots` (needs the dev extra and a Chromium)."""

import asyncio
import os
import secrets
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page, Playwright, sync_playwright

import connectors
import worker
from canonical.check import CheckReport
from canonical.feature import Feature
from canonical.lifecycle import By, CreateIntegration
from commands.demo import LOGIN, OTHER_ARTICLES, OTHER_ORDERS, PASSWORD, SEED, SELLING, Demo
from commands.demo_shops import SHARED_SKU
from commands.group import Group
from erp.credentials import store_credentials
from sandbox.server import SandboxServer
from sandbox.shop import SimulatedShop
from sandbox.shopware5 import Shopware5Shop
from sandbox.shopware6 import Shopware6Shop
from sandbox.woocommerce import WooShop, seed_shop
from settings import Settings

FOLDER = Path(__file__).parent / "img"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
WIDTH = 1280
UNKNOWN_SKU = "VASE-NEU"
"""An article that the shop sells and the ERP does not know: its order is parked."""


def other_shops() -> list[SimulatedShop]:
    """A shop of every other system, each selling the article that all of them have."""
    shops: list[SimulatedShop] = [*(kind() for kind in SELLING), Shopware5Shop()]
    for shop in shops:
        shop.seed(articles=OTHER_ARTICLES, orders=OTHER_ORDERS, seed=SEED)
        shop.add_article(SHARED_SKU, "Tasse Morgen", "12.90", stock=100)
    return shops


async def begin_another(play: Demo, shop: SimulatedShop, integration_id: str) -> None:
    """Leave one more integration in the middle of the wizard: credentials stored and tested, some rights missing."""
    by = By(by="demo")
    name = "Zweiter Shop"
    await play.lifecycle.create(CreateIntegration(id=integration_id, connector=shop.key, name=name, by="demo"))
    with play.sessions.begin() as session:
        form = connectors.spec_of(shop.key).credentials.model_validate(shop.credentials(read_only=True))
        store_credentials(session, worker.keyring(play.settings), integration_id, form)
    await play.lifecycle.send(integration_id, "credentials_stored", by)
    await play.lifecycle.send(integration_id, "test_connection", by, CheckReport)


async def sell(play: Demo) -> None:
    """Have every shop sell something, so that the journal begins with orders of all systems, one of them parked."""
    for each in play.others:
        if each.features:
            for quantity in (1, 3):
                each.shop.buy([(SHARED_SKU, quantity)])
            await each.run(Feature.ORDERS)
            await each.until(each.has_imported, "not every order was imported", 180)
    play.shop.add_article(UNKNOWN_SKU, "Vase Ebbe", "34.90", stock=5)
    for sku in (SHARED_SKU, UNKNOWN_SKU, SHARED_SKU):
        play.shop.buy([(sku, 1)])
    await play.run(Feature.ORDERS)


async def play_all(play: Demo, shop: SimulatedShop, integration_id: str) -> None:
    """The demo's story, more sales, then the integration that is not finished, in one event loop."""
    await play.play()
    await sell(play)
    await begin_another(play, shop, integration_id)


def take(page: Page, base: str, other: str) -> None:
    """Log in and take every picture."""
    page.goto(f"{base}/login")
    page.fill("input[name=email]", LOGIN)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{base}/")
    for name, path in (
        ("dashboard", "/"),
        ("wizard", f"/integrations/{other}/setup/credentials"),
        ("integration", "/integrations/demo"),
        ("settings", "/integrations/demo/features/orders"),
        ("journal", "/journal/orders"),
        ("runs", "/journal/runs"),
    ):
        page.goto(base + path)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=str(FOLDER / f"{name}.png"))


def main() -> None:
    """Play the demo in a temporary folder and photograph it."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("No Chromium found; install the package chromium.")
    os.environ["CONNECT_ALLOW_PRIVATE_ADDRESSES"] = "true"
    FOLDER.mkdir(exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="connect-pictures-"))
    data.chmod(0o711)
    settings = Settings(data=data / "var")
    shop, others, unfinished = WooShop(), other_shops(), Shopware6Shop()
    seed_shop(shop, articles=120, orders=60, unknown_sku_share=0)
    other = secrets.token_hex(5)
    with ExitStack() as stack:
        for each in (shop, *others, unfinished):
            stack.enter_context(SandboxServer(each))
        group = stack.enter_context(Group(settings))
        assert group.running is not None
        base = group.running.web_url
        play = Demo(shop, others, group.running, settings, lambda _: None)
        asyncio.run(play_all(play, unfinished, other))
        with sync_playwright() as playwright:
            photograph(playwright, chromium, base, other)
        play.close()
    shutil.rmtree(data, ignore_errors=True)


def photograph(playwright: Playwright, chromium: str, base: str, other: str) -> None:
    """Open a browser, take the pictures, close it."""
    browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
    take(browser.new_page(viewport={"width": WIDTH, "height": 860}, locale="de-DE"), base, other)
    browser.close()


if __name__ == "__main__":
    main()
