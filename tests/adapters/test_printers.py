"""Printers: a folder, a real IPP server over HTTP, a real lpr server on a socket; what they refuse and what passes."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from adapters.printers import PrintTask, sample_page, send
from canonical.codes import Kind
from canonical.failure import FailureError

TASK = PrintTask(7, "invoice-RE1/100001", "application/pdf", b"%PDF-1.7 data \x00\xff", 2)
NOWHERE = Path("nowhere")


def test_a_folder_gets_a_whole_file_per_copy_under_a_speaking_name(tmp_path: Path) -> None:
    send("folder", "packing/table 1", TASK, tmp_path)
    send("folder", "packing/table 1", TASK, tmp_path)
    found = {file.name: file.read_bytes() for file in (tmp_path / "packing" / "table 1").iterdir()}
    assert found == {"invoice-RE1_100001-7.pdf": TASK.data, "invoice-RE1_100001-7-2.pdf": TASK.data}


def test_a_folder_outside_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FailureError, match="FOLDER_INVALID"):
        send("folder", "../outside", TASK, tmp_path)


# --- IPP --------------------------------------------------------------------------------------------------------------


@dataclass
class IppPrinter:
    """Takes Print-Job requests and reads them as RFC 8010 says."""

    status: int = 0
    http_status: int = 200
    answer: bytes | None = None
    jobs: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""


def parse(body: bytes) -> dict[str, Any]:
    """Read a request: version, operation, attributes by name with their tags, data."""
    major, minor, operation, _ = struct.unpack(">BBHI", body[:8])
    at, attributes, groups = 8, {}, []
    while body[at] != 0x03:
        if body[at] <= 0x0F:
            groups.append(body[at])
            at += 1
            continue
        tag, name_length = struct.unpack(">BH", body[at : at + 3])
        name = body[at + 3 : at + 3 + name_length].decode()
        at += 3 + name_length
        (length,) = struct.unpack(">H", body[at : at + 2])
        attributes[name] = (tag, body[at + 2 : at + 2 + length])
        at += 2 + length
    return {
        "version": (major, minor), "operation": operation, "groups": groups, "data": body[at + 1 :], "names": attributes
    }  # fmt: skip


@contextmanager
def ipp_printer(**values: Any) -> Iterator[IppPrinter]:
    printer = IppPrinter(**values)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            printer.jobs.append(parse(body) | {"type": self.headers["content-type"], "path": self.path})
            answer = printer.answer
            if answer is None:
                answer = struct.pack(">BBHI", 1, 1, printer.status, 1) + b"\x01\x03"
            self.send_response(printer.http_status)
            self.send_header("content-length", str(len(answer)))
            self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        printer.address = f"ipp://127.0.0.1:{server.server_port}/ipp/print"
        yield printer
        server.shutdown()
        thread.join()


def test_an_ipp_printer_gets_a_print_job_with_its_document() -> None:
    with ipp_printer() as printer:
        send("ipp", printer.address, TASK, NOWHERE)
    (job,) = printer.jobs
    assert (job["version"], job["operation"], job["groups"]) == ((1, 1), 0x0002, [1, 2])
    assert (job["type"], job["path"], job["data"]) == ("application/ipp", "/ipp/print", TASK.data)
    assert list(job["names"])[:3] == ["attributes-charset", "attributes-natural-language", "printer-uri"]
    assert job["names"]["printer-uri"] == (0x45, printer.address.encode())
    assert job["names"]["job-name"] == (0x42, b"invoice-RE1/100001")
    assert job["names"]["document-format"] == (0x49, b"application/pdf")
    assert job["names"]["copies"] == (0x21, struct.pack(">i", 2))


def test_a_label_in_the_printers_language_goes_as_it_is() -> None:
    with ipp_printer() as printer:
        send("ipp", printer.address, PrintTask(1, "label", "application/zpl", b"^XA^XZ"), NOWHERE)
    assert printer.jobs[0]["names"]["document-format"] == (0x49, b"application/octet-stream")


@pytest.mark.parametrize("status", [0x0000, 0x0001])
def test_success_with_ignored_attributes_is_success(status: int) -> None:
    with ipp_printer(status=status) as printer:
        send("ipp", printer.address, TASK, NOWHERE)


@pytest.mark.parametrize(
    ("values", "code", "kind"),
    [
        ({"status": 0x0507}, "PRINTER_BUSY", Kind.RETRY),
        ({"status": 0x0506}, "PRINTER_BUSY", Kind.RETRY),
        ({"http_status": 503}, "PRINTER_BUSY", Kind.RETRY),
        ({"status": 0x040A}, "PRINTER_REFUSED", Kind.REJECT),
        ({"status": 0x0406}, "PRINTER_REFUSED", Kind.REJECT),
        ({"http_status": 404}, "PRINTER_REFUSED", Kind.REJECT),
        ({"http_status": 302}, "PRINTER_REFUSED", Kind.REJECT),
        ({"answer": b"<html>hello</html>"}, "PRINTER_REFUSED", Kind.REJECT),
        ({"answer": b""}, "PRINTER_REFUSED", Kind.REJECT),
    ],
)
def test_what_an_ipp_printer_refuses_is_told_from_what_passes(values: Any, code: str, kind: Kind) -> None:
    with ipp_printer(**values) as printer, pytest.raises(FailureError) as caught:
        send("ipp", printer.address, TASK, NOWHERE)
    assert (caught.value.failure.code, caught.value.failure.kind) == (code, kind)


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize(("adapter", "path"), [("ipp", "/ipp/print"), ("lpr", "/labels")])
def test_a_printer_that_is_off_is_tried_again(adapter: str, path: str) -> None:
    with pytest.raises(FailureError) as caught:
        send(adapter, f"{adapter}://127.0.0.1:{unused_port()}{path}", TASK, NOWHERE)
    assert (caught.value.failure.code, caught.value.failure.kind) == ("PRINTER_UNREACHABLE", Kind.RETRY)


@pytest.mark.parametrize(
    ("adapter", "address"),
    [("ipp", "ftp://printer/x"), ("ipp", "ipp:///x"), ("lpr", "lpr://printer"), ("lpr", "http://printer/queue")],
)
def test_an_address_that_is_none_is_refused(adapter: str, address: str) -> None:
    with pytest.raises(FailureError, match="PRINTER_ADDRESS"):
        send(adapter, address, TASK, NOWHERE)


# --- lpr --------------------------------------------------------------------------------------------------------------


@dataclass
class LprPrinter:
    """Takes jobs as RFC 1179 says; `refuses` is the step that it says no to, counted from 1."""

    refuses: int = 0
    queue: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    port: int = 0


@contextmanager
def lpr_printer(**values: Any) -> Iterator[LprPrinter]:
    printer = LprPrinter(**values)
    server = socket.create_server(("127.0.0.1", 0))
    printer.port = server.getsockname()[1]

    def serve() -> None:
        connection, _ = server.accept()
        steps = 0
        with connection, connection.makefile("rb") as lines:

            def acknowledge() -> bool:
                nonlocal steps
                steps += 1
                connection.sendall(b"\x01" if steps == printer.refuses else b"\0")
                return steps != printer.refuses

            command = lines.readline()
            assert command[:1] == b"\x02"
            printer.queue = command[1:].strip().decode()
            if not acknowledge():
                return
            while command := lines.readline():
                size, name = command[1:].split()
                if not acknowledge():
                    return
                printer.files[name.decode()] = lines.read(int(size))
                assert lines.read(1) == b"\0"
                if not acknowledge():
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    yield printer
    thread.join()
    server.close()


def test_an_lpr_queue_gets_control_file_and_data_file() -> None:
    with lpr_printer() as printer:
        send("lpr", f"lpr://127.0.0.1:{printer.port}/labels", TASK, NOWHERE)
    assert printer.queue == "labels"
    assert printer.files["dfA007connect"] == TASK.data
    control = printer.files["cfA007connect"].decode().splitlines()
    assert control[:3] == ["Hconnect", "Pconnect", "Jinvoice-RE1/100001"]
    assert control.count("ldfA007connect") == 2, "one line per copy"


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_an_lpr_queue_that_says_no_at_any_step_has_not_printed(step: int) -> None:
    with lpr_printer(refuses=step) as printer, pytest.raises(FailureError) as caught:
        send("lpr", f"lpr://127.0.0.1:{printer.port}/labels", TASK, NOWHERE)
    assert caught.value.failure.code in ("PRINTER_REFUSED", "PRINTER_UNREACHABLE")


def test_the_test_page_is_a_page_with_the_printers_name() -> None:
    document = pypdfium2.PdfDocument(sample_page("table (1)"))
    assert len(document) == 1
    assert "Connect: table 1" in document[0].get_textpage().get_text_range()
