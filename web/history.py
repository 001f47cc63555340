"""Temporal's real history of a run, told as sentences with times."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHistory
from temporalio.converter import DataConverter

from canonical.failure import Failure
from web.i18n import N_

SENTENCES: Mapping[str, str] = {
    "begin_run": N_("Looked whether to run: trigger %(trigger)s, settings revision %(settings_revision)s"),
    "fetch_page": N_("Fetched and stored %(documents)s documents"),
    "apply_page": N_("Booked %(good)s, skipped %(skipped)s, parked %(parked)s, failed %(failed)s"),
    "collect_batch": N_("Collected %(size)s records to send"),
    "send_batch": N_("Sent the batch to the shop"),
    "check_ticket": N_("Asked the shop for its answers"),
    "settle_batch": N_("Settled the answers: %(good)s confirmed, %(skipped)s skipped, %(failed)s failed"),
    "end_run": N_("Wrote how the run ended"),
    "hint_pushes": N_("Looked which records must be sent now: %(value)s features told"),
    "check_connection": N_("Tested the connection"),
    "build_article_list": N_("Built the article list: %(matched)s match, %(added)s new, %(removed)s fell out"),
    "change_integration": N_("Changed the integration"),
    "sync_schedules": N_("Brought the schedules to the new state"),
    "open_schedule": N_("Started a schedule"),
    "close_schedule": N_("Held a schedule"),
    "trigger_schedule": N_("Triggered a schedule"),
    "check_readiness": N_("Checked what is missing before go-live"),
    "begin_productive": N_("Set the start of the import"),
    "set_productive": N_("Switched productive mode on"),
    "undo_productive": N_("Took productive mode back"),
    "load_state": N_("Loaded the state from the database"),
    "create_integration": N_("Created the integration"),
    "install_connector": N_("Installed the connector"),
    "house_step": N_("Did a batch of house work: %(done)s records"),
}
"""What a finished activity did; values come from its answer."""

WAITING: Mapping[str, str] = {
    "fetch_page": N_("Fetching documents from the shop"),
    "apply_page": N_("Booking documents"),
    "collect_batch": N_("Collecting what must be sent"),
    "send_batch": N_("Sending to the shop"),
    "settle_batch": N_("Writing the shop's answers"),
    "check_connection": N_("Testing the connection"),
    "build_article_list": N_("Building the article list"),
}


@dataclass(frozen=True)
class Told:
    """One sentence of a history: an English text with values, and the state it means."""

    at: datetime
    state: str
    said: str
    params: Mapping[str, Any] = field(default_factory=dict)
    failure: Failure | None = None
    seconds: float | None = None
    attempt: int = 1
    detail: str = ""


@dataclass(frozen=True)
class Pending:
    """An activity that is not finished: running, or waiting for its next try, and why."""

    name: str
    said: str
    attempt: int
    failure: Failure | None
    message: str
    next_try_at: datetime | None
    since: datetime | None
    is_running: bool


@dataclass
class _Teller:
    """Remembers what was scheduled, so that an end can be told with its beginning."""

    converter: DataConverter
    scheduled: dict[int, tuple[str, datetime]] = field(default_factory=dict)
    attempts: dict[int, int] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)


async def tell(client: Client, history: WorkflowHistory) -> list[Told]:
    """Tell a history, oldest first; what only serves the machinery is left out."""
    teller = _Teller(client.data_converter)
    for event in history.events:
        teller_step = _STEPS.get(event.event_type)
        if teller_step is not None:
            teller_step(teller, event)
    return teller.told


def _at(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime(tzinfo=UTC)


def _started(teller: _Teller, event: HistoryEvent) -> None:
    teller.told.append(Told(_at(event), "none", N_("The run began")))


def _scheduled(teller: _Teller, event: HistoryEvent) -> None:
    name = event.activity_task_scheduled_event_attributes.activity_type.name
    teller.scheduled[event.event_id] = (name, _at(event))


def _activity_started(teller: _Teller, event: HistoryEvent) -> None:
    attributes = event.activity_task_started_event_attributes
    teller.attempts[attributes.scheduled_event_id] = attributes.attempt


def _completed(teller: _Teller, event: HistoryEvent) -> None:
    attributes = event.activity_task_completed_event_attributes
    name, begun = teller.scheduled.get(attributes.scheduled_event_id, ("", _at(event)))
    values = _values(teller.converter, attributes.result)
    teller.told.append(
        Told(
            _at(event),
            "done",
            _sentence(name, values),
            values,
            seconds=(_at(event) - begun).total_seconds(),
            attempt=teller.attempts.get(attributes.scheduled_event_id, 1),
        )
    )


def _failed(teller: _Teller, event: HistoryEvent) -> None:
    attributes = event.activity_task_failed_event_attributes
    name, begun = teller.scheduled.get(attributes.scheduled_event_id, ("", _at(event)))
    teller.told.append(
        Told(
            _at(event),
            "failed",
            N_("Failed: %(activity)s"),
            {"activity": name},
            failure=failure_in(attributes.failure, teller.converter),
            seconds=(_at(event) - begun).total_seconds(),
            attempt=teller.attempts.get(attributes.scheduled_event_id, 1),
            detail=attributes.failure.message,
        )
    )


def _timed_out(teller: _Teller, event: HistoryEvent) -> None:
    attributes = event.activity_task_timed_out_event_attributes
    name, _ = teller.scheduled.get(attributes.scheduled_event_id, ("", _at(event)))
    teller.told.append(Told(_at(event), "failed", N_("No answer in time: %(activity)s"), {"activity": name}))


def _timer(teller: _Teller, event: HistoryEvent) -> None:
    seconds = event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta().total_seconds()
    teller.told.append(Told(_at(event), "running", N_("Waits %(seconds)s s"), {"seconds": f"{seconds:g}"}))


def _updated(teller: _Teller, event: HistoryEvent) -> None:
    name = event.workflow_execution_update_accepted_event_attributes.accepted_request.input.name
    teller.told.append(Told(_at(event), "none", N_("Command received: %(command)s"), {"command": name}))


def _signaled(teller: _Teller, event: HistoryEvent) -> None:
    name = event.workflow_execution_signaled_event_attributes.signal_name
    teller.told.append(Told(_at(event), "none", N_("Hint received: %(command)s"), {"command": name}))


def _child(teller: _Teller, event: HistoryEvent) -> None:
    name = event.child_workflow_execution_completed_event_attributes.workflow_type.name
    teller.told.append(Told(_at(event), "done", N_("Finished: %(activity)s"), {"activity": name}))


def _child_failed(teller: _Teller, event: HistoryEvent) -> None:
    attributes = event.child_workflow_execution_failed_event_attributes
    failure = failure_in(attributes.failure, teller.converter)
    teller.told.append(
        Told(
            _at(event),
            "failed",
            N_("Failed: %(activity)s"),
            {"activity": attributes.workflow_type.name},
            failure=failure,
        )
    )


def _ended(state: str, said: str) -> Any:
    def step(teller: _Teller, event: HistoryEvent) -> None:
        teller.told.append(Told(_at(event), state, said))

    return step


def _task_failed(teller: _Teller, event: HistoryEvent) -> None:
    message = event.workflow_task_failed_event_attributes.failure.message
    teller.told.append(
        Told(_at(event), "failed", N_("A step of the workflow itself failed and is repeated"), detail=message)
    )


_STEPS: Mapping[int, Any] = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: _started,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: _scheduled,
    EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED: _activity_started,
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: _completed,
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: _failed,
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: _timed_out,
    EventType.EVENT_TYPE_TIMER_STARTED: _timer,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: _updated,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: _signaled,
    EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED: _child,
    EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED: _child_failed,
    EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED: _task_failed,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: _ended("done", N_("The run ended")),
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: _ended("failed", N_("The run failed")),
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: _ended("failed", N_("The run took too long and was ended")),
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: _ended("failed", N_("The run was terminated")),
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: _ended("skipped", N_("The run was cancelled")),
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: _ended("done", N_("The run goes on under the same name")),
}


def _sentence(name: str, values: dict[str, Any]) -> str:
    """What an activity did; when its answer lacks a value of the sentence, only its name is told."""
    said = SENTENCES.get(name, "")
    if said and not all(key in values for key in re.findall(r"%\((\w+)\)s", said)):
        said = ""
    if not said:
        values["activity"] = name
        return N_("Finished: %(activity)s")
    return said


def _values(converter: DataConverter, result: Payloads) -> dict[str, Any]:
    """An answer's values by name, counts lifted out of their group."""
    if not result.payloads:
        return {}
    decoded = _decode(converter, result.payloads)
    answer = decoded[0] if decoded else None
    if isinstance(answer, dict):
        counts = answer.get("counts")
        return answer | (counts if isinstance(counts, dict) else {})
    return {"value": answer}


