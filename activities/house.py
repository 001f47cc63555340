"""House tasks: what the ERP store does by itself, in batches."""

import asyncio
from datetime import UTC, datetime

from temporalio import activity
from temporalio.client import Client

from activities.deps import Deps
from activities.failures import reports_failures
from canonical.runs import HouseDone, HouseTask, RunRef
from erp import runs, shipping
from workflows import ids


class HouseActivities:
    """Activities of the house runs."""

    def __init__(self, deps: Deps, client: Client) -> None:
        self._deps, self._client = deps, client

    @activity.defn(name="house_step")
    @reports_failures
    def house_step(self, task: HouseTask) -> HouseDone:
        """Do one batch of a house task in one transaction."""
        with self._deps.sessions() as session:
            done = _TASKS[task.name](session, task.limit)
            session.commit()
        return done

    @activity.defn(name="hint_pushes")
    @reports_failures
    async def hint_pushes(self) -> int:
        """Trigger the schedules of live features that have something to send, at most every ten seconds each."""
        refs = await asyncio.to_thread(self._pushes)
        for ref in refs:
            await self._client.get_schedule_handle(ids.feature(ref.integration_id, ref.feature)).trigger()
        return len(refs)

    def _pushes(self) -> list[RunRef]:
        with self._deps.sessions() as session:
            refs = runs.pushes_to_hint(session, datetime.now(UTC))
            session.commit()
        return refs


_TASKS = {"auto-ship": shipping.ship_released}
