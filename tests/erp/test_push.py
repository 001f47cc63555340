"""Collecting, sending and settling: every change goes out, nothing goes out twice unasked."""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.push import Outcome, PushAnswer, PushResult
from canonical.push import StockLevel as Level
from canonical.runs import Collected, Counts, RunRef
from canonical.settings import AdvancedSettings, StockSettings
from erp import push
from erp.links import send_again
from erp.stock import Movement, Reason, post_movements
from erp.tables import Article, ArticleListEntry, JournalEvent, Link, PushBatch

NOW = datetime(2026, 11, 1, tzinfo=UTC)
STOCK = RunRef(integration_id="shop-1", feature=Feature.STOCK)
SHIPMENTS = RunRef(integration_id="shop-1", feature=Feature.SHIPMENTS)
MAIN = StockSettings(warehouses=frozenset({"MAIN"}))
PLAIN = AdvancedSettings()


def fill(session: Session, number: str, quantity: int, reference: str, warehouse: str = "MAIN") -> None:
    post_movements(session, [Movement(number, warehouse, Decimal(quantity), Reason.RECEIPT, reference)])


def collect(
    session: Session, run: str = "run-1", limit: int = 100, records: Sequence[str] = (), **other: Any
) -> Collected:
    settings = other.get("settings", MAIN)
    return push.collect(session, STOCK, run, settings, other.get("advanced", PLAIN), limit, records)


def accept(items: Sequence[Any], ref: str = "") -> PushAnswer:
    return PushAnswer(results=tuple(PushResult(key=i.key, outcome=Outcome.ACCEPTED, ref=ref) for i in items))


def reject(items: Sequence[Any], code: str, **params: Any) -> PushAnswer:
    failure = Failure.of(code, **params)
    return PushAnswer(results=tuple(PushResult(key=i.key, outcome=Outcome.REJECTED, failure=failure) for i in items))


def send(session: Session, answer: Any = accept, run: str = "run-1", **options: Any) -> tuple[list[Any], Any]:
    """One batch from collecting to settling; returns what was sent and what it came to."""
    batch = collect(session, run, **options).batch_id
    if not batch:
        return [], None
    items = push.open_portion(session, batch, 1000)
    push.store_answer(session, batch, answer(items))
    return list(items), push.settle(session, batch, run)


def link(session: Session, kind: str = "stock") -> Link:
    query = select(Link).where(Link.kind == kind).execution_options(populate_existing=True)
    return session.exec(query).one()


def events(session: Session) -> list[tuple[str, str, str]]:
    rows = session.exec(select(JournalEvent).where(JournalEvent.hop == "hub_to_channel").order_by(JournalEvent.id))
    return [(row.event, row.status, row.record) for row in rows]


@pytest.fixture
def article(session: Session, shop: Any) -> Article:
    """One listed article with five pieces, to be sent."""
    listed = shop.listed("A-1")
    fill(session, "A-1", 5, "first")
    return listed


def test_a_changed_level_is_sent_once_and_remembered(session: Session, article: Article) -> None:
    sent, settled = send(session, lambda items: accept(items, ref="77"))
    assert sent == [Level(key="A-1", sku="A-1", quantity=5)]
    assert settled.counts == Counts(good=1)
    row = link(session)
    assert (row.state, row.dirty_at, row.sent_value, row.external_ref) == ("sent", None, "5", "77")
    assert row.sent_at
    assert events(session) == [("sent", "ok", "A-1")]
    assert collect(session) == Collected(batch_id=0, size=0)


def test_the_channels_id_goes_with_the_next_level(session: Session, article: Article) -> None:
    send(session, lambda items: accept(items, ref="77"))
    fill(session, "A-1", 1, "second")
    assert send(session)[0] == [Level(key="A-1", sku="A-1", ref="77", quantity=6)]


def test_a_level_that_came_back_to_what_was_sent_costs_no_call(session: Session, article: Article) -> None:
    send(session)
    fill(session, "A-1", 1, "up")
    fill(session, "A-1", -1, "down")
    assert link(session).dirty_at
    assert collect(session).size == 0
    assert link(session).dirty_at is None


