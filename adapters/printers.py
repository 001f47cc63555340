"""Printers: a folder that something watches, IPP (RFC 8010, 8011) over HTTP, and lpr (RFC 1179) over a socket.

Printers stand in private networks, so their addresses are not held to the rules for shops; redirects are not followed.
"""

import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from adapters.folders import inside, write_whole
from canonical.failure import Failure, FailureError

TIMEOUT_SECONDS = 20
LARGEST_ANSWER = 64_000
EXTENSIONS = {"application/pdf": "pdf", "application/zpl": "zpl"}


@dataclass(frozen=True, slots=True)
class PrintTask:
    """Something to print: its title for people and logs, its data, and how many copies."""

    id: int
    title: str
    media_type: str
    data: bytes
    copies: int = 1


def send(adapter: str, address: str, task: PrintTask, exchange: Path) -> None:
    """Print on a printer; returns when it has taken the job.

    Raises `FailureError`: PRINTER_UNREACHABLE, PRINTER_BUSY (try again), PRINTER_REFUSED, PRINTER_ADDRESS, or for a folder
    FOLDER_INVALID, FOLDER_FULL, FOLDER_DENIED, FOLDER_BROKEN.
    """
    if adapter == "folder":
        _into_folder(address, task, exchange)
    else:
        _SENDERS[adapter](address, task)


def _into_folder(address: str, task: PrintTask, exchange: Path) -> None:
    """Write a file per copy, under a name that tells what it is; the same job again writes the same files."""
    folder = inside(exchange, address)
    extension = EXTENSIONS.get(task.media_type, "bin")
    for copy in range(1, task.copies + 1):
        again = f"-{copy}" if copy > 1 else ""
        write_whole(folder / f"{_plain(task.title)}-{task.id}{again}.{extension}", task.data)


def _plain(title: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in title)[:120]


# --- IPP ------------------------------------------------------------------------------------------------------------

_OPERATION, _JOB, _END = 0x01, 0x02, 0x03
_INTEGER, _NAME, _URI, _CHARSET, _LANGUAGE, _MIME = 0x21, 0x42, 0x45, 0x47, 0x48, 0x49
_PRINT_JOB = 0x0002
_PASSES = {0x0502, 0x0503, 0x0505, 0x0506, 0x0507, 0x0508}
"""Server errors that pass: unavailable, version of the moment, temporary, not accepting, busy, cancelled."""
_SCHEMES: Mapping[str, tuple[str, int]] = {
    "ipp": ("http", 631),
    "ipps": ("https", 631),
    "http": ("http", 80),
    "https": ("https", 443),
}


def ipp_request(printer_uri: str, task: PrintTask) -> bytes:
    """Make a Print-Job request (RFC 8010, 3.1; RFC 8011, 4.2.1) with its document."""
    # Labels in a printer's own language have no registered type: the printer finds out.
    media_type = task.media_type if task.media_type == "application/pdf" else "application/octet-stream"
    return b"".join(
        [
            struct.pack(">BBHI", 1, 1, _PRINT_JOB, 1),
            bytes([_OPERATION]),
            _attribute(_CHARSET, "attributes-charset", b"utf-8"),
            _attribute(_LANGUAGE, "attributes-natural-language", b"en"),
            _attribute(_URI, "printer-uri", printer_uri.encode()),
            _attribute(_NAME, "requesting-user-name", b"connect"),
            _attribute(_NAME, "job-name", task.title.encode()[:255]),
            _attribute(_MIME, "document-format", media_type.encode()),
            bytes([_JOB]),
            _attribute(_INTEGER, "copies", struct.pack(">i", task.copies)),
            bytes([_END]),
            task.data,
        ]
    )


def _attribute(tag: int, name: str, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(value)) + value


def ipp_status(answer: bytes) -> int | None:
    """Read the status of an answer; None for anything that is not IPP."""
    return int(struct.unpack(">H", answer[2:4])[0]) if len(answer) >= 8 and answer[0] in (1, 2) else None


