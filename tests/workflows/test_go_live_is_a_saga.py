"""Going live stands as a whole or not at all: the order of steps and undo, with stand-in activities that can fail."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from canonical.feature import Feature
from canonical.lifecycle import FeatureState, IntegrationState, Readiness, ReadinessItem
from canonical.runs import Productive, ScheduleNote
from workflows.go_live import GoLive

FEATURES = (Feature.ORDERS, Feature.STOCK, Feature.SHIPMENTS)


class StandIns:
    """Remembers which schedules run and what mode and watermark are; fails where it is told to."""

    def __init__(self, fails_at: str = "", ready: bool = True) -> None:
        self.fails_at, self.ready = fails_at, ready
        self.running: list[Feature] = []
        self.productive = self.begun = False

    def _may_fail(self, step: str) -> None:
        if step == self.fails_at:
            raise ApplicationError("refused", type="UNCLASSIFIED", non_retryable=True)

    @activity.defn(name="check_readiness")
    async def check_readiness(self, integration_id: str) -> Readiness:
        return Readiness(items=(ReadinessItem(name="credentials", ok=self.ready),))

    @activity.defn(name="begin_productive")
    async def begin_productive(self, change: Productive) -> None:
        self.begun = True
        self._may_fail("begin")

    @activity.defn(name="open_schedule")
    async def open_schedule(self, note: ScheduleNote) -> None:
        # It takes effect and then fails: the undo of a step must not depend on its answer.
        self.running.append(note.ref.feature)
        self._may_fail(note.ref.feature.value)

    @activity.defn(name="close_schedule")
    async def close_schedule(self, note: ScheduleNote) -> None:
        if note.ref.feature in self.running:
            self.running.remove(note.ref.feature)

    @activity.defn(name="set_productive")
    async def set_productive(self, change: Productive) -> None:
        self.productive = True
        self._may_fail("productive")

    @activity.defn(name="undo_productive")
    async def undo_productive(self, change: Productive) -> None:
        self.productive = self.begun = False


@asynccontextmanager
async def queue_with(world: Any, stand_ins: StandIns) -> AsyncIterator[str]:
    queue = f"saga-{uuid4().hex[:8]}"
    doubles = [
        stand_ins.check_readiness, stand_ins.begin_productive, stand_ins.open_schedule, stand_ins.close_schedule,
        stand_ins.set_productive, stand_ins.undo_productive,
    ]  # fmt: skip
    async with Worker(world.client, task_queue=queue, workflows=[GoLive], activities=doubles, max_cached_workflows=0):
        yield queue


async def go_live(world: Any, queue: str) -> None:
    features = tuple(FeatureState(feature=feature, is_active=True) for feature in FEATURES)
    state = IntegrationState(id="saga", connector="woocommerce", name="Saga", features=features)
    change = Productive(integration_id="saga", start_at=datetime.now(UTC), by="tester")
    await world.client.execute_workflow("GoLive", args=[state, change], id=f"go-live-{queue}", task_queue=queue)


async def test_all_steps_stand_when_none_fails(world: Any) -> None:
    stand_ins = StandIns()
    async with queue_with(world, stand_ins) as queue:
        await go_live(world, queue)
    assert (stand_ins.running, stand_ins.productive) == (list(FEATURES), True)


@pytest.mark.parametrize("step", ["begin", *[feature.value for feature in FEATURES], "productive"])
async def test_a_failure_at_any_step_leaves_no_schedule_no_mode_and_no_watermark(world: Any, step: str) -> None:
    stand_ins = StandIns(fails_at=step)
    async with queue_with(world, stand_ins) as queue:
        with pytest.raises(WorkflowFailureError):
            await go_live(world, queue)
    assert (stand_ins.running, stand_ins.productive, stand_ins.begun) == ([], False, False)


async def test_nothing_begins_while_the_readiness_report_is_red(world: Any) -> None:
    stand_ins = StandIns(ready=False)
    async with queue_with(world, stand_ins) as queue:
        with pytest.raises(WorkflowFailureError):
            await go_live(world, queue)
    assert (stand_ins.running, stand_ins.begun) == ([], False)
