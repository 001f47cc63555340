"""The import of a page on a real database: booked once, parked with a reason, released, told apart when changed."""

import threading
from collections import Counter
from decimal import Decimal as D

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from canonical.failure import Failure
from canonical.order import ChannelState, Payment
from canonical.runs import Counts
from canonical.settings import MappingKind
from erp.mappings import delete_mapping, mapping_tables, note_unknown, set_mapping
from erp.order_import import ReadDocument, import_documents
from erp.releases import release_waiting
from erp.rules import ArticleInfo
from erp.tables import InboxDocument, JournalEvent, Link, Mapping, Order, Reservation
from tests.erp.order_kit import ANNA, NOW, Importer, line, order, stating


@pytest.fixture
def importer(session: Session) -> Importer:
    """The sample world in a fresh database."""
    return Importer(session)


def test_a_good_order_is_booked_with_reservation_stock_mark_and_journal(importer: Importer, session: Session) -> None:
    article = importer.settings and session.execute(text("SELECT id FROM article WHERE number = 'A-1'")).scalar_one()
    session.add(Link(integration_id="shop-1", kind="stock", record="A-1", record_id=article))
    assert importer.run(order(line("A-1", quantity="3"))) == Counts(good=1)
    booked, row = importer.booked(), importer.inbox("100")
    assert booked is not None
    assert row is not None
    assert (row.state, row.code, row.order_id, row.attempts, row.settings_revision) == ("booked", "", booked.id, 1, 7)
    assert [(r.article_id, r.quantity) for r in session.exec(select(Reservation))] == [(article, D(3))]
    assert session.exec(select(Link).execution_options(populate_existing=True)).one().dirty_at is not None
    assert importer.events() == [("booked", "")]
    event = session.exec(select(JournalEvent)).one()
    assert (event.params, event.run_id, event.hop, event.status) == (
        {"number": booked.number},
        "run-1",
        "hub_to_erp",
        "ok",
    )


def test_a_project_that_does_not_reserve_leaves_stock_alone(importer: Importer, session: Session) -> None:
    session.execute(text("UPDATE project SET reserves_stock = false"))
    importer.run(order())
    assert session.exec(select(Reservation)).all() == []


def test_importing_the_same_page_again_books_nothing_and_says_so(importer: Importer, session: Session) -> None:
    page = [order(external_id=str(n)) for n in range(3)]
    assert importer.run(*page) == Counts(good=3)
    assert importer.run(*page) == Counts(skipped=3)
    assert len(session.exec(select(Order)).all()) == 3
    row = importer.inbox("0")
    assert row is not None
    assert (row.state, row.order_id is not None) == ("booked", True)
    assert importer.events("0") == [("booked", ""), ("skipped", "ALREADY_IMPORTED")]


def test_a_second_worker_with_a_page_that_is_decided_adds_nothing_to_the_journal(importer: Importer) -> None:
    documents = importer.received(order())
    for expected in (Counts(good=1), Counts(skipped=1)):
        assert import_documents(importer.session, importer.context(), documents) == expected
    assert importer.events() == [("booked", "")]


def test_two_documents_of_one_order_in_a_page_book_it_once_in_its_newest_version(importer: Importer) -> None:
    old, new = order(comment="old"), order(comment="new", modified_at=order().modified_at.replace(minute=59))
    documents = importer.received(old) + importer.received(new)
    counts = import_documents(importer.session, importer.context(), documents)
    assert counts == Counts(good=1, skipped=1)
    booked = importer.booked()
    assert booked is not None
    assert booked.free_text == "new"


def test_two_workers_with_the_same_page_book_each_order_once(importer: Importer, engine: Engine) -> None:
    page = [order(external_id=str(n), number=str(n)) for n in range(20)]
    documents = importer.received(*page)
    assert sum_of(run_at_once(engine, importer, [documents, documents])) == Counts(good=20, skipped=20)
    numbers = sorted(importer.session.execute(text("SELECT number FROM sales_order")).scalars())
    assert numbers == [f"AU1-{n}" for n in range(100001, 100021)]
    assert len(importer.customers()) == 1


