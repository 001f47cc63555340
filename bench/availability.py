"""Availability of whole catalogues: one statement for every quantity that a shop may sell, for three sizes, which must grow linearly."""

import time

from pydantic import BaseModel
from sqlalchemy import text
from sqlmodel import Session, col, select

from bench import BenchError
from bench.invented import SHOP, seeded_store
from bench.world import temporary_folder
from canonical.settings import StockSettings
from erp.availability import available
from erp.database import make_engine, make_sessions
from erp.merchant_seed import Size
from erp.preparation import WAREHOUSE
from erp.tables import Customer, Order, Project, Warehouse

OTHER = "ZWEIT"
SETTINGS = StockSettings(
    warehouses=frozenset({WAREHOUSE, OTHER}), subtract_reservations=True, apply_correction=True, use_pseudo_stock=True
)
ROUNDS = 3
PAGE = 500
"""As many articles as collecting what must be sent looks at in one go."""


class AvailabilitySize(BaseModel):
    """What one size gave."""

    articles: int
    seconds: float
    """All articles, the fastest of three; the rows are read into Python."""
    page_milliseconds: float
    """500 of them, as one batch of a push asks for."""


class AvailabilityResult(BaseModel):
    """Three sizes; `growth` is the largest size's cost per article as a multiple of the smallest size's."""

    sizes: list[AvailabilitySize]
    growth: float

    def text(self) -> str:
        """The result for a person."""
        lines = [
            f"{size.articles:7} articles in {size.seconds:.2f} s ({size.articles / size.seconds:,.0f}/s),"
            f" {PAGE} of them in {size.page_milliseconds:.1f} ms"
            for size in self.sizes
        ]
        return "\n".join(
            [*lines, f"cost per article, largest to smallest: {self.growth:.2f}; every quantity as expected"]
        )


