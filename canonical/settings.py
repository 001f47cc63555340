"""Settings per feature, in the terms of D§2; the pages, the command line and the docs are generated from these models."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from canonical.catalogue import DataType


class Options(StrEnum):
    """Where the choices of a setting come from."""

    PROJECTS = "projects"
    PAYMENT_METHODS = "payment_methods"
    SHIPPING_METHODS = "shipping_methods"
    DELIVERY_TERMS = "delivery_terms"
    WAREHOUSES = "warehouses"
    CUSTOMERS = "customers"
    LANGUAGES = "languages"
    COUNTRIES = "countries"
    POSTAGE_ARTICLES = "postage_articles"
    DISCOUNT_ARTICLES = "discount_articles"
    SURCHARGE_ARTICLES = "surcharge_articles"


class MappingKind(StrEnum):
    """The mapping tables: a channel's value on the left, ours on the right; unknown values become open rows."""

    PAYMENT = "payment"
    SHIPPING = "shipping"
    CHANNEL = "channel"
    TAG = "tag"
    LANGUAGE = "language"
    COUNTRY = "country"
    CARRIER = "carrier"
    LOCATION = "location"
    CURRENCY = "currency"
    CUSTOMER_GROUP = "customer_group"
    CATEGORY = "category"
    CUSTOM_FIELD = "custom_field"
    PROPERTY = "property"

    @property
    def goes_out(self) -> bool:
        """Whether the left side is a value of ours and the right side the channel's; the others are the other way round."""
        return self not in _COMING_IN


_COMING_IN = frozenset(
    {MappingKind.PAYMENT, MappingKind.SHIPPING, MappingKind.CHANNEL, MappingKind.TAG, MappingKind.LANGUAGE, MappingKind.COUNTRY}
)


def setting(
    default: Any,
    title: str,
    title_de: str,
    help: str = "",
    help_de: str = "",
    *,
    section: str,
    options: Options | None = None,
    channel_options: str = "",
    mapping: MappingKind | None = None,
    mandatory: bool = False,
    **limits: Any,
) -> Any:
    """Declare one setting with what its page needs; `mandatory` is checked when the feature is activated (D§2.0).

    Its choices come from the ERP (`options`) or from the channel: `channel_options` names a list of `ListsChoices`.
    """
    extra: dict[str, Any] = {"title_de": title_de, "help_de": help_de, "section": section, "mandatory": mandatory}
    if options:
        extra["options"] = options.value
    if channel_options:
        extra["channel_options"] = channel_options
    if mapping:
        extra["mapping"] = mapping.value
    return Field(default=default, title=title, description=help, json_schema_extra=extra, **limits)


class FeatureSettings(BaseModel):
    """The settings of one feature; a revision of it is pinned for each run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def meta(cls, field: FieldInfo) -> dict[str, Any]:
        """The page's words for a field."""
        extra = field.json_schema_extra
        return dict(extra) if isinstance(extra, dict) else {}

    def missing(self) -> list[str]:
        """The mandatory fields that are still empty."""
        return [
            name
            for name, field in type(self).model_fields.items()
            if self.meta(field).get("mandatory") and getattr(self, name) in ("", None, (), frozenset(), {})
        ]


class AutoshipDocuments(StrEnum):
    """Which documents auto-ship creates."""

    STANDARD = "standard"
    INVOICE_AND_DELIVERY_NOTE = "invoice_and_delivery_note"
    DELIVERY_NOTE = "delivery_note"
    INVOICE = "invoice"


class ShippingTax(StrEnum):
    """Which tax the shipping costs of mixed goods bear (D§10.3)."""

    FROM_CHANNEL = "from_channel"
    HIGHEST = "highest"
    LARGEST_SHARE = "largest_share"
    SPLIT = "split"


class DescriptionSource(StrEnum):
    """Where a line's description comes from."""

    NONE = "none"
    ERP = "erp"


