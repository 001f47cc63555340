"""Checklist, customers, data protection and master data, as a person uses them."""

import json
from typing import Any

from sqlalchemy import text

from tests.web.conftest import Browser, Place, text_of


def number(place: Place, query: str, **params: Any) -> Any:
    """One value from the database."""
    return place.world.number(query, **params)


async def test_the_checklist_shows_every_item_of_every_integration(place: Place, anna: Browser) -> None:
    page = text_of(await anna.open("/checklist"))
    assert "Portoartikel" in page and "Zahlungsarten" in page and "Aussteller der Belege" in page
    assert f"Shop {place.connected.id}" in page


async def test_one_click_creates_what_is_missing_and_the_settings_name_it(place: Place, anna: Browser) -> None:
    await anna.open("/checklist")
    with place.world.deps.sessions.begin() as session:
        session.execute(text("UPDATE article SET is_postage = false WHERE number = 'PORTO'"))
    try:
        assert "passt nicht" in text_of(await anna.open("/checklist"))
        with place.world.deps.sessions.begin() as session:
            session.execute(text("UPDATE article SET number = 'PORTO-OLD' WHERE number = 'PORTO'"))
        page = await anna.send("/checklist", item="postage_article", integration=place.connected.id)
        assert "1 Einträge angelegt" in text_of(page)
        assert number(place, "SELECT count(*) FROM article WHERE number = 'PORTO' AND is_postage") == 1
    finally:
        with place.world.deps.sessions.begin() as session:
            session.execute(
                text("DELETE FROM article_text WHERE article_id IN (SELECT id FROM article WHERE number = 'PORTO')")
            )
            session.execute(
                text(
                    "DELETE FROM article WHERE number = 'PORTO' AND EXISTS (SELECT FROM article WHERE number = 'PORTO-OLD')"
                )
            )
            session.execute(text("UPDATE article SET number = 'PORTO', is_postage = true WHERE number = 'PORTO-OLD'"))


async def test_what_only_a_person_knows_is_not_created(anna: Browser) -> None:
    await anna.open("/checklist")
    await anna.send("/checklist", 404, item="issuer")


async def test_a_customer_is_locked_with_a_reason_and_unlocked(place: Place, anna: Browser) -> None:
    id = number(place, "SELECT min(id) FROM customer WHERE number LIKE 'KD%'")
    await anna.open(f"/customers/{id}")
    page = text_of(await anna.send(f"/customers/{id}/lock", reason="zahlt nicht"))
    assert "Dieser Kunde ist gesperrt" in page and "zahlt nicht" in page
    assert "gesperrt" in text_of(await anna.open("/customers?state=locked"))
    await anna.open(f"/customers/{id}")
    assert "Dieser Kunde ist gesperrt" not in text_of(await anna.send(f"/customers/{id}/unlock"))


async def test_a_customer_is_put_into_a_group_that_exists(place: Place, anna: Browser) -> None:
    id = number(place, "SELECT min(id) FROM customer WHERE number LIKE 'KD%'")
    await anna.open("/settings/master-data/customer-groups")
    await anna.send("/settings/master-data/customer-groups", do="add", code="vip", name="Stammkunden")
    await anna.open(f"/customers/{id}")
    await anna.send(f"/customers/{id}/group", group="vip")
    assert (
        number(
            place, "SELECT g.code FROM customer c JOIN customer_group g ON g.id = c.group_id WHERE c.id = :id", id=id
        )
        == "vip"
    )
    assert "gibt es im ERP nicht mehr" in text_of(await anna.send(f"/customers/{id}/group", group="nobody"))
    await anna.send(f"/customers/{id}/group", group="")


async def test_a_customers_data_is_downloaded(place: Place, anna: Browser) -> None:
    id = number(place, "SELECT min(id) FROM customer WHERE number LIKE 'KD%'")
    answer = await anna.http.get(f"/customers/{id}/export")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert set(json.loads(answer.content)) >= {"customer", "orders", "lines", "documents"}
    assert (await anna.http.get("/customers/999999999/export")).status_code == 404


async def test_a_customer_with_open_orders_is_not_erased_and_the_page_says_why(place: Place, anna: Browser) -> None:
    id = number(
        place,
        "SELECT customer_id FROM sales_order WHERE fulfilment_state = 'open' AND NOT is_cancelled ORDER BY id LIMIT 1",
    )
    await anna.open(f"/customers/{id}")
    page = text_of(await anna.send(f"/customers/{id}/erase"))
    assert "Der Kunde hat offene Aufträge" in page
    assert number(place, "SELECT erased_at IS NULL FROM customer WHERE id = :id", id=id)


