"""What a channel tells to be looked after: kept once, closed when it is gone, asked for in turn."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from activities.house import STEPS
from activities.schedules import HOUSE
from canonical.channel import ChannelTask
from canonical.failure import Failure
from canonical.runs import CHANNEL_TASKS, LOST_RUNS
from erp import channel_tasks
from erp.queries.channel_tasks import asked, open_tasks
from erp.tables import Integration, IntegrationFeature
from tests.erp.conftest import Shop

SHOP = "shop-1"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
CUP = ChannelTask(order_ref="W1-A", kind="incident", text="Becher: nicht angekommen")
BOWL = ChannelTask(order_ref="W2-A", kind="incident", text="Schale: zerbrochen", due_at=NOW + timedelta(days=2))


def told(session: Session, *tasks: ChannelTask, after: timedelta = timedelta(0)) -> list[tuple[str, str, datetime]]:
    """What is open, as the page has it, once the channel told this."""
    channel_tasks.store_tasks(session, SHOP, tasks, NOW + after)
    session.commit()
    session.expire_all()
    return [(task.order_ref, task.text, task.seen_at) for task in open_tasks(session, SHOP)]


def test_a_task_told_again_keeps_its_beginning_and_one_that_is_gone_is_closed(session: Session, shop: Shop) -> None:
    assert told(session, CUP, BOWL) == [("W2-A", BOWL.text, NOW), ("W1-A", CUP.text, NOW)], "what is due comes first"
    later = CUP.model_copy(update={"text": "Becher: jetzt dringend"})
    assert told(session, later, after=timedelta(hours=1)) == [("W1-A", later.text, NOW)]
    assert told(session, after=timedelta(hours=2)) == []
    again = told(session, CUP, after=timedelta(hours=3))
    assert again == [("W1-A", CUP.text, NOW + timedelta(hours=3))], "what was closed begins anew"


def test_several_lines_of_one_order_are_one_task(session: Session, shop: Shop) -> None:
    other = CUP.model_copy(update={"text": "Teller: fehlt"})
    nameless = CUP.model_copy(update={"order_ref": "\x00"})
    assert told(session, CUP, other, CUP, nameless) == [("W1-A", f"{CUP.text}\n{other.text}", NOW)]


def test_a_task_names_our_order_where_it_was_imported(session: Session, shop: Shop) -> None:
    shop.listed("MUG")
    order = shop.order({"MUG": 1}, external_id="W1-A")
    told(session, CUP, BOWL)
    assert {task.order_ref: (task.order_id, task.order_number) for task in open_tasks(session, SHOP)} == {
        "W1-A": (order.id, order.number),
        "W2-A": (None, ""),
    }


def test_one_integrations_tasks_are_not_anothers(session: Session, shop: Shop) -> None:
    session.add(Integration(id="shop-2", connector="mirakl", name="Two"))
    session.flush()
    channel_tasks.store_tasks(session, "shop-2", [CUP], NOW)
    assert told(session, BOWL) == [("W2-A", BOWL.text, NOW)]
    assert [task.order_ref for task in open_tasks(session, "shop-2")] == ["W1-A"]


@pytest.fixture
def live(session: Session, shop: Shop) -> IntegrationFeature:
    """The integration is productive and imports orders."""
    shop.integration.mode, shop.integration.connector = "productive", "mirakl"
    feature = IntegrationFeature(integration_id=SHOP, feature="orders", is_active=True)
    session.add(feature)
    session.commit()
    return feature


def due(session: Session, after: timedelta = timedelta(0)) -> list[str]:
    session.commit()
    return channel_tasks.due(session, ["mirakl"], NOW + after, 5)


def test_a_channel_is_asked_every_half_hour_and_sooner_after_a_failure(
    session: Session, live: IntegrationFeature
) -> None:
    assert due(session) == [SHOP]
    told(session, CUP)
    assert due(session, timedelta(minutes=29)) == [] and due(session, timedelta(minutes=31)) == [SHOP]
    channel_tasks.note_failure(session, SHOP, Failure.of("RATE_LIMITED", host="m.example"), NOW)
    assert due(session, timedelta(minutes=4)) == [] and due(session, timedelta(minutes=6)) == [SHOP]
    row = asked(session, SHOP)
    assert row is not None and (row.code, row.params) == ("RATE_LIMITED", {"host": "m.example"})
    assert [task.order_ref for task in open_tasks(session, SHOP)] == ["W1-A"], "what was told before stays"
    told(session, CUP)
    assert asked(session, SHOP).code == ""  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "change", ["development", "another connector", "deleted", "off", "not chosen", "paused", "blocked"]
)
def test_a_channel_whose_orders_do_not_run_is_not_asked(
    session: Session, shop: Shop, live: IntegrationFeature, change: str
) -> None:
    shop.integration.mode = "development" if change == "development" else "productive"
    shop.integration.connector = "other" if change == "another connector" else "mirakl"
    shop.integration.deleted_at = NOW if change == "deleted" else None
    live.is_active, live.is_chosen = change != "off", change != "not chosen"
    live.paused_at = NOW if change == "paused" else None
    live.blocked_at = NOW if change == "blocked" else None
    assert due(session) == []


def test_every_house_task_has_a_schedule_and_a_step() -> None:
    assert set(HOUSE) == {*STEPS, LOST_RUNS} and CHANNEL_TASKS in HOUSE


def test_the_longest_unasked_comes_first(session: Session, live: IntegrationFeature) -> None:
    told(session, CUP)
    session.add(Integration(id="shop-2", connector="mirakl", name="Two", mode="productive"))
    session.flush()
    session.add(IntegrationFeature(integration_id="shop-2", feature="orders", is_active=True))
    assert due(session, timedelta(hours=1)) == ["shop-2", SHOP]
