"""What a person may do with one order on its page: release, note as paid, keep back, ship, cancel."""

from typing import Any

import pytest
from sqlalchemy import text

from canonical.feature import Feature
from tests.web.conftest import Place, text_of


@pytest.fixture
async def order_ids(place: Place) -> list[int]:
    """Two open orders of the shop."""
    if place.connected.orders() < 2:
        await place.connected.run(Feature.ORDERS)
    query = "SELECT id FROM sales_order WHERE integration_id = :id AND fulfilment_state = 'open' AND NOT is_cancelled ORDER BY id"
    with place.world.deps.sessions() as session:
        return list(session.execute(text(query), {"id": place.connected.id}).scalars())[:2]


def row(place: Place, order_id: int) -> Any:
    with place.world.deps.sessions() as session:
        return session.execute(text("SELECT * FROM sales_order WHERE id = :id"), {"id": order_id}).mappings().one()


async def test_an_order_is_released_paid_shipped_and_then_cannot_be_cancelled(
    place: Place, order_ids: list[int]
) -> None:
    order_id = order_ids[0]
    with place.world.deps.sessions() as session:
        change = "UPDATE sales_order SET holds = '{PARTIALLY_REFUNDED}', autoship = false, payment_state = 'open' WHERE id = :id"
        session.execute(text(change), {"id": order_id})
        session.commit()
    browser = place.browser("en")
    await browser.log_in()
    page = text_of(await browser.open(f"/orders/{order_id}"))
    assert "Release" in page
    assert "Tracking number" not in page
    refused = text_of(await browser.send(f"/orders/{order_id}/ship", tracking_number="JJD1"))
    assert "not possible in the state" in refused
    await browser.send(f"/orders/{order_id}/release")
    assert (row(place, order_id)["holds"], row(place, order_id)["autoship"]) == ([], True)
    await browser.send(f"/orders/{order_id}/autoship-off")
    assert row(place, order_id)["autoship"] is False
    await browser.send(f"/orders/{order_id}/paid")
    assert row(place, order_id)["payment_state"] == "paid"
    shipped = text_of(await browser.send(f"/orders/{order_id}/ship", tracking_number="JJD1"))
    assert "The goods are on their way." in shipped
    assert "JJD1" in shipped
    assert row(place, order_id)["fulfilment_state"] == "shipped"
    refused = text_of(await browser.send(f"/orders/{order_id}/cancel"))
    assert "not possible in the state" in refused
    assert row(place, order_id)["is_cancelled"] is False


async def test_an_open_order_is_cancelled_once_and_gives_its_stock_back(place: Place, order_ids: list[int]) -> None:
    order_id = order_ids[1]
    browser = place.browser()
    await browser.log_in()
    await browser.open(f"/orders/{order_id}")
    await browser.send(f"/orders/{order_id}/cancel")
    assert row(place, order_id)["is_cancelled"] is True
    kept = place.world.number("SELECT count(*) FROM reservation WHERE order_id = :id", id=order_id)
    assert kept == 0
    assert "Auftrag stornieren" not in text_of(await browser.open(f"/orders/{order_id}"))


async def test_what_is_no_order_and_no_command_is_not_found(place: Place, order_ids: list[int]) -> None:
    browser = place.browser()
    await browser.log_in()
    await browser.open("/orders")
    await browser.send("/orders/999999999/cancel", status=404)
    await browser.send(f"/orders/{order_ids[0]}/explode", status=404)
