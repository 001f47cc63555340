"""The activities as workflows call them: by name and type, with time limits and labels for people; nothing else calls them."""

from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from canonical.check import CheckReport
from canonical.failure import Failure
from canonical.lifecycle import CreateIntegration, IntegrationState, Readiness
from canonical.partner import PartnerCheck
from canonical.runs import (
    Applied,
    Built,
    CatalogueStep,
    CatalogueTask,
    Collected,
    Fetched,
    HouseDone,
    HouseTask,
    Ordered,
    PageTask,
    Productive,
    RunEnd,
    RunPlan,
    RunRef,
    ScheduleNote,
    Sent,
    Settled,
)

Answer = TypeVar("Answer")

SHOP = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=5,
)
"""Towards a shop: a blip is bridged within the run, an outage ends it `deferred` and the schedule tries again."""

STORE = RetryPolicy(
    initial_interval=timedelta(milliseconds=500),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=30),
    maximum_attempts=60,
)
"""Towards our own database: it comes back, and what was decided must be written."""

HEARTBEAT = timedelta(seconds=15)
"""A worker that is gone is noticed so soon, however long its activity may take; `activities/heartbeats.py` beats."""

PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(minutes=5),
    maximum_attempts=30,
)
"""Towards a shop while its whole catalogue is read: an outage of an hour is waited out where it stands."""

UNDO = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=100,
)
"""Taking back must succeed."""


async def _call(
    name: str,
    argument: BaseModel | str | int | list[Any] | None,
    answer: type[Answer],
    summary: str,
    *,
    retry: RetryPolicy = STORE,
    seconds: int = 60,
) -> Answer:
    arguments = argument if isinstance(argument, list) else [] if argument is None else [argument]
    result: Answer = await workflow.execute_activity(
        name,
        args=arguments,
        result_type=answer,
        start_to_close_timeout=timedelta(seconds=seconds),
        heartbeat_timeout=HEARTBEAT,
        retry_policy=retry,
        summary=summary,
    )
    return result


async def install_connector(connector: str, by: str) -> None:
    """Remember that a connector is installed."""
    await _call("install_connector", [connector, by], type(None), "install")


async def load_state(integration_id: str) -> IntegrationState | None:
    """Rebuild the entity's state."""
    return await _call("load_state", integration_id, IntegrationState | None, "load")  # type: ignore[arg-type]


async def create_integration(command: CreateIntegration) -> IntegrationState:
    """Create the integration's row."""
    return await _call("create_integration", command, IntegrationState, "create", retry=STORE)


async def change(order: Ordered) -> IntegrationState:
    """Carry out a lifecycle command in the database."""
    return await _call("change_integration", order, IntegrationState, order.command)


async def check_connection(integration_id: str, by: str) -> CheckReport:
    """Test the connection."""
    return await _call(
        "check_connection", [integration_id, by], CheckReport, "test connection", retry=SHOP, seconds=120
    )


async def begin_reading(task: CatalogueTask) -> None:
    """Start reading a channel's articles."""
    await _call("begin_reading", task, type(None), "begin")


async def read_catalogue_page(task: CatalogueTask) -> CatalogueStep:
    """Read one page of articles."""
    return await _call("read_catalogue_page", task, CatalogueStep, "read articles", retry=PATIENT, seconds=300)


async def end_reading(task: CatalogueTask) -> None:
    """Finish reading."""
    await _call("end_reading", task, type(None), "all read", seconds=300)


async def queue_articles(task: CatalogueTask) -> int:
    """Queue what is to be taken over."""
    return await _call("queue_articles", task, int, "queue")


async def import_articles(task: CatalogueTask) -> CatalogueStep:
    """Take over a page of articles."""
    return await _call("import_articles", task, CatalogueStep, "import articles", seconds=300)


async def import_images(task: CatalogueTask) -> CatalogueStep:
    """Fetch some images."""
    return await _call("import_images", task, CatalogueStep, "fetch images", retry=PATIENT, seconds=600)


async def end_import(task: CatalogueTask) -> None:
    """Finish the import."""
    await _call("end_import", task, type(None), "imported")


async def fail_catalogue(task: CatalogueTask, failure: Failure) -> None:
    """Write why it stopped."""
    await _call("fail_catalogue", [task, failure], type(None), "stopped")


