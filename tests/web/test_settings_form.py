"""The settings page is the model: every field of it can be changed there, and nothing else."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

import connectors
from canonical.feature import Feature
from canonical.settings import FeatureSettings, MappingKind, OrderSettings, StockSettings
from connectors import spec_of
from erp.feature_settings import load_settings, mapping_fields
from tests.web.conftest import Browser, Place, text_of
from web.forms import field_kind

# A value of each field that is not its default, as the browser sends it, and as the model then holds it.
CHANGED: dict[str, tuple[Any, Any]] = {
    "import_states": (["processing", "checked"], {"processing", "checked"}),
    "clerk_name": ("Petra Öz", "Petra Öz"),
    "default_project": ("SHOP", "SHOP"),
    "default_payment": ("paypal", "paypal"),
    "default_payment_if_unmapped": ("on", True),
    "payments_without_autoship": (["cod", "invoice"], {"cod", "invoice"}),
    "default_shipping": ("dpd", "dpd"),
    "default_shipping_if_unmapped": ("on", True),
    "delivery_term": ("", ""),
    "fast_lane_shipping": (["dhl"], {"dhl"}),
    "autoship_documents": ("invoice", "invoice"),
    "shipping_article": ("PORTO", "PORTO"),
    "warehouse_country": ("AT", "AT"),
    "vat_id_trusted": ("on", True),
    "tax_at_origin": ("on", True),
    "exempt_if_tax_missing": ("on", True),
    "shipping_tax": ("split", "split"),
    "calc_net": ("on", True),
    "fix_total": ("on", True),
    "max_total_diff": ("0,25", Decimal("0.25")),
    "discount_article": ("RABATT", "RABATT"),
    "surcharge_article": ("ZUSCHLAG", "ZUSCHLAG"),
    "name_from_erp": ("on", True),
    "description_source": ("erp", "erp"),
    "comment_target": ("internal_label", "internal_label"),
    "comment_stops_autoship": ("on", True),
    "merge_lines": ("on", True),
    "personalised_stops_autoship": ([], False),
    "customer_mode": ("create", "create"),
    "guest_mode": ("default_customer", "default_customer"),
    "match_criteria": (["customer_number", "email"], {"customer_number", "email"}),
    "no_match": ("reject", "reject"),
    "match_in_project": ("on", True),
    "default_customer": ("SAMMELKUNDE", "SAMMELKUNDE"),
    "pos_customer": ("SAMMELKUNDE", "SAMMELKUNDE"),
    "billing_from_shipping": ("on", True),
}
MAPPED = set(mapping_fields(OrderSettings))


def posted(model: type[FeatureSettings], values: dict[str, Any]) -> dict[str, Any]:
    """Settings as a browser sends their form: a switch that is off is not sent at all."""
    form: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        if name in values and field_kind(info) == "switch":
            form |= {name: "on"} if values[name] else {}
        elif name in values:
            value = values[name]
            form[name] = sorted(map(str, value)) if isinstance(value, frozenset) else str(value)
    return form


def stored(place: Place, feature: Feature = Feature.ORDERS) -> tuple[FeatureSettings, int]:
    """What is in the database."""
    with place.world.deps.sessions() as session:
        return load_settings(session, place.connected.id, feature, spec_of("woocommerce").features[feature].settings)


def test_each_field_has_a_changed_value_here() -> None:
    assert set(CHANGED) | MAPPED == set(OrderSettings.model_fields)


@pytest.mark.parametrize("name", sorted(CHANGED))
async def test_a_field_is_stored_as_it_was_entered_and_shown_again(anna: Browser, place: Place, name: str) -> None:
    before, revision = stored(place)
    path = f"{place.base}/features/orders"
    await anna.open(path)
    form = posted(OrderSettings, before.model_dump())
    sent, held = CHANGED[name]
    mapping = mapping_form(place)
    page = await anna.send(path, **{**form, name: sent, **mapping})
    assert "Die Einstellungen sind gespeichert" in page
    after, newer = stored(place)
    expected = {**before.model_dump(exclude=MAPPED), name: held}
    assert after.model_dump(exclude=MAPPED) == expected
    assert newer == (revision if expected == before.model_dump(exclude=MAPPED) else revision + 1)
    # The page sends back what it shows: saving it unchanged makes no new revision.
    await anna.send(path, **posted(OrderSettings, after.model_dump()), **mapping)
    assert stored(place) == (after, newer)
    await anna.send(path, **form, **mapping)
    assert stored(place)[0] == before


def mapping_form(place: Place) -> dict[str, Any]:
    """The mapping tables as the page shows them."""
    with place.world.deps.sessions() as session:
        query = "SELECT kind, channel_value, erp_value FROM mapping WHERE integration_id = :id"
        rows = session.execute(text(query), {"id": place.connected.id}).all()
    form: dict[str, Any] = {}
    for name, kind in mapping_fields(OrderSettings).items():
        form[f"{name}.channel"] = [row.channel_value for row in rows if row.kind == kind.value]
        form[f"{name}.erp"] = [row.erp_value for row in rows if row.kind == kind.value]
    return form


async def test_a_wrong_value_stores_nothing_and_loses_nothing(anna: Browser, place: Place) -> None:
    path = f"{place.base}/features/orders"
    await anna.open(path)
    before = stored(place)
    form = posted(OrderSettings, before[0].model_dump()) | {"clerk_name": "Typed before", "max_total_diff": "7"}
    mapping = mapping_form(place)
    mapping["payment_map.channel"].append("brand-new")
    mapping["payment_map.erp"].append("paypal")
    page = await anna.send(path, 422, **form, **mapping)
    assert "Nichts wurde gespeichert" in page or "Es ist noch nichts gespeichert" in page
    assert "Der größte mögliche Wert ist 5." in page
    assert 'value="Typed before"' in page
    assert 'value="7"' in page
    assert 'value="brand-new"' in page
    assert stored(place) == before
    assert "brand-new" not in await anna.open(path)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("max_total_diff", "a lot", "Bitte eine Zahl eingeben"),
        ("max_total_diff", "0,001", "höchstens 2 Nachkommastellen"),
        ("max_total_diff", "-1", "Der kleinste mögliche Wert ist 0"),
        ("clerk_name", "x" * 81, "höchstens 80 Zeichen"),
        ("no_match", "explode", "Bitte einen der Werte auswählen"),
    ],
)
async def test_each_kind_of_mistake_has_a_sentence(
    anna: Browser, place: Place, name: str, value: str, said: str
) -> None:
    path = f"{place.base}/features/orders"
    await anna.open(path)
    form = posted(OrderSettings, stored(place)[0].model_dump()) | {name: value}
    assert said in await anna.send(path, 422, **form)


async def test_mapping_rows_are_added_changed_and_removed(anna: Browser, place: Place) -> None:
    path = f"{place.base}/features/orders"
    await anna.open(path)
    form = posted(OrderSettings, stored(place)[0].model_dump())
    original = mapping_form(place)

    def table() -> dict[str, str]:
        return dict(stored(place)[0].model_dump()["payment_map"])

    before = table()
    added = {
        "payment_map.channel": [*original["payment_map.channel"], " Kauf auf Rechnung "],
        "payment_map.erp": [*original["payment_map.erp"], "invoice"],
    }
    page = await anna.send(path, **form, **(original | added))
    assert table() == before | {" Kauf auf Rechnung ": "invoice"}, "spelling and blanks count"
    assert 'value=" Kauf auf Rechnung "' in page
    added["payment_map.erp"][-1] = "cash"
    await anna.send(path, **form, **(original | added))
    assert table()[" Kauf auf Rechnung "] == "cash"
    added["payment_map.erp"][-1] = ""
    await anna.send(path, **form, **(original | added))
    assert table() == before


async def test_an_open_value_stands_on_top_until_it_is_mapped_and_its_orders_then_run(
    anna: Browser, place: Place
) -> None:
    order = place.shop.place_order([(sku(place), 1)], BUYER, payment_method="bacs")
    with place.world.deps.sessions.begin() as session:
        session.execute(
            text("DELETE FROM mapping WHERE channel_value = 'bacs' AND integration_id = :id"),
            {"id": place.connected.id},
        )
    await place.connected.run(Feature.ORDERS, str(order["id"]))
    path = f"{place.base}/features/orders"
    page = await anna.open(path)
    assert "Werte des Shops, die noch niemand zugeordnet hat" in page
    assert "„bacs“" in page
    assert "1 Auftrag wartet" in text_of(page)
    form, tables = posted(OrderSettings, stored(place)[0].model_dump()), mapping_form(place)
    row = tables["payment_map.channel"].index("bacs")
    assert tables["payment_map.erp"][row] == ""
    tables["payment_map.erp"][row] = "prepayment"
    page = await anna.send(path, **form, **tables)
    assert "1 wartende Dokumente laufen erneut" in page
    assert "noch niemand zugeordnet" not in page
    await place.world.until(
        lambda: bool(
            place.world.number("SELECT count(*) FROM sales_order WHERE external_id = :id", id=str(order["id"]))
        ),
        "the order in the ERP",
    )


BUYER = {
    "first_name": "Ida", "last_name": "Öz", "address_1": "Weg 1", "postcode": "10115", "city": "Berlin", "country": "DE",
    "email": "ida@example.org",
}  # fmt: skip


def sku(place: Place) -> str:
    """A simple product of the shop."""
    return next(product.sku for product in place.shop.products.values() if product.type == "simple" and product.sku)


async def test_a_stored_value_that_no_longer_exists_stays_visible(anna: Browser, place: Place) -> None:
    path = f"{place.base}/features/stock"
    await anna.open(path)
    before = stored(place, Feature.STOCK)[0]
    form = posted(StockSettings, before.model_dump())
    await anna.send(path, **(form | {"warehouses": ["HAUPT", "GONE"]}))
    page = await anna.open(path)
    assert "GONE (gibt es nicht mehr)" in page
    await anna.send(path, **form)
    assert stored(place, Feature.STOCK)[0] == before


async def test_mandatory_fields_that_are_empty_are_named_before_switching_on(anna: Browser, place: Place) -> None:
    path = f"{place.base}/features/orders"
    await anna.open(path)
    before = posted(OrderSettings, stored(place)[0].model_dump())
    tables = mapping_form(place)
    page = await anna.send(path, **(before | {"default_project": "", "shipping_article": ""}), **tables)
    assert "Vor dem Einschalten fehlt noch: Standardprojekt , Artikelnummer für Versandkosten" in text_of(page)
    await anna.send(path, **before, **tables)


def test_mapping_tables_of_the_model_are_the_kinds_there_are() -> None:
    models = [offer.settings for spec in connectors.specs().values() for offer in spec.features.values()]
    used = {kind for model in models for kind in mapping_fields(model).values()}
    assert set(MappingKind) - used == set()
