"""What every part of an integration's mailbox stands on: its state, rebuilt from the database, and one command at a time."""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel

    from canonical.feature import Feature, Mode
    from canonical.lifecycle import IntegrationState
    from canonical.runs import Ordered
    from workflows import calls
    from workflows.failures import refusal


class Entity:
    """The state of one integration and what changes it; all of it can be rebuilt from the database."""

    def __init__(self, state: IntegrationState) -> None:
        self.state = state
        self.lock = asyncio.Lock()
        self.stale = False

    def _is_gone(self) -> bool:
        return self.state.mode is Mode.DELETED

    def _must_end(self) -> bool:
        return self._is_gone() or workflow.info().is_continue_as_new_suggested()

    async def _reload(self) -> None:
        async with self.lock:
            self.stale = False
            loaded = await calls.load_state(self.state.id)
            if loaded is not None:
                self._show(loaded)

    def _show(self, state: IntegrationState) -> None:
        self.state = state
        lines = [f"**{state.name}** ({state.connector}), {state.mode.value}"]
        for feature in state.features:
            word = (
                feature.blocked.code if feature.blocked else "live" if state.runs_by_itself(feature.feature) else "held"
            )
            lines.append(f"- {feature.feature.value}: {word}")
        workflow.set_current_details("\n".join(lines))

    async def _settle(self, state: IntegrationState) -> IntegrationState:
        """Take a new state and bring the schedules to it."""
        self._show(state)
        await calls.sync_schedules(state)
        return self.state

    async def _order(self, command: str, payload: BaseModel) -> IntegrationState:
        """Carry out a command in the database, then bring the schedules to the new state."""
        async with self.lock:
            order = Ordered(integration_id=self.state.id, command=command, payload=payload.model_dump(mode="json"))
            return await self._settle(await calls.change(order))

    # --- refusals ----------------------------------------------------------------------------------------------------

    def _must_live(self) -> None:
        if self._is_gone():
            raise refusal("STATE_FORBIDS", state=self.state.mode.value)

    def _must_have(self, feature: Feature) -> None:
        self._must_live()
        if self.state.feature(feature) is None:
            raise refusal("FEATURE_UNKNOWN", feature=feature.value)
