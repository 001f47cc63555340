"""Faults do what their name says, as often and where they are told to."""

import threading
import time
from collections.abc import Callable

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop
from tests.sandbox.support import ANNA, api_client


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for something another thread does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.01)


@pytest.mark.parametrize("mode", ["429", "500", "503"])
def test_a_refusal_lasts_as_many_requests_as_it_is_told(mode: str, shop: WooShop, client: httpx.Client) -> None:
    shop.faults.set(mode, count=2, retry_after=7)
    answers = [client.get("/orders") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [int(mode), int(mode), 200]
    assert answers[0].headers["retry-after"] == "7"
    assert shop.faults.hits == 2


def test_a_fault_hits_only_the_path_it_names(shop: WooShop, client: httpx.Client) -> None:
    shop.faults.set("503", path="POST .*/products/batch")
    assert client.get("/products").status_code == 200
    assert client.post("/products/batch", json={}).status_code == 503
    shop.faults.clear()
    assert client.post("/products/batch", json={}).status_code == 200


def test_html_instead_of_json(shop: WooShop, client: httpx.Client) -> None:
    shop.faults.set("html", count=1)
    answer = client.get("/orders")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/html")


def test_a_dropped_connection_leaves_no_effect(shop: WooShop, client: httpx.Client) -> None:
    order = shop.place_order([("KB-300", 1)], ANNA)
    shop.faults.set("drop", count=1)
    with pytest.raises(httpx.TransportError):
        client.put(f"/orders/{order['id']}", json={"status": "completed"})
    assert (shop.effects, shop.orders[order["id"]]["status"]) == ([], "on-hold")
    assert shop.requests.count("PUT", status=0) == 1
    assert client.get("/orders").status_code == 200


def test_a_lost_reply_comes_after_the_effect(shop: WooShop, client: httpx.Client) -> None:
    order = shop.place_order([("KB-300", 1)], ANNA)
    shop.faults.set("lose_reply", count=1, path="PUT ")
    with pytest.raises(httpx.TransportError):
        client.put(f"/orders/{order['id']}", json={"status": "completed"})
    assert [effect.value for effect in shop.effects] == ["completed"]
    assert client.put(f"/orders/{order['id']}", json={"status": "completed"}).status_code == 200
    assert len(shop.effects) == 1


def test_a_slow_answer_comes_late(shop: WooShop, client: httpx.Client) -> None:
    shop.faults.set("slow", count=1, delay=0.2)
    started = time.monotonic()
    assert client.get("/orders").status_code == 200
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(("mode", "effects_while_waiting"), [("hang", 0), ("hang_reply", 1)])
def test_a_hanging_request_waits_for_its_release(
    mode: str, effects_while_waiting: int, shop: WooShop, client: httpx.Client
) -> None:
    cup = shop.skus["KB-300"]
    client.post(f"{root(client)}/sandbox/faults", json={"mode": mode, "path": "batch"})
    answers: list[int] = []

    def send() -> None:
        answers.append(client.post("/products/batch", json={"update": [{"id": cup, "stock_quantity": 3}]}).status_code)

    thread = threading.Thread(target=send)
    thread.start()
    until(lambda: httpx.get(f"{root(client)}/sandbox/faults").json()["waiting"] == 1)
    assert len(shop.effects) == effects_while_waiting
    assert answers == []
    client.post(f"{root(client)}/sandbox/faults", json={"release": True})
    thread.join(5)
    assert (answers, len(shop.effects), shop.faults.waiting) == ([200], 1, 0)


def test_a_hanging_request_whose_client_dies_does_nothing(shop: WooShop, client: httpx.Client) -> None:
    shop.faults.set("hang", count=1)
    with pytest.raises(httpx.ReadTimeout):
        client.put(f"/products/{shop.skus['KB-300']}", json={"stock_quantity": 3}, timeout=0.2)
    until(lambda: shop.requests.count("PUT", status=0) == 1)
    shop.faults.release()
    assert client.get("/orders").status_code == 200
    assert shop.effects == []


def test_an_unknown_fault_is_refused(client: httpx.Client) -> None:
    answer = httpx.post(f"{root(client)}/sandbox/faults", json={"mode": "explode"})
    assert answer.status_code == 400
    assert "explode" in answer.json()["error"]
    assert httpx.post(f"{root(client)}/sandbox/faults", json={"mode": "500", "path": "("}).status_code == 400


def test_a_shop_that_was_down_answers_again_at_the_same_address(shop: WooShop) -> None:
    with SandboxServer(shop) as server, api_client(server.url, shop) as client:
        assert client.get("/orders").status_code == 200
    with api_client(server.url, shop) as client:
        with pytest.raises(httpx.ConnectError):
            client.get("/orders")
        with SandboxServer(shop, port=int(server.url.rsplit(":", 1)[1])):
            assert client.get("/orders").status_code == 200


def test_a_revoked_key_is_unknown_and_a_changed_permission_counts(shop: WooShop, client: httpx.Client) -> None:
    shop.gate.revoke(shop.consumer_key)
    assert client.get("/orders").status_code == 401
    shop.gate.grant(shop.keys[0])
    assert client.get("/orders").status_code == 200


def root(client: httpx.Client) -> str:
    """The address of the shop without the API's path."""
    return str(client.base_url).split("/wp-json")[0]
