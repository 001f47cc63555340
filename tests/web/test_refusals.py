"""What the entity refuses is said next to the form, in the person's language, and nothing typed is lost."""

from typing import Any

from erp.integrations import state_of
from tests.web.conftest import Browser, Place, text_of
from workflows import ids


async def new_integration(anna: Browser, name: str) -> str:
    """Play the wizard's first step and return the integration's path."""
    page = await anna.open("/connectors/woocommerce/new")
    integration_id = page.split('name="id" value="')[1].split('"')[0]
    await anna.send("/connectors/woocommerce/new", id=integration_id, name=name)
    return f"/integrations/{integration_id}"


async def test_a_taken_name_is_refused_beside_the_form_and_the_next_try_works(anna: Browser, place: Place) -> None:
    taken = f"Shop {place.connected.id}"
    page = await anna.open("/connectors/woocommerce/new")
    first = page.split('name="id" value="')[1].split('"')[0]
    page = await anna.send("/connectors/woocommerce/new", 422, id=first, name=taken)
    assert f"Eine Integration „{taken}“ gibt es schon" in page
    assert f'value="{taken}"' in page
    second = page.split('name="id" value="')[1].split('"')[0]
    page = await anna.send("/connectors/woocommerce/new", id=second, name="Another name")
    assert "Zugangsdaten" in page


async def test_a_double_click_creates_one_integration(anna: Browser) -> None:
    page = await anna.open("/connectors/woocommerce/new")
    integration_id = page.split('name="id" value="')[1].split('"')[0]
    for _ in range(2):
        await anna.send("/connectors/woocommerce/new", id=integration_id, name="Clicked twice")
    assert (await anna.open("/integrations")).count("<strong>Clicked twice</strong>") == 1


async def test_an_empty_or_endless_name_is_refused(anna: Browser) -> None:
    await anna.open("/connectors/woocommerce/new")
    for name in ("", "x" * 121):
        page = await anna.send("/connectors/woocommerce/new", 422, id="abcdef123456", name=name)
        assert "Bitte einen Namen mit höchstens 120 Zeichen eingeben" in page


async def test_wrong_credentials_are_named_field_by_field_and_secrets_never_come_back(anna: Browser) -> None:
    base = await new_integration(anna, "Wrong credentials")
    form: dict[str, Any] = {"url": "ftp://x", "consumer_key": "sesame", "consumer_secret": "cs_verysecretvalue"}
    page = await anna.send(f"{base}/setup/credentials", 422, **form)
    assert "„ftp://x“ ist keine gültige Adresse" in page
    assert 'value="sesame"' in page
    assert "cs_verysecretvalue" not in page


async def test_the_wizard_goes_on_where_it_was_left(anna: Browser, place: Place) -> None:
    base = await new_integration(anna, "Left and resumed")
    assert "Zugangsdaten" in await anna.open(base)
    page = await anna.open(f"{base}/setup/features")
    assert "Teste zuerst die Verbindung" in page
    key, secret = place.shop.consumer_key, place.shop.consumer_secret
    form: dict[str, Any] = {
        "url": f"{place.connected.server.url}/wp-admin/",
        "consumer_key": key,
        "consumer_secret": secret,
    }
    page = await anna.send(f"{base}/setup/credentials", **(form | {"consumer_secret": f"{secret[:-1]}0"}))
    assert "lehnt die Zugangsdaten ab" in page
    page = await anna.send(f"{base}/setup/credentials", **form)
    assert "/wp-admin/“ haben wir „" in page
    assert "Zugangsdaten werden angenommen" in page
    assert secret not in page
    assert "Zeitpläne" in await anna.open(base)
    page = await anna.send(f"{base}/setup/credentials", **(form | {"consumer_secret": ""}))
    assert "Zugangsdaten werden angenommen" in page, "an empty secret keeps the stored one"
    page = await anna.send(f"{base}/setup/features", features=["orders"])
    assert "ist angelegt" in page
    page = await anna.open(base)
    assert "Wie es weitergeht" in page
    assert "/features/stock" not in page


