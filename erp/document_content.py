"""What documents say, composed from an order and its master data; loading is set-based, composing is pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError
from sqlmodel import Session, col, select

from canonical.document import (
    DocumentContent,
    DocumentKind,
    DocumentLine,
    Issuer,
    PostalAddress,
    References,
    TaxCategory,
    TaxSum,
)
from canonical.money import ZERO
from erp.rules.amounts import Amounts
from erp.tables import (
    Article,
    Customer,
    DeliveryTerm,
    Order,
    OrderLine,
    PaymentMethod,
    Project,
    Shipment,
    ShippingMethod,
    Warehouse,
)

FALLBACK = "en"
"""The language of our own texts where we have none in the document's."""

UNTAXED_ABROAD = ("reverse_charge", "export")
"""Kinds of tax whose invoices need the issuer's VAT id."""

EXEMPTIONS: Mapping[str, Mapping[TaxCategory, str]] = {
    "de": {
        TaxCategory.INTRA_COMMUNITY: "Steuerfreie innergemeinschaftliche Lieferung (§ 4 Nr. 1 Buchst. b i. V. m. § 6a UStG)",
        TaxCategory.REVERSE_CHARGE: "Steuerschuldnerschaft des Leistungsempfängers (Reverse Charge)",
        TaxCategory.EXPORT: "Steuerfreie Ausfuhrlieferung (§ 4 Nr. 1 Buchst. a i. V. m. § 6 UStG)",
        TaxCategory.EXEMPT: "Steuerfrei, es wird keine Umsatzsteuer berechnet",
    },
    "en": {
        TaxCategory.INTRA_COMMUNITY: "VAT-exempt intra-Community supply (Art. 138 Directive 2006/112/EC)",
        TaxCategory.REVERSE_CHARGE: "Reverse charge: the recipient is liable for the VAT",
        TaxCategory.EXPORT: "VAT-exempt export delivery (Art. 146 Directive 2006/112/EC)",
        TaxCategory.EXEMPT: "Exempt, no VAT is charged",
    },
}
MARKETPLACE: Mapping[str, str] = {
    "de": "Die Umsatzsteuer schuldet der Marktplatz und führt sie ab (§ 3 Abs. 3a, § 4 Nr. 4c UStG)",
    "en": "VAT is owed and paid by the marketplace as deemed supplier (Art. 14a, 136a Directive 2006/112/EC)",
}
DESTINATION: Mapping[str, str] = {
    "de": "Die Umsatzsteuer ist die des Bestimmungslandes {country} (Fernverkauf, § 3c UStG).",
    "en": "VAT is that of the country of destination, {country} (distance sale, Art. 33 Directive 2006/112/EC).",
}
SUPPLY_IS_TODAY: Mapping[str, str] = {
    "de": "Das Leistungsdatum entspricht dem Rechnungsdatum.",
    "en": "The date of supply is the date of the invoice.",
}


@dataclass(frozen=True, slots=True)
class LineFacts:
    """An order line with what documents print of its article."""

    line: OrderLine
    article: str = ""
    ean: str = ""
    unit: str = ""
    is_exempt: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """A delivery note of an order."""

    number: str
    day: date
    country: str
    """Where the goods left."""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """All that a document of an order is composed from."""

    order: Order
    project: Project
    issuer: Issuer
    lines: Sequence[LineFacts]
    customer_number: str = ""
    customer_name: str = ""
    payment: PaymentMethod | None = None
    shipping: str = ""
    delivery_term: str = ""
    deliveries: Sequence[DeliveryFacts] = field(default_factory=tuple)

    @property
    def language(self) -> str:
        """The order's language, else the project's; two letters."""
        return (self.order.language or self.project.language or "de")[:2].lower()

    @property
    def delivery_country(self) -> str:
        """The country that the goods go to."""
        return str(self.order.delivery.get("country") or self.order.billing.get("country") or "")

    @property
    def dispatch_country(self) -> str:
        """The country that the goods leave."""
        return self.deliveries[0].country if self.deliveries else self.issuer.country

    def missing(self) -> tuple[str, ...]:
        """Name the issuer's fields that an invoice of this order needs and lacks."""
        return self.issuer.missing(crosses_border=self.order.tax_kind in UNTAXED_ABROAD)


