"""The processes: `connect up`, `connect worker`, `connect web`, `connect db upgrade`, `connect setup-temporal`, `connect sandbox`."""

import asyncio
import logging
import signal
import sys
import threading
from datetime import timedelta

import typer
import uvicorn
from google.protobuf.duration_pb2 import Duration
from pydantic import ValidationError
from sqlmodel import Session
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest, UpdateNamespaceRequest
from temporalio.service import RPCError, RPCStatusCode

import connectors
import worker
from commands.console import AsJson, fail, reporting, say
from commands.group import Group, find_running, prepare_store
from erp.accounts import AccountExistsError, NewAccount, count_accounts, create_account
from erp.database import make_engine, make_sessions
from settings import Settings

app = typer.Typer()
db = typer.Typer(help="The database.")
RETENTION = timedelta(days=30)
SEARCH_ATTRIBUTES = ("Integration", "Connector", "Feature", "Outcome")


def set_up_logging(settings: Settings) -> None:
    """Log to standard error; httpx would log addresses with query strings, so it stays quiet."""
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)


def wait_for_signal() -> None:
    """Wait for Ctrl-C or a polite end."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()


@app.command("up")
def up(as_json: AsJson = False) -> None:
    """Start everything on this machine: PostgreSQL, Temporal, worker and web; Ctrl-C stops it."""
    settings = Settings()
    set_up_logging(settings)
    with reporting(as_json), Group(settings) as group:
        running = group.running
        assert running is not None
        say(
            running,
            as_json,
            f"Connect runs: {running.web_url}\nTemporal UI: {running.temporal_ui_url}\nData: {settings.data.resolve()}\n"
            + _first_account_hint(running.database_url)
            + "Ctrl-C stops everything.",
        )
        wait_for_signal()


def _first_account_hint(database_url: str) -> str:
    engine = make_engine(database_url, pool=1)
    with Session(engine) as session:
        empty = count_accounts(session) == 0
    engine.dispose()
    return "Nobody can log in yet. Add yourself: connect user add YOU@EXAMPLE.COM --name 'Your name'\n" if empty else ""


@app.command("worker")
def run_worker() -> None:
    """Run a worker process; several share the work."""
    settings = Settings()
    set_up_logging(settings)
    running = find_running(settings)
    addresses = worker.Addresses(running.database_url, running.temporal_address, running.temporal_ui_url)

    async def work() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await worker.run_worker(settings, addresses, stop)

    asyncio.run(work())


@app.command("web")
def run_web() -> None:
    """Run the web server."""
    # Only here: the pages' packages would double the start of every other command and of the worker.
    from web.app import WebDeps, create_app

    settings = Settings()
    set_up_logging(settings)
    running = find_running(settings)

    async def serve() -> None:
        deps = WebDeps(
            settings=settings,
            sessions=make_sessions(make_engine(running.database_url, pool=15)),
            temporal=await worker.connect(settings, running.temporal_address),
            keyring=worker.keyring(settings),
            specs=connectors.specs(),
            temporal_ui_url=running.temporal_ui_url,
            dev_links=settings.dev_links,
        )
        config = uvicorn.Config(
            create_app(deps), host=settings.web_host, port=settings.web_port, log_level="warning", access_log=False
        )
        await uvicorn.Server(config).serve()

    asyncio.run(serve())


@db.command("upgrade")
def upgrade(as_json: AsJson = False) -> None:
    """Bring the database schema to the newest revision; an empty store gets its first master data."""
    with reporting(as_json):
        prepare_store(find_running(Settings()).database_url)
        say({"ok": True}, as_json, "The schema is up to date.")


@app.command("setup-temporal")
def set_up_temporal(as_json: AsJson = False) -> None:
    """Prepare a Temporal server elsewhere: namespace, thirty days of retention, search attributes. Safe to repeat."""
    settings = Settings()
    with reporting(as_json):
        asyncio.run(_set_up_temporal(settings, find_running(settings).temporal_address))
        say({"ok": True}, as_json, "Temporal is ready.")


async def _set_up_temporal(settings: Settings, address: str) -> None:
    client = await worker.connect(settings, address)
    retention = Duration(seconds=int(RETENTION.total_seconds()))
    namespace = settings.temporal_namespace
    try:
        await client.workflow_service.register_namespace(
            RegisterNamespaceRequest(namespace=namespace, workflow_execution_retention_period=retention)
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
        config = NamespaceConfig(workflow_execution_retention_ttl=retention)
        await client.workflow_service.update_namespace(UpdateNamespaceRequest(namespace=namespace, config=config))
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=namespace, search_attributes=dict.fromkeys(SEARCH_ATTRIBUTES, keyword))
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise


@app.command("sandbox", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run_sandbox(context: typer.Context) -> None:
    """Run a simulated shop: `connect sandbox woocommerce --port 9000` (see --help after the system)."""
    from sandbox.__main__ import main as sandbox_main

    sys.argv = ["connect sandbox", *context.args]
    sandbox_main()


users = typer.Typer(help="People who may log in.")


@users.command("add")
def add_user(
    email: str,
    name: str = typer.Option("", help="Shown in the journal."),
    password: str = typer.Option("", envvar="CONNECT_PASSWORD", help="Asked for when it is not given."),
    as_json: AsJson = False,
) -> None:
    """Let a person log in."""
    password = password or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with reporting(as_json):
        engine = make_engine(find_running(Settings()).database_url, pool=1)
        try:
            with Session(engine) as session:
                new = {"email": email, "name": name or email, "password": password}
                create_account(session, NewAccount.model_validate(new))
                session.commit()
        except ValidationError as error:
            fail("; ".join(f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors()), as_json)
        except AccountExistsError:
            fail(f"{email} may log in already.", as_json)
        finally:
            engine.dispose()
        say({"email": email}, as_json, f"{email} may log in.")
