"""What shops call: webhooks that start runs, keys they send, images they fetch; and nothing else without a login.

The pages are served over HTTP beside the worker, so that the simulated shop delivers by itself.
"""

import asyncio
import base64
import hashlib
import hmac
import io
import re
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import text

from canonical.feature import Feature
from canonical.lifecycle import By, Delete
from canonical.runs import WEBHOOKS, HouseTask
from sandbox.woocommerce import WooShop
from settings import Settings
from tests.web.conftest import Browser, Place, text_of
from tests.world import BY, Connected
from web.app import create_app
from web.hooks import LARGEST
from worker import make_worker

QUEUE = "hooks-test"
"""A task queue of its own: its worker knows the public address."""
PNG = b"\x89PNG\r\n\x1a\n" + b"\x01" * 40
BUYER = {"first_name": "Jo", "last_name": "Doe", "email": "jo@buyer.example"}
HOME = BUYER | {"address_1": "Hauptstr. 1", "postcode": "20095", "city": "Hamburg", "country": "DE"}
TOPICS = ["order.created", "order.updated"]


@dataclass
class Outside:
    """The server as shops reach it, and a shop that is live."""

    url: str
    place: Place
    live: Connected
    http: httpx.AsyncClient

    async def watch(self) -> None:
        """Half an hour is over: the subscriptions are looked after."""
        with self.place.world.deps.sessions.begin() as session:
            session.execute(text("UPDATE webhook SET checked_at = NULL"))
        await self.place.world.client.execute_workflow(
            "HouseRun", HouseTask(name=WEBHOOKS), id="house/webhooks-test", task_queue=QUEUE
        )

    def hook(self, column: str) -> Any:
        """One column of the live shop's way in."""
        return self.place.world.number(f"SELECT {column} FROM webhook WHERE integration_id = :id", id=self.live.id)

    def subscriptions(self) -> list[tuple[str, str]]:
        """What the shop has of us: topics and whether they are active."""
        hooks = self.live.shop.webhooks.hooks.values()
        return sorted((hook["topic"], hook["status"]) for hook in hooks if hook["delivery_url"].startswith(self.url))

    async def deliver(self, delivery: str, body: bytes = b'{"id":1}', *, secret: str = "", token: str = "") -> int:
        """What a shop sends, signed; returns the status of the answer."""
        secret = secret or next(iter(self.live.shop.webhooks.hooks.values()))["secret"]
        signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
        headers = {
            "X-WC-Webhook-Topic": "order.updated",
            "X-WC-Webhook-Signature": signature,
            "X-WC-Webhook-Delivery-ID": delivery,
        }
        began = time.perf_counter()
        answer = await self.http.post(f"/hooks/{token or self.hook('token')}", content=body, headers=headers)
        print(f"answered {answer.status_code} in {(time.perf_counter() - began) * 1000:.0f} ms")
        return answer.status_code

    async def browser(self, language: str = "de") -> Browser:
        """A person who is logged in at the public address."""
        browser = Browser(httpx.AsyncClient(base_url=self.url, cookies={"language": language}, timeout=60))
        await browser.log_in()
        return browser


