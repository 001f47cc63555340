"""Starts, watches and stops the embedded servers of one data folder."""

import os
import threading
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded.child import Child
from embedded.errors import EmbeddedServerError
from embedded.lock import FolderLock
from embedded.postgres import PostgresServer
from embedded.temporal import TemporalServer


class EmbeddedServers:
    """PostgreSQL and Temporal as children of this process, with their data in a folder that only we use.

    A server that dies is started again at the same address; servers that a killed process left behind in the folder
    are ended at the next start. `start` and `stop` can be repeated.
    """

    def __init__(
        self,
        data: Path,
        *,
        postgres: bool = True,
        temporal: bool = True,
        temporal_port: int | None = None,
        ui_port: int | None = None,
        namespace: str = "default",
        search_attributes: tuple[str, ...] = ("Integration", "Connector", "Feature", "Outcome"),
        retention_hours: int = 720,
    ) -> None:
        self._data = data.resolve()
        self._lock = FolderLock(self._data / "lock")
        self._postgres = PostgresServer(self._data) if postgres else None
        self._temporal = (
            TemporalServer(
                self._data,
                port=temporal_port,
                ui_port=ui_port,
                namespace=namespace,
                search_attributes=search_attributes,
                retention=timedelta(hours=retention_hours),
            )
            if temporal
            else None
        )
        self._children: dict[str, Child] = {}
        self._changing = threading.RLock()

    def start(self) -> None:
        """Starts the servers and waits until they are ready. Idempotent.

        Raises `DataFolderInUse` when another process uses the folder and `EmbeddedServerError` when a server does not
        come up or the folder cannot be written; nothing of ours runs then.
        """
        with self._changing, ExitStack() as undo:
            if self._children:
                return
            undo.callback(self.stop)
            try:
                self._make_folder()
                self._lock.acquire()
                for server in (self._postgres, self._temporal):
                    if server is not None:
                        child = self._children[server.name] = Child(server, self._data)
                        child.start()
            except OSError as error:
                raise EmbeddedServerError(f"The data folder {self._data} cannot be used: {error}") from error
            undo.pop_all()

    def stop(self) -> None:
        """Stops the servers cleanly, Temporal first, and gives the folder back. Idempotent."""
        with self._changing:
            try:
                while self._children:
                    self._children.popitem()[1].stop()
            finally:
                self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def database_url(self) -> str:
        """The database for SQLAlchemy, over the private socket; known once started."""
        if self._postgres is None or "postgres" not in self._children:
            raise EmbeddedServerError("The embedded PostgreSQL is not running here.")
        return self._postgres.url

    @property
    def temporal_address(self) -> str:
        """Host and port of Temporal; known once started."""
        return self._running_temporal().address

    @property
    def temporal_ui_url(self) -> str:
        """Where a browser shows Temporal's runs; known once started."""
        return self._running_temporal().ui_url

    def pids(self) -> dict[str, int]:
        """The live server processes by name; one that is being started again is missing for that moment."""
        return {name: pid for name, child in self._children.items() if (pid := child.pid) is not None}

    def _running_temporal(self) -> TemporalServer:
        if self._temporal is None or "temporal" not in self._children:
            raise EmbeddedServerError("The embedded Temporal is not running here.")
        return self._temporal

    def _make_folder(self) -> None:
        if self._data.is_dir():
            return
        self._data.mkdir(parents=True)
        # Nobody else reads it; as root, PostgreSQL's account must still get through to its own folder inside.
        self._data.chmod(0o711 if os.geteuid() == 0 else 0o700)