async def test_a_customer_without_orders_is_erased(place: Place, anna: Browser) -> None:
    with place.world.deps.sessions.begin() as session:
        session.execute(
            text("INSERT INTO customer (number, name, company, email, phone, street, postcode, city, country, vat_id, language, is_guest, email_key, name_key)"
                 " VALUES ('KD-GONE', 'Gone Girl', '', 'gone@example.com', '', '', '', '', 'DE', '', 'de', false, '', '')")
        )  # fmt: skip
    id = number(place, "SELECT id FROM customer WHERE number = 'KD-GONE'")
    await anna.open(f"/customers/{id}")
    page = text_of(await anna.send(f"/customers/{id}/erase"))
    assert "anonym" in page and "Gone Girl" not in page
    await anna.send(f"/customers/{id}/lock", 404, reason="late")


async def test_the_retention_is_chosen_within_what_the_law_allows(place: Place, anna: Browser) -> None:
    from erp.retention import RULES

    await anna.open("/settings/retention")
    chosen = {kind: str(rule.months) for kind, rule in RULES.items()}
    assert "gespeichert" in text_of(await anna.send("/settings/retention", **(chosen | {"mails": "18"})))
    assert number(place, "SELECT months FROM retention WHERE kind = 'mails'") == 18
    page = text_of(await anna.send("/settings/retention", **(chosen | {"invoices": "12"})))
    assert "mindestens 96" in page
    assert number(place, "SELECT months FROM retention WHERE kind = 'mails'") == 18


async def test_master_data_is_added_changed_and_removed(place: Place, anna: Browser) -> None:
    here = "/settings/master-data/payment-methods"
    await anna.open(here)
    await anna.send(here, do="add", code="twint", name="TWINT", remind_days="3")
    assert number(place, "SELECT remind_days FROM payment_method WHERE code = 'twint'") == 3
    await anna.send(here, do="change", code="twint", name="Twint", ships_unpaid="on")
    assert (
        number(
            place, "SELECT name || ships_unpaid || coalesce(remind_days, 0) FROM payment_method WHERE code = 'twint'"
        )
        == "Twinttrue0"
    )
    await anna.send(here, do="remove", code="twint")
    assert number(place, "SELECT count(*) FROM payment_method WHERE code = 'twint'") == 0


async def test_a_code_twice_or_a_bad_value_is_refused_beside_its_field(anna: Browser) -> None:
    here = "/settings/master-data/payment-methods"
    await anna.open(here)
    assert "„paypal“ gibt es schon" in text_of(await anna.send(here, 422, do="add", code="paypal", name="Again"))
    page = text_of(await anna.send(here, 422, do="add", code="new one", name="", expire_days="0"))
    assert "Das sieht nicht richtig aus" in page and "Der kleinste mögliche Wert ist 1" in page
    rates = "/settings/master-data/tax-rates"
    page = text_of(await anna.send(rates, 422, do="add", country="DE", kind="normal", rate="-3"))
    assert "Der kleinste mögliche Wert ist 0" in page


async def test_what_is_in_use_is_not_removed(anna: Browser) -> None:
    for here, key in (("payment-methods", {"code": "paypal"}), ("projects", {"code": "SHOP"})):
        await anna.open(f"/settings/master-data/{here}")
        page = text_of(await anna.send(f"/settings/master-data/{here}", 422, do="remove", **key))
        assert "wird noch verwendet" in page


async def test_an_unknown_register_or_entry_is_not_found(anna: Browser) -> None:
    await anna.open("/settings/master-data/planets", 404)
    await anna.open("/settings/master-data/projects")
    await anna.send("/settings/master-data/projects", 404, do="change", code="nobody", name="Nobody")
    await anna.send("/settings/master-data/projects", 404, do="explode", code="SHOP", name="Shop")


async def test_the_delivery_threshold_is_shown_and_set_but_never_to_nothing(place: Place, anna: Browser) -> None:
    page = text_of(await anna.open("/settings/master-data/tax-rates"))
    assert "EU-Lieferschwelle" in page and "10.000,00" in page
    assert "gespeichert" in text_of(
        await anna.send("/settings/delivery-threshold", threshold="12.000,00".replace(".", ""))
    )
    assert number(place, "SELECT threshold FROM delivery_threshold") == 12000
    await anna.send("/settings/delivery-threshold", threshold="0")
    assert number(place, "SELECT threshold FROM delivery_threshold") == 12000
    await anna.send("/settings/delivery-threshold", threshold="10000")
