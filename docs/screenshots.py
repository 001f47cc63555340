"""Takes the pictures of the docs from Chromium: `python -m docs.screenshots` (needs the dev extra and a Chromium)."""

import asyncio
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, Playwright, sync_playwright

import connectors
import worker
from canonical.check import CheckReport
from canonical.lifecycle import By, CreateIntegration
from commands.demo import LOGIN, PASSWORD, Demo
from commands.group import Group
from erp.credentials import store_credentials
from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop, seed_shop
from settings import Settings

FOLDER = Path(__file__).parent / "img"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
WIDTH = 1280


async def begin_another(play: Demo, integration_id: str) -> None:
    """Leave a second integration in the middle of the wizard: credentials stored and tested."""
    by = By(by="demo")
    name = "Zweiter Shop"
    await play.lifecycle.create(CreateIntegration(id=integration_id, connector="woocommerce", name=name, by="demo"))
    keys = {"consumer_key": play.shop.read_only_key, "consumer_secret": play.shop.read_only_secret}
    with play.sessions() as session:
        form = connectors.spec_of("woocommerce").credentials.model_validate({"url": play.url, **keys})
        store_credentials(session, worker.keyring(play.settings), integration_id, form)
        session.commit()
    await play.lifecycle.send(integration_id, "credentials_stored", by)
    await play.lifecycle.send(integration_id, "test_connection", by, CheckReport)


async def play_all(play: Demo, integration_id: str) -> None:
    """The demo's story, then the second integration, in one event loop."""
    await play.play()
    await begin_another(play, integration_id)


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
    shop = WooShop()
    seed_shop(shop, articles=300, orders=120, unknown_sku_share=0.03)
    other = secrets.token_hex(5)
    with SandboxServer(shop) as server, Group(settings) as group:
        assert group.running is not None
        base = group.running.web_url
        play = Demo(shop, server.url, group.running, settings, lambda _: None)
        asyncio.run(play_all(play, other))
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
