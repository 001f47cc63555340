"""Fetching Shopify's orders: paging, costs, long orders and single numbers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from canonical.failure import FailureError
from canonical.order import DocumentPage, RawDocument
from connectors.shopify.client import Shopify
from connectors.shopify.settings import ShopifyOrderSettings
from tests.connectors.test_shopify_support import FakeShop, OrderBook, Wire, errors, line, order

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
SINCE = "2026-02-01T00:00:00Z"
STEP = timedelta(seconds=7)


@pytest.fixture
def book() -> OrderBook:
    return OrderBook()


@pytest.fixture
def shop(book: OrderBook) -> Iterator[FakeShop]:
    with FakeShop() as running:
        running.scripts["Orders"] = book.search
        yield running


def pages(connector: Shopify, cursor: str, limit: int = 100) -> list[DocumentPage]:
    """Fetch to the end, with a bound that a loop without end would break."""
    found: list[DocumentPage] = []
    for _ in range(40):
        found.append(connector.fetch_orders(cursor, limit))
        cursor = found[-1].cursor
        if not found[-1].more:
            return found
    raise AssertionError("paging does not end")


def documents(found: list[DocumentPage]) -> dict[str, RawDocument]:
    """By the order's number in the shop."""
    rows = [document for page in found for document in page.documents]
    return {document.external_id.removeprefix("gid://shopify/Order/"): document for document in rows}


def test_paging_ends_and_brings_every_order(shop: FakeShop, book: OrderBook) -> None:
    placed = book.place(53, start=START, step=STEP)
    connector = shop.connect()
    found = pages(connector, connector.first_cursor(SINCE), 20)
    assert set(documents(found)) == set(placed)
    assert sum(len(page.documents) for page in found) <= 53 + 3 * len(found)
    assert all(connector.read_order(each.body).external_id == each.external_id for each in documents(found).values())


def test_a_page_is_as_large_as_the_shop_says_an_order_costs(shop: FakeShop, book: OrderBook) -> None:
    book.place(60, start=START, step=STEP)
    shop.cost_per_order = 30.0
    connector = shop.connect()
    connector.fetch_orders(connector.first_cursor(SINCE), 100)
    sizes = [variables["first"] for variables in shop.sent("Orders")]
    assert sizes[0] == 6 and sizes[1] == 32
    assert all(size * 30 <= 1000 for size in sizes)


def test_a_shop_that_reckons_more_than_planned_is_asked_for_less(shop: FakeShop, book: OrderBook) -> None:
    placed = book.place(9, start=START, step=STEP)
    shop.scripts["Orders"] = lambda asked: errors("MAX_COST_EXCEEDED") if asked["first"] > 3 else book.search(asked)
    shop.cost_per_order = 300.0
    connector = shop.connect()
    assert set(documents(pages(connector, connector.first_cursor(SINCE)))) == set(placed)


def test_an_order_that_is_too_dear_even_alone_is_an_error_and_no_loop(shop: FakeShop, book: OrderBook) -> None:
    shop.scripts["Orders"] = lambda _: errors("MAX_COST_EXCEEDED")
    connector = shop.connect()
    with pytest.raises(FailureError):
        connector.fetch_orders(connector.first_cursor(SINCE), 10)
    assert [asked["first"] for asked in shop.sent("Orders")] == [6, 3, 1]


def test_a_poll_without_news_is_one_query(shop: FakeShop, book: OrderBook) -> None:
    book.place(20, start=START, step=STEP)
    connector = shop.connect()
    end = pages(connector, connector.first_cursor(SINCE))[-1].cursor
    shop.requests.clear()
    page = connector.fetch_orders(end, 500)
    assert (len(shop.requests), page.more, page.cursor) == (1, False, end)
    assert len(page.documents) <= 1


def test_an_empty_shop_leaves_the_cursor_where_it_is(shop: FakeShop) -> None:
    connector = shop.connect()
    start = connector.first_cursor(SINCE)
    assert connector.fetch_orders(start, 100) == DocumentPage(documents=(), cursor=start, more=False)


def test_orders_that_change_while_paging_are_not_skipped(shop: FakeShop, book: OrderBook) -> None:
    placed = book.place(40, start=START, step=STEP)
    connector = shop.connect()
    found = [connector.fetch_orders(connector.first_cursor(SINCE), 12)]
    for moved, number in enumerate([*placed[:10], placed[25], placed[39]]):
        book.touch(number, START + timedelta(days=1, seconds=moved))
    found += pages(connector, found[0].cursor, 12)
    assert set(documents(found)) == set(placed)
    assert "geändert".encode() in documents(found)[placed[0]].body


@pytest.mark.parametrize("count", [6, 12, 23])
def test_many_orders_of_one_second_neither_loop_nor_get_lost(shop: FakeShop, book: OrderBook, count: int) -> None:
    before = book.place(4, start=START, step=STEP)
    bunch = book.place(count, start=START + timedelta(hours=1), step=timedelta(0))
    after = book.place(4, start=START + timedelta(hours=2), step=STEP)
    connector = shop.connect()
    found = pages(connector, connector.first_cursor(SINCE), 10)
    assert set(documents(found)) == {*before, *bunch, *after}


