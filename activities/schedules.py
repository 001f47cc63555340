"""Temporal Schedules of integrations and house tasks; `async` because they only talk to Temporal."""

from collections.abc import Mapping
from datetime import timedelta

from temporalio import activity
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
)
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

import connectors
from activities.failures import reports_failures
from canonical.feature import Direction, Feature
from canonical.lifecycle import IntegrationState
from canonical.runs import (
    AUTO_SHIP,
    CHANNEL_TASKS,
    LOST_RUNS,
    PAPERWORK,
    PARTNERS,
    RETENTION,
    UNPAID,
    WEBHOOKS,
    HouseTask,
    RunRef,
    ScheduleNote,
)
from workflows import ids

INTEGRATION = SearchAttributeKey.for_keyword("Integration")
CONNECTOR = SearchAttributeKey.for_keyword("Connector")
FEATURE = SearchAttributeKey.for_keyword("Feature")
POLICY = SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE, catchup_window=timedelta(minutes=10))
"""BUFFER_ONE: a run asked for during a run follows it; never two at once."""


def _attributes(state: IntegrationState, feature: str) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(INTEGRATION, state.id),
            SearchAttributePair(CONNECTOR, state.connector),
            SearchAttributePair(FEATURE, feature),
        ]
    )


def _feature_schedule(state: IntegrationState, feature: Feature) -> Schedule:
    spec = connectors.spec_of(state.connector).features[feature]
    workflow = "PullRun" if feature.direction is Direction.TO_ERP else "PushRun"
    jitter = min(timedelta(seconds=60), spec.every / 10)
    return Schedule(
        action=ScheduleActionStartWorkflow(
            workflow,
            RunRef(integration_id=state.id, feature=feature),
            id=ids.feature(state.id, feature),
            task_queue=ids.TASK_QUEUE,
            typed_search_attributes=_attributes(state, feature.value),
            static_summary=f"{state.name}: {feature.value}",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=spec.every)], jitter=jitter),
        policy=POLICY,
        state=ScheduleState(paused=True, note="chosen, not live yet"),
    )


def _nightly_list(state: IntegrationState) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            "BuildArticleList",
            args=[state.id, "nightly"],
            id=ids.article_list(state.id),
            task_queue=ids.TASK_QUEUE,
            typed_search_attributes=_attributes(state, "article-list"),
            static_summary=f"{state.name}: article list",
        ),
        spec=ScheduleSpec(calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(3)])], jitter=timedelta(minutes=30)),
        policy=POLICY,
    )


class ScheduleActivities:
    """Activities that create, hold, release and trigger schedules; each is safe to repeat."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def _ensure(self, schedule_id: str, schedule: Schedule) -> None:
        try:
            await self._client.create_schedule(schedule_id, schedule)
        except ScheduleAlreadyRunningError:
            return

    async def _remove(self, schedule_id: str) -> None:
        try:
            await self._client.get_schedule_handle(schedule_id).delete()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    @activity.defn(name="sync_schedules")
    @reports_failures
    async def sync_schedules(self, state: IntegrationState) -> None:
        """Bring every schedule of an integration to what its state says: there, held with the reason, or running."""
        if state.mode == "deleted":
            for feature in Feature:
                await self._remove(ids.feature(state.id, feature))
            await self._remove(ids.article_list(state.id))
            return
        for feature in connectors.spec_of(state.connector).features:
            if state.feature(feature) is None:
                await self._remove(ids.feature(state.id, feature))
                continue
            await self._ensure(ids.feature(state.id, feature), _feature_schedule(state, feature))
            await self._set(state, feature)
        await self._ensure(ids.article_list(state.id), _nightly_list(state))

    async def _set(self, state: IntegrationState, feature: Feature) -> None:
        handle = self._client.get_schedule_handle(ids.feature(state.id, feature))
        if state.runs_by_itself(feature):
            await handle.unpause(note="live")
            return
        here = state.feature(feature)
        reason = "not live"
        if here and here.blocked:
            reason = f"blocked: {here.blocked.code}"
        elif here and here.is_paused:
            reason = here.paused_note or "paused"
        await handle.pause(note=reason)

    @activity.defn(name="open_schedule")
    @reports_failures
    async def open_schedule(self, note: ScheduleNote) -> None:
        """Let one feature's schedule run."""
        handle = self._client.get_schedule_handle(ids.feature(note.ref.integration_id, note.ref.feature))
        await handle.unpause(note=note.note)

    @activity.defn(name="close_schedule")
    @reports_failures
    async def close_schedule(self, note: ScheduleNote) -> None:
        """Hold one feature's schedule, with the reason that operators see."""
        handle = self._client.get_schedule_handle(ids.feature(note.ref.integration_id, note.ref.feature))
        await handle.pause(note=note.note)

    @activity.defn(name="trigger_schedule")
    @reports_failures
    async def trigger_schedule(self, ref: RunRef) -> None:
        """Start a feature's run through its schedule, so that there is never a second one beside it."""
        await self._client.get_schedule_handle(ids.feature(ref.integration_id, ref.feature)).trigger()


HOUSE: Mapping[str, timedelta] = {
    AUTO_SHIP: timedelta(minutes=15),
    CHANNEL_TASKS: timedelta(minutes=10),
    LOST_RUNS: timedelta(hours=1),
    PAPERWORK: timedelta(minutes=2),
    PARTNERS: timedelta(minutes=10),
    RETENTION: timedelta(days=1),
    UNPAID: timedelta(hours=1),
    WEBHOOKS: timedelta(minutes=10),
}
"""The house tasks and how often each runs by itself."""


async def ensure_house_schedules(client: Client) -> None:
    """Create the schedules of the house tasks at worker start; existing ones stay as they are."""
    for name, every in HOUSE.items():
        schedule = Schedule(
            action=ScheduleActionStartWorkflow(
                "HouseRun",
                HouseTask(name=name),
                id=ids.house(name),
                task_queue=ids.TASK_QUEUE,
                static_summary=f"house: {name}",
            ),
            spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
            policy=POLICY,
        )
        try:
            await client.create_schedule(ids.house(name), schedule)
        except ScheduleAlreadyRunningError:
            continue
