"""A pull answers the orders that wait for it, after it has booked; a channel that takes no answers costs no step."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.worker import Worker

from canonical.failure import Failure
from canonical.feature import Feature
from canonical.runs import Applied, Collected, Counts, Fetched, PageTask, RunEnd, RunPlan, RunRef, Sent, Settled
from workflows.runs import PullRun

REF = RunRef(integration_id="answers", feature=Feature.ORDERS)


class StandIns:
    """A channel with one new order; what it is to be told waits before or after the order is booked."""

    def __init__(self, *, before: bool, after: bool, answer: Settled | None = None) -> None:
        self.before, self.after = before, after
        self.answer = answer or Settled(counts=Counts(good=1))
        self.waiting = 1
        self.steps: list[str] = []
        self.end: RunEnd | None = None

    @activity.defn(name="begin_run")
    async def begin_run(self, ref: RunRef) -> RunPlan:
        return RunPlan(run_id="run-1", goes=True, records=("100",))

    @activity.defn(name="fetch_page")
    async def fetch_page(self, task: PageTask) -> Fetched:
        self.steps.append("fetch")
        return Fetched(documents=1, waiting=self.after, more=False, replies=self.before)

    @activity.defn(name="apply_page")
    async def apply_page(self, task: PageTask) -> Applied:
        self.steps.append("apply")
        return Applied(counts=Counts(good=1), left=False, replies=self.after)

    @activity.defn(name="collect_batch")
    async def collect_batch(self, task: PageTask) -> Collected:
        assert (task.ref, task.records) == (REF, ()), "all answers go out, whatever the run was asked for"
        self.waiting -= 1
        self.steps.append("collect")
        return Collected(batch_id=self.waiting + 1, size=1)

    @activity.defn(name="send_batch")
    async def send_batch(self, task: PageTask) -> Sent:
        self.steps.append("send")
        return Sent()

    @activity.defn(name="settle_batch")
    async def settle_batch(self, task: PageTask) -> Settled:
        self.steps.append("settle")
        return self.answer

    @activity.defn(name="end_run")
    async def end_run(self, finish: RunEnd) -> None:
        self.end = finish

    @activity.defn(name="hint_pushes")
    async def hint_pushes(self) -> int:
        return 0


@asynccontextmanager
async def queue_with(world: Any, stand_ins: StandIns) -> AsyncIterator[str]:
    queue = f"answers-{uuid4().hex[:8]}"
    doubles = [
        stand_ins.begin_run, stand_ins.fetch_page, stand_ins.apply_page, stand_ins.collect_batch, stand_ins.send_batch,
        stand_ins.settle_batch, stand_ins.end_run, stand_ins.hint_pushes,
    ]  # fmt: skip
    async with Worker(world.client, task_queue=queue, workflows=[PullRun], activities=doubles, max_cached_workflows=0):
        yield queue


async def pull(world: Any, stand_ins: StandIns) -> str:
    async with queue_with(world, stand_ins) as queue:
        outcome: str = await world.client.execute_workflow("PullRun", REF, id=queue, task_queue=queue)
    return outcome


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        (False, True, ["fetch", "apply", "collect", "send", "settle", "collect"]),
        (True, False, ["fetch", "collect", "send", "settle", "collect"]),
        (False, False, ["fetch"]),
    ],
)
async def test_orders_are_answered_after_booking_and_only_where_an_answer_waits(
    world: Any, before: bool, after: bool, steps: list[str]
) -> None:
    stand_ins = StandIns(before=before, after=after)
    assert await pull(world, stand_ins) == "done"
    assert stand_ins.steps == steps
    assert stand_ins.end
    assert stand_ins.end.counts == Counts(good=1 if after else 0), "a run counts its orders, not the answers to them"


async def test_an_answer_that_must_wait_defers_the_run(world: Any) -> None:
    busy = Settled(counts=Counts(failed=1), repeat_failure=Failure.of("TIMEOUT", host="shop"))
    stand_ins = StandIns(before=False, after=True, answer=busy)
    assert await pull(world, stand_ins) == "deferred"
    assert stand_ins.end
    assert stand_ins.end.counts == Counts(good=1, failed=1)
