"""The pages about a channel against real shops: initial import, pairing worksheet, category mapping, orders to be accepted."""

import io
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from canonical.feature import Feature
from canonical.lifecycle import By, ChooseFeatures
from erp.tables import Article
from sandbox.mirakl import MiraklShop
from sandbox.woocommerce import WooShop
from sandbox.woocommerce.auth import Key
from tests.web.conftest import Browser, Place, text_of
from tests.world import BY, Connected

WHOLE_PAGE = 500
"""Articles that are read and stored at once; the shop gives a hundred, of which the first is the last one of before."""
LIST = r"GET .*/v3/products$"


async def connect(place: Place, shop: WooShop) -> Connected:
    """A shop with tested credentials and chosen features."""
    connected = await place.world.connect_shop(shop)
    assert (await connected.test()).ok
    await connected.send("choose_features", ChooseFeatures(features=(Feature.ORDERS,), by=BY))
    return connected


@pytest.fixture(scope="module")
async def candles(place: Place) -> Connected:
    """A shop whose articles the ERP does not know: four candles, one without a number, and a scarf in two sizes that has none itself."""
    shop = WooShop()
    for number in range(1, 4):
        shop.add_article(f"KERZE-{number}", f"Kerze Nummer {number}", "4.90", stock=3)
    shop.add_product("", "Kerze ohne Nummer", "4.90")
    scarf = shop.add_product("", "Schal", "19.90", type="variable")
    for size in ("S", "M"):
        shop.add_variation(scarf, f"SCHAL-{size}", "19.90", {"Größe": size})
    return await connect(place, shop)


def says(page: str, *wanted: str) -> None:
    """A person reads all of these on the page."""
    shown = text_of(page)
    for each in wanted:
        assert each in shown, f"not said: {each}\n{shown}"


async def until(place: Place, connected: Connected, purpose: str, *states: str) -> str:
    """Wait for the end of reading or taking over; returns its state."""
    query = "SELECT coalesce((SELECT state FROM scan WHERE integration_id = :id AND purpose = :purpose), '')"
    values: dict[str, Any] = {"id": connected.id, "purpose": purpose}
    await place.world.until(lambda: place.world.number(query, **values) in states, f"{purpose}: {states}")
    return str(place.world.number(query, **values))


@pytest.fixture
async def migration(anna: Browser, candles: Connected) -> AsyncIterator[str]:
    """The path of the migration page, with migration mode on; off again afterwards."""
    here = f"/integrations/{candles.id}/migration"
    await anna.open(here)
    page = await anna.send(f"{here}/mode", on="yes")
    says(page, "Der Migrationsmodus ist an")
    yield here
    page = await anna.send(f"{here}/mode", on="no")
    says(page, "Der Migrationsmodus ist aus")


async def test_a_shops_articles_are_identified_looked_at_and_taken_over(
    anna: Browser, place: Place, candles: Connected, migration: str
) -> None:
    await anna.send(f"{migration}/identify")
    await until(place, candles, "import", "read")
    says(await anna.open(migration), "Kerze Nummer 1", "6 identifiziert", "1 fehlgeschlagen", "hat keine Artikelnummer")
    piece = await anna.http.get(migration, headers={"X-Fragment": "1"})
    assert "Kerze Nummer 1" in piece.text and "<html" not in piece.text, "an open page fetches only the list anew"
    says(await anna.open(f"{migration}/progress"), "6 identifiziert")
    await anna.open("/article/KERZE-1", 404)
    await anna.send(f"{migration}/import", skus="KERZE-2")
    await until(place, candles, "import", "finished")
    numbers = "SELECT string_agg(number, ' ' ORDER BY number) FROM article WHERE number ~ '^(KERZE|SCHAL)'"
    assert place.world.number(numbers) == "KERZE-2"
    await anna.send(f"{migration}/import")
    whole = "SELECT count(*) FILTER (WHERE state = 'imported') FROM import_item WHERE integration_id = :id"
    await place.world.until(lambda: place.world.number(whole, id=candles.id) == 6, "the others are taken over, too")
    await until(place, candles, "import", "finished")
    assert place.world.number(numbers) == "KERZE-1 KERZE-2 KERZE-3 SCHAL-M SCHAL-S"
    parent = "SELECT p.number FROM article v JOIN article p ON p.id = v.parent_id WHERE v.number = 'SCHAL-M'"
    assert "Container" in place.world.number(parent), "a parent without a number gets one"
    only_failed = await anna.open(f"{migration}?state=failed")
    says(only_failed, "Kerze ohne Nummer")
    assert "Kerze Nummer 1" not in only_failed
    links = re.findall(r'href="(/article/[^"]+)"', await anna.open(f"{migration}?state=imported"))
    assert len(links) == 6
    for link in links:
        await anna.open(link)


