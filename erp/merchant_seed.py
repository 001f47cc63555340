"""Putting a made-up merchant into the store, in sets: a hundred thousand articles in seconds, the same seed twice changes nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text
from sqlmodel import Session

from canonical.order import Address
from erp import merchant
from erp.merchant import Buyer, Piece
from erp.preparation import ensure_defaults
from erp.rules.customer import email_key, name_key
from erp.stock import Movement, Reason, post_movements

CHUNK = 20_000
"""Pieces and movements per step: memory stays flat however large the merchant is."""


class Size(BaseModel):
    """How large the merchant is."""

    model_config = ConfigDict(frozen=True)

    articles: int = Field(default=1000, ge=0, le=2_000_000)
    customers: int = Field(default=500, ge=0, le=2_000_000)
    seed: int = Field(default=1, ge=0, le=9999)


class Seeded(BaseModel):
    """What is new."""

    model_config = ConfigDict(frozen=True)

    articles: int
    customers: int
    movements: int


_STAGE = (
    "CREATE TEMPORARY TABLE seeded_piece (number text, name text, kind text, category text, tax_category text, price numeric,"
    " weight numeric, manufacturer text, ean text, is_stock boolean, is_gift_card boolean, parent text) ON COMMIT DROP",
    "CREATE TEMPORARY TABLE seeded_option (number text, position int, name text, value text) ON COMMIT DROP",
    "CREATE TEMPORARY TABLE seeded_component (number text, component text, quantity int, position int) ON COMMIT DROP",
    "CREATE TEMPORARY TABLE seeded_price (number text, customer_group text, from_quantity int, amount numeric) ON COMMIT DROP",
)
_PIECES = (
    """INSERT INTO article (number, name, description, kind, category, tax_category, weight, net_weight, manufacturer, ean, unit,
         is_stock_article, is_gift_card, is_postage, is_discount, is_surcharge, allows_decimals, is_locked, is_deleted, syncs_stock,
         stock_correction)
       SELECT number, name, '', kind, category, tax_category, nullif(weight, 0), nullif(weight, 0), manufacturer, ean, 'Stück',
         is_stock, is_gift_card, false, false, false, false, false, false, is_stock OR kind = 'jit', 0
       FROM seeded_piece ON CONFLICT (number) DO NOTHING""",
    """UPDATE article a SET parent_id = p.id FROM seeded_piece s JOIN article p ON p.number = s.parent
       WHERE s.parent <> '' AND a.number = s.number AND a.parent_id IS NULL""",
    """INSERT INTO article_property (article_id, position, name, value, is_option)
       SELECT a.id, o.position, o.name, o.value, true FROM seeded_option o JOIN article a ON a.number = o.number
       ON CONFLICT DO NOTHING""",
    """INSERT INTO component (article_id, component_id, quantity, position)
       SELECT a.id, c.id, s.quantity, s.position FROM seeded_component s JOIN article a ON a.number = s.number
       JOIN article c ON c.number = s.component ON CONFLICT DO NOTHING""",
    """INSERT INTO price (article_id, customer_group_id, from_quantity, amount)
       SELECT a.id, g.id, s.from_quantity, s.amount FROM seeded_price s JOIN article a ON a.number = s.number
       LEFT JOIN customer_group g ON g.code = s.customer_group ON CONFLICT DO NOTHING""",
    """INSERT INTO article_category (article_id, category_id)
       SELECT a.id, c.id FROM seeded_piece s JOIN article a ON a.number = s.number
       JOIN category c ON c.name = s.category AND c.parent_id IS NULL ON CONFLICT DO NOTHING""",
)
_CATEGORIES = text(
    "INSERT INTO category (name) SELECT DISTINCT category FROM seeded_piece ORDER BY 1 ON CONFLICT DO NOTHING"
)
_BUYERS = text(
    """INSERT INTO customer (number, project_id, name, company, email, phone, street, postcode, city, country, vat_id, language,
         is_guest, email_key, name_key, group_id)
       SELECT s.number, p.id, s.name, s.company, s.email, '', s.street, s.postcode, s.city, s.country, s.vat_id, 'de',
         false, s.email_key, s.name_key, g.id
       FROM seeded_buyer s JOIN project p ON p.code = 'SHOP' LEFT JOIN customer_group g ON g.code = s.customer_group
       ON CONFLICT (number) DO NOTHING"""
)


def seed_merchant(session: Session, size: Size) -> Seeded:
    """Create the merchant of a seed with master data, articles, prices, bills of material, customers and opening stock.

    Idempotent: what is there stays, and opening stock is posted once. Never commits.
    """
    ensure_defaults(session)
    _ensure(session, "warehouse", merchant.WAREHOUSES)
    _ensure(session, "customer_group", merchant.GROUPS)
    before = _counts(session)
    for statement in _STAGE:
        session.execute(text(f"DROP TABLE IF EXISTS {statement.split()[3]}"))
        session.execute(text(statement))
    # Sets name simple articles of earlier chunks, so a chunk always finds its components.
    for pieces in _chunks(merchant.articles(size.articles, size.seed)):
        _store_pieces(session, pieces)
    _store_buyers(session, merchant.customers(size.customers, size.seed))
    after = _counts(session)
    return Seeded(**{name: after[name] - before[name] for name in after})


def _ensure(session: Session, table: str, rows: Mapping[str, str]) -> None:
    session.execute(
        text(f"INSERT INTO {table} (code, name) VALUES (:code, :name) ON CONFLICT DO NOTHING"),  # noqa: S608 - constants
        [{"code": code, "name": name} for code, name in rows.items()],
    )


def _counts(session: Session) -> dict[str, int]:
    query = text(
        "SELECT (SELECT count(*) FROM article) AS articles, (SELECT count(*) FROM customer) AS customers,"
        " (SELECT count(*) FROM stock_movement) AS movements"
    )
    return dict(session.execute(query).mappings().one())


def _chunks(pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
    while chunk := list(islice(pieces, CHUNK)):
        yield chunk


def _store_pieces(session: Session, pieces: Sequence[Piece]) -> None:
    for table in ("seeded_piece", "seeded_option", "seeded_component", "seeded_price"):
        session.execute(text(f"TRUNCATE {table}"))
    _copy(session, "seeded_piece", (_piece_row(piece) for piece in pieces))
    _copy(
        session,
        "seeded_option",
        ((p.number, position, name, value) for p in pieces for position, (name, value) in enumerate(p.options)),
    )
    _copy(
        session,
        "seeded_component",
        ((p.number, number, count, position) for p in pieces for position, (number, count) in enumerate(p.components)),
    )
    _copy(session, "seeded_price", (row for piece in pieces for row in _price_rows(piece)))
    session.execute(_CATEGORIES)
    for statement in _PIECES:
        session.execute(text(statement))
    movements = [
        Movement(piece.number, warehouse, Decimal(count), Reason.OPENING, "opening")
        for piece in pieces
        for warehouse, count in piece.stock
    ]
    post_movements(session, movements)


def _piece_row(piece: Piece) -> tuple[Any, ...]:
    return (
        piece.number, piece.name, piece.kind, piece.category, piece.tax_category, piece.price, piece.weight, piece.manufacturer,
        piece.ean, piece.is_stock_article, piece.is_gift_card, piece.parent,
    )  # fmt: skip


def _price_rows(piece: Piece) -> Iterator[tuple[Any, ...]]:
    if piece.price is not None:
        yield piece.number, "", 1, piece.price
    for quantity, amount in piece.scale:
        yield piece.number, "", quantity, amount
    if piece.group_price is not None:
        yield piece.number, "haendler", 1, piece.group_price


def _store_buyers(session: Session, buyers: Iterable[Buyer]) -> None:
    session.execute(text("DROP TABLE IF EXISTS seeded_buyer"))
    session.execute(
        text(
            "CREATE TEMPORARY TABLE seeded_buyer (number text, name text, company text, email text, street text, postcode text,"
            " city text, country text, vat_id text, customer_group text, email_key text, name_key text) ON COMMIT DROP"
        )
    )
    _copy(session, "seeded_buyer", (_buyer_row(buyer) for buyer in buyers))
    session.execute(_BUYERS)


def _buyer_row(buyer: Buyer) -> tuple[Any, ...]:
    return (
        buyer.number, buyer.name, buyer.company, buyer.email, buyer.street, buyer.postcode, buyer.city, buyer.country,
        buyer.vat_id, buyer.group, email_key(buyer.email),
        name_key(_address(buyer)),
    )  # fmt: skip


def _address(buyer: Buyer) -> Address:
    return Address(
        first_name=buyer.name, company=buyer.company, street=buyer.street, postcode=buyer.postcode, city=buyer.city,
        country=buyer.country,
    )  # fmt: skip


def _copy(session: Session, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    cursor = session.connection().connection.cursor()
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
