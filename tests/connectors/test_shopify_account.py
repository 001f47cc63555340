"""Shopify: what people paste, how tokens are had and renewed, the grant, webhooks, and the connection test."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from canonical.channel import Token
from canonical.check import CheckState
from canonical.codes import Kind
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from connectors import shopify
from connectors.account import Account, NoTokenStore
from connectors.shopify.credentials import ShopifyCredentials
from connectors.shopify.settings import ShopifyPriceSettings, ShopifyShipmentSettings
from connectors.transport import TransportOptions
from tests.connectors.test_shopify_support import SECRET, TOKEN, FakeShop, Wire, errors

OPTIONS = TransportOptions(allow_private=True, timeout=5)
SCOPES = (
    "read_orders",
    "write_orders",
    "read_customers",
    "write_products",
    "write_inventory",
    "read_locations",
    "write_merchant_managed_fulfillment_orders",
    "write_files",
    "write_translations",
)


@pytest.fixture
def shop() -> Iterator[FakeShop]:
    with FakeShop() as running:
        running.scripts["About"] = about()
        yield running


def about(*scopes: str, currency: str = "EUR") -> dict[str, Any]:
    return {
        "shop": {"name": "Becherladen", "myshopifyDomain": "becher.myshopify.com", "currencyCode": currency},
        "currentAppInstallation": {"accessScopes": [{"handle": scope} for scope in scopes or SCOPES]},
        "publicApiVersions": [{"handle": "2026-10", "supported": True}, {"handle": "unstable", "supported": False}],
    }


def failed(call: Any) -> Failure:
    with pytest.raises(FailureError) as caught:
        call()
    return caught.value.failure


def answer(access: str, **fields: Any) -> Wire:
    return Wire(body={"access_token": access, "scope": "read_orders,write_products", **fields})


# --- what people paste ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pasted",
    [
        "becher",
        "Becher.myshopify.com",
        "https://becher.myshopify.com/admin/settings/apps",
        " http://becher.myshopify.com/ ",
        "admin.shopify.com/store/becher",
        "https://admin.shopify.com/store/becher/products?limit=50",
    ],
)
def test_an_address_is_cleaned(pasted: str) -> None:
    assert ShopifyCredentials(shop=pasted, token=SecretStr(TOKEN)).shop == "https://becher.myshopify.com"


@pytest.mark.parametrize(
    "pasted",
    [
        "www.becherladen.de",
        "https://becher.example/admin",
        "",
        "x.y.myshopify.com",
        "admin.shopify.com",
        "a b@c",
        "http://u:p@127.0.0.1",
    ],
)
def test_a_domain_of_the_shops_own_is_refused(pasted: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ShopifyCredentials(shop=pasted, token=SecretStr(TOKEN))
    assert caught.value.errors()[0]["type"] == "URL_INVALID"
    assert TOKEN not in str(caught.value)


def test_only_an_inside_address_may_be_another_than_shopifys() -> None:
    keys = ShopifyCredentials(shop="http://127.0.0.1:8123/admin", token=SecretStr(TOKEN))
    assert keys.shop == "http://127.0.0.1:8123" and not keys.is_secure
    assert ShopifyCredentials(shop="http://sandbox:9000", token=SecretStr(TOKEN)).shop == "http://sandbox:9000"


def test_values_in_each_others_field_are_put_right() -> None:
    keys = ShopifyCredentials(shop="becher", token=SecretStr(SECRET), client_secret=SecretStr(f" {TOKEN}\n"))
    assert (keys.token.get_secret_value(), keys.client_secret.get_secret_value()) == (TOKEN, SECRET)


@pytest.mark.parametrize(
    "fields", [{}, {"token": "ck_123"}, {"client_id": "0123456789abcdef"}, {"client_secret": SECRET}]
)
def test_too_little_is_refused_without_repeating_it(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        ShopifyCredentials.model_validate({"shop": "becher", **fields})
    assert caught.value.errors()[0]["type"] == "KEY_INVALID"
    assert not any(value in str(caught.value) for value in fields.values())


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_custom_apps_token_is_used_as_it_is(shop: FakeShop) -> None:
    assert shop.connect().check([Feature.ORDERS]).ok
    assert shop.tokens["asked"] == []


def test_an_app_asks_for_a_token_once_and_keeps_it(shop: FakeShop) -> None:
    shop.token_answers = [answer("day-token", expires_in=86399)]
    shop.valid_tokens = {"day-token"}
    account = Account(tokens=NoTokenStore())
    assert shop.connect(token="", account=account).check([Feature.ORDERS]).ok
    assert shop.connect(token="", account=account).check([Feature.ORDERS]).ok
    asked = shop.tokens["asked"]
    assert len(asked) == 1 and asked[0]["grant_type"] == "client_credentials" and asked[0]["client_secret"] == SECRET
    stored = account.tokens.load()
    assert stored is not None and stored.expires_at is not None and stored.scopes == ("read_orders", "write_products")


def test_a_token_is_renewed_before_it_ends_and_the_rotated_one_is_kept(shop: FakeShop) -> None:
    ending = Token(access="old", refresh="refresh-1", expires_at=datetime.now(UTC) + timedelta(minutes=2))
    account = Account(tokens=NoTokenStore(ending))
    shop.token_answers = [answer("new", expires_in=3600, refresh_token="refresh-2", refresh_token_expires_in=7_776_000)]
    shop.valid_tokens = {"new"}
    assert shop.connect(token="", account=account).check([Feature.ORDERS]).ok
    assert shop.tokens["asked"][0]["refresh_token"] == "refresh-1"
    stored = account.tokens.load()
    assert stored is not None and (stored.access, stored.refresh) == ("new", "refresh-2")


def test_a_refused_token_is_renewed_once(shop: FakeShop) -> None:
    account = Account(
        tokens=NoTokenStore(Token(access="revoked", refresh="r", expires_at=datetime.now(UTC) + timedelta(hours=1)))
    )
    shop.token_answers = [answer("new", expires_in=3600, refresh_token="r2")]
    shop.valid_tokens = {"new"}
    assert shop.connect(token="", account=account).check([Feature.ORDERS]).ok
    shop.valid_tokens = set()
    shop.token_answers = [answer("newer", expires_in=3600)]
    report = shop.connect(token="", account=account).check([Feature.ORDERS])
    assert [item.failure.code for item in report.items if item.failure] == ["ACCESS"]
    assert len(shop.tokens["asked"]) == 2


class SharedStore(NoTokenStore):
    """Another worker has renewed the token between two looks."""

    def __init__(self, first: Token, then: Token) -> None:
        super().__init__(first)
        self._then = then
        self.looks = 0

    def load(self) -> Token | None:
        self.looks += 1
        return super().load() if self.looks == 1 else self._then


def test_what_another_worker_has_renewed_is_taken_over(shop: FakeShop) -> None:
    end = datetime.now(UTC) + timedelta(hours=1)
    store = SharedStore(Token(access="old", refresh="r", expires_at=end), Token(access="theirs", expires_at=end))
    shop.valid_tokens = {"theirs"}
    assert shop.connect(token="", account=Account(tokens=store)).check([Feature.ORDERS]).ok
    assert shop.tokens["asked"] == []


def test_a_refresh_token_used_by_another_worker_is_no_reason_to_stop(shop: FakeShop) -> None:
    ending = Token(access="old", refresh="used", expires_at=datetime.now(UTC) + timedelta(minutes=1))
    store = SharedStore(ending, Token(access="theirs", expires_at=datetime.now(UTC) + timedelta(hours=1)))
    shop.token_answers = [Wire(400, {"error": "invalid_grant"})]
    shop.valid_tokens = {"theirs"}
    assert shop.connect(token="", account=Account(tokens=store)).check([Feature.ORDERS]).ok


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (Wire(400, {"error": "invalid_client"}), "ACCESS"),
        (Wire(401, {"error": "invalid_client"}), "ACCESS"),
        (Wire(503, {}), "SERVER_ERROR"),
        (Wire(429, {}, {"retry-after": "7"}), "RATE_LIMITED"),
        (Wire(200, b"<html>", {"content-type": "text/html"}), "NOT_JSON"),
    ],
)
def test_a_refused_app_is_told_from_an_outage(shop: FakeShop, wire: Wire, code: str) -> None:
    shop.token_answers = [wire]
    connector = shop.connect(token="")
    found = failed(lambda: connector.fetch_orders(connector.first_cursor("2026-03-01"), 10))
    assert found.code == code and SECRET not in found.model_dump_json()


# --- errors at HTTP 200 -----------------------------------------------------------------------------------------------


class Bucket:
    """A limiter that notes what it is told."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.left: list[tuple[float, float | None, float | None]] = []

    def acquire(self, cost: float = 1, lane: str = "") -> None:
        self.asked.append(cost)

    def correct(self, available: float, *, per_second: float | None = None, most: float | None = None) -> None:
        self.left.append((available, per_second, most))