async def test_settings_of_the_import_are_kept_and_wrong_ones_are_said_at_the_field(
    anna: Browser, place: Place, candles: Connected
) -> None:
    here = f"/integrations/{candles.id}/migration"
    await anna.open(here)
    values: dict[str, Any] = {"tax_normal": "20,5", "tax_reduced": "7", "currency": "EUR", "with_prices": "on"}
    wrong = await anna.send(f"{here}/settings", 422, **(values | {"tax_reduced": "-1"}))
    says(wrong, "Der kleinste mögliche Wert ist 0")
    assert 'value="20.5"' in wrong or 'value="20,5"' in wrong, "what was typed stays"
    page = await anna.send(f"{here}/settings", **values)
    says(page, "Die Einstellungen sind gespeichert")
    assert 'value="20.5"' in page or 'value="20,5"' in page
    await anna.send(f"{here}/settings", **(values | {"tax_normal": "19", "with_images": "on"}))


async def test_outside_of_migration_mode_nothing_is_read_or_taken_over(
    anna: Browser, place: Place, candles: Connected
) -> None:
    here = f"/integrations/{candles.id}/migration"
    page = await anna.open(here)
    assert page.count("disabled") >= 2
    before = place.world.number("SELECT count(*) FROM article")
    for step in ("identify", "import"):
        says(await anna.send(f"{here}/{step}"), "Das geht im Zustand")
    assert place.world.number("SELECT count(*) FROM article") == before


