"""Stock for the pages: levels by article, movements, stocktakes; read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.settings import StockSettings
from erp.availability import computed
from erp.queries.paging import PAGE, Page, cut, number_key
from erp.tables import Article, StockLevel, StockMovement, Stocktake, Warehouse


@dataclass(frozen=True)
class StockQuery:
    """What the list is narrowed to; the fields are the URL's, `after` is the last number seen."""

    q: str = ""
    warehouse: str = ""
    only: str = ""
    """oversold: more is promised than is there; empty: nothing may be sold."""
    after: str = ""


@dataclass(frozen=True)
class StockRow:
    """One article: what lies there, what of it is promised, and what may be sold; all in pieces."""

    number: str
    name: str
    kind: str
    is_jit: bool
    physical: Decimal
    """In the chosen warehouse, or in all that sell."""
    reserved: Decimal
    ordered: Decimal
    available: Decimal
    """Physical in all warehouses that sell, less what is reserved; of a JIT article the sets that can be packed."""


@dataclass(frozen=True)
class MovementRow:
    """A movement with its warehouse."""

    movement: StockMovement
    warehouse: str


@dataclass(frozen=True)
class ComponentRow:
    """A component of a JIT article: how many sets it allows, and whether it can be packed at all."""

    number: str
    name: str
    quantity: Decimal
    available: Decimal
    sets: int
    can_be_packed: bool


@dataclass(frozen=True)
class StockDetail:
    """One article's stock: per warehouse, in sum, its components, and its movements, the newest first."""

    article: Article
    row: StockRow
    levels: Sequence[tuple[Warehouse, Decimal]]
    components: Sequence[ComponentRow]
    movements: Page[MovementRow]


@dataclass(frozen=True)
class StocktakeRow:
    """A stocktake with its warehouse and how far it is."""

    stocktake: Stocktake
    warehouse: Warehouse
    articles: int
    """With stock there, or counted."""
    counted: int
    different: int


@dataclass(frozen=True)
class CountRow:
    """An article of a stocktake; `expected` is what the books said when it was counted, or say now."""

    number: str
    name: str
    expected: Decimal
    counted: Decimal | None
    counted_by: str
    counted_at: datetime | None


@dataclass(frozen=True)
class CountQuery:
    """Which articles of a stocktake are shown: all, open, counted or different."""

    show: str = ""
    after: str = ""


_NOT_OURS = "marketplace"
"""What lies in a marketplace's warehouse (FBA) is sold there alone."""
_HOUSE = StockSettings(subtract_reservations=True)
_SHOWN = "(a.is_stock_article OR a.kind = 'jit') AND NOT a.is_deleted AND a.kind <> 'matrix'"
_ONLY = {"oversold": "AND s.quantity < 0", "empty": "AND s.quantity < 1"}


def warehouses(session: Session) -> list[Warehouse]:
    """All warehouses by name, our own first."""
    is_foreign = col(Warehouse.kind) != "own"
    return list(session.exec(select(Warehouse).order_by(is_foreign, col(Warehouse.name), col(Warehouse.id))))


def _named(query: StockQuery) -> tuple[str, dict[str, str]]:
    """The condition that a search text and the last key make, with its values."""
    condition = ""
    given: dict[str, str] = {}
    if query.q:
        condition += (
            " AND (a.number LIKE :beginning ESCAPE '/' OR a.ean = :q OR a.name ILIKE '%' || :part || '%' ESCAPE '/')"
        )
        escaped = query.q.replace("/", "//").replace("%", "/%").replace("_", "/_")
        given |= {"q": query.q, "beginning": f"{escaped}%", "part": escaped}
    if query.after:
        condition += " AND a.number > :after"
        given["after"] = query.after
    return condition, given


def levels(session: Session, query: StockQuery, size: int = PAGE) -> Page[StockRow]:
    """A page of stock articles and JIT articles by number, in two statements; with `only` computed over all articles."""
    condition, given = _named(query)
    only = _ONLY.get(query.only, "")
    ids: list[int] | None = None
    if not only:
        page = f"SELECT a.id FROM article a WHERE {_SHOWN} {condition} ORDER BY a.number LIMIT :most"  # noqa: S608
        ids = list(session.execute(text(page), given | {"most": size + 1}).scalars())
    rows = _rows(session, query.warehouse, ids, f"WHERE {_SHOWN} {condition} {only}", given, size + 1)
    return cut(rows, lambda row: row.number, size)


