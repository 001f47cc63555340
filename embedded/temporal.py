"""The embedded Temporal server: one process, an SQLite file, its own web pages."""

import asyncio
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from embedded.binaries import temporal_program
from embedded.child import Launch
from embedded.ports import LOOPBACK, Ports, choose_ports
from embedded.process import StopSteps


class TemporalServer:
    """Temporal's development server on a file in the data folder."""

    name: ClassVar[str] = "temporal"
    stop_steps: ClassVar[StopSteps] = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0))
    start_timeout: ClassVar[float] = 60.0

    def __init__(
        self,
        data: Path,
        *,
        port: int | None,
        ui_port: int | None,
        namespace: str,
        search_attributes: tuple[str, ...],
        retention: timedelta,
    ) -> None:
        self._data = data
        self._given_port = port
        self._given_ui_port = ui_port
        self._namespace = namespace
        self._search_attributes = search_attributes
        self._retention = retention
        self._program = Path()
        self._ports = Ports(temporal=0, ui=0)

    @property
    def address(self) -> str:
        """Host and port for clients."""
        return f"{LOOPBACK}:{self._ports.temporal}"

    @property
    def ui_url(self) -> str:
        """Where a browser shows the runs."""
        return f"http://{LOOPBACK}:{self._ports.ui}"

    def prepare(self) -> None:
        """Finds the program and chooses the ports."""
        self._program = temporal_program()
        self._ports = choose_ports(self._data / "ports.json", self._given_port, self._given_ui_port)

    def launch(self) -> Launch:
        """The command; the environment holds nothing of ours, so that no secret reaches another program."""
        command = [str(self._program), "server", "start-dev"]
        command += ["--db-filename", str(self._data / "temporal.db"), "--ip", LOOPBACK]
        command += ["--port", str(self._ports.temporal), "--ui-port", str(self._ports.ui)]
        command += ["--namespace", self._namespace, "--ui-disable-news-fetch"]
        command += [part for name in self._search_attributes for part in ("--search-attribute", f"{name}=Keyword")]
        command += ["--log-format", "json", "--log-level", "warn"]
        return Launch(tuple(command), {"PATH": os.defpath, "HOME": str(self._data)})

    def is_ready(self) -> bool:
        """Connects, and registers what is missing: retention and search attributes.

        The command line alone does not do: it registers search attributes only when the file is new.
        """
        try:
            socket.create_connection((LOOPBACK, self._ports.temporal), timeout=0.5).close()
        except OSError:
            return False
        # In a thread of its own, because the caller's may already run an event loop.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, self._register()).result()

    def clean_up(self) -> None:
        """Nothing: all of its files are kept."""

    async def _register(self) -> bool:
        try:
            client = await Client.connect(self.address, namespace=self._namespace)
            await self._set_retention(client)
            await self._add_search_attributes(client)
        except (RPCError, RuntimeError):
            # RuntimeError is the client's "cannot connect"; both are usual in the first moments.
            return False
        return True

    async def _set_retention(self, client: Client) -> None:
        """Finished runs stay visible for so long; the development server's own default is one day."""
        service = client.workflow_service
        found = await service.describe_namespace(DescribeNamespaceRequest(namespace=self._namespace))
        if found.config.workflow_execution_retention_ttl.ToTimedelta() == self._retention:
            return
        wanted = Duration()
        wanted.FromTimedelta(self._retention)
        config = NamespaceConfig(workflow_execution_retention_ttl=wanted)
        await service.update_namespace(UpdateNamespaceRequest(namespace=self._namespace, config=config))

    async def _add_search_attributes(self, client: Client) -> None:
        service = client.operator_service
        found = await service.list_search_attributes(ListSearchAttributesRequest(namespace=self._namespace))
        missing = {
            name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
            for name in self._search_attributes
            if name not in found.custom_attributes
        }
        if missing:
            await service.add_search_attributes(
                AddSearchAttributesRequest(namespace=self._namespace, search_attributes=missing)
            )
