"""Stock, prices and new offers: two independent halves, each a file of its own (D§2.3, D§2.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from canonical.catalogue import ArticlePrices, NewOffer, PriceTier
from canonical.failure import Failure, FailureError
from canonical.money import HUNDRED, cents
from canonical.push import PushAnswer, StockLevel
from connectors.answers import RefusedError
from connectors.mirakl.api import Api
from connectors.mirakl.imports import OFFERS, PRICES, STOCK, upload
from connectors.mirakl.settings import MiraklPriceSettings, MiraklStockSettings, OfferMatch
from connectors.mirakl.tables import write_table
from connectors.mirakl.tickets import Entry
from connectors.one_by_one import rejected

STOCK_COLUMNS = ("offer-sku", "quantity", "warehouse-code", "update-delete")
PRICE_COLUMNS = ("offer-sku", "price", "discount-price", "discount-start-date", "discount-end-date")
MORE_PRICE_COLUMNS = ("price-ranges", "discount-ranges", "start-date", "end-date", "customer-group-ids")
"""Each belongs to an option of the marketplace and is only sent where a price needs it."""
OFFER_COLUMNS = ("sku", "product-id", "product-id-type", "price", "quantity", "state", "update-delete")
MOST_PRICES = 50
"""Of one offer, by the vendor's word."""
DISCOUNT_COLUMNS = ("discount-price", "discount-start-date", "discount-end-date")
NOT_THERE = (404, 405)


def send_stock(api: Api, levels: Sequence[StockLevel]) -> PushAnswer:
    """Hand over global quantities (STO01); where the instance is too old for that, by OF01 with only these columns."""
    entries = [_entry(level) for level in levels]
    sent = [(entry.sku, str(level.quantity)) for entry, level in zip(entries, levels, strict=True) if not entry.known]
    rows = [{"offer-sku": sku, "quantity": quantity} for sku, quantity in sent]
    try:
        return upload(api, STOCK, write_table(STOCK_COLUMNS, rows), entries)
    except RefusedError as error:
        if error.answer.status not in NOT_THERE:
            raise
    offers = [{"sku": sku, "quantity": quantity, "update-delete": "update"} for sku, quantity in sent]
    table = write_table(("sku", "quantity", "update-delete"), offers)
    return upload(api, OFFERS, table, entries, {"import_mode": "PARTIAL_UPDATE"})


def _entry(record: StockLevel | ArticlePrices | NewOffer, failure: Failure | None = None) -> Entry:
    """A record of the batch; one without a number cannot be in a file and is refused at once."""
    sku = record.sku.strip()
    refused = failure or (None if sku else Failure.of("NOT_IN_SHOP", sku=record.sku))
    return Entry(record.key, sku, rejected(record, refused) if refused else None)


def send_prices(api: Api, settings: MiraklPriceSettings, prices: Sequence[ArticlePrices]) -> PushAnswer:
    """Hand over all prices of each offer (PRI01): what is not sent of an offer is deleted in the marketplace."""
    rows: list[dict[str, str]] = []
    entries: list[Entry] = []
    for article in prices:
        try:
            rows += price_rows(settings, article) if article.sku.strip() else []
            entries.append(_entry(article))
        except FailureError as error:
            entries.append(_entry(article, error.failure))
    used = [name for name in MORE_PRICE_COLUMNS if any(row.get(name) for row in rows)]
    return upload(api, PRICES, write_table((*PRICE_COLUMNS, *used), rows), entries)


def price_rows(settings: MiraklPriceSettings, article: ArticlePrices) -> list[dict[str, str]]:
    """All rows of one offer, the default price first. Raises `FailureError` where one of its prices cannot be sent."""
    sku = article.sku.strip()
    groups: dict[tuple[str, str, str], list[PriceTier]] = {("", "", ""): [article.base]}
    for tier in article.tiers:
        groups.setdefault((_group(settings, tier), _day(tier.valid_from), _day(tier.valid_to)), []).append(tier)
    if len(groups) > MOST_PRICES:
        reason = f"{len(groups)} > {MOST_PRICES}"
        raise FailureError(Failure.of("FIELD_INVALID", field="prices", record=sku, reason=reason))
    rows = []
    for (group, start, end), tiers in groups.items():
        # Only cells that say something: a column is sent where some price needs it.
        named = {"start-date": start, "end-date": end, "customer-group-ids": group}
        own = {name: value for name, value in named.items() if value}
        rows.append(
            {"offer-sku": sku, **_row(settings, article, tiers, is_default=not any((group, start, end))), **own}
        )
    return rows