def _by_ipp(address: str, task: PrintTask) -> None:
    parts = urlsplit(address)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise FailureError(Failure.of("PRINTER_ADDRESS", address=address))
    scheme, port = _SCHEMES[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path or "/"
    url = f"{scheme}://{host}:{parts.port or port}{path}"
    uri = f"{'ipps' if scheme == 'https' else 'ipp'}://{host}:{parts.port or port}{path}"
    status, answer = _post(url, ipp_request(uri, task), parts.hostname)
    if status != httpx.codes.OK:
        busy = status in (httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.TOO_MANY_REQUESTS)
        raise _refusal(parts.hostname, f"HTTP {status}", passes=busy)
    found = ipp_status(answer)
    if found is None:
        raise _refusal(parts.hostname, "no IPP", passes=False)
    if found >= 0x0100:
        raise _refusal(parts.hostname, f"IPP 0x{found:04x}", passes=found in _PASSES)


def _post(url: str, body: bytes, printer: str) -> tuple[int, bytes]:
    """Send a request and read the beginning of the answer: a printer's answer is short."""
    answer = b""
    try:
        with httpx.stream(
            "POST", url, content=body, headers={"content-type": "application/ipp"}, timeout=TIMEOUT_SECONDS
        ) as response:
            for part in response.iter_bytes():
                answer += part
                if len(answer) > LARGEST_ANSWER:
                    break
            return response.status_code, answer
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FailureError(Failure.of("PRINTER_UNREACHABLE", printer=printer)) from error


def _refusal(printer: str, status: str, *, passes: bool) -> FailureError:
    return FailureError(Failure.of("PRINTER_BUSY" if passes else "PRINTER_REFUSED", printer=printer, status=status))


# --- lpr ------------------------------------------------------------------------------------------------------------


def _by_lpr(address: str, task: PrintTask) -> None:
    """Receive-job command with control file and data file (RFC 1179, 5.2, 6.1, 6.2); each is acknowledged."""
    parts = urlsplit(address)
    queue = parts.path.strip("/")
    if parts.scheme != "lpr" or not parts.hostname or not queue:
        raise FailureError(Failure.of("PRINTER_ADDRESS", address=address))
    number, host = task.id % 1000, "connect"
    name = f"dfA{number:03d}{host}"
    # One line per copy: print the file with its control characters as they are.
    control = "".join([f"H{host}\n", "Pconnect\n", f"J{task.title[:99]}\n", f"l{name}\n" * task.copies, f"U{name}\n"])
    try:
        with socket.create_connection((parts.hostname, parts.port or 515), TIMEOUT_SECONDS) as connection:
            _say(connection, parts.hostname, b"\x02" + queue.encode() + b"\n")
            for command, file, data in ((2, f"cfA{number:03d}{host}", control.encode()), (3, name, task.data)):
                _say(connection, parts.hostname, bytes([command]) + f"{len(data)} {file}\n".encode())
                _say(connection, parts.hostname, data + b"\0")
    except OSError as error:
        raise FailureError(Failure.of("PRINTER_UNREACHABLE", printer=parts.hostname)) from error


def _say(connection: socket.socket, printer: str, data: bytes) -> None:
    """Send and wait for the octet that says yes."""
    connection.sendall(data)
    answer = connection.recv(1)
    if answer != b"\0":
        raise _refusal(printer, f"lpr {answer[0]}" if answer else "lpr", passes=not answer)


_SENDERS: Mapping[str, Callable[[str, PrintTask], None]] = {"ipp": _by_ipp, "lpr": _by_lpr}


def sample_page(printer: str) -> bytes:
    """Make a test page as PDF: one line with the printer's name."""
    words = printer.encode("ascii", "replace").decode().replace("\\", "").replace("(", "").replace(")", "")
    stream = f"BT /F1 24 Tf 60 760 Td (Connect: {words}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    page, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(page))
        page += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        page
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(page))
    )
