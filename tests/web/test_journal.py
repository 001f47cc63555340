"""The journal: each record once over all pages, filters that hold, actions on many, and one page per record."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlmodel import Session

from canonical.feature import Feature
from erp.articles import ArticleForm, create_article
from erp.queries import articles, integrations, journal, orders, sent
from erp.queries.journal import DocumentFilter
from erp.queries.sent import LinkFilter
from erp.shipping import ParcelForm, ship_order
from erp.tables import Integration
from tests.web.conftest import Browser, Place, text_of

ROWS = 130
NUMBER = re.compile(r'<a href="/journal/documents/(\d+)"')


@pytest.fixture
def filled(session: Session) -> Session:
    """Two integrations, documents in every state, articles with links."""
    for name in ("one", "two"):
        session.add(Integration(id=name, connector="woocommerce", name=name))
    session.flush()
    now = datetime.now(UTC)
    for index in range(ROWS):
        session.execute(
            text(
                "INSERT INTO inbox_document (integration_id, feature, external_id, number, digest, key_id, body, state, code,"
                " findings, waits_for, attempts, by_hand, settings_revision, received_at)"
                " VALUES (:integration, 'orders', :external, :number, '', 'k', '', :state, :code, '[]', '{}', 0, false, 0, :at)"
            ),
            {
                "integration": "one" if index % 3 else "two",
                "external": f"x{index}",
                "number": f"{1000 + index}",
                "state": ("booked", "parked", "skipped", "new", "ignored")[index % 5],
                "code": "PAYMENT_UNMAPPED" if index % 5 == 1 else "",
                "at": now - timedelta(days=ROWS - index),
            },
        )
        create_article(session, ArticleForm(number=f"A-{index:04}", name=f"Article {index}"))
    session.execute(
        text(
            "INSERT INTO link (integration_id, kind, record, record_id, external_ref, fingerprint, state, code, params, attempts,"
            " sent_value, dirty_at) SELECT 'one', 'stock', number, id, '', '', 'never', '', '{}', 0, '', now() FROM article"
        )
    )
    session.commit()
    return session


def pages(session: Session, **wanted: Any) -> list[int]:
    """The ids of all pages of a filter, in order."""
    found: list[int] = []
    before = ""
    while True:
        page = journal.documents(session, DocumentFilter(**wanted, before=before), size=20)
        found += [row.id for row in page.rows]
        if not page.next:
            return found
        before = page.next


def test_each_document_is_on_exactly_one_page_newest_first(filled: Session) -> None:
    found = pages(filled)
    assert len(found) == len(set(found)) == ROWS
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        ({"state": "parked"}, 26),
        ({"integration": "two"}, 44),
        ({"integration": "two", "state": "parked"}, 9),
        ({"code": "PAYMENT_UNMAPPED"}, 26),
        ({"q": "x7"}, 1),
        ({"q": "1007"}, 1),
        ({"q": "100"}, 10),
        ({"q": "%"}, 0),
        ({"q": "_"}, 0),
        ({"q": "'; DROP TABLE inbox_document; --"}, 0),
        ({"integration": "nobody"}, 0),
    ],
)
def test_a_filter_holds_on_all_pages(filled: Session, wanted: dict[str, str], number: int) -> None:
    assert len(pages(filled, **wanted)) == number


def test_days_are_whole_days_and_include_both_ends(filled: Session) -> None:
    today = datetime.now().astimezone().date()
    found = pages(filled, since=today - timedelta(days=3), until=today - timedelta(days=2))
    assert len(found) == 2


def test_all_that_match_are_those_that_can_be_moved(filled: Session) -> None:
    found = journal.matching_ids(filled, DocumentFilter(integration="one"))
    states = filled.execute(
        text("SELECT DISTINCT state FROM inbox_document WHERE id = ANY(:ids)"), {"ids": found}
    ).scalars()
    assert "booked" not in set(states)
    assert len(found) == len(set(found)) == 69


def test_a_key_that_is_none_means_the_first_page(filled: Session) -> None:
    first = journal.documents(filled, DocumentFilter()).rows[0].id
    for before in ("", "x", "-1", "9" * 30, "1; DROP TABLE link"):
        assert journal.documents(filled, DocumentFilter(before=before)).rows[0].id == first


def test_articles_and_links_page_without_losing_or_doubling(filled: Session) -> None:
    numbers: list[str] = []
    after = ""
    while True:
        page = articles.articles(filled, articles.ArticleQuery(after=after), size=30)
        numbers += [row.article.number for row in page.rows]
        after = page.next
        if not after:
            break
    assert numbers == sorted(set(numbers))
    assert len(numbers) == ROWS
    assert len(sent.links(filled, Feature.STOCK, LinkFilter(state="waiting"), size=200).rows) == ROWS
    assert len(sent.links(filled, Feature.STOCK, LinkFilter(q="A-000"), size=200).rows) == 10
    assert sent.links(filled, Feature.STOCK, LinkFilter(state="sent")).rows == []


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Remember the statements that are sent meanwhile."""
    statements: list[str] = []

    def remember(_: object, __: object, statement: str, *___: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", remember)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", remember)


