"""The words of documents and mails in German and English, and how dates and amounts are written; other languages read English."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from canonical.document import DocumentContent, DocumentKind

LABELS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "invoice": "Rechnung", "cancellation_invoice": "Stornorechnung", "credit_note": "Gutschrift",
        "delivery_note": "Lieferschein", "pick_list": "Pickliste",
        "number": "Nummer", "date": "Datum", "customer": "Kundennummer", "order": "Auftrag", "shop_order": "Bestellnummer",
        "ordered_on": "Bestellt am", "delivery_notes": "Lieferschein", "supplied": "Leistungsdatum",
        "supplied_range": "Leistungszeitraum", "cancels": "zur Rechnung", "return": "Retoure", "vat_id": "USt-IdNr.",
        "buyer_vat_id": "USt-IdNr. Empfänger", "due_on": "Fällig am", "payment": "Zahlungsart", "shipping": "Versandart",
        "delivery_term": "Lieferbedingung",
        "position": "Pos.", "article": "Artikel", "description": "Bezeichnung", "quantity": "Menge", "unit": "Einheit",
        "price": "Einzelpreis", "rate": "USt.", "amount": "Betrag", "ordered": "Bestellt", "picked": "Gepackt",
        "with_tax": "Preise in {currency} mit Umsatzsteuer", "without_tax": "Preise in {currency} ohne Umsatzsteuer",
        "net": "Nettosumme", "tax": "USt. {rate} % auf {net}", "tax_included": "darin USt. {rate} % auf {net} netto",
        "untaxed": "{rate} % USt. auf {net}", "rounding": "Rundung", "total": "Gesamtbetrag", "paid": "Bereits bezahlt",
        "due": "Zu zahlen", "refund": "Zu erstatten",
        "shipping_line": "Versand", "discount_line": "Rabatt", "surcharge_line": "Zuschlag", "rounding_line": "Rundung",
        "recipient": "Lieferanschrift", "parcels": "Sendungsnummern", "tax_number": "Steuernummer",
        "managing_directors": "Geschäftsführung", "bank": "Bankverbindung", "phone": "Tel.", "page": "Seite",
        "carried": "Fortsetzung von {number}", "pieces": "Stk.", "reason": "Grund",
    },
    "en": {
        "invoice": "Invoice", "cancellation_invoice": "Cancellation invoice", "credit_note": "Credit note",
        "delivery_note": "Delivery note", "pick_list": "Pick list",
        "number": "Number", "date": "Date", "customer": "Customer no.", "order": "Order", "shop_order": "Your order no.",
        "ordered_on": "Ordered on", "delivery_notes": "Delivery note", "supplied": "Date of supply",
        "supplied_range": "Period of supply", "cancels": "for invoice", "return": "Return", "vat_id": "VAT id",
        "buyer_vat_id": "Recipient's VAT id", "due_on": "Due on", "payment": "Payment", "shipping": "Shipping",
        "delivery_term": "Delivery term",
        "position": "No.", "article": "Article", "description": "Description", "quantity": "Quantity", "unit": "Unit",
        "price": "Unit price", "rate": "VAT", "amount": "Amount", "ordered": "Ordered", "picked": "Packed",
        "with_tax": "Prices in {currency} including VAT", "without_tax": "Prices in {currency} without VAT",
        "net": "Net total", "tax": "VAT {rate} % on {net}", "tax_included": "including VAT {rate} % on {net} net",
        "untaxed": "VAT {rate} % on {net}", "rounding": "Rounding", "total": "Total", "paid": "Already paid",
        "due": "Amount due", "refund": "Amount refunded",
        "shipping_line": "Shipping", "discount_line": "Discount", "surcharge_line": "Surcharge",
        "rounding_line": "Rounding",
        "recipient": "Delivery address", "parcels": "Tracking numbers", "tax_number": "Tax number",
        "managing_directors": "Managing directors", "bank": "Bank details", "phone": "Phone", "page": "Page",
        "carried": "Continued from {number}", "pieces": "pcs", "reason": "Reason",
    },
}  # fmt: skip
TERMS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "paid": "Der Betrag ist bezahlt.",
        "at_once": "Zahlbar sofort ohne Abzug.",
        "until": "Zahlbar bis {day} ohne Abzug.",
        "transfer": "Bitte unter Angabe von {number} überweisen an {iban}.",
        "refund": "Der Betrag wird erstattet oder mit einer offenen Rechnung verrechnet.",
    },
    "en": {
        "paid": "The amount is paid.",
        "at_once": "Payable at once without deduction.",
        "until": "Payable by {day} without deduction.",
        "transfer": "Please transfer to {iban}, stating {number}.",
        "refund": "The amount is refunded, or set off against an open invoice.",
    },
}
FALLBACK = "en"
MINUS = "\u2212"


@dataclass(frozen=True)
class Words:
    """Labels of one language, with the document's own way to write numbers and dates."""

    language: str
    locale: Locale

    def label(self, name: str, **values: str) -> str:
        """Say a label."""
        return LABELS[self.language][name].format(**values)

    def day(self, day: date | None) -> str:
        """Write a day; nothing for none."""
        return format_date(day, "dd.MM.yyyy" if self.language == "de" else "d MMM yyyy", self.locale) if day else ""

    def money(self, amount: Decimal, currency: str) -> str:
        """Write an amount with its currency."""
        return format_currency(amount, currency, locale=self.locale).replace("-", MINUS)

    def amount(self, amount: Decimal) -> str:
        """Write an amount in a column, two decimals; a price per piece up to four."""
        return format_decimal(amount, "#,##0.00##", self.locale).replace("-", MINUS)

    def number(self, value: Decimal) -> str:
        """Write a quantity or a rate without superfluous zeros."""
        return format_decimal(value, "#,##0.####", self.locale)

    def terms(self, content: DocumentContent) -> str:
        """Say how an invoice is paid, or how a credit note is paid out, in a sentence or two."""
        said = TERMS[self.language]
        if content.kind is not DocumentKind.INVOICE:
            return said["refund"]
        if content.due <= 0:
            return said["paid"]
        later = content.due_on is not None and content.due_on > content.issued_on
        first = said["until"].format(day=self.day(content.due_on)) if later else said["at_once"]
        if not content.issuer.iban:
            return first
        return f"{first} {said['transfer'].format(number=content.number, iban=spaced(content.issuer.iban))}"


def spaced(iban: str) -> str:
    """Write an IBAN in groups of four, as people read it."""
    plain = "".join(iban.split())
    return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def words_of(content: DocumentContent) -> Words:
    """The words of a document's language."""
    return words_in(content.language)


def words_in(language: str) -> Words:
    """The words of a language; English where we have none, with that language's numbers and dates if Babel knows them."""
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(FALLBACK)
    return Words(language if language in LABELS else FALLBACK, locale)
