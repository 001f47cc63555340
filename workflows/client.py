"""How web and command line talk to the entity workflow: updates by name, failures as data."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, TypeVar, cast
from uuid import uuid4

from pydantic import BaseModel
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError, TimeoutError
from temporalio.service import RPCError, RPCStatusCode

from canonical.failure import Failure, FailureError
from canonical.lifecycle import CreateIntegration, IntegrationState
from canonical.partner import PartnerCheck
from workflows import ids

Answer = TypeVar("Answer", bound=BaseModel)


def failure_of(error: BaseException) -> Failure:
    """Find the failure that an activity or validator raised, through Temporal's wrappings."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ApplicationError):
            if cause.details and isinstance(cause.details[0], dict):
                return Failure.model_validate(cause.details[0])
            if cause.cause is None:
                return Failure.of("UNCLASSIFIED", where="workflow", error=cause.type or "ApplicationError")
        cause = (
            cause.cause if isinstance(cause, (ActivityError, ChildWorkflowError, ApplicationError)) else cause.__cause__
        )
    return Failure.of("UNCLASSIFIED", where="workflow", error=type(error).__name__)


def _unavailable(error: RPCError) -> Failure:
    """What it means that Temporal did not take a call."""
    if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION):
        return Failure.of("NOT_RUNNING")
    return Failure.of("UNREACHABLE", host="Temporal")


class Lifecycle:
    """Sends commands to integrations; a refused command raises `FailureError` with the reason as data."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def create(self, command: CreateIntegration) -> IntegrationState:
        """Start the entity and create the integration in one round trip; repeating it is harmless."""
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            "Integration",
            IntegrationState(id=command.id, connector=command.connector, name=command.name),
            id=ids.integration(command.id),
            task_queue=ids.TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=command.name,
        )
        return await self._answer(
            self.client.execute_update_with_start_workflow(
                "create",
                command,
                start_workflow_operation=start,
                id=f"create-{command.id}",
                result_type=IntegrationState,
            )
        )

    async def start_again(self, state: IntegrationState) -> None:
        """Start the entity of an existing integration after it was terminated; it rebuilds itself from the database."""
        await self.client.start_workflow(
            "Integration",
            state,
            id=ids.integration(state.id),
            task_queue=ids.TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=state.name,
        )

    async def send(
        self,
        integration_id: str,
        update: str,
        command: BaseModel,
        answer: type[Answer] | None = None,
        *,
        request_id: str = "",
    ) -> Answer:
        """Send one update and wait for its answer (by default the new `IntegrationState`)."""
        handle = self.client.get_workflow_handle(ids.integration(integration_id))
        return cast(
            Answer,
            await self._answer(
                handle.execute_update(
                    update, command, id=request_id or uuid4().hex, result_type=answer or IntegrationState
                )
            ),
        )

    async def status(self, integration_id: str) -> IntegrationState:
        """Ask what the entity knows; raises `FailureError` NOT_RUNNING when it does not run."""
        handle = self.client.get_workflow_handle(ids.integration(integration_id))
        return await self._answer(handle.query("status", result_type=IntegrationState))

    async def install(self, connector: str, by: str) -> None:
        """Install a connector once; repeating it is harmless."""
        await self.client.execute_workflow(
            "InstallConnector",
            args=[connector, by],
            id=ids.install(connector),
            task_queue=ids.TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=connector,
        )

    async def run_house(self, task: str) -> None:
        """Start a house task now through its schedule, so that there is never a second one beside it.

        Raises `FailureError` NOT_RUNNING when no worker has made the schedule yet.
        """
        try:
            await self.client.get_schedule_handle(ids.house(task)).trigger()
        except RPCError as error:
            raise FailureError(_unavailable(error)) from error

    async def test_partner(self, partner_id: int) -> PartnerCheck:
        """Test a fulfilment provider's connection; a test that runs already is joined. Nothing is transferred."""
        try:
            found: PartnerCheck = await self.client.execute_workflow(
                "TestPartner",
                partner_id,
                id=ids.partner_check(partner_id),
                task_queue=ids.TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                execution_timeout=timedelta(seconds=90),
                result_type=PartnerCheck,
                static_summary=f"partner {partner_id}",
            )
            return found
        except WorkflowFailureError as error:
            is_late = isinstance(error.cause, TimeoutError)
            raise FailureError(
                Failure.of("TIMEOUT", host="Temporal") if is_late else failure_of(error.cause)
            ) from error
        except RPCError as error:
            raise FailureError(_unavailable(error)) from error

    async def _answer(self, call: Awaitable[Answer]) -> Answer:
        try:
            return await call
        except WorkflowUpdateFailedError as error:
            raise FailureError(failure_of(error.cause)) from error
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise FailureError(Failure.of("TIMEOUT", host="Temporal")) from error
        except RPCError as error:
            raise FailureError(_unavailable(error)) from error