def test_two_workers_with_documents_that_share_no_row_still_book_an_order_once(
    importer: Importer, engine: Engine
) -> None:
    page = [order(external_id=str(n), number=str(n)) for n in range(20)]
    rowless = [ReadDocument(-n, of.external_id, of.number, False, of, None) for n, of in enumerate(page, 1)]
    assert sum_of(run_at_once(engine, importer, [rowless, rowless[::-1]])) == Counts(good=20, skipped=20)
    numbers = sorted(importer.session.execute(text("SELECT number FROM sales_order")).scalars())
    assert numbers == [f"AU1-{n}" for n in range(100001, 100021)]


def test_two_workers_with_orders_of_one_new_customer_create_it_once(importer: Importer, engine: Engine) -> None:
    pages = [importer.received(*[order(external_id=f"{page}-{n}") for n in range(5)]) for page in range(2)]
    assert sum_of(run_at_once(engine, importer, pages)) == Counts(good=10)
    assert len(importer.customers()) == 1


def run_at_once(engine: Engine, importer: Importer, pages: list[list[ReadDocument]]) -> list[Counts]:
    """Import pages in threads that start together."""
    start, done = threading.Barrier(len(pages)), []

    def work(documents: list[ReadDocument]) -> None:
        with Session(engine) as session:
            start.wait()
            done.append(import_documents(session, importer.context(), documents))
            session.commit()

    threads = [threading.Thread(target=work, args=(page,)) for page in pages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(done) == len(pages)
    return done


def sum_of(counts: list[Counts]) -> Counts:
    total = Counts()
    for each in counts:
        total = total.plus(each)
    return total


def test_a_page_that_the_database_refuses_is_halved_down_to_the_culprit(importer: Importer, session: Session) -> None:
    session.execute(text("ALTER TABLE sales_order_line ADD CONSTRAINT no_culprit CHECK (title <> 'culprit')"))
    page = [order(line(title="culprit" if n in (3, 7) else "fine"), external_id=str(n)) for n in range(10)]
    assert importer.run(*page) == Counts(good=8, parked=2)
    row = importer.inbox("3")
    assert row is not None
    assert (row.state, row.code) == ("parked", "BOOKING_FAILED")
    assert row.findings[0]["params"] == {"reason": "23514 no_culprit"}
    numbers = sorted(session.execute(text("SELECT number FROM sales_order")).scalars())
    assert numbers == [f"AU1-{n}" for n in range(100001, 100009)], "a failed try must not lose numbers"


def test_a_database_that_is_busy_is_no_fault_of_an_order(importer: Importer, engine: Engine) -> None:
    importer.run(order(external_id="first"))
    documents = importer.received(order())
    with engine.begin() as other:
        other.execute(text("SELECT FROM number_range FOR UPDATE"))
        importer.session.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(OperationalError):
            import_documents(importer.session, importer.context(), documents)
    importer.session.rollback()
    assert importer.events() == []
    assert importer.run(order()) == Counts(good=1)


def test_a_document_that_cannot_be_read_is_parked_alone(importer: Importer) -> None:
    good, bad = importer.received(order(), order(external_id="bad"))
    failure = Failure.of("DOCUMENT_INVALID", problems="total: missing")
    unreadable = ReadDocument(bad.inbox_id, "bad", "", False, None, failure)
    counts = import_documents(importer.session, importer.context(), [good, unreadable])
    assert counts == Counts(good=1, parked=1)
    row = importer.inbox("bad")
    assert row is not None
    assert (row.state, row.code, row.findings[0]["params"]) == ("parked", "DOCUMENT_INVALID", failure.params)


def test_texts_with_nul_and_endless_texts_break_nothing(importer: Importer) -> None:
    nasty = order(
        line(title="a\x00\\u0000b" * 300),
        line("X\x00Y", ref="2\x00"),
        comment="c\x00",
        billing=ANNA.model_copy(update={"phone": "1" * 500, "city": "x" * 500, "email": "\x00e@x.example"}),
        payment=Payment(method="p\x00"),
        external_id="nasty",
    )
    endless = order(
        line(title="a\x00\\u0000b" * 300),
        number="n" * 500,
        comment="c\x00" * 9000,
        language="de-DE-1996",
        billing=ANNA.model_copy(update={"phone": "1" * 500, "city": "x\x00" * 500, "last_name": "y" * 500}),
        external_id="endless",
    )
    unknown = order(line("S" * 5000), external_id="unknown")
    assert importer.run(nasty, endless, unknown, order()) == Counts(good=2, parked=2)
    assert importer.lines("endless")[0].title.startswith("a\\u0000ba\\u0000b")


def test_an_unknown_value_parks_opens_a_mapping_and_its_repair_books_the_order(
    importer: Importer, session: Session
) -> None:
    moon = Payment(method="moon")
    page = [order(external_id=str(n), payment=moon) for n in range(3)]
    assert importer.run(*page) == Counts(parked=3)
    mapping = session.exec(select(Mapping)).one()
    assert (mapping.kind, mapping.channel_value, mapping.erp_value, mapping.seen) == ("payment", "moon", "", 3)
    assert mapping_tables(session, "shop-1")[MappingKind.PAYMENT] == {}
    assert importer.run(*page) == Counts(parked=3)
    session.refresh(mapping)
    assert mapping.seen == 3, "the same orders must not count again"
    assert set_mapping(session, "shop-1", MappingKind.PAYMENT, "moon", "card", "erna") == 3
    assert [row.state for row in session.exec(select(InboxDocument).execution_options(populate_existing=True))] == [
        "new"
    ] * 3
    tables = mapping_tables(session, "shop-1")
    assert importer.run(*page, payment_map=tables[MappingKind.PAYMENT]) == Counts(good=3)
    assert importer.events("0")[-2:] == [("released", ""), ("booked", "")]


def test_a_mapping_can_be_changed_and_removed(importer: Importer, session: Session) -> None:
    set_mapping(session, "shop-1", MappingKind.SHIPPING, "x", "standard", "erna")
    set_mapping(session, "shop-1", MappingKind.SHIPPING, "x", "pickup", "erna")
    assert mapping_tables(session, "shop-1")[MappingKind.SHIPPING] == {"x": "pickup"}
    note_unknown(session, "shop-1", Counter({(MappingKind.SHIPPING, "x"): 2}))
    assert mapping_tables(session, "shop-1")[MappingKind.SHIPPING] == {"x": "pickup"}
    delete_mapping(session, "shop-1", MappingKind.SHIPPING, "x", "erna")
    assert mapping_tables(session, "shop-1")[MappingKind.SHIPPING] == {}


def test_an_order_with_two_problems_parks_again_with_the_rest(importer: Importer, session: Session) -> None:
    of = order(line("NEW-1"), line("NEW-2"))
    assert importer.run(of) == Counts(parked=1)
    importer.add_article(ArticleInfo(950, "NEW-1"))
    assert release_waiting(session, "article:NEW-1", None) == 1
    assert importer.run(of) == Counts(parked=1)
    row = importer.inbox("100")
    assert row is not None
    assert row.waits_for == ["article:NEW-2"]
    assert release_waiting(session, "article:NEW-1", None) == 0
    importer.add_article(ArticleInfo(951, "NEW-2"))
    assert release_waiting(session, "article:NEW-2", "other-shop") == 0
    assert release_waiting(session, "article:NEW-2", "shop-1") == 1
    assert importer.run(of) == Counts(good=1)


def test_an_order_that_parks_every_hour_with_the_same_problem_fills_no_journal(
    importer: Importer, session: Session
) -> None:
    documents = importer.received(order(line("NEW-1")))
    for _ in range(3):
        import_documents(session, importer.context(), documents)
        session.execute(text("UPDATE inbox_document SET state = 'new'"))
    assert importer.events() == [("parked", "PRODUCT_UNKNOWN")]
    asked = [ReadDocument(d.inbox_id, d.external_id, d.number, True, d.order, None) for d in documents]
    import_documents(session, importer.context(), asked)
    assert importer.events() == [("parked", "PRODUCT_UNKNOWN")] * 2
    row = importer.inbox("100")
    assert row is not None
    assert row.attempts == 4


def test_a_skip_is_kept_as_a_skip(importer: Importer) -> None:
    assert importer.run(order(channel_state="pending")) == Counts(skipped=1)
    row = importer.inbox("100")
    assert row is not None
    assert (row.state, row.code) == ("skipped", "STATE_FILTERED")
    assert importer.events() == [("skipped", "STATE_FILTERED")]


def test_a_cancellation_after_import_holds_the_order_once(importer: Importer, session: Session) -> None:
    importer.run(order())
    cancelled = order(state=ChannelState.CANCELLED, channel_state="cancelled")
    assert importer.run(cancelled) == Counts(skipped=1)
    booked = importer.booked()
    assert booked is not None
    assert (booked.holds, booked.autoship) == (["cancelled_in_channel"], False)
    assert importer.events()[-1] == ("noticed", "CANCELLED_IN_CHANNEL")
    session.execute(text("UPDATE sales_order SET holds = '{}', autoship = true"))
    importer.run(cancelled)
    lifted = importer.booked()
    assert lifted is not None
    assert lifted.holds == [], "a person lifted the hold; the same news must not bring it back"
    assert Counter(importer.events())[("noticed", "CANCELLED_IN_CHANNEL")] == 1


def test_a_refund_in_full_before_shipping_holds_the_order_too(importer: Importer) -> None:
    importer.run(order())
    importer.run(order(state=ChannelState.REFUNDED, channel_state="refunded"))
    booked = importer.booked()
    assert booked is not None
    assert booked.holds == ["cancelled_in_channel"]


def test_a_cancellation_of_a_shipped_order_holds_nothing(importer: Importer, session: Session) -> None:
    importer.run(order())
    session.execute(text("UPDATE sales_order SET fulfilment_state = 'shipped'"))
    importer.run(order(state=ChannelState.CANCELLED, channel_state="cancelled"))
    booked = importer.booked()
    assert booked is not None
    assert booked.holds == []


def test_our_own_change_of_state_is_no_change(importer: Importer) -> None:
    importer.run(order())
    importer.run(order(state=ChannelState.SHIPPED, channel_state="completed"))
    assert importer.events()[1:] == [("skipped", "ALREADY_IMPORTED")]


def test_a_change_of_content_after_import_is_noted_once_per_change(importer: Importer) -> None:
    first = order()
    importer.run(first)
    dearer = stating(first, total=first.stated.total + D(1))
    for version in (dearer, dearer, stating(first, total=first.stated.total + D(2))):
        importer.run(version)
    notes = [event for event in importer.events() if event[0] == "noticed"]
    assert notes == [("noticed", "CHANGED_IN_CHANNEL")] * 2
    moved = order(billing=ANNA.model_copy(update={"street": "Elsewhere 2"}))
    importer.run(moved)
    row = importer.inbox("100")
    assert row is not None
    assert (row.code, row.findings[-1]["params"]["what"]) == ("CHANGED_IN_CHANNEL", "billing address")
    booked = importer.booked()
    assert booked is not None
    assert booked.billing["street"] == "Hauptstr. 1"


def test_the_number_of_statements_does_not_grow_with_the_page(importer: Importer, engine: Engine) -> None:
    from sqlalchemy import event

    counted: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    importer.run(order(external_id="warm"))
    used = []
    for size in (2, 60):
        documents = importer.received(
            *[
                order(external_id=f"{size}-{n}", billing=ANNA.model_copy(update={"email": f"{size}-{n}@x.example"}))
                for n in range(size)
            ]
        )
        counted.clear()
        assert import_documents(importer.session, importer.context(), documents) == Counts(good=size)
        used.append(len(counted))
    assert used[0] == used[1]


def test_a_prepaid_order_that_is_paid_in_the_shop_later_is_paid_here_too(importer: Importer) -> None:
    importer.run(order(channel_state="on-hold", payment=Payment(method="bacs")))
    waiting = importer.booked()
    assert waiting is not None
    assert waiting.payment_state == "open"
    paid = order(payment=Payment(method="bacs", paid_at=NOW))
    importer.run(paid)
    importer.run(paid)
    booked = importer.booked()
    assert booked is not None
    assert (booked.payment_state, booked.paid_at) == ("paid", NOW)
    assert Counter(importer.events())[("paid", "")] == 1
