"""One run of a feature: pull or push; minutes long, started only by its schedule, never waiting for a person."""

import asyncio

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError
from temporalio.exceptions import FailureError as TemporalFailure

with workflow.unsafe.imports_passed_through():
    from canonical.codes import Kind
    from canonical.failure import Failure
    from canonical.runs import Counts, PageTask, RunEnd, RunOutcome, RunPlan, RunRef, ScheduleNote
    from workflows import calls, ids
    from workflows.failures import failure_of

OUTCOME = SearchAttributeKey.for_keyword("Outcome")


async def finish(ref: RunRef, plan: RunPlan, counts: Counts, failure: Failure | None) -> RunOutcome:
    """End a run: `done`, `deferred` when trying again may help, `blocked` when a person must act."""
    outcome = RunOutcome.DONE
    if failure is not None:
        outcome = RunOutcome.DEFERRED if failure.kind is Kind.RETRY else RunOutcome.BLOCKED
    await calls.end_run(RunEnd(ref=ref, run_id=plan.run_id, outcome=outcome, counts=counts, failure=failure))
    if outcome is RunOutcome.BLOCKED and failure is not None:
        await calls.close_schedule(ScheduleNote(ref=ref, note=f"blocked: {failure.code}"))
        entity = workflow.get_external_workflow_handle(ids.integration(ref.integration_id))
        try:
            await entity.signal("refresh")
        except TemporalFailure:
            # Terminated entities rebuild themselves from the database when they are started again.
            workflow.logger.info("no entity to tell")
    workflow.upsert_search_attributes([OUTCOME.value_set(outcome.value)])
    return outcome


async def push(run: "PullRun | PushRun", ref: RunRef, plan: RunPlan, records: tuple[str, ...]) -> Failure | None:
    """Collect, send and settle until nothing is left, counting in the run; returns why it stopped before."""
    task = PageTask(ref=ref, run_id=plan.run_id, settings_revision=plan.settings_revision, records=records)
    while True:
        collected = await calls.collect_batch(task)
        if not collected.batch_id:
            return None
        task = task.model_copy(update={"batch_id": collected.batch_id, "records": ()})
        sent = await calls.send_batch(task)
        while sent.ticket:
            await workflow.sleep(sent.ask_again_after)
            sent = await calls.check_ticket(task.model_copy(update={"ticket": sent.ticket}))
        settled = await calls.settle_batch(task)
        run.counts = run.counts.plus(settled.counts)
        if settled.repeat_failure is not None or records:
            return settled.repeat_failure


@workflow.defn(name="PullRun")
class PullRun:
    """Fetches changed documents and applies them, page by page; fetching the next page overlaps applying this one.

    Then the channel gets the answers that its orders wait for.
    """

    @workflow.run
    async def run(self, ref: RunRef) -> str:
        """Pull until the channel has no more."""
        plan = await calls.begin_run(ref)
        if not plan.goes:
            return RunOutcome.IDLE.value
        self.counts, self.replies, failure = Counts(), False, None
        try:
            await self._pull(ref, plan)
            if self.replies:
                failure = await self._reply(ref, plan)
        except ActivityError as error:
            failure = failure_of(error)
        outcome = await finish(ref, plan, self.counts, failure)
        if self.counts.good:
            await calls.hint_pushes()
        return outcome.value

    async def _reply(self, ref: RunRef, plan: RunPlan) -> Failure | None:
        """Answer orders; what a run counts are the orders themselves, and of answers those that failed."""
        orders = self.counts
        failure = await push(self, ref, plan, ())
        self.counts = orders.plus(Counts(failed=self.counts.failed - orders.failed))
        return failure

    async def _pull(self, ref: RunRef, plan: RunPlan) -> None:
        task = PageTask(ref=ref, run_id=plan.run_id, settings_revision=plan.settings_revision, records=plan.records)
        fetching = asyncio.create_task(calls.fetch_page(task.model_copy(update={"is_first": True})))
        while True:
            try:
                fetched = await fetching
            except ActivityError:
                # A shop that is down must not keep what is stored already from being booked.
                await self._apply(task)
                raise
            self.replies = fetched.replies
            if fetched.ask_again_after:
                await workflow.sleep(fetched.ask_again_after)
            if not fetched.more:
                break
            fetching = asyncio.create_task(calls.fetch_page(task))
            if fetched.waiting:
                await self._apply(task)
        if fetched.waiting:
            await self._apply(task)

    async def _apply(self, task: PageTask) -> None:
        while True:
            applied = await calls.apply_page(task)
            self.counts, self.replies = self.counts.plus(applied.counts), applied.replies
            if not applied.left:
                return


@workflow.defn(name="PushRun")
class PushRun:
    """Collects what is dirty, sends it, settles the answers, until nothing is left."""

    @workflow.run
    async def run(self, ref: RunRef) -> str:
        """Push until nothing is dirty."""
        plan = await calls.begin_run(ref)
        if not plan.goes:
            return RunOutcome.IDLE.value
        self.counts, failure = Counts(), None
        try:
            failure = await push(self, ref, plan, plan.records)
        except ActivityError as error:
            failure = failure_of(error)
        outcome = await finish(ref, plan, self.counts, failure)
        return outcome.value
