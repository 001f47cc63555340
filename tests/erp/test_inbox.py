"""The inbox on a real database: each document once, the newest version wins, what came is what is read."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from canonical.feature import Feature
from canonical.order import RawDocument
from erp import inbox
from erp.secrets import Keyring
from erp.tables import InboxDocument, Integration, JournalEvent

KEYS = Keyring({"k1": bytes(range(32))})
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def store(session: Session) -> Session:
    """A store with one integration."""
    session.add(Integration(id="i", connector="woocommerce", name="Shop"))
    session.flush()
    return session


def document(number: str, body: bytes = b"{}", at: datetime | None = NOW) -> RawDocument:
    """A vendor's document."""
    return RawDocument(external_id=number, number=f"#{number}", modified_at=at, body=body)


def put(store: Session, *documents: RawDocument, by_hand: bool = False) -> int:
    """Store a page."""
    return inbox.store_documents(store, KEYS, "i", Feature.ORDERS, documents, run_id="r", by_hand=by_hand)


def taken(store: Session) -> list[tuple[str, bytes]]:
    """What waits, in its order."""
    found = inbox.take_new(store, KEYS, "i", Feature.ORDERS, 500)
    return [(each.external_id, each.body) for each in found]


def row(store: Session, number: str) -> InboxDocument:
    """One stored document as the database has it."""
    query = select(InboxDocument).where(InboxDocument.external_id == number)
    return store.exec(query.execution_options(populate_existing=True)).one()


def decide(store: Session, number: str, state: str) -> None:
    """Say what became of a document."""
    found = row(store, number)
    found.state, found.decided_at, found.attempts = state, NOW, 3
    store.add(found)
    store.flush()


def events(store: Session) -> list[tuple[str, str]]:
    """The journal of the page, oldest first."""
    return [(each.record, each.event) for each in store.exec(select(JournalEvent).order_by(JournalEvent.id))]


def test_a_page_comes_out_as_it_went_in_and_in_its_order(store: Session) -> None:
    bodies = [b'{"name":"Wei\xc3\x9f \\ \' \\u0000"}', b"\x00\xff\\x41 no JSON at all", b"x" * 200_000]
    assert put(store, *(document(f"{9 - n}", body) for n, body in enumerate(bodies))) == 3
    assert taken(store) == [(f"{9 - n}", body) for n, body in enumerate(bodies)]
    assert events(store) == [("9", "received"), ("8", "received"), ("7", "received")]
    assert bodies[0] not in row(store, "9").body


def test_the_same_page_again_changes_nothing(store: Session) -> None:
    put(store, document("1"), document("2", at=None))
    decide(store, "1", "booked")
    assert put(store, document("1"), document("2", at=None)) == 0
    assert row(store, "1").state == "booked"
    assert len(events(store)) == 2


def test_a_newer_version_is_decided_again(store: Session) -> None:
    put(store, document("1"))
    decide(store, "1", "parked")
    assert put(store, document("1", b"[1]", NOW + timedelta(seconds=1))) == 1
    assert (row(store, "1").state, row(store, "1").attempts) == ("new", 0)
    assert taken(store) == [("1", b"[1]")]
    assert events(store)[-1] == ("1", "changed")


def test_a_late_older_version_changes_nothing(store: Session) -> None:
    put(store, document("1", b"[2]"))
    assert put(store, document("1", b"[1]", NOW - timedelta(seconds=1))) == 0
    assert taken(store) == [("1", b"[2]")]


def test_of_two_versions_in_one_page_the_newer_is_kept(store: Session) -> None:
    assert put(store, document("1", b"[2]", NOW + timedelta(seconds=1)), document("1", b"[1]")) == 1
    assert taken(store) == [("1", b"[2]")]


@pytest.mark.parametrize(
    ("state", "comes_again"), [("parked", True), ("skipped", True), ("ignored", True), ("booked", False)]
)
def test_a_person_gets_an_unchanged_document_decided_again_unless_it_is_booked(
    store: Session, state: str, comes_again: bool
) -> None:
    put(store, document("1"))
    decide(store, "1", state)
    assert put(store, document("1"), by_hand=True) == int(comes_again)
    assert row(store, "1").by_hand is comes_again
