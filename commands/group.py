"""Everything on one machine: the embedded servers, the worker and the web as one supervised group."""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM
from types import TracebackType
from typing import ClassVar, Self

from pydantic import BaseModel
from sqlmodel import Session, select

from embedded import EmbeddedServerError, EmbeddedServers
from embedded.child import Child, Launch
from embedded.ports import is_free
from embedded.process import StopSteps
from erp.database import make_engine, migrate
from erp.preparation import ensure_defaults
from erp.tables import Project
from settings import Settings


class Running(BaseModel):
    """Where the group of a data folder can be reached; written beside the data so that other commands find it."""

    database_url: str
    temporal_address: str
    temporal_ui_url: str
    web_url: str
    pid: int

    @staticmethod
    def path(data: Path) -> Path:
        """The file in a data folder."""
        return data / "running.json"


@dataclass
class WorkerProcess:
    """The worker as a child; ready when it has written its ready file."""

    name: ClassVar[str] = "worker"
    stop_steps: ClassVar[StopSteps] = ((SIGTERM, 30.0), (SIGKILL, 5.0))
    start_timeout: ClassVar[float] = 60.0
    data: Path
    environment: Mapping[str, str]

    def prepare(self) -> None:
        """Forget an earlier worker's ready file."""
        self._ready_file().unlink(missing_ok=True)

    def launch(self) -> Launch:
        """Run `connect worker`."""
        ready = {"CONNECT_READY_FILE": str(self._ready_file())}
        return Launch((sys.executable, "-m", "cli", "worker"), {**self.environment, **ready})

    def is_ready(self) -> bool:
        """Whether the worker polls."""
        return self._ready_file().exists()

    def clean_up(self) -> None:
        """Remove the ready file."""
        self._ready_file().unlink(missing_ok=True)

    def _ready_file(self) -> Path:
        return self.data / "worker.ready"


@dataclass
class WebProcess:
    """The web server as a child; ready when its health page answers."""

    name: ClassVar[str] = "web"
    stop_steps: ClassVar[StopSteps] = ((SIGTERM, 10.0), (SIGKILL, 5.0))
    start_timeout: ClassVar[float] = 60.0
    url: str
    environment: Mapping[str, str]

    def prepare(self) -> None:
        """Nothing to prepare: the port was chosen with the group."""

    def launch(self) -> Launch:
        """Run `connect web`."""
        return Launch((sys.executable, "-m", "cli", "web"), self.environment)

    def is_ready(self) -> bool:
        """Whether the health page answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def clean_up(self) -> None:
        """Nothing stays behind."""


class Group:
    """`connect up`: databases, migration, worker and web; servers configured elsewhere are used, not started."""

    def __init__(self, settings: Settings, *, dev_links: Mapping[str, str] | None = None, web: bool = True) -> None:
        self._settings = settings
        self._data = settings.data.resolve()
        self._dev_links = dict(dev_links or {})
        self._with_web = web
        self._undo = ExitStack()
        self.children: dict[str, Child] = {}
        self.servers: EmbeddedServers | None = None
        self.running: Running | None = None

    def start(self) -> Running:
        """Start everything and say where it is; what was started is stopped again when a part fails."""
        with ExitStack() as undo:
            self._undo = undo
            running = self._start(undo)
            self._undo = undo.pop_all()
        return running

    def _start(self, undo: ExitStack) -> Running:
        settings = self._settings
        needs_database, needs_temporal = not settings.database_url, not settings.temporal_address
        # Also without a server of our own: the folder's lock keeps a second group away from its worker and web.
        servers = EmbeddedServers(self._data, postgres=needs_database, temporal=needs_temporal)
        undo.callback(servers.stop)
        servers.start()
        self.servers = servers
        database_url = servers.database_url if needs_database else settings.database_url
        port = self._free_web_port()
        self.running = Running(
            database_url=database_url,
            temporal_address=servers.temporal_address if needs_temporal else settings.temporal_address,
            temporal_ui_url=servers.temporal_ui_url if needs_temporal else settings.temporal_ui_url,
            web_url=f"http://{settings.web_host}:{port}",
            pid=os.getpid(),
        )
        prepare_store(database_url)
        environment = self._environment(self.running, port)
        processes: list[WorkerProcess | WebProcess] = [WorkerProcess(self._data, environment)]
        if self._with_web:
            processes.append(WebProcess(self.running.web_url, environment))
        for process in processes:
            child = self.children[process.name] = Child(process, self._data)
            undo.callback(child.stop)
            child.start()
        path = Running.path(self._data)
        path.write_text(self.running.model_dump_json())
        path.chmod(0o600)
        undo.callback(path.unlink, missing_ok=True)
        return self.running

    def _free_web_port(self) -> int:
        """The configured port, or the next free one: a second instance must not fail over it."""
        for port in range(self._settings.web_port, self._settings.web_port + 100):
            if is_free(port):
                return port
        raise EmbeddedServerError(f"No free port between {self._settings.web_port} and {self._settings.web_port + 99}.")

    def _environment(self, running: Running, port: int) -> dict[str, str]:
        return os.environ | {
            "CONNECT_DATA": str(self._data),
            "CONNECT_DATABASE_URL": running.database_url,
            "CONNECT_TEMPORAL_ADDRESS": running.temporal_address,
            "CONNECT_TEMPORAL_UI_URL": running.temporal_ui_url,
            "CONNECT_WEB_PORT": str(port),
            "CONNECT_DEV_LINKS": json.dumps(self._dev_links),
            "PYTHONUNBUFFERED": "1",
        }

    def stop(self) -> None:
        """Stop everything, the users of the servers first. Idempotent."""
        self._undo.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def prepare_store(database_url: str) -> None:
    """Bring the schema up to date; an empty store gets the master data that every first integration needs (D§4.1)."""
    migrate(database_url)
    engine = make_engine(database_url, pool=1)
    with Session(engine) as session:
        if session.exec(select(Project.id).limit(1)).first() is None:
            ensure_defaults(session)
            session.commit()
    engine.dispose()


def find_running(settings: Settings) -> Running:
    """Where the servers are: from the environment, else from the group that runs in the data folder."""
    if settings.database_url and settings.temporal_address:
        return Running(
            database_url=settings.database_url,
            temporal_address=settings.temporal_address,
            temporal_ui_url=settings.temporal_ui_url,
            web_url=f"http://{settings.web_host}:{settings.web_port}",
            pid=os.getpid(),
        )
    path = Running.path(settings.data.resolve())
    if not path.exists():
        raise EmbeddedServerError(
            f"Nothing runs in {settings.data.resolve()}. Start it with: connect up (or set CONNECT_DATABASE_URL and CONNECT_TEMPORAL_ADDRESS)."
        )
    return Running.model_validate_json(path.read_text())
