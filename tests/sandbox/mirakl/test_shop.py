"""The shop as a whole: limits of the specification, faults, memory, the seed, the page and the switches."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from sandbox.mirakl import MiraklShop
from sandbox.shop import SimulatedShop
from tests.sandbox.mirakl.support import Open, csv_file, fill, order_of, stock


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("method", "path", "seconds"),
    [
        *(("GET", "/orders", 60), ("GET", "/account", 86400), ("GET", "/hierarchies", 3600), ("PUT", "/orders", 60)),
        *(("GET", "/offers/pricing/imports", 60), ("GET", "/shipping/carriers", 86400)),
    ],
)
def test_a_call_that_comes_too_early_is_told_when_to_come_back(
    open_shop: Open, method: str, path: str, seconds: int
) -> None:
    clock = Clock()
    client = open_shop(fill(MiraklShop(enforce_frequency=True, clock=clock)))
    body = {"json": {"orders": [{"order_id": "X-A"}]}} if method == "PUT" else {}
    assert client.request(method, path, **body).status_code == 200
    clock.wait(10)
    refused = client.request(method, path, **body)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, str(seconds - 10))
    clock.wait(seconds - 10)
    assert client.request(method, path, **body).status_code == 200


def test_pages_and_look_ups_are_not_calls_of_their_own_and_imports_are_polled_each_for_itself(open_shop: Open) -> None:
    clock = Clock()
    shop = fill(MiraklShop(enforce_frequency=True, clock=clock))
    for _ in range(3):
        shop.buy([("CUP", 1)])
    client = open_shop(shop)
    assert client.get("/orders?max=1").status_code == 200
    assert client.get("/orders?max=1&offset=1").status_code == 200
    assert client.get("/orders?order_ids=X-A").status_code == 200
    assert client.get("/orders?max=1").status_code == 429
    files = csv_file("offer-sku quantity", ["CUP", 1])
    first = client.post("/offers/stock/imports", files=files)
    assert client.post("/offers/stock/imports", files=files).status_code == 429
    path = f"/offers/stock/imports/{first.json()['import_id']}/status"
    assert [client.get(path).status_code for _ in range(2)] == [200, 429]
    clock.wait(15)
    assert client.get(path).json()["status"] == "COMPLETE"


def test_without_the_switch_nothing_is_limited(client: httpx.Client) -> None:
    assert {client.get("/account").status_code for _ in range(3)} == {200}


def test_a_revoked_key_is_unknown_until_there_is_a_new_one(client: httpx.Client, shop: MiraklShop) -> None:
    shop.revoke()
    assert client.get("/version").status_code == 401
    shop.grant(shop.credentials()["api_key"])
    assert client.get("/version").status_code == 200


def test_a_lost_reply_comes_after_the_effect(client: httpx.Client, shop: MiraklShop) -> None:
    order_id = shop.buy([("CUP", 1)])
    shop.faults.set("lose_reply", count=1, path="PUT .*/ship")
    with pytest.raises(httpx.TransportError):
        client.put(f"/orders/{order_id}/ship")
    assert client.put(f"/orders/{order_id}/ship").json()["code"] == "ORDER_INVALID_STATE"
    assert [effect.value for effect in shop.effects] == ["SHIPPED"]


@pytest.mark.parametrize(("mode", "status"), [("429", 429), ("500", 500), ("503", 503), ("html", 200)])
def test_faults_are_answered_for_as_many_requests_as_told(
    client: httpx.Client, shop: MiraklShop, mode: str, status: int
) -> None:
    shop.faults.set(mode, count=1, retry_after=7)
    refused = client.get("/orders")
    assert refused.status_code == status
    assert mode == "html" or refused.headers["retry-after"] == "7"
    assert "orders" in client.get("/orders").json()


def test_a_new_shop_on_the_same_file_goes_on_where_the_last_ended(open_shop: Open, tmp_path: Path) -> None:
    file = tmp_path / "shop.jsonl"
    shop = fill(MiraklShop(state_file=file, warehouses=("NORD",)))
    client = open_shop(shop)
    order_id = shop.buy([("CUP", 2)])
    stock(client, ["LAMP", 3, "NORD", ""])
    client.put(f"/orders/{order_id}/ship")
    entry = {"order_line_id": f"{order_id}-1", "amount": 12.9, "shipping_amount": 0, "reason_code": "17"}
    client.put("/orders/refund", json={"refunds": [entry]})
    running = client.post("/offers/stock/imports", files=csv_file("offer-sku quantity", ["CUP", 1])).json()["import_id"]
    before, shown = shop.ledger(), order_of(client, order_id)
    shop.close()
    again = MiraklShop(state_file=file, warehouses=("NORD",))
    assert (again.ledger(), again.effects) == (before, shop.effects)
    client = open_shop(again)
    assert order_of(client, order_id) == shown
    assert client.get(f"/offers/stock/imports/{running}/status").json()["status"] == "RUNNING"
    assert again.buy([("CUP", 1)]) != order_id


def test_the_seed_is_the_same_for_the_same_number() -> None:
    clock = Clock()
    first, second, other = (MiraklShop(clock=clock) for _ in range(3))
    for shop, number in ((first, 1), (second, 1), (other, 2)):
        shop.seed(articles=40, orders=80, seed=number)
    assert (first.catalogue(), first.orders) == (second.catalogue(), second.orders)
    assert first.orders != other.orders
    ledger = first.ledger()
    assert (len(first.catalogue()), len(ledger.orders)) == (40, 80)
    assert all(facts.is_importable for facts in ledger.orders.values())


def test_the_seed_is_lifelike() -> None:
    shop = MiraklShop()
    shop.seed(articles=60, orders=250)
    orders = list(shop.orders.values())
    lines = [line for order in orders for line in order["order_lines"]]
    assert {tax["rate"] for line in lines for tax in line["taxes"]} == {19, 7}
    assert {order["customer"]["billing_address"]["country_iso_code"] for order in orders} == {"DEU", "AUT", "FRA"}
    assert {order["shipping_type_code"] for order in orders} == {"STD", "EXP", "PICKUP"}
    assert any(order["order_id"].endswith("-B") for order in orders)
    assert any(line["promotions"] for line in lines)
    assert any(order["customer"]["organization"] for order in orders)
    assert any(order["order_additional_fields"] for order in orders)
    kinds = {row["kind"] for row in shop.catalogue()}
    assert kinds == {"simple", "matrix", "variant"}
    known = set()
    for row in shop.catalogue():
        assert not row["parent_sku"] or row["parent_sku"] in known
        known.add(row["sku"])


def test_the_shop_is_a_simulated_shop(shop: MiraklShop) -> None:
    simulated: SimulatedShop = shop
    assert simulated.key == "mirakl"
    assert set(simulated.credentials()) == {"url", "api_key", "shop_id"}


def test_people_see_offers_and_orders_and_can_buy(client: httpx.Client, shop: MiraklShop) -> None:
    root = str(client.base_url).split("/api")[0]
    with httpx.Client(base_url=root, trust_env=False) as page:
        assert page.post("/buy-random").status_code == 303
        shown = page.get("/").text
        assert "Kaffeebecher" in shown
        assert next(iter(shop.orders)) in shown
        page.post("/fault", data={"mode": "503", "count": "1"})
        assert client.get("/orders").status_code == 503
        assert page.get("/style.css").status_code == 200


def test_switches_tell_and_do_what_tests_in_another_process_need(client: httpx.Client, shop: MiraklShop) -> None:
    root = str(client.base_url).split("/api")[0]
    with httpx.Client(base_url=f"{root}/sandbox", trust_env=False) as switches:
        ids = switches.post("/orders", json={"count": 2}).json()["ids"]
        assert set(ids) == set(shop.orders)
        client.put(f"/orders/{ids[0]}/ship")
        assert [effect["value"] for effect in switches.get("/effects").json()] == ["SHIPPED"]
        assert switches.get("/effects?since=1").json() == []
        assert switches.get("/requests").json()[0]["path"].endswith("/ship")
        assert switches.get("/status").json()["orders"] == 2
        assert len(switches.get("/catalogue").json()) == 3
        assert switches.post("/faults", json={"mode": "explode"}).status_code == 400
        switches.post("/faults", json={"mode": "500", "count": 1})
        assert switches.get("/faults").json()["fault"]["mode"] == "500"
