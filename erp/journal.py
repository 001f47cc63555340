"""The journal: events on a record's way, written in the transaction of their effect; texts from code and params."""

from collections.abc import Iterable
from typing import Any

from sqlmodel import Session

from canonical.codes import CODES, Language
from erp.bulk import insert_rows
from erp.tables import JournalEvent

_NOW = "now"
"""PostgreSQL reads this text as the start of the transaction."""

EVENT_TEXTS: dict[str, dict[Language, str]] = {
    "received": {"de": "Auftrag im Shop erkannt und gespeichert", "en": "Order recognised in the shop and stored"},
    "changed": {"de": "Neuere Fassung aus dem Shop gespeichert", "en": "Newer version from the shop stored"},
    "booked": {"de": "Auftrag übernommen als {number}", "en": "Order imported as {number}"},
    "parked": {"de": "Auftrag geparkt", "en": "Order parked"},
    "skipped": {"de": "Übersprungen", "en": "Skipped"},
    "noticed": {"de": "Hinweis zum gebuchten Auftrag", "en": "Note on the booked order"},
    "released": {
        "de": "Erneut eingereiht, weil {reason} jetzt da ist",
        "en": "Queued again because {reason} is there now",
    },
    "run_again": {"de": "Von {actor} erneut gestartet", "en": "Run again by {actor}"},
    "ignored": {"de": "Von {actor} ignoriert", "en": "Ignored by {actor}"},
    "marked": {"de": "Zum Senden vorgemerkt", "en": "Marked to be sent"},
    "sent": {"de": "Vom Shop bestätigt: {value}", "en": "Confirmed by the shop: {value}"},
    "refused": {"de": "Vom Shop abgelehnt", "en": "Refused by the shop"},
    "postponed": {"de": "Nicht gesendet, wird erneut versucht", "en": "Not sent, will be tried again"},
    "shipped": {"de": "Lieferung {number} mit {parcels} Paket(en)", "en": "Shipment {number} with {parcels} parcel(s)"},
    "invoiced": {"de": "Rechnung {number} ausgestellt", "en": "Invoice {number} issued"},
    "invoice_waits": {"de": "Rechnung wartet", "en": "Invoice waits"},
    "invoice_cancelled": {
        "de": "Rechnung {invoice} mit {number} storniert",
        "en": "Invoice {invoice} cancelled by {number}",
    },
    "mailed": {"de": "Mail an {recipient}: {subject}", "en": "Mail to {recipient}: {subject}"},
    "mail_failed": {"de": "Mail an {recipient} nicht gesendet", "en": "Mail to {recipient} not sent"},
    "credited": {
        "de": "Gutschrift {number} zur Rechnung {invoice}",
        "en": "Credit note {number} for invoice {invoice}",
    },
    "packed": {
        "de": "Lieferung {number} gepackt, {parcels} Paketmarke(n) angefordert",
        "en": "Shipment {number} packed, {parcels} label(s) requested",
    },
    "tracking_corrected": {
        "de": "Sendungsnummer berichtigt: {before} → {after}",
        "en": "Tracking number corrected: {before} → {after}",
    },
    "label_failed": {"de": "Keine Paketmarke für ein Paket", "en": "No label for a parcel"},
    "stock_missing": {
        "de": "Kassenverkauf {number}: der Bestand fehlt in den Büchern",
        "en": "Counter sale {number}: the books lack the stock",
    },
    "channel_ships": {
        "de": "Auftrag {number} versendet der Marktplatz",
        "en": "Order {number} is shipped by the marketplace",
    },
    "handed_over": {
        "de": "Auftrag {number} an {partner} übergeben ({file})",
        "en": "Order {number} handed over to {partner} ({file})",
    },
    "withdrawn": {
        "de": "Auftrag {number} bei {partner} zurückgezogen ({file})",
        "en": "Order {number} withdrawn from {partner} ({file})",
    },
    "provider_refused": {"de": "{partner} kann nicht liefern: {reason}", "en": "{partner} cannot deliver: {reason}"},
    "tracking_added": {
        "de": "Sendungsnummern zu Lieferung {number} ergänzt: {tracking}",
        "en": "Tracking numbers added to shipment {number}: {tracking}",
    },
    "cancelled": {"de": "Auftrag {number} im ERP storniert", "en": "Order {number} cancelled in the ERP"},
    "paid": {"de": "Auftrag {number} ist bezahlt", "en": "Order {number} is paid"},
    "payment": {"de": "Zahlung über {amount} zu Auftrag {number}", "en": "Payment of {amount} for order {number}"},
    "overpaid": {"de": "Auftrag {number}: {amount} zu viel bezahlt", "en": "Order {number}: {amount} too much paid"},
    "refund_opened": {"de": "Erstattung über {amount} eröffnet", "en": "Refund of {amount} opened"},
    "refund_released": {"de": "Erstattung über {amount} freigegeben", "en": "Refund of {amount} released"},
    "refund_executed": {"de": "Erstattung über {amount} ausgeführt", "en": "Refund of {amount} executed"},
    "refund_failed": {"de": "Erstattung über {amount} nicht ausgeführt", "en": "Refund of {amount} not executed"},
    "refunded_in_channel": {
        "de": "Erstattung über {amount} aus dem Shop übernommen",
        "en": "Refund of {amount} taken over from the shop",
    },
    "lines_cancelled": {"de": "Teilweise storniert: {lines}", "en": "Cancelled in part: {lines}"},
    "held": {"de": "Angehalten: {reason}", "en": "Put on hold: {reason}"},
    "billing_corrected": {"de": "Rechnungsadresse berichtigt: {fields}", "en": "Billing address corrected: {fields}"},
    "delivery_corrected": {"de": "Lieferadresse berichtigt: {fields}", "en": "Delivery address corrected: {fields}"},
    "noted": {"de": "Notiz am Auftrag {number} ergänzt", "en": "Note added to order {number}"},
    "change_taken": {"de": "Änderung aus dem Shop übernommen", "en": "Change of the shop taken over"},
    "change_kept": {"de": "Änderung aus dem Shop nicht übernommen", "en": "Change of the shop not taken over"},
    "reminded": {"de": "Zahlungserinnerung zu Auftrag {number}", "en": "Payment reminder for order {number}"},
    "return_announced": {"de": "Retoure {return_number} angekündigt", "en": "Return {return_number} announced"},
    "return_received": {"de": "Retoure {return_number} eingetroffen", "en": "Return {return_number} received"},
    "return_settled": {
        "de": "Retoure {return_number} abgerechnet mit {credit_note}",
        "en": "Return {return_number} settled with {credit_note}",
    },
    "return_cancelled": {"de": "Retoure {return_number} abgesagt", "en": "Return {return_number} called off"},
    "autoship_on": {"de": "Autoversand eingeschaltet", "en": "Auto-ship switched on"},
    "autoship_off": {"de": "Autoversand ausgeschaltet", "en": "Auto-ship switched off"},
    "hold_lifted": {"de": "Halt aufgehoben: {holds}", "en": "Hold lifted: {holds}"},
    "installed": {"de": "Connector installiert", "en": "Connector installed"},
    "created": {"de": "Integration angelegt", "en": "Integration created"},
    "renamed": {"de": "Umbenannt in „{name}“", "en": "Renamed to '{name}'"},
    "credentials": {"de": "Zugangsdaten hinterlegt", "en": "Credentials stored"},
    "tested": {"de": "Verbindung getestet: {result}", "en": "Connection tested: {result}"},
    "features": {"de": "Funktionen gewählt: {features}", "en": "Features chosen: {features}"},
    "configured": {"de": "Einstellungen gespeichert, Fassung {revision}", "en": "Settings saved, revision {revision}"},
    "mapped": {"de": "Zugeordnet: „{value}“ → „{target}“", "en": "Mapped: '{value}' → '{target}'"},
    "activated": {"de": "Funktion eingeschaltet", "en": "Feature activated"},
    "deactivated": {"de": "Funktion ausgeschaltet", "en": "Feature deactivated"},
    "went_live": {
        "de": "Produktivmodus eingeschaltet, Aufträge ab {start}",
        "en": "Productive mode on, orders from {start}",
    },
    "go_live_failed": {
        "de": "Produktivmodus nicht eingeschaltet, alles zurückgenommen",
        "en": "Productive mode not switched on, everything undone",
    },
    "stopped": {"de": "Produktivmodus ausgeschaltet", "en": "Productive mode off"},
    "paused": {"de": "Angehalten: {note}", "en": "Paused: {note}"},
    "resumed": {"de": "Fortgesetzt", "en": "Resumed"},
    "blocked": {"de": "Blockiert, eine Person wird gebraucht", "en": "Blocked, a person is needed"},
    "deferred": {"de": "Lauf vertagt, der Zeitplan versucht es wieder", "en": "Run deferred, the schedule tries again"},
    "resolved": {"de": "Blockade aufgehoben", "en": "Block resolved"},
    "filtered": {
        "de": "Artikelfilter angewendet: {matched} Artikel",
        "en": "Article filter applied: {matched} articles",
    },
    "article_created": {"de": "Von {actor} angelegt", "en": "Created by {actor}"},
    "article_changed": {"de": "Von {actor} geändert", "en": "Changed by {actor}"},
    "article_locked": {"de": "Von {actor} gesperrt", "en": "Locked by {actor}"},
    "article_unlocked": {"de": "Von {actor} entsperrt", "en": "Unlocked by {actor}"},
    "article_deleted": {"de": "Von {actor} gelöscht", "en": "Deleted by {actor}"},
    "price_set": {"de": "Preis {amount} {currency} von {actor}", "en": "Price {amount} {currency} by {actor}"},
    "price_deleted": {
        "de": "Preis {amount} {currency} von {actor} gelöscht",
        "en": "Price {amount} {currency} deleted by {actor}",
    },
    "texts_stored": {"de": "Texte von {actor} gespeichert ({language})", "en": "Texts stored by {actor} ({language})"},
    "images_changed": {"de": "Bilder von {actor} geändert", "en": "Images changed by {actor}"},
    "properties_stored": {"de": "Eigenschaften von {actor} gespeichert", "en": "Properties stored by {actor}"},
    "categories_stored": {"de": "Kategorien von {actor} gespeichert", "en": "Categories stored by {actor}"},
    "components_stored": {
        "de": "Stückliste von {actor} gespeichert: {count} Bestandteile",
        "en": "Bill of materials stored by {actor}: {count} components",
    },
    "options_stored": {"de": "Shop-Optionen von {actor} gespeichert", "en": "Shop options stored by {actor}"},
    "number_changed": {
        "de": "Fremdnummer {value} von {actor} geändert",
        "en": "Foreign number {value} changed by {actor}",
    },
    "numbers_imported": {
        "de": "Fremdnummern aus einer Datei: {taken} übernommen, {refused} abgelehnt",
        "en": "Foreign numbers from a file: {taken} taken, {refused} refused",
    },
    "oss_applies": {
        "de": "EU-Lieferschwelle von {threshold} EUR: ab {day} gelten die Steuersätze der Lieferländer, stelle den Shop um",
        "en": "EU delivery threshold of {threshold} EUR: from {day} on the rates of the countries of delivery apply, change the shop",
    },
    "webhooks_healed": {
        "de": "Meldungen des Shops eingerichtet oder repariert: {topics}",
        "en": "The shop's notifications set up or mended: {topics}",
    },
    "webhooks_missing": {"de": "Der Shop meldet Änderungen nicht", "en": "The shop does not report changes"},
    "options_loaded": {"de": "Optionen neu geladen: {kinds}", "en": "Options reloaded: {kinds}"},
    "granted": {"de": "Zugriff im Shop freigegeben", "en": "Access granted in the shop"},
    "migration_begun": {"de": "Migrationsmodus eingeschaltet", "en": "Migration mode on"},
    "migration_ended": {"de": "Migrationsmodus ausgeschaltet", "en": "Migration mode off"},
    "identified": {
        "de": "Artikel im Kanal eingelesen: {seen}",
        "en": "Articles of the channel read: {seen}",
    },
    "taken_over": {
        "de": "Artikel übernommen: {imported}, fehlgeschlagen: {failed}",
        "en": "Articles taken over: {imported}, failed: {failed}",
    },
    "paired": {"de": "Artikelzuordnungen bestätigt: {count}", "en": "Pairs of articles confirmed: {count}"},
    "order_accepted": {"de": "Auftrag wird im Kanal angenommen", "en": "Order is being accepted in the channel"},
    "order_refused": {"de": "Auftrag wird im Kanal abgelehnt", "en": "Order is being refused in the channel"},
    "deleted": {"de": "Integration gelöscht", "en": "Integration deleted"},
    "run_lost": {"de": "Lauf abgebrochen gefunden", "en": "Run found cut off"},
}