class CommentTarget(StrEnum):
    """Where the customer's comment goes."""

    IGNORE = "ignore"
    FREE_TEXT = "free_text"
    INTERNAL_LABEL = "internal_label"


class CustomerMode(StrEnum):
    """How an order finds its customer."""

    MATCH = "match"
    DEFAULT_CUSTOMER = "default_customer"
    CREATE = "create"


class MatchCriterion(StrEnum):
    """By what a customer is found; always tested in this order."""

    CUSTOMER_NUMBER = "customer_number"
    EMAIL = "email"
    NAME_AND_ADDRESS = "name_and_address"


class NoMatch(StrEnum):
    """What happens when no customer is found."""

    REJECT = "reject"
    CREATE = "create"
    DEFAULT_CUSTOMER = "default_customer"


class OrderSettings(FeatureSettings):
    """Order import (D§2.5), as far as every connector has it."""

    import_states: frozenset[str] = setting(
        frozenset({"processing", "on-hold"}), "States to import", "Zahlungsstatus für Auftragsimport",
        "Orders in other states wait until their state changes.", "Aufträge in anderem Status warten, bis er sich ändert.",
        section="selection", mandatory=True)
    clerk_name: str = setting("", "Clerk", "Bearbeiter", "Written into the order.", "Wird in den Auftrag geschrieben.", section="selection", max_length=80)

    default_project: str = setting("", "Project", "Standardprojekt", "Decides numbering and logistics of the orders.", "Bestimmt Nummernkreis und Logistik der Aufträge.", section="project", options=Options.PROJECTS, mandatory=True)
    channel_project_map: dict[str, str] = setting({}, "Sales channels to projects", "Sales Channel → Projekt", "Once one is mapped, orders of unknown channels wait.", "Sobald einer zugeordnet ist, warten Aufträge unbekannter Kanäle.", section="project", options=Options.PROJECTS, mapping=MappingKind.CHANNEL)
    tag_project_map: dict[str, str] = setting({}, "Tags to projects", "Tag → Projekt", "A tag beats the sales channel; other tags are ignored.", "Ein Tag gilt vor dem Sales Channel; andere Tags bleiben ohne Wirkung.", section="project", options=Options.PROJECTS, mapping=MappingKind.TAG)

    payment_map: dict[str, str] = setting({}, "Payment methods", "Zahlungsarten-Zuordnung", "Exact spelling counts.", "Die genaue Schreibweise zählt.", section="payment", options=Options.PAYMENT_METHODS, mapping=MappingKind.PAYMENT)
    default_payment: str = setting("", "Default payment method", "Standardzahlungsart", "Used when the shop names none.", "Wenn der Shop keine nennt.", section="payment", options=Options.PAYMENT_METHODS)
    default_payment_if_unmapped: bool = setting(False, "… also for unmapped values", "… auch bei fehlender Zuordnung", section="payment")
    payments_without_autoship: frozenset[str] = setting(frozenset(), "Payment methods without auto-ship", "Zahlungsarten ohne Autoversand", "The order is imported but not shipped by itself.", "Der Auftrag kommt an, wird aber nicht von selbst versendet.", section="payment", options=Options.PAYMENT_METHODS)

    shipping_map: dict[str, str] = setting({}, "Shipping methods", "Versandarten-Zuordnung", "Exact spelling counts.", "Die genaue Schreibweise zählt.", section="shipping", options=Options.SHIPPING_METHODS, mapping=MappingKind.SHIPPING)
    default_shipping: str = setting("", "Default shipping method", "Standardversandart", "Used when the shop names none.", "Wenn der Shop keine nennt.", section="shipping", options=Options.SHIPPING_METHODS)
    default_shipping_if_unmapped: bool = setting(False, "… also for unmapped values", "… auch bei fehlender Zuordnung", section="shipping")
    delivery_term: str = setting("", "Delivery term", "Lieferbedingung", "The same for all orders.", "Gilt für alle Aufträge.", section="shipping", options=Options.DELIVERY_TERMS)
    fast_lane_shipping: frozenset[str] = setting(frozenset(), "Fast-lane shipping methods", "Fast-Lane Versandarten", "Sets the fast-lane flag.", "Setzt das Fast-Lane-Kennzeichen.", section="shipping", options=Options.SHIPPING_METHODS)
    autoship_documents: AutoshipDocuments = setting(AutoshipDocuments.STANDARD, "Documents of auto-ship", "Belege im Autoversand", section="shipping")
    shipping_article: str = setting("", "Postage article", "Artikelnummer für Versandkosten", "Carries the flag 'article is postage'.", "Trägt das Kennzeichen „Artikel ist Porto“.", section="shipping", options=Options.POSTAGE_ARTICLES, mandatory=True)

    warehouse_country: str = setting("DE", "Country of the warehouse", "Standort des Lagers", "The country goods are sent from, for tax.", "Das Land, aus dem versendet wird, für die Steuer.", section="tax", options=Options.COUNTRIES)
    vat_id_trusted: bool = setting(False, "VAT id counts as checked", "USt-IdNr. automatisch geprüft", "Skips the check that would stop shipping.", "Überspringt die Prüfung, die den Versand anhält.", section="tax")
    tax_at_origin: bool = setting(False, "Tax at the warehouse's country", "Besteuerung abhängig vom Lagerstandort", "For sellers below the EU threshold of 10,000 EUR.", "Für Verkäufer unter der EU-Lieferschwelle von 10.000 EUR.", section="tax")
    exempt_if_tax_missing: bool = setting(False, "0 % where the tax is missing", "Befreiten Steuersatz bei fehlender Steuerinfo", "Off: an order without tax information is parked.", "Aus: ein Auftrag ohne Steuerangabe wird geparkt.", section="tax")
    shipping_tax: ShippingTax = setting(ShippingTax.FROM_CHANNEL, "Tax of shipping costs", "Steuersatz der Versandkosten", "With goods of several rates; the gross amount stays as it is.", "Bei Waren mit mehreren Sätzen; der Bruttobetrag bleibt, wie er ist.", section="tax")
    calc_net: bool = setting(False, "Calculate with net prices", "Kalkulation auf Basis von Netto-Preisen", "For shops that show net prices.", "Für Shops, die Nettopreise zeigen.", section="tax")
    fix_total: bool = setting(False, "Fix the total", "Gesamtbetrag festsetzen", "Take the shop's total when the lines differ by cents; off: such an order is parked.", "Übernimmt den Gesamtbetrag des Shops, wenn die Positionen um Cent abweichen; aus: der Auftrag wird geparkt.", section="tax")
    max_total_diff: Decimal = setting(Decimal("0.05"), "Largest difference", "max. Differenz", "Above it the total is not fixed and auto-ship is off.", "Darüber wird nicht festgesetzt und der Autoversand ist aus.", section="tax", ge=0, le=5, decimal_places=2)

    discount_article: str = setting("", "Discount article", "Rabattartikel", "All discounts as negative lines.", "Alle Rabatte als negative Positionen.", section="lines", options=Options.DISCOUNT_ARTICLES, mandatory=True)
    surcharge_article: str = setting("", "Surcharge article", "Artikelnummer für Zuschläge", "For fees; not a stock article.", "Für Gebühren; kein Lagerartikel.", section="lines", options=Options.SURCHARGE_ARTICLES)
    name_from_erp: bool = setting(False, "Article name from the ERP", "Artikelbezeichnung aus dem ERP", "Instead of the shop's title.", "Statt des Titels im Shop.", section="lines")
    description_source: DescriptionSource = setting(DescriptionSource.NONE, "Line description", "Artikelbeschreibung", section="lines")
    comment_target: CommentTarget = setting(CommentTarget.FREE_TEXT, "Customer's comment", "Kommentar verarbeiten", section="lines")
    comment_stops_autoship: bool = setting(False, "A comment stops auto-ship", "Autoversand bei Kommentar stoppen?", section="lines")
    merge_lines: bool = setting(False, "Merge lines", "Auftragspositionen zusammenfassen", "Single pieces of one article at one price become one line.", "Einzelne Stücke eines Artikels mit gleichem Preis werden eine Position.", section="lines")
    personalised_stops_autoship: bool = setting(True, "Personalised lines stop auto-ship", "Autoversand bei personalisierten Positionen stoppen?", "An engraving or a text of the buyer's own: a person looks first.", "Gravur oder eigener Text des Käufers: erst sieht jemand hin.", section="lines")
    language_map: dict[str, str] = setting({}, "Languages", "Sprachenzuordnung", "Language of the documents; otherwise the shop's, the billing country's or the project's.", "Sprache der Belege; sonst die des Shops, des Rechnungslands oder des Projekts.", section="lines", options=Options.LANGUAGES, mapping=MappingKind.LANGUAGE)

    customer_mode: CustomerMode = setting(CustomerMode.MATCH, "Customers with an account", "Kundenanlage", section="customers")
    guest_mode: CustomerMode = setting(CustomerMode.MATCH, "Guests", "Gastaufträge", section="customers")
    match_criteria: frozenset[MatchCriterion] = setting(frozenset({MatchCriterion.EMAIL}), "Match by", "Kundenzuordnung", "Tested in the order number, e-mail, name and address.", "In der Reihenfolge Nummer, E-Mail, Name und Adresse.", section="customers")
    no_match: NoMatch = setting(NoMatch.CREATE, "If no customer is found", "Wenn kein Kunde gefunden wird", section="customers")
    match_in_project: bool = setting(False, "Only within the project", "nur innerhalb des Projektes", section="customers")
    default_customer: str = setting("", "Default customer", "Default-Kunde", "For 'all to the default customer'.", "Für „alle auf Default-Kunde“.", section="customers", options=Options.CUSTOMERS)
    pos_customer: str = setting("", "POS customer", "POS-Kunde", "Gets what unnamed buyers bought over the counter.", "Bekommt, was unbenannte Käufer an der Kasse gekauft haben.", section="customers", options=Options.CUSTOMERS)
    billing_from_shipping: bool = setting(False, "Delivery address as billing address", "Lieferadresse als Rechnungsadresse", "For channels that send no billing address; off: such an order is parked.", "Für Kanäle ohne Rechnungsadresse; aus: der Auftrag wird geparkt.", section="customers")


