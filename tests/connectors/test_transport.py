"""The transport against a server that misbehaves at the socket level."""

import gzip
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from canonical.codes import Kind
from canonical.failure import Failure, FailureError
from connectors.answers import RefusedError, retry_after
from connectors.limiter import NoLimiter
from connectors.transport import NoTransport, Transport, TransportOptions

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def answer(status: str, body: bytes = b"{}", **headers: str) -> bytes:
    fields = {"content_type": "application/json", "content_length": str(len(body)), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


@pytest.fixture
def transport(raw_server: Any) -> Iterator[Transport]:
    made = Transport(
        f"{raw_server.url}/wp-json/wc/v3",
        auth=httpx.BasicAuth("ck_name", "cs_geheim"),
        limiter=NoLimiter(),
        options=TransportOptions(allow_private=True, timeout=0.3, total_timeout=1, max_bytes=10_000),
    )
    yield made
    made.close()


def failure(call: Callable[[], object]) -> Failure:
    with pytest.raises(FailureError) as caught:
        call()
    return caught.value.failure


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        ("400 Bad", "REQUEST_REFUSED", Kind.OPERATOR),
        ("401 No", "ACCESS", Kind.OPERATOR),
        ("402 Pay", "PAYMENT_REQUIRED", Kind.OPERATOR),
        ("403 No", "ACCESS", Kind.OPERATOR),
        ("404 Gone", "NOT_FOUND", Kind.OPERATOR),
        ("408 Slow", "TIMEOUT", Kind.RETRY),
        ("413 Big", "REQUEST_REFUSED", Kind.OPERATOR),
        ("425 Early", "SERVER_ERROR", Kind.RETRY),
        ("429 Many", "RATE_LIMITED", Kind.RETRY),
        ("500 Oops", "SERVER_ERROR", Kind.RETRY),
        ("503 Down", "SERVER_ERROR", Kind.RETRY),
        ("599 Odd", "SERVER_ERROR", Kind.RETRY),
    ],
)
def test_each_status_has_one_code(raw_server: Any, transport: Transport, status: str, code: str, kind: Kind) -> None:
    raw_server.answers = [answer(status)]
    found = failure(lambda: transport.get("/orders"))
    assert (found.code, found.kind) == (code, kind)


def test_a_refusal_carries_its_answer(raw_server: Any, transport: Transport) -> None:
    raw_server.answers = [answer("404 No", b'{"code":"rest_no_route"}')]
    with pytest.raises(RefusedError) as caught:
        transport.get("/orders")
    assert caught.value.answer.json() == {"code": "rest_no_route"}
    assert caught.value.failure.params["path"] == "/wp-json/wc/v3/orders"


def test_the_wait_that_the_vendor_asks_for_is_kept(raw_server: Any, transport: Transport) -> None:
    raw_server.answers = [answer("429 Many", retry_after="17")]
    assert failure(lambda: transport.get("/orders")).retry_after == timedelta(seconds=17)
    raw_server.answers = [answer("503 Down", retry_after="90")]
    assert failure(lambda: transport.get("/orders")).retry_after == timedelta(seconds=90)


@pytest.mark.parametrize(
    ("stated", "wait"),
    [
        ("0", timedelta(0)),
        ("120", timedelta(minutes=2)),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), timedelta(minutes=5)),
        (format_datetime(NOW - timedelta(minutes=5), usegmt=True), timedelta(0)),
        ("999999999999999999999", timedelta(days=1)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=1)),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_a_wait_is_seconds_or_a_date_and_at_most_a_day(stated: str, wait: timedelta | None) -> None:
    assert retry_after(httpx.Headers({"retry-after": stated}), NOW) == wait


def test_a_page_for_people_is_not_data(raw_server: Any, transport: Transport) -> None:
    raw_server.answers = [answer("200 OK", b"<html>Wartung</html>", content_type="text/html; charset=UTF-8")]
    found = failure(lambda: transport.get("/orders").json())
    assert (found.code, found.params["content_type"], found.kind) == ("NOT_JSON", "text/html", Kind.RETRY)
    assert found.params["host"] == f"127.0.0.1:{raw_server.port}"


