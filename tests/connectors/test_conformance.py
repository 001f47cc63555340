"""What every connector must do alike, run against its sandbox; a connector's own tests catch what this cannot."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import connectors
from canonical.check import CheckState
from canonical.codes import Kind
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.order import DocumentPage, RawDocument
from canonical.push import OrderStatus, Outcome, Parcel, StatusKind, StockLevel
from canonical.settings import FeatureSettings
from connectors.protocol import FEATURE_PROTOCOLS, Connector

KEYS = sorted(connectors.specs())
FEATURES = [(key, feature) for key in KEYS for feature in connectors.spec_of(key).features]
START = datetime(2026, 3, 1, 8, tzinfo=UTC)
SINCE = "2026-02-01T00:00:00Z"


@pytest.fixture
def account(request: pytest.FixtureRequest, key: str) -> Any:
    """The sandbox of the connector under test: its fixture is named in `SANDBOXES`."""
    return request.getfixturevalue(SANDBOXES[key])


SANDBOXES = {"woocommerce": "woo"}
with_each = pytest.mark.parametrize("key", KEYS)
with_each_feature = pytest.mark.parametrize(("key", "feature"), FEATURES)


def one_call(connector: Any, feature: Feature, order: str = "1") -> object:
    """The feature's plainest call."""
    if feature is Feature.ORDERS:
        return connector.fetch_orders(connector.first_cursor(SINCE), 100)
    if feature is Feature.STOCK:
        return connector.send_stock([StockLevel(key="A-1", sku="MUG", quantity=7)])
    assert feature is Feature.SHIPMENTS, f"the suite does not know how to use {feature}"
    return connector.send_shipments([shipped(order)])


def shipped(order: str, key: str = "LS-1", *, is_repeat: bool = False) -> OrderStatus:
    parcel = Parcel(tracking_number=f"JJD-{key}", carrier="DHL", tracking_url="https://dhl.example/JJD")
    return OrderStatus(key=key, order_ref=order, kind=StatusKind.SHIPPED, parcels=(parcel,), is_repeat=is_repeat)


def failure(call: Callable[[], object]) -> Failure:
    with pytest.raises(FailureError) as caught:
        call()
    return caught.value.failure


def pages(connector: Any, cursor: str, limit: int = 100) -> list[DocumentPage]:
    """Fetch to the end, with a bound that a loop without end would break."""
    found: list[DocumentPage] = []
    for _ in range(60):
        found.append(connector.fetch_orders(cursor, limit))
        cursor = found[-1].cursor
        if not found[-1].more:
            return found
    raise AssertionError("paging does not end")


def documents(found: list[DocumentPage]) -> dict[str, RawDocument]:
    return {document.external_id: document for page in found for document in page.documents}


# --- the declaration ---------------------------------------------------------------------------------------------------


@with_each
def test_a_connector_satisfies_exactly_the_protocols_of_its_features(key: str) -> None:
    reader = connectors.reader(key)
    assert isinstance(reader, Connector)
    able = {feature for feature, protocol in FEATURE_PROTOCOLS.items() if isinstance(reader, protocol)}
    assert able == set(connectors.spec_of(key).features)


@with_each
def test_the_declaration_is_whole(key: str) -> None:
    spec = connectors.spec_of(key)
    assert spec.key == key and spec.title and spec.summary.de and spec.summary.en
    assert all(text.de and text.en for text in spec.credentials_help) and spec.credentials_help
    assert spec.limits.per_second > 0 and spec.limits.burst >= 1
    for feature in spec.features.values():
        assert issubclass(feature.settings, FeatureSettings) and feature.batch >= 1 and feature.every > timedelta(0)
        feature.settings()


@with_each
def test_every_setting_has_its_words_in_both_languages(key: str) -> None:
    spec = connectors.spec_of(key)
    models = [feature.settings for feature in spec.features.values()]
    for field in [field for model in models for field in model.model_fields.values()]:
        assert field.title and FeatureSettings.meta(field)["title_de"]
    for field in spec.credentials.model_fields.values():
        assert field.title and FeatureSettings.meta(field)["title_de"]


