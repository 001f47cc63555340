"""Webhooks: unsigned ping, signed deliveries, switched off after failures, as recorded."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from sandbox.woocommerce import WooShop
from tests.sandbox.support import ANNA


class Receiver:
    """An address that takes deliveries and answers with `status`."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append((dict(self.headers.items()), body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Keep the test output clean."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    thread = threading.Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()


def lowered(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def test_a_change_is_delivered_signed_after_an_unsigned_ping(
    shop: WooShop, client: httpx.Client, receiver: Receiver, recorded: Callable[[str], Any]
) -> None:
    body = {"topic": "order.updated", "delivery_url": receiver.url, "secret": "geheim-123", "name": "order.updated"}
    answer = client.post("/webhooks", json=body)
    assert (answer.status_code, list(answer.json())) == (201, list(recorded("webhook_create_order_updated")))
    order = shop.place_order([("KB-300", 1)], ANNA)
    client.put(f"/orders/{order['id']}", json={"status": "completed"})
    shop.webhooks.close()
    (ping_headers, ping), (headers, raw) = receiver.taken
    assert ping == b"webhook_id=1"
    assert "x-wc-webhook-signature" not in lowered(ping_headers)
    digest = base64.b64encode(hmac.new(b"geheim-123", raw, hashlib.sha256).digest()).decode()
    assert lowered(headers)["x-wc-webhook-signature"] == digest
    assert json.loads(raw)["status"] == "completed"
    theirs = lowered(recorded("webhook_deliveries")[2]["headers"])
    assert {name for name in theirs if name.startswith("x-wc")} <= set(lowered(headers))


def test_a_webhook_is_switched_off_after_more_than_five_failures(
    shop: WooShop, client: httpx.Client, receiver: Receiver
) -> None:
    receiver.status = 500
    client.post("/webhooks", json={"topic": "order.created", "delivery_url": receiver.url})
    for _ in range(8):
        shop.place_order([("EL-USBC-2", 1)], ANNA)
    shop.webhooks.close()
    assert client.get("/webhooks/1").json()["status"] == "disabled"
    assert len(receiver.taken) == 6
    assert client.delete("/webhooks/1?force=true").status_code == 200
    assert client.get("/webhooks").json() == []