def _decode(converter: DataConverter, payloads: Sequence[Payload]) -> list[Any]:
    try:
        return converter.payload_converter.from_payloads(payloads)
    except (ValueError, RuntimeError):
        return []


def failure_in(failure: Any, converter: DataConverter) -> Failure | None:
    """Our failure inside Temporal's, from the details that our activities put there."""
    while failure is not None:
        details = failure.application_failure_info.details.payloads
        if details:
            decoded = _decode(converter, details)
            if decoded and isinstance(decoded[0], dict) and "code" in decoded[0]:
                return Failure.model_validate(decoded[0])
        failure = failure.cause if failure.HasField("cause") else None
    return None


def pending(client: Client, description: WorkflowExecutionDescription) -> list[Pending]:
    """What a running workflow waits for, with the attempt and the next try."""
    found = []
    for activity in description.raw_description.pending_activities:
        name = activity.activity_type.name
        has_failed = activity.HasField("last_failure")
        found.append(
            Pending(
                name=name,
                said=WAITING.get(name, ""),
                attempt=activity.attempt,
                failure=failure_in(activity.last_failure, client.data_converter) if has_failed else None,
                message=activity.last_failure.message if has_failed else "",
                next_try_at=_moment(activity, "next_attempt_schedule_time"),
                since=_moment(activity, "last_started_time"),
                is_running=activity.HasField("last_started_time")
                and not activity.HasField("next_attempt_schedule_time"),
            )
        )
    return found


def _moment(message: Any, name: str) -> datetime | None:
    if not message.HasField(name):
        return None
    moment: datetime = getattr(message, name).ToDatetime(tzinfo=UTC)
    return moment