async def fetch_choices(integration_id: str, by: str) -> int:
    """Fetch the option lists of the channel."""
    return await _call("fetch_choices", [integration_id, by], int, "option lists", retry=SHOP, seconds=120)


async def fetch_taxonomy(integration_id: str, by: str) -> int:
    """Fetch a marketplace's categories and attributes."""
    return await _call("fetch_taxonomy", [integration_id, by], int, "categories", retry=SHOP, seconds=300)


async def finish_grant(integration_id: str, state: str, by: str) -> None:
    """Make credentials of an answered grant."""
    await _call("finish_grant", [integration_id, state, by], type(None), "grant", retry=SHOP)


async def remove_webhooks(integration_id: str) -> None:
    """Take the subscriptions back."""
    await _call("remove_webhooks", integration_id, type(None), "webhooks", retry=SHOP)


async def check_partner(partner_id: int) -> PartnerCheck:
    """Test a fulfilment provider's connection."""
    return await _call("check_partner", partner_id, PartnerCheck, "test connection", retry=SHOP, seconds=120)


async def check_readiness(integration_id: str) -> Readiness:
    """Ask what is missing before go-live."""
    return await _call("check_readiness", integration_id, Readiness, "readiness")


async def begin_productive(what: Productive) -> None:
    """Set the watermark's start."""
    await _call("begin_productive", what, type(None), "watermark")


async def set_productive(what: Productive) -> None:
    """Switch to productive mode."""
    await _call("set_productive", what, type(None), "productive mode")


async def undo_productive(what: Productive) -> None:
    """Take back mode and watermark."""
    await _call("undo_productive", what, type(None), "undo go-live", retry=UNDO)


async def sync_schedules(state: IntegrationState) -> None:
    """Bring all schedules to what the state says."""
    await _call("sync_schedules", state, type(None), "schedules")


async def open_schedule(note: ScheduleNote) -> None:
    """Let a schedule run."""
    await _call("open_schedule", note, type(None), f"start schedule {note.ref.feature.value}", retry=SHOP)


async def close_schedule(note: ScheduleNote) -> None:
    """Hold a schedule."""
    await _call("close_schedule", note, type(None), f"hold schedule {note.ref.feature.value}", retry=UNDO)


async def trigger_schedule(ref: RunRef) -> None:
    """Start a run through its schedule."""
    await _call("trigger_schedule", ref, type(None), f"run {ref.feature.value} now")


async def build_article_list(integration_id: str, by: str) -> Built:
    """Evaluate the article filter."""
    return await _call("build_article_list", [integration_id, by], Built, "article list", seconds=600)


async def begin_run(ref: RunRef) -> RunPlan:
    """Decide whether a run goes."""
    return await _call("begin_run", ref, RunPlan, "begin")


async def end_run(finish: RunEnd) -> None:
    """Write how a run ended."""
    await _call("end_run", finish, type(None), f"end: {finish.outcome.value}")


async def fetch_page(task: PageTask) -> Fetched:
    """Fetch a page into the inbox."""
    return await _call("fetch_page", task, Fetched, "fetch", retry=SHOP, seconds=300)


async def apply_page(task: PageTask) -> Applied:
    """Apply a page of waiting documents."""
    return await _call("apply_page", task, Applied, "apply", seconds=300)


async def collect_batch(task: PageTask) -> Collected:
    """Collect what must be sent."""
    return await _call("collect_batch", task, Collected, "collect", seconds=120)


async def send_batch(task: PageTask) -> Sent:
    """Send a collected batch."""
    return await _call("send_batch", task, Sent, "send", retry=SHOP, seconds=600)


async def check_ticket(task: PageTask) -> Sent:
    """Ask for the answers of an earlier push."""
    return await _call("check_ticket", task, Sent, "ask for answers", retry=SHOP, seconds=120)


async def settle_batch(task: PageTask) -> Settled:
    """Write the answers into the links."""
    return await _call("settle_batch", task, Settled, "settle", seconds=120)


async def house_step(task: HouseTask) -> HouseDone:
    """Do one batch of a house task."""
    return await _call("house_step", task, HouseDone, task.name, seconds=300)


async def settle_lost_runs() -> HouseDone:
    """Find runs that ended without a trace."""
    return await _call("settle_lost_runs", None, HouseDone, "lost runs")


async def hint_pushes() -> int:
    """Trigger what has something to send."""
    return await _call("hint_pushes", None, int, "hint pushes")