class UpdateStrategy(StrEnum):
    """What a push of articles may do in the channel (D§2.1)."""

    CREATE_ONLY = "create_only"
    UPDATE_ONLY = "update_only"
    CREATE_AND_UPDATE = "create_and_update"


class MediaMode(StrEnum):
    """Whether images that were removed here are removed in the shop (D§2.1)."""

    ADD = "add"
    ADD_AND_DELETE = "add_and_delete"


class FieldMode(StrEnum):
    """How custom fields and properties find their counterpart in the channel (D§2.1)."""

    SAME_NAME = "same_name"
    TABLE = "table"


class ArticleSettings(FeatureSettings):
    """Articles to the channel (D§2.1), as far as every connector has it; each narrows `data_types` by its own default."""

    data_types: frozenset[DataType] = setting(frozenset(DataType), "Data types", "Datentypen", "Which parts are sent; others stay as they are in the shop.", "Welche Teile gesendet werden; andere bleiben im Shop, wie sie sind.", section="articles", mandatory=True)
    update_strategy: UpdateStrategy = setting(UpdateStrategy.CREATE_AND_UPDATE, "Update strategy", "Update-Strategie", section="articles")
    meta_texts: bool = setting(False, "Meta texts", "Meta-Texte", "Title, description and keywords for search engines.", "Titel, Beschreibung und Schlagworte für Suchmaschinen.", section="articles")
    use_net_weight: bool = setting(False, "Net weight", "Nettogewicht", "Instead of the weight with packing.", "Statt des Gewichts mit Verpackung.", section="articles")
    auto_delete: bool = setting(False, "Delete in the shop", "Produkte automatisch im Shop löschen?", "An article deleted here is deleted there, a matrix article with its variants; without effect with foreign numbers.", "Ein hier gelöschter Artikel wird dort gelöscht, ein Matrixartikel mit seinen Varianten; ohne Wirkung mit Fremdnummern.", section="articles")
    language: str = setting("de", "Main language", "Hauptsprache", "Language of the shop's own texts.", "Sprache der eigenen Texte des Shops.", section="articles", options=Options.LANGUAGES)
    translation_languages: frozenset[str] = setting(frozenset(), "Translations", "Übersetzungen", "Sent besides the main language, where the data type is chosen.", "Werden neben der Hauptsprache gesendet, wenn der Datentyp gewählt ist.", section="articles", options=Options.LANGUAGES)
    media_mode: MediaMode = setting(MediaMode.ADD, "Images", "Medien", "Whether images that were removed here are removed in the shop.", "Ob hier entfernte Bilder auch im Shop entfernt werden.", section="articles")


