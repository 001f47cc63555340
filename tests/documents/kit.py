"""Documents made by hand, for the tests of rendering and e-invoices: sums are kept right, whatever lines are given."""

from datetime import date
from decimal import Decimal
from typing import Any

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
from canonical.money import ZERO, cents

ISSUER = Issuer(
    name="Muster & Söhne GmbH", street="Hafenstraße 12", postcode="20457", city="Hamburg", country="DE",
    vat_id="DE123456789", tax_number="27/123/45678", register_entry="Amtsgericht Hamburg, HRB 12345",
    managing_directors="Erika Muster, Hans-Jürgen Söhne", iban="DE02120300000000202051", bic="BYLADEM1001",
    bank="Musterbank Hamburg", email="rechnung@muster.example", phone="+49 40 123456", website="www.muster.example",
)  # fmt: skip
BUYER = PostalAddress(
    name="Jörg Müller",
    street="Am Markt 3",
    postcode="10115",
    city="Berlin",
    country="DE",
    email="joerg@mueller.example",
)


def line(gross: str, rate: str = "19", quantity: str = "1", kind: str = "article", **values: Any) -> DocumentLine:
    """A line; its net is what the rate leaves of the gross."""
    whole = Decimal(gross)
    net = cents(whole * 100 / (100 + Decimal(rate)))
    titles = {"article": "Kaffeebecher „Häfen“", "shipping": "DHL Paket", "discount": "Gutschein SOMMER"}
    return DocumentLine(
        **{
            "line_id": values.pop("line_id", 0), "kind": kind, "title": titles.get(kind, kind), "quantity": Decimal(quantity),
            "article": "KB-100" if kind == "article" else "", "net": net, "tax": whole - net, "gross": whole,
            "tax_rate": Decimal(rate),
        } | values
    )  # fmt: skip


def document(*lines: DocumentLine, **values: Any) -> DocumentContent:
    """An invoice, or what `values` say, that adds up."""
    numbered = tuple(
        each if each.line_id else each.model_copy(update={"line_id": n}) for n, each in enumerate(lines, 1)
    )
    sums: dict[tuple[TaxCategory, Decimal], list[Decimal]] = {}
    for each in numbered:
        if each.kind != "rounding":
            row = sums.setdefault((each.category, each.tax_rate), [ZERO, ZERO, ZERO])
            row[:] = [row[0] + each.net, row[1] + each.tax, row[2] + each.gross]
    total = sum((each.gross for each in numbered), ZERO)
    defaults = {
        "kind": DocumentKind.INVOICE, "number": "RE100042", "issued_on": date(2026, 11, 22), "language": "de",
        "currency": "EUR", "issuer": ISSUER, "buyer": BUYER, "customer_number": "10023",
        "references": References(
            order="AU100042", shop_order="#5012", ordered_on=date(2026, 11, 19), delivery_notes=("LS100040",)
        ),
        "lines": numbered,
        "taxes": tuple(
            TaxSum(category=key[0], rate=key[1], net=row[0], tax=row[1], gross=row[2]) for key, row in sorted(sums.items())
        ),
        "net": sum((each.net for each in numbered), ZERO), "tax": sum((each.tax for each in numbered), ZERO),
        "total": total, "rounding": sum((each.gross for each in numbered if each.kind == "rounding"), ZERO),
        "due": total - values.get("paid", ZERO), "due_on": date(2026, 12, 6),
        "payment": "Rechnung", "shipping": "DHL Paket", "supplied_from": date(2026, 11, 21),
        "supplied_to": date(2026, 11, 21), "tax_country": "DE", "delivery_country": "DE",
    }  # fmt: skip
    return DocumentContent(**(defaults | values))
