"""Every page opens in both languages, leads somewhere, and asks no foreign host for anything."""

import re

import pytest

from tests.web.conftest import Browser, Place

FOREIGN = re.compile(r"""(?:src|href|action|srcset)=["'](?:https?:)?//(?!127\.0\.0\.1)[^"']*""")
LINK = re.compile(r'(?:href|data-refresh)="(/[^"#]*)')

PAGES = (
    "/", "/connectors", "/connectors?can=stock", "/connectors?can=refunds", "/connectors/matrix",
    "/connectors/woocommerce/new", "/integrations", "/journal/orders", "/journal/orders?state=parked&since=2020-01-01",
    "/journal/articles", "/journal/articles?state=failed", "/journal/shipments", "/journal/runs", "/orders",
    "/orders?state=hold", "/articles", "/articles?kind=variant", "/articles/new", "/articles/new?number=X-1",
    "/settings/people", "/search", "/search?q=AU1", "/search?q=%25",
)  # fmt: skip
OF_THE_INTEGRATION = (
    "", "/articles", "/features/orders", "/features/stock", "/features/shipments", "/go-live", "/settings",
    "/setup/credentials", "/setup/features", "/setup/create", "/readiness", "/runs", "/numbers", "/setup/progress",
)  # fmt: skip


@pytest.mark.parametrize("language", ["de", "en"])
async def test_every_page_opens_in_both_languages(place: Place, language: str) -> None:
    browser = place.browser(language)
    await browser.log_in()
    for path in (*PAGES, *(place.base + rest for rest in OF_THE_INTEGRATION)):
        page = await browser.open(path)
        assert "<html" not in page or f'<html lang="{language}"' in page, path
        assert FOREIGN.search(page) is None, path
        assert "%(" not in page, path
        assert 'style="' not in page and "<style" not in page and "onclick" not in page, path


async def test_every_link_leads_somewhere(anna: Browser, place: Place) -> None:
    todo, seen = {*PAGES, place.base}, set()
    while todo:
        path = todo.pop()
        seen.add(path)
        if path.startswith("/static/"):
            assert (await anna.http.get(path)).status_code == 200, path
            continue
        page = await anna.open(path)
        # One of each kind is enough: the journal alone has a page per record.
        kinds = {re.sub(r"[\w-]*\d[\w-]*", "*", known) for known in seen}
        for link in (found.replace("&amp;", "&") for found in LINK.findall(page)):
            if link not in seen and re.sub(r"[\w-]*\d[\w-]*", "*", link) not in kinds:
                todo.add(link)
    assert len(seen) > 60


async def test_a_page_that_does_not_exist_says_so_in_words(anna: Browser) -> None:
    for path in ("/nothing", "/orders/999999999", "/orders/99999999999999999999", "/orders/x", "/article/NO-SUCH",
                 "/integrations/nope", "/journal/documents/0", "/journal/links/0", "/journal/runs/nope"):  # fmt: skip
        assert "Unter dieser Adresse gibt es nichts" in await anna.open(path, status=404), path


async def test_the_tabs_of_an_integration_name_its_features(anna: Browser, place: Place) -> None:
    page = await anna.open(place.base)
    for word in ("Aufträge", "Bestand", "Status &amp; Tracking", "Entwicklungsmodus", "Wie es weitergeht"):
        assert word in page


async def test_a_fault_of_ours_is_a_page_and_not_a_stack_trace(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = place.browser()
    await browser.log_in()
    monkeypatch.setattr("erp.queries.orders.orders", lambda *_: 1 / 0)
    page = await browser.open("/orders", status=500)
    assert "Diese Seite hat einen Fehler" in page
    assert "ZeroDivisionError" not in page


async def test_files_are_served_from_here(place: Place) -> None:
    browser = place.browser()
    for path in ("connect.css", "connect.js", "icon.svg", "tabler/css/vendor/tabler.min.css"):
        assert (await browser.http.get(f"/static/{path}")).status_code == 200