@with_each
def test_a_reader_has_no_network(key: str) -> None:
    reader: Any = connectors.reader(key)
    assert failure(lambda: reader.read_order(b"{}")).code == "DOCUMENT_INVALID"
    assert failure(lambda: reader.fetch_orders(reader.first_cursor(SINCE), 100)).code == "CREDENTIALS_MISSING"


# --- pulling -----------------------------------------------------------------------------------------------------------


@with_each
def test_paging_ends_and_brings_every_order(account: Any) -> None:
    orders = account.place(255)
    connector = account.connect()
    found = pages(connector, connector.first_cursor(SINCE))
    assert set(documents(found)) == set(orders)
    assert sum(len(page.documents) for page in found) <= 255 + 3 * len(found)
    assert all(connector.read_order(document.body).external_id == ref for ref, document in documents(found).items())


@with_each
def test_one_call_takes_several_pages_of_the_vendor(account: Any) -> None:
    account.place(255)
    connector = account.connect()
    page = connector.fetch_orders(connector.first_cursor(SINCE), 500)
    assert len(page.documents) == 255 and not page.more


@with_each
def test_a_poll_without_news_is_one_request(account: Any) -> None:
    account.place(120)
    connector = account.connect()
    end = pages(connector, connector.first_cursor(SINCE))[-1].cursor
    account.shop.requests.clear()
    page = connector.fetch_orders(end, 500)
    assert (len(account.shop.requests), page.more, page.cursor) == (1, False, end)
    assert len(page.documents) <= 1


@with_each
def test_an_empty_shop_leaves_the_cursor_where_it_is(account: Any) -> None:
    connector = account.connect()
    start = connector.first_cursor(SINCE)
    assert connector.fetch_orders(start, 100) == DocumentPage(documents=(), cursor=start, more=False)


@with_each
def test_another_process_goes_on_from_the_stored_cursor(account: Any) -> None:
    orders = account.place(255)
    first = account.connect()
    page = first.fetch_orders(first.first_cursor(SINCE), 100)
    assert page.more
    assert set(documents([page, *pages(account.connect(), page.cursor)])) == set(orders)


@with_each
def test_orders_that_change_while_paging_are_not_skipped(account: Any) -> None:
    orders = account.place(255)
    connector = account.connect()
    found = [connector.fetch_orders(connector.first_cursor(SINCE), 100)]
    for moved, order in enumerate([*orders[:90], orders[150], orders[254]]):
        account.touch(order, START + timedelta(days=1, seconds=moved))
    found += pages(connector, found[0].cursor)
    assert set(documents(found)) == set(orders)
    assert b"ge\xc3\xa4ndert" in documents(found)[orders[0]].body


@with_each
@pytest.mark.parametrize("count", [100, 200, 255])
def test_many_orders_of_one_second_neither_loop_nor_get_lost(account: Any, count: int) -> None:
    before, bunch = account.place(30), account.place(count, start=START + timedelta(hours=1), step=timedelta(0))
    after = account.place(30, start=START + timedelta(hours=2))
    connector = account.connect()
    found = pages(connector, connector.first_cursor(SINCE))
    assert set(documents(found)) == {*before, *bunch, *after}


@with_each
def test_an_order_that_leaves_its_second_while_it_is_paged_hides_no_other(account: Any) -> None:
    bunch = account.place(320, step=timedelta(0))
    connector = account.connect()
    found = [connector.fetch_orders(connector.first_cursor(SINCE), 100) for _ in range(1)]
    for round_ in range(3):
        found.append(connector.fetch_orders(found[-1].cursor, 100))
        account.touch(bunch[round_], START + timedelta(days=1 + round_))
    found += pages(connector, found[-1].cursor)
    assert set(documents(found)) == set(bunch)