def measure(*, articles: int) -> AvailabilityResult:
    """Measure a tenth, a third and all of the articles; raises `BenchError` when a quantity is wrong."""
    with temporary_folder() as folder, seeded_store(folder, Size(articles=0, customers=1)) as url:
        engine = make_engine(url, pool=2)
        with make_sessions(engine)() as session:
            session.add(Warehouse(code=OTHER, name=OTHER))
            session.flush()
            sizes, there = [], 0
            for size in (articles // 10, articles * 3 // 10, articles):
                _fill(session, there + 1, size)
                there = size
                sizes.append(_once(session, size))
        engine.dispose()
    costs = [size.seconds / size.articles for size in sizes]
    return AvailabilityResult(sizes=sizes, growth=round(costs[-1] / costs[0], 2))


_FILL = (
    """
    INSERT INTO article (number, name, description, kind, category, manufacturer, ean, tax_category, is_stock_article,
        is_postage, is_discount, is_surcharge, allows_decimals, is_locked, is_deleted, syncs_stock, stock_correction)
    SELECT 'B' || n, 'Article ' || n, '', CASE WHEN n % 5 = 0 THEN 'jit' ELSE 'simple' END, '', '', '', 'normal', n % 5 <> 0,
        false, false, false, false, false, false, true, CASE WHEN n % 3 = 0 THEN -1 ELSE 0 END
    FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS n
    """,
    """
    CREATE TEMPORARY TABLE filled ON COMMIT DROP AS
    SELECT a.id, substr(a.number, 2)::int AS n FROM article a WHERE a.number ~ '^B[0-9]+$'
        AND substr(a.number, 2)::int BETWEEN :first AND :last
    """,
    """
    INSERT INTO stock_level (article_id, warehouse_id, physical)
    SELECT f.id, w.id, CASE w.code WHEN 'ZWEIT' THEN f.n % 4 ELSE f.n % 40 END
    FROM filled f JOIN warehouse w ON w.code IN (:main, 'ZWEIT') WHERE f.n % 5 <> 0
    """,
    """
    INSERT INTO component (article_id, component_id, quantity)
    SELECT k.id, p.id, back FROM filled k CROSS JOIN generate_series(1, 3) AS back JOIN filled p ON p.n = k.n - back
    WHERE k.n % 5 = 0
    """,
    """
    WITH lines AS (
        INSERT INTO sales_order_line (order_id, position, kind, article_id, line_ref, title, description, quantity, net, tax,
            gross, tax_rate, properties, shipped)
        SELECT :order, f.n, 'article', f.id, '', '', '', f.n % 6, 0, 0, 0, 0, '[]', 0 FROM filled f WHERE f.n % 5 <> 0 AND f.n % 6 > 0
        RETURNING id, order_id, article_id, quantity)
    INSERT INTO reservation (order_line_id, order_id, article_id, quantity) SELECT * FROM lines
    """,
    """
    INSERT INTO article_option (article_id, integration_id, is_inactive, stock_correction, pseudo_stock)
    SELECT f.id, :shop, CASE WHEN f.n % 70 = 0 THEN true END, CASE WHEN f.n % 9 = 0 THEN -5 END,
        CASE WHEN f.n % 110 = 0 THEN 99 END FROM filled f WHERE f.n % 70 = 0 OR f.n % 9 = 0 OR f.n % 110 = 0
    """,
)


def _fill(session: Session, first: int, last: int) -> None:
    """Add articles: every fifth a set of three, five in six reserved in part, every seventh or so with options of its own."""
    order = Order(
        number=f"B{first}", integration_id=SHOP, external_id=f"B{first}", currency="EUR",
        project_id=session.exec(select(Project.id).order_by(col(Project.id))).first() or 0,
        customer_id=session.exec(select(Customer.id).order_by(col(Customer.id))).first() or 0,
    )  # fmt: skip
    session.add(order)
    session.flush()
    given = {"first": first, "last": last, "order": order.id, "main": WAREHOUSE, "shop": SHOP}
    for statement in _FILL:
        session.execute(text(statement), given)
    session.commit()
    session.execute(text("ANALYZE"))
    session.commit()


def _expected(n: int) -> int:
    """The quantity by the formula, worked out once more without a database."""
    if n % 70 == 0:
        return 0
    if n % 110 == 0:
        return 99
    quantity = min(max(0, _there(n - back)) // back for back in (1, 2, 3)) if n % 5 == 0 else _there(n)
    return max(0, quantity + (_correction(n) if n % 5 == 0 else 0))


def _there(n: int) -> int:
    return n % 40 + n % 4 - n % 6 + _correction(n)


def _correction(n: int) -> int:
    return -5 if n % 9 == 0 else -1 if n % 3 == 0 else 0


def _once(session: Session, articles: int) -> AvailabilitySize:
    query = text("SELECT id, substr(number, 2)::int AS n FROM article WHERE number ~ '^B[0-9]+$'")
    ids = {row.id: row.n for row in session.execute(query)}
    seconds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        answer = available(session, SETTINGS, None, SHOP)
        seconds.append(time.perf_counter() - begin)
    wrong = [n for article_id, n in ids.items() if answer.get(article_id) != _expected(n)]
    if wrong or len(ids) != articles:
        raise BenchError(
            f"{len(wrong)} of {len(ids)} quantities are wrong, such as that of article B{min(wrong, default=0)}"
        )
    return AvailabilitySize(
        articles=articles, seconds=round(min(seconds), 3), page_milliseconds=round(_page(session, ids) * 1000, 1)
    )


def _page(session: Session, ids: dict[int, int]) -> float:
    """What a batch costs, however many articles there are besides."""
    chosen = sorted(ids)[:: max(1, len(ids) // PAGE)][:PAGE]
    seconds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        if len(available(session, SETTINGS, chosen, SHOP)) != len(chosen):
            raise BenchError("a page is not whole")
        seconds.append(time.perf_counter() - begin)
    return min(seconds)