def _rows(  # noqa: PLR0917 - pieces of one statement
    session: Session, warehouse: str, ids: list[int] | None, where: str, given: dict[str, str], most: int
) -> list[StockRow]:
    selling = [each.code for each in warehouses(session) if each.kind != _NOT_OURS]
    statement = f"""
        SELECT a.number, a.name, a.kind, a.kind = 'jit', {"coalesce(l.physical, 0)" if warehouse else "s.physical"},
            s.reserved, s.ordered, s.quantity
        FROM ({computed(_HOUSE, narrowed=ids is not None, with_all_parts=True)}) AS s JOIN article a ON a.id = s.id
        LEFT JOIN warehouse w ON w.code = :warehouse LEFT JOIN stock_level l ON l.article_id = a.id AND l.warehouse_id = w.id
        {where} ORDER BY a.number LIMIT :most
    """  # noqa: S608 - pieces of ours; values are bound
    values = given | {"warehouses": selling, "integration": "", "warehouse": warehouse, "most": most, "ids": ids}
    if ids is None:
        del values["ids"]
    return [StockRow(*row) for row in session.execute(text(statement), values)]


def detail(session: Session, number: str, before: str = "", size: int = PAGE) -> StockDetail | None:
    """One article's stock with a page of its movements, in a fixed number of statements."""
    article = session.exec(select(Article).where(col(Article.number) == number)).first()
    if article is None or article.id is None:
        return None
    rows = _rows(session, "", [article.id], "", {}, 1)
    levels_of = select(Warehouse, col(StockLevel.physical)).join(
        StockLevel, (col(StockLevel.warehouse_id) == col(Warehouse.id)) & (col(StockLevel.article_id) == article.id)
    )
    found = session.exec(levels_of.order_by(col(Warehouse.name), col(Warehouse.id))).all()
    return StockDetail(
        article=article,
        row=rows[0],
        levels=[(warehouse, physical) for warehouse, physical in found],
        components=_components(session, article.id) if article.kind == "jit" else [],
        movements=_movements(session, article.id, before, size),
    )


def _movements(session: Session, article_id: int, before: str, size: int) -> Page[MovementRow]:
    query = (
        select(StockMovement, Warehouse.name)
        .join(Warehouse, col(Warehouse.id) == col(StockMovement.warehouse_id))
        .where(col(StockMovement.article_id) == article_id)
    )
    if (key := number_key(before)) is not None:
        query = query.where(col(StockMovement.id) < key)
    found = session.exec(query.order_by(col(StockMovement.id).desc()).limit(size + 1)).all()
    return cut([MovementRow(*row) for row in found], lambda row: row.movement.id, size)


def _components(session: Session, article_id: int) -> list[ComponentRow]:
    parts = text("SELECT component_id FROM component WHERE article_id = :id")
    ids = list(session.execute(parts, {"id": article_id}).scalars())
    selling = [each.code for each in warehouses(session) if each.kind != _NOT_OURS]
    statement = f"""
        SELECT a.number, a.name, k.quantity, s.quantity,
            CASE WHEN a.is_stock_article AND NOT a.is_deleted THEN floor(greatest(0, s.quantity) / k.quantity) ELSE 0 END::int,
            a.is_stock_article AND NOT a.is_deleted
        FROM component k JOIN article a ON a.id = k.component_id
        JOIN ({computed(_HOUSE, narrowed=True)}) AS s ON s.id = a.id
        WHERE k.article_id = :id ORDER BY k.position, a.number
    """  # noqa: S608 - pieces of ours; values are bound
    given = {"id": article_id, "ids": ids, "warehouses": selling, "integration": ""}
    return [ComponentRow(*row) for row in session.execute(text(statement), given)]


_STOCKTAKES = """
    SELECT s.id, s.warehouse_id,
        (SELECT count(*) FROM stock_level l WHERE l.warehouse_id = s.warehouse_id AND l.physical > 0
            AND NOT EXISTS (SELECT FROM stocktake_line n WHERE n.stocktake_id = s.id AND n.article_id = l.article_id))
        + c.counted, c.counted, c.different
    FROM stocktake s, LATERAL (SELECT count(*) AS counted, count(*) FILTER (WHERE counted <> expected) AS different
        FROM stocktake_line l WHERE l.stocktake_id = s.id) c
"""


