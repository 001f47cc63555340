"""What a person enters, and how calls are signed with it."""

import base64
from collections.abc import Callable

import httpx
import orjson
import pytest
from pydantic import SecretStr, ValidationError

from connectors.woocommerce.auth import KeyAuth, signed_url
from connectors.woocommerce.settings import WooCredentials, WooShipmentSettings, clean_url

KEY, SECRET = "ck_" + "a1b2c3d4e5" * 4, "cs_" + "0f1e2d3c4b" * 4


@pytest.mark.parametrize(
    ("pasted", "url"),
    [
        ("https://shop.example", "https://shop.example"),
        ("  shop.example/ \n", "https://shop.example"),
        ("HTTPS://Shop.Example/", "https://shop.example"),
        ("http://shop.example:8080/", "http://shop.example:8080"),
        ("localhost:8080", "https://localhost:8080"),
        ("https://shop.example/wp-admin", "https://shop.example"),
        ("https://shop.example/wp-admin/admin.php?page=wc-settings&tab=advanced", "https://shop.example"),
        ("https://shop.example/wp-json/wc/v3/", "https://shop.example"),
        ("https://shop.example/wp-login.php?redirect_to=x", "https://shop.example"),
        ("https://shop.example/laden/wp-json", "https://shop.example/laden"),
        ("https://shop.example/laden/", "https://shop.example/laden"),
        ("https://shop.example/#top", "https://shop.example"),
        ("https://bäcker.example", "https://bäcker.example"),
    ],
)
def test_the_address_is_made_of_what_people_paste(pasted: str, url: str) -> None:
    assert clean_url(pasted) == url


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "   ",
        "htps://shop.example",
        "ftp://x",
        "https://",
        "https://user:pw@shop.example",
        "https://a:99999",
        "https://a<b>",
    ],
)
def test_what_is_no_address_is_refused_with_a_code(pasted: str) -> None:
    with pytest.raises(ValidationError) as caught:
        WooCredentials(url=pasted, consumer_key=KEY, consumer_secret=SecretStr(SECRET))
    assert [error["type"] for error in caught.value.errors()] == ["URL_INVALID"]


def test_keys_pasted_into_each_others_fields_are_put_right() -> None:
    account = WooCredentials.model_validate(
        {"url": "shop.example", "consumer_key": f" {SECRET}", "consumer_secret": f"{KEY}\n"}
    )
    assert (account.consumer_key, account.consumer_secret.get_secret_value()) == (KEY, SECRET)


@pytest.mark.parametrize(
    ("key", "secret"), [(SECRET, SECRET), (KEY, KEY), ("", SECRET), (KEY, ""), ("admin", "cs_geheim!")]
)
def test_wrong_keys_are_refused_and_never_repeated(key: str, secret: str) -> None:
    with pytest.raises(ValidationError) as caught:
        WooCredentials.model_validate({"url": "shop.example", "consumer_key": key, "consumer_secret": secret})
    assert {error["type"] for error in caught.value.errors()} == {"KEY_INVALID"}
    assert SECRET not in str(caught.value) and "geheim" not in str(caught.value)


def test_the_secret_is_not_shown() -> None:
    account = WooCredentials(url="shop.example", consumer_key=KEY, consumer_secret=SecretStr(SECRET))
    assert SECRET not in repr(account) and SECRET not in account.model_dump_json()


def test_a_note_without_the_number_is_refused() -> None:
    with pytest.raises(ValidationError):
        WooShipmentSettings(note_text="Unterwegs!")


def test_the_signature_is_the_one_that_the_real_shop_accepted(recorded: Callable[[str], bytes]) -> None:
    request = orjson.loads(recorded("_requests"))["oauth1_http_orders"]
    accepted = httpx.URL(request["url"])
    plain = accepted.copy_with(query=b"per_page=2&_fields=id%2Cstatus")
    stamp, nonce = int(accepted.params["oauth_timestamp"]), accepted.params["oauth_nonce"]
    made = signed_url("GET", plain, KEY, SECRET, timestamp=stamp, nonce=nonce)
    assert dict(made.params) == dict(accepted.params)


def test_a_space_is_signed_and_sent_as_percent_twenty() -> None:
    url = httpx.URL("http://shop.example/orders", params={"search": "a b+c"})
    made = signed_url("GET", url, KEY, SECRET, timestamp=1, nonce="n")
    assert b"search=a%20b%2Bc" in made.query


def signed(url: str) -> httpx.Request:
    return next(KeyAuth(KEY, SecretStr(SECRET)).sync_auth_flow(httpx.Request("GET", url)))


def test_over_tls_the_key_is_sent_as_basic_and_not_in_the_address() -> None:
    request = signed("https://shop.example/orders")
    assert request.headers["authorization"] == "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
    assert request.url.query == b""


def test_over_plain_http_the_secret_never_travels() -> None:
    first, second = signed("http://shop.example/orders"), signed("http://shop.example/orders")
    assert SECRET not in str(first.url) and "authorization" not in first.headers
    assert first.url.params["oauth_nonce"] != second.url.params["oauth_nonce"]
