"""Rows of D§10 that belong to no other test's subject."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from canonical.feature import Feature
from canonical.order import RawDocument
from canonical.settings import StockSettings
from erp import feature_settings, inbox
from erp.secrets import Keyring
from erp.tables import ArticleListEntry, InboxDocument, Integration
from tests.erp.order_kit import Importer, order

KEYS = Keyring({"k1": bytes(range(32))})
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_parked_order_is_tried_for_five_days_and_then_only_by_hand(session: Session) -> None:
    session.add(Integration(id="i", connector="woocommerce", name="Shop"))
    session.flush()
    ages = {"fresh": timedelta(days=4, hours=23), "old": timedelta(days=5, minutes=1)}
    documents = [
        RawDocument(external_id=name, number=name, modified_at=NOW - age, body=b"{}") for name, age in ages.items()
    ]
    inbox.store_documents(session, KEYS, "i", Feature.ORDERS, documents, run_id="r")
    for row in session.exec(select(InboxDocument)):
        row.state = "parked"
    session.flush()
    assert inbox.requeue_parked(session, "i", Feature.ORDERS, NOW) == 1
    session.expire_all()
    rows = {row.external_id: row for row in session.exec(select(InboxDocument))}
    assert {name: row.state for name, row in rows.items()} == {"fresh": "new", "old": "parked"}
    assert inbox.run_again(session, [rows["old"].id or 0], "anna") == 1
    session.expire_all()
    assert {row.state for row in session.exec(select(InboxDocument))} == {"new"}


def test_an_article_outside_the_filter_is_imported_all_the_same(session: Session) -> None:
    """The article list says what is sent to a shop, not what the shop may sell."""
    importer = Importer(session)
    assert session.exec(select(ArticleListEntry)).all() == []
    assert importer.run(order()).good == 1


def test_a_run_keeps_the_settings_it_began_with(session: Session) -> None:
    session.add(Integration(id="i", connector="woocommerce", name="Shop"))
    session.flush()
    for warehouse in ("OLD", "NEW"):
        values = StockSettings(warehouses=frozenset({warehouse}))
        feature_settings.save_settings(session, "i", Feature.STOCK, values, "anna")
    pinned, newest = (
        feature_settings.load_settings(session, "i", Feature.STOCK, StockSettings, revision) for revision in (1, None)
    )
    assert (pinned[0].warehouses, pinned[1]) == (frozenset({"OLD"}), 1)
    assert (newest[0].warehouses, newest[1]) == (frozenset({"NEW"}), 2)
