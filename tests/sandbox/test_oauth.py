"""OAuth 1.0a as the real shop checks it, verified against a request that the real shop accepted."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop
from sandbox.woocommerce.auth import base_string, sign
from tests.sandbox.support import signed_url


@pytest.fixture
def plain() -> Iterator[tuple[WooShop, str]]:
    """A shop on plain HTTP and the address of its orders."""
    shop = WooShop(https=False)
    with SandboxServer(shop) as server:
        yield shop, f"{server.url}/wp-json/wc/v3/orders"


def test_the_recorded_request_has_the_recorded_base_string_and_signature(recorded: Callable[[str], Any]) -> None:
    request = recorded("_requests")["oauth1_http_orders"]
    parts = urlsplit(request["url"])
    params = parse_qsl(parts.query)
    text = base_string("GET", f"{parts.scheme}://{parts.netloc}{parts.path}", params)
    assert text == request["signature_base_string"]
    assert sign("cs_" + "0f1e2d3c4b" * 4, "HMAC-SHA256", text) == dict(params)["oauth_signature"]


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_a_signed_request_is_answered(plain: tuple[WooShop, str], method: str) -> None:
    shop, url = plain
    address = signed_url(
        "GET",
        url,
        shop.consumer_key,
        shop.consumer_secret,
        oauth_signature_method=method,
        status="any",
        search="Weiß & Söhne",
    )
    assert httpx.get(address).status_code == 200


def test_a_signature_in_the_header_is_accepted(plain: tuple[WooShop, str]) -> None:
    shop, url = plain
    query = parse_qsl(urlsplit(signed_url("GET", url, shop.consumer_key, shop.consumer_secret)).query)
    header = "OAuth " + ", ".join(
        f'{name}="{httpx.QueryParams({"v": value})}"'.replace('"v=', '"') for name, value in query
    )
    assert httpx.get(url, headers={"Authorization": header}).status_code == 200


def test_a_nonce_is_good_once(plain: tuple[WooShop, str]) -> None:
    shop, url = plain
    address = signed_url("GET", url, shop.consumer_key, shop.consumer_secret)
    assert httpx.get(address).status_code == 200
    again = httpx.get(address)
    assert again.status_code == 401
    assert again.json()["message"] == "Invalid nonce - nonce has already been used."


@pytest.mark.parametrize("seconds", [-16 * 60, 16 * 60])
def test_a_timestamp_outside_fifteen_minutes_is_refused(plain: tuple[WooShop, str], seconds: int) -> None:
    shop, url = plain
    stamp = str(int(time.time()) + seconds)
    answer = httpx.get(signed_url("GET", url, shop.consumer_key, shop.consumer_secret, oauth_timestamp=stamp))
    assert (answer.status_code, answer.json()["message"]) == (401, "Invalid timestamp.")


def test_a_wrong_signature_is_refused_as_recorded(plain: tuple[WooShop, str], recorded: Callable[[str], Any]) -> None:
    shop, url = plain
    answer = httpx.get(signed_url("GET", url, shop.consumer_key, "cs_wrong"))
    assert (answer.status_code, answer.json()) == (401, recorded("error_oauth_bad_signature"))


def test_a_signature_for_another_method_is_refused(plain: tuple[WooShop, str]) -> None:
    shop, url = plain
    address = signed_url("GET", url, shop.consumer_key, shop.consumer_secret)
    assert httpx.post(address, json={}).json()["message"] == "Invalid signature - provided signature does not match."


def test_half_a_set_of_parameters_is_refused(plain: tuple[WooShop, str]) -> None:
    _, url = plain
    answer = httpx.get(f"{url}?oauth_consumer_key=ck_1&oauth_nonce=2")
    assert answer.json()["code"] == "woocommerce_rest_authentication_missing_parameter"
