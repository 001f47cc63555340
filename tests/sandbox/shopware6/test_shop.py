"""The shop as an object and a page: same seeds, memory on disk, ledger, faults, switches."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx

from sandbox.server import SandboxServer
from sandbox.shop import SimulatedShop
from sandbox.shopware6 import Shopware6Shop
from tests.sandbox.shopware6.support import Json, api_client, fill, first, served, token

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_same_seed_gives_the_same_shop() -> None:
    shops = [Shopware6Shop(clock=lambda: NOON) for _ in range(2)]
    for shop in shops:
        shop.seed(articles=40, orders=20, seed=4)
    assert shops[0].ledger() == shops[1].ledger()
    other = Shopware6Shop(clock=lambda: NOON)
    other.seed(articles=40, orders=20, seed=5)
    assert other.ledger() != shops[0].ledger()


def test_a_seeded_shop_has_importable_orders_and_a_catalogue() -> None:
    shop: SimulatedShop = Shopware6Shop()
    shop.seed(articles=60, orders=30)
    articles = shop.catalogue()
    assert len(articles) == 60
    assert {one["kind"] for one in articles} == {"simple", "matrix", "variant"}
    assert {one["tax_class"] for one in articles} == {"standard", "reduced"}
    parents = {one["sku"] for one in articles if one["kind"] == "matrix"}
    assert all(one["parent_sku"] in parents for one in articles if one["kind"] == "variant")
    assert all(facts.is_importable for facts in shop.ledger().orders.values())
    assert len(shop.ledger().orders) == 30
    assert ("Küche", "Kaffeebecher") in shop.ledger().categories


def test_a_new_shop_on_the_same_file_goes_on(tmp_path: Path) -> None:
    state = tmp_path / "shop.jsonl"
    shop = fill(Shopware6Shop(state_file=state))
    order = shop.buy([("KB-300", 1)])
    with served(shop) as client:
        client.patch(f"/product/{shop.product('KB-300')['id']}", json={"stock": 7})
        shell = [{"orderId": order, "static": True, "config": {"documentNumber": "RE-1"}}]
        made = client.post("/_action/order/document/invoice/create", json=shell).json()["data"][0]
        client.post(f"/_action/document/{made['documentId']}/upload?fileName=a&extension=pdf", content=b"%PDF")
    again = Shopware6Shop(state_file=state)
    assert again.ledger() == shop.ledger()
    assert (again.effects, again.files) == (shop.effects, shop.files)
    assert again.buy([("KB-300", 1)]) != order
    again.close()


def test_touching_an_order_sets_comment_and_moment() -> None:
    shop = fill(Shopware6Shop())
    order = shop.buy([("KB-300", 1)], at=NOON)
    with served(shop) as client:
        assert first(client, "order")["updatedAt"] is None
        shop.touch(order, NOON)
        found = first(client, "order")
    assert (found["customerComment"], found["updatedAt"]) == ("geändert", "2026-03-01T12:00:00.000+00:00")
    assert found["createdAt"] == "2026-03-01T12:00:00.000+00:00"


def test_the_read_only_integration_may_look_and_not_touch() -> None:
    shop = fill(Shopware6Shop())
    with served(shop):
        granted = token(shop.base_url, shop.credentials(read_only=True)).json()["access_token"]
        headers = {"Authorization": f"Bearer {granted}", "Accept": "application/json"}
        found = httpx.post(f"{shop.base_url}/api/search/product", json={}, headers=headers)
        refused = httpx.post(f"{shop.base_url}/api/product", json={"name": "x"}, headers=headers)
    assert (found.status_code, refused.status_code) == (200, 403)
    assert "product:create" in refused.text


def test_a_form_gets_a_token_too_and_expires_in_is_kept() -> None:
    shop = Shopware6Shop(token_seconds=90)
    with served(shop):
        keys = shop.credentials()
        form = {"grant_type": "client_credentials", **{k: keys[k] for k in ("client_id", "client_secret")}}
        answer = httpx.post(f"{shop.base_url}/api/oauth/token", data=form)
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 90)


def test_faults_hit_the_api_and_not_the_page() -> None:
    shop = fill(Shopware6Shop())
    with served(shop) as client:
        shop.faults.set("429", count=1, retry_after=3)
        answer = client.get("/_info/version")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
        httpx.post(f"{shop.base_url}/sandbox/faults", json={"mode": "503", "count": 1})
        assert httpx.get(shop.base_url).status_code == 200
        assert client.get("/_info/version").status_code == 503
        assert client.get("/_info/version").json() == {"version": "6.7.2.0"}
    assert [entry.status for entry in shop.requests][-3:] == [429, 503, 200]


def test_a_person_buys_on_the_page() -> None:
    shop = fill(Shopware6Shop())
    with served(shop):
        bought = httpx.post(f"{shop.base_url}/buy", data={"sku": "KB-300", "quantity": "2"}, follow_redirects=True)
        wrong = httpx.post(f"{shop.base_url}/buy", data={"sku": "NIX", "quantity": "2"}, follow_redirects=True)
        status = httpx.get(f"{shop.base_url}/sandbox/status").json()
        placed = httpx.post(f"{shop.base_url}/sandbox/orders", json={"count": 2}).json()["ids"]
    assert "Order 10001 was placed" in bought.text
    assert "Please choose a product." in wrong.text
    assert (status["orders"], len(placed), shop.product("KB-300")["stock"] <= 48) == (1, 2, True)


def own_record(shop: Shopware6Shop, *, read_only: bool = False) -> Json:
    """What an integration is told of itself."""
    key = shop.credentials(read_only=read_only)["client_id"]
    criteria = {
        "filter": [{"type": "equals", "field": "accessKey", "value": key}],
        "associations": {"aclRoles": {}},
        "includes": {"integration": ["admin", "aclRoles"], "acl_role": ["privileges"]},
    }
    with SandboxServer(shop), api_client(shop, read_only=read_only) as client:
        (found,) = client.post("/search/integration", json=criteria).json()["data"]
    return dict(found)


def test_an_integration_reads_in_its_own_record_what_it_may_do(tmp_path: Path) -> None:
    state = tmp_path / "shop.jsonl"
    shop = Shopware6Shop(state_file=state)
    assert own_record(shop) == {"admin": True, "aclRoles": [], "apiAlias": "integration"}
    (role,) = own_record(shop, read_only=True)["aclRoles"]
    assert "product:read" in role["privileges"] and "product:update" not in role["privileges"]
    narrow = own_record(Shopware6Shop(state_file=state, withheld=["order:update"]))
    assert narrow["admin"] is False
    assert "order:update" not in narrow["aclRoles"][0]["privileges"]
    assert "order:read" in narrow["aclRoles"][0]["privileges"]
    assert own_record(Shopware6Shop(state_file=state))["aclRoles"] == []


def test_nothing_is_written_again_for_integrations_that_stayed_the_same(tmp_path: Path) -> None:
    state = tmp_path / "shop.jsonl"
    Shopware6Shop(state_file=state).close()
    size = state.stat().st_size
    Shopware6Shop(state_file=state).close()
    assert state.stat().st_size == size


def test_who_may_not_read_integrations_is_refused() -> None:
    with served(Shopware6Shop(withheld=["acl_role:read"])) as client:
        answer = client.post("/search/integration", json={"associations": {"aclRoles": {}}})
    assert (answer.status_code, "acl_role:read" in answer.text) == (403, True)