def test_a_byte_order_mark_before_the_data_is_forgiven(raw_server: Any, transport: Transport) -> None:
    raw_server.answers = [answer("200 OK", b'\xef\xbb\xbf{"a":1}')]
    assert transport.get("/orders").json() == {"a": 1}


@pytest.mark.parametrize("wire", [b"", b"HTTP/1.1 200 OK\r\ncontent-le", b"SSH-2.0-OpenSSH\r\n"])
def test_a_cut_or_foreign_answer_is_an_outage(raw_server: Any, transport: Transport, wire: bytes) -> None:
    raw_server.answers = [wire]
    assert failure(lambda: transport.get("/orders")).code == "UNREACHABLE"


def test_a_body_cut_in_the_middle_is_an_outage(raw_server: Any, transport: Transport) -> None:
    raw_server.answers = [answer("200 OK", b'{"half', content_length="5000", connection="close")]
    assert failure(lambda: transport.get("/orders")).code == "UNREACHABLE"


def test_a_silent_server_times_out(transport: Transport, raw_server: Any) -> None:
    raw_server.answers = [answer("200 OK", b"{", content_length="5000")]
    assert failure(lambda: transport.get("/orders")).code == "TIMEOUT"


def test_a_closed_port_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        options = TransportOptions(allow_private=True, timeout=0.5)
        closed = Transport(
            f"http://127.0.0.1:{taken.getsockname()[1]}", auth=None, limiter=NoLimiter(), options=options
        )
        found = failure(lambda: closed.get("/orders"))
    assert (found.code, found.kind) == ("UNREACHABLE", Kind.RETRY)


def test_a_name_that_does_not_exist_is_unreachable() -> None:
    options = TransportOptions(allow_private=True)
    lost = Transport("http://shop.invalid", auth=None, limiter=NoLimiter(), options=options)
    assert failure(lambda: lost.get("/orders")).code == "UNREACHABLE"


