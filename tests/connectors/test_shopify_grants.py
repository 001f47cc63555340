"""Shopify: the merchant's agreement at the shop's own page, and webhooks: had once, and verified on each delivery."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from pydantic import SecretStr

from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from connectors import shopify
from connectors.account import Account, NoTokenStore
from connectors.shopify.credentials import ShopifyCredentials, ShopifyGrantForm
from connectors.transport import TransportOptions
from tests.connectors.test_shopify_support import SECRET, TOKEN, FakeShop, Wire, errors

OPTIONS = TransportOptions(allow_private=True, timeout=5)


@pytest.fixture
def shop() -> Iterator[FakeShop]:
    with FakeShop() as running:
        yield running


def failed(call: Any) -> Failure:
    with pytest.raises(FailureError) as caught:
        call()
    return caught.value.failure


def answer(access: str, **fields: Any) -> Wire:
    return Wire(body={"access_token": access, "scope": "read_orders,write_products", **fields})


# --- the grant --------------------------------------------------------------------------------------------------------


def form(url: str = "becher") -> ShopifyGrantForm:
    return ShopifyGrantForm(shop=url, client_id="0123456789abcdef", client_secret=SecretStr(SECRET))


def came_back(**changes: str) -> dict[str, str]:
    query = {
        "code": "one-time",
        "shop": "becher.myshopify.com",
        "state": "nonce",
        "timestamp": "1790000000",
        "host": "YWRtaW4",
        **changes,
    }
    signed = "&".join(f"{key}={value}" for key, value in sorted(query.items()))
    return {**query, "hmac": hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()}


def test_the_merchant_is_sent_to_the_shops_own_page() -> None:
    url = shopify.authorize_url(form(), return_url="https://c.example/back", callback_url="", state="nonce")
    parts = urlsplit(url)
    asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
    assert (parts.netloc, parts.path) == ("becher.myshopify.com", "/admin/oauth/authorize")
    assert asked["state"] == "nonce" and asked["redirect_uri"] == "https://c.example/back"
    assert {"read_orders", "write_products", "write_merchant_managed_fulfillment_orders"} <= set(
        asked["scope"].split(",")
    )
    assert SECRET not in url


def test_a_code_is_exchanged_and_the_tokens_are_stored(shop: FakeShop) -> None:
    shop.token_answers = [answer("hour-token", expires_in=3600, refresh_token="r1", refresh_token_expires_in=7_776_000)]
    account = Account(tokens=NoTokenStore())
    keys = shopify.granted_credentials(form(shop.url), came_back(), "nonce", account, OPTIONS)
    assert isinstance(keys, ShopifyCredentials) and keys.client_secret.get_secret_value() == SECRET
    assert shop.tokens["asked"][0]["code"] == "one-time" and shop.tokens["asked"][0]["expiring"] == "1"
    stored = account.tokens.load()
    assert stored is not None and (stored.access, stored.refresh) == ("hour-token", "r1")


def tampered() -> dict[str, str]:
    return {**came_back(), "code": "another"}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (came_back(state="other"), "state"),
        (tampered(), "hmac"),
        ({}, "hmac"),
        (came_back(shop="evil.example"), "shop"),
        (came_back(shop="other.myshopify.com"), "shop"),
        (came_back(shop="becher.myshopify.com.evil.example"), "shop"),
        (came_back(code=""), "code"),
    ],
)
def test_a_forged_return_is_refused_before_any_call(query: dict[str, str], reason: str) -> None:
    found = failed(lambda: shopify.granted_credentials(form(), query, "nonce", Account(), OPTIONS))
    assert (found.code, found.params) == ("GRANT_REFUSED", {"reason": reason})


def test_a_code_that_was_used_already_asks_to_begin_again(shop: FakeShop) -> None:
    shop.token_answers = [Wire(400, {"error": "invalid_request"})]
    found = failed(lambda: shopify.granted_credentials(form(shop.url), came_back(), "nonce", Account(), OPTIONS))
    assert found.code == "GRANT_EXPIRED"


# --- webhooks ---------------------------------------------------------------------------------------------------------

KEYS = ShopifyCredentials(shop="becher", token=SecretStr(TOKEN), client_secret=SecretStr(SECRET))
BODY = orjson.dumps({"id": 5, "name": "#1001"})


def delivered(body: bytes = BODY, secret: str = SECRET, topic: str = "orders/updated") -> dict[str, str]:
    digest = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return {"x-shopify-hmac-sha256": digest, "x-shopify-topic": topic, "x-shopify-webhook-id": "w-1"}


def test_a_delivery_is_verified_by_the_apps_own_secret() -> None:
    hint = shopify.read_webhook(KEYS, delivered(), BODY, "not used")
    assert hint is not None
    assert (hint.delivery_id, hint.feature, hint.records) == ("w-1", Feature.ORDERS, ("1001",))
    other = shopify.read_webhook(KEYS, delivered(topic="app/uninstalled"), BODY, "")
    assert other is not None and other.feature is None


def test_a_forged_delivery_is_not_from_the_shop() -> None:
    assert shopify.read_webhook(KEYS, delivered(secret="other"), BODY, "other") is None
    assert shopify.read_webhook(KEYS, delivered(), BODY + b" ", "") is None
    assert shopify.read_webhook(KEYS, {"x-shopify-topic": "orders/create"}, BODY, "") is None
    unverifiable = ShopifyCredentials(shop="becher", token=SecretStr(TOKEN))
    assert shopify.read_webhook(unverifiable, delivered(secret=""), BODY, "") is None


class Subscriptions:
    """The app's subscriptions, changed by the mutations."""

    def __init__(self, shop: FakeShop, *rows: dict[str, Any]) -> None:
        self.rows = list(rows)
        shop.scripts |= {
            "Subscriptions": lambda _: {
                "webhookSubscriptions": {"nodes": self.rows, "pageInfo": {"hasNextPage": False}}
            },
            "Subscribe": self.create,
            "ChangeSubscription": self.change,
            "Unsubscribe": self.delete,
        }

    def create(self, variables: dict[str, Any]) -> dict[str, Any]:
        row = subscription(f"new-{len(self.rows)}", variables["topic"], **variables["subscription"])
        self.rows.append(row)
        return {"webhookSubscriptionCreate": {"webhookSubscription": {"id": row["id"]}, "userErrors": []}}

    def change(self, variables: dict[str, Any]) -> dict[str, Any]:
        row = next(row for row in self.rows if row["id"] == variables["id"])
        row.update(variables["subscription"], filter=None)
        return {"webhookSubscriptionUpdate": {"webhookSubscription": {"id": row["id"]}, "userErrors": []}}

    def delete(self, variables: dict[str, Any]) -> dict[str, Any]:
        self.rows = [row for row in self.rows if row["id"] != variables["id"]]
        return {"webhookSubscriptionDelete": {"deletedWebhookSubscriptionId": variables["id"], "userErrors": []}}


