"""Records that go out: each kind has a tab of the journal with what failed, and is sent again from there."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from tests.web.conftest import Browser, Place, text_of

# A refund whose answer was lost, an invoice that waits, a reply that the shop refused, a category and a price that went.
SENT = """
    WITH o AS (SELECT * FROM sales_order WHERE integration_id = :id ORDER BY id LIMIT 1),
    p AS (INSERT INTO payment (order_id, kind, amount, reference, state, origin)
        SELECT id, 'refund', 1234.50, 'GS-77', 'executed', 'erp' FROM o RETURNING id),
    r AS (INSERT INTO order_reply (integration_id, external_id, kind) SELECT :id, external_id, 'accept' FROM o RETURNING id),
    c AS (INSERT INTO category (name) VALUES ('Lampen & Licht') RETURNING id)
    INSERT INTO link (integration_id, kind, record, record_id, external_ref, fingerprint, state, code, params, attempts,
        sent_value, dirty_at)
    SELECT :id, g.kind, g.record, g.record_id, '', '', g.state, g.code, CAST(g.params AS jsonb), 0, '', now()
    FROM (SELECT 'refunds' AS kind, p.id::text AS record, p.id AS record_id, 'failed' AS state, 'REFUND_UNCLEAR' AS code,
            '{"order": "#1"}' AS params FROM p
        UNION ALL SELECT 'documents', 'RE-77', 0, 'never', '', '{}'
        UNION ALL SELECT 'orders', 'accept:' || o.external_id, r.id, 'failed', 'ORDER_UNKNOWN', '{}' FROM r, o
        UNION ALL SELECT 'categories', c.id::text, c.id, 'never', '', '{}' FROM c
        UNION ALL SELECT 'prices', a.number, a.id, 'never', '', '{}' FROM (SELECT number, id FROM article ORDER BY id LIMIT 1) a) g
    RETURNING (SELECT number FROM o)
"""
GONE = (
    "DELETE FROM link WHERE kind IN ('refunds', 'documents', 'orders', 'categories', 'prices')",
    "DELETE FROM payment WHERE reference = 'GS-77'",
    "DELETE FROM order_reply",
    "DELETE FROM category WHERE name = 'Lampen & Licht'",
)


@pytest.fixture
def told(place: Place) -> Iterator[str]:
    """An order's number; of it, and of an article and a category, records of every kind go out."""
    with place.world.deps.sessions.begin() as session:
        number = str(session.execute(text(SENT), {"id": place.connected.id}).scalars().first())
    yield number
    with place.world.deps.sessions.begin() as session:
        for statement in GONE:
            session.execute(text(statement))


async def test_every_kind_of_record_that_goes_out_has_a_tab_with_what_failed_and_send_again(
    anna: Browser, place: Place, told: str
) -> None:
    page = await anna.open("/journal/orders")
    tabs = re.findall(r'<a href="/journal/(\w+)"(?:[^>]*)>(.*?)</a>', page.split("</nav>")[-2], re.DOTALL)
    ours = {"orders", "stock", "prices", "categories", "shipments", "documents", "refunds", "replies", "runs"}
    order = [
        "orders",
        "stock",
        "prices",
        "articles",
        "categories",
        "shipments",
        "documents",
        "refunds",
        "replies",
        "runs",
    ]
    # Other files of tests have records of other kinds in the same world.
    assert [key for key, _ in tabs] == [key for key in order if key in ours or key in dict(tabs)]
    assert text_of(page).count("Antworten") == 1
    red = {key for key, shown in tabs if "tab-red" in shown}
    assert {"refunds", "replies"} <= red
    assert red.isdisjoint({"documents", "categories"})
    for path, seen in (
        ("refunds?state=failed", ("GS-77", told, "1.234,50", "lässt sich nicht feststellen")),
        (f"refunds?q={told}", ("GS-77",)),
        ("refunds?q=GS-77", ("GS-77",)),
        ("documents?state=waiting", ("RE-77", "wird gesendet")),
        ("replies?state=failed", (told, "angenommen")),
        (f"replies?q={told}", ("angenommen",)),
        ("categories?q=Lampen", ("Lampen & Licht",)),
        ("prices", ("wird gesendet",)),
    ):
        shown = text_of(await anna.open(f"/journal/{path}"))
        assert all(word in shown for word in seen), (path, shown[-1500:])
    for path in ("refunds?q=GS-7", "refunds?state=waiting", "documents?state=failed", "replies?q=none"):
        assert 'name="ids"' not in await anna.open(f"/journal/{path}"), path


async def test_a_refund_whose_answer_was_lost_is_sent_again_from_its_list(
    anna: Browser, place: Place, told: str
) -> None:
    link = re.findall(r'href="/journal/links/(\d+)"', await anna.open("/journal/refunds"))[0]
    page = text_of(await anna.open(f"/journal/links/{link}"))
    assert "GS-77" in page
    assert "sende sie im Journal unter „Rückzahlungen“ erneut" in page
    dashboard = await anna.open("/")
    assert f"/journal/replies?state=failed&amp;integration={place.connected.id}" in dashboard
    assert "1 Datensatz fehlgeschlagen" in text_of(dashboard)
    await anna.send("/journal/links", ids=link, next="/journal/refunds")
    known = "SELECT count(*) FROM link WHERE id = :id AND state = 'never' AND dirty_at IS NOT NULL AND code = 'REFUND_UNCLEAR'"
    assert place.world.number(known, id=int(link)) == 1
