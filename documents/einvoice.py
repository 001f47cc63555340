"""An invoice as data: Cross Industry Invoice, EN 16931 (Factur-X and ZUGFeRD profile of that name); pure.

Amounts are the ones the document states, never computed anew. How it is told in the norm's terms:

- Goods are lines without tax; discounts are document-level allowances and postage and surcharges charges, each with its
  rate (BG-20, BG-21); a bundle's parts, which cost nothing, are named in its description.
- Credit notes and cancellation invoices are both type 381 with a reference to the invoice: their amounts are positive, and
  381 is the type that every receiver reads as money to the buyer. 384 would be read as an invoice with these amounts.
- A rounding line is no supply: it stands in BT-114, so the total with tax is without it and the amount due with it.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from drafthorse.models.accounting import ApplicableTradeTax, CategoryTradeTax, TradeAllowanceCharge
from drafthorse.models.document import Document
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration, TradeParty
from drafthorse.models.payment import PaymentMeans, PaymentTerms
from drafthorse.models.tradelines import LineItem

from canonical.document import DocumentContent, DocumentKind, DocumentLine, Issuer, PostalAddress, TaxCategory
from canonical.money import ZERO
from documents.words import words_of

PROFILE = "urn:cen.eu:en16931:2017"
TYPE_CODES = {DocumentKind.INVOICE: "380", DocumentKind.CREDIT_NOTE: "381", DocumentKind.CANCELLATION: "381"}
REASON_CODES = {
    TaxCategory.INTRA_COMMUNITY: "VATEX-EU-IC",
    TaxCategory.REVERSE_CHARGE: "VATEX-EU-AE",
    TaxCategory.EXPORT: "VATEX-EU-G",
}
UNITS = {
    "kg": "KGM", "g": "GRM", "t": "TNE", "m": "MTR", "cm": "CMT", "mm": "MMT", "m2": "MTK", "m²": "MTK", "m3": "MTQ",
    "m³": "MTQ", "l": "LTR", "ml": "MLT", "h": "HUR", "std": "HUR", "std.": "HUR", "paar": "PR", "pair": "PR",
    "set": "SET",
}  # fmt: skip
"""Codes of UN/ECE recommendation 20 by what articles call their unit; anything else is pieces."""
PIECES = "H87"
TRANSFER, OTHER_MEANS = "58", "1"
"""SEPA credit transfer; instrument not defined (UNTDID 4461)."""
FREIGHT, OTHER_CHARGE, DISCOUNT = "FC", "ADR", "95"
"""Reasons of charges (UNTDID 7161) and of allowances (UNTDID 5189)."""

_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CENT = Decimal("0.01")


def einvoice(content: DocumentContent) -> bytes:
    """Tell an invoice, credit note or cancellation invoice as XML; not yet validated (`documents.validation`)."""
    document = Document()
    document.context.guideline_parameter.id = PROFILE
    header = document.header
    header.id = _clean(content.number)
    header.type_code = TYPE_CODES[content.kind]
    header.issue_date_time = content.issued_on
    for said in (*content.notes, content.reason):
        if said:
            header.notes.add(IncludedNote(content=_clean(said)))
    _agreement(document, content)
    _delivery(document, content)
    goods = [line for line in content.lines if line.kind == "article"]
    # An invoice needs a line (BR-16): where only postage is credited, it is one.
    lines = goods or [line for line in content.lines if line.kind not in ("rounding", "component")]
    for position, line in enumerate(lines, 1):
        document.trade.items.add(_item(position, line, content))
    _settlement(document, content, lines)
    return bytes(document.serialize(schema=None))


# --- parties --------------------------------------------------------------------------------------------------------


def _agreement(document: Document, content: DocumentContent) -> None:
    agreement = document.trade.agreement
    _seller(agreement.seller, content.issuer)
    _party(agreement.buyer, content.buyer)
    if content.customer_number:
        agreement.buyer.id = _clean(content.customer_number)
    if content.buyer_vat_id:
        agreement.buyer.tax_registrations.add(TaxRegistration(id=("VA", _clean(content.buyer_vat_id))))
    agreement.seller_order.issuer_assigned_id = _clean(content.references.order)
    if content.references.shop_order:
        agreement.buyer_order.issuer_assigned_id = _clean(content.references.shop_order)


def _seller(party: TradeParty, issuer: Issuer) -> None:
    party.name = _clean(issuer.name)
    party.address.postcode = _clean(issuer.postcode)
    party.address.line_one = _clean(issuer.street)
    party.address.city_name = _clean(issuer.city)
    party.address.country_id = issuer.country
    party.contact.person_name = _clean(issuer.managing_directors or issuer.name)
    if issuer.phone:
        party.contact.telephone.number = _clean(issuer.phone)
    if issuer.email:
        party.contact.email.address = _clean(issuer.email)
        party.electronic_address.uri_ID = ("EM", _clean(issuer.email))
    if issuer.register_entry:
        party.legal_organization.id = _clean(issuer.register_entry)
    if issuer.tax_number:
        party.tax_registrations.add(TaxRegistration(id=("FC", _clean(issuer.tax_number))))
    if issuer.vat_id:
        party.tax_registrations.add(TaxRegistration(id=("VA", _clean(issuer.vat_id))))
    else:
        party.id = _clean(issuer.tax_number)  # somehow the seller must be identified (BR-CO-26)


def _party(party: TradeParty, address: PostalAddress) -> None:
    party.name = _clean(address.addressee)
    if address.company and address.name:
        party.contact.person_name = _clean(address.name)
    party.address.postcode = _clean(address.postcode)
    party.address.line_one = _clean(address.street)
    party.address.line_two = _clean(address.street2 or address.post_number)
    party.address.city_name = _clean(address.city)
    party.address.country_id = address.country
    if address.email:
        party.electronic_address.uri_ID = ("EM", _clean(address.email))


def _delivery(document: Document, content: DocumentContent) -> None:
    delivery, to = document.trade.delivery, content.recipient or content.buyer
    delivery.ship_to.name = _clean(to.addressee)
    address = delivery.ship_to.address
    address.postcode, address.city_name = _clean(to.postcode), _clean(to.city)
    address.line_one, address.line_two = _clean(to.street), _clean(to.street2 or to.post_number)
    address.country_id = to.country
    if content.supplied_to:
        delivery.event.occurrence = content.supplied_to
    if content.references.delivery_notes:
        delivery.despatch_advice.issuer_assigned_id = _clean(", ".join(content.references.delivery_notes))


# --- lines ----------------------------------------------------------------------------------------------------------


def _item(position: int, line: DocumentLine, content: DocumentContent) -> LineItem:
    """A line; with a negative amount the quantity is negative, for a price never is (BR-27)."""
    sign = -1 if line.net < 0 else 1
    unit = UNITS.get(line.unit.strip().lower(), PIECES)
    item = LineItem()
    item.document.line_id = str(position)
    item.product.name = _clean(line.title) or _clean(line.article) or "-"
    if line.article:
        item.product.seller_assigned_id = _clean(line.article)
    item.product.description = _description(line, content)
    price, per = unit_price(abs(line.net), line.quantity)
    item.agreement.net.amount = price
    item.agreement.net.basis_quantity = (per, unit)
    item.delivery.billed_quantity = (_plain(sign * line.quantity), unit)
    settlement = item.settlement
    settlement.trade_tax.type_code = "VAT"
    settlement.trade_tax.category_code = line.category.value
    settlement.trade_tax.rate_applicable_percent = _rate(line.tax_rate)
    settlement.monetary_summation.total_amount = line.net
    return item


def unit_price(net: Decimal, quantity: Decimal) -> tuple[Decimal, Decimal]:
    """Say a price and for how many pieces it is: for one where that is exact, else the amount for all of them."""
    if not quantity:
        return net, Decimal(1)
    price = (net / quantity).quantize(Decimal("0.0001"))
    if price * quantity != net:
        return net, _plain(quantity)
    return price.quantize(_CENT) if price == price.quantize(_CENT) else price, Decimal(1)


def _description(line: DocumentLine, content: DocumentContent) -> str:
    chosen = [f"{name}: {value}" for name, value in line.properties]
    parts = [each for each in content.lines if each.kind == "component" and each.parent_id == line.line_id]
    contained = [f"{_plain(each.quantity)} × {each.title}" for each in parts]
    return _clean("\n".join(part for part in (line.description, *chosen, *contained) if part))


# --- amounts --------------------------------------------------------------------------------------------------------


def _settlement(document: Document, content: DocumentContent, lines: Sequence[DocumentLine]) -> None:
    settlement = document.trade.settlement
    settlement.currency_code = content.currency
    settlement.payment_reference = _clean(content.number)
    _means(document, content)
    for tax in content.taxes:
        row = ApplicableTradeTax()
        row.calculated_amount, row.basis_amount, row.type_code = tax.tax, tax.net, "VAT"
        row.category_code, row.rate_applicable_percent = tax.category.value, _rate(tax.rate)
        if tax.category not in (TaxCategory.STANDARD, TaxCategory.ZERO):
            row.exemption_reason = _clean(content.exemption)
            if tax.category in REASON_CODES:
                row.exemption_reason_code = REASON_CODES[tax.category]
        settlement.trade_tax.add(row)
    if content.supplied_from and content.supplied_from != content.supplied_to:
        settlement.period.start, settlement.period.end = content.supplied_from, content.supplied_to
    numbered = {line.line_id for line in lines}
    extra = [line for line in content.lines if line.line_id not in numbered and line.kind != "rounding" and line.net]
    for line in extra:
        settlement.allowance_charge.add(_allowance_or_charge(line))
    if content.references.invoice:
        settlement.invoice_referenced_document.issuer_assigned_id = _clean(content.references.invoice)
        settlement.invoice_referenced_document.issue_date_time = content.references.invoiced_on
    _sums(document, content, sum((line.net for line in lines), ZERO), [line.net for line in extra])


def _allowance_or_charge(line: DocumentLine) -> TradeAllowanceCharge:
    entry = TradeAllowanceCharge()
    is_charge = line.net > 0
    entry.indicator = is_charge
    entry.actual_amount = abs(line.net)
    if is_charge:
        entry.reason_code = FREIGHT if line.kind == "shipping" else OTHER_CHARGE
    else:
        entry.reason_code = DISCOUNT
    entry.reason = _clean(line.title) or line.kind
    tax = CategoryTradeTax()
    tax.type_code, tax.category_code, tax.rate_applicable_percent = "VAT", line.category.value, _rate(line.tax_rate)
    entry.trade_tax.add(tax)
    return entry


def _sums(document: Document, content: DocumentContent, goods: Decimal, extra: Sequence[Decimal]) -> None:
    sums = document.trade.settlement.monetary_summation
    charges = sum((net for net in extra if net > 0), ZERO)
    allowances = -sum((net for net in extra if net < 0), ZERO)
    sums.line_total, sums.charge_total, sums.allowance_total = goods, charges, allowances
    sums.tax_basis_total = goods + charges - allowances
    sums.tax_total = (content.tax, content.currency)
    sums.grand_total = content.total - content.rounding
    if content.rounding:
        sums.rounding_amount = content.rounding
    if content.paid:
        sums.prepaid_total = content.paid
    sums.due_amount = content.due


def _means(document: Document, content: DocumentContent) -> None:
    settlement, issuer = document.trade.settlement, content.issuer
    if content.kind is DocumentKind.INVOICE:
        means = PaymentMeans()
        is_transfer = content.due > 0 and bool(issuer.iban)
        means.type_code = TRANSFER if is_transfer else OTHER_MEANS
        if content.payment:
            means.information.add(_clean(content.payment))
        if is_transfer:
            means.payee_account.iban = re.sub(r"\s", "", issuer.iban)
            means.payee_account.account_name = _clean(issuer.name)
            if issuer.bic:
                means.payee_institution.bic = _clean(issuer.bic)
        settlement.payment_means.add(means)
    terms = PaymentTerms()
    terms.description = _clean(words_of(content).terms(content))
    if content.due > 0 and content.due_on:
        terms.due = content.due_on
    settlement.terms.add(terms)


def _rate(rate: Decimal) -> Decimal:
    return rate.quantize(_CENT)


def _plain(quantity: Decimal) -> Decimal:
    """A quantity without the zeros of its column: 3 instead of 3.0000."""
    return Decimal(f"{quantity.normalize():f}")


def _clean(said: str) -> str:
    """Leave out what XML cannot carry, such as control characters that people paste."""
    return _UNPRINTABLE.sub("", said).strip()
