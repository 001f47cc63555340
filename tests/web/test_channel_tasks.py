"""What is to be looked after at a marketplace, on its integration's overview: asked for by the house run, shown, gone when solved."""

from typing import Any

import pytest
from sqlalchemy import text

from canonical.feature import Feature
from canonical.lifecycle import ChooseFeatures
from canonical.runs import CHANNEL_TASKS, HouseTask
from sandbox.mirakl import MiraklShop
from tests.web.conftest import Browser, Place, text_of
from tests.world import BY, Connected
from workflows import ids

MARKET = "markt-fragen"


@pytest.fixture(scope="module")
async def market(place: Place) -> Connected:
    """A marketplace that sells a jug; its orders are chosen to be imported."""
    world = place.world
    shop: Any = MiraklShop()
    shop.add_article("FRAGE-1", "Krug", "14.90", stock=20)
    connected = await world.connect_other(shop, MARKET, "Marktplatz mit Fragen")
    await connected.send("choose_features", ChooseFeatures(features=(Feature.ORDERS,), by=BY))
    return connected


def half_an_hour_passes(place: Place) -> None:
    """The integration is live, and may and must be asked again."""
    with place.world.deps.sessions.begin() as session:
        of = {"id": MARKET}
        session.execute(text("UPDATE integration SET mode = 'productive' WHERE id = :id"), of)
        session.execute(text("UPDATE integration_feature SET is_active = true WHERE integration_id = :id"), of)
        session.execute(text("UPDATE scan SET ended_at = ended_at - interval '31 min' WHERE integration_id = :id"), of)
        session.execute(text("DELETE FROM rate_bucket WHERE account LIKE :id || '%'"), of)


async def ask(place: Place) -> None:
    """The house run, as its schedule starts it."""
    half_an_hour_passes(place)
    client = place.world.client
    await client.execute_workflow(
        "HouseRun", HouseTask(name=CHANNEL_TASKS), id="house/tasks-test", task_queue=ids.TASK_QUEUE
    )


async def test_an_incident_stands_on_the_overview_until_it_is_solved(
    anna: Browser, place: Place, market: Connected
) -> None:
    here = f"/integrations/{market.id}"
    assert "fragt Connect jede halbe Stunde" in text_of(await anna.open(here))
    shop: Any = market.shop
    order = str(shop.buy([("FRAGE-1", 1)]))
    shop.set_state(order, "RECEIVED")
    line = shop.orders[order]["order_lines"][0]["order_line_id"]
    shop.open_incident(order, line)
    await ask(place)
    shown = text_of(await anna.open(here))
    for wanted in (
        "Im Kanal zu klären",
        "1 offen",
        "Reklamation",
        "Krug",
        "Artikel nicht erhalten",
        order,
        "Bekannt seit",
    ):
        assert wanted in shown, f"{wanted}\n{shown}"
    assert f'href="{market.server.url}"' in await anna.open(here), "the way to the marketplace"
    shop.set_state(order, "RECEIVED")
    await ask(place)
    shown = text_of(await anna.open(here))
    assert "Nichts ist offen" in shown and order not in shown


async def test_why_a_marketplace_could_not_be_asked_is_said(anna: Browser, place: Place, market: Connected) -> None:
    shop: Any = market.shop
    keys = set(shop.keys)
    shop.revoke()
    await ask(place)
    english = place.browser("en")
    await english.log_in()
    shown = text_of(await english.open(f"/integrations/{market.id}"))
    assert "To look after at the channel" in shown and "The channel could not be asked" in shown
    for key in keys:
        shop.grant(key)
    await ask(place)
    assert "konnte nicht gefragt werden" not in text_of(await anna.open(f"/integrations/{market.id}"))
    await english.http.aclose()


async def test_a_shop_that_reports_no_tasks_has_no_such_card(anna: Browser, place: Place) -> None:
    assert "Im Kanal zu klären" not in text_of(await anna.open(place.base))
