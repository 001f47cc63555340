"""Ports on the loopback address that stay the same from start to start."""

import random
import socket
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from embedded.errors import EmbeddedServerError

LOOPBACK = "127.0.0.1"


class Ports(BaseModel):
    """The port of Temporal and that of its web pages."""

    model_config = ConfigDict(frozen=True)

    temporal: int
    ui: int


def choose_ports(file: Path, temporal: int | None, ui: int | None) -> Ports:
    """Takes the given ports, else the remembered ones while they are free, else free ones, and remembers them.

    Raises `EmbeddedServerError` when a given port is taken.
    """
    remembered = _remembered(file)
    chosen_temporal = _given(temporal) or _free(remembered.temporal if remembered else None, taken=ui)
    chosen_ui = _given(ui) or _free(remembered.ui if remembered else None, taken=chosen_temporal)
    chosen = Ports(temporal=chosen_temporal, ui=chosen_ui)
    if chosen != remembered:
        file.write_text(chosen.model_dump_json())
    return chosen


def _remembered(file: Path) -> Ports | None:
    try:
        return Ports.model_validate_json(file.read_text())
    except (FileNotFoundError, ValidationError):
        return None


def _given(port: int | None) -> int | None:
    if port is not None and not is_free(port):
        raise EmbeddedServerError(f"Port {port} is in use by another program; give another port or none.")
    return port


def _free(wanted: int | None, taken: int | None) -> int:
    """A port below the range that systems hand out to clients.

    A client that reconnects to a port of that range while its server is down can be given this very port as its own
    and then keeps the server from coming back.
    """
    if wanted is not None and wanted != taken and is_free(wanted):
        return wanted
    candidates = random.SystemRandom().sample(range(15_000, 32_000), 200)
    for port in candidates:
        if port != taken and is_free(port):
            return port
    raise EmbeddedServerError("No free port was found between 15000 and 32000.")


def is_free(port: int) -> bool:
    """Whether nobody listens at a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
