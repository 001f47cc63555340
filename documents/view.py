"""A document as its template sees it: every text ready to print in the document's language; pure."""

from collections.abc import Sequence
from typing import Any

from babel import Locale

from canonical.document import DocumentContent, DocumentKind, DocumentLine, Issuer, PostalAddress
from canonical.money import ZERO
from documents.words import LABELS, Words, spaced, words_of

LONGEST_DESCRIPTION = 600
"""Characters of a line's description that are printed; the shop's page has the rest."""
INTROS: dict[str, dict[DocumentKind, str]] = {
    "de": {
        DocumentKind.CANCELLATION: "Diese Stornorechnung hebt die Rechnung {invoice} vom {day} vollständig auf.",
        DocumentKind.CREDIT_NOTE: "Gutschrift zur Rechnung {invoice} vom {day}.",
    },
    "en": {
        DocumentKind.CANCELLATION: "This cancellation invoice revokes invoice {invoice} of {day} as a whole.",
        DocumentKind.CREDIT_NOTE: "Credit note for invoice {invoice} of {day}.",
    },
}


def view(content: DocumentContent) -> dict[str, Any]:
    """Prepare a document for its template; `content` in it is the snapshot itself, for templates that want more."""
    words = words_of(content)
    return {
        "kind": content.kind.value,
        "title": words.label(content.kind.value),
        "number": content.number,
        "language": _language(content.language),
        "labels": LABELS[words.language],
        "sender": " · ".join(
            part for part in (content.issuer.name, content.issuer.street, _place(content.issuer)) if part
        ),
        "address": address_lines(_addressee(content), words, content.issuer.country),
        "info": _info(content, words),
        "intro": _intro(content, words),
        "has_prices": content.kind.is_invoice,
        "price_note": words.label("with_tax" if content.shows_gross else "without_tax", currency=content.currency),
        "lines": [_line(line, content, words) for line in _printed(content.lines)],
        "sums": _sums(content, words) if content.kind.is_invoice else [],
        "terms": words.terms(content) if content.kind.is_invoice else "",
        "notes": [*([content.exemption + "."] if content.exemption else []), *content.notes],
        "reason": content.reason,
        "recipient": _recipient(content, words),
        "parcels": [
            " ".join(part for part in (each.carrier, each.tracking_number) if part) for each in content.parcels
        ],
        "footer": _footer(content.issuer, words),
        "content": content.stored(),
    }


def _language(language: str) -> str:
    return language if len(language) == 2 and language.isascii() and language.isalpha() else "en"


def _addressee(content: DocumentContent) -> PostalAddress:
    """Goods travel to the recipient, invoices to the buyer."""
    return content.buyer if content.kind.is_invoice else content.recipient or content.buyer


def _recipient(content: DocumentContent, words: Words) -> list[str]:
    if content.recipient is None or not content.kind.is_invoice:
        return []
    return address_lines(content.recipient, words, content.issuer.country)


def address_lines(address: PostalAddress, words: Words, home: str) -> list[str]:
    """Write an address as a letter carries it; the country only abroad, in capital letters."""
    country = ""
    if address.country and address.country != home:
        country = str(Locale.parse(words.language).territories.get(address.country, address.country)).upper()
    post_number = address.post_number if address.post_number not in address.street2 else ""
    place = f"{address.postcode} {address.city}".strip()
    lines = [address.company, address.name, post_number, address.street, address.street2, place, address.state, country]
    return [each for each in lines if each]


def _place(issuer: Issuer) -> str:
    return f"{issuer.postcode} {issuer.city}".strip()


def _info(content: DocumentContent, words: Words) -> list[list[str]]:
    """The block beside the address: label and value; what is empty is left out."""
    refers = content.references
    shows_supply = content.kind is DocumentKind.INVOICE and content.supplied_from
    is_range = content.supplied_from != content.supplied_to
    supplied = words.day(content.supplied_from)
    rows = [
        ("number", content.number),
        ("date", words.day(content.issued_on)),
        ("cancels", refers.invoice),
        ("return", refers.return_number),
        ("customer", content.customer_number),
        ("order", refers.order),
        ("shop_order", refers.shop_order),
        ("ordered_on", words.day(refers.ordered_on)),
        ("delivery_notes", ", ".join(refers.delivery_notes) if content.kind is not DocumentKind.DELIVERY_NOTE else ""),
        ("supplied", supplied if shows_supply and not is_range else ""),
        ("supplied_range", f"{supplied} – {words.day(content.supplied_to)}" if shows_supply and is_range else ""),
        ("buyer_vat_id", content.buyer_vat_id if content.kind.is_invoice else ""),
        ("payment", content.payment if content.kind is DocumentKind.INVOICE else ""),
        ("shipping", content.shipping if not content.kind.is_invoice else ""),
        ("delivery_term", content.delivery_term if content.kind is not DocumentKind.PICK_LIST else ""),
        ("due_on", words.day(content.due_on) if content.due > 0 else ""),
    ]
    return [[words.label(name), value] for name, value in rows if value]


