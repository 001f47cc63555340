"""Traffic lights (Ampeln) of an order on its way to auto-ship: one pure function over facts, one statement for the facts.

An order ships by itself when all its lights are green. Amber waits for something that comes by itself (money, goods, a
provider), red waits for a person. `queue_of` names what a whole order waits for; `_QUEUE` says the same in SQL, because a
hundred thousand orders are counted and chosen in the database. A test holds the two together.

Reservations are claims (D§2.3: per article, not per warehouse): an order takes what it has reserved itself, and beyond that
only what no order has reserved, so a younger order never takes what is kept for an older one. Reservations that exceed the
stock do not stop whoever holds one: the oldest order whose goods are there ships first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import text
from sqlmodel import Session

from canonical.failure import Finding, Severity

Colour = Literal["green", "amber", "red"]
QUEUES = ("ready", "payment", "stock", "provider", "person")
"""What an order waits for: nothing, money, goods, a provider, or a person."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides an order's lights."""

    order_id: int
    is_cancelled: bool
    fulfilled_by: str
    fulfilment_state: str
    payment_state: str
    ships_unpaid: bool
    paid: Decimal
    total: Decimal
    currency: str
    has_goods: bool
    goods: str
    """here (one own warehouse holds everything), provider (only a provider's does), spread (only several together do),
    reserved (kept for others) or missing."""
    lacking: str
    """An article's number that is missing or kept for others."""
    at_provider: bool
    """A provider has the order already."""
    needs_address: bool
    has_address: bool
    has_vat_id: bool
    """Or needs none."""
    has_rate: bool
    """The exchange rate, where the currency needs one."""
    customer_locked: bool
    lock_reason: str
    project: str
    project_ships: bool
    holds: tuple[str, ...]
    autoship: bool
    method: str
    """The shipping method's name; empty where there is none."""
    has_folder: bool
    """Where labels are requested, or none is needed."""
    heavy: str
    """The number of an article of which one piece is too heavy for the method's parcels."""


@dataclass(frozen=True, slots=True)
class Light:
    """One light: what it looks at, its colour, and for those that are not green why, as a code with values."""

    name: str
    colour: Colour
    reason: Finding | None = None


def lights(facts: Facts) -> tuple[Light, ...]:
    """Say every light of an order; pure."""
    return (
        _fulfils(facts),
        _paid(facts),
        _stock(facts),
        _when("address", facts.has_address or not facts.needs_address, "ADDRESS_LACKS"),
        _tax(facts),
        _when("customer", not facts.customer_locked, "CUSTOMER_LOCKED", reason=facts.lock_reason or "–"),
        _when("project", facts.project_ships, "PROJECT_WITHOUT_AUTOSHIP", project=facts.project),
        _when("hold", not facts.holds, "ORDER_ON_HOLD", number=len(facts.holds)),
        _when("autoship", facts.autoship, "AUTOSHIP_OFF"),
        _label(facts),
    )


def queue_of(found: Sequence[Light]) -> str:
    """Name what an order waits for: a person before money, money before goods; pure."""
    if any(light.colour == "red" for light in found):
        return "person"
    waits = {light.name: light.reason for light in found if light.colour == "amber"}
    if "paid" in waits:
        return "payment"
    if "fulfils" in waits:
        return "provider"
    reason = waits.get("stock")
    if reason is not None:
        return "provider" if reason.code == "GOODS_AT_PROVIDER" else "stock"
    return "ready"


def _light(name: str, colour: Colour, code: str, **params: object) -> Light:
    values = {key: str(value) for key, value in params.items()}
    return Light(name, colour, Finding(code=code, severity=Severity.NOTE, params=values))


def _when(name: str, is_good: bool, code: str, **params: object) -> Light:
    """Green, or a person is needed."""
    return Light(name, "green") if is_good else _light(name, "red", code, **params)


def _fulfils(facts: Facts) -> Light:
    if facts.is_cancelled:
        return _light("fulfils", "red", "ORDER_CANCELLED")
    if facts.fulfilled_by == "channel":
        return _light("fulfils", "red", "CHANNEL_SHIPS")
    if facts.fulfilment_state == "partial":
        return _light("fulfils", "red", "STARTED_BY_HAND")
    if facts.fulfilment_state != "open":
        return _light("fulfils", "red", "ALREADY_LEFT")
    if facts.at_provider:
        return _light("fulfils", "amber", "AT_PROVIDER")
    return Light("fulfils", "green")


