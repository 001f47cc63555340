"""The same import once more inside this process: where its time goes, and what it costs without rules."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from unittest.mock import patch

from sqlalchemy import text
from sqlmodel import Session
from temporalio.testing import ActivityEnvironment

import worker
from activities.deps import Deps, open_channel
from activities.pull import PAGE, PullActivities
from bench import BenchError
from bench.shop import Filled
from bench.world import ID, World, prepare_master_data
from canonical.feature import Feature
from canonical.order import ChannelOrder
from canonical.runs import PageTask, RunRef
from connectors.protocol import PullsOrders
from connectors.transport import TransportOptions
from connectors.woocommerce import mapping, orders
from erp import inbox, order_import
from erp.bulk import packed

REF = RunRef(integration_id=ID, feature=Feature.ORDERS)
STAGES: dict[str, tuple[tuple[Any, str], ...]] = {
    "fetch": ((orders, "fetch"),),
    "inbox": ((inbox, "store_documents"), (inbox, "take_new")),
    "read": ((mapping, "read_order"),),
    "look_up": ((order_import, "load_for"),),
    "decide": ((order_import, "_decide"),),
    "book": ((order_import, "book"),),
    "keep": ((order_import, "_write"),),
}
"""The functions whose time makes a stage; what they leave of the whole is the rest: commits, settings, cursor."""

_EMPTY = text(
    "TRUNCATE inbox_document, sales_order, sales_order_line, reservation, customer, journal, rate_bucket CASCADE"
)
_FROM_THE_START = text("UPDATE watermark SET cursor = '', applied_until = NULL, looked_back_at = NULL")
_PLAIN_TABLES = text(
    "CREATE TABLE bench_order (id text PRIMARY KEY, number text, ordered_at timestamptz, name text, total numeric(14,2));"
    "CREATE TABLE bench_line (order_id text, position int, sku text, title text, quantity numeric(14,4), net numeric(14,2),"
    " tax numeric(14,2), PRIMARY KEY (order_id, position))"
)


def shares(world: World, filled: Filled) -> dict[str, float]:
    """Import everything again, one activity after the other, and return each stage's share of the time, in percent."""
    _begin_again(world, filled)
    spent = dict.fromkeys(STAGES, 0.0)
    revision = world.number("SELECT max(settings_revision) FROM run")
    pull, task = PullActivities(_deps(world)), PageTask(ref=REF, run_id="stages", settings_revision=revision)
    began = time.perf_counter()
    with _timed(spent):
        is_first, more = True, True
        while more:
            more = ActivityEnvironment().run(pull.fetch_page, task.model_copy(update={"is_first": is_first})).more
            ActivityEnvironment().run(pull.apply_page, task)
            is_first = False
    whole = time.perf_counter() - began
    _expect(world.number("SELECT count(*) FROM sales_order"), len(filled.totals))
    spent["rest"] = whole - sum(spent.values())
    return {name: round(100 * seconds / whole, 1) for name, seconds in spent.items()}


def plain_rate(world: World, count: int) -> float:
    """Orders per second of the same pages without rules: fetched, validated whole, written as two plain tables.

    No inbox, encryption, look-ups, decisions, numbers, reservations, journal or Temporal; one transaction per fetch.
    """
    with world.sessions() as session:
        session.execute(text("TRUNCATE rate_bucket"))
        session.execute(_PLAIN_TABLES)
        session.commit()
    deps = _deps(world)
    began = time.perf_counter()
    with open_channel(deps, ID, Feature.ORDERS) as channel:
        shop = cast(PullsOrders, channel.connector)
        cursor, more = shop.first_cursor((datetime.now(UTC) - timedelta(days=60)).isoformat()), True
        while more:
            page = shop.fetch_orders(cursor, PAGE)
            with world.sessions() as session:
                _write_plainly(session, [shop.read_order(document.body) for document in page.documents])
                session.commit()
            cursor, more = page.cursor, page.more
    rate = count / (time.perf_counter() - began)
    _expect(world.number("SELECT count(*) FROM bench_order"), count)
    return round(rate, 1)


def _deps(world: World) -> Deps:
    return Deps(world.sessions, worker.keyring(world.settings), TransportOptions(allow_private=True))


def _begin_again(world: World, filled: Filled) -> None:
    with world.sessions() as session:
        session.execute(_EMPTY)
        session.execute(_FROM_THE_START)
        prepare_master_data(session, filled)
        session.commit()


def _expect(found: int, wanted: int) -> None:
    if found != wanted:
        raise BenchError(f"{found} orders instead of {wanted}")


@contextmanager
def _timed(spent: dict[str, float]) -> Iterator[None]:
    """Measure the real functions from outside for as long as the context lasts."""
    with ExitStack() as stack:
        for stage, functions in STAGES.items():
            for owner, name in functions:
                stack.enter_context(patch.object(owner, name, _stopwatch(spent, stage, getattr(owner, name))))
        yield


def _stopwatch(spent: dict[str, float], stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def measured(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            spent[stage] += time.perf_counter() - began

    return measured


def _write_plainly(session: Session, page: list[ChannelOrder]) -> None:
    heads = [
        {"id": each.external_id, "number": each.number, "ordered_at": each.ordered_at, "name": each.billing.name, "total": each.stated.total}
        for each in page
    ]  # fmt: skip
    lines = [
        {"order_id": each.external_id, "position": position, "sku": line.sku, "title": line.title, "quantity": line.quantity, "net": line.net, "tax": line.tax}
        for each in page
        for position, line in enumerate(each.lines)
    ]  # fmt: skip
    for table, rows in (("bench_order", heads), ("bench_line", lines)):
        insert = (
            f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, CAST(:rows AS json))"  # noqa: S608
            " ON CONFLICT DO NOTHING"
        )
        session.execute(text(insert), {"rows": packed(rows)})
