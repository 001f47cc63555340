"""The files with which a marketplace is begun: offered where the connector makes them, checked on the page, downloaded."""

import csv
import io
from typing import Any

import pytest

from canonical.feature import Feature
from canonical.lifecycle import ApplyFilter, ChooseFeatures, Configure
from canonical.runs import Built
from erp.tables import Article, Price
from sandbox.mirakl import MiraklShop
from tests.web.conftest import Browser, Place, text_of
from tests.world import BY, Connected

MARKET = "markt-beginn"
EAN = "4006381333931"


@pytest.fixture(scope="module")
async def market(place: Place) -> Connected:
    """A marketplace whose article list has two jugs: one with price and EAN, one with neither."""
    world = place.world
    shop: Any = MiraklShop()
    connected = await world.connect_other(shop, MARKET, "Marktplatz am Beginn")
    with world.deps.sessions.begin() as session:
        whole = Article(number="BEGINN-1", name="Krug Morgen", ean=EAN, is_stock_article=True)
        session.add_all([whole, Article(number="BEGINN-2", name="Krug Abend")])
        session.flush()
        session.add(Price(article_id=whole.id, amount="14.90", currency="EUR", is_gross=True))
    await connected.send("choose_features", ChooseFeatures(features=(Feature.ARTICLES, Feature.PRICES), by=BY))
    own = {"product_format": "own"}
    await connected.send("configure", Configure(feature=Feature.ARTICLES, values=own, by=BY))
    only = ({"field": "number", "operator": "IN", "value": "BEGINN-1,BEGINN-2", "format": "list"},)
    await world.lifecycle.send(MARKET, "apply_filter", ApplyFilter(rules=only, by=BY), Built)
    return connected


def rows(body: str) -> list[dict[str, str]]:
    """The lines of a downloaded file."""
    return list(csv.DictReader(io.StringIO(body), delimiter=";"))


async def test_both_files_are_checked_on_the_page_and_downloaded(
    anna: Browser, place: Place, market: Connected
) -> None:
    here = f"/integrations/{market.id}/initial-files"
    page = await anna.open(here)
    assert f'href="{here}"' in await anna.open(f"/integrations/{market.id}"), "its tab"
    for wanted in ("Initiale Dateien", "Produktdatei", "Angebotsdatei", "5.000", "alle"):
        assert wanted in text_of(page), wanted
    shown = text_of(await anna.open(f"{here}/check"))
    assert "Produktdatei 2 Artikel nichts" in shown and "Angebotsdatei 1 Artikel 1 · BEGINN-2" in shown, shown
    products = await anna.http.get(f"{here}/products", params={"limit": "100"})
    assert products.headers["content-disposition"] == 'attachment; filename="mirakl-products.csv"'
    assert [(row["sku"], row["name"]) for row in rows(products.text)] == [
        ("BEGINN-1", "Krug Morgen"),
        ("BEGINN-2", "Krug Abend"),
    ]
    (offer,) = rows(await anna.open(f"{here}/offers?limit=all"))
    assert (offer["sku"], offer["product-id"], offer["price"], offer["state"]) == ("BEGINN-1", EAN, "14.90", "11")
    assert market.shop.requests.count("POST") == 0, "nothing was sent"


async def test_what_cannot_be_made_is_said_in_the_persons_language(
    anna: Browser, place: Place, market: Connected
) -> None:
    here = f"/integrations/{market.id}/initial-files"
    without = {"new_offer_state": ""}
    await market.send("configure", Configure(feature=Feature.STOCK, values=without, by=BY))
    assert "Es fehlen Pflichtangaben" in text_of(await anna.open(f"{here}/offers"))
    english = place.browser("en")
    await english.log_in()
    shown = text_of(await english.open(f"{here}/check"))
    assert "What the files would have" in shown and "Mandatory settings are missing" in shown
    await english.http.aclose()
    for wrong in (f"{here}/orders", f"{here}/offers?limit=7", f"{place.base}/initial-files"):
        await anna.open(wrong, 404)
