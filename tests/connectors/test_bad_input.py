"""Bad input, for each connector alike: what is too much still fits, what is in parts is not taken for whole, nothing is lost.

The address has `test_bad_input_addresses.py`. What the conformance suite shows already is not repeated here: a revoked key,
an outage and a limit in each feature, HTML in place of JSON in each feature and in the connection test, and one bad record
that is rejected alone. `docs/contract-tests.md` lists all of it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from importlib import import_module
from typing import Any
from uuid import uuid4

import orjson
import pytest

import connectors
from canonical.catalogue import ArticleContent, DataType, NamedValue, OptionAxis, Structure, Words
from canonical.check import CheckState
from canonical.codes import Kind
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.push import Outcome
from canonical.settings import FeatureSettings
from connectors.account import Account
from connectors.transport import TransportOptions
from sandbox.shopify.scopes import DEFAULT_SCOPES
from sandbox.shopware5.catalogue import Detail
from sandbox.shopware6.auth import Integration
from sandbox.woocommerce.auth import Key
from tests.connectors.kits import SENDERS, SHOPS, SKU, START, UnderTest, send, served

SINCE = "2026-02-01T00:00:00Z"
KEYS = list(connectors.OWN)
PULLING = [key for key in KEYS if Feature.ORDERS in connectors.spec_of(key).features]
LISTING = [key for key in KEYS if connectors.spec_of(key).lists_articles or connectors.spec_of(key).imports_catalogue]
SENDING = [key for key in KEYS if Feature.ARTICLES in connectors.spec_of(key).features]
FIELD = {"shopify": "shop"}
"""The field of the address, where it is not `url`."""


@pytest.fixture
def account(key: str) -> Iterator[UnderTest]:
    """The connector under test with its sandbox."""
    with served(key) as made:
        yield made


def credentials(key: str, url: str) -> Any:
    """The form as the sandbox's owner would fill it in, with another address."""
    module, name = SHOPS[key]
    shop = getattr(import_module(module), name)()
    shop.base_url = "https://shop.example"
    values = {**shop.credentials(), FIELD.get(key, "url"): url}
    return connectors.spec_of(key).credentials.model_validate(values)


def connect(
    key: str, url: str, *, allow_private: bool = True, settings: Mapping[Feature, FeatureSettings] | None = None
) -> Any:
    """A connector of an account at any address."""
    options = TransportOptions(allow_private=allow_private, timeout=5)
    return connectors.build(key, credentials(key, url), settings or {}, Account(), options)


def failure(call: Callable[[], object]) -> Failure:
    with pytest.raises(FailureError) as caught:
        call()
    return caught.value.failure


@pytest.mark.parametrize("key", KEYS)
def test_a_private_address_is_refused_before_it_is_called(key: str, raw_server: Any) -> None:
    report = connect(key, raw_server.url, allow_private=False).check(list(connectors.spec_of(key).features))
    assert [item.failure.code for item in report.items if item.failure] == ["ADDRESS_REFUSED"]
    assert not report.ok and raw_server.connections == 0


# --- answers that are none -----------------------------------------------------------------------------------------------

PAGE = b"<!doctype html><title>Anmelden</title><form><input type=password></form>"