class CategorySettings(FeatureSettings):
    """Categories to the channel (D§2.2)."""

    auto_delete_categories: bool = setting(False, "Delete categories", "Kategorien automatisch löschen", "With all below them.", "Samt Unterkategorien.", section="categories")


class PriceSettings(FeatureSettings):
    """Prices to the channel (D§2.4); percents."""

    price_source_name: str = setting("", "Customer or customer group", "Kunde bzw. Kundengruppe", "Exactly the name; empty: the standard price. An article without such a price is reported.", "Genau der Name; leer: der Standardpreis. Ein Artikel ohne solchen Preis wird gemeldet.", section="prices", max_length=120)
    currency: str = setting("EUR", "Currency", "Währung", "Of the shop's prices.", "Der Preise im Shop.", section="prices", pattern="^[A-Z]{3}$")
    prices_net: bool = setting(False, "Send net prices", "Nettopreise übertragen", "Off: gross.", "Aus: brutto.", section="prices")
    tax_normal: Decimal = setting(Decimal(19), "Normal tax rate", "Steuersatz normal", "Percent, between gross and net prices.", "Prozent, zwischen Brutto- und Nettopreis.", section="prices", ge=0, le=50)
    tax_reduced: Decimal = setting(Decimal(7), "Reduced tax rate", "Steuersatz ermäßigt", section="prices", ge=0, le=50)
    tax_exempt: Decimal = setting(Decimal(0), "Exempt tax rate", "Steuersatz befreit", section="prices", ge=0, le=50)
    advanced_prices: bool = setting(False, "Group and scale prices", "Erweiterte Preise", "Also those with validity dates.", "Auch solche mit Gültigkeitsdaten.", section="prices")
    send_pseudo_price: bool = setting(True, "Pseudo price", "Pseudopreis", "The price shown crossed out.", "Der durchgestrichene Preis.", section="prices")