def test_costs_are_planned_ahead_and_corrected_by_each_answer(shop: FakeShop) -> None:
    bucket = Bucket()
    shop.connect(limiter=bucket).check([Feature.ORDERS])
    assert bucket.asked == [4] and bucket.left == [(1990.0, 100.0, 2000.0)]


def test_a_throttled_call_says_when_the_bucket_is_full_enough(shop: FakeShop) -> None:
    shop.scripts["Orders"] = lambda _: errors("THROTTLED", available=5)
    bucket = Bucket()
    connector = shop.connect(limiter=bucket)
    found = failed(lambda: connector.fetch_orders(connector.first_cursor("2026-03-01"), 10))
    assert (found.code, found.kind, found.retry_after) == ("RATE_LIMITED", Kind.RETRY, timedelta(seconds=1))
    assert bucket.left == [(5.0, 100.0, 2000.0)]


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (errors("INTERNAL_SERVER_ERROR"), "SERVER_ERROR"),
        (errors("ACCESS_DENIED", requiredAccess="`read_orders` access scope."), "SCOPE_MISSING"),
        (errors("BAD_REQUEST"), "REQUEST_REFUSED"),
        (Wire(200, b"<html>", {"content-type": "text/html"}), "NOT_JSON"),
        (Wire(200, {"data": None}), "NOT_JSON"),
        (Wire(402, {"errors": "Unavailable Shop"}), "PAYMENT_REQUIRED"),
        (Wire(403, b"<html>", {"content-type": "text/html"}), "NOT_JSON"),
        (Wire(404, {"errors": "Not Found"}), "NOT_FOUND"),
        (Wire(430, {}), "RATE_LIMITED"),
        (Wire(500, {}), "SERVER_ERROR"),
    ],
)
def test_an_error_becomes_the_failure_that_it_is(shop: FakeShop, wire: Wire, code: str) -> None:
    shop.scripts["Orders"] = lambda _: wire
    connector = shop.connect()
    found = failed(lambda: connector.fetch_orders(connector.first_cursor("2026-03-01"), 10))
    assert found.code == code and "says why" not in found.model_dump_json()


