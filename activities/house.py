"""House tasks: what the ERP store does by itself, in batches."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from sqlmodel import Session
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.channel_tasks import ask_for_tasks
from activities.channels import watch_webhooks
from activities.deps import Deps
from activities.failures import reports_failures
from activities.paperwork import step_paperwork
from activities.partners import exchange_files
from canonical.runs import (
    AUTO_SHIP,
    CHANNEL_TASKS,
    PAPERWORK,
    PARTNERS,
    RETENTION,
    UNPAID,
    WEBHOOKS,
    HouseDone,
    HouseTask,
    RunRef,
)
from erp import autoship, document_files, mails, retention, runs, unpaid
from workflows import ids

SETTLES_WITHIN = timedelta(minutes=10)
"""A run that ended without a trace is looked for after this time; until then its last activity may still be writing."""


class HouseActivities:
    """Activities of the house runs."""

    def __init__(self, deps: Deps, client: Client) -> None:
        self._deps, self._client = deps, client

    @activity.defn(name="house_step")
    @reports_failures
    def house_step(self, task: HouseTask) -> HouseDone:
        """Do one batch of a house task."""
        return STEPS[task.name](self._deps, task.limit)

    @activity.defn(name="hint_pushes")
    @reports_failures
    async def hint_pushes(self) -> int:
        """Trigger the schedules of live features that have something to send, at most every ten seconds each.

        And that of the paperwork when documents or mails wait.
        """
        refs = await asyncio.to_thread(self._pushes)
        for ref in refs:
            await self._client.get_schedule_handle(ids.feature(ref.integration_id, ref.feature)).trigger()
        if await asyncio.to_thread(self._has_paperwork):
            await self._hint(ids.house(PAPERWORK))
        return len(refs)

    async def _hint(self, schedule_id: str) -> None:
        """Trigger a schedule; one that is not there yet loses nothing, its interval finds the work."""
        try:
            await self._client.get_schedule_handle(schedule_id).trigger()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    def _has_paperwork(self) -> bool:
        with self._deps.sessions() as session:
            if document_files.has_waiting(session):
                return True
            return self._deps.mail is not None and mails.has_due(session, datetime.now(UTC))

    @activity.defn(name="settle_lost_runs")
    @reports_failures
    async def settle_lost_runs(self) -> HouseDone:
        """Find runs that ended without writing how (terminated, timed out), and say so in the journal."""
        open_runs = await asyncio.to_thread(self._open_runs)
        lost = [run_id for workflow_id, run_id in open_runs if not await self._is_running(workflow_id, run_id)]
        await asyncio.to_thread(self._lose, lost)
        return HouseDone(done=len(lost), left=False)

    def _open_runs(self) -> list[tuple[str, str]]:
        with self._deps.sessions() as session:
            return runs.open_before(session, datetime.now(UTC) - SETTLES_WITHIN)

    def _lose(self, run_ids: list[str]) -> None:
        with self._deps.sessions() as session:
            runs.lose(session, run_ids, datetime.now(UTC))
            session.commit()

    async def _is_running(self, workflow_id: str, run_id: str) -> bool:
        try:
            described = await self._client.get_workflow_handle(workflow_id, run_id=run_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return described.status is WorkflowExecutionStatus.RUNNING

    def _pushes(self) -> list[RunRef]:
        with self._deps.sessions() as session:
            refs = runs.pushes_to_hint(session, datetime.now(UTC))
            session.commit()
        return refs


Step = Callable[[Deps, int], HouseDone]
"""One batch of a house task, at most so many records; it owns its transactions."""


def _booked(service: Callable[[Session, int], HouseDone]) -> Step:
    """A step that is one service call in one transaction."""

    def step(deps: Deps, limit: int) -> HouseDone:
        with deps.sessions() as session:
            done = service(session, limit)
            session.commit()
        return done

    return step


STEPS: Mapping[str, Step] = {
    PARTNERS: exchange_files,
    PAPERWORK: step_paperwork,
    RETENTION: _booked(retention.erase_old),
    UNPAID: _booked(unpaid.follow_unpaid),
    AUTO_SHIP: _booked(autoship.ship_released),
    WEBHOOKS: watch_webhooks,
    CHANNEL_TASKS: ask_for_tasks,
}
