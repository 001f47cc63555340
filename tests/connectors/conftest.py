"""Fixtures of the connectors' tests: a server that says exactly what a test tells it, and recorded answers."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


@dataclass
class RawServer:
    """Answers each request with the next of `answers` (bytes as they go over the wire), the last one again and again."""

    answers: list[bytes] = field(default_factory=lambda: [OK])
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next_answer(self) -> bytes:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def raw_server() -> Iterator[RawServer]:
    """A server at the socket level: an empty answer cuts the connection, a half one is sent and then cut."""
    state = RawServer()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            state.connections += 1
            stream = self.request.makefile("rb")
            while True:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    line = stream.readline()
                    if not line:
                        return
                    head += line
                length = next((int(x[15:]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")), 0)
                state.requests.append(head + stream.read(length))
                answer = state.next_answer()
                self.request.sendall(answer)
                if b"\r\n\r\n" not in answer or b"connection: close" in answer:
                    self.request.shutdown(socket.SHUT_RDWR)
                    return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def recorded(shared: Path) -> Callable[[str], bytes]:
    """The body of a recorded answer of the real shop, by its name."""
    return lambda name: (shared / "fixtures" / "woocommerce_real" / f"{name}.json").read_bytes()


@pytest.fixture(scope="session")
def order_bodies(recorded: Callable[[str], bytes]) -> list[bytes]:
    """All recorded orders, each as one document."""
    return [orjson.dumps(row) for row in orjson.loads(recorded("orders_all"))]
