"""The stock pages: levels, receipts, corrections, transfers, a stocktake at the shelf, warehouses; refusals with what to do."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zlib import crc32

import pytest
from sqlalchemy import text
from sqlmodel import Session

from canonical.feature import Feature
from erp.stock import Movement, Reason, post_movements
from erp.tables import Article, Component, Warehouse
from tests.web.conftest import Browser, Place, text_of


@pytest.fixture
def goods(place: Place, request: pytest.FixtureRequest) -> Iterator[str]:
    """A prefix of this test's own for its articles and warehouses: A with ten pieces, an empty B, a set of two A."""
    prefix = "T" + re.sub(r"\W", "", request.node.name)[-12:].upper()
    with place.world.deps.sessions() as session:
        session.add(Warehouse(code=f"{prefix}-W", name=f"Depot {prefix}"))
        session.add(Warehouse(code=f"{prefix}-V", name=f"Van {prefix}"))
        a = Article(number=f"{prefix}-A", name="Tea pot", ean=f"4{crc32(prefix.encode()):012}")
        kit = Article(number=f"{prefix}-KIT", name="Tea set", kind="jit", is_stock_article=False)
        session.add_all([a, kit, Article(number=f"{prefix}-B", name="Cup")])
        session.flush()
        session.add(Component(article_id=kit.id or 0, component_id=a.id or 0, quantity=Decimal(2)))
        session.flush()
        post_movements(session, [Movement(f"{prefix}-A", f"{prefix}-W", Decimal(10), Reason.RECEIPT, "first")])
        session.commit()
    yield prefix


@pytest.fixture
async def english(place: Place) -> Any:
    """A person who reads English."""
    browser = place.browser("en")
    await browser.log_in()
    yield browser
    await browser.http.aclose()


def level(place: Place, prefix: str, warehouse: str = "W", article: str = "A") -> Decimal:
    query = (
        "SELECT coalesce(sum(l.physical), 0) FROM stock_level l JOIN article a ON a.id = l.article_id"
        " JOIN warehouse w ON w.id = l.warehouse_id WHERE a.number = :article AND w.code = :warehouse"
    )
    with place.world.deps.sessions() as session:
        given = {"article": f"{prefix}-{article}", "warehouse": f"{prefix}-{warehouse}"}
        return Decimal(session.execute(text(query), given).scalar_one())