def test_a_page_takes_the_same_number_of_statements_whatever_is_on_it(filled: Session, engine: Engine) -> None:
    since = datetime.now(UTC) - timedelta(days=1)
    for read, most in (
        (lambda: journal.documents(filled, DocumentFilter(), size=100), 1),
        (lambda: sent.links(filled, Feature.STOCK, LinkFilter(), size=100), 1),
        (lambda: articles.articles(filled, articles.ArticleQuery(), size=100), 2),
        (lambda: orders.orders(filled, orders.OrderFilter(), size=100), 1),
        (lambda: integrations.overview(filled, since), 5),
    ):
        with counted(engine) as statements:
            read()
        assert len(statements) <= most, statements
        assert not any("body" in statement and "inbox_document.body" in statement for statement in statements)


# --- with the real import -------------------------------------------------------------------------------------------------

BUYER = {
    "first_name": "<script>alert('x')</script>", "last_name": "🧶 \"O'Neill\"", "address_1": "Weg 1", "postcode": "10115",
    "city": "Berlin", "country": "DE", "email": "x@example.org",
}  # fmt: skip


async def test_a_buyer_named_like_a_script_is_text_on_every_page(anna: Browser, place: Place) -> None:
    sku = next(product.sku for product in place.shop.products.values() if product.type == "simple" and product.sku)
    order = place.shop.place_order(
        [(sku, 1)], BUYER, payment_method="cod", customer_note="<img src=x onerror=alert(1)>"
    )
    await place.connected.run(Feature.ORDERS, str(order["id"]))
    journal_page = await anna.open(f"/journal/orders?q={order['id']}")
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; 🧶" in journal_page
    document = NUMBER.findall(journal_page)[0]
    order_page = await anna.open(f"/orders?q={order['id']}")
    order_path = re.findall(r'href="(/orders/\d+)"', order_page)[0]
    for path in (f"/journal/orders?q={order['id']}", f"/journal/documents/{document}", order_path, "/orders"):
        page = await anna.open(path)
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert "🧶" in page, path