def stocktakes(session: Session, before: str = "", size: int = 20) -> Page[StocktakeRow]:
    """A page of stocktakes, the newest first."""
    key = number_key(before)
    where = "WHERE s.id < :before" if key is not None else ""
    given = {"most": size + 1} | ({"before": key} if key is not None else {})
    rows = session.execute(text(f"{_STOCKTAKES} {where} ORDER BY s.id DESC LIMIT :most"), given).all()
    return cut(_filled(session, rows), lambda row: row.stocktake.id, size)


def stocktake(session: Session, stocktake_id: int) -> StocktakeRow | None:
    """One stocktake with how far it is."""
    rows = session.execute(text(f"{_STOCKTAKES} WHERE s.id = :id"), {"id": stocktake_id}).all()
    return next(iter(_filled(session, rows)), None)


def _filled(session: Session, rows: Sequence[Sequence[int]]) -> list[StocktakeRow]:
    found = session.exec(select(Stocktake).where(col(Stocktake.id).in_([row[0] for row in rows])))
    by_id = {each.id: each for each in found}
    places = {each.id: each for each in warehouses(session)}
    return [StocktakeRow(by_id[row[0]], places[row[1]], row[2], row[3], row[4]) for row in rows]


_COUNTS = """
    SELECT a.number, a.name, coalesce(n.expected, l.physical), n.counted, coalesce(n.counted_by, ''), n.counted_at
    FROM stocktake s
    CROSS JOIN LATERAL (SELECT article_id FROM stocktake_line WHERE stocktake_id = s.id
        UNION SELECT article_id FROM stock_level WHERE warehouse_id = s.warehouse_id AND physical > 0) AS involved
    JOIN article a ON a.id = involved.article_id
    LEFT JOIN stocktake_line n ON n.stocktake_id = s.id AND n.article_id = a.id
    LEFT JOIN stock_level l ON l.warehouse_id = s.warehouse_id AND l.article_id = a.id
    WHERE s.id = :id {shown} {after} ORDER BY a.number LIMIT :most
"""
_SHOW = {
    "open": "AND n.counted IS NULL",
    "counted": "AND n.counted IS NOT NULL",
    "different": "AND n.counted <> n.expected",
}


def counts(session: Session, stocktake_id: int, query: CountQuery, size: int = PAGE) -> Page[CountRow]:
    """A page of what is to be counted or was: articles with stock in the warehouse, and those that were found there."""
    statement = _COUNTS.format(shown=_SHOW.get(query.show, ""), after="AND a.number > :after" if query.after else "")
    given: dict[str, object] = {"id": stocktake_id, "most": size + 1}
    if query.after:
        given["after"] = query.after
    return cut([CountRow(*row) for row in session.execute(text(statement), given)], lambda row: row.number, size)


def last_counts(session: Session, stocktake_id: int, most: int = 5) -> list[CountRow]:
    """What was counted last, the newest first, so that a person at the shelf sees what went in."""
    statement = (
        "SELECT a.number, a.name, n.expected, n.counted, n.counted_by, n.counted_at FROM stocktake_line n"
        " JOIN article a ON a.id = n.article_id WHERE n.stocktake_id = :id AND n.counted IS NOT NULL"
        " ORDER BY n.counted_at DESC, a.number LIMIT :most"
    )
    return [CountRow(*row) for row in session.execute(text(statement), {"id": stocktake_id, "most": most})]


def count_of(session: Session, stocktake_id: int, article_id: int) -> CountRow | None:
    """What was counted of one article before, which a new count replaces."""
    statement = (
        "SELECT a.number, a.name, n.expected, n.counted, n.counted_by, n.counted_at FROM stocktake_line n"
        " JOIN article a ON a.id = n.article_id WHERE n.stocktake_id = :id AND n.article_id = :article"
    )
    row = session.execute(text(statement), {"id": stocktake_id, "article": article_id}).first()
    return CountRow(*row) if row else None