class DocumentSettings(FeatureSettings):
    """Documents to the channel (D§2.7)."""

    send_invoice_pdf: bool = setting(False, "Send invoices", "Rechnungs-PDF übertragen", "Once, when the invoice is created.", "Einmal, wenn die Rechnung entsteht.", section="documents")


class RefundSettings(FeatureSettings):
    """Refunds through the channel (D§2.8): an executed refund of the ERP is paid out there."""

    restock: bool = setting(False, "Restock in the shop", "Im Shop zurücklagern", "Leave off where stock is sent from here.", "Aus lassen, wenn der Bestand von hier kommt.", section="refunds")


class StockRules(FeatureSettings):
    """Stock export (D§2.3): which quantity a channel may sell of what lies in the warehouses."""

    subtract_reservations: bool = setting(False, "Subtract reservations", "Reservierungen beachten", section="stock")
    subtract_open_orders: bool = setting(False, "Subtract open orders", "Offene Bestellungen beachten", "Not together with reservations while orders are reserved by themselves.", "Nicht zusammen mit Reservierungen, solange automatisch reserviert wird.", section="stock")
    apply_correction: bool = setting(False, "Apply the correction value", "Lagerkorrekturwert beachten", "Usually negative: a safety stock per article.", "Meist negativ: ein Sicherheitsbestand je Artikel.", section="stock")
    use_pseudo_stock: bool = setting(False, "Pseudo stock", "Pseudo Lagerzahl statt echter Lagerzahl", section="stock")