def _row(
    settings: MiraklPriceSettings, article: ArticlePrices, tiers: Sequence[PriceTier], *, is_default: bool
) -> dict[str, str]:
    """One price with its scale. A pseudo price becomes the price, and the sales price the discount on it.

    Without a price from the first piece, the offer's own is that of the row: a scale alone is no price.
    """
    ladder = sorted(tiers, key=lambda tier: tier.from_quantity)
    first = ladder[0] if is_default or ladder[0].from_quantity <= 1 else article.base
    steps = [tier for tier in ladder if tier.from_quantity > 1]
    amount = _amount(settings, article, first)
    row = {"price": _shown(amount)}
    if settings.send_pseudo_price and first.pseudo_amount is not None:
        crossed = _amount(settings, article, first.model_copy(update={"amount": first.pseudo_amount}))
        if crossed > amount:
            # A discount without dates holds until the next file.
            dates = {"discount-start-date": _day(first.valid_from), "discount-end-date": _day(first.valid_to)}
            row = {"price": _shown(crossed), "discount-price": _shown(amount), **dates}
    if steps:
        # As in the vendor's examples of PRI01, where a scale begins with the first piece.
        scale = [
            (1, amount),
            *((tier.from_quantity.to_integral_value(), _amount(settings, article, tier)) for tier in steps),
        ]
        name = "discount-ranges" if "discount-price" in row else "price-ranges"
        row[name] = ",".join(f"{quantity}|{_shown(price)}" for quantity, price in scale)
    return row


def _group(settings: MiraklPriceSettings, tier: PriceTier) -> str:
    if not tier.group:
        return ""
    if tier.group not in settings.group_map:
        raise FailureError(Failure.of("NO_GROUP_MAP", group=tier.group))
    return settings.group_map[tier.group]


def _amount(settings: MiraklPriceSettings, article: ArticlePrices, tier: PriceTier) -> Decimal:
    """Gross or net as the marketplace wants it, by the rate that the settings give to the article."""
    if tier.is_gross is not settings.prices_net or article.tax_rate is None:
        return cents(tier.amount)
    factor = (HUNDRED + article.tax_rate) / HUNDRED
    return cents(tier.amount / factor if settings.prices_net else tier.amount * factor)


def _shown(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _day(moment: object) -> str:
    return str(moment) if moment is not None else ""


@dataclass(frozen=True)
class OfferTerms:
    """What new offers are made by: how they find their product and their condition, and how prices are sent."""

    stock: MiraklStockSettings
    prices: MiraklPriceSettings

    def row(self, offer: NewOffer) -> dict[str, str]:
        """The line that creates an offer: its price for everybody, and a discount where the settings make one.

        Raises `FailureError`: OFFER_EAN_MISSING, OFFER_NUMBER_MISSING, or because one of its prices cannot be sent. Scale
        and group prices are left to the file of prices, which knows all of them.
        """
        by_gtin = self.stock.offer_match is OfferMatch.GTIN
        product = (offer.gtin if by_gtin else offer.product_number).strip()
        if not product:
            raise FailureError(Failure.of("OFFER_EAN_MISSING" if by_gtin else "OFFER_NUMBER_MISSING", sku=offer.sku))
        price = price_rows(self.prices, offer.prices)[0]
        return {
            "sku": offer.sku.strip(),
            "product-id": product,
            "product-id-type": "EAN" if by_gtin else "SKU",
            "price": price["price"],
            "quantity": str(max(0, offer.quantity)),
            "state": self.stock.new_offer_state,
            "update-delete": "update",
            **{name: price[name] for name in DISCOUNT_COLUMNS if price.get(name)},
        }


def create(api: Api, terms: OfferTerms, offers: Sequence[NewOffer]) -> PushAnswer:
    """Create offers that are not there yet (OF01); without a condition for new offers in the settings none is created.

    Safe to repeat: one that is there takes over price and quantity, and loses what the file does not have.
    """
    rows: list[dict[str, str]] = []
    entries: list[Entry] = []
    for offer in offers:
        try:
            if not terms.stock.new_offer_state:
                raise FailureError(Failure.of("NOT_IN_SHOP", sku=offer.sku))
            rows += [terms.row(offer)] if offer.sku.strip() else []
            entries.append(_entry(offer))
        except FailureError as error:
            entries.append(_entry(offer, error.failure))
    return upload(api, OFFERS, offer_table(rows), entries, {"import_mode": "NORMAL"})


def offer_table(rows: Sequence[Mapping[str, str]]) -> bytes:
    """The file of OF01; columns of discounts only where one of the offers has one."""
    used = [name for name in DISCOUNT_COLUMNS if any(name in row for row in rows)]
    return write_table((*OFFER_COLUMNS, *used), rows)
