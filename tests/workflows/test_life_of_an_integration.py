"""The life of an integration on real Temporal and PostgreSQL, against a simulated shop over HTTP."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.worker import Replayer

from canonical.failure import FailureError
from canonical.feature import Feature, Mode
from canonical.lifecycle import (
    By,
    ChooseFeatures,
    Configure,
    CreateIntegration,
    Delete,
    ForFeature,
    Pause,
    RunNow,
)
from canonical.settings import MappingKind
from erp.articles import ArticleForm, create_article
from erp.integrations import state_of
from erp.mappings import set_mapping
from sandbox.woocommerce import WooShop, seed_shop
from worker import WORKFLOWS
from workflows import ids

BY = "tester"
ALL = (Feature.ORDERS, Feature.STOCK, Feature.SHIPMENTS)


def small_shop(orders: int = 12, **more: Any) -> WooShop:
    shop = WooShop()
    seed_shop(shop, articles=20, orders=orders, **more)
    return shop


def importable(shop: WooShop) -> list[dict[str, Any]]:
    return [order for order in shop.orders.values() if order["status"] in ("processing", "on-hold")]


async def is_held(client: Client, integration_id: str, feature: Feature) -> tuple[bool, str]:
    described = await client.get_schedule_handle(ids.feature(integration_id, feature)).describe()
    return described.schedule.state.paused, described.schedule.state.note or ""


async def whole_story(world: Any) -> None:
    shop = small_shop()
    connected = await world.connect_shop(shop)
    await connected.set_up(*ALL)
    expected = importable(shop)
    state = await connected.go_live()
    assert state.mode is Mode.PRODUCTIVE
    assert await connected.run(Feature.ORDERS) == "done"
    assert connected.orders() == len(expected)
    total = world.number("SELECT sum(total) FROM sales_order WHERE integration_id = :id", id=connected.id)
    assert total == sum(Decimal(order["total"]) for order in expected)
    await world.client.execute_workflow(
        "HouseRun", {"name": "auto-ship", "limit": 200}, id=f"house-{connected.id}", task_queue=ids.TASK_QUEUE
    )
    dirty = "SELECT count(*) FROM link WHERE integration_id = :id AND dirty_at IS NOT NULL AND state <> 'failed'"
    await world.until(lambda: world.number(dirty, id=connected.id) == 0, "everything sent")
    shipped = world.number(
        "SELECT count(*) FROM link WHERE integration_id = :id AND kind = 'shipments'", id=connected.id
    )
    assert shipped > 0
    kinds = [effect.kind for effect in shop.effects]
    assert kinds.count("order_status") == shipped
    assert "stock" in kinds


async def test_from_installation_to_confirmed_shipments(world: Any) -> None:
    await whole_story(world)


async def test_the_same_story_when_every_workflow_task_is_replayed(forgetful_world: Any) -> None:
    await whole_story(forgetful_world)


async def test_recorded_histories_replay_with_todays_code(world: Any) -> None:
    shop = small_shop(orders=3)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    await connected.run(Feature.ORDERS)
    query = f"Integration = '{connected.id}'"
    own = [ids.integration(connected.id), ids.check(connected.id), ids.go_live(connected.id)]
    histories = [await world.client.get_workflow_handle(each).fetch_history() for each in own]
    async for execution in world.client.list_workflows(query):
        histories.append(await world.client.get_workflow_handle(execution.id, run_id=execution.run_id).fetch_history())
    assert len(histories) > 3
    replayer = Replayer(workflows=WORKFLOWS, data_converter=world.client.data_converter)
    for history in histories:
        await replayer.replay_workflow(history)


async def test_a_second_run_imports_nothing_twice_and_asks_the_shop_once(world: Any) -> None:
    shop = small_shop(orders=6)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    await connected.run(Feature.ORDERS)
    before, asked = connected.orders(), len(shop.requests)
    assert await connected.run(Feature.ORDERS) == "done"
    assert connected.orders() == before
    assert len(shop.requests) - asked <= 2


async def test_features_cannot_be_chosen_before_a_good_connection_test(world: Any) -> None:
    connected = await world.connect_shop(small_shop(orders=0))
    with pytest.raises(FailureError) as refused:
        await connected.send("choose_features", ChooseFeatures(features=(Feature.ORDERS,), by=BY))
    assert refused.value.failure.code == "STATE_FORBIDS"


async def test_a_wrong_key_is_named_by_the_test_and_nothing_is_transferred(world: Any) -> None:
    connected = await world.connect_shop(small_shop())
    connected.store_keys("ck_" + "0" * 40, "cs_" + "0" * 40)
    report = await connected.test()
    failed = [item for item in report.items if item.failure]
    assert not report.ok
    assert failed[0].failure.code == "ACCESS"
    assert world.number("SELECT count(*) FROM inbox_document WHERE integration_id = :id", id=connected.id) == 0


async def test_a_read_only_key_is_refused_for_the_features_that_write(world: Any) -> None:
    shop = small_shop(orders=0)
    connected = await world.connect_shop(shop)
    connected.store_keys(shop.read_only_key, shop.read_only_secret)
    report = await connected.test()
    assert {item.failure.code for item in report.items if item.failure} == {"PERMISSION"}


async def test_activation_names_the_mandatory_settings_that_are_missing(world: Any) -> None:
    connected = await world.connect_shop(small_shop(orders=0))
    assert (await connected.test()).ok
    await connected.send("choose_features", ChooseFeatures(features=(Feature.ORDERS,), by=BY))
    with pytest.raises(FailureError) as refused:
        await connected.send("activate", ForFeature(feature=Feature.ORDERS, by=BY))
    assert refused.value.failure.code == "SETTINGS_INCOMPLETE"
    assert "default_project" in refused.value.failure.params["fields"]


async def test_going_live_without_an_active_feature_is_refused_and_changes_nothing(world: Any) -> None:
    connected = await world.connect_shop(small_shop(orders=0))
    assert (await connected.test()).ok
    await connected.send("choose_features", ChooseFeatures(features=(Feature.ORDERS,), by=BY))
    with pytest.raises(FailureError) as refused:
        await connected.go_live()
    assert refused.value.failure.code == "NOT_READY"
    assert (await world.lifecycle.status(connected.id)).mode is Mode.DEVELOPMENT
    assert await is_held(world.client, connected.id, Feature.ORDERS) == (True, "not live")


async def test_only_stage_two_lets_schedules_run(world: Any) -> None:
    connected = await world.connect_shop(small_shop(orders=0))
    await connected.set_up(*ALL)
    assert [(await is_held(world.client, connected.id, feature))[0] for feature in ALL] == [True, True, True]
    await connected.go_live()
    assert [(await is_held(world.client, connected.id, feature))[0] for feature in ALL] == [False, False, False]
    await connected.send("stop", By(by=BY))
    assert [(await is_held(world.client, connected.id, feature))[0] for feature in ALL] == [True, True, True]


async def test_a_paused_feature_holds_its_schedule_with_the_reason(world: Any) -> None:
    connected = await world.connect_shop(small_shop(orders=0))
    await connected.set_up(Feature.ORDERS, Feature.STOCK)
    await connected.go_live()
    await connected.send("pause", Pause(feature=Feature.STOCK, note="Inventur", by=BY))
    assert await is_held(world.client, connected.id, Feature.STOCK) == (True, "Inventur")
    assert (await is_held(world.client, connected.id, Feature.ORDERS))[0] is False
    await connected.send("resume", ForFeature(feature=Feature.STOCK, by=BY))
    assert (await is_held(world.client, connected.id, Feature.STOCK))[0] is False


async def test_a_terminated_entity_says_so_and_starting_again_heals(world: Any) -> None:
    shop = small_shop(orders=4)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    before = await connected.go_live()
    await world.client.get_workflow_handle(ids.integration(connected.id)).terminate("test")
    commands = [
        ("credentials_stored", By(by=BY)),
        ("test_connection", By(by=BY)),
        ("choose_features", ChooseFeatures(features=ALL, by=BY)),
        ("configure", Configure(feature=Feature.ORDERS, values={}, by=BY)),
        ("activate", ForFeature(feature=Feature.ORDERS, by=BY)),
        ("stop", By(by=BY)),
        ("run_now", RunNow(feature=Feature.ORDERS, by=BY)),
    ]
    for update, command in commands:
        with pytest.raises(FailureError) as refused:
            await connected.send(update, command)
        assert refused.value.failure.code == "NOT_RUNNING"
    with world.deps.sessions() as session:
        stored = state_of(session, connected.id)
    await world.lifecycle.start_again(stored)
    assert await connected.run(Feature.ORDERS) == "done"
    after = await world.lifecycle.status(connected.id)
    assert (after.mode, after.features) == (before.mode, before.features)
    assert connected.orders() == len(importable(shop))


async def test_a_revoked_key_blocks_with_a_banner_until_it_is_resolved(world: Any) -> None:
    shop = small_shop(orders=5)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    connected.store_keys("ck_" + "0" * 40, "cs_" + "0" * 40)
    assert await connected.run(Feature.ORDERS) == "blocked"
    refresh = "SELECT count(*) FROM integration_feature WHERE integration_id = :id AND blocked_at IS NOT NULL"
    await world.until(lambda: world.number(refresh, id=connected.id) == 1, "block stored")
    state = (await world.lifecycle.status(connected.id)).feature(Feature.ORDERS)
    held, note = await is_held(world.client, connected.id, Feature.ORDERS)
    assert held and "ACCESS" in note
    connected.store_keys(shop.consumer_key, shop.consumer_secret)
    since = world.number("SELECT clock_timestamp()")
    await connected.send("resolve", ForFeature(feature=Feature.ORDERS, by=BY))
    assert await connected.outcome(Feature.ORDERS, since) == "done"
    assert connected.orders() == len(importable(shop))
    state = (await world.lifecycle.status(connected.id)).feature(Feature.ORDERS)
    assert state.blocked is None
    assert (await is_held(world.client, connected.id, Feature.ORDERS))[0] is False


async def test_a_shop_that_is_down_defers_and_the_next_run_goes_on_without_a_person(world: Any) -> None:
    shop = small_shop(orders=5)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    shop.faults.set(mode="503", retry_after=1)
    assert await connected.run(Feature.ORDERS) == "deferred"
    assert (await world.lifecycle.status(connected.id)).feature(Feature.ORDERS).blocked is None
    assert (await is_held(world.client, connected.id, Feature.ORDERS))[0] is False
    shop.faults.clear()
    since = world.number("SELECT clock_timestamp()")
    await world.client.get_schedule_handle(ids.feature(connected.id, Feature.ORDERS)).trigger()
    assert await connected.outcome(Feature.ORDERS, since) == "done"
    assert connected.orders() == len(importable(shop))


async def test_a_short_outage_is_bridged_within_the_run(world: Any) -> None:
    shop = small_shop(orders=5)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    shop.faults.set(mode="500", count=2)
    assert await connected.run(Feature.ORDERS) == "done"
    assert connected.orders() == len(importable(shop))


async def test_an_unmapped_payment_parks_and_the_mapping_releases_it(world: Any) -> None:
    shop = small_shop(orders=8)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS, mapped=False)
    await connected.go_live()
    assert await connected.run(Feature.ORDERS) == "done"
    parked = "SELECT count(*) FROM inbox_document WHERE integration_id = :id AND state = 'parked'"
    assert world.number(parked, id=connected.id) == len(importable(shop))
    with world.deps.sessions() as session:
        rows = session.execute(
            text("SELECT kind, channel_value FROM mapping WHERE integration_id = :id AND erp_value = ''"),
            {"id": connected.id},
        ).all()
        assert rows
        for kind, value in rows:
            set_mapping(session, connected.id, MappingKind(kind), value, "paypal" if kind == "payment" else "dhl", BY)
        session.commit()
    assert await connected.run(Feature.ORDERS) == "done"
    assert world.number(parked, id=connected.id) == 0
    assert connected.orders() == len(importable(shop))


async def test_an_unknown_article_parks_alone_and_its_creation_releases_it(world: Any) -> None:
    shop = small_shop(orders=20, unknown_sku_share=0.3)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    await connected.run(Feature.ORDERS)
    unknown = {
        line["sku"] for order in importable(shop) for line in order["line_items"] if line["sku"].startswith("UNKNOWN-")
    }
    parked = "SELECT count(*) FROM inbox_document WHERE integration_id = :id AND state = 'parked' AND code = 'PRODUCT_UNKNOWN'"
    assert unknown
    assert 0 < world.number(parked, id=connected.id) < len(importable(shop))
    with world.deps.sessions() as session:
        for sku in unknown:
            create_article(session, ArticleForm(number=sku, name=sku))
        session.commit()
    await connected.run(Feature.ORDERS)
    assert world.number(parked, id=connected.id) == 0
    assert connected.orders() == len(importable(shop))


async def test_orders_fetched_by_number_come_even_in_development_mode(world: Any) -> None:
    shop = small_shop(orders=6)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    wanted = importable(shop)[:2]
    assert await connected.run(Feature.ORDERS, *[order["number"] for order in wanted]) == "done"
    assert connected.orders() == 2


async def test_deleting_needs_the_name_and_keeps_booked_orders(world: Any) -> None:
    shop = small_shop(orders=4)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    await connected.run(Feature.ORDERS)
    booked = connected.orders()
    with pytest.raises(FailureError) as refused:
        await connected.send("delete", Delete(confirm="wrong", by=BY))
    assert refused.value.failure.code == "UNCONFIRMED"
    await connected.send("delete", Delete(confirm=f"Shop {connected.id}", by=BY))
    assert connected.orders() == booked > 0
    assert world.number("SELECT count(*) FROM inbox_document WHERE integration_id = :id", id=connected.id) == 0
    assert world.number("SELECT count(*) FROM credential WHERE integration_id = :id", id=connected.id) == 0
    entity = world.client.get_workflow_handle(ids.integration(connected.id))
    await entity.result()
    assert (await entity.describe()).status is WorkflowExecutionStatus.COMPLETED
    left = [s.id async for s in await world.client.list_schedules() if s.id.startswith(f"integration/{connected.id}/")]
    assert left == []


async def test_a_taken_name_is_refused_and_leaves_no_entity(world: Any) -> None:
    connected = await world.connect_shop(small_shop(orders=0))
    twin = CreateIntegration(id=f"{connected.id}x", connector="woocommerce", name=f"Shop {connected.id}", by=BY)
    with pytest.raises(FailureError) as refused:
        await world.lifecycle.create(twin)
    assert refused.value.failure.code == "NAME_TAKEN"
    await world.client.get_workflow_handle(ids.integration(twin.id)).result()
    assert world.number("SELECT count(*) FROM integration WHERE id = :id", id=twin.id) == 0


async def test_orders_changed_before_the_start_are_skipped_not_lost(world: Any) -> None:
    shop = small_shop(orders=6)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    state = await connected.send("go_live", {"start_at": datetime.now(UTC).isoformat(), "by": BY})
    assert state.mode is Mode.PRODUCTIVE
    assert await connected.run(Feature.ORDERS) == "done"
    assert connected.orders() == 0


async def test_a_terminated_run_is_found_and_said_in_the_journal(world: Any) -> None:
    shop = small_shop(orders=3)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    shop.faults.set(mode="hang", path="/orders")
    await connected.send("run_now", RunNow(feature=Feature.ORDERS, by=BY))
    running = "SELECT count(*) FROM run WHERE integration_id = :id AND ended_at IS NULL"
    await world.until(lambda: world.number(running, id=connected.id) == 1, "run began")
    run_id = world.number("SELECT id FROM run WHERE integration_id = :id AND ended_at IS NULL", id=connected.id)
    workflow_id = world.number("SELECT workflow_id FROM run WHERE id = :id", id=run_id)
    await world.client.get_workflow_handle(workflow_id, run_id=run_id).terminate("test")
    shop.faults.clear()
    shop.faults.release()
    with world.deps.sessions() as session:
        session.execute(
            text("UPDATE run SET started_at = started_at - interval '1 hour' WHERE id = :id"), {"id": run_id}
        )
        session.commit()
    task = {"name": "lost-runs", "limit": 1}
    await world.client.execute_workflow("HouseRun", task, id=f"lost-{connected.id}", task_queue=ids.TASK_QUEUE)
    assert world.number("SELECT code FROM run WHERE id = :id", id=run_id) == "RUN_LOST"
    told = "SELECT count(*) FROM journal WHERE run_id = :id AND event = 'run_lost'"
    assert world.number(told, id=run_id) == 1
    assert await connected.run(Feature.ORDERS) == "done"
    assert connected.orders() == len(importable(shop))