def load_facts(session: Session, orders: Sequence[Order]) -> dict[int, OrderFacts]:
    """Load what the documents of orders need, in a fixed number of statements."""
    ids = [order.id for order in orders]
    projects = _by_id(session, Project, {order.project_id for order in orders})
    payments = _by_id(session, PaymentMethod, {order.payment_method_id for order in orders})
    shippings = _by_id(session, ShippingMethod, {order.shipping_method_id for order in orders})
    terms = _by_id(session, DeliveryTerm, {order.delivery_term_id for order in orders})
    numbers = select(Customer.id, Customer.number, Customer.name).where(
        col(Customer.id).in_({each.customer_id for each in orders})
    )
    customers = {id_: (number, name) for id_, number, name in session.exec(numbers)}
    lines, deliveries = _lines(session, ids), _deliveries(session, ids)
    return {
        order.id or 0: OrderFacts(
            order=order,
            project=projects[order.project_id],
            issuer=Issuer.model_validate(projects[order.project_id].issuer),
            lines=lines.get(order.id or 0, []),
            customer_number=customers[order.customer_id][0],
            customer_name=customers[order.customer_id][1],
            payment=payments.get(order.payment_method_id),
            shipping=getattr(shippings.get(order.shipping_method_id), "name", ""),
            delivery_term=getattr(terms.get(order.delivery_term_id), "name", ""),
            deliveries=deliveries.get(order.id or 0, []),
        )
        for order in orders
    }


def _by_id(session: Session, table: Any, ids: set[Any]) -> dict[Any, Any]:
    return {row.id: row for row in session.exec(select(table).where(table.id.in_(ids - {None})))}


def _lines(session: Session, order_ids: Sequence[int | None]) -> dict[int, list[LineFacts]]:
    query = (
        select(OrderLine, Article)
        .outerjoin(Article, col(Article.id) == col(OrderLine.article_id))
        .where(col(OrderLine.order_id).in_(order_ids))
        .order_by(col(OrderLine.order_id), col(OrderLine.position))
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[LineFacts]] = {}
    for line, article in session.exec(query):
        facts = LineFacts(line)
        if article is not None:
            is_exempt = article.tax_category == "exempt" or article.is_gift_card
            facts = LineFacts(line, article.number, article.ean, article.unit, is_exempt)
        found.setdefault(line.order_id, []).append(facts)
    return found


def _deliveries(session: Session, order_ids: Sequence[int | None]) -> dict[int, list[DeliveryFacts]]:
    query = (
        select(Shipment.order_id, Shipment.number, Shipment.shipped_at, Warehouse.country)
        .join(Warehouse, col(Warehouse.id) == col(Shipment.warehouse_id))
        .where(col(Shipment.order_id).in_(order_ids), col(Shipment.state) == "shipped")
        .order_by(col(Shipment.id))
    )
    found: dict[int, list[DeliveryFacts]] = {}
    for order_id, number, shipped_at, country in session.exec(query):
        found.setdefault(order_id, []).append(DeliveryFacts(number, shipped_at.astimezone().date(), country))
    return found


def category_of(facts: OrderFacts, line: LineFacts) -> TaxCategory:
    """Choose the tax category of a line (EN 16931); pure.

    A rate above zero is S, in a foreign country too (OSS). Goods that leave for a business in another EU country are an
    intra-community supply (K, Art. 138): reverse charge (AE) is for supplies whose place is the recipient's country, so
    here only for goods that do not cross a border. A marketplace that owes the VAT makes our supply exempt (E, Art. 136a):
    O would forbid to print our VAT id (BR-O-02). Without tax at home: exempt articles E, all else zero rated.
    """
    if line.line.tax_rate:
        return TaxCategory.STANDARD
    kind = facts.order.tax_kind
    if kind == "export":
        return TaxCategory.EXPORT
    if kind == "reverse_charge":
        abroad = facts.delivery_country != facts.dispatch_country
        return TaxCategory.INTRA_COMMUNITY if abroad else TaxCategory.REVERSE_CHARGE
    return TaxCategory.EXEMPT if kind == "marketplace" or line.is_exempt else TaxCategory.ZERO


def document_lines(facts: OrderFacts, parts: Mapping[int, Amounts]) -> tuple[DocumentLine, ...]:
    """Print order lines with the amounts that a document takes of them; what it takes nothing of is left out. Pure."""
    rates = {line.line.tax_rate for line in facts.lines if line.line.gross}
    printed = []
    for each in facts.lines:
        part = parts.get(each.line.id or 0)
        if part is None or not part.quantity:
            continue
        category, rate = category_of(facts, each), each.line.tax_rate
        # Free gifts and parts of a bundle are supplied with the goods and take their rate; 0 % would be a row of its own.
        if category is TaxCategory.ZERO and not part.gross and rates:
            rate = max(rates)
            category = TaxCategory.STANDARD if rate else category
        printed.append(_line(each, part, category, rate))
    return tuple(printed)


def _line(each: LineFacts, part: Amounts, category: TaxCategory, rate: Decimal) -> DocumentLine:
    line = each.line
    return DocumentLine(
        line_id=line.id or 0,
        kind=line.kind,
        parent_id=line.parent_id if line.kind == "component" else None,
        article=each.article,
        title=line.title,
        description=line.description,
        properties=tuple((str(entry.get("name", "")), str(entry.get("value", ""))) for entry in line.properties),
        ean=each.ean,
        unit=each.unit,
        quantity=part.quantity,
        ordered=line.quantity - line.cancelled,
        net=part.net,
        tax=part.tax,
        gross=part.gross,
        tax_rate=rate,
        category=category,
    )


