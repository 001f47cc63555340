"""Which addresses may be called."""

import socket
from typing import Any

import pytest

from canonical.failure import FailureError
from connectors import addresses
from connectors.addresses import is_public
from connectors.limiter import NoLimiter
from connectors.transport import Transport, TransportOptions


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
        ),
        *("224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "2001:db8::1"),
    ],
)
def test_addresses_of_our_own_networks_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


def code_of(url: str, **options: Any) -> str:
    transport = Transport(url, auth=None, limiter=NoLimiter(), options=TransportOptions(timeout=1, **options))
    with pytest.raises(FailureError) as caught:
        transport.get("/orders")
    return caught.value.failure.code


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433", "127.1", "[::ffff:127.0.0.1]"]
)
def test_a_private_address_is_refused_however_it_is_written(raw_server: Any, host: str) -> None:
    assert code_of(f"http://{host}:{raw_server.port}") == "ADDRESS_REFUSED"
    assert raw_server.connections == 0


def resolver(*answers: list[str]) -> Any:
    """A DNS that gives another answer each time it is asked."""
    left = list(answers)

    def ask(host: str, port: int, *_: object, **__: object) -> list[Any]:
        found = left.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    return ask


def test_one_private_address_among_public_ones_is_enough_to_refuse(
    raw_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses.socket, "getaddrinfo", resolver(["8.8.8.8", "127.0.0.1"]))
    assert code_of(f"http://shop.example:{raw_server.port}") == "ADDRESS_REFUSED"


def test_a_second_answer_of_dns_is_never_asked_for(raw_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge calls the first answer public; the DNS that rebinds has another one for whoever asks again."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        asked.append(host)
        return real("127.0.0.1" if asked.count("shop.example") == 1 else "192.168.0.1", port, *rest, **more)

    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(addresses.socket, "getaddrinfo", rebinding)
    url = f"http://shop.example:{raw_server.port}"
    transport = Transport(url, auth=None, limiter=NoLimiter(), options=TransportOptions(timeout=1))
    assert transport.get("/orders").status == 200
    assert asked.count("shop.example") == 1
    assert b"host: shop.example" in raw_server.requests[0].lower()


def test_the_next_address_is_tried_when_one_does_not_answer(raw_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def two(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        if host != "shop.example":
            return list(real(host, port, *rest, **more))
        return [entry for address in ("127.0.0.2", "127.0.0.1") for entry in real(address, port, *rest, **more)]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", two)
    options = TransportOptions(allow_private=True, timeout=1)
    transport = Transport(f"http://shop.example:{raw_server.port}", auth=None, limiter=NoLimiter(), options=options)
    assert transport.get("/orders").status == 200
