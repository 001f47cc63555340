"""Words that values are made of: data holds them in English, a German sentence says them in German."""

import re

WORDS = {
    "amount": "Betrag", "article": "Artikel", "billing address": "Rechnungsadresse", "carrier": "Frachtführer",
    "category": "Kategorie", "city": "Ort", "country": "Land", "customer": "Kunde", "customer group": "Kundengruppe",
    "default customer": "Default-Kunde", "delivery address": "Lieferadresse", "delivery term": "Lieferbedingung",
    "discount": "Rabatt", "discount tax": "Steuer auf den Rabatt", "document": "Beleg", "integration": "Integration",
    "lines": "Positionen", "order": "Auftrag", "payment": "Zahlung", "payment method": "Zahlungsart",
    "POS customer": "POS-Kunde", "price": "Preis", "printer": "Drucker", "project": "Projekt", "provider": "Dienstleister",
    "refund": "Erstattung", "return": "Retoure", "shipment": "Lieferung", "shipping": "Versand",
    "shipping method": "Versandart", "street": "Straße", "tax": "Steuer", "template": "Vorlage", "total": "Gesamtbetrag",
    "warehouse": "Lager",
    "open": "offen", "packed": "gepackt", "partly shipped": "teilweise versendet", "shipped": "versendet",
    "returned": "zurückgekommen", "cancelled": "storniert", "on hold": "angehalten", "decided": "schon entschieden",
    "released": "freigegeben", "executed": "ausgeführt", "failed": "zurückgestellt", "announced": "angekündigt",
    "received": "angenommen", "settled": "abgerechnet",
}  # fmt: skip
"""The closed list of words that values of findings are made of, with their German."""

_PIECE = re.compile(r"(?:^|(?<=, )|(?<=; ))(" + "|".join(sorted(map(re.escape, WORDS), key=len, reverse=True)) + r")\b")


def in_german(value: str) -> str:
    """Say a value that is made of words, such as `street, city` or `amount 3.00 → 4.00`, in German; the rest stays."""
    return _PIECE.sub(lambda found: WORDS[found[1]], value)