def value_of(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


async def test_the_list_shows_what_is_there_and_how_many_sets_it_makes(english: Browser, goods: str) -> None:
    page = text_of(await english.open(f"/stock?q={goods}"))
    assert f"{goods}-A Tea pot 10 – – 10" in page
    assert f"{goods}-B Cup 0 – – 0" in page
    assert re.search(rf"{goods}-KIT set, computed Tea set – – – 5", page)
    assert "Tea pot" not in text_of(await english.open(f"/stock?q={goods}&only=empty"))
    assert "No article fits" in text_of(await english.open(f"/stock?q={goods}&only=oversold"))
    assert f"{goods}-A Tea pot 0 – – 10" in text_of(await english.open(f"/stock?q={goods}&warehouse={goods}-V"))


async def test_what_is_promised_beyond_the_stock_is_found(place: Place, english: Browser, goods: str) -> None:
    with place.world.deps.sessions() as session:
        line = session.execute(text("SELECT id, order_id FROM sales_order_line ORDER BY id LIMIT 1")).one()
        session.execute(text("DELETE FROM reservation WHERE order_line_id = :line"), {"line": line.id})
        session.execute(
            text("INSERT INTO reservation (order_line_id, order_id, article_id, quantity)"
                 " SELECT :line, :order, id, 12 FROM article WHERE number = :number"),
            {"line": line.id, "order": line.order_id, "number": f"{goods}-A"},
        )  # fmt: skip
        session.commit()
    page = text_of(await english.open(f"/stock?q={goods}&only=oversold"))
    assert f"{goods}-A Tea pot 10 12 – -2" in page


async def test_the_list_is_cut_into_pages_by_number(place: Place, english: Browser) -> None:
    with place.world.deps.sessions() as session:
        session.add_all(Article(number=f"PAGED-{n:03}", name="x") for n in range(60))
        session.commit()
    first = await english.open("/stock?q=PAGED-")
    assert "PAGED-049" in first
    assert "PAGED-050" not in first
    following = re.search(r'href="(\?[^"]*after=[^"]*)"', first)
    assert following
    second = await english.open("/stock" + following[1].replace("&amp;", "&"))
    assert "PAGED-050" in second
    assert "PAGED-049" not in second


async def test_goods_are_received_once_per_delivery_note(place: Place, english: Browser, goods: str) -> None:
    await english.open("/stock/book")
    form = {
        "kind": "receipt",
        "article": f"{goods}-A",
        "warehouse": f"{goods}-W",
        "quantity": "2,0",
        "reference": "LS-1",
        "key": "#1",
    }
    assert f"Booked: 2,0 of {goods}-A." in text_of(await english.send("/stock/entries", **form))
    assert "booked before" in text_of(await english.send("/stock/entries", **form))
    assert level(place, goods) == 12
    page = text_of(await english.open(f"/stock/articles/{goods}-A"))
    assert "anna@shop.example receipt LS-1" in page


async def test_a_form_sent_twice_is_one_correction(place: Place, english: Browser, goods: str) -> None:
    key = value_of(await english.open("/stock/book"), "key")
    form = {
        "kind": "correction",
        "article": f"{goods}-A",
        "warehouse": f"{goods}-W",
        "quantity": "-3",
        "key": key,
        "note": "broken",
    }
    for _ in range(2):
        await english.send("/stock/entries", **form)
    assert level(place, goods) == 7
    assert "broken" in await english.open(f"/stock/articles/{goods}-A")


async def test_a_refused_booking_keeps_what_was_typed_and_says_why(place: Place, english: Browser, goods: str) -> None:
    await english.open("/stock/book")
    form = {
        "kind": "correction",
        "article": f"{goods}-A",
        "warehouse": f"{goods}-W",
        "quantity": "-11",
        "key": "#2",
        "note": "gone",
    }
    page = await english.send("/stock/entries", status=422, **form)
    assert "Only 10" in text_of(page)
    assert 'value="gone"' in page
    assert "a quantity that moves something" in text_of(
        await english.send("/stock/entries", 422, **{**form, "quantity": "0"})
    )
    assert "enter a number" in text_of(await english.send("/stock/entries", 422, **{**form, "quantity": "many"}))
    assert "no stock article" in text_of(
        await english.send("/stock/entries", 422, **{**form, "article": f"{goods}-KIT"})
    )
    assert level(place, goods) == 10


async def test_goods_move_to_another_warehouse_once(place: Place, english: Browser, goods: str) -> None:
    key = value_of(await english.open("/stock/book"), "key")
    form = {"article": f"{goods}-A", "quantity": "4", "source": f"{goods}-W", "target": f"{goods}-V", "key": key}
    for _ in range(2):
        assert "Moved as transfer UM" in text_of(await english.send("/stock/transfers", **form))
    assert (level(place, goods), level(place, goods, "V")) == (6, 4)
    again = await english.send("/stock/transfers", status=422, **{**form, "key": "#3", "quantity": "40"})
    assert "Only 6" in text_of(again)
    assert 'value="40"' in again
    same = await english.send("/stock/transfers", status=422, **{**form, "key": "#4", "target": f"{goods}-W"})
    assert "two different warehouses" in text_of(same)


async def begin(browser: Browser, goods: str) -> str:
    await browser.open("/stock/stocktakes")
    page = await browser.send("/stock/stocktakes", warehouse=f"{goods}-W", note="year's end")
    found = re.search(r'action="(/stock/stocktakes/\d+)/count"', page)
    assert found, text_of(page)
    return found[1]


async def test_an_article_is_scanned_counted_and_posted(place: Place, english: Browser, goods: str) -> None:
    here = await begin(english, goods)
    with place.world.deps.sessions() as session:
        ean = session.execute(text("SELECT ean FROM article WHERE number = :n"), {"n": f"{goods}-A"}).scalar_one()
    asked = text_of(await english.send(f"{here}/count", article=ean))
    assert f"{goods}-A Tea pot" in asked
    assert "How many are there?" in asked
    assert f"{ean}: 8 counted." in text_of(await english.send(f"{here}/count", article=ean, counted="8"))
    assert "Counted before: 8" in text_of(await english.open(f"{here}?article={ean}"))
    assert level(place, goods) == 10, "nothing moves before it is posted"
    assert "Post 1 difference" in text_of(await english.open(here))
    assert "1 articles have a new level" in text_of(await english.send(f"{here}/post"))
    assert level(place, goods) == 8
    assert "0 articles have a new level" in text_of(await english.send(f"{here}/post"))
    closed = text_of(await english.send(f"{here}/count", article=ean, counted="8"))
    assert "is closed" in closed


async def test_a_pasted_list_is_taken_and_its_bad_lines_are_named(place: Place, english: Browser, goods: str) -> None:
    here = await begin(english, goods)
    page = text_of(await english.send(f"{here}/paste", status=422, list=f"{goods}-A;9\nNOPE;1\n{goods}-KIT;1\n"))
    assert "1 lines taken, 2 refused" in page
    assert "Line 2: There is no article NOPE" in page
    assert f"Line 3: {goods}-KIT is no stock article" in page
    assert "2 articles counted." in text_of(await english.send(f"{here}/paste", list=f"{goods}-A\t9\n{goods}-B\t3"))
    different = text_of(await english.open(f"{here}?show=different"))
    assert "10 9 -1" in different
    assert "0 3 +3" in different
    assert "No article here" in text_of(await english.open(f"{here}?show=open"))


async def test_a_scan_that_is_no_article_says_so_and_a_wrong_count_is_asked_again(
    place: Place, english: Browser, goods: str
) -> None:
    here = await begin(english, goods)
    assert "There is no article 999" in text_of(await english.open(f"{here}?article=999", 422))
    again = text_of(await english.send(f"{here}/count", status=422, article=f"{goods}-A", counted="1.000"))
    assert "is no counted quantity" in again
    assert "How many are there?" in again


async def test_a_cancelled_stocktake_moves_nothing_and_makes_room_for_the_next(
    place: Place, english: Browser, goods: str
) -> None:
    here = await begin(english, goods)
    await english.send(f"{here}/count", article=f"{goods}-A", counted="1")
    refused = await english.send("/stock/stocktakes", warehouse=f"{goods}-W")
    assert "is already open in warehouse" in text_of(refused)
    assert "nothing has moved" in text_of(await english.send(f"{here}/cancel"))
    assert level(place, goods) == 10
    assert await begin(english, goods) != here


async def test_warehouses_are_created_renamed_and_locked(place: Place, english: Browser, goods: str) -> None:
    await english.open("/stock/warehouses")
    form = {"code": f"{goods}-X", "name": "Fair", "kind": "own", "country": "at"}
    assert "Warehouse Fair is created." in text_of(await english.send("/stock/warehouses", **form))
    assert "is there already" in text_of(await english.send("/stock/warehouses", status=422, **form))
    wrong = await english.send("/stock/warehouses", status=422, **{**form, "code": "a b", "country": "Austria"})
    assert "Two letters, such as DE." in wrong
    changed = {"name": "Fair 2", "kind": "provider", "country": "DE", "is_locked": "on"}
    assert "Warehouse Fair 2 is changed." in text_of(await english.send(f"/stock/warehouses/{goods}-X", **changed))
    with place.world.deps.sessions() as session:
        row = session.execute(text("SELECT * FROM warehouse WHERE code = :code"), {"code": f"{goods}-X"}).one()
    assert (row.name, row.kind, row.country, row.is_locked) == ("Fair 2", "provider", "DE", True)
    emptied = await english.send(f"/stock/warehouses/{goods}-X", status=422, **{**changed, "name": ""})
    assert "at least 1 characters" in text_of(emptied)


async def test_what_is_not_there_is_not_found(english: Browser, goods: str) -> None:
    for path in (
        "/stock/articles/NOPE",
        "/stock/stocktakes/999999",
        "/stock/stocktakes/99999999999",
        "/stock/stocktakes/x",
    ):
        await english.open(path, 404)
    await english.open("/stock")
    for command in ("post", "cancel", "count"):
        await english.send(f"/stock/stocktakes/999999/{command}", status=404, article="A", counted="1")


def subtract_twice(session: Session, integration: str, on: bool) -> None:
    session.execute(
        text(
            "UPDATE feature_settings SET values = values || jsonb_build_object('subtract_reservations', CAST(:on AS bool),"
            " 'subtract_open_orders', CAST(:on AS bool)) WHERE integration_id = :id AND feature = 'stock'"
        ),
        {"on": on, "id": integration},
    )
    session.commit()


async def test_subtracting_twice_is_warned_of_on_the_settings_page_and_in_the_readiness_report(
    place: Place, english: Browser
) -> None:
    settings = f"{place.base}/features/{Feature.STOCK.value}"
    assert "every order counts twice" not in text_of(await english.open(settings))
    with place.world.deps.sessions() as session:
        subtract_twice(session, place.connected.id, True)
    try:
        assert "every order counts twice" in text_of(await english.open(settings))
        assert "No order is subtracted from the stock twice" in text_of(await english.open(f"{place.base}/go-live"))
    finally:
        with place.world.deps.sessions() as session:
            subtract_twice(session, place.connected.id, False)