def _intro(content: DocumentContent, words: Words) -> str:
    said = INTROS[words.language].get(content.kind)
    if said is None:
        return ""
    refers = content.references
    return said.format(invoice=refers.invoice, day=words.day(refers.invoiced_on or content.issued_on))


def _printed(lines: Sequence[DocumentLine]) -> list[tuple[int, DocumentLine]]:
    """Number the lines; parts of a bundle stand below it without a number, rounding stands among the sums."""
    numbered, position, present = [], 0, {line.line_id for line in lines}
    for line in lines:
        if line.kind == "rounding":
            continue
        is_part = line.parent_id in present
        position += not is_part
        numbered.append((0 if is_part else position, line))
    return numbered


def _line(numbered: tuple[int, DocumentLine], content: DocumentContent, words: Words) -> dict[str, Any]:
    position, line = numbered
    amount = line.gross if content.shows_gross else line.net
    chosen = [f"{name}: {value}" for name, value in line.properties]
    named = {"shipping": "shipping_line", "discount": "discount_line", "surcharge": "surcharge_line"}
    fallback = words.label(named[line.kind]) if line.kind in named else line.article
    description = line.description.strip()
    if len(description) > LONGEST_DESCRIPTION:
        description = description[:LONGEST_DESCRIPTION].rstrip() + " …"
    is_goods = line.kind in ("article", "component")
    return {
        "position": str(position) if position else "",
        "is_part": not position,
        "article": line.article,
        "ean": line.ean,
        "title": line.title.strip() or fallback,
        "details": [each for each in (*chosen, description) if each],
        "quantity": words.number(line.quantity) if is_goods else "",
        "unit": (line.unit or words.label("pieces")) if is_goods else "",
        "ordered": words.number(line.ordered) if line.ordered != line.quantity else "",
        "price": words.amount(amount / line.quantity) if position and is_goods and line.quantity else "",
        "rate": f"{words.number(line.tax_rate)} %",
        "amount": words.amount(amount) if position else "",
    }


def _sums(content: DocumentContent, words: Words) -> list[dict[str, str]]:
    """The rows below the table: with tax included the total first, without the taxes added up to it."""

    def row(style: str, label: str, amount: Any, **values: str) -> dict[str, str]:
        return {"style": style, "label": words.label(label, **values), "amount": words.money(amount, content.currency)}

    def taxes(label: str, style: str) -> list[dict[str, str]]:
        return [
            row(style, label if tax.rate else "untaxed", tax.tax, rate=words.number(tax.rate), net=words.money(tax.net, content.currency))
            for tax in content.taxes
        ]  # fmt: skip

    rounding = [row("plain", "rounding", content.rounding)] if content.rounding else []
    total = row("total", "total", content.total)
    if content.shows_gross:
        rows = [*rounding, total, *taxes("tax_included", "small")]
    else:
        rows = [row("plain", "net", content.net - content.rounding), *taxes("tax", "plain"), *rounding, total]
    if content.kind is not DocumentKind.INVOICE:
        return [*rows, row("due", "refund", content.due)]
    if content.paid:
        rows += [row("plain", "paid", ZERO - content.paid), row("due", "due", content.due)]
    return rows


def _footer(issuer: Issuer, words: Words) -> list[list[str]]:
    """Three columns: who, how to reach and where registered, tax and bank."""

    def said(label: str, value: str) -> str:
        return f"{words.label(label)} {value}" if value else ""

    columns = [
        [issuer.name, issuer.street, _place(issuer), issuer.website],
        [
            said("phone", issuer.phone),
            issuer.email,
            issuer.register_entry,
            f"{words.label('managing_directors')}: {issuer.managing_directors}" if issuer.managing_directors else "",
        ],
        [
            said("vat_id", issuer.vat_id),
            said("tax_number", issuer.tax_number),
            issuer.bank,
            f"IBAN {spaced(issuer.iban)}" if issuer.iban else "",
            f"BIC {issuer.bic}" if issuer.bic else "",
        ],
    ]
    return [[line for line in column if line] for column in columns]