@pytest.fixture(scope="module")
async def outside(place: Place) -> AsyncIterator[Outside]:
    """Pages over HTTP, a worker that knows their address, and a shop with one article that is live and subscribed to."""
    shop = WooShop()
    shop.add_article("HOOK-1", "Haken", "4.90", stock=100)
    live = await place.world.connect_shop(shop)
    await live.set_up(Feature.ORDERS)
    await live.go_live()
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    web = replace(place.app.state.deps, settings=Settings(public_url=url))
    server = uvicorn.Server(uvicorn.Config(create_app(web), log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    worker = make_worker(place.world.client, replace(place.world.deps, public_url=url), slots=4, task_queue=QUEUE)
    async with worker, httpx.AsyncClient(base_url=url, timeout=60) as http:
        found = Outside(url, place, live, http)
        await found.watch()
        yield found
    shop.webhooks.close()
    server.should_exit = True
    await serving
    await live.send("stop", By(by=BY))
    await live.send("delete", Delete(confirm=f"Shop {live.id}", by=BY))


async def test_an_order_in_the_shop_is_in_the_erp_by_its_webhook(outside: Outside) -> None:
    assert outside.subscriptions() == [(topic, "active") for topic in TOPICS]
    before, world = outside.live.orders(), outside.place.world
    await asyncio.to_thread(outside.live.shop.place_order, [("HOOK-1", 1)], HOME, payment_method="ppcp-gateway")
    await world.until(lambda: outside.live.orders() == before + 1, "the order came by its webhook")
    run = "SELECT count(*) FROM run WHERE integration_id = :id AND trigger = 'webhook'"
    assert world.number(run, id=outside.live.id) >= 1
    assert outside.hook("received") >= 1


async def test_repeated_late_and_foreign_deliveries_change_nothing(outside: Outside) -> None:
    orders, received = outside.live.orders(), outside.hook("received")
    newest, oldest = b'{"id":9,"status":"completed"}', b'{"id":9,"status":"pending"}'
    assert [await outside.deliver("d-2", newest), await outside.deliver("d-1", oldest)] == [202, 202]
    assert [await outside.deliver("d-1", oldest) for _ in range(2)] == [202, 202], "known ones are taken again"
    assert outside.hook("received") == received + 2
    assert outside.live.orders() == orders


async def test_what_is_not_from_the_shop_is_refused(outside: Outside) -> None:
    received, refused = outside.hook("received"), outside.hook("refused")
    assert await outside.deliver("x-1", secret="guessed") == 401
    assert outside.hook("refused") == refused + 1
    assert await outside.deliver("x-2", token="guessed") == 404
    assert await outside.deliver("x-3", b"x" * (LARGEST + 1)) == 413
    assert (await outside.http.get(f"/hooks/{outside.hook('token')}")).status_code == 405
    assert outside.hook("received") == received


async def test_lost_and_disabled_subscriptions_are_mended_by_the_watch(outside: Outside) -> None:
    shop = outside.live.shop
    lost, disabled = list(shop.webhooks.hooks.values())[:2]
    with shop.changes():
        shop.remove_webhook(lost["id"])
        shop.save_webhook({**disabled, "status": "disabled", "failures": 6})
    assert [status for _, status in outside.subscriptions()] == ["disabled"]
    await outside.watch()
    assert outside.subscriptions() == [(topic, "active") for topic in TOPICS]
    person = await outside.browser()
    shown = text_of(await person.open(f"/integrations/{outside.live.id}"))
    assert "Meldungen des Shops aktiv" in shown
    assert "Zuletzt eingerichtet oder repariert" in shown and "order.created, order.updated" in shown
    events = "SELECT count(*) FROM journal WHERE integration_id = :id AND event = 'webhooks_healed'"
    healed = outside.place.world.number(events, id=outside.live.id)
    await outside.watch()
    assert outside.place.world.number(events, id=outside.live.id) == healed, "whole ones are left alone"


@pytest.mark.parametrize(
    ("language", "said"),
    [("de", "Connect hat keine öffentliche Adresse"), ("en", "Connect has no public address")],
)
async def test_without_a_public_address_the_page_says_why_nothing_is_reported(
    outside: Outside, language: str, said: str
) -> None:
    person = outside.place.browser(language)
    await person.log_in()
    assert said in text_of(await person.open(f"/integrations/{outside.live.id}"))


async def test_keys_that_the_shop_sends_become_credentials(outside: Outside) -> None:
    connected = outside.live
    connected.shop.gate.revoke(connected.shop.consumer_key)
    assert not (await connected.test()).ok
    person = await outside.browser()
    step = f"/integrations/{connected.id}/setup/authorize/callback"
    await person.open(step)
    assert "Adresse" in text_of(await person.send(step, 422, url="ftp://shop.example"))
    page = await person.send(step, url=connected.server.url)
    target = next(unescape(link) for link in re.findall(r'href="([^"]+)"', page) if "wc-auth" in link)
    assert target.startswith(connected.server.url)
    state = re.findall(r"user_id=([\w-]+)", target)[0]
    async with httpx.AsyncClient(timeout=60) as merchant:
        agreed = await merchant.get(target)
    assert agreed.status_code == 302
    assert "hat den Zugriff freigegeben" in text_of(await person.open(agreed.headers["location"]))
    assert (await connected.test()).ok, "with the new key"
    again = {"user_id": state, "consumer_key": "ck_x", "consumer_secret": "cs_x", "key_permissions": "read_write"}
    assert (await outside.http.post(f"/hooks/keys/{state}", json=again)).status_code == 403, "used once"
    assert (await connected.test()).ok


async def test_keys_and_answers_that_nobody_asked_for_are_refused(outside: Outside) -> None:
    keys = {"user_id": "forged", "consumer_key": "ck_x", "consumer_secret": "cs_x", "key_permissions": "read_write"}
    assert (await outside.http.post("/hooks/keys/forged", json=keys)).status_code == 403
    assert (await outside.http.post("/hooks/keys/forged", content=b"{")).status_code == 400
    assert (await outside.http.post("/hooks/keys/forged", content=b"x" * (LARGEST + 1))).status_code == 400
    stranger = await outside.http.get("/authorized?state=forged&code=x")
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/login")
    person = await outside.browser()
    assert "abgelaufen" in text_of(await person.open("/authorized?state=forged&code=x"))


async def test_only_the_pictures_are_there_without_a_login(outside: Outside) -> None:
    person = await outside.browser()
    await person.open("/article/HOOK-1?tab=images")
    files, data = {"file": ("a.png", io.BytesIO(PNG))}, {"csrf": person.token, "article": "HOOK-1"}
    uploaded = await person.http.post("/articles/images", data=data, files=files, follow_redirects=True)
    assert uploaded.status_code == 200
    digest = hashlib.sha256(PNG).hexdigest()
    for name in (f"{digest}.png", f"{digest}.jpg", digest):
        shown = await outside.http.get(f"/media/{name}")
        assert (shown.status_code, shown.headers["content-type"], shown.content) == (200, "image/png", PNG)
    assert shown.headers["x-content-type-options"] == "nosniff"
    missing = [f"/media/{'0' * 64}.jpg", "/media/", "/media/%", "/media/..%2Fhealthz", "/hooks/", "/hooks/keys/x"]
    answers = [(await outside.http.get(path)).status_code for path in missing]
    assert set(answers) <= {404, 405}, dict(zip(missing, answers, strict=True))
    assert (await outside.http.post(f"/media/{digest}.png")).status_code == 405
    for path in ("/articles/images/1", f"/integrations/{outside.live.id}", "/connectors/matrix.pdf"):
        assert (await outside.http.get(path)).headers.get("location") == "/login"
