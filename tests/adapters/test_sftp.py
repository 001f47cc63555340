"""SFTP against a real server: the key is pinned before a password is sent, files are whole, each failure has its name."""

import io
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from adapters.exchange import Folders
from adapters.sftp import HostKeyUnknownError, Server, SftpExchange, fingerprint
from canonical.failure import FailureError
from tests.adapters.sftp_server import PASSWORD, USER, SftpServer

FOLDERS = Folders("out", "in", "done", "bad")
LIMIT = 5_000_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    """A server with empty folders."""
    with SftpServer(tmp_path / "remote") as running:
        yield running


def access(server: SftpServer, **changes: object) -> Server:
    known = Server("127.0.0.1", server.port, USER, PASSWORD, server.host_key)
    return replace(known, **changes)  # type: ignore[arg-type]


def dial(host: str, port: int, patience: float) -> socket.socket:
    return socket.create_connection((host, port), patience)


def sign_in(server: SftpServer, **changes: object) -> SftpExchange:
    return SftpExchange(access(server, **changes), FOLDERS, dial)


def put(server: SftpServer, name: str, data: bytes, age: int = 60) -> None:
    path = server.root / "in" / name
    path.write_bytes(data)
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))


def code_of(raised: pytest.ExceptionInfo[FailureError]) -> str:
    return raised.value.failure.code


def test_files_go_and_come_whole_and_are_put_away(server: SftpServer) -> None:
    large = os.urandom(1_000_000)
    put(server, "b.xml", large)
    put(server, "a.xml", b"small", age=120)
    put(server, "growing.xml", b"x", age=0)
    put(server, "later.xml.part", b"x")
    (server.root / "in" / "link.xml").symlink_to("/etc/hostname")
    exchange = sign_in(server)
    assert [file.name for file in exchange.waiting(10)] == ["a.xml", "b.xml"]
    assert [file.name for file in exchange.waiting(1)] == ["a.xml"]
    assert exchange.read("b.xml", LIMIT) == large
    exchange.put("orders-000001.xml", large)
    exchange.put("orders-000001.xml", large)
    exchange.put_away("a.xml", is_good=True)
    exchange.put_away("b.xml", is_good=False)
    exchange.put_away("b.xml", is_good=False)
    exchange.close()
    assert (server.root / "out" / "orders-000001.xml").read_bytes() == large
    assert [each.name for each in (server.root / "out").iterdir()] == ["orders-000001.xml"]
    assert [each.name for each in (server.root / "done").iterdir()] == ["a.xml"]
    assert [each.name for each in (server.root / "bad").iterdir()] == ["b.xml"]


def test_a_name_that_is_taken_in_the_folder_gets_a_counter(server: SftpServer) -> None:
    exchange = sign_in(server)
    for content in (b"1", b"2", b"3"):
        put(server, "t.xml", content)
        exchange.put_away("t.xml", is_good=True)
    exchange.close()
    assert {each.name: each.read_bytes() for each in (server.root / "done").iterdir()} == {
        "t.xml": b"1", "t-2.xml": b"2", "t-3.xml": b"3",
    }  # fmt: skip


def test_a_server_without_atomic_replacing_still_gets_the_file(server: SftpServer) -> None:
    server.faults.without_posix_rename = True
    exchange = sign_in(server)
    for content in (b"1", b"22"):
        exchange.put("o.xml", content)
    exchange.close()
    assert [(each.name, each.read_bytes()) for each in (server.root / "out").iterdir()] == [("o.xml", b"22")]


def test_a_key_signs_in_where_a_password_would(server: SftpServer) -> None:
    pem = io.StringIO()
    server.user_key.write_private_key(pem)
    sign_in(server, secret=pem.getvalue()).close()
    assert server.passwords == []
    with pytest.raises(FailureError) as raised:
        sign_in(server, secret="-----BEGIN OPENSSH PRIVATE KEY-----\nnone\n-----END OPENSSH PRIVATE KEY-----\n")
    assert code_of(raised) == "KEY_INVALID"
    other = io.StringIO()
    paramiko.ECDSAKey.generate().write_private_key(other)
    with pytest.raises(FailureError) as raised:
        sign_in(server, secret=other.getvalue())
    assert code_of(raised) == "LOGIN_REFUSED"