async def test_switching_on_with_missing_settings_names_them_by_their_titles(anna: Browser, place: Place) -> None:
    base = await new_integration(anna, "Without settings")
    form: dict[str, Any] = {"url": place.connected.server.url, "consumer_key": place.shop.consumer_key}
    await anna.send(f"{base}/setup/credentials", **form, consumer_secret=place.shop.consumer_secret)
    await anna.send(f"{base}/setup/features", features=["orders", "stock"])
    page = await anna.send(f"{base}/features/orders/activate", next=f"{base}/features/orders")
    assert "Es fehlen Pflichtangaben" in page
    assert "Standardprojekt" in page
    assert "default_project" not in text_of(page)
    page = await anna.open(f"{base}/go-live")
    assert "Mindestens eine Funktion ist eingeschaltet" in page
    page = await anna.send(f"{base}/go-live", 422)
    assert "Noch nicht bereit" in page


async def test_deleting_needs_the_name(anna: Browser) -> None:
    base = await new_integration(anna, "To be deleted")
    page = await anna.send(f"{base}/delete", 422, confirm="something else")
    assert "Zum Bestätigen gib „To be deleted“ ein" in page
    page = await anna.send(f"{base}/delete", confirm="To be deleted")
    assert "Die Integration ist gelöscht" in page
    await anna.open(base, status=404)


async def test_a_wrong_filter_is_explained_and_kept(anna: Browser, place: Place) -> None:
    path = f"{place.base}/articles"
    await anna.open(path)
    form: dict[str, Any] = {"field": ["number", "price_gross"], "operator": ["IN", ">"], "value": ["A, B", "cheap"]}
    page = await anna.send(path, 422, **form, format=["text", "number"])
    assert "Regel 1: der Operator IN passt nicht zum Format" in page
    assert "Regel 2: „cheap“ ist keine Zahl" in page
    assert 'value="A, B"' in page
    assert 'value="cheap"' in page


async def test_a_filter_is_applied_and_its_history_kept(anna: Browser, place: Place) -> None:
    path = f"{place.base}/articles"
    await anna.open(path)
    page = await anna.send(path, field="number", operator="==", value="PORTO", format="text")
    assert "Der Filter trifft 1 Artikel" in page
    assert "number == PORTO" in page
    page = await anna.send(path)
    assert "alle Artikel" in page


async def test_pausing_says_who_and_why_and_resuming_ends_it(anna: Browser, place: Place) -> None:
    page = await anna.send(f"{place.base}/features/stock/pause", note="Inventur <läuft>")
    assert "Angehalten von anna@shop.example" in page
    assert "Inventur &lt;läuft&gt;" in page
    page = await anna.send(f"{place.base}/features/stock/resume")
    assert "Angehalten von" not in page


async def test_without_the_entity_every_command_says_so_and_starting_again_heals(anna: Browser, place: Place) -> None:
    handle = place.world.client.get_workflow_handle(ids.integration(place.connected.id))
    await handle.terminate("test")
    page = await anna.open(place.base)
    assert "Der Ablauf der Integration läuft nicht" in page
    for path, form in (
        ("/rename", {"name": "Neuer Name"}),
        ("/features/stock/pause", {"note": "x"}),
        ("/features/orders/run-now", {}),
    ):
        answer = await anna.http.post(
            place.base + path,
            data={"csrf": anna.token, **form},
            follow_redirects=True,
            headers={"referer": "http://pages/"},
        )
        assert "Der Ablauf der Integration läuft nicht" in answer.text, path
    page = await anna.send(f"{place.base}/rename", 422, name="Neuer Name")
    assert 'value="Neuer Name"' in page
    assert "Wieder starten" in page
    page = await anna.send(f"{place.base}/start-again")
    assert "Der Ablauf der Integration läuft wieder" in page
    with place.world.deps.sessions() as session:
        state = state_of(session, place.connected.id)
    assert state is not None
    await anna.send(f"{place.base}/rename", name=state.name)
    assert "läuft nicht" not in await anna.open(place.base)


async def test_installing_twice_is_harmless(anna: Browser) -> None:
    await anna.open("/connectors")
    for _ in range(2):
        assert "WooCommerce ist installiert" in await anna.send("/connectors/woocommerce/install")
    await anna.send("/connectors/nothing/install", 404)
