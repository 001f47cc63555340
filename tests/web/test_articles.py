"""The pages around articles: each form works without JavaScript, says what was wrong, and asks before it destroys."""

import io
from typing import Any
from urllib.parse import quote

import pytest

from tests.web.conftest import Browser, Place, text_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
TABS = ("overview", "master", "texts", "prices", "components", "properties", "images", "shops", "numbers")


@pytest.fixture
async def article(anna: Browser, place: Place, request: pytest.FixtureRequest) -> str:
    """An article of this test's own."""
    number = f"P-{request.node.name.removeprefix('test_')[:60]}"
    await anna.open("/articles/new")
    page = await anna.send("/articles", number=number, name="Becher", price_gross="9,90", is_stock_article="on")
    assert f"Artikel {number} ist angelegt" in page
    return number


def at(number: str, tab: str) -> str:
    return f"/article/{quote(number)}?tab={tab}"


async def upload(browser: Browser, path: str, name: str, content: bytes, **form: str) -> Any:
    data = {"csrf": browser.token, **form}
    return await browser.http.post(path, data=data, files={"file": (name, io.BytesIO(content))}, follow_redirects=True)


async def test_every_tab_is_there_in_both_languages(anna: Browser, place: Place, article: str) -> None:
    english = place.browser("en")
    await english.log_in()
    for tab in TABS:
        assert "Becher" in await anna.open(at(article, tab))
        assert "Becher" in await english.open(at(article, tab))
    assert "Fremdnummern" in await anna.open("/foreign-numbers?q=none&active=no&label=x")
    await anna.open("/article/NOPE", 404)


async def test_master_data_are_changed_and_what_is_wrong_is_said_at_the_field(
    anna: Browser, place: Place, article: str
) -> None:
    page = await anna.open(at(article, "master"))
    read = page.split('name="read" value="')[1].split('"')[0]
    values = {"article": article, "read": read, "name": "Tasse", "kind": "simple", "is_stock_article": "on"}
    wrong = await anna.send("/articles/change", 422, **values, ean="4006381333932", weight="-1")
    assert "„4006381333932“ ist keine gültige EAN" in wrong
    assert "Der kleinste mögliche Wert ist 0" in text_of(wrong)
    assert 'value="Tasse"' in wrong, "what was typed stays"
    right = await anna.send("/articles/change", **values, ean="4006381333931", weight="0,35", price_gross="12,50")
    assert "Der Artikel ist gespeichert" in right
    assert "12,50 €" in text_of(await anna.open(at(article, "overview")))
    late = await anna.send("/articles/change", 422, **values)
    assert "inzwischen von jemand anderem geändert" in late


async def test_an_article_is_locked_unlocked_and_deleted(anna: Browser, place: Place, article: str) -> None:
    page = await anna.open(at(article, "overview"))
    assert "data-confirm" in page.split("/articles/delete")[1][:300]
    assert "gesperrt" in await anna.send("/articles/lock", article=article, locked="yes")
    found = await anna.open(f"/articles?lock=yes&q={quote(article)}")
    assert article in found
    assert "entsperrt" in await anna.send("/articles/lock", article=article, locked="no")
    assert "ist gelöscht" in await anna.send("/articles/delete", article=article)
    await anna.open(at(article, "overview"), 404)


async def test_an_article_in_a_document_is_not_deleted(anna: Browser, place: Place) -> None:
    number = place.world.number("SELECT number FROM article WHERE id = (SELECT min(article_id) FROM stock_movement)")
    await anna.open(at(number, "overview"))
    assert "Sperre ihn stattdessen" in await anna.send("/articles/delete", article=number)


async def test_prices_are_added_changed_and_deleted(anna: Browser, place: Place, article: str) -> None:
    price = {"article": article, "amount": "8,50", "from_quantity": "10", "currency": "EUR", "is_gross": "no"}
    await anna.open(at(article, "prices"))
    page = await anna.send("/articles/prices", **price)
    assert "8,50 €" in text_of(page)
    assert "hat für diese Quelle" in await anna.send("/articles/prices", 422, **price)
    negative = await anna.send("/articles/prices", 422, **(price | {"amount": "-1", "from_quantity": "20"}))
    assert "Der kleinste mögliche Wert ist 0" in text_of(negative)
    key = (
        page.split("&amp;price=")[-1].split('"')[0]
        if "&amp;price=" in page
        else page.split("&price=")[-1].split('"')[0]
    )
    assert 'value="8,5"' in await anna.open(f"{at(article, 'prices')}&price={key}")
    page = await anna.send("/articles/prices", **(price | {"amount": "8", "price": key}))
    assert "8,00 €" in text_of(page)
    assert "8,00 €" not in text_of(await anna.send("/articles/prices", article=article, price=key, action="delete"))


