"""The closed list of codes: domain codes of D Appendix A and transport codes, with texts, hints and the place of repair."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Language = Literal["de", "en"]


class Kind(StrEnum):
    """What a code does to a run (style.md, Errors); a note only informs."""

    RETRY = "retry"
    REJECT = "reject"
    SKIP = "skip"
    OPERATOR = "operator"
    NOTE = "note"


class Repair(StrEnum):
    """Where a person repairs it."""

    MAPPING = "mapping"
    ARTICLE = "article"
    SETTINGS = "settings"
    CREDENTIALS = "credentials"
    CHANNEL = "channel"
    MASTER_DATA = "master_data"
    NONE = "none"


class _Tolerant(dict[str, str]):
    """Leaves an unknown placeholder visible instead of failing on it: an error text must never fail."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


@dataclass(frozen=True)
class Code:
    """One code with its texts."""

    kind: Kind
    repair: Repair
    de: str
    en: str
    hint_de: str
    hint_en: str

    def say(self, language: Language, params: dict[str, str]) -> str:
        """Fill the text with values."""
        return (self.de if language == "de" else self.en).format_map(_Tolerant(params))

    def hint(self, language: Language) -> str:
        """Say what to do now."""
        return self.hint_de if language == "de" else self.hint_en


CODES: dict[str, Code] = {
    # --- orders: D Appendix A -------------------------------------------------------------------------------------
    "PRODUCT_UNKNOWN": Code(
        Kind.REJECT, Repair.ARTICLE,
        "Unbekannte Artikelnummern: {skus}", "Unknown article numbers: {skus}",
        "Lege die Artikel an oder hinterlege die Nummer als Fremdnummer. Der Auftrag wird dann von selbst übernommen.",
        "Create the articles or store the numbers as foreign numbers. The order is then imported by itself."),
    "PRODUCT_WITHOUT_SKU": Code(
        Kind.REJECT, Repair.CHANNEL,
        "Positionen ohne Artikelnummer: {titles}", "Lines without an article number: {titles}",
        "Trage im Shop eine Artikelnummer (SKU) am Produkt ein und hole den Auftrag neu ab, oder erfasse ihn von Hand.",
        "Give the product an SKU in the shop and fetch the order again, or enter it by hand."),
    "ARTICLE_LOCKED": Code(
        Kind.REJECT, Repair.ARTICLE, "Gesperrte oder gelöschte Artikel: {skus}", "Locked or deleted articles: {skus}",
        "Hebe die Sperre am Artikel auf und starte den Auftrag erneut.", "Unlock the article and run the order again."),
    "STOCK_MISSING": Code(
        Kind.REJECT, Repair.ARTICLE, "Im Lager {warehouse} liegen von {sku} nur {level}, gebraucht werden {wanted}", "Only {level} of {sku} are in warehouse {warehouse}, {wanted} are needed",
        "Buche zuerst den Zugang oder die Zählung, oder wähle ein anderes Lager.", "Book the receipt or the count first, or choose another warehouse."),
    "PAYMENT_UNMAPPED": Code(
        Kind.REJECT, Repair.MAPPING, "Die Zahlungsart „{value}“ ist nicht zugeordnet", "The payment method '{value}' is not mapped",
        "Ordne sie zu; Schreibweise und Leerzeichen zählen. Wartende Aufträge laufen dann von selbst weiter.",
        "Map it; spelling and blanks count. Waiting orders then continue by themselves."),
    "SHIPPING_UNMAPPED": Code(
        Kind.REJECT, Repair.MAPPING, "Die Versandart „{value}“ ist nicht zugeordnet", "The shipping method '{value}' is not mapped",
        "Ordne sie zu; Schreibweise und Leerzeichen zählen. Wartende Aufträge laufen dann von selbst weiter.",
        "Map it; spelling and blanks count. Waiting orders then continue by themselves."),
    "VALUE_EMPTY_NO_DEFAULT": Code(
        Kind.REJECT, Repair.SETTINGS, "Der Shop nennt keine {what} und es gibt keinen Standard", "The shop gives no {what} and there is no default",
        "Wähle in den Einstellungen einen Standard.", "Choose a default in the settings."),
    "PROJECT_UNMAPPED": Code(
        Kind.REJECT, Repair.SETTINGS, "Das Projekt „{value}“ gibt es nicht", "The project '{value}' does not exist",
        "Wähle in den Einstellungen ein vorhandenes Projekt.", "Choose an existing project in the settings."),
    "MASTER_DATA_MISSING": Code(
        Kind.REJECT, Repair.MASTER_DATA, "{what} „{value}“ gibt es im ERP nicht mehr", "{what} '{value}' no longer exists in the ERP",
        "Lege den Eintrag an oder wähle in den Einstellungen einen anderen.", "Create it or choose another one in the settings."),
    "NO_BILLING_ADDRESS": Code(
        Kind.REJECT, Repair.CHANNEL, "Der Auftrag hat keine Rechnungsadresse", "The order has no billing address",
        "Ergänze die Adresse im Shop und starte den Auftrag erneut.", "Complete the address in the shop and run the order again."),
    "CUSTOMER_NO_NAME": Code(
        Kind.REJECT, Repair.CHANNEL, "Der Kunde hat weder Namen noch Firma", "The customer has neither a name nor a company",
        "Ergänze den Namen im Shop und starte den Auftrag erneut.", "Complete the name in the shop and run the order again."),
    "CUSTOMER_ADDRESS_INCOMPLETE": Code(
        Kind.REJECT, Repair.CHANNEL, "In der Rechnungsadresse fehlt: {missing}", "The billing address lacks: {missing}",
        "Ergänze die Adresse im Shop und starte den Auftrag erneut.", "Complete the address in the shop and run the order again."),
    "DELIVERY_ADDRESS_INCOMPLETE": Code(
        Kind.REJECT, Repair.CHANNEL, "In der Lieferadresse fehlt: {missing}", "The delivery address lacks: {missing}",
        "Ergänze die Adresse im Shop und starte den Auftrag erneut.", "Complete the address in the shop and run the order again."),
    "CUSTOMER_NOT_FOUND": Code(
        Kind.REJECT, Repair.SETTINGS, "Kein passender Kunde gefunden", "No matching customer found",
        "Lege den Kunden an oder erlaube in den Einstellungen das Anlegen.", "Create the customer, or allow creating in the settings."),
    "DISCOUNT_ARTICLE_INVALID": Code(
        Kind.REJECT, Repair.MASTER_DATA, "„{value}“ ist kein Rabattartikel", "'{value}' is not a discount article",
        "Setze am Artikel das Kennzeichen „Artikel ist Rabatt“ oder wähle einen anderen.", "Set the flag 'article is discount' or choose another article."),
    "POSTAGE_ARTICLE_INVALID": Code(
        Kind.REJECT, Repair.MASTER_DATA, "„{value}“ ist kein Portoartikel", "'{value}' is not a postage article",
        "Setze am Artikel das Kennzeichen „Artikel ist Porto“ oder wähle einen anderen.", "Set the flag 'article is postage' or choose another article."),
    "SURCHARGE_ARTICLE_MISSING": Code(
        Kind.REJECT, Repair.SETTINGS, "Der Auftrag enthält Zuschläge ({names}), aber es ist kein Zuschlagsartikel gewählt",
        "The order has surcharges ({names}), but no surcharge article is chosen",
        "Wähle in den Einstellungen einen Zuschlagsartikel, der kein Lagerartikel ist.", "Choose a non-stock surcharge article in the settings."),
    "TAX_MISSING": Code(
        Kind.REJECT, Repair.CHANNEL, "Position „{line}“ hat Steuer ohne Steuersatz", "Line '{line}' has tax without a rate",
        "Prüfe die Steuereinstellungen im Shop.", "Check the tax settings in the shop."),
    "TAX_MISMATCH": Code(
        Kind.REJECT, Repair.CHANNEL, "Steuer passt nicht zum Satz: {where}: {stated} statt {computed}", "Tax does not fit the rate: {where}: {stated} instead of {computed}",
        "Prüfe den Auftrag im Shop; er wird nicht mit falscher Steuer gebucht.", "Check the order in the shop; it is not booked with wrong tax."),
    "TOTAL_MISMATCH": Code(
        Kind.REJECT, Repair.CHANNEL, "{what}: der Shop nennt {stated}, die Positionen ergeben {computed} (Differenz {difference})",
        "{what}: the shop states {stated}, the lines give {computed} (difference {difference})",
        "Prüfe den Auftrag im Shop. Rundet dein Shop anders, erlaube „Gesamtbetrag festsetzen“ mit einer Höchstdifferenz.",
        "Check the order in the shop. If your shop rounds differently, allow 'fix total' with a maximum difference."),
    "TOTAL_DIFFERENCE": Code(
        Kind.NOTE, Repair.CHANNEL, "Online-Shop-Differenz erkannt: {difference} ({stated} statt {computed})",
        "Shop difference found: {difference} ({stated} instead of {computed})",
        "Prüfe den Auftrag und gib ihn frei.", "Check the order and release it."),
    "TOTAL_FIXED": Code(
        Kind.NOTE, Repair.NONE, "Gesamtbetrag festgesetzt auf {stated}, Differenz {difference}: {explanation}", "Total fixed at {stated}, difference {difference}: {explanation}",
        "Nichts zu tun.", "Nothing to do."),
    "ALREADY_IMPORTED": Code(Kind.SKIP, Repair.NONE, "Bereits übernommen", "Already imported", "Nichts zu tun.", "Nothing to do."),
    "TOO_OLD": Code(
        Kind.SKIP, Repair.NONE, "Vor dem Startzeitpunkt zuletzt geändert ({modified})", "Last changed before the chosen start ({modified})",
        "Übernimm den Auftrag von Hand, wenn du ihn brauchst.", "Import the order by hand if you need it."),
    "STATE_FILTERED": Code(
        Kind.SKIP, Repair.SETTINGS, "Status „{state}“ wird nicht übernommen", "State '{state}' is not imported",
        "Der Auftrag kommt von selbst, sobald sich sein Status ändert.", "The order comes by itself when its state changes."),
    "CANCELLED_BEFORE_IMPORT": Code(Kind.SKIP, Repair.NONE, "Vor der Übernahme storniert", "Cancelled before import", "Nichts zu tun.", "Nothing to do."),
    "REFUNDED_BEFORE_IMPORT": Code(Kind.SKIP, Repair.NONE, "Vor der Übernahme vollständig erstattet", "Refunded in full before import", "Nichts zu tun.", "Nothing to do."),
    "ALREADY_SHIPPED": Code(
        Kind.SKIP, Repair.SETTINGS, "Im Shop bereits abgeschlossen", "Already completed in the shop",
        "Nimm den Status „completed“ in die Auswahl auf, wenn du solche Aufträge brauchst.", "Add the state 'completed' to the selection if you need such orders."),
    "CANCELLED_IN_CHANNEL": Code(
        Kind.NOTE, Repair.MASTER_DATA, "Nach der Übernahme im Shop storniert; der Versand ist angehalten", "Cancelled in the shop after import; shipping is on hold",
        "Storniere den Auftrag im ERP oder hebe den Halt auf.", "Cancel the order in the ERP or lift the hold."),
    "CHANGED_IN_CHANNEL": Code(
        Kind.NOTE, Repair.MASTER_DATA, "Nach der Übernahme im Shop geändert; der gebuchte Auftrag bleibt, wie er ist", "Changed in the shop after import; the booked order stays as it is",
        "Vergleiche den Auftrag mit dem Shop.", "Compare the order with the shop."),
    "PARTIALLY_REFUNDED": Code(
        Kind.NOTE, Repair.MASTER_DATA, "Vor der Übernahme teilweise erstattet: {amount}", "Refunded in part before import: {amount}",
        "Prüfe, welche Menge noch zu liefern ist, und gib den Auftrag frei.", "Check which quantity is still to be delivered and release the order."),
    "COMMENT_STOPS_AUTOSHIP": Code(Kind.NOTE, Repair.NONE, "Kundenkommentar: kein Autoversand", "Customer's comment: no auto-ship", "Lies den Kommentar und gib den Auftrag frei.", "Read the comment and release the order."),
    "PAYMENT_STOPS_AUTOSHIP": Code(Kind.NOTE, Repair.NONE, "Zahlungsart ohne Autoversand: {value}", "Payment method without auto-ship: {value}", "Gib den Auftrag von Hand frei.", "Release the order by hand."),
    "CURRENCY_RATE_MISSING": Code(
        Kind.NOTE, Repair.MASTER_DATA, "Für {currency} ist kein Umrechnungskurs hinterlegt; kein Autoversand", "No exchange rate for {currency}; no auto-ship",
        "Hinterlege den Kurs in den Stammdaten.", "Store the rate in the master data."),
    "VAT_ID_UNCHECKED": Code(Kind.NOTE, Repair.MASTER_DATA, "USt-IdNr. {vat_id} ist nicht geprüft", "VAT id {vat_id} is not checked", "Prüfe die Nummer und gib den Auftrag frei.", "Check the number and release the order."),
    "TAX_FREE_UNEXPLAINED": Code(
        Kind.NOTE, Repair.CHANNEL, "Ohne Steuer, obwohl {country} steuerpflichtig ist", "Without tax although {country} is taxable",
        "Prüfe Steuereinstellungen und USt-IdNr., dann gib den Auftrag frei.", "Check the tax settings and VAT id, then release the order."),
    "TAX_RATE_UNKNOWN": Code(
        Kind.NOTE, Repair.MASTER_DATA, "Der Steuersatz {rate} % ist für {country} nicht hinterlegt; kein Autoversand", "The tax rate {rate} % is not known for {country}; no auto-ship",
        "Ergänze den Satz in den Stammdaten oder prüfe den Shop.", "Add the rate to the master data or check the shop."),
    "OWN_NUMBER_USED": Code(Kind.NOTE, Repair.ARTICLE, "Ohne Fremdnummer über die eigene Artikelnummer zugeordnet: {skus}", "Paired by the own article number, without a foreign number: {skus}", "Hinterlege eine Fremdnummer, wenn die Nummern abweichen.", "Store a foreign number if the numbers differ."),
    "QUANTITY_INVALID": Code(Kind.REJECT, Repair.CHANNEL, "Position „{line}“: Menge {quantity} ist nicht möglich", "Line '{line}': quantity {quantity} is not possible", "Korrigiere die Menge im Shop oder erlaube Nachkommastellen am Artikel.", "Correct the quantity in the shop, or allow decimals on the article."),
    "LINE_DUPLICATE": Code(Kind.REJECT, Repair.CHANNEL, "Die Positions-ID {ref} kommt mehrfach vor", "The line id {ref} occurs more than once", "Prüfe den Auftrag im Shop; er wird nicht doppelt gebucht.", "Check the order in the shop; nothing is booked twice."),
    "DATE_IN_FUTURE": Code(Kind.REJECT, Repair.CHANNEL, "Das Auftragsdatum {date} liegt in der Zukunft", "The order date {date} is in the future", "Prüfe die Uhr des Shops.", "Check the shop's clock."),
    "NO_LINES": Code(Kind.REJECT, Repair.CHANNEL, "Der Auftrag hat keine Positionen", "The order has no lines", "Prüfe den Auftrag im Shop.", "Check the order in the shop."),
    "DOCUMENT_INVALID": Code(
        Kind.REJECT, Repair.CHANNEL, "Das Dokument ist nicht lesbar: {problems}", "The document cannot be read: {problems}",
        "Das Dokument ist gespeichert. Prüfe den Auftrag im Shop und hole ihn neu ab.", "The document is stored. Check the order in the shop and fetch it again."),
    "BOOKING_FAILED": Code(Kind.REJECT, Repair.MASTER_DATA, "Die Buchung wurde von der Datenbank abgelehnt: {reason}", "The database refused the booking: {reason}", "Prüfe den genannten Wert und starte den Auftrag erneut.", "Check the value and run the order again."),
    # --- stock, shipments ------------------------------------------------------------------------------------------
    "NOT_IN_SHOP": Code(Kind.REJECT, Repair.ARTICLE, "Im Shop gibt es kein Produkt mit der Nummer {sku}", "The shop has no product with number {sku}", "Lege das Produkt im Shop an, gleiche die Nummer an oder nimm den Artikel aus dem Filter.", "Create the product in the shop, align the number, or exclude the article."),
    "ITEM_REFUSED": Code(Kind.REJECT, Repair.CHANNEL, "Der Shop lehnt {record} ab: {reason}", "The shop refused {record}: {reason}", "Beseitige den genannten Grund im Shop und starte erneut.", "Remove the cause in the shop and run it again."),
    "STOCK_NOT_MANAGED": Code(Kind.REJECT, Repair.CHANNEL, "{sku}: im Shop ist die Lagerverwaltung ausgeschaltet", "{sku}: stock management is off in the shop", "Schalte am Produkt „Lagerbestand verwalten“ ein.", "Turn on 'manage stock' at the product."),
    "ORDER_NOT_IN_SHOP": Code(Kind.REJECT, Repair.CHANNEL, "Auftrag {order} gibt es im Shop nicht mehr", "Order {order} no longer exists in the shop", "Ignoriere den Eintrag, wenn der Auftrag im Shop gelöscht wurde.", "Ignore the entry if the order was deleted in the shop."),
    "TRACKING_MISSING": Code(Kind.REJECT, Repair.MASTER_DATA, "Auftrag {order} hat keine Sendungsnummer", "Order {order} has no tracking number", "Trage die Sendungsnummer an der Lieferung ein.", "Enter the tracking number at the shipment."),
    "FULFILLMENTS_OFF": Code(Kind.OPERATOR, Repair.SETTINGS, "Im Shop ist die Funktion „Fulfillments“ nicht eingeschaltet", "The feature 'fulfillments' is off in the shop", "Schalte sie im Shop ein oder wähle als Weg die Kundennotiz.", "Turn it on in the shop, or choose the customer note as the way."),
    "NO_WAREHOUSE": Code(Kind.OPERATOR, Repair.SETTINGS, "Es ist kein Lager gewählt", "No warehouse is chosen", "Wähle in den Bestandseinstellungen mindestens ein Lager.", "Choose at least one warehouse in the stock settings."),
    "CANCEL_AFTER_SHIPPING": Code(Kind.REJECT, Repair.CHANNEL, "Auftrag {order} ist im Shop schon versendet und wird nicht storniert", "Order {order} is already shipped in the shop and is not cancelled", "Kläre die Stornierung mit dem Kunden als Retoure.", "Handle the cancellation as a return."),
    # --- transport and operation -----------------------------------------------------------------------------------
    "TIMEOUT": Code(Kind.RETRY, Repair.NONE, "{host} antwortet nicht rechtzeitig", "{host} does not answer in time", "Nichts zu tun: es wird von selbst erneut versucht.", "Nothing to do: it is tried again by itself."),
    "UNREACHABLE": Code(Kind.RETRY, Repair.CREDENTIALS, "{host} ist nicht erreichbar", "{host} cannot be reached", "Prüfe die Adresse und ob der Shop läuft.", "Check the address and whether the shop is up."),
    "HANDSHAKE": Code(Kind.RETRY, Repair.CREDENTIALS, "Keine sichere Verbindung mit {host}: {reason}", "No secure connection to {host}: {reason}", "Prüfe das Zertifikat des Shops.", "Check the shop's certificate."),
    "RATE_LIMITED": Code(Kind.RETRY, Repair.NONE, "{host} bittet um Geduld", "{host} asks to wait", "Nichts zu tun: es wird von selbst erneut versucht.", "Nothing to do: it is tried again by itself."),
    "SERVER_ERROR": Code(Kind.RETRY, Repair.CHANNEL, "{host} meldet einen eigenen Fehler ({status})", "{host} reports an error of its own ({status})", "Nichts zu tun; dauert es an, prüfe das Fehlerprotokoll des Shops.", "Nothing to do; if it goes on, check the shop's error log."),
    "NOT_JSON": Code(Kind.RETRY, Repair.CREDENTIALS, "{host} antwortet nicht mit Daten, sondern mit {content_type}", "{host} does not answer with data but with {content_type}", "Prüfe die Adresse; vielleicht ist eine Wartungsseite oder ein Sicherheits-Plugin davor.", "Check the address; a maintenance page or security plug-in may be in front of it."),
    "ANSWER_TOO_LARGE": Code(Kind.OPERATOR, Repair.CHANNEL, "Die Antwort von {host} ist zu groß", "The answer of {host} is too large", "Melde dich beim Betreiber des Shops.", "Ask the shop's operator."),
    "ACCESS": Code(Kind.OPERATOR, Repair.CREDENTIALS, "{host} lehnt die Zugangsdaten ab: {reason}", "{host} refuses the credentials: {reason}", "Trage gültige Zugangsdaten ein und teste die Verbindung.", "Enter valid credentials and test the connection."),
    "PERMISSION": Code(Kind.OPERATOR, Repair.CREDENTIALS, "Der Schlüssel darf das nicht: {permission}", "The key is not allowed to: {permission}", "Lege im Shop einen Schlüssel mit Lese- und Schreibrecht an.", "Create a key with read and write permission in the shop."),
    "PAYMENT_REQUIRED": Code(Kind.OPERATOR, Repair.CHANNEL, "{host} verlangt einen bezahlten Tarif", "{host} asks for a paid plan", "Prüfe den Tarif des Shops.", "Check the shop's plan."),
    "NOT_FOUND": Code(Kind.OPERATOR, Repair.CREDENTIALS, "Unter {host} gibt es diese Schnittstelle nicht ({path})", "There is no such interface at {host} ({path})", "Prüfe die Adresse und ob die Permalinks im Shop eingeschaltet sind.", "Check the address and that permalinks are on in the shop."),
    "REQUEST_REFUSED": Code(Kind.OPERATOR, Repair.CHANNEL, "{host} lehnt die Anfrage ab: {reason}", "{host} refuses the request: {reason}", "Melde diesen Eintrag dem Support; die Daten sind gespeichert.", "Report this entry to support; the data is stored."),
    "VERSION_OUTDATED": Code(Kind.OPERATOR, Repair.CHANNEL, "{system} {version} ist zu alt, gebraucht wird {needed}", "{system} {version} is too old, {needed} is needed", "Aktualisiere das Shopsystem.", "Update the shop system."),
    "ADDRESS_REFUSED": Code(Kind.OPERATOR, Repair.CREDENTIALS, "{host} ist eine private Adresse und nicht erlaubt", "{host} is a private address and not allowed", "Gib die öffentliche Adresse ein; eigene Netze gibt der Administrator frei (CONNECT_ALLOW_PRIVATE_ADDRESSES).", "Enter the public address; the administrator can allow private networks (CONNECT_ALLOW_PRIVATE_ADDRESSES)."),
    "URL_INVALID": Code(Kind.OPERATOR, Repair.CREDENTIALS, "„{value}“ ist keine gültige Adresse", "'{value}' is not a valid address", "Gib die Adresse so ein: https://shop.example", "Enter the address like this: https://shop.example"),
    "REDIRECTED": Code(Kind.OPERATOR, Repair.CREDENTIALS, "{host} leitet weiter an {target}", "{host} redirects to {target}", "Trage die Adresse ein, an die weitergeleitet wird.", "Enter the address that it redirects to."),
    "KEY_INVALID": Code(Kind.OPERATOR, Repair.CREDENTIALS, "{field}: so sieht dieser Zugang nicht aus ({expected})", "{field}: this is not what it looks like ({expected})", "Kopiere den Wert noch einmal vollständig aus dem Shop.", "Copy the whole value from the shop once more."),
    "CREDENTIALS_MISSING": Code(Kind.OPERATOR, Repair.CREDENTIALS, "Es sind keine Zugangsdaten hinterlegt", "No credentials are stored", "Trage die Zugangsdaten ein.", "Enter the credentials."),
    "SETTINGS_INCOMPLETE": Code(Kind.OPERATOR, Repair.SETTINGS, "Es fehlen Pflichtangaben: {fields}", "Mandatory settings are missing: {fields}", "Fülle sie auf der Einstellungsseite aus.", "Fill them in on the settings page."),
    "CONFLICT": Code(Kind.RETRY, Repair.NONE, "Zwei Vorgänge haben sich gekreuzt", "Two operations crossed each other", "Nichts zu tun: es wird von selbst erneut versucht.", "Nothing to do: it is tried again by itself."),
    "STORAGE_FULL": Code(Kind.RETRY, Repair.NONE, "Die Datenbank kann nicht schreiben: {reason}", "The database cannot write: {reason}", "Schaffe Platz auf dem Datenträger; danach geht es von selbst weiter.", "Free space on the disk; it then goes on by itself."),
    "STORAGE_DOWN": Code(Kind.RETRY, Repair.NONE, "Die Datenbank ist nicht erreichbar", "The database cannot be reached", "Nichts zu tun: es wird von selbst erneut versucht.", "Nothing to do: it is tried again by itself."),
    "RUN_LOST": Code(Kind.RETRY, Repair.NONE, "Ein Lauf ist abgebrochen worden", "A run was cut off", "Nichts zu tun: der nächste Lauf macht weiter.", "Nothing to do: the next run goes on."),
    "UNCLASSIFIED": Code(Kind.OPERATOR, Repair.NONE, "Unerwarteter Fehler in {where}: {error}", "Unexpected failure in {where}: {error}", "Melde diesen Eintrag dem Support; die Daten sind gespeichert.", "Report this entry to support; the data is stored."),
    # --- files exchanged with printers, carriers and providers ------------------------------------------------------
    "FOLDER_INVALID": Code(Kind.OPERATOR, Repair.SETTINGS, "„{folder}“ ist kein Ordner innerhalb des Austauschordners", "'{folder}' is not a folder inside the exchange folder", "Gib einen einfachen Namen wie lager/aus ein, ohne führenden Schrägstrich und ohne „..“.", "Enter a plain name like warehouse/out, without a leading slash and without '..'."),
    "FOLDER_FULL": Code(Kind.RETRY, Repair.NONE, "Im Ordner {folder} ist kein Platz mehr", "There is no room left in the folder {folder}", "Schaffe Platz auf dem Datenträger; danach geht es von selbst weiter.", "Free space on the disk; it then goes on by itself."),
    "FOLDER_DENIED": Code(Kind.OPERATOR, Repair.SETTINGS, "Connect darf im Ordner {folder} nicht lesen oder schreiben", "Connect may not read or write in the folder {folder}", "Gib dem Benutzer, unter dem Connect läuft, das Recht dazu.", "Give the user that Connect runs as the right to do so."),
    "FOLDER_BROKEN": Code(Kind.RETRY, Repair.SETTINGS, "Der Ordner {folder} ist nicht benutzbar: {reason}", "The folder {folder} cannot be used: {reason}", "Prüfe, ob der Ordner da und das Netzlaufwerk verbunden ist; danach geht es von selbst weiter.", "Check that the folder is there and the network drive is connected; it then goes on by itself."),
    "FILE_TOO_LARGE": Code(Kind.REJECT, Repair.CHANNEL, "Die Datei {file} ist größer als {megabytes} MB", "The file {file} is larger than {megabytes} MB", "Lass sie in kleinere Dateien teilen.", "Have it split into smaller files."),
    # --- lifecycle -------------------------------------------------------------------------------------------------
    "STATE_FORBIDS": Code(Kind.REJECT, Repair.NONE, "Das geht im Zustand „{state}“ nicht", "This is not possible in the state '{state}'", "Wechsle zuerst den Zustand der Integration.", "Change the integration's state first."),
    "FEATURE_UNKNOWN": Code(Kind.REJECT, Repair.SETTINGS, "Die Funktion „{feature}“ ist nicht gewählt", "The feature '{feature}' is not chosen", "Wähle die Funktion in den Einstellungen der Integration.", "Choose the feature in the integration's settings."),
    "NOT_READY": Code(Kind.REJECT, Repair.SETTINGS, "Noch nicht bereit: {items}", "Not ready yet: {items}", "Erledige die roten Punkte der Bereitschaftsprüfung.", "Finish the red items of the readiness report."),
    "UNCONFIRMED": Code(Kind.REJECT, Repair.NONE, "Zum Bestätigen gib „{expected}“ ein", "Enter '{expected}' to confirm", "Gib den Namen der Integration ein.", "Enter the name of the integration."),
    "NOT_INSTALLED": Code(Kind.REJECT, Repair.NONE, "Der Connector „{connector}“ ist nicht installiert", "The connector '{connector}' is not installed", "Installiere ihn in der Galerie.", "Install it in the gallery."),
    "NAME_TAKEN": Code(Kind.REJECT, Repair.NONE, "Eine Integration „{name}“ gibt es schon", "There is already an integration '{name}'", "Wähle einen anderen Namen.", "Choose another name."),
    "NOT_RUNNING": Code(Kind.OPERATOR, Repair.NONE, "Der Ablauf der Integration läuft nicht", "The integration's workflow is not running", "Starte ihn mit „Wieder starten“; alles Gespeicherte bleibt.", "Start it with 'Start again'; everything stored stays."),
}
