"""Heartbeats of every activity while it runs, so that the loss of its worker is noticed in seconds."""

import asyncio
import inspect
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

PER_TIMEOUT = 3
"""Beats per heartbeat timeout: two may be lost on the way."""


class Heartbeats(Interceptor):
    """Beats for activities that have a heartbeat timeout; what they wait for needs no code of its own."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap every activity."""
        return _Beating(next)


class _Beating(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        timeout = activity.info().heartbeat_timeout
        if timeout is None:
            return await self.next.execute_activity(input)
        is_plain = not inspect.iscoroutinefunction(input.fn)
        beats = asyncio.create_task(_beat(timeout.total_seconds() / PER_TIMEOUT, from_thread=is_plain))
        try:
            return await self.next.execute_activity(input)
        finally:
            beats.cancel()


async def _beat(pause: float, *, from_thread: bool) -> None:
    while True:
        await asyncio.sleep(pause)
        if from_thread:
            # For a plain function the SDK's heartbeat waits for the event loop, which must not wait for itself.
            await asyncio.to_thread(activity.heartbeat)
        else:
            activity.heartbeat()