@with_each
def test_a_change_in_the_far_future_does_not_hide_what_comes_now(account: Any) -> None:
    orders = account.place(3)
    account.touch(orders[0], datetime(2099, 1, 1, tzinfo=UTC))
    connector = account.connect()
    end = pages(connector, connector.first_cursor(SINCE))[-1].cursor
    account.touch(orders[1], datetime.now(UTC))
    assert orders[1] in documents(pages(connector, end))


@with_each
def test_single_orders_come_by_their_number(account: Any) -> None:
    orders = account.place(5)
    connector = account.connect()
    page = connector.fetch_orders_by_number([orders[3], "#" + orders[1], "999999", "gibt's nicht", orders[3]])
    assert [document.external_id for document in page.documents] == [orders[3], orders[1]]
    assert not page.more


# --- failures ----------------------------------------------------------------------------------------------------------


@with_each_feature
def test_a_limit_says_when_to_come_back(account: Any, feature: Feature) -> None:
    order = account.place(1)[0]
    account.fault("429", retry_after=17)
    found = failure(lambda: one_call(account.connect(), feature, order))
    assert (found.code, found.kind, found.retry_after) == ("RATE_LIMITED", Kind.RETRY, timedelta(seconds=17))


@with_each_feature
@pytest.mark.parametrize("mode", ["500", "503", "html", "drop", "lose_reply"])
def test_an_outage_is_tried_again_and_is_no_wrong_password(account: Any, feature: Feature, mode: str) -> None:
    order = account.place(1)[0]
    account.fault(mode)
    connector = account.connect()
    assert failure(lambda: one_call(connector, feature, order)).kind is Kind.RETRY
    account.heal()
    one_call(connector, feature, order)


@with_each_feature
def test_a_revoked_key_needs_a_person(account: Any, feature: Feature) -> None:
    order = account.place(1)[0]
    account.revoke()
    found = failure(lambda: one_call(account.connect(), feature, order))
    assert (found.code, found.kind) == ("ACCESS", Kind.OPERATOR)


@with_each
def test_secrets_and_buyers_are_in_no_log_and_no_failure(account: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    order = account.place(1)[0]
    connector = account.connect()
    told = []
    for mode in ("429", "500", "html", "drop"):
        for feature in connectors.spec_of(account.key).features:
            account.fault(mode)
            told.append(failure(lambda chosen=feature: one_call(connector, chosen, order)))
    account.heal()
    for feature in connectors.spec_of(account.key).features:
        one_call(connector, feature, order)
    everything = caplog.text + "".join(found.model_dump_json() + found.text() for found in told) + repr(connector)
    assert not [secret for secret in account.secrets if secret in everything]
    assert "Weiß" not in everything and "anna@example.org" not in everything


# --- pushing -----------------------------------------------------------------------------------------------------------


@with_each
def test_one_bad_level_is_rejected_alone(account: Any) -> None:
    account.place(1)
    levels = [
        StockLevel(key="A-1", sku="MUG", quantity=7),
        StockLevel(key="A-2", sku="GIBT-ES-NICHT", quantity=7),
        StockLevel(key="A-3", sku="  ", quantity=7),
        StockLevel(key="A-4", sku="A,B", quantity=7),
    ]
    results = account.connect().send_stock(levels).results
    assert [result.key for result in results] == ["A-1", "A-2", "A-3", "A-4"]
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, *[Outcome.REJECTED] * 3]
    assert {result.failure.code for result in results[1:]} == {"NOT_IN_SHOP"}
    assert account.effects("stock", "MUG") == ["7"]


@with_each
def test_one_bad_order_is_rejected_alone(account: Any) -> None:
    good, also_good = account.place(2)
    statuses = [shipped(good, "LS-1"), shipped("999999", "LS-2"), shipped("x/../y", "LS-3"), shipped(also_good, "LS-4")]
    results = account.connect().send_shipments(statuses).results
    assert [(result.key, result.outcome) for result in results] == [
        ("LS-1", Outcome.ACCEPTED),
        ("LS-2", Outcome.REJECTED),
        ("LS-3", Outcome.REJECTED),
        ("LS-4", Outcome.ACCEPTED),
    ]
    assert {result.failure.code for result in results[1:3]} == {"ORDER_NOT_IN_SHOP"}
    assert {result.failure.kind for result in results[1:3]} == {Kind.REJECT}


