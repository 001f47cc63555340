"""A person's whole story in Chromium: empty system, wizard, first order in the ERP, journal, repair of a parked order.

Everything is real: `connect up` with its own servers, worker and web as processes, and a shop over HTTP.
"""

import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from pydantic import SecretStr
from sqlalchemy import text

from commands.group import Group
from erp.accounts import NewAccount, create_account
from erp.database import make_engine, make_sessions
from erp.seed import seed_articles
from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop, catalogue, seed_shop
from settings import Settings

EMAIL, PASSWORD = "anna@shop.example", "correct horse"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class Story:
    """The running system and the browser's page."""

    page: Page
    base: str
    shop: WooShop
    shop_url: str
    number: Callable[[str], int]

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def until(self, query: str, wanted: int) -> None:
        deadline = time.monotonic() + 60
        while self.number(query) != wanted:
            assert time.monotonic() < deadline, f"{query} is {self.number(query)}, not {wanted}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def story(chromium: str) -> Iterator[Story]:
    folder = Path(tempfile.mkdtemp(prefix="connect-browser-"))
    folder.chmod(0o711)
    patch = pytest.MonkeyPatch()
    patch.setenv("CONNECT_ALLOW_PRIVATE_ADDRESSES", "true")
    shop = WooShop()
    seed_shop(shop, articles=20, orders=6)
    settings = Settings(data=folder / "var", web_port=18080)
    with SandboxServer(shop) as server, Group(settings) as group, sync_playwright() as playwright:
        assert group.running is not None
        engine = make_engine(group.running.database_url, pool=2)
        sessions = make_sessions(engine)
        with sessions.begin() as session:
            create_account(session, NewAccount(email=EMAIL, name="Anna", password=SecretStr(PASSWORD), language="en"))
            seed_articles(session, catalogue(shop))

        def number(query: str) -> int:
            with sessions() as session:
                return int(session.execute(text(query)).scalar_one())

        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(locale="en-GB", viewport={"width": 1280, "height": 900})
        page.set_default_timeout(20_000)
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("request", lambda request: failures.append(request.url) if "127.0.0.1" not in request.url else None)
        yield Story(page, group.running.web_url, shop, server.url, number)
        browser.close()
        engine.dispose()
        assert failures == []
    patch.undo()
    shutil.rmtree(folder, ignore_errors=True)


def test_the_whole_story(story: Story) -> None:
    log_in(story)
    play_the_wizard(story)
    set_up_orders(story)
    go_live(story)
    repair_a_parked_order(story)


def log_in(story: Story) -> None:
    story.open("/")
    story.page.get_by_label("E-mail").fill(EMAIL)
    story.page.get_by_label("Password").fill(PASSWORD)
    story.press("Log in")
    expect(story.page.get_by_role("heading", name="Dashboard")).to_be_visible()


def play_the_wizard(story: Story) -> None:
    page = story.page
    story.open("/connectors")
    card = page.locator(".connector").filter(has=page.get_by_role("heading", name="WooCommerce"))
    card.get_by_role("button", name="Install").click()
    card.get_by_role("link", name="New integration").click()
    page.get_by_label("Name").fill("My shop")
    story.press("Next")
    page.get_by_label("Address of the shop").fill(f"  {story.shop_url}/wp-admin/ ")
    page.get_by_label("Consumer key").fill(story.shop.consumer_key)
    page.get_by_label("Consumer secret").fill("cs_" + "0" * 40)
    story.press("Test connection")
    # A wrong secret is named, and what was typed stays; the address was cleaned in view.
    expect(page.get_by_text("refuses the credentials").first).to_be_visible()
    expect(page.get_by_label("Address of the shop")).to_have_value(story.shop_url)
    assert story.number("SELECT count(*) FROM inbox_document") == 0
    # Leaving and coming back goes on at the same step.
    story.open("/integrations")
    page.get_by_role("main").get_by_role("link", name="My shop").first.click()
    expect(page).to_have_url(re.compile("setup/credentials$"))
    page.get_by_label("Consumer secret").fill(story.shop.consumer_secret)
    story.press("Test connection")
    page.get_by_role("link", name="Next", exact=True).click()
    for feature in ("orders", "stock", "shipments"):
        page.locator(f"#f-{feature}").check()
    story.press("Create")
    expect(page.get_by_text("Schedule set up, paused: Orders")).to_be_visible()
    page.get_by_role("link", name="To the integration").click()
    expect(page.get_by_text("Development").first).to_be_visible()


def set_up_orders(story: Story) -> None:
    page = story.page
    page.get_by_role("main").get_by_role("link", name="Orders", exact=True).first.click()
    page.locator("#s-default_project").select_option("SHOP")
    page.locator("#s-shipping_article").select_option("PORTO")
    page.locator("#s-discount_article").select_option("RABATT")
    page.locator("#s-surcharge_article").select_option("ZUSCHLAG")
    page.locator("#s-default_shipping").select_option("dhl")
    page.locator("#s-default_shipping_if_unmapped").check()
    page.locator("#s-default_payment").select_option("paypal")
    story.press("Save")
    expect(page.get_by_text("Revision 1")).to_be_visible()
    story.press("Switch on")
    expect(page.get_by_text("switched on").first).to_be_visible()


def go_live(story: Story) -> None:
    page = story.page
    page.get_by_role("link", name="Go live").first.click()
    page.locator("#start_at").fill("2026-01-01T00:00")
    story.press("Switch productive mode on")
    expect(page.get_by_role("heading", name="My shop Productive mode")).to_be_visible(timeout=30_000)
    assert story.number("SELECT count(*) FROM integration WHERE mode = 'productive'") == 1


def repair_a_parked_order(story: Story) -> None:
    """All orders park for their payment method; choosing it releases those that used it, and the first order is in the ERP."""
    page, shop = story.page, story.shop
    wanted = [order for order in shop.orders.values() if order["status"] in ("processing", "on-hold")]
    page.get_by_role("link", name="Overview").first.click()
    story.press("Run now")
    story.until("SELECT count(*) FROM inbox_document WHERE state = 'parked'", len(wanted))
    story.open("/journal/orders?state=parked")
    expect(page.get_by_text("is not mapped").first).to_be_visible()
    page.get_by_role("main").get_by_role("link", name=wanted[0]["number"], exact=True).click()
    expect(page).to_have_url(re.compile("/journal/documents/"), timeout=20_000)
    page.get_by_role("link", name="Repair").first.click()
    method = wanted[0]["payment_method"]
    row = page.locator(".map-row", has=page.locator(f'input[value="{method}"]')).first
    row.get_by_label("Value in the ERP").select_option("paypal")
    story.press("Save")
    released = [order for order in wanted if order["payment_method"] == method]
    story.until("SELECT count(*) FROM sales_order", len(released))
    story.open("/journal/orders")
    page.get_by_role("main").get_by_role("link", name=wanted[0]["number"], exact=True).click()
    expect(page.get_by_text("Order imported as").first).to_be_visible()
    story.open("/orders")
    expect(page.get_by_role("main").get_by_text(wanted[0]["number"], exact=True).first).to_be_visible()