def html(status: int, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", "content-type: text/html; charset=utf-8", f"content-length: {len(PAGE)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + PAGE


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    ("answer", "codes", "kind"),
    [
        (html(200), {"NOT_JSON"}, Kind.RETRY),
        (html(503, retry_after="30"), {"SERVER_ERROR"}, Kind.RETRY),
        (html(302, location="/login"), {"NOT_JSON"}, Kind.RETRY),
        (html(302, location="https://login.example/sso"), {"REDIRECTED"}, Kind.OPERATOR),
        (html(403, server="firewall"), {"NOT_JSON"}, Kind.RETRY),
        (html(404), {"NOT_FOUND", "NOT_JSON"}, None),
    ],
    ids=["maintenance page", "503 page", "login page", "login elsewhere", "firewall", "404 page"],
)
def test_a_page_for_people_is_no_wrong_password(
    key: str, answer: bytes, codes: set[str], kind: Kind | None, raw_server: Any
) -> None:
    raw_server.answers[:] = [answer]
    report = connect(key, raw_server.url).check(list(connectors.spec_of(key).features))
    (found,) = [item.failure for item in report.items if item.failure]
    assert found.code in codes and kind in (None, found.kind), found
    states = {item.name: item.state for item in report.items}
    assert states.get("credentials") is not CheckState.OK and not report.ok
    assert "Anmelden" not in found.model_dump_json() + found.text("de")


SHAPES = (
    b"null",
    b"{}",
    b'"x"',
    b"[null]",
    b"[{}]",
    b'{"data": {}}',
    b'{"data": [{"childCount": 1}]}',
    b'{"errors": [null]}',
)
"""Data, but not what was asked for."""


def json(body: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize("key", KEYS)
def test_data_of_another_shape_confirms_nothing_and_breaks_nothing(account: UnderTest, raw_server: Any) -> None:
    orders = account.place(1) if account.spec.features else []
    real, strange = account.connect(), connect(account.key, raw_server.url, settings=account.settings())
    records = {
        feature: account.sample(real, feature, orders[0]) for feature in account.spec.features if feature in SENDERS
    }
    for body in SHAPES:
        raw_server.answers[:] = [json(body)]
        for feature, record in records.items():
            sent = given(lambda f=feature, r=record: getattr(strange, SENDERS[f])([r]).results)
            assert not [result for result in sent if result.outcome is Outcome.ACCEPTED], (feature, body)
        if orders:
            taken = given(lambda: strange.fetch_orders(strange.first_cursor(SINCE), 100).documents)
            # A row that nobody can read is kept and parked by itself.
            assert all(each.external_id.startswith("unreadable-") for each in taken), body
        assert not given(lambda: strange.fetch_listings("", 10).articles), body
        assert not strange.check(list(account.spec.features)).ok, body


def given(call: Callable[[], Any]) -> Any:
    """What a call gives; nothing where it says what is wrong."""
    try:
        return call()
    except FailureError:
        return ()


# --- permissions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["shopify", "woocommerce", "shopware6"])
def test_a_missing_permission_is_named_for_each_feature_that_lacks_it(account: UnderTest) -> None:
    features = list(account.spec.features)
    report = account.connect(read_only=True).check(features)
    lacking = {item.feature: item.failure for item in report.items if item.failure}
    assert set(lacking) == {feature for feature in features if feature in SENDERS}
    assert report.permits(Feature.ORDERS) and not report.permits(Feature.STOCK)
    for found in lacking.values():
        assert found.code in ("SCOPE_MISSING", "PERMISSION") and found.kind is Kind.OPERATOR
        (named,) = found.params.values()
        assert re.search(r"write|create|update", named) and named in found.text("de")


# --- revoked in mid-run ------------------------------------------------------------------------------------------------------


def _woocommerce(shop: Any) -> Mapping[str, str]:
    made = Key("ck_" + "b" * 40, "cs_" + "b" * 40, "read_write")
    shop.gate.grant(made)
    return {"consumer_key": made.consumer_key, "consumer_secret": made.consumer_secret}


def _shopify(shop: Any) -> Mapping[str, str]:
    token = "shpat_" + "b" * 32
    shop.tokens.add(token, DEFAULT_SCOPES)
    return {"token": token, "client_secret": shop.tokens.client_secret}


def _shopware6(shop: Any) -> Mapping[str, str]:
    made = Integration("SWIA" + "B" * 22, "b" * 40)
    shop.gate._integrations[made.access_key] = made
    return {"client_id": made.access_key, "client_secret": made.secret}


def _shopware5(shop: Any) -> Mapping[str, str]:
    shop.gate._users["neu"] = "b" * 40
    return {"user": "neu", "api_key": "b" * 40}


def _mirakl(shop: Any) -> Mapping[str, str]:
    key = str(uuid4())
    shop.grant(key)
    return {"api_key": key}


NEW_KEYS: Mapping[str, Callable[[Any], Mapping[str, str]]] = {
    "woocommerce": _woocommerce,
    "shopify": _shopify,
    "shopware6": _shopware6,
    "shopware5": _shopware5,
    "mirakl": _mirakl,
}
"""How a shop's owner gives new keys, by the fields of the connector's form."""


def with_new_keys(account: UnderTest) -> Any:
    values = {**account.shop.credentials(), **NEW_KEYS[account.key](account.shop)}
    form = account.spec.credentials.model_validate(values)
    options = TransportOptions(allow_private=True, timeout=5)
    # A new account: with new credentials the tokens of the old ones are forgotten.
    return connectors.build(account.key, form, account.settings(), Account(), options)


@pytest.mark.parametrize("key", PULLING)
def test_a_key_revoked_between_two_pages_loses_no_order(account: UnderTest) -> None:
    orders = account.place(130)
    connector = account.connect()
    first = connector.fetch_orders(connector.first_cursor(SINCE), 100)
    assert first.more and first.documents
    account.revoke()
    found = failure(lambda: connector.fetch_orders(first.cursor, 100))
    assert (found.code, found.kind) == ("ACCESS", Kind.OPERATOR)
    connector, seen, page = with_new_keys(account), list(first.documents), first
    while page.more:
        page = connector.fetch_orders(page.cursor, 100)
        seen += page.documents
    assert {each.external_id for each in seen} == set(orders)


@pytest.mark.parametrize("key", LISTING)
def test_a_key_revoked_within_the_initial_import_loses_no_article(account: UnderTest) -> None:
    account.shop.seed(articles=40, orders=0)
    connector = account.connect()
    page = connector.fetch_listings("", 10)
    assert page.more
    account.revoke()
    assert failure(lambda: connector.fetch_listings(page.cursor, 10)).code == "ACCESS"
    connector, found = with_new_keys(account), [each.content.ref for each in page.articles]
    while page.more:
        page = connector.fetch_listings(page.cursor, 10)
        found += [each.content.ref for each in page.articles]
    whole, more = connector.fetch_listings("", 500), []
    while whole.more:
        more += whole.articles
        whole = connector.fetch_listings(whole.cursor, 500)
    assert found == [each.content.ref for each in (*more, *whole.articles)]


@pytest.mark.parametrize("key", PULLING)
def test_a_key_revoked_between_two_batches_keeps_what_was_sent(account: UnderTest) -> None:
    account.stocked()
    connector = account.connect()
    send(connector, Feature.STOCK, [account.level(connector, quantity=7)])
    late = account.level(connector, quantity=8)
    account.revoke()
    assert failure(lambda: send(connector, Feature.STOCK, [late])).code == "ACCESS"
    assert account.ledger().stock[SKU] == 7
    (again,) = send(with_new_keys(account), Feature.STOCK, [late])
    assert again.outcome is Outcome.ACCEPTED and account.ledger().stock[SKU] == 8


# --- nothing to pay ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", PULLING)
def test_a_free_article_is_a_line_of_nothing(account: UnderTest) -> None:
    account.stocked()
    account.shop.add_article("GRATIS", "Probe", "0.00", stock=5)
    order = account.shop.buy([(SKU, 1), ("GRATIS", 2)], at=START)
    connector = account.connect()
    (document,) = connector.fetch_orders(connector.first_cursor(SINCE), 100).documents
    read = connector.read_order(document.body)
    assert {line.sku: (line.quantity, line.net + line.tax) for line in read.lines}["GRATIS"] == (2, 0)
    assert read.computed_total == account.order(order).total


# --- currencies --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", PULLING)
@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_a_currency_without_or_with_three_decimals_is_taken_as_stated(account: UnderTest, currency: str) -> None:
    account.shop.add_article("HUNDERT", "Hundert", "11900.00", stock=5)
    order = account.shop.buy([("HUNDERT", 2)], at=START)
    connector = account.connect()
    (document,) = connector.fetch_orders(connector.first_cursor(SINCE), 100).documents
    read = connector.read_order(document.body.replace(b'"EUR"', f'"{currency}"'.encode()))
    assert read.currency == currency
    # The sandboxes ship for an amount with cents, which yen do not have.
    assert abs(read.computed_total - account.order(order).total) < (1 if currency == "JPY" else Decimal("0.001"))
    assert sum(line.net + line.tax for line in read.lines) == 23800


# --- very much at once -------------------------------------------------------------------------------------------------------

VARIANTS = 2000


@pytest.mark.parametrize("key", PULLING)
def test_an_order_of_five_hundred_lines_is_read_whole_and_to_the_cent(account: UnderTest) -> None:
    account.stocked()
    order = account.shop.buy([(SKU, 1)] * 500, at=START)
    connector = account.connect()
    (document,) = connector.fetch_orders(connector.first_cursor(SINCE), 100).documents
    read = connector.read_order(document.body)
    assert len(read.lines) == len({line.ref for line in read.lines}) == 500
    assert read.computed_total == read.stated.total == account.order(order).total


@pytest.mark.parametrize("key", SENDING)
def test_an_article_of_two_thousand_variants_is_sent_and_listed(account: UnderTest) -> None:
    sizes = [f"G{number:04}" for number in range(VARIANTS)]
    sample = account.article()
    common: dict[str, Any] = {
        "words": Words(language="de", name="Viele"), "sends": frozenset({DataType.MASTER_DATA, DataType.VARIANTS}),
        "channel_category": sample.channel_category, "channel_attributes": sample.channel_attributes,
    }  # fmt: skip
    axis = OptionAxis(name="Größe", values=tuple(sizes))
    parent = ArticleContent(key="V", sku="VIELE", structure=Structure.PARENT, axes=(axis,), **common)
    of_parent: dict[str, Any] = {"structure": Structure.VARIANT, "parent_key": "V", "parent_sku": "VIELE", **common}
    variants = [
        ArticleContent(key=size, sku=f"VIELE-{size}", options=(NamedValue(name="Größe", value=size),), **of_parent)
        for size in sizes
    ]
    connector = account.connect()
    results = send(connector, Feature.ARTICLES, [parent, *variants])
    assert [result.key for result in results] == ["V", *sizes]
    assert {result.outcome for result in results[1:]} == {Outcome.ACCEPTED}
    if account.spec.imports_catalogue:
        assert Counter(listed(connector)) == Counter(["VIELE", *(each.sku for each in variants)])


def listed(connector: Any) -> list[str]:
    """The numbers of all listings; a parent that the channel gives no number is told by its name."""
    found, cursor = [], ""
    for _ in range(60):
        page = connector.fetch_listings(cursor, 500)
        found += [each.content.sku for each in page.articles]
        cursor = page.cursor
        if not page.more:
            return found
    raise AssertionError("listing does not end")


@pytest.mark.parametrize("key", ["shopware5"])
def test_an_article_of_two_thousand_variants_is_imported_from_shopware_5(account: UnderTest) -> None:
    shop: Any = account.shop
    numbers = [f"V{number}" for number in range(VARIANTS)]
    shop.add("Viele", [Detail(0, number, 1, Decimal("11.90"), options={"Größe": number}) for number in numbers])
    page = account.connect().fetch_listings("", 100)
    assert not page.more and page.articles[0].content.structure is Structure.PARENT
    assert [each.content.sku for each in page.articles[1:]] == numbers
    assert {each.content.parent_ref for each in page.articles[1:]} == {page.articles[0].content.ref}


# --- answers in parts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected", "kind"),
    [
        ("THROTTLED", "RATE_LIMITED", Kind.RETRY),
        ("ACCESS_DENIED", "SCOPE_MISSING", Kind.OPERATOR),
        ("INTERNAL_SERVER_ERROR", "SERVER_ERROR", Kind.RETRY),
        ("", "REQUEST_REFUSED", Kind.OPERATOR),
    ],
)
def test_a_graphql_answer_with_some_data_and_an_error_is_not_taken_for_whole(
    code: str, expected: str, kind: Kind, raw_server: Any
) -> None:
    node = {"id": "gid://shopify/Order/1", "legacyResourceId": "1", "name": "#1", "updatedAt": "2026-03-01T08:00:00Z"}
    orders = {"nodes": [node, None], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    error = {"message": "geheim", "path": ["orders", "nodes", 1], "extensions": {"code": code}}
    body = orjson.dumps({"data": {"orders": orders}, "errors": [error]})
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    raw_server.answers[:] = [head.encode() + body]
    connector = connect("shopify", raw_server.url)
    found = failure(lambda: connector.fetch_orders(connector.first_cursor(SINCE), 100))
    assert (found.code, found.kind) == (expected, kind)
    assert "geheim" not in found.model_dump_json()