def _paid(facts: Facts) -> Light:
    if facts.payment_state == "refunded":
        return _light("paid", "red", "PAYMENT_REFUNDED")
    if facts.payment_state == "paid" or facts.ships_unpaid:
        return Light("paid", "green")
    rest = facts.total - facts.paid
    return _light("paid", "amber", "PAYMENT_OPEN", open=f"{rest:.2f}", currency=facts.currency)


def _stock(facts: Facts) -> Light:
    code = {
        "here": "",
        "provider": "GOODS_AT_PROVIDER",
        "spread": "GOODS_SPREAD",
        "reserved": "GOODS_RESERVED",
        "missing": "GOODS_MISSING",
    }[facts.goods]
    return _light("stock", "amber", code, sku=facts.lacking) if code else Light("stock", "green")


def _tax(facts: Facts) -> Light:
    if not facts.has_vat_id:
        return _light("tax", "red", "VAT_ID_MISSING")
    return _when("tax", facts.has_rate, "CURRENCY_RATE_MISSING", currency=facts.currency)


def _label(facts: Facts) -> Light:
    if not facts.has_goods:
        return Light("label", "green")
    if not facts.method:
        return _light("label", "red", "SHIPPING_METHOD_MISSING")
    if not facts.has_folder:
        return _light("label", "red", "LABEL_FOLDER_MISSING", method=facts.method)
    return _when("label", not facts.heavy, "PIECE_TOO_HEAVY", sku=facts.heavy, method=facts.method)


OPEN = "o.fulfilment_state IN ('open', 'partial') AND NOT o.is_cancelled AND o.fulfilled_by = 'merchant'"
"""The orders that the page shows: what still leaves from here."""