URL = "https://c.example/hooks/t"


def subscription(ref: str, topic: str, **fields: Any) -> dict[str, Any]:
    right = {"uri": URL, "format": "JSON", "includeFields": ["id", "name", "updated_at"], "filter": None}
    return {"id": ref, "topic": topic, **right, **fields}


def test_webhooks_are_created_mended_and_had_only_once(shop: FakeShop) -> None:
    there = Subscriptions(
        shop,
        subscription("a", "ORDERS_CREATE"),
        subscription("b", "ORDERS_CREATE"),
        subscription("c", "ORDERS_UPDATED", format="XML"),
        subscription("d", "ORDERS_UPDATED", uri="https://other.example/"),
    )
    connector = shop.connect()
    report = connector.ensure_webhooks(URL, "")
    assert (report.created, report.repaired) == (("orders/cancelled",), ("orders/updated",))
    assert set(report.active) == set(shopify.SPEC.features[Feature.ORDERS].hints)
    assert [row["id"] for row in there.rows][:3] == ["a", "c", "d"] and len(there.rows) == 4
    again = connector.ensure_webhooks(URL, "")
    assert (again.created, again.repaired, again.failure) == ((), (), None)
    connector.remove_webhooks(URL)
    assert [row["id"] for row in there.rows] == ["d"]


def test_webhooks_that_may_not_be_had_are_named(shop: FakeShop) -> None:
    Subscriptions(shop)
    shop.scripts["Subscribe"] = lambda _: errors("ACCESS_DENIED", requiredAccess="`read_orders` access scope.")
    report = shop.connect().ensure_webhooks(URL, "")
    assert report.failure is not None and report.failure.code == "WEBHOOKS_MISSING"
    assert "read_orders" in report.failure.params["reason"]
    unsigned = shopify.build(ShopifyCredentials(shop=shop.url, token=SecretStr(TOKEN)), {}, Account(), OPTIONS)
    refused = unsigned.ensure_webhooks(URL, "")  # type: ignore[attr-defined]
    assert refused.failure is not None and refused.active == ()