# --- the connection test ----------------------------------------------------------------------------------------------


def test_a_good_account_passes_with_one_query_that_changes_nothing(shop: FakeShop) -> None:
    report = shop.connect().check(list(shopify.SPEC.features))
    assert report.ok, report
    assert (report.shop_title, report.version) == ("Becherladen", "2026-10")
    assert {item.feature for item in report.items if item.name == "permission"} == set(shopify.SPEC.features)
    assert shop.names() == ["About"]


def test_what_a_feature_lacks_is_named_at_the_feature(shop: FakeShop) -> None:
    shop.scripts["About"] = about("read_all_orders", "read_orders", "read_customers", "read_products", "read_locations")
    chosen = ShopifyShipmentSettings(send_returns=True)
    report = shop.connect(shipments=chosen).check([Feature.ORDERS, Feature.STOCK, Feature.SHIPMENTS])
    lacking = {item.feature: item.failure.params["scopes"] for item in report.items if item.failure}
    assert report.permits(Feature.ORDERS) and set(lacking) == {Feature.STOCK, Feature.SHIPMENTS}
    assert lacking[Feature.STOCK] == "write_inventory"
    assert "write_returns" in lacking[Feature.SHIPMENTS] and "merchant_managed" in lacking[Feature.SHIPMENTS]
    assert {item.failure.code for item in report.items if item.failure} == {"SCOPE_MISSING"}


def test_a_shop_that_shows_only_the_newest_orders_passes_with_an_advice(shop: FakeShop) -> None:
    shop.scripts["About"] = about("read_orders", "read_customers", "read_products", "read_locations")
    report = shop.connect().check([Feature.ORDERS])
    assert report.ok and report.permits(Feature.ORDERS)
    (advice,) = [item for item in report.items if item.failure]
    assert (advice.name, advice.state, advice.feature) == ("history", CheckState.SKIPPED, Feature.ORDERS)
    assert advice.failure and advice.failure.text("de").startswith("Ohne die Freigabe read_all_orders")
    assert "60 Tage" in advice.failure.text("de")
    assert not [item for item in shop.connect().check([Feature.STOCK]).items if item.name == "history"]


def test_prices_of_another_currency_than_the_shops_are_found_before_they_are_sent(shop: FakeShop) -> None:
    shop.scripts["About"] = about(currency="CHF")
    report = shop.connect(prices=ShopifyPriceSettings()).check([Feature.PRICES])
    assert [item.failure.code for item in report.items if item.failure] == ["NO_CURRENCY_MAP"]


def test_a_version_that_the_shop_no_longer_knows_is_found_by_its_answer(shop: FakeShop) -> None:
    shop.version = "2027-01"
    report = shop.connect().check([Feature.ORDERS])
    assert [item.failure.code for item in report.items if item.failure] == ["VERSION_OUTDATED"]
    assert report.items[-1].state is CheckState.SKIPPED


def test_a_refused_token_is_no_outage(shop: FakeShop) -> None:
    shop.valid_tokens = set()
    report = shop.connect().check([Feature.ORDERS, Feature.STOCK])
    states = {item.name: item.state for item in report.items}
    assert states["reachable"] is CheckState.OK and states["credentials"] is CheckState.FAILED
    assert states["version"] is states["permission"] is CheckState.SKIPPED


@pytest.mark.parametrize(
    ("wire", "code"), [(Wire(503), "SERVER_ERROR"), (Wire(200, b"<html>", {"content-type": "text/html"}), "NOT_JSON")]
)
def test_an_outage_is_no_wrong_password(shop: FakeShop, wire: Wire, code: str) -> None:
    shop.scripts["About"] = lambda _: wire
    report = shop.connect().check([Feature.ORDERS])
    assert [item.failure.code for item in report.items if item.failure] == [code]
    assert [item.state for item in report.items[1:]] == [CheckState.SKIPPED] * (len(report.items) - 1)