_FACTS = """
    WITH wanted AS (
        SELECT o.id, m.max_parcel_weight FROM sales_order o
        LEFT JOIN shipping_method m ON m.id = o.shipping_method_id WHERE {wanted}),
    needs AS (
        SELECT l.order_id, l.article_id, max(a.number) AS number, bool_or(a.weight > w.max_parcel_weight) AS is_heavy,
            sum(l.quantity - l.cancelled - l.shipped) AS need
        FROM wanted w JOIN sales_order_line l ON l.order_id = w.id
        JOIN article a ON a.id = l.article_id AND a.is_stock_article
        WHERE l.kind IN ('article', 'component') AND l.quantity > l.cancelled + l.shipped GROUP BY 1, 2),
    sought AS (SELECT DISTINCT article_id FROM needs),
    held AS (
        SELECT s.article_id, s.warehouse_id, w.kind, s.physical FROM sought JOIN stock_level s USING (article_id)
        JOIN warehouse w ON w.id = s.warehouse_id AND NOT w.is_locked AND w.kind IN ('own', 'provider')),
    sums AS (SELECT article_id, sum(physical) AS physical FROM held GROUP BY 1),
    reserved AS (
        SELECT r.article_id, sum(r.quantity) AS quantity FROM sought JOIN reservation r USING (article_id) GROUP BY 1),
    own AS (
        SELECT r.order_id, r.article_id, sum(r.quantity) AS quantity
        FROM wanted w JOIN reservation r ON r.order_id = w.id GROUP BY 1, 2),
    claims AS (
        SELECT n.order_id, n.article_id, n.number, n.is_heavy, n.need, coalesce(s.physical, 0) >= n.need AS is_there,
            coalesce(o.quantity, 0) >= n.need
                OR coalesce(s.physical, 0) - coalesce(r.quantity, 0) + coalesce(o.quantity, 0) >= n.need AS is_free
        FROM needs n LEFT JOIN sums s USING (article_id) LEFT JOIN reserved r USING (article_id)
        LEFT JOIN own o ON o.order_id = n.order_id AND o.article_id = n.article_id),
    goods AS (
        SELECT order_id, count(*) AS articles, bool_and(is_there) AS is_there, bool_and(is_free) AS is_free,
            min(number) FILTER (WHERE NOT is_there) AS missing, min(number) FILTER (WHERE NOT is_free) AS kept,
            min(number) FILTER (WHERE is_heavy) AS heavy, min(number) AS any_number
        FROM claims GROUP BY 1),
    places AS (
        SELECT found.order_id, bool_or(kind = 'own') AS is_own FROM (
            SELECT n.order_id, h.kind, count(*) AS articles FROM needs n
            JOIN held h ON h.article_id = n.article_id AND h.physical >= n.need GROUP BY n.order_id, h.warehouse_id, h.kind
        ) AS found JOIN goods ON goods.order_id = found.order_id AND goods.articles = found.articles GROUP BY 1),
    facts AS (
        SELECT o.id AS order_id, o.fast_lane, o.is_cancelled, o.fulfilled_by, o.fulfilment_state, o.payment_state,
            coalesce(pm.ships_unpaid, false) AS ships_unpaid, o.paid, o.total, o.currency,
            g.order_id IS NOT NULL AS has_goods,
            CASE WHEN g.order_id IS NULL THEN 'here' WHEN NOT g.is_there THEN 'missing' WHEN NOT g.is_free THEN 'reserved'
                WHEN pl.is_own THEN 'here' WHEN pl.order_id IS NOT NULL THEN 'provider' ELSE 'spread' END AS goods,
            coalesce(g.missing, g.kept, g.any_number, '') AS lacking,
            coalesce(po.state IN ('waiting', 'handed_over', 'shipped'), false) AS at_provider,
            g.order_id IS NOT NULL AND NOT coalesce(sm.is_pickup, false) AND NOT o.is_pos AS needs_address,
            concat(o.delivery ->> 'first_name', o.delivery ->> 'last_name', o.delivery ->> 'company') <> ''
                AND coalesce(o.delivery ->> 'street', '') <> '' AND coalesce(o.delivery ->> 'city', '') <> ''
                AND length(coalesce(o.delivery ->> 'country', '')) = 2 AS has_address,
            o.tax_kind <> 'reverse_charge' OR o.vat_id <> '' AS has_vat_id,
            o.currency = 'EUR' OR o.exchange_rate IS NOT NULL AS has_rate,
            c.is_locked AS customer_locked, c.lock_reason, p.name AS project, p.autoship_allowed AS project_ships,
            o.holds, o.autoship, coalesce(sm.name, CASE WHEN o.is_pos THEN '–' ELSE '' END) AS method,
            coalesce(sm.adapter, 'manual') <> 'file' OR sm.adapter_folder <> '' AS has_folder,
            coalesce(g.heavy, '') AS heavy
        FROM wanted w JOIN sales_order o ON o.id = w.id JOIN project p ON p.id = o.project_id
        JOIN customer c ON c.id = o.customer_id
        LEFT JOIN payment_method pm ON pm.id = o.payment_method_id
        LEFT JOIN shipping_method sm ON sm.id = o.shipping_method_id
        LEFT JOIN partner_order po ON po.order_id = o.id
        LEFT JOIN goods g ON g.order_id = o.id LEFT JOIN places pl ON pl.order_id = o.id),
    queued AS (
        SELECT facts.*, CASE
            WHEN is_cancelled OR fulfilled_by = 'channel' OR fulfilment_state <> 'open' OR payment_state = 'refunded'
                OR (needs_address AND NOT has_address) OR NOT has_vat_id OR NOT has_rate OR customer_locked
                OR NOT project_ships OR holds <> '{{}}' OR NOT autoship
                OR (has_goods AND (method = '' OR NOT has_folder OR heavy <> '')) THEN 'person'
            WHEN payment_state <> 'paid' AND NOT ships_unpaid THEN 'payment'
            WHEN at_provider OR goods = 'provider' THEN 'provider'
            WHEN goods <> 'here' THEN 'stock'
            ELSE 'ready' END AS queue
        FROM facts)
"""


def sql(wanted: str, ending: str) -> str:
    """Make the statement over the orders that `wanted` names; `ending` reads `queued`. Both are texts of ours."""
    return _FACTS.format(wanted=wanted) + ending


def facts_of(session: Session, order_ids: Sequence[int]) -> dict[int, Facts]:
    """Read the facts of orders, in one statement."""
    statement = text(sql("o.id = ANY(:ids)", "SELECT * FROM queued"))
    return {row.order_id: facts_from(row) for row in session.execute(statement, {"ids": list(order_ids)})}


def facts_from(row: Any) -> Facts:
    """Make facts of a row of `queued`."""
    values = {name: getattr(row, name) for name in Facts.__dataclass_fields__}
    return Facts(**(values | {"holds": tuple(row.holds)}))