async def test_an_interrupted_reading_goes_on_where_it_stopped(anna: Browser, place: Place) -> None:
    shop = WooShop()
    with shop.changes():
        for number in range(WHOLE_PAGE + 20):
            shop.add_article(f"VIEL-{number}", f"Vieles {number}", "1.00")
    connected = await connect(place, shop)
    here = f"/integrations/{connected.id}/migration"
    await anna.open(here)
    await anna.send(f"{here}/mode", on="yes")
    shop.faults.set("hang", path=LIST, skip=WHOLE_PAGE // 100 + 1)
    await anna.send(f"{here}/identify")
    await place.world.until(lambda: shop.faults.waiting > 0, "the second page hangs")
    says(await anna.send(f"{here}/identify"), "Das geht im Zustand")
    shop.gate.revoke(shop.consumer_key)
    shop.faults.release()
    await until(place, connected, "import", "failed")
    says(await anna.open(here), "angehalten", f"{WHOLE_PAGE} Artikel gelesen")
    shop.gate.grant(Key(shop.consumer_key, shop.consumer_secret, "read_write"))
    shop.requests.clear()
    shop.faults.set("drop", count=1, path=LIST)
    await anna.send(f"{here}/identify")
    await until(place, connected, "import", "read")
    says(await anna.open(here), f"{WHOLE_PAGE + 20} Artikel gelesen")
    assert shop.requests.count("GET", r"/products$") <= 2, "what was read is not read again"
    assert place.world.number("SELECT round FROM scan WHERE integration_id = :id", id=connected.id) == 1
    await connected.send("end_migration", By(by=BY))


@pytest.fixture(scope="module")
async def market(place: Place) -> Connected:
    """A marketplace that holds orders back until they are accepted; two wait."""
    world = place.world
    shop: Any = MiraklShop(needs_acceptance=True)
    shop.add_article("MARKT-1", "Krug", "14.90", stock=20)
    connected = await world.connect_other(shop, "markt-1", "Marktplatz")
    chosen = (Feature.ORDERS, Feature.ARTICLES)
    await connected.send("choose_features", ChooseFeatures(features=chosen, by=BY))
    for _ in range(2):
        shop.buy([("MARKT-1", 1)])
    a_minute_passes(place)
    assert await connected.run(Feature.ORDERS) == "done"
    a_minute_passes(place)
    return connected


def a_minute_passes(place: Place) -> None:
    """The marketplace lets itself be asked for orders once a minute."""
    with place.world.deps.sessions.begin() as session:
        session.execute(text("DELETE FROM rate_bucket WHERE account LIKE '%markt%'"))


def state_of(market: Connected, order_id: str) -> str:
    """How one of the marketplace's orders stands there."""
    shop: Any = market.shop
    return str(shop.orders[order_id]["order_state"])


async def test_orders_are_accepted_and_refused_on_the_overview(anna: Browser, place: Place, market: Connected) -> None:
    here = f"/integrations/{market.id}"
    page = await anna.open(here)
    says(page, "Aufträge zum Annehmen", "2 Aufträge warten", "Annehmen", "Ablehnen")
    first, second = re.findall(r'name="order" value="([^"]+)"', page)[::2]
    refusing = page.split('value="refuse"')[0].rsplit("<form", 1)[1]
    assert "data-confirm" in refusing, "refusing asks first"
    says(await anna.send(f"{here}/acceptance", order=first, answer="accept"), "dass du den Auftrag annimmst")
    await place.world.until(lambda: state_of(market, first) == "SHIPPING", "the marketplace knows")
    a_minute_passes(place)
    says(await anna.send(f"{here}/acceptance", order=second, answer="refuse"), "dass du den Auftrag ablehnst")
    await place.world.until(lambda: state_of(market, second) == "REFUSED", "the marketplace knows")
    actors = "SELECT string_agg(DISTINCT actor, ',') FROM order_reply WHERE integration_id = :id"
    assert place.world.number(actors, id=market.id) == "anna@shop.example"
    says(await anna.send(f"{here}/acceptance", order="none-such", answer="accept"), "gibt es nicht mehr")
    await anna.send(f"{place.base}/acceptance", 404, order=first, answer="accept")
    english = place.browser("en")
    await english.log_in()
    assert "Aufträge zum Annehmen" not in await english.open(here)


async def test_runs_are_listed_by_integration_whatever_its_id_is_made_of(anna: Browser, market: Connected) -> None:
    rows = (await anna.open(f"/journal/runs?integration={market.id}")).split("<tbody>")[1].split("</tbody>")[0]
    named = re.findall(r'</strong></a><div class="text-secondary small">([^<]*)</div>', rows)
    assert named and set(named) == {"Marktplatz"}


async def test_categories_of_a_marketplace_are_loaded_mapped_and_measured(
    anna: Browser, place: Place, market: Connected
) -> None:
    here = f"/integrations/{market.id}/taxonomy"
    says(await anna.open(here), "Noch keine Kategorien geladen")
    says(await anna.send(f"{here}/reload"), "Die Kategorien des Marktplatzes sind geladen")
    await anna.open("/categories")
    key = (await anna.send("/categories", name="Krüge fürs Zuordnen")).split("?category=")[-1].split('"')[0]
    page = await anna.open(f"{here}?category={key}")
    code = re.findall(r'name="code" value="([^"]+)"', page)[0]
    says(await anna.send(here, category=key, code=code), "1 Kategorie")
    assert f"category?code={code}" in await anna.open(here)
    attributes = await anna.open(f"{here}/category?code={code}")
    name = re.findall(r'name="source\.([^"]+)"', attributes)[0]
    fixed: dict[str, Any] = {f"source.{name}": "constant", f"constant.{name}": "immer dies"}
    says(await anna.send(f"{here}/category?code={code}", **fixed), "Die Zuordnung ist gespeichert")
    assert 'value="immer dies"' in await anna.open(f"{here}/category?code={code}")
    await anna.open(f"{here}/category?code=none-such", 404)
    says(await anna.open(f"{here}/check"), "Vollständigkeit")
    says(await anna.send(here, category=key, code=""), "Kategorie")
    assert f"category?code={code}" not in await anna.open(here)


@pytest.fixture(scope="module")
async def lamps(place: Place) -> Connected:
    """A shop with lamps that the ERP has: one by its number, one by its EAN, one by its name; and one that it has not."""
    shop = WooShop()
    shop.add_article("LAMPE-1", "Lampe Morgen", "9.90")
    shop.add_article("SHOP-L2", "Leuchte anders genannt", "9.90", ean="4006381333993")
    shop.add_article("SHOP-L3", "Stehlampe Abendrot Messing", "9.90")
    shop.add_article("SHOP-L4", "Ganz etwas Fremdes", "9.90")
    connected = await connect(place, shop)
    with place.world.deps.sessions.begin() as session:
        for number, name, ean in (
            ("LAMPE-1", "Lampe Morgen", ""), ("LAMPE-2", "Deckenlicht", "4006381333993"),
            ("LAMPE-3", "Stehlampe Abendrot Messing", ""), ("LAMPE-4", "Wandarm", ""),
        ):  # fmt: skip
            session.add(Article(number=number, name=name, ean=ean))
    return connected


def numbers(place: Place, connected: Connected) -> str:
    """The foreign numbers of a shop, as `number=article`."""
    query = (
        "SELECT coalesce(string_agg(f.number || '=' || a.number, ' ' ORDER BY f.number), '') FROM foreign_number f"
        " JOIN article a ON a.id = f.article_id WHERE f.integration_id = :id"
    )
    return str(place.world.number(query, id=connected.id))


async def test_listings_are_read_paired_and_confirmed(anna: Browser, place: Place, lamps: Connected) -> None:
    here = f"/integrations/{lamps.id}/pairing"
    says(await anna.open(here), "Fremdnummern werden dann für diese Integration eingeschaltet", "Keine Angebote")
    await anna.send(f"{here}/read")
    await until(place, lamps, "pairing", "read")
    paired = "SELECT count(*) FROM listing WHERE integration_id = :id AND state <> 'open'"
    await place.world.until(lambda: place.world.number(paired, id=lamps.id) == 3, "pairs are proposed")
    says(await anna.open(f"{here}/progress"), "2 vorgeschlagen")
    page = await anna.open(here)
    says(page, "1 über Nummer zugeordnet", "2 vorgeschlagen", "ähnlicher Name")
    assert numbers(place, lamps) == ""
    by_ean = re.findall(r'name="ids" value="(\d+)" aria-label="SHOP-L2"', page)[0]
    says(await anna.send(here, action="confirm", ids=by_ean), "1 Zuordnungen sind bestätigt")
    assert numbers(place, lamps) == "SHOP-L2=LAMPE-2"
    assert "werden dann für diese Integration eingeschaltet" not in text_of(await anna.open(here))
    says(await anna.send(here, action="confirm", above="70"), "1 Zuordnungen sind bestätigt")
    assert numbers(place, lamps) == "SHOP-L2=LAMPE-2 SHOP-L3=LAMPE-3"
    stranger = re.findall(r'action="([^"]+/article)"', await anna.open(f"{here}?state=open"))[0]
    says(await anna.send(stranger, number="NOPE"), "NOPE")
    await anna.send(here, action="ignore", every="yes", state="open")
    says(await anna.open(here), "1 ausgelassen")
    await anna.send(here, action="take_back", every="yes", state="ignored")


async def test_the_worksheet_goes_out_as_a_file_and_comes_back_filled_in(
    anna: Browser, place: Place, lamps: Connected
) -> None:
    here = f"/integrations/{lamps.id}/pairing"
    lines = (await anna.http.get(f"{here}.csv")).content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("ref;sku;ean;name;article;")
    assert [line.split(";")[1] for line in lines[1:]] == ["LAMPE-1", "SHOP-L2", "SHOP-L3", "SHOP-L4"]
    await anna.open(here)
    file = b"sku;article\nSHOP-L4;LAMPE-4\nSHOP-L3;NOPE\nSHOP-L2;\n"
    answer = await anna.http.post(
        f"{here}/files",
        data={"csrf": anna.token},
        files={"file": ("pairs.csv", io.BytesIO(file))},
        follow_redirects=True,
    )
    says(answer.text, "1 Zuordnungen sind bestätigt", "Zeile 3", "NOPE")
    assert "SHOP-L4=LAMPE-4" in numbers(place, lamps)
    nothing = await anna.http.post(f"{here}/files", data={"csrf": anna.token}, follow_redirects=True)
    says(nothing.text, "keine Datei gewählt")


async def test_what_only_imports_offers_no_productive_mode(anna: Browser, place: Place, candles: Connected) -> None:
    moved = "UPDATE integration SET connector = :key WHERE id = :id"
    with place.world.deps.sessions.begin() as session:
        session.execute(text(moved), {"key": "shopware5", "id": candles.id})
    page = await anna.open(f"/integrations/{candles.id}")
    assert "/go-live" not in page
    says(page, "führt nichts von selbst aus", "Migration")
    await anna.open(f"/integrations/{candles.id}/go-live", 404)
    with place.world.deps.sessions.begin() as session:
        session.execute(text(moved), {"key": "woocommerce", "id": candles.id})
    assert "/go-live" in await anna.open(f"/integrations/{candles.id}")


async def test_pages_of_a_channel_are_there_in_english_and_only_where_the_connector_can(
    place: Place, candles: Connected, lamps: Connected, market: Connected
) -> None:
    english = place.browser("en")
    await english.log_in()
    says(await english.open(f"/integrations/{candles.id}/migration"), "Migration mode", "Take over")
    says(await english.open(f"/integrations/{lamps.id}/pairing"), "Read listings")
    says(await english.open(f"/integrations/{market.id}/taxonomy"), "Load categories")
    for path in (f"{candles.id}/taxonomy", f"{market.id}/migration", "none-such/pairing"):
        await english.open(f"/integrations/{path}", 404)
