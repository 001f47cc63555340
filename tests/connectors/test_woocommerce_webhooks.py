"""Webhooks of WooCommerce, and the hand-over of its keys."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

import connectors
from canonical.channel import WebhookHint
from canonical.failure import FailureError
from canonical.feature import Feature
from connectors.account import Account
from connectors.transport import TransportOptions
from connectors.woocommerce.settings import WooCredentials, WooShopAddress
from tests.connectors.woo_kit import KitServer, KitShop, error

URL = "https://connect.example/hooks/7"
SECRET = "geheim-123"
KEYS = {"consumer_key": "ck_" + "a1" * 20, "consumer_secret": "cs_" + "b2" * 20}


@pytest.fixture
def shop() -> Iterator[KitShop]:
    made = KitShop()
    with KitServer(made):
        yield made


def hooks(shop: KitShop) -> list[tuple[str, str]]:
    return sorted((hook["topic"], hook["status"]) for hook in shop.webhooks.values() if hook["delivery_url"] == URL)


WANTED = [("order.created", "active"), ("order.updated", "active")]


def test_each_topic_is_registered_once(shop: KitShop) -> None:
    connector = shop.connect()
    first, second = connector.ensure_webhooks(URL, SECRET), connector.ensure_webhooks(URL, SECRET)
    assert first.created == first.active == second.active == ("order.created", "order.updated")
    assert (second.created, second.repaired, second.failure) == ((), (), None)
    assert hooks(shop) == WANTED
    assert {hook["secret"] for hook in shop.webhooks.values()} == {SECRET}
    assert all(SECRET not in hook["name"] for hook in shop.webhooks.values())


def test_disabled_webhooks_are_mended_and_second_ones_removed(shop: KitShop) -> None:
    connector = shop.connect()
    connector.ensure_webhooks(URL, SECRET)
    first = next(iter(shop.webhooks.values()))
    first["status"] = "disabled"
    shop.webhooks[900] = {**first, "id": 900, "status": "active"}
    shop.webhooks[901] = {**first, "id": 901, "delivery_url": "https://other.example/"}
    report = connector.ensure_webhooks(URL, SECRET)
    assert report.repaired == (first["topic"],) and hooks(shop) == WANTED
    assert 901 in shop.webhooks and 900 not in shop.webhooks


def test_a_new_secret_reaches_the_shop(shop: KitShop) -> None:
    connector = shop.connect()
    connector.ensure_webhooks(URL, SECRET)
    assert connector.ensure_webhooks(URL, "neu").repaired == ("order.created", "order.updated")
    assert {hook["secret"] for hook in shop.webhooks.values()} == {"neu"}
    assert connector.ensure_webhooks(URL, "neu").repaired == ()


def test_webhooks_are_removed_and_those_of_others_stay(shop: KitShop) -> None:
    connector = shop.connect()
    connector.ensure_webhooks(URL, SECRET)
    shop.webhooks[901] = {"id": 901, "delivery_url": "https://other.example/"}
    connector.remove_webhooks(URL)
    connector.remove_webhooks(URL)
    assert list(shop.webhooks) == [901]


def test_a_key_without_the_right_is_reported_and_an_outage_is_raised(shop: KitShop) -> None:
    shop.fail("/webhooks", *error("woocommerce_rest_cannot_create", 401))
    report = shop.connect().ensure_webhooks(URL, SECRET)
    assert report.failure is not None and report.failure.code == "WEBHOOKS_MISSING"
    shop.fail("/webhooks", 503, {})
    with pytest.raises(FailureError):
        shop.connect().ensure_webhooks(URL, SECRET)


# --- deliveries --------------------------------------------------------------------------------------------------------


def read(headers: dict[str, str], body: bytes, secret: str = SECRET) -> WebhookHint | None:
    credentials = WooCredentials.model_validate({"url": "shop.example", **KEYS})
    return connectors.read_webhook("woocommerce", credentials, headers, body, secret)


def test_the_recorded_deliveries_are_verified_on_their_raw_body(recorded: Callable[[str], bytes]) -> None:
    deliveries = orjson.loads(recorded("webhook_deliveries"))
    found = []
    for delivery in deliveries:
        headers = {name.lower(): value for name, value in delivery["headers"].items()}
        body = delivery["raw_body"].encode()
        hint = read(headers, body)
        assert hint is not None
        found.append(hint)
        if hint.topic != "ping":
            assert read(headers, body + b" ") is None
            assert read(headers, body, "falsch") is None and read(headers, body, "") is None
            assert read({**headers, "x-wc-webhook-signature": ""}, body) is None
    assert [hint.topic for hint in found[:3]] == ["ping", "ping", "order.updated"]
    assert found[0].feature is None and found[0].delivery_id == hashlib.sha256(b"webhook_id=1").hexdigest()
    assert (found[2].feature, found[2].records) == (Feature.ORDERS, ("70",))
    assert found[2].delivery_id == "7d098b9bdb4ffe498fb166c21269f2f4"
    assert {hint.feature for hint in found if hint.topic == "product.updated"} <= {None}


@pytest.mark.parametrize("body", [b"", b"webhook_id=", b"webhook_id=1&x=2", b"{}", b"\xff"])
def test_what_is_neither_signed_nor_a_ping_is_not_from_the_shop(body: bytes) -> None:
    assert read({}, body) is None
    assert read({"x-wc-webhook-signature": "ü", "x-wc-webhook-topic": "order.updated"}, body) is None


# --- the hand-over of keys ---------------------------------------------------------------------------------------------

FORM = WooShopAddress(url="https://shop.example/laden/wp-admin")
GRANTED = {"key_id": "3", "user_id": "state-1", "key_permissions": "read_write", **KEYS}


def granted(answer: dict[str, str], state: str = "state-1") -> Any:
    return connectors.granted_credentials("woocommerce", FORM, answer, state, Account(), TransportOptions())


def test_the_merchant_is_sent_to_the_shops_own_page() -> None:
    url = connectors.authorize_url(
        "woocommerce",
        FORM,
        return_url="https://c.example/back?a=1",
        callback_url="https://c.example/keys",
        state="state-1",
    )
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://shop.example/laden/wc-auth/v1/authorize"
    assert {name: values[0] for name, values in parse_qs(parts.query).items()} == {
        "app_name": "Connect",
        "scope": "read_write",
        "user_id": "state-1",
        "return_url": "https://c.example/back?a=1",
        "callback_url": "https://c.example/keys",
    }


def test_posted_keys_become_credentials() -> None:
    made = granted(GRANTED)
    assert (made.url, made.consumer_key) == ("https://shop.example/laden", KEYS["consumer_key"])
    assert made.consumer_secret.get_secret_value() == KEYS["consumer_secret"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"user_id": "other"}, "user_id"),
        ({"user_id": ""}, "user_id"),
        ({"key_permissions": "read"}, "key_permissions"),
        ({"consumer_key": "x"}, "consumer_key"),
        ({"consumer_secret": ""}, "consumer_secret"),
    ],
)
def test_keys_of_another_grant_or_with_less_rights_are_refused(change: dict[str, str], reason: str) -> None:
    with pytest.raises(FailureError) as caught:
        granted({**GRANTED, **change})
    failure = caught.value.failure
    assert (failure.code, failure.params) == ("GRANT_REFUSED", {"reason": reason})


def test_without_a_state_nothing_is_granted() -> None:
    with pytest.raises(FailureError):
        granted({**GRANTED, "user_id": ""}, "")