class _Tolerant(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def event(
    integration_id: str,
    feature: str,
    event: str,
    *,
    hop: str,
    status: str = "ok",
    record: str = "",
    code: str = "",
    params: dict[str, Any] | None = None,
    actor: str = "",
    run_id: str = "",
) -> dict[str, Any]:
    """Make one journal row; `event` must have a text, so that no page ever shows a bare key."""
    if event not in EVENT_TEXTS:
        raise KeyError(event)
    return {
        "integration_id": integration_id,
        "feature": feature,
        "record": record,
        "hop": hop,
        "status": status,
        "event": event,
        "code": code,
        "params": params or {},
        "actor": actor,
        "run_id": run_id,
    }


def write(session: Session, events: Iterable[dict[str, Any]]) -> None:
    """Write events in one statement, in the caller's transaction: they stand exactly if their effect stands."""
    insert_rows(session, JournalEvent, [event | {"at": _NOW} for event in events])


def describe(row: JournalEvent, language: Language) -> str:
    """Say an event in one sentence, with the failure's text where it has a code."""
    values = _Tolerant(row.params | {"actor": row.actor})
    said = EVENT_TEXTS[row.event][language].format_map(values)
    if row.code in CODES:
        return f"{said}: {CODES[row.code].say(language, {k: str(v) for k, v in row.params.items()})}"
    return said
