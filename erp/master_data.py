"""The ERP's side of a page of orders, loaded in sets: the number of statements does not grow with the page."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.article import ArticleKind
from canonical.order import Address, ChannelOrder
from canonical.settings import AdvancedSettings, MatchCriterion, OrderSettings
from erp.bulk import storable
from erp.push_refunds import OUR_REFUNDS
from erp.rules import (
    ArticleInfo,
    BookedLine,
    BookedOrder,
    CustomerInfo,
    MasterData,
    OssInfo,
    PaymentInfo,
    ProjectInfo,
    ShippingInfo,
    TermInfo,
)
from erp.rules.address import complete
from erp.rules.amounts import Amounts, LineAmounts
from erp.rules.customer import email_key, name_key
from erp.tables import ArticleTaxRate, DeliveryTerm, ExchangeRate, PaymentMethod, Project, ShippingMethod, TaxRate

ARTICLE_COLUMNS = (
    "a.id, a.number, a.name, a.description, a.tax_category, a.is_stock_article AND a.kind <> 'jit', a.is_postage, a.is_discount,"
    " a.allows_decimals, NOT (a.is_locked OR a.is_deleted) AS is_usable, a.kind, a.is_gift_card"
)


def load_for(
    session: Session,
    integration_id: str,
    settings: OrderSettings,
    advanced: AdvancedSettings,
    orders: Sequence[ChannelOrder],
) -> MasterData:
    """Load whatever the rules may look up for these orders; about ten statements, however many orders."""
    skus = {line.sku for order in orders for line in order.lines if line.sku.strip()}
    specials = {settings.shipping_article, settings.discount_article, settings.surcharge_article}
    by_number, by_email, by_name = _customers(session, settings, orders)
    articles = _articles(session, skus | specials)
    foreign = _foreign(session, integration_id, advanced, skus)
    currencies = _exchange_rates(session, orders)
    return MasterData(
        projects={
            row.code: ProjectInfo(
                row.id or 0,
                row.code,
                row.reserves_stock,
                row.always_postage_line,
                row.autoship_allowed,
                row.language,
            )
            for row in session.exec(select(Project))
        },
        payment_methods={
            row.code: PaymentInfo(row.id or 0, row.code, row.is_cash, row.expire_days)
            for row in session.exec(select(PaymentMethod))
        },
        shipping_methods={
            row.code: ShippingInfo(row.id or 0, row.code, row.is_pickup) for row in session.exec(select(ShippingMethod))
        },
        delivery_terms={row.code: TermInfo(row.id or 0, row.code) for row in session.exec(select(DeliveryTerm))},
        articles_by_sku=articles,
        articles_by_foreign_number=foreign,
        components=_components(session, (*articles.values(), *foreign.values())),
        tax_rates=_tax_rates(session),
        category_rates=_category_rates(session) if any(order.is_tax_left_to_seller for order in orders) else {},
        article_rates=_article_rates(session, (*articles.values(), *foreign.values())),
        oss=_oss(session),
        exchange_rates={row.currency: row.rate for row in currencies},
        exchange_rates_since={row.currency: row.valid_from for row in currencies if row.valid_from},
        customers_by_number=by_number,
        customers_by_email=by_email,
        customers_by_name=by_name,
        already_imported=booked_orders(session, integration_id, {order.external_id for order in orders}),
        duplicates=_duplicates(session, integration_id, orders),
    )


def _articles(session: Session, numbers: set[str]) -> dict[str, ArticleInfo]:
    query = text(f"SELECT {ARTICLE_COLUMNS} FROM article a WHERE a.number = ANY(:numbers)")  # noqa: S608 - constant
    return {row[1]: ArticleInfo(*row) for row in session.execute(query, {"numbers": storable(numbers)})}


def _foreign(
    session: Session, integration_id: str, advanced: AdvancedSettings, numbers: set[str]
) -> dict[str, ArticleInfo]:
    """Articles by their active foreign number with exactly the chosen label (D§3.3)."""
    if not advanced.foreign_numbers:
        return {}
    query = text(
        f"SELECT f.number AS foreign_number, {ARTICLE_COLUMNS} FROM foreign_number f"  # noqa: S608 - constant
        " JOIN article a ON a.id = f.article_id"
        " WHERE f.integration_id = :integration AND f.label = :label AND f.is_active AND f.number = ANY(:numbers)"
    )
    found = session.execute(
        query, {"integration": integration_id, "label": advanced.foreign_number_label, "numbers": storable(numbers)}
    )
    return {row[0]: ArticleInfo(*row[1:]) for row in found}


def _components(
    session: Session, articles: Iterable[ArticleInfo]
) -> dict[int, tuple[tuple[ArticleInfo, Decimal], ...]]:
    """What the JIT articles among these are made of, and the JIT articles among their parts, down to the last."""
    heads = {article.id for article in articles if article.kind == ArticleKind.JIT}
    if not heads:
        return {}
    query = text(
        "WITH RECURSIVE head(id) AS (SELECT unnest(CAST(:heads AS bigint[])) UNION"  # noqa: S608 - constant
        " SELECT a.id FROM head JOIN component c ON c.article_id = head.id"
        " JOIN article a ON a.id = c.component_id AND a.kind = 'jit')"
        f" SELECT c.article_id, c.quantity, {ARTICLE_COLUMNS} FROM head JOIN component c ON c.article_id = head.id"
        " JOIN article a ON a.id = c.component_id ORDER BY c.article_id, c.position, c.component_id"
    )
    found: dict[int, list[tuple[ArticleInfo, Decimal]]] = {}
    for row in session.execute(query, {"heads": sorted(heads)}):
        found.setdefault(row[0], []).append((ArticleInfo(*row[2:]), row[1]))
    return {head: tuple(parts) for head, parts in found.items()}


def _tax_rates(session: Session) -> dict[str, frozenset[Decimal]]:
    rates: dict[str, set[Decimal]] = {}
    for row in session.exec(select(TaxRate)):
        rates.setdefault(row.country, set()).add(row.rate)
    return {country: frozenset(known) for country, known in rates.items()}


def _category_rates(session: Session) -> dict[tuple[str, str], tuple[tuple[datetime | None, Decimal], ...]]:
    """The same table by category, for orders whose channel leaves the tax to the seller."""
    rates: dict[tuple[str, str], tuple[tuple[datetime | None, Decimal], ...]] = {}
    for row in session.exec(select(TaxRate)):
        key = (row.country, row.kind)
        rates[key] = (*rates.get(key, ()), (row.valid_from, row.rate))
    return rates


def _article_rates(session: Session, articles: Iterable[ArticleInfo]) -> dict[tuple[int, str], Decimal]:
    """The rates that some of these articles have of their own."""
    ids = [article.id for article in articles]
    query = select(ArticleTaxRate).where(col(ArticleTaxRate.article_id).in_(ids))
    return {(row.article_id, row.country): row.rate for row in session.exec(query)}


def _oss(session: Session) -> OssInfo:
    """Since when the countries' rates apply, and where an own warehouse with a VAT id of ours makes it domestic."""
    query = text(
        "SELECT (SELECT applies_from FROM delivery_threshold), (SELECT array_agg(DISTINCT country) FROM vat_registration"
        " JOIN warehouse USING (country) WHERE warehouse.kind = 'own')"
    )
    applies_from, countries = session.execute(query).one()
    return OssInfo(applies_from, frozenset(countries or ()))


