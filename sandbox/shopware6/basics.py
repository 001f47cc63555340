"""What a freshly installed German shop has: languages, currencies, taxes, countries, channels, methods, states, folders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopware6.amounts import ROUNDING
from sandbox.shopware6.definitions import ENTITIES, LIVE_VERSION
from sandbox.shopware6.ids import id_of
from sandbox.shopware6.machines import GERMAN, INITIAL, TRANSITIONS, state_id, states_of
from sandbox.shopware6.paths import SYSTEM_LANGUAGE
from sandbox.shopware6.store import Row, Store
from sandbox.shopware6.values import EURO

ENGLISH = id_of("language", "en-GB")
COUNTRIES = {
    "DE": "Deutschland",
    "AT": "Österreich",
    "CH": "Schweiz",
    "FR": "Frankreich",
    "NL": "Niederlande",
    "PL": "Polen",
}
EU = frozenset({"DE", "AT", "FR", "NL", "PL"})
TAXES = {"standard": ("Standard rate", 19.0), "reduced": ("Reduced rate", 7.0), "zero": ("Steuerfrei", 0.0)}
SALUTATIONS = {"mr": ("Herr", "Sehr geehrter Herr"), "mrs": ("Frau", "Sehr geehrte Frau"), "not_specified": ("-", "")}
PAYMENTS = {
    "invoice": ("Rechnung", "payment_invoicepayment"),
    "prepayment": ("Vorkasse", "payment_prepayment"),
    "cod": ("Nachnahme", "payment_cashpayment"),
    "paypal": ("PayPal", "payment_paypal"),
    "card": ("Kreditkarte", "payment_creditcard"),
}
SHIPPING = {"standard": ("Standard", Decimal("4.99")), "express": ("Express", Decimal("12.90"))}
CHANNELS = {"storefront": "Storefront", "b2b": "Händlershop"}
GROUPS = {"standard": ("Standard-Kundengruppe", True), "dealer": ("Händler", False)}
RULES = {"always": "Immer gültig (Default)", "all": "All customers", "dealer": "Händlerkunden"}
DOCUMENTS = {
    "invoice": "Rechnung",
    "delivery_note": "Lieferschein",
    "credit_note": "Gutschrift",
    "storno": "Stornorechnung",
}
TYPE_STOREFRONT = "8a243080f92e4c719546314b577cf82b"


def base_row(entity: str, row_id: str, created: str, /, **values: Any) -> Row:
    """A row with all that its entity keeps; translated values are in the shop's own language."""
    definition = ENTITIES[entity]
    row: Row = {"id": row_id, "createdAt": created, "updatedAt": None}
    row |= dict.fromkeys(definition.version_fields, LIVE_VERSION)
    texts = {name: value for name, value in values.items() if name in definition.translated_fields}
    if definition.is_translated:
        row["_t"] = {SYSTEM_LANGUAGE: texts}
    return row | {name: value for name, value in values.items() if name not in texts}