async def test_texts_of_a_shop_are_stored_and_deleted(anna: Browser, place: Place, article: str) -> None:
    await anna.open(at(article, "texts"))
    shop = place.connected.id
    page = await anna.send("/articles/texts", article=article, language="en", integration=shop, name="Mug for <you>")
    assert "Mug for &lt;you&gt;" in page
    assert "Zwei kleine Buchstaben" in await anna.send(
        "/articles/texts", 422, article=article, language="English", name="x"
    )
    page = await anna.send("/articles/texts", article=article, language="en", integration=shop)
    assert "Keine eigenen Texte" in page


async def test_a_bundle_gets_its_components(anna: Browser, place: Place, article: str) -> None:
    await anna.open("/articles/new")
    await anna.send("/articles", number=f"{article}-set", name="Set", kind="jit")
    page = await anna.send("/articles/components", article=f"{article}-set", number=[article, ""], quantity=["2", ""])
    assert "Die Stückliste ist gespeichert" in page
    assert f"{article}-set" in await anna.open(at(article, "components"))
    twice = await anna.send(
        "/articles/components", 422, article=f"{article}-set", number=[article, article], quantity=["2", "3"]
    )
    assert "steht doppelt in der Stückliste" in twice
    assert 'value="3"' in twice, "what was typed stays"


async def test_properties_fields_and_categories_are_stored(anna: Browser, place: Place, article: str) -> None:
    await anna.open("/categories")
    page = await anna.send("/categories", name=f"Tassen {article}", position="1")
    assert "ist gespeichert" in page
    key = page.split("?category=")[-1].split('"')[0]
    assert "Bitte mindestens" in text_of(await anna.send("/categories", 422, name=""))
    page = await anna.send(
        "/articles/properties", article=article, name=["Farbe", ""], value=["rot", ""], option=["no", "no"]
    )
    assert 'value="rot"' in page
    page = await anna.send("/articles/fields", article=article, name="Pflege", value="kalt", tags="neu, neu, rot")
    assert 'value="neu, rot"' in page
    page = await anna.send("/articles/categories", article=article, category=key)
    assert "checked" in page.split(f'value="{key}"')[1][:20]
    assert article in await anna.open(f"/articles?category={key}")
    refused = await anna.send("/categories/delete", category=key)
    assert "enthält 1 Artikel" in refused
    assert "Die Kategorie ist gelöscht" in await anna.send("/categories/delete", category=key, moves_up="yes")


async def test_an_image_is_uploaded_shown_and_deleted(anna: Browser, place: Place, article: str) -> None:
    await anna.open(at(article, "images"))
    page = (await upload(anna, "/articles/images", "a.png", PNG, article=article, title="Vorn")).text
    key = page.split('src="/articles/images/')[1].split('"')[0]
    shown = await anna.http.get(f"/articles/images/{key}")
    assert (shown.headers["content-type"], shown.content) == ("image/png", PNG)
    refused = await upload(anna, "/articles/images", "a.png", b"<svg onload=alert(1)>", article=article)
    assert refused.status_code == 422
    assert "kein PNG-, JPEG- oder WebP-Bild" in refused.text
    too_large = await upload(anna, "/articles/images", "a.png", PNG + b"\x00" * 5_300_000, article=article)
    assert "größer als 5 MB" in too_large.text
    assert (await upload(anna, "/articles/images", "a.png", b"\x00" * 7_000_000, article=article)).status_code == 413
    page = await anna.send("/articles/images/order", article=article, image=key, position="1", title="Neu")
    assert 'value="Neu"' in page
    assert "Noch keine Bilder" in await anna.send("/articles/images/order", article=article, delete=key)