def tax_sums(lines: Sequence[DocumentLine]) -> tuple[TaxSum, ...]:
    """Add lines up per category and rate, highest rate first; rounding is no supply and in none of them. Pure."""
    sums: dict[tuple[TaxCategory, Decimal], tuple[Decimal, Decimal, Decimal]] = {}
    for line in lines:
        if line.kind == "rounding":
            continue
        net, tax, gross = sums.get((line.category, line.tax_rate), (ZERO, ZERO, ZERO))
        sums[line.category, line.tax_rate] = (net + line.net, tax + line.tax, gross + line.gross)
    ordered = sorted(sums, key=lambda key: (-key[1], key[0]))
    return tuple(
        TaxSum(category=key[0], rate=key[1], net=n, tax=t, gross=g) for key in ordered for n, t, g in [sums[key]]
    )


def compose(kind: DocumentKind, facts: OrderFacts, lines: Sequence[DocumentLine], day: date) -> DocumentContent:
    """Compose a document of an order without its number; amounts are the sums of the lines. Pure."""
    order = facts.order
    buyer, recipient = _address(order.billing), _address(order.delivery)
    if not buyer.addressee:  # over the counter nobody gives an address
        at_counter = {"name": facts.customer_name or facts.customer_number, "country": facts.issuer.country}
        buyer = buyer.model_copy(update=at_counter)
    days = [delivery.day for delivery in facts.deliveries] or [day]
    language = facts.language if facts.language in EXEMPTIONS else FALLBACK
    taxes = tax_sums(lines)
    return DocumentContent(
        kind=kind,
        number="",
        issued_on=day,
        language=facts.language,
        currency=order.currency,
        issuer=facts.issuer,
        buyer=buyer,
        buyer_vat_id=order.vat_id,
        recipient=None if recipient == buyer or not recipient.addressee else recipient,
        customer_number=facts.customer_number,
        references=References(
            order=order.number,
            shop_order=order.external_number,
            ordered_on=order.ordered_at.astimezone().date() if order.ordered_at else None,
            delivery_notes=tuple(delivery.number for delivery in facts.deliveries),
        ),
        lines=tuple(lines),
        taxes=taxes,
        shows_gross=order.prices_include_tax and not order.is_b2b,
        net=sum((line.net for line in lines), ZERO),
        tax=sum((line.tax for line in lines), ZERO),
        total=sum((line.gross for line in lines), ZERO),
        rounding=sum((line.gross for line in lines if line.kind == "rounding"), ZERO),
        payment=facts.payment.name if facts.payment else "",
        shipping=facts.shipping,
        delivery_term=facts.delivery_term,
        supplied_from=min(days),
        supplied_to=max(days),
        tax_kind=order.tax_kind,
        tax_country=order.tax_country,
        delivery_country=facts.delivery_country,
        exemption=_exemption(facts, taxes, language),
        notes=_notes(facts, taxes, language),
    )


def with_payment(content: DocumentContent, facts: OrderFacts) -> DocumentContent:
    """Say on an invoice what is paid, what is due, and until when (the payment method's days). Pure."""
    paid = min(max(facts.order.paid, ZERO), max(content.total, ZERO))
    due = content.total - paid
    days = (facts.payment.due_days if facts.payment else None) or 0
    due_on = content.issued_on + timedelta(days=days) if due else None
    return content.model_copy(update={"paid": paid, "due": due, "due_on": due_on})


def _address(found: Mapping[str, Any]) -> PostalAddress:
    names = PostalAddress.model_fields.keys() - {"name"}
    person = f"{found.get('first_name', '')} {found.get('last_name', '')}".strip()
    return PostalAddress(name=person, **{name: str(found.get(name) or "") for name in names})


def _exemption(facts: OrderFacts, taxes: Sequence[TaxSum], language: str) -> str:
    """The law that leaves the tax out; one document has at most one such category (`category_of`)."""
    if facts.order.tax_kind == "marketplace":
        return MARKETPLACE[language]
    return next((EXEMPTIONS[language][each.category] for each in taxes if each.category in EXEMPTIONS[language]), "")


def _notes(facts: OrderFacts, taxes: Sequence[TaxSum], language: str) -> tuple[str, ...]:
    notes = []
    if facts.order.tax_kind == "eu" and any(each.rate for each in taxes):
        notes.append(DESTINATION[language].format(country=country_name(facts.order.tax_country, language)))
    if not facts.deliveries:
        notes.append(SUPPLY_IS_TODAY[language])
    return tuple(notes)


def country_name(country: str, language: str) -> str:
    """Name a country in a language; its letters where the language or the country is unknown."""
    try:
        return str(Locale.parse(language).territories.get(country, country))
    except (UnknownLocaleError, ValueError):
        return country
