"""The worker process: connects, wires, registers; nothing is decided here."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import sessionmaker
from sqlmodel import Session
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.catalogue import CatalogueActivities
from activities.channels import ChannelActivities
from activities.deps import Deps
from activities.heartbeats import Heartbeats
from activities.house import HouseActivities
from activities.lifecycle import LifecycleActivities
from activities.partners import PartnerActivities
from activities.pull import PullActivities
from activities.push import PushActivities
from activities.schedules import ScheduleActivities, ensure_house_schedules
from adapters.mail import MailServer
from connectors.transport import TransportOptions
from erp.database import make_engine, make_sessions
from erp.secrets import Keyring
from settings import Settings
from workflows import ids
from workflows.catalogue import InitialImport, ReadListings
from workflows.go_live import GoLive
from workflows.house import HouseRun
from workflows.integration import Integration
from workflows.runs import PullRun, PushRun
from workflows.setup import BuildArticleList, InstallConnector, TestConnection, TestPartner

WORKFLOWS: list[type] = [
    Integration,
    InstallConnector,
    TestConnection,
    TestPartner,
    BuildArticleList,
    GoLive,
    PullRun,
    PushRun,
    HouseRun,
    InitialImport,
    ReadListings,
]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Addresses:
    """Where the two servers are, embedded or elsewhere."""

    database_url: str
    temporal_address: str
    temporal_ui_url: str = ""


def keyring(settings: Settings) -> Keyring:
    """The keys for credentials and documents: from the environment, else from the data folder."""
    secret = settings.secret_key.get_secret_value()
    return Keyring.from_text(secret) if secret else Keyring.in_folder(settings.data)


async def connect(settings: Settings, address: str) -> Client:
    """Connect to Temporal with the converter that web, worker and tests share."""
    key = settings.temporal_api_key.get_secret_value()
    return await Client.connect(
        address,
        namespace=settings.temporal_namespace,
        data_converter=pydantic_data_converter,
        tls=settings.temporal_tls or bool(key),
        api_key=key or None,
    )


def activities(deps: Deps, client: Client) -> list[Any]:
    """All activities, wired."""
    life, pull, push = LifecycleActivities(deps), PullActivities(deps), PushActivities(deps)
    schedules, house, channels = ScheduleActivities(client), HouseActivities(deps, client), ChannelActivities(deps)
    catalogue = CatalogueActivities(deps)
    return [
        life.install_connector, life.load_state, life.create_integration, life.change_integration, life.check_connection,
        life.check_readiness, life.begin_productive, life.set_productive, life.undo_productive, life.build_article_list,
        life.begin_run, life.end_run,
        pull.fetch_page, pull.apply_page,
        push.collect_batch, push.send_batch, push.check_ticket, push.settle_batch,
        schedules.sync_schedules, schedules.open_schedule, schedules.close_schedule, schedules.trigger_schedule,
        house.house_step, house.hint_pushes, house.settle_lost_runs,
        PartnerActivities(deps).check_partner,
        catalogue.begin_reading, catalogue.read_catalogue_page, catalogue.end_reading, catalogue.queue_articles,
        catalogue.import_articles, catalogue.import_images, catalogue.end_import, catalogue.fail_catalogue,
        channels.fetch_choices, channels.fetch_taxonomy, channels.finish_grant, channels.remove_webhooks,
    ]  # fmt: skip


def make_worker(
    client: Client, deps: Deps, *, slots: int = 20, cached: int = 1000, task_queue: str = ids.TASK_QUEUE
) -> Worker:
    """Make a worker; `slots` activities at once, in as many threads."""
    runner = SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            "pydantic", "pydantic_core", "canonical", "annotated_types"
        )
    )
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=activities(deps, client),
        interceptors=[Heartbeats()],
        activity_executor=ThreadPoolExecutor(slots, thread_name_prefix="activity"),
        max_concurrent_activities=slots,
        max_cached_workflows=cached,
        workflow_runner=runner,
        graceful_shutdown_timeout=timedelta(seconds=20),
    )


def mail_server(settings: Settings) -> MailServer | None:
    """Where mails are handed over; None without a server or a sender, then they wait."""
    if not (settings.smtp_host and settings.smtp_sender):
        return None
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_sender,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        tls=settings.smtp_tls,
    )


def make_deps(settings: Settings, database_url: str) -> tuple[Deps, sessionmaker[Session]]:
    """The worker's database, keys and transport rules."""
    sessions = make_sessions(make_engine(database_url, pool=settings.worker_activities))
    transport = TransportOptions(allow_private=settings.allow_private_addresses)
    deps = Deps(
        sessions=sessions,
        keyring=keyring(settings),
        transport=transport,
        exchange=settings.exchange.resolve(),
        mail=mail_server(settings),
        public_url=settings.public_url.rstrip("/"),
    )
    return deps, sessions


async def run_worker(settings: Settings, addresses: Addresses, stop: asyncio.Event) -> None:
    """Work until told to stop; running activities get twenty seconds to finish."""
    client = await connect(settings, addresses.temporal_address)
    deps, _ = make_deps(settings, addresses.database_url)
    await ensure_house_schedules(client)
    async with make_worker(client, deps, slots=settings.worker_activities):
        log.info("worker runs")
        if settings.ready_file:
            settings.ready_file.touch()
        await stop.wait()