@with_each
def test_a_level_whose_answer_was_lost_is_sent_again_without_harm(account: Any) -> None:
    account.place(1)
    connector = account.connect()
    account.fault("lose_reply", count=1, path="^POST")
    failure(lambda: one_call(connector, Feature.STOCK))
    one_call(connector, Feature.STOCK)
    assert account.shop.products[account.shop.skus["MUG"]].stock_quantity == 7


@with_each
@pytest.mark.parametrize("path", ["^POST", "^PUT"])
def test_a_report_whose_answer_was_lost_is_not_made_twice(account: Any, path: str) -> None:
    order = account.place(1)[0]
    connector = account.connect()
    account.fault("lose_reply", count=1, path=path)
    failure(lambda: connector.send_shipments([shipped(order)]))
    result = connector.send_shipments([shipped(order, is_repeat=True)]).results[0]
    assert result.outcome is Outcome.ACCEPTED
    assert len([note for note in account.effects("order_note", order) if "JJD" in note]) == 1
    assert account.effects("order_status", order) == ["completed"]


@with_each
def test_what_was_reported_before_an_outage_keeps_its_result(account: Any) -> None:
    orders = account.place(3)
    account.fault("500", path=f"orders/{orders[1]}")
    answer = account.connect().send_shipments([shipped(order, f"LS-{order}") for order in orders])
    assert [result.outcome for result in answer.results] == [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.REJECTED]
    assert [result.failure.kind for result in answer.results[1:]] == [Kind.RETRY, Kind.RETRY]
    assert account.effects("order_note", orders[2]) == []


# --- the connection test -----------------------------------------------------------------------------------------------


@with_each
def test_a_good_account_passes_and_nothing_is_changed(account: Any) -> None:
    account.place(3)
    report = account.connect().check(list(connectors.spec_of(account.key).features))
    assert report.ok, report
    assert report.version and report.shop_title
    assert {item.feature for item in report.items if item.name == "permission"} == set(
        connectors.spec_of(account.key).features
    )
    assert account.shop.effects == []


@with_each
def test_a_revoked_key_fails_at_the_credentials_and_the_rest_is_skipped(account: Any) -> None:
    account.revoke()
    report = account.connect().check([Feature.ORDERS, Feature.STOCK])
    states = {item.name: item.state for item in report.items}
    assert states["reachable"] is CheckState.OK and states["credentials"] is CheckState.FAILED
    assert states["version"] is states["permission"] is CheckState.SKIPPED
    assert not report.ok


@with_each
def test_a_read_only_key_may_read_and_is_told_what_it_may_not(account: Any) -> None:
    report = account.connect(read_only=True).check([Feature.ORDERS, Feature.STOCK, Feature.SHIPMENTS])
    assert report.permits(Feature.ORDERS)
    assert not report.permits(Feature.STOCK) and not report.permits(Feature.SHIPMENTS)
    failed = {item.failure.code for item in report.items if item.failure}
    assert failed == {"PERMISSION"}
    assert account.shop.effects == []


@with_each
@pytest.mark.parametrize(("mode", "code"), [("503", "SERVER_ERROR"), ("html", "NOT_JSON"), ("drop", "UNREACHABLE")])
def test_a_shop_that_is_down_is_no_wrong_password(account: Any, mode: str, code: str) -> None:
    account.fault(mode)
    report = account.connect().check([Feature.ORDERS])
    assert [item.failure.code for item in report.items if item.failure] == [code]
    assert [item.state for item in report.items[1:]] == [CheckState.SKIPPED] * (len(report.items) - 1)