class StockSettings(StockRules):
    """Stock export to a channel with one level per article."""

    warehouses: frozenset[str] = setting(frozenset(), "Warehouses", "Auswahl Lager", "Their physical stock is summed.", "Deren Lagerbestand wird summiert.", section="stock", options=Options.WAREHOUSES, mandatory=True)


class LocationStockSettings(StockRules):
    """Stock export to a channel with several locations: each sums the warehouses mapped to it."""

    location_map: dict[str, str] = setting({}, "Warehouses to locations", "Lagerzuordnung", "A location may sum several warehouses; reservations are deducted from every location.", "Ein Standort kann mehrere Lager summieren; Reservierungen werden an jedem Standort abgezogen.", section="stock", channel_options="locations", mapping=MappingKind.LOCATION, mandatory=True)

    @property
    def warehouses(self) -> frozenset[str]:
        """The warehouses that any location sums."""
        return frozenset(self.location_map)


class ExportTrigger(StrEnum):
    """When an order is reported as shipped (D§2.6)."""

    EACH_SHIPMENT = "each_shipment"
    COMPLETED = "completed"


class ShipmentSettings(FeatureSettings):
    """Order status and tracking (D§2.6)."""

    send_tracking: bool = setting(True, "Report tracking", "Tracking Informationen zurückmelden", section="shipments")
    cancel_in_channel: bool = setting(False, "Cancel in the shop", "Aufträge automatisch im Shop stornieren", "A cancellation in the ERP cancels the order in the shop.", "Eine Stornierung im ERP storniert den Auftrag im Shop.", section="shipments")


class ImportSettings(FeatureSettings):
    """The initial import of a shop's articles (D§1.6); percents."""

    tax_normal: Decimal = setting(Decimal(19), "Normal tax rate", "Steuersatz normal", "Articles of this rate become normally taxed ones.", "Artikel mit diesem Satz werden normal besteuert.", section="import", ge=0, le=50)
    tax_reduced: Decimal = setting(Decimal(7), "Reduced tax rate", "Steuersatz ermäßigt", "Articles of this rate become reduced ones.", "Artikel mit diesem Satz werden ermäßigt besteuert.", section="import", ge=0, le=50)
    currency: str = setting("EUR", "Currency", "Währung", "Of the shop's prices.", "Der Preise im Shop.", section="import", pattern="^[A-Z]{3}$")
    with_prices: bool = setting(True, "Prices", "Preise", "Also group and scale prices of groups that exist here.", "Auch Gruppen- und Staffelpreise von Gruppen, die es hier gibt.", section="import")
    with_images: bool = setting(True, "Images", "Bilder", "They are fetched and kept here.", "Sie werden abgeholt und hier aufbewahrt.", section="import")


class AdvancedSettings(FeatureSettings):
    """Settings of the integration as a whole (D§1.7)."""

    foreign_numbers: bool = setting(False, "Use foreign numbers", "Fremdnummern verwenden", "Articles are paired by the foreign number of this integration.", "Artikel werden über die Fremdnummer dieser Integration zugeordnet.", section="advanced")
    foreign_number_label: str = setting("", "Label of the foreign numbers", "Bezeichnung der Fremdnummern", "Exactly as stored at the article.", "Genau wie am Artikel hinterlegt.", section="advanced", max_length=60)