def _exchange_rates(session: Session, orders: Sequence[ChannelOrder]) -> Sequence[ExchangeRate]:
    currencies = storable({order.currency for order in orders})
    return session.exec(select(ExchangeRate).where(col(ExchangeRate.currency).in_(currencies))).all()


def _customers(
    session: Session, settings: OrderSettings, orders: Sequence[ChannelOrder]
) -> tuple[dict[str, CustomerInfo], dict[str, tuple[CustomerInfo, ...]], dict[str, tuple[CustomerInfo, ...]]]:
    numbers = {order.customer_ref for order in orders} | {settings.default_customer, settings.pos_customer}
    by = settings.match_criteria
    emails = {email_key(order.billing.email) for order in orders} if MatchCriterion.EMAIL in by else set()
    names = (
        {name_key(_billing(order, settings)) for order in orders} if MatchCriterion.NAME_AND_ADDRESS in by else set()
    )
    return find_customers(session, numbers=numbers, emails=emails, names=names)


def find_customers(
    session: Session, *, numbers: set[str], emails: set[str], names: set[str]
) -> tuple[dict[str, CustomerInfo], dict[str, tuple[CustomerInfo, ...]], dict[str, tuple[CustomerInfo, ...]]]:
    """Find customers by number, e-mail key or name key in one statement, the oldest first."""
    by_number: dict[str, CustomerInfo] = {}
    by_email: dict[str, tuple[CustomerInfo, ...]] = {}
    by_name: dict[str, tuple[CustomerInfo, ...]] = {}
    found = session.execute(
        text(
            # One index each: an OR over three lists makes PostgreSQL read all customers as soon as it plans without statistics.
            "SELECT id, number, project_id, is_locked, lock_reason, email_key, name_key FROM customer WHERE id IN ("
            " SELECT id FROM customer WHERE number = ANY(:numbers) UNION SELECT id FROM customer WHERE email_key = ANY(:emails)"
            " UNION SELECT id FROM customer WHERE name_key = ANY(:names)) AND erased_at IS NULL ORDER BY id"
        ),
        {"numbers": storable(numbers), "emails": storable(emails), "names": storable(names)},
    )
    for *known, email, name in found:
        customer = CustomerInfo(*known)
        number = customer.number
        by_number[number] = customer
        if email:
            by_email[email] = (*by_email.get(email, ()), customer)
        if name:
            by_name[name] = (*by_name.get(name, ()), customer)
    return by_number, by_email, by_name