@pytest.mark.parametrize("url", ["", "shop.example", "ftp://shop.example", "http://", "http://a:b"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    made = lambda: Transport(url, auth=None, limiter=NoLimiter(), options=TransportOptions())  # noqa: E731
    assert failure(made).code == "URL_INVALID"


def test_an_answer_that_is_too_large_is_not_read_to_its_end(raw_server: Any, transport: Transport) -> None:
    raw_server.answers = [answer("200 OK", b"x" * 20_000)]
    assert failure(lambda: transport.get("/orders")).code == "ANSWER_TOO_LARGE"


def test_a_packed_answer_counts_unpacked(raw_server: Any, transport: Transport) -> None:
    raw_server.answers = [answer("200 OK", gzip.compress(b"x" * 5_000_000), content_encoding="gzip")]
    assert failure(lambda: transport.get("/orders")).code == "ANSWER_TOO_LARGE"
    raw_server.answers = [answer("200 OK", gzip.compress(b'{"a":1}'), content_encoding="gzip")]
    assert transport.get("/orders").json() == {"a": 1}
    raw_server.answers = [answer("200 OK", b"not packed", content_encoding="gzip")]
    assert failure(lambda: transport.get("/orders")).code == "NOT_JSON"


def test_a_redirect_elsewhere_is_named_and_not_followed(raw_server: Any, transport: Transport) -> None:
    raw_server.answers = [
        answer("301 Moved", location="https://www.shop.example/wp-json/wc/v3/orders?consumer_key=ck_1")
    ]
    found = failure(lambda: transport.get("/orders"))
    assert (found.code, found.params["target"]) == ("REDIRECTED", "https://www.shop.example")
    assert len(raw_server.requests) == 1


@pytest.mark.parametrize("location", ["/wartung", ""])
def test_a_redirect_to_a_page_of_the_same_shop_is_an_outage(
    raw_server: Any, transport: Transport, location: str
) -> None:
    raw_server.answers = [answer("302 Found", b"", location=location, content_type="text/html")]
    found = failure(lambda: transport.get("/orders"))
    assert (found.code, found.kind) == ("NOT_JSON", Kind.RETRY)


def test_nothing_is_tried_twice(raw_server: Any, transport: Transport) -> None:
    raw_server.answers = [answer("500 Oops")]
    failure(lambda: transport.post("/orders", {}))
    assert len(raw_server.requests) == 1


def test_one_connection_serves_many_calls(raw_server: Any, transport: Transport) -> None:
    for _ in range(5):
        transport.get("/orders", {"per_page": 1})
    assert (len(raw_server.requests), raw_server.connections) == (5, 1)


def test_the_connector_may_read_failures_from_answers(raw_server: Any) -> None:
    made = Transport(
        raw_server.url,
        auth=None,
        limiter=NoLimiter(),
        options=TransportOptions(allow_private=True),
        classify=lambda found: Failure.of("PERMISSION", permission="orders") if found.json() == {} else None,
    )
    assert failure(lambda: made.get("/orders")).code == "PERMISSION"


def test_the_limiter_is_asked_before_each_call(raw_server: Any) -> None:
    class Refuses:
        def acquire(self, cost: float = 1, lane: str = "") -> None:
            raise FailureError(Failure.of("RATE_LIMITED", host="x", retry_after=timedelta(seconds=3)))

        def correct(self, available: float, *, per_second: float | None = None, most: float | None = None) -> None:
            raise AssertionError("no answer, nothing to correct")

    options = TransportOptions(allow_private=True)
    limited = Transport(raw_server.url, auth=None, limiter=Refuses(), options=options)
    assert failure(lambda: limited.get("/orders")).retry_after == timedelta(seconds=3)
    assert raw_server.requests == []


def test_logs_and_failures_name_no_secret(
    raw_server: Any, transport: Transport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    raw_server.answers = [answer("401 No"), answer("200 OK"), b""]
    told = [failure(lambda: transport.get("/orders", {"consumer_secret": "cs_geheim"})).model_dump_json()]
    transport.put("/orders/1", {"note": "Frau Weiß"})
    told.append(failure(lambda: transport.get("/orders", {"token": "cs_geheim"})).model_dump_json())
    everything = caplog.text + "".join(told)
    assert "/wp-json/wc/v3/orders" in caplog.text
    assert "cs_geheim" not in everything and "Weiß" not in everything and "Y2tfbmFtZTpjc19nZWhlaW0" not in everything


def test_a_reader_of_stored_documents_has_no_network() -> None:
    none = NoTransport()
    calls: list[Callable[[], object]] = [lambda: none.get("/"), lambda: none.post("/", {}), lambda: none.put("/", {})]
    assert {failure(call).code for call in calls} == {"CREDENTIALS_MISSING"}


@pytest.fixture
def self_signed(tmp_path: Path) -> Path:
    """A certificate for `localhost` that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls_port(self_signed: Path) -> Iterator[int]:
    """A TLS server that answers one request per connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as stream:
                    stream.recv(4096)
                    stream.sendall(answer("200 OK", connection="close"))
            except OSError:
                continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_port: int) -> None:
    options = TransportOptions(allow_private=True)
    doubtful = Transport(f"https://localhost:{tls_port}", auth=None, limiter=NoLimiter(), options=options)
    found = failure(lambda: doubtful.get("/orders"))
    assert (found.code, found.kind) == ("HANDSHAKE", Kind.RETRY)
    assert "self" in found.params["reason"]


def test_the_certificate_must_fit_the_name_although_the_address_is_called(
    tls_port: int, self_signed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(self_signed))
    options = TransportOptions(allow_private=True)
    by_name = Transport(f"https://localhost:{tls_port}", auth=None, limiter=NoLimiter(), options=options)
    assert by_name.get("/orders").json() == {}
    by_address = Transport(f"https://127.0.0.1:{tls_port}", auth=None, limiter=NoLimiter(), options=options)
    assert failure(lambda: by_address.get("/orders")).code == "HANDSHAKE"


def test_a_server_without_tls_is_a_failed_handshake(raw_server: Any) -> None:
    options = TransportOptions(allow_private=True, timeout=2)
    plain = Transport(f"https://localhost:{raw_server.port}", auth=None, limiter=NoLimiter(), options=options)
    raw_server.answers = [b"HTTP/1.1 400 Bad Request\r\n\r\n"]
    assert failure(lambda: plain.get("/orders")).code in ("HANDSHAKE", "UNREACHABLE", "TIMEOUT")
