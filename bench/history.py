"""What Temporal's histories tell of a measurement: billable actions and when activities really ran."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent, WorkflowExecutionStartedEventAttributes
from temporalio.client import Client

_ONE_EACH = frozenset(
    {
        EventType.EVENT_TYPE_TIMER_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
        EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
    }
)
SCHEDULED, CHILD, PLAIN = 3, 2, 1
"""Actions of a start: by a schedule, by a parent, by a client."""


@dataclass(frozen=True)
class ActivityTime:
    """When the last attempt of an activity ran."""

    name: str
    started: datetime
    completed: datetime

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.completed - self.started).total_seconds()


@dataclass(frozen=True)
class Record:
    """What happened in a namespace since a moment."""

    actions: int
    events: int
    activities: tuple[ActivityTime, ...]

    def of(self, name: str) -> list[ActivityTime]:
        """The runs of one activity."""
        return [activity for activity in self.activities if activity.name == name]


async def record_since(client: Client, moment: datetime) -> Record:
    """Read every history of the namespace and count what happened since a moment."""
    events: list[HistoryEvent] = []
    timings: list[ActivityTime] = []
    async for execution in client.list_workflows():
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        recent = [event async for event in handle.fetch_history_events() if _moment(event) >= moment]
        events += recent
        timings += _timings(recent)
    actions = sum(map(actions_of, events))
    return Record(actions, len(events), tuple(sorted(timings, key=lambda timing: timing.started)))


def _moment(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime(tzinfo=UTC)


def actions_of(event: HistoryEvent) -> int:
    """Billable actions of one event: every attempt of an activity is one, a schedule's start is three in all."""
    kind = event.event_type
    if kind == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
        return event.activity_task_started_event_attributes.attempt
    if kind == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
        return _start(event.workflow_execution_started_event_attributes)
    return int(kind in _ONE_EACH)


def _start(started: WorkflowExecutionStartedEventAttributes) -> int:
    if "TemporalScheduledById" in started.search_attributes.indexed_fields:
        return SCHEDULED
    return CHILD if started.parent_workflow_execution.workflow_id else PLAIN


def _timings(events: Iterable[HistoryEvent]) -> list[ActivityTime]:
    names: dict[int, str] = {}
    starts: dict[int, datetime] = {}
    found: list[ActivityTime] = []
    for event in events:
        kind = event.event_type
        if kind == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            names[event.event_id] = event.activity_task_scheduled_event_attributes.activity_type.name
        elif kind == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            scheduled = event.activity_task_started_event_attributes.scheduled_event_id
            starts[scheduled] = _moment(event)
        elif kind == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            scheduled = event.activity_task_completed_event_attributes.scheduled_event_id
            if scheduled in starts:
                found.append(ActivityTime(names[scheduled], starts[scheduled], _moment(event)))
    return found
