"""Keys handed to an application: the shop posts them, and sends the browser back."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.woocommerce import WooShop


class Application:
    """Takes what the shop posts; answers with `status`."""

    def __init__(self) -> None:
        self.taken: list[dict[str, object]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                outer.taken.append(json.loads(self.rfile.read(length)))
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/keys"


@pytest.fixture
def application() -> Iterator[Application]:
    made = Application()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def ask(client: httpx.Client, application: Application, **changed: str) -> httpx.Response:
    """Open the consent page as the browser does."""
    query = {
        "app_name": "Connect",
        "scope": "read_write",
        "user_id": "run-7",
        "return_url": "https://connect.example/back?step=2",
        "callback_url": application.url,
        **changed,
    }
    return httpx.get(str(client.base_url).split("/wp-json")[0] + "/wc-auth/v1/authorize", params=query, trust_env=False)


def test_keys_are_posted_and_work_and_the_browser_goes_back(
    shop: WooShop, client: httpx.Client, application: Application
) -> None:
    answer = ask(client, application)
    assert answer.status_code == 302
    back = urlsplit(answer.headers["location"])
    assert parse_qs(back.query) == {"step": ["2"], "success": ["1"], "user_id": ["run-7"]}
    keys = application.taken[0]
    assert (keys["user_id"], keys["key_permissions"]) == ("run-7", "read_write")
    auth = (str(keys["consumer_key"]), str(keys["consumer_secret"]))
    assert client.get("/orders", auth=auth).status_code == 200
    shop.revoke()
    assert client.get("/orders").status_code == 401


def test_the_scope_is_the_keys_permission(client: httpx.Client, application: Application) -> None:
    ask(client, application, scope="read")
    auth = (str(application.taken[0]["consumer_key"]), str(application.taken[0]["consumer_secret"]))
    assert client.post("/products", json={}, auth=auth).status_code == 401


def test_an_owner_may_decline(shop: WooShop, client: httpx.Client, application: Application) -> None:
    shop.agrees = False
    answer = ask(client, application)
    assert "success=0" in answer.headers["location"]
    assert application.taken == []


def test_keys_that_could_not_be_handed_over_are_deleted(client: httpx.Client, application: Application) -> None:
    application.status = 500
    assert ask(client, application).status_code == 401
    auth = (str(application.taken[0]["consumer_key"]), str(application.taken[0]["consumer_secret"]))
    assert client.get("/orders", auth=auth).status_code == 401


@pytest.mark.parametrize(
    "changed", [{"scope": "admin"}, {"callback_url": "http://connect.example/keys"}, {"return_url": ""}]
)
def test_a_wrong_question_makes_no_keys(
    client: httpx.Client, application: Application, changed: dict[str, str]
) -> None:
    assert ask(client, application, **changed).status_code == 401
    assert application.taken == []