def test_unchanged_records_are_passed_over_until_the_batch_is_full(
    session: Session, shop: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(push, "CHUNK", 2)
    for n in range(7):
        shop.listed(f"A-{n}", dirty=NOW)
    send(session)
    session.execute(text("UPDATE link SET dirty_at = now()"))
    for n in (4, 5, 6):
        fill(session, f"A-{n}", 1, "new")
    sent, _ = send(session, limit=1)
    assert [level.key for level in sent] == ["A-4"]
    assert [level.key for level in send(session)[0]] == ["A-5", "A-6"]


@pytest.mark.parametrize(
    "values",
    [{"syncs_stock": False}, {"is_stock_article": False}, {"kind": "matrix"}, {"is_deleted": True}],
)
def test_an_article_whose_stock_is_not_synchronised_is_never_sent(session: Session, shop: Any, values: Any) -> None:
    shop.listed("A-1", dirty=NOW, **values)
    assert collect(session).size == 0
    assert link(session).dirty_at is None


def test_an_article_that_fell_out_of_the_list_is_not_sent_any_more(session: Session, article: Article) -> None:
    entry = session.exec(select(ArticleListEntry)).one()
    entry.removed_at = NOW
    session.flush()
    assert collect(session).size == 0
    assert collect(session, records=["A-1"]).size == 0


def test_a_change_after_reading_stays_marked_and_is_sent_next(session: Session, article: Article) -> None:
    batch = collect(session).batch_id
    items = push.open_portion(session, batch, 10)
    fill(session, "A-1", 2, "meanwhile")
    push.store_answer(session, batch, accept(items))
    push.settle(session, batch, "run-1")
    row = link(session)
    assert row.dirty_at
    assert (row.state, row.sent_value) == ("sent", "5")
    assert [level.quantity for level in send(session)[0]] == [7]


def test_a_change_that_waited_for_the_collectors_lock_is_not_lost(
    engine: Engine, session: Session, article: Article
) -> None:
    """The change began before the batch was read, so its mark may carry the older time: only the mark itself can tell."""
    session.commit()
    began = threading.Event()

    def change() -> None:
        with Session(engine) as other:
            other.connection()
            began.set()
            fill(other, "A-1", 2, "waiting")
            other.commit()

    batch = collect(session).batch_id
    thread = threading.Thread(target=change)
    thread.start()
    began.wait()
    _wait_for_lock(engine)
    session.commit()
    thread.join()
    items = push.open_portion(session, batch, 10)
    session.execute(text("UPDATE link SET dirty_at = dirty_at - interval '1 hour'"))
    push.store_answer(session, batch, accept(items))
    push.settle(session, batch, "run-1")
    assert link(session).dirty_at
    assert [level.quantity for level in send(session)[0]] == [7]


def _wait_for_lock(engine: Engine) -> None:
    deadline = time.monotonic() + 10
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar():
            assert time.monotonic() < deadline, "nobody waits for a lock"


def test_two_collectors_at_once_never_share_a_record(
    engine: Engine, session: Session, shop: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(push, "CHUNK", 25)
    for n in range(60):
        shop.listed(f"A-{n}", dirty=NOW)
    session.commit()
    with Session(engine) as one, Session(engine) as two:
        first = collect(one, "run-1", limit=25)
        second = collect(two, "run-2")
        one.commit()
        two.commit()
    frozen = {batch.id: {item["link"] for item in batch.items} for batch in session.exec(select(PushBatch))}
    assert (first.size, second.size) == (25, 35)
    assert not frozen[first.batch_id] & frozen[second.batch_id]


def test_a_refused_record_waits_for_a_change(session: Session, article: Article) -> None:
    send(session, lambda items: accept(items, ref="77"))
    fill(session, "A-1", 1, "second")
    sent, settled = send(session, lambda items: reject(items, "NOT_IN_SHOP", sku="A-1"))
    assert len(sent) == 1
    assert settled.counts == Counts(failed=1)
    assert settled.repeat_failure is None
    row = link(session)
    assert (row.state, row.code, row.params, row.external_ref) == ("failed", "NOT_IN_SHOP", {"sku": "A-1"}, "")
    assert events(session)[-1] == ("refused", "error", "A-1")
    assert collect(session).size == 0
    fill(session, "A-1", -1, "third")
    assert [level.quantity for level in send(session)[0]] == [5], (
        "the old value is sent again: nobody knows what is there"
    )


def test_a_refusal_of_an_old_value_does_not_stop_a_newer_one(session: Session, article: Article) -> None:
    batch = collect(session).batch_id
    items = push.open_portion(session, batch, 10)
    fill(session, "A-1", 2, "meanwhile")
    push.store_answer(session, batch, reject(items, "ITEM_REFUSED", record="A-1", reason="x"))
    push.settle(session, batch, "run-1")
    assert [level.quantity for level in send(session)[0]] == [7]


def test_a_refused_record_is_sent_again_by_hand(session: Session, article: Article) -> None:
    send(session, lambda items: reject(items, "ITEM_REFUSED", record="A-1", reason="x"))
    assert send(session, records=["A-1"], run="by-hand")[1].counts.good == 1
    assert link(session).state == "sent"


def test_trouble_of_one_record_is_tried_again_later_and_later(session: Session, article: Article) -> None:
    def trouble(items: Sequence[Any]) -> PushAnswer:
        return reject(items, "SERVER_ERROR", host="shop", status=500)

    waits = []
    for _ in range(3):
        _, settled = send(session, trouble)
        assert settled.repeat_failure.code == "SERVER_ERROR"
        assert collect(session).size == 0
        row = link(session)
        waits.append(round((row.next_try_at - datetime.now(UTC)).total_seconds() / 60))
        session.execute(text("UPDATE link SET next_try_at = now()"))
    assert waits == [1, 2, 4]
    assert (link(session).attempts, link(session).state) == (3, "never")
    assert events(session) == [("postponed", "pending", "A-1")] * 3
    assert send(session)[1].counts.good == 1
    assert (link(session).attempts, link(session).next_try_at) == (0, None)


def test_after_ten_attempts_a_record_waits_for_a_person(session: Session, article: Article) -> None:
    session.execute(text("UPDATE link SET attempts = 9"))
    send(session, lambda items: reject(items, "SERVER_ERROR", host="shop", status=500))
    assert link(session).state == "failed"
    assert events(session) == [("refused", "error", "A-1")]


def test_a_channel_that_asks_for_patience_gets_it(session: Session, article: Article) -> None:
    failure = Failure.of("RATE_LIMITED", host="shop", retry_after=timedelta(hours=9))
    send(session, lambda i: PushAnswer(results=(PushResult(key="A-1", outcome=Outcome.REJECTED, failure=failure),)))
    assert link(session).next_try_at - datetime.now(UTC) > timedelta(hours=8)


def test_a_skip_is_a_skip_and_no_success(session: Session, article: Article) -> None:
    failure = Failure.of("ALREADY_SHIPPED")
    result = PushResult(key="A-1", outcome=Outcome.SKIPPED, failure=failure)
    _, settled = send(session, lambda items: PushAnswer(results=(result,)))
    assert settled.counts == Counts(skipped=1)
    assert (link(session).dirty_at, link(session).sent_at) == (None, None)
    assert events(session) == [("skipped", "skipped", "A-1")]


def test_settling_twice_changes_nothing_and_counts_the_same(session: Session, article: Article) -> None:
    batch = collect(session).batch_id
    push.store_answer(session, batch, accept(push.open_portion(session, batch, 10)))
    first = push.settle(session, batch, "run-1")
    fill(session, "A-1", 2, "meanwhile")
    assert push.settle(session, batch, "run-1") == first
    assert len(events(session)) == 1
    assert link(session).dirty_at


def test_a_batch_goes_out_in_portions_and_each_answer_stands(session: Session, shop: Any) -> None:
    for n in range(5):
        shop.listed(f"A-{n}", dirty=NOW)
    batch = collect(session).batch_id
    portions = []
    while portion := push.open_portion(session, batch, 2):
        portions.append([level.key for level in portion])
        push.store_answer(session, batch, accept(portion))
    assert portions == [["A-0", "A-1"], ["A-2", "A-3"], ["A-4"]]
    push.store_answer(session, batch, reject([Level(key="A-0", sku="", quantity=0)], "NOT_IN_SHOP"))
    assert session.exec(select(PushBatch.state)).one() == "answered"
    assert push.settle(session, batch, "run-1").counts == Counts(good=5)


def test_a_record_that_the_channel_passes_over_in_silence_counts_as_refused(session: Session, shop: Any) -> None:
    shop.listed("A-1", dirty=NOW)
    shop.listed("A-2", dirty=NOW)
    _, settled = send(session, lambda items: accept(items[:1]))
    assert settled.counts == Counts(good=1, failed=1)
    assert events(session) == [("sent", "ok", "A-1"), ("refused", "error", "A-2")]


def test_asking_again_in_the_same_run_gives_the_same_batch(session: Session, article: Article) -> None:
    first = collect(session)
    assert collect(session) == first


def test_a_dead_runs_batch_is_handed_out_first_with_todays_stock(session: Session, shop: Any) -> None:
    for n in range(3):
        shop.listed(f"A-{n}", dirty=NOW)
        fill(session, f"A-{n}", 5, "first")
    batch = collect(session, "dead").batch_id
    push.store_answer(session, batch, accept(push.open_portion(session, batch, 1)))
    push.open_portion(session, batch, 1)
    fill(session, "A-1", 4, "since then")
    session.exec(select(Article).where(Article.number == "A-2")).one().syncs_stock = False
    session.flush()
    again = collect(session, "alive")
    assert again.batch_id == batch
    rest = push.open_portion(session, batch, 10)
    assert [(level.key, level.quantity) for level in rest] == [("A-1", 9)]
    push.store_answer(session, batch, accept(rest))
    assert push.settle(session, batch, "alive").counts.good == 2
    assert collect(session, "alive").size == 0


def test_a_value_that_was_perhaps_sent_is_sent_again_even_if_it_is_the_old_one(
    session: Session, article: Article
) -> None:
    send(session)
    fill(session, "A-1", 2, "up")
    batch = collect(session, "dead").batch_id
    push.open_portion(session, batch, 10)
    fill(session, "A-1", -2, "down")
    assert collect(session, "alive").batch_id == batch
    assert [level.quantity for level in push.open_portion(session, batch, 10)] == [5]


def test_a_run_that_gives_up_books_what_was_answered_and_leaves_the_rest(session: Session, shop: Any) -> None:
    for n in range(3):
        shop.listed(f"A-{n}", dirty=NOW)
    batch = collect(session).batch_id
    push.store_answer(session, batch, accept(push.open_portion(session, batch, 1)))
    push.open_portion(session, batch, 1)
    assert push.settle(session, batch, "run-1").counts == Counts(good=1)
    rest = collect(session, "run-2")
    assert rest.batch_id != batch
    assert [level.key for level in push.open_portion(session, rest.batch_id, 10)] == ["A-1", "A-2"]


def test_settling_without_any_answer_leaves_the_batch_as_it_is(session: Session, article: Article) -> None:
    batch = collect(session)
    assert push.settle(session, batch.batch_id, "run-1").counts == Counts()
    assert collect(session, "run-2") == batch


def test_a_slow_channel_answers_by_ticket(session: Session, shop: Any) -> None:
    for n in range(2):
        shop.listed(f"A-{n}", dirty=NOW)
    batch = collect(session).batch_id
    first = push.open_portion(session, batch, 1)
    push.store_answer(session, batch, PushAnswer(ticket="feed-1", ask_again_after=60))
    assert push.waiting_ticket(session, batch) == "feed-1"
    assert push.open_portion(session, batch, 1) == []
    assert collect(session, "run-2").batch_id == batch
    push.store_answer(session, batch, accept(first))
    assert push.waiting_ticket(session, batch) == ""
    assert [level.key for level in push.open_portion(session, batch, 1)] == ["A-1"]


def test_by_hand_a_record_is_sent_once_per_run_whether_changed_or_not(session: Session, article: Article) -> None:
    send(session)
    sent, settled = send(session, records=["A-1", "UNKNOWN"], run="by-hand")
    assert [level.quantity for level in sent] == [5]
    assert settled.counts == Counts(good=1)
    assert collect(session, "by-hand", records=["A-1"]).size == 0


def test_marking_again_by_hand_sends_what_has_not_changed(session: Session, article: Article) -> None:
    send(session)
    assert send_again(session, [link(session).id or 0], "jo") == 1
    assert [level.quantity for level in send(session)[0]] == [5]


def test_without_a_warehouse_collecting_fails_and_marks_stay(session: Session, article: Article) -> None:
    with pytest.raises(FailureError, match="NO_WAREHOUSE"):
        collect(session, settings=StockSettings())
    assert link(session).dirty_at