class Installer:
    """Puts the rows of a new shop into its store; ids are the same in every shop."""

    def __init__(self, store: Store, created: str) -> None:
        self._store, self._created = store, created

    def install(self) -> None:
        """Everything, inside the caller's transaction."""
        self._languages()
        self._money()
        self._people()
        self._content()
        self._units()
        self._machines()
        self._methods()
        self._channels()

    def _put(self, entity: str, row_id: str, /, **values: Any) -> None:
        self._store.put(entity, base_row(entity, row_id, self._created, **values))

    def _languages(self) -> None:
        for code, name, language in (("de-DE", "Deutsch", SYSTEM_LANGUAGE), ("en-GB", "English", ENGLISH)):
            locale = id_of("locale", code)
            self._put("locale", locale, code=code, name=name, territory=code[3:])
            self._put("language", language, name=name, localeId=locale, translationCodeId=locale, active=True)

    def _money(self) -> None:
        for code, symbol, factor in (("EUR", "€", 1.0), ("CHF", "CHF", 0.95), ("USD", "$", 1.1)):
            self._put(
                "currency",
                EURO if code == "EUR" else id_of("currency", code),
                isoCode=code,
                symbol=symbol,
                factor=factor,
                shortName=code,
                name={"EUR": "Euro", "CHF": "Schweizer Franken", "USD": "US-Dollar"}[code],
                isSystemDefault=code == "EUR",
                itemRounding=ROUNDING,
                totalRounding=ROUNDING,
            )
        for position, (key, (name, rate)) in enumerate(TAXES.items(), 1):
            self._put("tax", id_of("tax", key), name=name, taxRate=rate, position=position)

    def _people(self) -> None:
        for iso, name in COUNTRIES.items():
            self._put(
                "country",
                id_of("country", iso),
                iso=iso,
                iso3={"DE": "DEU", "AT": "AUT", "CH": "CHE", "FR": "FRA", "NL": "NLD", "PL": "POL"}[iso],
                name=name,
                active=True,
                shippingAvailable=True,
                isEu=iso in EU,
                addressFormat=[],
            )
        for key, (name, letter) in SALUTATIONS.items():
            self._put("salutation", id_of("salutation", key), salutationKey=key, displayName=name, letterName=letter)
        for key, (name, is_gross) in GROUPS.items():
            self._put("customer_group", id_of("customer_group", key), name=name, displayGross=is_gross)
        for priority, (key, name) in enumerate(RULES.items(), 1):
            self._put("rule", id_of("rule", key), name=name, priority=priority, invalid=False)

    def _content(self) -> None:
        self._put(
            "category",
            id_of("category"),
            name="Katalog #1",
            type="page",
            active=True,
            visible=True,
            level=1,
            breadcrumb=["Katalog #1"],
            childCount=0,
            displayNestedProducts=True,
            productAssignmentType="product",
        )
        self._put("media_default_folder", id_of("default_folder", "product"), entity="product")
        self._put(
            "media_folder",
            id_of("folder", "product"),
            name="Product Media",
            childCount=0,
            configurationId=id_of("folder_configuration"),
            defaultFolderId=id_of("default_folder", "product"),
            useParentConfiguration=False,
        )
        self._put(
            "cms_page",
            id_of("cms_page", "product"),
            name="Standard Produktseite-Layout",
            type="product_detail",
            locked=True,
        )
        self._put(
            "cms_page",
            id_of("cms_page", "category"),
            name="Standard Kategorie-Layout",
            type="product_list",
            locked=True,
        )
        for key, name in DOCUMENTS.items():
            self._put("document_type", id_of("document_type", key), technicalName=key, name=name)

    def _units(self) -> None:
        for key, name, low, high in (("1-3", "1-3 Tage", 1, 3), ("2-5", "2-5 Tage", 2, 5)):
            self._put("delivery_time", id_of("delivery_time", key), name=name, min=low, max=high, unit="day")
        for key, name in (("kg", "Kilogramm"), ("l", "Liter")):
            self._put("unit", id_of("unit", key), shortCode=key, name=name)

    def _machines(self) -> None:
        for machine, transitions in TRANSITIONS.items():
            machine_id = id_of("state_machine", machine)
            self._put(
                "state_machine",
                machine_id,
                technicalName=machine,
                name=machine,
                initialStateId=state_id(machine, INITIAL.get(machine, "open")),
            )
            for state in states_of(machine):
                self._put(
                    "state_machine_state",
                    state_id(machine, state),
                    technicalName=state,
                    name=GERMAN[state],
                    stateMachineId=machine_id,
                )
            for action, sources, target in transitions:
                for source in sources.split():
                    self._put(
                        "state_machine_transition",
                        id_of(machine, action, source),
                        actionName=action,
                        stateMachineId=machine_id,
                        fromStateId=state_id(machine, source),
                        toStateId=state_id(machine, target),
                    )

    def _methods(self) -> None:
        for position, (key, (name, technical)) in enumerate(PAYMENTS.items(), 1):
            self._put(
                "payment_method",
                id_of("payment_method", key),
                name=name,
                distinguishableName=name,
                technicalName=technical,
                active=True,
                position=position,
                afterOrderEnabled=True,
            )
        for position, (key, (name, _)) in enumerate(SHIPPING.items(), 1):
            self._put(
                "shipping_method",
                id_of("shipping_method", key),
                name=name,
                technicalName=f"shipping_{key}",
                active=True,
                position=position,
                deliveryTimeId=id_of("delivery_time", "1-3"),
                taxType="auto",
            )

    def _channels(self) -> None:
        for key, name in CHANNELS.items():
            group = "dealer" if key == "b2b" else "standard"
            self._put(
                "sales_channel",
                id_of("sales_channel", key),
                name=name,
                active=True,
                accessKey=f"SWSC{key.upper()}",
                typeId=TYPE_STOREFRONT,
                languageId=SYSTEM_LANGUAGE,
                currencyId=EURO,
                homeEnabled=True,
                customerGroupId=id_of("customer_group", group),
                taxCalculationType="horizontal",
                paymentMethodId=id_of("payment_method", "paypal"),
                countryId=id_of("country", "DE"),
                shippingMethodId=id_of("shipping_method", "standard"),
                navigationCategoryId=id_of("category"),
            )
