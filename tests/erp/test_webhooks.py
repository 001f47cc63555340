"""Webhooks are hints: taken once, harmless when repeated or out of order, and their subscriptions are looked after."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from canonical.channel import WebhookHint, WebhookReport
from canonical.failure import Failure
from canonical.feature import Feature
from erp import webhooks
from erp.secrets import Keyring
from erp.tables import Integration, IntegrationFeature, JournalEvent, RunRequest, Webhook
from tests.erp.conftest import Shop

SHOP = "shop-1"
KEYS = Keyring({"k1": bytes(range(32))})
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def shop(session: Session) -> Shop:
    """A productive shop whose orders run by themselves."""
    made = Shop(session)
    made.integration.mode = "productive"
    session.add(IntegrationFeature(integration_id=SHOP, feature="orders", is_active=True))
    webhooks.ensure_hook(session, KEYS, SHOP)
    session.commit()
    return made


def hint(delivery: str = "d-1", feature: Feature | None = Feature.ORDERS) -> WebhookHint:
    return WebhookHint(delivery_id=delivery, topic="order.updated", feature=feature)


def requests(session: Session) -> list[str]:
    return [request.trigger for request in session.exec(select(RunRequest))]


def test_a_delivery_asks_for_a_run_and_a_repeated_one_does_nothing(session: Session, shop: Shop) -> None:
    ref = webhooks.receive(session, SHOP, hint(), NOW)
    assert ref is not None and ref.feature is Feature.ORDERS
    assert webhooks.receive(session, SHOP, hint(), NOW + timedelta(hours=1)) is None
    assert requests(session) == ["webhook"]


def test_a_burst_asks_for_one_run_and_later_ones_for_the_next(session: Session, shop: Shop) -> None:
    now = datetime.now(UTC)
    refs = [webhooks.receive(session, SHOP, hint(f"d-{n}"), now) for n in range(50)]
    assert [ref is not None for ref in refs] == [True, *[False] * 49]
    assert webhooks.receive(session, SHOP, hint("later"), now + timedelta(seconds=11)) is not None
    assert session.get(Webhook, SHOP).received == 51  # type: ignore[union-attr]


@pytest.mark.parametrize("change", ["development", "off", "paused"])
def test_what_does_not_run_by_itself_is_not_run_by_a_webhook(session: Session, shop: Shop, change: str) -> None:
    feature = session.get(IntegrationFeature, (SHOP, "orders"))
    assert feature is not None
    if change == "development":
        shop.integration.mode = "development"
    feature.is_active = change != "off"
    feature.paused_at = NOW if change == "paused" else None
    session.commit()
    assert webhooks.receive(session, SHOP, hint(), NOW) is None
    assert requests(session) == []


def test_a_topic_that_means_nothing_is_noted_and_forgotten(session: Session, shop: Shop) -> None:
    assert webhooks.receive(session, SHOP, hint(feature=None), NOW) is None
    assert requests(session) == []


def test_the_way_in_is_made_once_and_belongs_to_one_integration(session: Session, shop: Shop) -> None:
    hook = webhooks.ensure_hook(session, KEYS, SHOP)
    assert webhooks.hook_of(session, KEYS, hook.token) == hook == webhooks.ensure_hook(session, KEYS, SHOP)
    assert len(hook.token) >= 32 and len(hook.secret) >= 32
    assert webhooks.hook_of(session, KEYS, "geraten") is None
    shop.integration.deleted_at = NOW
    session.commit()
    assert webhooks.hook_of(session, KEYS, hook.token) is None


def test_the_watch_takes_the_longest_unseen_first_and_only_productive_shops(session: Session, shop: Shop) -> None:
    session.add(Integration(id="shop-2", connector="woocommerce", name="Two", mode="productive"))
    session.add(Integration(id="shop-3", connector="woocommerce", name="Three"))
    session.add(Integration(id="shop-4", connector="other", name="Four", mode="productive"))
    session.flush()
    webhooks.note_report(session, SHOP, WebhookReport(active=("order.updated",)), NOW - timedelta(hours=2))
    session.commit()
    assert webhooks.due(session, ["woocommerce"], NOW, 5) == ["shop-2", SHOP]
    webhooks.note_report(session, SHOP, WebhookReport(active=("order.updated",)), NOW)
    assert webhooks.due(session, ["woocommerce"], NOW + timedelta(minutes=29), 5) == ["shop-2"]


def test_what_was_healed_is_told_and_a_lasting_failure_only_once(session: Session, shop: Shop) -> None:
    refused = WebhookReport(failure=Failure.of("WEBHOOKS_MISSING", reason="scope"))
    for report in (
        WebhookReport(created=("order.created",)),
        refused,
        refused,
        WebhookReport(active=("order.created",)),
    ):
        webhooks.note_report(session, SHOP, report, NOW)
    events = [event.event for event in session.exec(select(JournalEvent)) if event.event.startswith("webhooks")]
    assert events == ["webhooks_healed", "webhooks_missing"]
    row = session.get(Webhook, SHOP)
    assert row is not None and (row.code, row.active, row.healed) == ("", ["order.created"], ["order.created"])


def test_old_deliveries_are_forgotten(session: Session, shop: Shop) -> None:
    webhooks.receive(session, SHOP, hint(), NOW - timedelta(days=4))
    webhooks.forget_old(session, NOW)
    session.commit()
    assert webhooks.receive(session, SHOP, hint(), NOW) is not None