async def test_options_of_a_shop_are_stored(anna: Browser, place: Place, article: str) -> None:
    await anna.open(at(article, "shops"))
    values = {"article": article, "integration": place.connected.id, "is_inactive": "yes", "pseudo_stock": "4"}
    page = await anna.send("/articles/options", **values)
    assert "eigene Optionen" in page
    assert "Der kleinste mögliche Wert" in text_of(
        await anna.send("/articles/options", 422, **(values | {"pseudo_stock": "-4"}))
    )
    page = await anna.send("/articles/options", article=article, integration=place.connected.id)
    assert "eigene Optionen" not in page


async def test_foreign_numbers_are_added_switched_and_deleted(anna: Browser, place: Place, article: str) -> None:
    await anna.open(at(article, "numbers"))
    values = {"article": article, "integration": place.connected.id, "label": "SKU", "foreign": f"F-{article}"}
    page = await anna.send("/articles/foreign-numbers", **values, next=at(article, "numbers"))
    assert f"F-{article}" in page
    key = page.split('name="ids" value="')[1].split('"')[0]
    assert "inaktiv" in await anna.send("/foreign-numbers", ids=key, action="deactivate", next=at(article, "numbers"))
    page = await anna.open(f"/foreign-numbers?q=F-{quote(article)}&active=no")
    assert article in page
    page = await anna.send("/foreign-numbers", ids=key, action="delete", next="/foreign-numbers?q=F-")
    assert "1 Fremdnummern sind gelöscht" in page
    unknown = await anna.send("/articles/foreign-numbers", **(values | {"article": "NOPE"}), next="/foreign-numbers")
    assert "Einen Artikel NOPE gibt es nicht" in unknown


async def test_a_file_is_taken_and_its_report_can_be_read_and_saved(anna: Browser, place: Place, article: str) -> None:
    await anna.open("/foreign-numbers")
    shop = place.connected.id
    lines = f"nummer;shop;bezeichnung;fremdnummer\n{article};{shop};SKU;FILE-1\n=cmd();{shop};SKU;FILE-2\n"
    answer = await upload(anna, "/foreign-numbers/files", "Nummern.csv", lines.encode("cp1252"))
    assert "1 Fremdnummern übernommen, 1 abgelehnt" in answer.text
    assert "Einen Artikel =cmd() gibt es nicht" in answer.text
    report = await anna.http.get(f"{answer.url.path}/report.csv")
    assert report.content.decode("utf-8-sig").splitlines() == [
        "Zeile der Datei;Artikelnummer;Shop;Nummer;Kürzel;Grund",
        f"3;'=cmd();{shop};FILE-2;ARTICLE_UNKNOWN;Einen Artikel =cmd() gibt es nicht",
    ]
    exported = await anna.http.get("/foreign-numbers/export.csv")
    assert f"{article};{shop};SKU;FILE-1;0;1" in exported.text
    assert "FILE-1;SKU" in (await anna.http.get("/foreign-numbers/export.csv?form=wide")).text
    await anna.open("/foreign-numbers/export.csv?form=other", 404)
    await anna.open("/foreign-numbers/files/999999", 404)


async def test_a_file_with_wrong_columns_is_refused_with_what_was_found_and_expected(
    anna: Browser, place: Place
) -> None:
    await anna.open("/foreign-numbers")
    answer = await upload(anna, "/foreign-numbers/files", "x.csv", b"sku;preis\n1;2\n")
    assert "Gefunden: sku; preis. Erwartet: nummer" in answer.text
    none = await anna.http.post(
        "/foreign-numbers/files", data={"csrf": anna.token}, files={"other": ("", b"")}, follow_redirects=True
    )
    assert "keine Datei gewählt" in none.text


async def test_single_articles_are_added_to_the_list_of_an_integration(
    anna: Browser, place: Place, article: str
) -> None:
    page = await anna.open(f"{place.base}/articles")
    assert "/articles/single" in page
    page = await anna.send(f"{place.base}/articles/single", numbers=f"{article}, NOPE")
    assert "1 von 2 Artikeln erfüllen den Filter, 1 davon sind neu" in page
    assert article in await anna.open(f"{place.base}/articles?q={quote(article)}")


async def test_files_are_taken_only_where_they_are_expected(anna: Browser, place: Place) -> None:
    await anna.open("/articles")
    answer = await upload(anna, "/articles/lock", "a.png", PNG, article="X")
    assert answer.status_code == 400