def test_an_order_that_leaves_its_second_hides_no_other(shop: FakeShop, book: OrderBook) -> None:
    bunch = book.place(30, start=START, step=timedelta(0))
    connector = shop.connect()
    found = [connector.fetch_orders(connector.first_cursor(SINCE), 6)]
    for index in range(3):
        found.append(connector.fetch_orders(found[-1].cursor, 6))
        book.touch(bunch[index], START + timedelta(days=1 + index))
    found += pages(connector, found[-1].cursor)
    assert set(documents(found)) == set(bunch)


def test_a_change_in_the_far_future_does_not_hide_what_comes_now(shop: FakeShop, book: OrderBook) -> None:
    placed = book.place(3, start=START, step=STEP)
    book.touch(placed[0], datetime(2099, 1, 1, tzinfo=UTC))
    connector = shop.connect()
    end = pages(connector, connector.first_cursor(SINCE))[-1].cursor
    book.touch(placed[1], datetime.now(UTC))
    assert placed[1] in documents(pages(connector, end))


def test_what_the_search_learns_late_is_still_found(shop: FakeShop, book: OrderBook) -> None:
    now = datetime.now(UTC)
    first = book.place(1, start=now - timedelta(seconds=5), step=STEP)
    connector = shop.connect()
    end = pages(connector, connector.first_cursor(SINCE))[-1].cursor
    late = book.place(1, start=now - timedelta(seconds=20), step=STEP)
    assert set(documents(pages(connector, end))) == {*first, *late}


def test_single_orders_come_by_their_number_or_id(shop: FakeShop, book: OrderBook) -> None:
    book.orders[5550001] = order(5550001, name="#DE-17", test=True)
    placed = book.place(5, start=START, step=STEP)
    connector = shop.connect()
    asked = [placed[3], "#" + placed[1], "999999", 'gibt"s nicht', placed[3], "DE-17"]
    page = connector.fetch_orders_by_number(asked)
    assert list(documents([page])) == [placed[3], placed[1], "5550001"]
    assert connector.fetch_orders_by_number(["5550001"]).documents[0].number == "DE-17"
    assert connector.fetch_orders_by_number(["", "#"]).documents == ()


def test_test_orders_come_only_if_that_is_set(shop: FakeShop, book: OrderBook) -> None:
    placed = book.place(2, start=START, step=STEP)
    book.orders[int(placed[0])]["test"] = True
    without, with_ = shop.connect(), shop.connect(orders=ShopifyOrderSettings(import_test_orders=True))
    assert set(documents(pages(without, without.first_cursor(SINCE)))) == {placed[1]}
    assert set(documents(pages(with_, with_.first_cursor(SINCE)))) == set(placed)


def test_a_long_order_is_completed_before_it_is_stored(shop: FakeShop, book: OrderBook) -> None:
    lines = [line(number, total="1.19", taxLines=[]) for number in range(1, 121)]
    book.orders[1001] = order(1001, lineItems=connection(lines, 0, 5))

    def more(asked: dict[str, Any]) -> dict[str, Any]:
        return {"order": {"lineItems": connection(lines, int(asked["after"]), asked["first"])}}

    shop.scripts["OrderLines"] = more
    connector = shop.connect()
    page = connector.fetch_orders(connector.first_cursor(SINCE), 10)
    assert len(shop.sent("OrderLines")) == 3
    read = connector.read_order(page.documents[0].body)
    assert [each.ref for each in read.lines] == [str(number) for number in range(1, 121)]


def connection(rows: list[Any], start: int, first: int) -> dict[str, Any]:
    end = start + first
    info = {"hasNextPage": end < len(rows), "endCursor": str(end)}
    return {"nodes": rows[start:end], "pageInfo": info}


def test_an_app_that_may_not_see_customers_still_gets_orders(shop: FakeShop, book: OrderBook) -> None:
    book.place(1, start=START, step=STEP)
    row = order(1001, customer=None)
    denied = {"message": "no", "path": ["orders", "nodes", 0, "customer"], "extensions": {"code": "ACCESS_DENIED"}}
    wire = errors("x")
    wire.body.update({"data": {"orders": {"nodes": [row], "pageInfo": {"hasNextPage": False}}}, "errors": [denied]})
    shop.scripts["Orders"] = lambda _: wire
    connector = shop.connect()
    page = connector.fetch_orders(connector.first_cursor(SINCE), 10)
    assert list(documents([page])) == ["1001"]
    wire.body["errors"][0]["path"] = ["orders", "nodes", 0, "billingAddress"]
    with pytest.raises(FailureError) as caught:
        connector.fetch_orders(connector.first_cursor(SINCE), 10)
    assert caught.value.failure.code == "SCOPE_MISSING"


def test_a_row_without_an_id_is_kept_and_fails_when_it_is_read(shop: FakeShop, book: OrderBook) -> None:
    wire = Wire(body={"data": {"orders": {"nodes": [{"name": "#1"}], "pageInfo": {"hasNextPage": False}}}})
    shop.scripts["Orders"] = lambda _: wire
    connector = shop.connect()
    stored = connector.fetch_orders(connector.first_cursor(SINCE), 10).documents[0]
    assert stored.external_id.startswith("unreadable-") and orjson.loads(stored.body) == {"name": "#1"}
    with pytest.raises(FailureError):
        connector.read_order(stored.body)