def _billing(order: ChannelOrder, settings: OrderSettings) -> Address:
    return complete(order, settings).get("billing", order.billing)


def _duplicates(session: Session, integration_id: str, orders: Sequence[ChannelOrder]) -> dict[str, str]:
    """Orders that look like another one under another id: same number, total and day, here or in another shop (D§10.6)."""
    query = text(
        "SELECT external_number, channel_total, ordered_at, external_id, integration_id, number FROM sales_order"
        " WHERE external_number = ANY(:numbers) AND ordered_at IS NOT NULL"
    )
    numbers = storable({order.number for order in orders})
    first: dict[tuple[str, Decimal, date], tuple[str, str]] = {}
    booked: dict[tuple[str, Decimal, date], list[tuple[str, str, str]]] = {}
    for number, total, at, *other in session.execute(query, {"numbers": numbers}):
        booked.setdefault((number, total, _day(at)), []).append((other[0], other[1], other[2]))
    found = {}
    for order in orders:
        key = (order.number, order.stated.total, _day(order.ordered_at))
        twins = [name for id, shop, name in booked.get(key, ()) if (id, shop) != (order.external_id, integration_id)]
        id, name = first.setdefault(key, (order.external_id, order.external_id))
        if id != order.external_id:
            twins.append(name)
        if twins:
            found[order.external_id] = twins[0]
    return found


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


_BOOKED_WITH = """
    SELECT id, external_id, channel_total, refunded, billing, delivery, is_cancelled, fulfilment_state = 'shipped' AS is_shipped,
        total, payment_state, ours.paid_out, ours.on_its_way
    FROM sales_order CROSS JOIN LATERAL ({ours}) AS ours WHERE integration_id = :integration AND external_id = ANY(:ids)
"""
_BOOKED = text(_BOOKED_WITH.format(ours=OUR_REFUNDS))


def booked_orders(session: Session, integration_id: str, external_ids: Iterable[str]) -> dict[str, BookedOrder]:
    """Find the orders that are booked already, with what a newer version of their document is compared with."""
    rows = session.execute(_BOOKED, {"integration": integration_id, "ids": storable(set(external_ids))}).all()
    lines = _booked_lines(session, [row.id for row in rows])
    return {row.external_id: _booked(row, lines.get(row.id, [])) for row in rows}


def _booked(row: Any, lines: Sequence[Any]) -> BookedOrder:
    return BookedOrder(
        id=row.id,
        channel_total=row.channel_total,
        refunded=row.refunded + row.paid_out,
        paid_out=row.paid_out,
        refunding=row.on_its_way,
        billing=row.billing,
        delivery=row.delivery,
        is_cancelled=row.is_cancelled,
        is_shipped=row.is_shipped,
        lines=frozenset(
            BookedLine(line.line_ref, line.quantity, line.net, line.tax, tuple(line.line_refs), line.id, line.gone)
            for line in lines
            if line.kind == "article" or (line.kind == "component" and line.line_ref)
        ),
        total=row.total,
        payment_state=row.payment_state,
        amounts=tuple(
            LineAmounts(line.id, line.kind, line.tax_rate, Amounts(line.quantity, line.net, line.tax, line.gross))
            for line in lines
        ),
    )


_BOOKED_LINES = text(
    "SELECT order_id, id, kind, line_ref, line_refs, quantity, net, tax, gross, tax_rate, cancelled + returned AS gone"
    " FROM sales_order_line WHERE order_id = ANY(:ids) ORDER BY order_id, position"
)


def _booked_lines(session: Session, order_ids: list[int]) -> dict[int, list[Any]]:
    lines: dict[int, list[Any]] = {}
    if order_ids:
        for row in session.execute(_BOOKED_LINES, {"ids": order_ids}):
            lines.setdefault(row.order_id, []).append(row)
    return lines
