"""Fixtures of the connectors' tests: a server that says exactly what a test tells it, and recorded answers."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from pydantic import SecretStr

import connectors
from canonical.feature import Feature
from connectors.account import Account
from connectors.transport import TransportOptions
from connectors.woocommerce.client import WooCommerce
from connectors.woocommerce.settings import WooCredentials, WooShipmentSettings
from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
BUYER = {
    "first_name": "Anna",
    "last_name": "Weiß",
    "address_1": "Hauptstr. 1",
    "postcode": "20095",
    "city": "Hamburg",
    "country": "DE",
    "email": "anna@example.org",
}

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


@dataclass
class RawServer:
    """Answers each request with the next of `answers` (bytes as they go over the wire), the last one again and again."""

    answers: list[bytes] = field(default_factory=lambda: [OK])
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next_answer(self) -> bytes:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def raw_server() -> Iterator[RawServer]:
    """A server at the socket level: an empty answer cuts the connection, a half one is sent and then cut."""
    state = RawServer()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            state.connections += 1
            stream = self.request.makefile("rb")
            while True:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    line = stream.readline()
                    if not line:
                        return
                    head += line
                length = next((int(x[15:]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")), 0)
                state.requests.append(head + stream.read(length))
                answer = state.next_answer()
                self.request.sendall(answer)
                if b"\r\n\r\n" not in answer or b"connection: close" in answer:
                    self.request.shutdown(socket.SHUT_RDWR)
                    return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def recorded(shared: Path) -> Callable[[str], bytes]:
    """The body of a recorded answer of the real shop, by its name."""
    return lambda name: (shared / "fixtures" / "woocommerce_real" / f"{name}.json").read_bytes()


@pytest.fixture(scope="session")
def order_bodies(recorded: Callable[[str], bytes]) -> list[bytes]:
    """All recorded orders, each as one document."""
    return [orjson.dumps(row) for row in orjson.loads(recorded("orders_all"))]


class WooUnderTest:
    """WooCommerce with its sandbox, in the words that the conformance suite uses for every connector."""

    key = "woocommerce"

    def __init__(self, shop: WooShop, url: str) -> None:
        self.shop = shop
        self.url = url
        self.secrets = (shop.consumer_secret, shop.read_only_secret)

    def connect(self, *, read_only: bool = False, url: str = "", **settings: object) -> WooCommerce:
        """Build the connector through the registry; keyword arguments are shipment settings."""
        shop = self.shop
        account = WooCredentials(
            url=url or self.url,
            consumer_key=shop.read_only_key if read_only else shop.consumer_key,
            consumer_secret=SecretStr(shop.read_only_secret if read_only else shop.consumer_secret),
        )
        chosen = {Feature.SHIPMENTS: WooShipmentSettings.model_validate({"cancel_in_channel": True, **settings})}
        options = TransportOptions(allow_private=True, timeout=5)
        made = connectors.build(self.key, account, chosen, Account(), options)
        assert isinstance(made, WooCommerce)
        return made

    def place(self, count: int, *, start: datetime = START, step: timedelta = timedelta(seconds=7)) -> list[str]:
        """Let customers buy; changed at steps from the start. Returns the orders' external ids."""
        if "MUG" not in self.shop.skus:
            self.shop.add_product("MUG", "Becher", "11.90", stock=100_000)
        moments = [start + step * index for index in range(count)]
        lines = [("MUG", 1)]
        return [
            str(self.shop.place_order(lines, BUYER, created=moment, modified=moment, status="processing")["id"])
            for moment in moments
        ]

    def touch(self, order: str, moment: datetime) -> None:
        """Somebody changes an order in the shop."""
        with self.shop.changes():
            document = dict(self.shop.orders[int(order)])
            document["customer_note"] = "geändert"
            text = moment.strftime("%Y-%m-%dT%H:%M:%S")
            document["date_modified_gmt"] = document["date_modified"] = text
            self.shop.save_order(document)

    def fault(self, mode: str, **options: object) -> None:
        """Switch a fault on."""
        self.shop.faults.set(mode, **options)  # type: ignore[arg-type]

    def heal(self) -> None:
        """Switch faults off."""
        self.shop.faults.clear()

    def revoke(self) -> None:
        """The shop's owner deletes the key."""
        self.shop.gate.revoke(self.shop.consumer_key)

    def effects(self, kind: str, key: str | None = None) -> list[str]:
        """The values of the effects that the shop accepted."""
        return [effect.value for effect in self.shop.effects if effect.kind == kind and key in (None, effect.key)]


@pytest.fixture
def woo() -> Iterator[WooUnderTest]:
    """A running sandbox shop of WooCommerce over plain HTTP."""
    shop = WooShop()
    with SandboxServer(shop) as server:
        yield WooUnderTest(shop, server.url)


@pytest.fixture(scope="session")
def under_test() -> Callable[[WooShop, str], WooUnderTest]:
    """Put a shop under test that a test serves itself."""
    return WooUnderTest