async def test_a_search_text_is_shown_as_text(anna: Browser) -> None:
    for path in ("/search?q=", "/journal/orders?q=", "/orders?q=", "/articles?q=", "/journal/stock?q="):
        page = await anna.open(f"{path}%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
        assert "<script>alert" not in page, path


async def test_an_unknown_article_is_repaired_from_the_record_and_the_order_comes_in(
    anna: Browser, place: Place
) -> None:
    place.shop.add_product("NEW-77", "Ganz neu", "9.99")
    order = place.shop.place_order(
        [("NEW-77", 2)], BUYER | {"first_name": "Ida", "last_name": "Öz"}, payment_method="cod"
    )
    await place.connected.run(Feature.ORDERS, str(order["id"]))
    found = NUMBER.findall(await anna.open(f"/journal/orders?q={order['id']}"))
    page = await anna.open(f"/journal/documents/{found[0]}")
    assert "Unbekannte Artikelnummern: NEW-77" in page
    assert '"Ganz neu"' in text_of(page), "the stored document is shown"
    repair = re.findall(r'href="(/articles/new[^"]+)"', page)[0].replace("&amp;", "&")
    form = await anna.open(repair)
    assert 'value="NEW-77"' in form
    values: dict[str, Any] = {
        "number": "NEW-77",
        "name": "Ganz neu",
        "price_gross": "9,99",
        "tax_category": "normal",
        "is_stock_article": "on",
    }
    page = await anna.send("/articles", integration=place.connected.id, **values)
    assert "Artikel NEW-77 ist angelegt" in page
    await place.world.until(
        lambda: bool(
            place.world.number("SELECT count(*) FROM sales_order WHERE external_id = :id", id=str(order["id"]))
        ),
        "the order in the ERP",
    )
    page = await anna.open(f"/journal/documents/{found[0]}")
    assert "Auftrag übernommen als" in page
    assert "19,98 €" in text_of(page)
    assert "Einen Artikel NEW-77 gibt es schon" in await anna.send("/articles", 422, **values)


async def test_documents_are_ignored_and_run_again_in_bulk(anna: Browser, place: Place) -> None:
    ids = []
    for _ in range(2):
        order = place.shop.place_order([(unknown(place), 1)], BUYER, payment_method="cod")
        await place.connected.run(Feature.ORDERS, str(order["id"]))
        ids += NUMBER.findall(await anna.open(f"/journal/orders?q={order['id']}"))
    page = await anna.send("/journal/orders", action="ignore", ids=ids, next="/journal/orders?state=ignored")
    assert "2 Dokumente werden ignoriert" in page
    assert set(ids) <= set(NUMBER.findall(page))
    page = await anna.send(
        f"/journal/orders?state=ignored&integration={place.connected.id}",
        action="run_again",
        all="yes",
        next="/journal/orders",
    )
    assert "Dokumente laufen erneut" in page
    query = "SELECT count(*) FROM inbox_document WHERE state = 'parked' AND id = ANY(:ids)"
    await place.world.until(
        lambda: place.world.number(query, ids=[int(one) for one in ids]) == 2,
        "both parked again",
    )
    assert "Es war nichts ausgewählt" in await anna.send("/journal/orders", action="ignore")
    assert "Es war nichts ausgewählt" in await anna.send("/journal/orders", action="ignore", ids=["x", "-1", "9" * 25])
    await anna.send("/journal/orders", 404, action="explode", ids=ids)


def unknown(place: Place) -> str:
    """A product that the ERP does not know."""
    if "UNKNOWN-1" not in place.shop.skus:
        place.shop.add_product("UNKNOWN-1", "Unbekannt", "1.00")
    return "UNKNOWN-1"


async def test_a_run_tells_its_history_as_sentences(anna: Browser, place: Place) -> None:
    page = await anna.open("/journal/runs")
    assert "Temporal antwortet gerade nicht" not in page
    assert "von Hand" in page
    run = re.findall(r'href="(/journal/runs/[^"]+)"><strong>Aufträge', page)[-1].replace("&amp;", "&")
    told = text_of(await anna.open(run))
    assert "Dokumente abgeholt und gespeichert" in told
    assert re.search(r"\d+ gebucht, \d+ übersprungen, \d+ geparkt", told)
    assert "Der Lauf endete" in told
    assert "In Temporal öffnen" in told


async def test_runs_are_told_from_the_database_when_temporal_no_longer_knows_them(anna: Browser, place: Place) -> None:
    with place.world.deps.sessions.begin() as session:
        session.execute(
            text(
                "INSERT INTO run (id, workflow_id, integration_id, feature, trigger, requested_by, settings_revision, outcome, code,"
                " params, good, skipped, parked, failed, records) VALUES ('01a20000-0000-7000-8000-000000000000', 'integration/x/orders',"
                " :id, 'orders', 'schedule', '', 1, 'done', '', '{}', 17, 0, 0, 0, '[]')"
            ),
            {"id": place.connected.id},
        )
    page = text_of(await anna.open("/journal/runs/01a20000-0000-7000-8000-000000000000"))
    assert "Temporal hat den Verlauf dieses Laufs nicht mehr" in page
    assert "17" in page


async def test_a_refused_record_is_sent_again_from_its_page(anna: Browser, place: Place) -> None:
    page = await anna.open("/journal/stock")
    link = re.findall(r'href="/journal/links/(\d+)"', page)[0]
    assert "Vom Shop bestätigt" in await anna.open(f"/journal/links/{link}")
    page = await anna.send("/journal/links", ids=link, next=f"/journal/links/{link}")
    assert "1 Datensätze werden erneut gesendet" in page
    await place.world.until(
        lambda: place.world.number("SELECT dirty_at IS NULL FROM link WHERE id = :id", id=int(link)), "sent again"
    )


async def test_a_blocked_feature_shows_a_banner_until_it_is_resolved(anna: Browser, place: Place) -> None:
    keys = {key.consumer_key: key for key in place.shop.keys}
    place.shop.gate.revoke(place.shop.consumer_key)
    assert await place.connected.run(Feature.ORDERS) == "blocked"
    for path in (place.base, "/", f"{place.base}/features/orders"):
        page = await anna.open(path)
        assert "lehnt die Zugangsdaten ab" in page, path
        assert "Beheben" in page, path
    page = await anna.send(f"{place.base}/features/orders/run-now")
    assert "Das geht im Zustand „blocked: ACCESS“ nicht" in page
    place.shop.gate.grant(keys[place.shop.consumer_key])
    page = await anna.send(f"{place.base}/features/orders/resolve")
    assert "Aufträge ist freigegeben und läuft erneut" in page
    assert "lehnt die Zugangsdaten ab" not in text_of(page).split("Was geschah")[0].split("Neueste Läufe")[0]


async def test_an_order_shows_its_way_back_to_the_shop(anna: Browser, place: Place) -> None:
    stocked = next(p.sku for p in place.shop.products.values() if p.type == "simple" and (p.stock_quantity or 0) > 5)
    buyer = BUYER | {"first_name": "Ida", "last_name": "Öz"}
    order = place.shop.place_order([(stocked, 1)], buyer, payment_method="cod")
    await place.connected.run(Feature.ORDERS, str(order["id"]))
    with place.world.deps.sessions.begin() as session:
        order_id = session.execute(
            text("SELECT id FROM sales_order WHERE external_id = :id"), {"id": str(order["id"])}
        ).scalar_one()
        number = ship_order(session, order_id, [ParcelForm(tracking_number="JD-0042")], "anna").number
    assert await place.connected.run(Feature.SHIPMENTS) == "done"
    document = NUMBER.findall(await anna.open(f"/journal/orders?q={order['id']}"))[0]
    for path in (f"/orders/{order_id}", f"/journal/documents/{document}"):
        said = text_of(await anna.open(path))
        way = said[said.index("Der Weg") :]
        assert way.index("Vom Shop bestätigt") < way.index("Lieferung ") < way.index("Auftrag übernommen als"), path
        assert way.index("Auftrag übernommen als") < way.index("Auftrag im Shop erkannt"), path
    assert "JD-0042" in await anna.open(f"/orders/{order_id}")
    page = text_of(await anna.open(f"/journal/shipments?q={number}"))
    assert f"{number} " in page
    assert "versendet JD-0042" in page