def test_a_wrong_password_is_refused_with_a_name(server: SftpServer) -> None:
    with pytest.raises(FailureError) as raised:
        sign_in(server, secret="wrong")
    assert code_of(raised) == "LOGIN_REFUSED"
    assert raised.value.failure.params == {"host": f"127.0.0.1:{server.port}", "user": USER}


def test_an_unknown_key_is_shown_and_a_changed_one_refused_before_the_password_is_sent(server: SftpServer) -> None:
    with pytest.raises(HostKeyUnknownError) as first:
        sign_in(server, host_key="")
    assert code_of(first) == "HOST_KEY_NEW" and first.value.host_key == server.host_key
    other = paramiko.ECDSAKey.generate()
    with pytest.raises(HostKeyUnknownError) as changed:
        sign_in(server, host_key=f"{other.get_name()} {other.get_base64()}")
    assert code_of(changed) == "HOST_KEY_CHANGED"
    assert changed.value.failure.params["fingerprint"] == fingerprint(server.host_key)
    assert server.passwords == []


def test_an_rsa_key_is_pinned_like_any_other(tmp_path: Path) -> None:
    with SftpServer(tmp_path / "rsa", key=paramiko.RSAKey.generate(2048)) as server:
        sign_in(server).close()


def test_the_fingerprint_is_the_one_that_ssh_shows(server: SftpServer) -> None:
    assert fingerprint(server.host_key) == server.key.fingerprint


@pytest.mark.parametrize("way", ["read", "write"])
def test_a_connection_that_breaks_in_the_middle_of_a_file_leaves_no_half_file(server: SftpServer, way: str) -> None:
    put(server, "t.xml", b"x" * 500_000)
    exchange = sign_in(server)
    server.faults.cut_after = 100_000
    with pytest.raises(FailureError) as raised:
        if way == "read":
            exchange.read("t.xml", LIMIT)
        else:
            exchange.put("orders-000001.xml", b"x" * 500_000)
    exchange.close()
    assert code_of(raised) == "SERVER_CUT_OFF"
    assert not (server.root / "out" / "orders-000001.xml").exists()
    server.faults.cut_after = 0
    again = sign_in(server)
    again.put("orders-000001.xml", b"x" * 500_000)
    again.close()
    assert (server.root / "out" / "orders-000001.xml").stat().st_size == 500_000


def test_a_folder_without_rights_and_a_missing_one_are_named(server: SftpServer) -> None:
    server.faults.denied = {"out"}
    exchange = sign_in(server)
    with pytest.raises(FailureError) as raised:
        exchange.put("o.xml", b"x")
    assert raised.value.failure.params == {"folder": "out"} and code_of(raised) == "FOLDER_DENIED"
    (server.root / "in").rmdir()
    with pytest.raises(FailureError) as raised:
        exchange.waiting(10)
    assert raised.value.failure.params == {"folder": "in"} and code_of(raised) == "FOLDER_MISSING"
    exchange.close()


def test_a_file_that_is_too_large_or_lies_about_its_size_is_refused(server: SftpServer) -> None:
    put(server, "t.xml", b"x" * 100_000)
    exchange = sign_in(server)
    for limit, lie in ((99_999, 0), (99_999, -90_000)):
        server.faults.lies_about_size = lie
        with pytest.raises(FailureError) as raised:
            exchange.read("t.xml", limit)
        assert code_of(raised) == "FILE_TOO_LARGE"
    server.faults.lies_about_size = 5_000
    with pytest.raises(FailureError) as raised:
        exchange.read("t.xml", LIMIT)
    assert code_of(raised) == "SERVER_CUT_OFF"
    exchange.close()


def test_a_server_that_is_not_there_or_is_no_ssh_server_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        server = Server("127.0.0.1", port, USER, PASSWORD, "ssh-ed25519 AAAA")
        dialled = dial("127.0.0.1", port, 5)
        accepted, _ = silent.accept()
        accepted.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        accepted.close()
        with pytest.raises(FailureError) as raised:
            SftpExchange(server, FOLDERS, lambda *_: dialled)
        assert code_of(raised) == "SERVER_CUT_OFF"
    with pytest.raises(FailureError) as raised:
        SftpExchange(server, FOLDERS, dial)
    assert code_of(raised) == "SERVER_UNREACHABLE"


def test_no_thread_stays_when_the_exchange_is_closed(server: SftpServer) -> None:
    import threading

    exchange = sign_in(server)
    mine = exchange._transport
    exchange.close()
    mine.join(10)
    assert not mine.is_alive()
    assert mine not in threading.enumerate()
