"""Samples: a document and a mail of each kind, to try a template on before any was issued."""

from datetime import date, timedelta
from decimal import Decimal

from canonical.document import (
    DocumentContent,
    DocumentKind,
    DocumentLine,
    Issuer,
    Parcel,
    PostalAddress,
    References,
    TaxCategory,
    TaxSum,
)
from canonical.mail import MailFacts, MailKind, MailParcel

NAMELESS = Issuer(
    name="Muster GmbH",
    street="Musterstraße 1",
    postcode="12345",
    city="Musterstadt",
    country="DE",
    vat_id="DE123456789",
    iban="DE02120300000000202051",
)
"""Stands in where a project's issuer is not filled in yet."""
BUYER = PostalAddress(
    name="Erika Beispiel", street="Beispielweg 2", postcode="54321", city="Beispielhausen", country="DE"
)


def sample_document(kind: DocumentKind, language: str, issuer: Issuer, day: date) -> DocumentContent:
    """A document with two lines, postage and a discount over two rates; it adds up."""
    lines = (
        _line(1, "article", "59.97", "50.39", "19", title="Kaffeebecher", article="KB-100", quantity="3"),
        _line(2, "article", "10.70", "10.00", "7", title="Kaffee 250 g", article="KA-250"),
        _line(3, "shipping", "4.90", "4.12", "19", title="DHL Paket"),
        _line(4, "discount", "-5.00", "-4.20", "19", title="SOMMER"),
    )
    taxes = tuple(
        TaxSum(category=TaxCategory.STANDARD, rate=Decimal(rate), net=Decimal(net), tax=Decimal(tax), gross=Decimal(gross))
        for rate, net, tax, gross in (("19", "50.31", "9.56", "59.87"), ("7", "10.00", "0.70", "10.70"))
    )  # fmt: skip
    is_back = kind in (DocumentKind.CANCELLATION, DocumentKind.CREDIT_NOTE)
    return DocumentContent(
        kind=kind,
        number="XX100001",
        issued_on=day,
        language=language,
        currency="EUR",
        issuer=NAMELESS if issuer.missing() else issuer,
        buyer=BUYER,
        customer_number="10001",
        references=References(
            order="AU100001",
            shop_order="#1001",
            ordered_on=day - timedelta(days=3),
            delivery_notes=("LS100001",),
            invoice="RE100001" if is_back else "",
            invoiced_on=day - timedelta(days=1) if is_back else None,
            return_number="RT100001" if kind is DocumentKind.CREDIT_NOTE else "",
        ),
        lines=lines if kind.is_invoice else lines[:2],
        taxes=taxes if kind.is_invoice else (),
        net=Decimal("60.31"),
        tax=Decimal("10.26"),
        total=Decimal("70.57"),
        due=Decimal("70.57"),
        due_on=day + timedelta(days=14) if kind is DocumentKind.INVOICE else None,
        payment="Rechnung",
        shipping="DHL Paket",
        parcels=(Parcel(carrier="DHL", tracking_number="00340434161094000001"),) if not kind.is_invoice else (),
        supplied_from=day,
        supplied_to=day,
        tax_country="DE",
        delivery_country="DE",
    )


def _line(
    line_id: int, kind: str, gross: str, net: str, rate: str, *, title: str, article: str = "", quantity: str = "1"
) -> DocumentLine:
    return DocumentLine(
        line_id=line_id,
        kind=kind,
        title=title,
        article=article,
        quantity=Decimal(quantity),
        ordered=Decimal(quantity),
        net=Decimal(net),
        tax=Decimal(gross) - Decimal(net),
        gross=Decimal(gross),
        tax_rate=Decimal(rate),
    )


def sample_mail(kind: MailKind, language: str, issuer: Issuer, day: date) -> MailFacts:
    """A mail about the sample order."""
    return MailFacts(
        kind=kind,
        language=language,
        name="Erika Beispiel",
        order="AU100001",
        shop_order="#1001",
        document="" if kind in (MailKind.SHIPMENT, MailKind.REMINDER) else "XX100001",
        total=Decimal("70.57"),
        due=Decimal("70.57"),
        due_on=day + timedelta(days=14),
        parcels=(
            MailParcel(
                carrier="DHL", number="00340434161094000001", url="https://tracking.example/00340434161094000001"
            ),
        )
        if kind is MailKind.SHIPMENT
        else (),
        issuer=NAMELESS if issuer.missing() else issuer,
    )
