"""Booking of order drafts, without a shop and without Temporal: rules and booking alone, for three sizes, which must grow linearly."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

from pydantic import BaseModel
from sqlalchemy import text
from sqlmodel import Session

from bench import BenchError
from bench.invented import SETTINGS, SHOP, Offer, offers, orders, seeded_store
from bench.world import temporary_folder
from canonical.order import ChannelOrder
from canonical.settings import AdvancedSettings
from erp.booking import book
from erp.database import make_engine, make_sessions
from erp.master_data import load_for
from erp.merchant_seed import Size
from erp.order_import import ImportContext
from erp.rules import OrderDraft, RuleContext, decide

PAGE = 500
ARTICLES = 5000


class DraftsSize(BaseModel):
    """What one size gave."""

    drafts: int
    decided_per_second: int
    booked_per_second: int


class DraftsResult(BaseModel):
    """Three sizes; `growth` is the largest size's cost per draft as a multiple of the smallest size's."""

    sizes: list[DraftsSize]
    growth: float

    def text(self) -> str:
        """The result for a person."""
        lines = [
            f"{size.drafts:6} drafts: decided {size.decided_per_second:5}/s, booked {size.booked_per_second:5}/s"
            for size in self.sizes
        ]
        return "\n".join([*lines, f"cost per draft, largest to smallest: {self.growth:.2f}"])


def measure(*, drafts: int) -> DraftsResult:
    """Measure a tenth, a third and all of the drafts; raises `BenchError` when an order is missing or a sum is wrong."""
    with temporary_folder() as folder, seeded_store(folder, Size(articles=ARTICLES, customers=0)) as url:
        engine = make_engine(url, pool=2)
        with make_sessions(engine)() as session:
            sold = offers(session)
            _once(session, sold, PAGE, "warm")
            sizes = [_once(session, sold, size, f"n{size}") for size in (drafts // 10, drafts // 3, drafts)]
        engine.dispose()
    costs = [1 / size.booked_per_second + 1 / size.decided_per_second for size in sizes]
    return DraftsResult(sizes=sizes, growth=round(costs[-1] / costs[0], 2))


def _once(session: Session, sold: Sequence[Offer], count: int, prefix: str) -> DraftsSize:
    made = orders(count, sold, Random(count), prefix)
    deciding = booking = 0.0
    for begin in range(0, count, PAGE):
        page = made[begin : begin + PAGE]
        before = time.perf_counter()
        drafts = _decide(session, page)
        between = time.perf_counter()
        book(session, _context(), drafts)
        session.commit()
        deciding += between - before
        booking += time.perf_counter() - between
    _check(session, made, prefix)
    return DraftsSize(
        drafts=count, decided_per_second=round(count / deciding), booked_per_second=round(count / booking)
    )


def _context() -> ImportContext:
    return ImportContext(
        integration_id=SHOP, settings=SETTINGS, settings_revision=1, advanced=AdvancedSettings(), now=datetime.now(UTC),
        start_at=None, run_id="bench",
    )  # fmt: skip


def _decide(session: Session, page: Sequence[ChannelOrder]) -> list[OrderDraft]:
    context = _context()
    master = load_for(session, SHOP, SETTINGS, context.advanced, page)
    rules = RuleContext(SETTINGS, context.advanced, 1, context.now, None, by_hand=False)
    decisions = [decide(order, rules, master) for order in page]
    rejected = [decision.findings for decision in decisions if decision.draft is None]
    if rejected:
        raise BenchError(f"{len(rejected)} drafts were refused: {rejected[0]}")
    return [decision.draft for decision in decisions if decision.draft is not None]


def _check(session: Session, made: Sequence[ChannelOrder], prefix: str) -> None:
    query = text(
        "SELECT count(*), sum(total), (SELECT sum(l.gross) FROM sales_order_line l JOIN sales_order o ON o.id = l.order_id"
        " WHERE o.external_id LIKE :like) FROM sales_order WHERE external_id LIKE :like"
    )
    count, total, gross = session.execute(query, {"like": f"{prefix}-%"}).one()
    wanted = sum(order.computed_total for order in made)
    if count != len(made) or total != wanted or gross != wanted:
        raise BenchError(f"{count} of {len(made)} orders, {total} of {wanted}, lines {gross}")
