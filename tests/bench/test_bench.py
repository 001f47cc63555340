"""The measurements with tiny numbers on the real servers, and that they notice a wrong result."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import Engine
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from bench import BenchError, history, orders
from bench.meter import Meter
from bench.shop import Filled, fill
from bench.stages import STAGES
from bench.world import World
from erp.database import make_sessions


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does."""
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def result(*arguments: str) -> dict[str, Any]:
    """What a measurement prints: one line."""
    done = bench(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    return json.loads(line)


def test_without_arguments_the_measurements_are_listed() -> None:
    done = bench()
    assert done.returncode == 0
    assert "orders --orders" in done.stdout
    assert "stock --articles" in done.stdout


def test_orders_are_measured_and_add_up() -> None:
    found = result("orders", "--orders", "120", "--workers", "2")
    assert found["booked"] + found["parked"] + found["skipped"] == found["orders"] == 120
    assert found["parked"] > 0
    assert found["orders_per_second"] > 0
    assert found["plain_orders_per_second"] > 0
    assert found["requests"] == 2
    assert found["temporal_actions"] >= found["requests"]
    assert found["cpu_seconds"].keys() == {"sandbox", "worker_1", "worker_2", "postgres", "temporal"}
    assert all(megabytes > 0 for megabytes in found["peak_memory_mb"].values())
    assert found["stages"].keys() == {*STAGES, "rest"}
    assert all(found["stages"][stage] > 0 for stage in STAGES)
    assert sum(found["stages"].values()) == pytest.approx(100, abs=1)


def test_stock_is_measured_and_nothing_is_asked_when_nothing_changed() -> None:
    found = result("stock", "--articles", "120", "--changed", "7")
    assert (found["articles"], found["changed"]) == (120, 7)
    assert found["first_requests"] == 4
    assert found["requests"] == 1
    assert found["requests_unchanged"] == 0
    assert 0 < found["plan_seconds"] < found["accepted_seconds"]


def test_what_cannot_be_measured_ends_with_an_error() -> None:
    done = bench("stock", "--articles", "1", "--changed", "2")
    assert done.returncode == 1
    assert "more changes than articles" in done.stderr


def empty_world(engine: Engine) -> World:
    """A world of which only the database is asked."""
    nothing: Any = None
    return World(nothing, "", nothing, make_sessions(engine), {}, nothing)


def test_a_missing_order_is_noticed(engine: Engine) -> None:
    with pytest.raises(BenchError, match="orders: 1 differ, such as"):
        orders.check(empty_world(engine), Filled(Path(), [], totals={"1": Decimal("9.90")}), 0)


def test_a_document_that_was_lost_is_noticed(engine: Engine) -> None:
    with pytest.raises(BenchError, match="documents: 0 instead of 1"):
        orders.check(empty_world(engine), Filled(Path(), []), 1)


def test_an_order_that_is_not_parked_is_noticed(engine: Engine) -> None:
    with pytest.raises(BenchError, match="parked orders: 1 differ"):
        orders.check(empty_world(engine), Filled(Path(), [], parked=frozenset({"7"})), 0)


def test_a_total_that_is_off_by_a_cent_is_noticed() -> None:
    with pytest.raises(BenchError, match="totals: 1 differ, such as \\['1'\\]"):
        orders.same("totals", {"1": Decimal("9.91"), "2": Decimal(1)}, {"1": Decimal("9.90"), "2": Decimal("1.00")})


def test_the_shop_is_lifelike(tmp_path: Path) -> None:
    filled = fill(tmp_path / "shop.jsonl", articles=300, orders=1000, unknown_sku_share=0.05)
    assert 30 <= len(filled.parked) <= 70
    assert len(filled.totals) > 800
    assert len(filled.buyers) >= 30
    assert 2000 <= filled.lines <= 4000


def event(kind: EventType.ValueType, **attributes: Any) -> HistoryEvent:
    """One event of a history."""
    made = HistoryEvent(event_type=kind, **attributes)
    made.event_time.FromDatetime(datetime(2026, 11, 22, tzinfo=UTC))
    return made


def test_every_attempt_is_an_action_and_a_schedules_start_is_three() -> None:
    attempts = event(EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED, activity_task_started_event_attributes={"attempt": 4})
    scheduled = event(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
    fields = scheduled.workflow_execution_started_event_attributes.search_attributes.indexed_fields
    fields["TemporalScheduledById"].data = b'"orders"'
    by_hand = event(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
    by_hand.workflow_execution_started_event_attributes.identity = "a client"
    free = event(EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED)
    updated = event(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED)
    assert [history.actions_of(each) for each in (attempts, scheduled, by_hand, free, updated)] == [4, 3, 1, 0, 1]


def test_the_cpu_time_of_children_that_ended_counts() -> None:
    burn = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(20_000_000))']); input()"
    with subprocess.Popen([sys.executable, "-c", burn], stdin=subprocess.PIPE) as process:
        with Meter({"it": process.pid}) as meter:
            root = psutil.Process(process.pid)
            while root.cpu_times().children_user == 0:
                assert process.poll() is None
        process.communicate(b"\n")
    assert meter.usage()["it"].cpu_seconds > 0.1
