"""Going live: readiness, watermark, schedules, mode; undone as a saga when a step fails."""

import asyncio
from collections.abc import Awaitable, Callable

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from canonical.lifecycle import IntegrationState
    from canonical.runs import Productive, RunRef, ScheduleNote
    from workflows import calls
    from workflows.failures import refusal

Undo = Callable[[], Awaitable[None]]


@workflow.defn(name="GoLive")
class GoLive:
    """Stage 2 of go-live (D§6.1): all steps stand, or none."""

    @workflow.run
    async def run(self, state: IntegrationState, change: Productive) -> None:
        """Go live, or take everything back and fail."""
        readiness = await calls.check_readiness(state.id)
        if not readiness.ok:
            red = sorted({item.name for item in readiness.items if item.is_required and not item.ok})
            raise refusal("NOT_READY", items=", ".join(red))
        undo: list[Undo] = []
        try:
            await self._steps(state, change, undo)
        except (ActivityError, asyncio.CancelledError):
            for step in reversed(undo):
                await asyncio.shield(step())
            raise

    async def _steps(self, state: IntegrationState, change: Productive, undo: list[Undo]) -> None:
        undo.append(lambda: calls.undo_productive(change))
        await calls.begin_productive(change)
        for feature in state.features:
            if feature.is_active and not feature.is_paused and feature.blocked is None:
                ref = RunRef(integration_id=state.id, feature=feature.feature)
                undo.append(lambda ref=ref: calls.close_schedule(ScheduleNote(ref=ref, note="go-live failed")))  # type: ignore[misc]
                await calls.open_schedule(ScheduleNote(ref=ref, note=f"live, by {change.by}"))
        await calls.set_productive(change)
