"""What is sent to a channel about prices: the chosen source's price of each listed article, gross or net (D§2.4)."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import func, or_, text
from sqlmodel import Session, col, select

from canonical.catalogue import ArticlePrices, PriceTier, TaxCategory
from canonical.failure import Failure, FailureError
from canonical.money import HUNDRED, cents, unit_of
from canonical.settings import PriceSettings
from erp.foreign_numbers import channel_numbers
from erp.prices import EUR, PriceSource, prices_for, source_of
from erp.push_context import PushContext
from erp.tables import CustomerGroup, Link, Price

FINEST = Decimal("0.0001")
"""Net prices keep four decimals, so that the gross price comes out again."""


def links_of(session: Session, integration_id: str, records: Sequence[str]) -> list[int]:
    """Find the price links that a person means by article numbers."""
    query = select(col(Link.id)).where(
        col(Link.integration_id) == integration_id, col(Link.kind) == "prices", col(Link.record).in_(list(records))
    )
    return [link_id for link_id in session.exec(query) if link_id is not None]


@dataclass(frozen=True, slots=True)
class _Row:
    """An article, as far as its prices ask it."""

    article_id: int
    number: str
    tax_category: TaxCategory
    pseudo_price: Decimal | None
    """Of this shop, gross, in EUR."""
    parent_ref: str


def payloads(
    session: Session, context: PushContext[PriceSettings], links: Sequence[Link]
) -> dict[int, ArticlePrices | Failure]:
    """Say per link id which prices are sent now; a link without an entry is not to be sent.

    Only listed articles that are sold by themselves: a matrix article has its variants' prices. An article without a price
    of the chosen source fails with NO_PRICE, another source never stands in; TAX_RATE_MISSING where gross and net must be
    converted and the settings have no rate. A fixed number of statements for any number of links. Raises `FailureError`
    PRICE_SOURCE_UNKNOWN.
    """
    settings = context.settings
    source, today = source_of(session, settings.price_source_name), _today()
    rows = _rows(session, context.integration_id, [link.record_id for link in links])
    ids = list(rows)
    base = prices_for(session, ids, source=source, on=today, currency=settings.currency)
    others = _others(session, ids, settings.currency, source, today) if settings.advanced_prices else {}
    skus = channel_numbers(session, context.integration_id, context.advanced, ids)
    found: dict[int, ArticlePrices | Failure] = {}
    for link in links:
        row = rows.get(link.record_id)
        if row is None or link.id is None:
            continue
        chosen = base.get(row.article_id)
        if chosen is None:
            found[link.id] = Failure.of("NO_PRICE", sku=row.number, source=source.name, currency=settings.currency)
            continue
        try:
            found[link.id] = _prices(row, link, chosen, others.get(row.article_id, ()), settings).model_copy(
                update={"sku": skus[row.article_id]}
            )
        except FailureError as error:
            found[link.id] = error.failure
    return found


def _today() -> date:
    return datetime.now(UTC).astimezone().date()


_ROWS = text(
    """
    SELECT a.id, a.number, a.tax_category, s.pseudo_price, coalesce(pl.external_ref, '')
    FROM article a
    JOIN article_list_entry e ON e.integration_id = :integration AND e.article_id = a.id AND e.removed_at IS NULL
    LEFT JOIN article_option s ON s.integration_id = :integration AND s.article_id = a.id
    LEFT JOIN article p ON p.id = a.parent_id
    LEFT JOIN link pl ON pl.integration_id = :integration AND pl.kind = 'articles' AND pl.record = p.number
    WHERE a.id = ANY(:ids) AND NOT a.is_deleted AND a.kind <> 'matrix'
      AND NOT (a.is_postage OR a.is_discount OR a.is_surcharge)
    """
)


def _rows(session: Session, integration_id: str, ids: Sequence[int]) -> dict[int, _Row]:
    rows = session.execute(_ROWS, {"integration": integration_id, "ids": list(ids)})
    return {row[0]: _Row(row[0], row[1], TaxCategory(row[2]), row[3], row[4]) for row in rows}


def _others(
    session: Session, ids: Sequence[int], currency: str, source: PriceSource, today: date
) -> dict[int, list[tuple[Price, str]]]:
    """The prices besides the base, with the group they are for: scales of the source itself, and those of all groups.

    Prices of single customers are nobody else's business, unless a customer is the source. What is over is left out, what
    begins later is sent with its day.
    """
    of_source = col(Price.customer_group_id).is_not_distinct_from(source.group_id) & col(
        Price.customer_id
    ).is_not_distinct_from(source.customer_id)
    query = (
        select(Price, col(CustomerGroup.name))
        .outerjoin(CustomerGroup, col(CustomerGroup.id) == col(Price.customer_group_id))
        .where(
            col(Price.article_id) == func.any(list(ids)),
            col(Price.currency) == currency,
            or_(of_source, col(Price.customer_group_id).is_not(None)),
            or_(col(Price.valid_to).is_(None), col(Price.valid_to) >= today),
        )
        .order_by(
            col(CustomerGroup.name).nulls_first(), col(Price.from_quantity), col(Price.valid_from).nulls_first()
        )
    )  # fmt: skip
    found: dict[int, list[tuple[Price, str]]] = defaultdict(list)
    for price, group in session.exec(query):
        is_everybodys = (price.customer_group_id, price.customer_id) == (source.group_id, source.customer_id)
        found[price.article_id].append((price, "" if is_everybodys else group))
    return found


def _prices(
    row: _Row, link: Link, chosen: Price, others: Sequence[tuple[Price, str]], settings: PriceSettings
) -> ArticlePrices:
    rate = _rate(row.tax_category, settings)
    base = _tier(chosen, "", row, rate, settings)
    if settings.send_pseudo_price and row.pseudo_price is not None and settings.currency == EUR:
        pseudo = _amount(row.pseudo_price, True, row, rate, settings)
        base = base.model_copy(update={"pseudo_amount": pseudo})
    # The base price holds now, whatever its dates say; when another day begins, another one is sent.
    base = base.model_copy(update={"valid_from": None, "valid_to": None, "from_quantity": Decimal(1)})
    return ArticlePrices(
        key=link.record,
        sku=row.number,
        ref=link.external_ref,
        parent_ref=row.parent_ref,
        tax_category=row.tax_category,
        tax_rate=rate,
        base=base,
        tiers=tuple(_tier(price, group, row, rate, settings) for price, group in others if price.id != chosen.id),
    )


def _tier(price: Price, group: str, row: _Row, rate: Decimal | None, settings: PriceSettings) -> PriceTier:
    pseudo = price.pseudo_amount if settings.send_pseudo_price else None
    return PriceTier(
        amount=_amount(price.amount, price.is_gross, row, rate, settings),
        currency=price.currency,
        is_gross=not settings.prices_net,
        pseudo_amount=None if pseudo is None else _amount(pseudo, price.is_gross, row, rate, settings),
        from_quantity=price.from_quantity.normalize() + 0,
        group=group,
        valid_from=price.valid_from,
        valid_to=price.valid_to,
    )


def _rate(category: TaxCategory, settings: PriceSettings) -> Decimal | None:
    """The percent between gross and net; a special rate is nowhere stated for a whole shop."""
    return {
        TaxCategory.NORMAL: settings.tax_normal,
        TaxCategory.REDUCED: settings.tax_reduced,
        TaxCategory.EXEMPT: settings.tax_exempt,
    }.get(category)


def _amount(amount: Decimal, is_gross: bool, row: _Row, rate: Decimal | None, settings: PriceSettings) -> Decimal:
    """An amount as the shop keeps it: gross to the cent, net with up to four decimals."""
    unit = unit_of(settings.currency)
    if is_gross == settings.prices_net:
        if rate is None:
            raise FailureError(Failure.of("TAX_RATE_MISSING", sku=row.number, category=row.tax_category.value))
        factor = (HUNDRED + rate) / HUNDRED
        if is_gross:
            return _plain((amount / factor).quantize(FINEST))
        return cents(amount * factor, unit)
    return _plain(amount)


def _plain(amount: Decimal) -> Decimal:
    """An amount with two decimals where it has no more."""
    short = cents(amount)
    return short if short == amount else amount.normalize()


def fingerprint(prices: ArticlePrices) -> str:
    """What tells that prices say something new; the channel's own ids do not."""
    said: dict[str, Any] = prices.model_dump(mode="json", exclude={"ref", "parent_ref"}, exclude_defaults=True)
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def shown(prices: ArticlePrices) -> str:
    """Prices in a few words for the journal: the base price, and how many others."""
    more = f" +{len(prices.tiers)}" if prices.tiers else ""
    return f"{prices.base.amount} {prices.base.currency}{more}"


_DAWNED = text(
    """
    UPDATE link l SET dirty_at = clock_timestamp(), next_try_at = NULL, attempts = 0,
        state = CASE WHEN l.state = 'failed' THEN 'never' ELSE l.state END
    FROM (
        SELECT DISTINCT k.id FROM link k JOIN price p ON p.article_id = k.record_id
        WHERE k.integration_id = :integration AND k.kind = 'prices' AND k.dirty_at IS NULL
          AND (p.valid_from <= current_date AND p.valid_from > coalesce(k.sent_at::date, current_date - 2)
            OR p.valid_to < current_date AND p.valid_to >= k.sent_at::date)) AS g
    WHERE l.id = g.id
    """
)


def mark_dawned(session: Session, integration_id: str) -> None:
    """Mark what is to be sent because a price began or ended since it was sent last, without anybody changing it."""
    session.execute(_DAWNED, {"integration": integration_id})
