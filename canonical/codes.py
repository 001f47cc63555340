"""The closed list of codes: domain codes of D Appendix A and transport codes, with texts, hints and the place of repair."""

from canonical.article_codes import ARTICLE_CODES
from canonical.channel_codes import CHANNEL_CODES
from canonical.code import Code, Kind, Language, Repair

__all__ = ["CODES", "Code", "Kind", "Language", "Repair"]

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
    "CODE_TAKEN": Code(
        Kind.REJECT, Repair.MASTER_DATA, "„{value}“ gibt es schon", "'{value}' is there already",
        "Wähle ein anderes Kürzel oder ändere den vorhandenen Eintrag.", "Choose another code, or change the entry that is there."),
    "IN_USE": Code(
        Kind.REJECT, Repair.MASTER_DATA, "„{value}“ wird noch verwendet", "'{value}' is still in use",
        "Entferne zuerst die Zuordnungen; was in Aufträgen steht, bleibt.", "Remove its mappings first; what orders name stays."),
    "CUSTOMER_HAS_OPEN_ORDERS": Code(
        Kind.REJECT, Repair.MASTER_DATA, "Der Kunde hat offene Aufträge, Retouren oder Erstattungen: {numbers}", "The customer has open orders, returns or refunds: {numbers}",
        "Schließe sie ab oder storniere sie, dann kann der Kunde gelöscht werden.", "Finish or cancel them; then the customer can be erased."),
    "RETENTION_INVALID": Code(
        Kind.REJECT, Repair.SETTINGS, "{months} Monate sind nicht möglich: mindestens {shortest}, höchstens {longest}", "{months} months are not possible: at least {shortest}, at most {longest}",
        "Wähle eine andere Zahl; Rechnungen müssen acht Jahre bleiben.", "Choose another number; invoices must be kept for eight years."),
    "JIT_WITH_FBA": Code(
        Kind.REJECT, Repair.ARTICLE, "Just-in-time-Stücklisten kann der Marktplatz nicht versenden: {skus}", "The marketplace cannot ship just-in-time bills of materials: {skus}",
        "Lege für den Marktplatz einen eigenen Artikel an und hinterlege dort die Nummer als Fremdnummer.", "Create an article of its own for the marketplace and store the number there as a foreign number."),
    "JIT_WITHOUT_COMPONENTS": Code(
        Kind.REJECT, Repair.ARTICLE, "Just-in-time-Stückliste ohne Bestandteile: {skus}", "Just-in-time bill of materials without components: {skus}",
        "Trage am Artikel die Bestandteile ein und starte den Auftrag erneut.", "Enter the components at the article and run the order again."),
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
    "COUNTRY_UNMAPPED": Code(
        Kind.REJECT, Repair.MAPPING, "Das Land „{value}“ ist nicht zugeordnet", "The country '{value}' is not mapped",
        "Ordne es einem ISO-Code zu, etwa DE. Wartende Aufträge laufen dann von selbst weiter.",
        "Map it to an ISO code, such as DE. Waiting orders then continue by themselves."),
    "VALUE_EMPTY_NO_DEFAULT": Code(
        Kind.REJECT, Repair.SETTINGS, "Der Shop nennt nichts und es gibt keinen Standard: {what}", "The shop gives no {what} and there is no default",
        "Wähle in den Einstellungen einen Standard.", "Choose a default in the settings.", "what"),
    "PROJECT_UNMAPPED": Code(
        Kind.REJECT, Repair.MAPPING, "Dem Sales Channel „{value}“ ist kein Projekt zugeordnet", "No project is mapped to the sales channel '{value}'",
        "Ordne ihn zu; Schreibweise und Leerzeichen zählen. Wartende Aufträge laufen dann von selbst weiter.",
        "Map it; spelling and blanks count. Waiting orders then continue by themselves."),
    "MASTER_DATA_MISSING": Code(
        Kind.REJECT, Repair.MASTER_DATA, "{what} „{value}“ gibt es im ERP nicht mehr", "{what} '{value}' no longer exists in the ERP",
        "Lege den Eintrag an oder wähle in den Einstellungen einen anderen.", "Create it or choose another one in the settings.", "what"),
    "NO_BILLING_ADDRESS": Code(
        Kind.REJECT, Repair.CHANNEL, "Der Auftrag hat keine Rechnungsadresse", "The order has no billing address",
        "Ergänze die Adresse im Shop und starte den Auftrag erneut.", "Complete the address in the shop and run the order again."),
    "CUSTOMER_NO_NAME": Code(
        Kind.REJECT, Repair.CHANNEL, "Der Kunde hat weder Namen noch Firma", "The customer has neither a name nor a company",
        "Ergänze den Namen im Shop und starte den Auftrag erneut.", "Complete the name in the shop and run the order again."),
    "CUSTOMER_ADDRESS_INCOMPLETE": Code(
        Kind.REJECT, Repair.CHANNEL, "In der Rechnungsadresse fehlt: {missing}", "The billing address lacks: {missing}",
        "Ergänze die Adresse im Shop und starte den Auftrag erneut.", "Complete the address in the shop and run the order again.", "missing"),
    "DELIVERY_ADDRESS_INCOMPLETE": Code(
        Kind.REJECT, Repair.CHANNEL, "In der Lieferadresse fehlt: {missing}", "The delivery address lacks: {missing}",
        "Ergänze die Adresse im Shop und starte den Auftrag erneut.", "Complete the address in the shop and run the order again.", "missing"),
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
        Kind.REJECT, Repair.CHANNEL, "Position „{line}“ hat keinen Steuersatz", "Line '{line}' has no tax rate",
        "Prüfe die Steuereinstellungen im Shop. Ist dort keine Steuer eingerichtet, erlaube „Befreiten Steuersatz bei fehlender Steuerinfo“.",
        "Check the tax settings in the shop. If none are set up there, allow '0 % where the tax is missing'."),
    "TAX_FROM_ARTICLE": Code(
        Kind.NOTE, Repair.NONE, "Der Marktplatz nennt keine Steuer: aus den Bruttopreisen mit den Sätzen der Artikel in {country} berechnet ({rates})", "The marketplace states no tax: taken out of the gross prices at the articles' rates in {country} ({rates})",
        "Nichts zu tun, wenn Steuerart und Steuersätze der Artikel stimmen.", "Nothing to do if the articles' tax categories and rates are right."),
    "TAX_MISMATCH": Code(
        Kind.REJECT, Repair.CHANNEL, "Steuer passt nicht zum Satz: {where}: {stated} statt {computed}", "Tax does not fit the rate: {where}: {stated} instead of {computed}",
        "Prüfe den Auftrag im Shop; er wird nicht mit falscher Steuer gebucht.", "Check the order in the shop; it is not booked with wrong tax."),
    "TOTAL_MISMATCH": Code(
        Kind.REJECT, Repair.CHANNEL, "{what}: der Shop nennt {stated}, die Positionen ergeben {computed} (Differenz {difference})",
        "{what}: the shop states {stated}, the lines give {computed} (difference {difference})",
        "Prüfe den Auftrag im Shop. Rundet dein Shop anders, erlaube „Gesamtbetrag festsetzen“ mit einer Höchstdifferenz.",
        "Check the order in the shop. If your shop rounds differently, allow 'fix total' with a maximum difference.", "what"),
    "TOTAL_NEGATIVE": Code(
        Kind.REJECT, Repair.CHANNEL, "Die Summe ist negativ: {total}", "The total is negative: {total}",
        "Prüfe die Rabatte und Gebühren im Shop.", "Check the discounts and fees in the shop."),
    "DISCOUNT_TOO_LARGE": Code(
        Kind.NOTE, Repair.CHANNEL, "Rabatte größer als die Ware zu {rate} %: {discount} auf {goods}", "Discounts larger than the goods at {rate} %: {discount} on {goods}",
        "Prüfe die Gutscheine und gib den Auftrag frei.", "Check the vouchers and release the order."),
    "TOTAL_DIFFERENCE": Code(
        Kind.NOTE, Repair.CHANNEL, "Online-Shop-Differenz erkannt: {difference} ({stated} statt {computed})",
        "Shop difference found: {difference} ({stated} instead of {computed})",
        "Prüfe den Auftrag und gib ihn frei.", "Check the order and release it."),
    "TOTAL_FIXED": Code(
        Kind.NOTE, Repair.NONE, "Gesamtbetrag festgesetzt auf {stated}, Differenz {difference}: {explanation}", "Total fixed at {stated}, difference {difference}: {explanation}",
        "Nichts zu tun.", "Nothing to do.", "explanation"),
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
        Kind.NOTE, Repair.MASTER_DATA, "Nach der Übernahme im Shop geändert ({what}); der gebuchte Auftrag bleibt, wie er ist", "Changed in the shop after import ({what}); the booked order stays as it is",
        "Vergleiche den Auftrag mit dem Shop und übernimm die Änderung oder lass ihn, wie er ist.", "Compare the order with the shop, then take the change over or leave it as it is.", "what"),
    "PARTIALLY_REFUNDED": Code(
        Kind.NOTE, Repair.MASTER_DATA, "Vor der Übernahme teilweise erstattet: {amount}", "Refunded in part before import: {amount}",
        "Prüfe, welche Menge noch zu liefern ist, und gib den Auftrag frei.", "Check which quantity is still to be delivered and release the order."),
    "LINES_REMOVED": Code(
        Kind.NOTE, Repair.NONE, "Vor der Übernahme herausgenommen: {lines}", "Taken out before import: {lines}", "Nichts zu tun: übernommen ist, was noch zu liefern ist.", "Nothing to do: what is still to be delivered was imported."),
    "REFUND_MISMATCH": Code(
        Kind.NOTE, Repair.MASTER_DATA, "Herausgenommen wurden Positionen für {removed}, erstattet sind {refunded}", "Lines worth {removed} were taken out, {refunded} were refunded",
        "Kläre die Erstattung und gib den Auftrag frei.", "Settle the refund and release the order."),
    "POST_NUMBER_MISSING": Code(
        Kind.NOTE, Repair.CHANNEL, "Packstation oder Postfiliale ohne Postnummer", "Parcel locker or post office without a post number",
        "Frage den Käufer nach der Postnummer, ergänze sie in der Lieferadresse und gib den Auftrag frei.", "Ask the buyer for the post number, add it to the delivery address and release the order."),
    "DUPLICATE_SUSPECTED": Code(
        Kind.NOTE, Repair.MASTER_DATA, "Vielleicht doppelt: {other} hat dieselbe Nummer, denselben Betrag und denselben Tag", "Perhaps a duplicate: {other} has the same number, total and day",
        "Vergleiche beide. Storniere den doppelten oder gib diesen frei.", "Compare both. Cancel the duplicate, or release this one."),
    "GIFT_CARD_TAXED": Code(
        Kind.NOTE, Repair.CHANNEL, "Geschenkgutschein „{line}“ ist mit Steuer verkauft", "Gift card '{line}' was sold with tax",
        "Ein Wertgutschein wird ohne Steuer verkauft: berichtige die Steuerklasse im Shop und gib den Auftrag frei.", "A value voucher is sold without tax: correct the tax class in the shop and release the order."),
    "GIFT_CARD_STOCKED": Code(
        Kind.REJECT, Repair.ARTICLE, "Der Geschenkgutschein {skus} ist ein Lagerartikel", "The gift card {skus} is a stock article",
        "Nimm am Artikel das Kennzeichen „Lagerartikel“ heraus und starte den Auftrag erneut.", "Take the flag 'stock article' off and run the order again."),
    "PAID_BY_SEVERAL": Code(
        Kind.NOTE, Repair.NONE, "Mit mehreren Zahlungsarten bezahlt ({methods}): kein Autoversand", "Paid by several methods ({methods}): no auto-ship", "Prüfe die Zahlungen und gib den Auftrag frei.", "Check the payments and release the order."),
    "PERSONALISED": Code(
        Kind.NOTE, Repair.NONE, "Personalisierte Positionen: kein Autoversand: {titles}", "Personalised lines: no auto-ship: {titles}", "Lies die Angaben des Käufers und gib den Auftrag frei.", "Read the buyer's words and release the order."),
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
    "OSS_RATE_MISMATCH": Code(
        Kind.NOTE, Repair.CHANNEL, "{rate} % aus {charged} berechnet, obwohl die Sätze von {country} gelten (OSS)", "{rate} % of {charged} charged, although the rates of {country} apply (OSS)",
        "Stelle im Shop die Steuer auf das Lieferland um, prüfe den Auftrag und gib ihn frei.", "Switch the shop to the tax of the country of delivery, check the order and release it."),
    "ORIGIN_RATE_MISMATCH": Code(
        Kind.NOTE, Repair.CHANNEL, "{rate} % aus {charged} berechnet, obwohl noch die Sätze von {country} gelten", "{rate} % of {charged} charged, although the rates of {country} still apply",
        "Schalte „Besteuerung abhängig vom Lagerstandort“ aus, wenn du OSS nutzt; sonst prüfe den Shop.", "Turn off 'Tax at the warehouse's country' if you use OSS; otherwise check the shop."),
    "ARTICLE_RATE_MISMATCH": Code(
        Kind.NOTE, Repair.ARTICLE, "{sku}: {rate} % berechnet, am Artikel stehen für {country} {expected} %", "{sku}: {rate} % charged, the article says {expected} % for {country}",
        "Prüfe den Steuersatz am Artikel und im Shop, dann gib den Auftrag frei.", "Check the rate at the article and in the shop, then release the order."),
    "MARKETPLACE_TAX_STATED": Code(
        Kind.NOTE, Repair.CHANNEL, "Der Marktplatz schuldet die Steuer, der Auftrag enthält trotzdem {tax}", "The marketplace owes the tax, yet the order contains {tax}",
        "Prüfe den Auftrag auf dem Marktplatz, dann gib ihn frei.", "Check the order on the marketplace, then release it."),
    "PHONE_MISSING": Code(
        Kind.NOTE, Repair.CHANNEL, "Lieferung außerhalb der EU ohne Telefonnummer", "Delivery outside the EU without a phone number",
        "Frage den Kunden danach, wenn der Versanddienst sie für den Zoll verlangt.", "Ask the customer for it if the carrier needs it for customs."),
    "VAT_ID_INVALID": Code(
        Kind.NOTE, Repair.MASTER_DATA, "USt-IdNr. {vat_id} ist keine gültige Nummer; der Auftrag ist ohne Steuer", "VAT id {vat_id} is no valid number; the order is without tax",
        "Frage den Kunden nach der richtigen Nummer und gib den Auftrag frei.", "Ask the customer for the right number and release the order."),
    "THRESHOLD_INVALID": Code(
        Kind.REJECT, Repair.MASTER_DATA, "Die Lieferschwelle muss mindestens 1,00 EUR sein, nicht {value}", "The delivery threshold must be at least 1.00 EUR, not {value}",
        "1,00 gilt sofort; 10.000,00 ist die Schwelle der EU.", "1.00 applies at once; 10,000.00 is the threshold of the EU."),
    "OWN_NUMBER_USED": Code(Kind.NOTE, Repair.ARTICLE, "Ohne Fremdnummer über die eigene Artikelnummer zugeordnet: {skus}", "Paired by the own article number, without a foreign number: {skus}", "Hinterlege eine Fremdnummer, wenn die Nummern abweichen.", "Store a foreign number if the numbers differ."),
    "AMOUNT_INVALID": Code(
        Kind.REJECT, Repair.NONE, "Der Betrag {amount} ist nicht möglich: mehr als null und höchstens {most}", "The amount {amount} is not possible: more than zero and at most {most}",
        "Gib einen Betrag mit höchstens zwei Nachkommastellen ein.", "Enter an amount with at most two decimals."),
    "OVERPAID": Code(
        Kind.NOTE, Repair.MASTER_DATA, "{amount} zu viel bezahlt", "{amount} too much paid",
        "Eröffne eine Erstattung oder kläre es mit dem Kunden.", "Open a refund, or settle it with the customer."),
    "UNPAID_EXPIRED": Code(
        Kind.NOTE, Repair.NONE, "Nicht rechtzeitig bezahlt", "Not paid in time",
        "Nichts zu tun: der Auftrag ist storniert, die Ware wieder frei.", "Nothing to do: the order is cancelled, the goods are free again."),
    "COUNTRY_FIXED": Code(
        Kind.REJECT, Repair.NONE, "Das Land bleibt {country}: mit {wanted} wäre die Steuer eine andere", "The country stays {country}: with {wanted} the tax would be another",
        "Storniere den Auftrag und lass ihn im Shop neu aufgeben.", "Cancel the order and let it be placed anew in the shop."),
    "RETURN_EXCEEDED": Code(
        Kind.REJECT, Repair.NONE, "„{line}“: {quantity} können nicht zurückkommen, höchstens {left}", "'{line}': {quantity} cannot come back, at most {left}",
        "Zurück kommt nur, was versendet und nicht schon als Retoure angekündigt ist.", "Only what was shipped and is not announced as a return already can come back."),
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
    "SUBTRACTED_TWICE": Code(
        Kind.NOTE, Repair.SETTINGS, "Reservierungen und offene Bestellungen werden beide abgezogen: jeder Auftrag zählt doppelt", "Reservations and open orders are both subtracted: every order counts twice",
        "Schalte eines von beiden aus, solange Projekte ihre Aufträge von selbst reservieren.", "Switch one of them off while projects reserve their orders by themselves."),
    "WAREHOUSE_UNKNOWN": Code(Kind.REJECT, Repair.MASTER_DATA, "Ein Lager {warehouse} gibt es nicht", "There is no warehouse {warehouse}", "Prüfe das Kürzel oder lege das Lager an.", "Check the code, or create the warehouse."),
    "NO_STOCK_ARTICLE": Code(Kind.REJECT, Repair.ARTICLE, "{sku} ist kein Lagerartikel", "{sku} is no stock article", "Buche die Komponenten, oder setze am Artikel das Kennzeichen „Lagerartikel“.", "Book the components, or set the flag 'stock article'."),
    "WHOLE_PIECES_ONLY": Code(Kind.REJECT, Repair.ARTICLE, "{sku} gibt es nur in ganzen Stück, nicht {quantity}", "{sku} comes in whole pieces only, not {quantity}", "Gib eine ganze Zahl ein oder erlaube Nachkommastellen am Artikel.", "Enter a whole number, or allow decimals on the article."),
    "SAME_WAREHOUSE": Code(Kind.REJECT, Repair.NONE, "Von {warehouse} nach {warehouse} kann nichts umgelagert werden", "Nothing can be moved from {warehouse} to {warehouse}", "Wähle zwei verschiedene Lager.", "Choose two different warehouses."),
    "STOCKTAKE_OPEN": Code(Kind.REJECT, Repair.NONE, "Im Lager {warehouse} läuft schon die Inventur {number}", "Stocktake {number} is already open in warehouse {warehouse}", "Buche sie oder brich sie ab, bevor eine neue beginnt.", "Post or cancel it before a new one begins."),
    "STOCKTAKE_CLOSED": Code(Kind.REJECT, Repair.NONE, "Die Inventur {number} ist abgeschlossen", "Stocktake {number} is closed", "Beginne eine neue Inventur.", "Start a new stocktake."),
    "COUNT_INVALID": Code(Kind.REJECT, Repair.NONE, "„{value}“ ist keine gezählte Menge", "'{value}' is no counted quantity", "Gib eine Zahl ab 0 ohne Tausenderpunkt ein, mit höchstens vier Nachkommastellen.", "Enter a number from 0 on without a sign for thousands, with at most four decimal places."),
    "COUNTED_TWICE": Code(Kind.REJECT, Repair.NONE, "{sku} steht mehrfach in der Liste", "{sku} is in the list more than once", "Zähle die Mengen zusammen und gib den Artikel einmal an.", "Add the quantities up and give the article once."),
    "LIST_TOO_LONG": Code(Kind.REJECT, Repair.NONE, "Die Liste hat mehr als {most} Zeilen", "The list has more than {most} lines", "Teile sie in mehrere Listen.", "Split it into several lists."),
    "CANCEL_AFTER_SHIPPING": Code(Kind.REJECT, Repair.CHANNEL, "Auftrag {order} ist im Shop schon versendet und wird nicht storniert", "Order {order} is already shipped in the shop and is not cancelled", "Kläre die Stornierung mit dem Kunden als Retoure.", "Handle the cancellation as a return."),
    # --- documents and mails ---------------------------------------------------------------------------------------
    "ISSUER_INCOMPLETE": Code(
        Kind.REJECT, Repair.MASTER_DATA, "Dem Projekt „{project}“ fehlen Angaben für Rechnungen: {fields}", "The project '{project}' lacks what an invoice needs: {fields}",
        "Trage sie beim Projekt unter „Rechnungssteller“ ein; die Rechnungen entstehen dann von selbst.", "Enter it at the project under 'Issuer'; the invoices are then issued by themselves."),
    "INVOICE_MISSING": Code(
        Kind.REJECT, Repair.NONE, "Zu Auftrag {order} gibt es keine gültige Rechnung", "There is no valid invoice for order {order}",
        "Stelle zuerst die Rechnung aus.", "Issue the invoice first."),
    "INVOICE_CREDITED": Code(
        Kind.REJECT, Repair.NONE, "Zur Rechnung {invoice} gibt es schon die Gutschrift {credit_note}", "Invoice {invoice} already has the credit note {credit_note}",
        "Sie lässt sich nicht mehr ganz stornieren; schreibe den Rest als Gutschrift gut.", "It can no longer be cancelled as a whole; credit the rest."),
    "CREDIT_EXCEEDED": Code(
        Kind.REJECT, Repair.NONE, "„{line}“: {quantity} gutzuschreiben ist zu viel, übrig sind {left}", "'{line}': {quantity} is too much to credit, {left} are left",
        "Prüfe die Mengen der Retoure und frühere Gutschriften.", "Check the quantities of the return and earlier credit notes."),
    "TEMPLATE_INVALID": Code(
        Kind.REJECT, Repair.MASTER_DATA, "Die Vorlage lässt sich nicht verarbeiten: {reason}", "The template cannot be processed: {reason}",
        "Berichtige die genannte Stelle; bis dahin gilt die bisherige Vorlage.", "Correct the place that is named; until then the previous template is used."),
    "TEMPLATE_FAILED": Code(
        Kind.REJECT, Repair.MASTER_DATA, "Die eigene Vorlage scheitert an diesem Beleg: {reason}", "The own template fails on this document: {reason}",
        "Berichtige die Vorlage; der Beleg wird danach von selbst erzeugt.", "Correct the template; the document is then made by itself."),
    "EINVOICE_INVALID": Code(
        Kind.REJECT, Repair.MASTER_DATA, "Die E-Rechnung verletzt die Norm EN 16931: {reason}", "The e-invoice breaks the standard EN 16931: {reason}",
        "Prüfe die genannte Angabe, storniere die Rechnung und stelle sie neu aus.", "Check what is named, cancel the invoice and issue it again."),
    "FILE_PENDING": Code(
        Kind.RETRY, Repair.NONE, "Die Datei zu {number} ist noch nicht erzeugt", "The file of {number} is not made yet",
        "Warte einen Augenblick; steht am Beleg ein Fehler, behebe ihn.", "Wait a moment; if the document shows a failure, repair it."),
    "MAIL_REFUSED": Code(
        Kind.REJECT, Repair.MASTER_DATA, "Der Mailserver lehnt die Mail an {recipient} ab: {reason}", "The mail server refuses the mail to {recipient}: {reason}",
        "Prüfe die Adresse, dann sende die Mail erneut.", "Check the address, then send the mail again."),
    "MAIL_POSTPONED": Code(
        Kind.RETRY, Repair.NONE, "Der Mailserver nimmt die Mail an {recipient} noch nicht an: {reason}", "The mail server does not take the mail to {recipient} yet: {reason}",
        "Nichts zu tun: es wird von selbst erneut versucht.", "Nothing to do: it is tried again by itself."),
    "MAIL_UNANSWERED": Code(
        Kind.OPERATOR, Repair.NONE, "Ob der Mailserver die Mail an {recipient} angenommen hat, ist unbekannt", "Whether the mail server took the mail to {recipient} is unknown",
        "Frage nach, ob sie ankam; wenn nicht, sende sie erneut.", "Ask whether it arrived; if not, send it again."),
    "MAIL_SERVER": Code(
        Kind.RETRY, Repair.SETTINGS, "Der Mailserver {host} ist nicht nutzbar: {reason}", "The mail server {host} cannot be used: {reason}",
        "Prüfe die Einstellungen CONNECT_SMTP_…; die Mails warten so lange.", "Check the settings CONNECT_SMTP_…; the mails wait until then."),
    "MAIL_ADDRESS": Code(
        Kind.REJECT, Repair.MASTER_DATA, "„{recipient}“ ist keine Mailadresse", "'{recipient}' is not a mail address",
        "Berichtige die Adresse, dann sende die Mail erneut.", "Correct the address, then send the mail again."),
    # --- auto-ship: traffic lights (erp/traffic_lights.py) ----------------------------------------------------------
    "PAYMENT_OPEN": Code(Kind.NOTE, Repair.NONE, "Es fehlen noch {open} {currency}", "{open} {currency} are still to be paid", "Nichts zu tun: nach dem Zahlungseingang geht es von selbst weiter. Fehlt die Meldung, trage die Zahlung ein.", "Nothing to do: it goes on by itself when the money is there. If nobody reports it, enter the payment."),
    "PAYMENT_REFUNDED": Code(Kind.NOTE, Repair.MASTER_DATA, "Das Geld ist zurückgezahlt", "The money was paid back", "Storniere den Auftrag oder trage eine neue Zahlung ein.", "Cancel the order or enter a new payment."),
    "GOODS_MISSING": Code(Kind.NOTE, Repair.ARTICLE, "{sku} fehlt im Lager", "{sku} is not in stock", "Nichts zu tun: nach dem nächsten Zugang geht es von selbst weiter. Oder liefere einen Teil.", "Nothing to do: it goes on by itself after the next receipt. Or ship a part."),
    "GOODS_RESERVED": Code(Kind.NOTE, Repair.ARTICLE, "{sku} ist für andere Aufträge reserviert", "{sku} is reserved for other orders", "Nichts zu tun: nach dem nächsten Zugang geht es von selbst weiter.", "Nothing to do: it goes on by itself after the next receipt."),
    "GOODS_SPREAD": Code(Kind.NOTE, Repair.ARTICLE, "Die Ware liegt in mehreren Lagern", "The goods lie in several warehouses", "Lagere um, oder liefere den Auftrag von Hand in Teilen.", "Transfer the goods, or ship the order by hand in parts."),
    "GOODS_AT_PROVIDER": Code(Kind.NOTE, Repair.NONE, "Die Ware liegt beim Fulfillment-Dienstleister", "The goods lie at the fulfilment provider", "Nichts zu tun: der Auftrag geht mit der nächsten Datei zum Dienstleister.", "Nothing to do: the order goes to the provider with the next file."),
    "AT_PROVIDER": Code(Kind.NOTE, Repair.NONE, "Der Auftrag ist beim Fulfillment-Dienstleister", "The order is with the fulfilment provider", "Nichts zu tun: die Sendungsnummer kommt mit seiner nächsten Datei.", "Nothing to do: the tracking number comes with the provider's next file."),
    "ADDRESS_LACKS": Code(Kind.NOTE, Repair.MASTER_DATA, "In der Lieferadresse fehlt Name, Straße, Ort oder Land", "The delivery address lacks name, street, city or country", "Ergänze die Lieferadresse am Auftrag.", "Complete the delivery address on the order."),
    "VAT_ID_MISSING": Code(Kind.NOTE, Repair.MASTER_DATA, "Steuerschuldumkehr ohne USt-IdNr.", "Reverse charge without a VAT id", "Prüfe die Besteuerung mit dem Kunden und storniere den Auftrag, wenn sie falsch ist.", "Check the taxation with the customer, and cancel the order if it is wrong."),
    "CUSTOMER_LOCKED": Code(Kind.NOTE, Repair.MASTER_DATA, "Der Kunde ist gesperrt: {reason}", "The customer is locked: {reason}", "Hebe die Sperre am Kunden auf oder versende von Hand.", "Unlock the customer or ship by hand."),
    "PROJECT_WITHOUT_AUTOSHIP": Code(Kind.NOTE, Repair.SETTINGS, "Das Projekt {project} hat keinen Autoversand", "The project {project} has no auto-ship", "Versende von Hand oder erlaube den Autoversand im Projekt.", "Ship by hand, or allow auto-ship in the project."),
    "ORDER_ON_HOLD": Code(Kind.NOTE, Repair.MASTER_DATA, "Der Auftrag ist angehalten", "The order is on hold", "Lies die Gründe am Auftrag und gib ihn frei.", "Read the reasons on the order and release it."),
    "AUTOSHIP_OFF": Code(Kind.NOTE, Repair.MASTER_DATA, "Der Autoversand ist am Auftrag ausgeschaltet", "Auto-ship is off for this order", "Schalte ihn am Auftrag ein oder versende von Hand.", "Switch it on at the order, or ship by hand."),
    "ORDER_CANCELLED": Code(Kind.NOTE, Repair.NONE, "Der Auftrag ist storniert", "The order is cancelled", "Nichts zu tun.", "Nothing to do."),
    "CHANNEL_SHIPS": Code(Kind.NOTE, Repair.NONE, "Der Marktplatz versendet diesen Auftrag", "The marketplace ships this order", "Nichts zu tun: es entsteht nur eine Rechnung.", "Nothing to do: there is only an invoice."),
    "STARTED_BY_HAND": Code(Kind.NOTE, Repair.MASTER_DATA, "Ein Teil ist von Hand geliefert", "A part was shipped by hand", "Liefere auch den Rest von Hand oder storniere ihn.", "Ship the rest by hand, too, or cancel it."),
    "ALREADY_LEFT": Code(Kind.NOTE, Repair.NONE, "Die Ware ist schon gepackt oder versendet", "The goods are packed or shipped already", "Nichts zu tun.", "Nothing to do."),
    "SHIPPING_METHOD_MISSING": Code(Kind.NOTE, Repair.MASTER_DATA, "Der Auftrag hat keine Versandart", "The order has no shipping method", "Versende von Hand mit einer Sendungsnummer.", "Ship by hand with a tracking number."),
    "LABEL_FOLDER_MISSING": Code(Kind.NOTE, Repair.MASTER_DATA, "Für die Versandart {method} ist kein Ordner für Paketmarken eingetragen", "The shipping method {method} has no folder for labels", "Trage den Ordner in den Stammdaten an der Versandart ein.", "Enter the folder at the shipping method in the master data."),
    "PIECE_TOO_HEAVY": Code(Kind.NOTE, Repair.ARTICLE, "Ein Stück {sku} ist schwerer, als {method} erlaubt", "One piece of {sku} is heavier than {method} allows", "Versende von Hand, etwa mit einer Spedition, oder prüfe das Gewicht am Artikel.", "Ship by hand, for example with a forwarder, or check the article's weight."),
    # --- labels and printers ---------------------------------------------------------------------------------------
    "CARRIER_REFUSED": Code(Kind.REJECT, Repair.MASTER_DATA, "Der Versanddienstleister lehnt das Paket ab: {reason}", "The carrier refuses the parcel: {reason}", "Beseitige den Grund und fordere die Paketmarke erneut an, oder trage eine Sendungsnummer ein.", "Remove the cause and request the label again, or enter a tracking number."),
    "LABEL_ANSWER_INVALID": Code(Kind.REJECT, Repair.NONE, "Die Antwort des Versanddienstleisters ist nicht lesbar: {problem}", "The carrier's answer cannot be read: {problem}", "Die Datei liegt im Ordner „bad“. Prüfe, ob sie der Beschreibung entspricht, und lege sie berichtigt in „in“.", "The file is in the folder 'bad'. Compare it with the description and put it into 'in' again."),
    "LABEL_UNKNOWN": Code(Kind.REJECT, Repair.NONE, "Zu {key} wird keine Paketmarke erwartet", "No label is expected for {key}", "Die Datei liegt im Ordner „bad“. Prüfe, ob das Paket schon eine andere Paketmarke hat.", "The file is in the folder 'bad'. Check whether the parcel has another label already."),
    "PRINTER_UNREACHABLE": Code(Kind.RETRY, Repair.NONE, "Der Drucker {printer} ist nicht erreichbar", "The printer {printer} cannot be reached", "Prüfe, ob er eingeschaltet ist; es wird von selbst erneut versucht.", "Check that it is switched on; it is tried again by itself."),
    "PRINTER_BUSY": Code(Kind.RETRY, Repair.NONE, "Der Drucker {printer} nimmt gerade nichts an ({status})", "The printer {printer} takes nothing at the moment ({status})", "Prüfe Papier und Anzeige; es wird von selbst erneut versucht.", "Check paper and display; it is tried again by itself."),
    "PRINTER_REFUSED": Code(Kind.REJECT, Repair.NONE, "Der Drucker {printer} lehnt den Druck ab ({status})", "The printer {printer} refuses to print ({status})", "Prüfe Adresse und Warteschlange des Druckers, dann drucke erneut.", "Check the printer's address and queue, then print again."),
    "PRINTER_ADDRESS": Code(Kind.REJECT, Repair.SETTINGS, "„{address}“ ist keine gültige Druckeradresse", "'{address}' is not a valid printer address", "Trage etwa ipp://drucker/ipp/print oder lpr://drucker/warteschlange ein.", "Enter for example ipp://printer/ipp/print or lpr://printer/queue."),
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
    "FOLDER_DENIED": Code(Kind.OPERATOR, Repair.SETTINGS, "Connect darf im Ordner {folder} nicht lesen oder schreiben", "Connect may not read or write in the folder {folder}", "Gib dem Benutzer, mit dem Connect dort arbeitet, das Recht dazu.", "Give the user that Connect works as there the right to do so."),
    "FOLDER_BROKEN": Code(Kind.RETRY, Repair.SETTINGS, "Der Ordner {folder} ist nicht benutzbar: {reason}", "The folder {folder} cannot be used: {reason}", "Prüfe, ob der Ordner da und das Netzlaufwerk verbunden ist; danach geht es von selbst weiter.", "Check that the folder is there and the network drive is connected; it then goes on by itself."),
    "FILE_TOO_LARGE": Code(Kind.REJECT, Repair.CHANNEL, "Die Datei {file} ist größer als {megabytes} MB", "The file {file} is larger than {megabytes} MB", "Lass sie in kleinere Dateien teilen.", "Have it split into smaller files."),
    # --- articles, in a file of their own -------------------------------------------------------------------------
    **ARTICLE_CODES,
    **CHANNEL_CODES,
    # --- lifecycle -------------------------------------------------------------------------------------------------
    "STATE_FORBIDS": Code(Kind.REJECT, Repair.NONE, "Das geht im Zustand „{state}“ nicht", "This is not possible in the state '{state}'", "Ändere zuerst den Zustand der Integration oder des Auftrags.", "Change the state of the integration or the order first.", words="state"),
    "FEATURE_UNKNOWN": Code(Kind.REJECT, Repair.SETTINGS, "Die Funktion „{feature}“ ist nicht gewählt", "The feature '{feature}' is not chosen", "Wähle die Funktion in den Einstellungen der Integration.", "Choose the feature in the integration's settings."),
    "NOT_READY": Code(Kind.REJECT, Repair.SETTINGS, "Noch nicht bereit: {items}", "Not ready yet: {items}", "Erledige die roten Punkte der Bereitschaftsprüfung.", "Finish the red items of the readiness report."),
    "UNCONFIRMED": Code(Kind.REJECT, Repair.NONE, "Zum Bestätigen gib „{expected}“ ein", "Enter '{expected}' to confirm", "Gib den Namen der Integration ein.", "Enter the name of the integration."),
    "NOT_INSTALLED": Code(Kind.REJECT, Repair.NONE, "Der Connector „{connector}“ ist nicht installiert", "The connector '{connector}' is not installed", "Installiere ihn in der Galerie.", "Install it in the gallery."),
    "NAME_TAKEN": Code(Kind.REJECT, Repair.NONE, "Eine Integration „{name}“ gibt es schon", "There is already an integration '{name}'", "Wähle einen anderen Namen.", "Choose another name."),
    "NOT_RUNNING": Code(Kind.OPERATOR, Repair.NONE, "Der Ablauf der Integration läuft nicht", "The integration's workflow is not running", "Starte ihn mit „Wieder starten“; alles Gespeicherte bleibt.", "Start it with 'Start again'; everything stored stays."),
}
