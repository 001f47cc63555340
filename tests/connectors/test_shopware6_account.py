"""What a person enters for Shopware 6, how tokens are kept, and the connection test."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from canonical.channel import Token
from canonical.check import CheckState
from canonical.failure import FailureError
from canonical.feature import Feature
from connectors import shopware6
from connectors.account import Account, NoTokenStore
from connectors.shopware6.settings import Shopware6Credentials, clean_url
from connectors.transport import TransportOptions
from tests.connectors.test_shopware6_support import SINCE, Laden, running

ID, SECRET = "SWIAQXBVNTRKNWDMCGZWAMHJCG", "aTVOR1lMbThYM0pkSlZ3UkE3d1hHcE5h"


@pytest.fixture
def laden() -> Iterator[Laden]:
    yield from running()


@pytest.mark.parametrize(
    ("pasted", "url"),
    [
        ("https://shop.example", "https://shop.example"),
        (" shop.example/ \n", "https://shop.example"),
        ("https://shop.example/admin#/sw/dashboard/index", "https://shop.example"),
        ("https://shop.example/admin/", "https://shop.example"),
        ("https://shop.example/api", "https://shop.example"),
        ("https://shop.example/api/oauth/token", "https://shop.example"),
        ("https://shop.example/store-api/", "https://shop.example"),
        ("https://shop.example/de/account/login", "https://shop.example/de"),
        ("http://localhost:8000/admin", "http://localhost:8000"),
        ("https://example.org/laden/admin#/sw/order/index", "https://example.org/laden"),
    ],
)
def test_the_address_is_made_of_what_people_paste(pasted: str, url: str) -> None:
    assert clean_url(pasted) == url


@pytest.mark.parametrize("pasted", ["", "ftp://x", "https://", "https://a:b@shop.example", "https://a:99999", "a<b>"])
def test_what_is_no_address_is_refused_with_a_code(pasted: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Shopware6Credentials(url=pasted, client_id=ID, client_secret=SecretStr(SECRET))
    assert [error["type"] for error in caught.value.errors()] == ["URL_INVALID"]


def test_keys_pasted_into_each_others_fields_are_put_right() -> None:
    entered = {"url": "shop.example", "client_id": f" {SECRET}", "client_secret": f"{ID}\n"}
    account = Shopware6Credentials.model_validate(entered)
    assert (account.client_id, account.client_secret.get_secret_value()) == (ID, SECRET)


@pytest.mark.parametrize(("key", "secret"), [("admin", SECRET), (ID, "kurz"), ("", SECRET), (ID, "")])
def test_wrong_keys_are_refused_and_never_repeated(key: str, secret: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Shopware6Credentials.model_validate({"url": "shop.example", "client_id": key, "client_secret": secret})
    assert {error["type"] for error in caught.value.errors()} == {"KEY_INVALID"}
    assert SECRET not in str(caught.value) and "kurz" not in str(caught.value)


def tokens_asked(laden: Laden) -> int:
    return laden.shop.requests.count(path="/api/oauth/token")


def test_a_token_serves_until_shortly_before_its_end(laden: Laden) -> None:
    account = Account(tokens=NoTokenStore())
    for _ in range(3):
        laden.connect(account=account).fetch_orders(SINCE, 10)
    assert tokens_asked(laden) == 1
    kept = account.tokens.load()
    assert kept is not None and kept.expires_at is not None
    account.tokens.store(kept.model_copy(update={"expires_at": datetime.now(UTC) + timedelta(seconds=20)}))
    laden.connect(account=account).fetch_orders(SINCE, 10)
    assert tokens_asked(laden) == 2


def test_a_token_that_the_shop_forgot_is_replaced_once(laden: Laden) -> None:
    account = Account(tokens=NoTokenStore(Token(access="vergessen", expires_at=datetime.now(UTC) + timedelta(hours=1))))
    laden.connect(account=account).fetch_orders(SINCE, 10)
    assert tokens_asked(laden) == 1
    laden.shop.revoke()
    with pytest.raises(FailureError) as caught:
        laden.connect(account=account).fetch_orders(SINCE, 10)
    assert caught.value.failure.code == "ACCESS" and tokens_asked(laden) == 2


def test_a_wrong_secret_is_access_and_is_not_shown(laden: Laden) -> None:
    keys = Shopware6Credentials(url=laden.url, client_id=ID, client_secret=SecretStr(SECRET))
    connector = shopware6.build(keys, {}, Account(), TransportOptions(allow_private=True))
    report = connector.check([Feature.ORDERS])
    states = {item.name: item.state for item in report.items}
    assert states["reachable"] is CheckState.OK and states["credentials"] is CheckState.FAILED
    assert states["permission"] is CheckState.SKIPPED
    assert SECRET not in repr(report) and SECRET not in repr(keys)


def test_everything_is_proved_and_nothing_is_changed(laden: Laden) -> None:
    report = laden.connect().check(list(shopware6.SPEC.features))
    assert report.ok and report.version == "6.7.2.0"
    assert [item.name for item in report.items[:4]] == ["reachable", "certificate", "credentials", "version"]
    assert laden.shop.effects == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>", "NOT_JSON"),
        (b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n", "SERVER_ERROR"),
        (b"HTTP/1.1 429 No\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n", "RATE_LIMITED"),
        (b"HTTP/1.1 404 No\r\ncontent-type: text/html\r\ncontent-length: 0\r\n\r\n", "NOT_FOUND"),
    ],
)
def test_an_outage_or_a_wrong_address_is_no_wrong_password(raw_server: Any, answer: bytes, code: str) -> None:
    raw_server.answers = [answer]
    keys = Shopware6Credentials(url=raw_server.url, client_id=ID, client_secret=SecretStr(SECRET))
    connector = shopware6.build(keys, {}, Account(), TransportOptions(allow_private=True))
    report = connector.check([Feature.ORDERS])
    assert [item.failure.code for item in report.items if item.failure] == [code]
    assert report.items[0].failure is not None
    assert [item.state for item in report.items[1:]] == [CheckState.SKIPPED] * (len(report.items) - 1)


def told(laden_rows: bytes) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(laden_rows)
        + laden_rows
    )


@pytest.mark.parametrize(
    ("record", "missing"),
    [
        (b'{"admin":true,"aclRoles":[]}', ""),
        (b'{"admin":false,"aclRoles":[{"privileges":["product:update"]}]}', ""),
        (b'{"admin":false,"aclRoles":[{"privileges":["product:read"]}]}', "product:update"),
    ],
)
def test_the_integrations_own_record_tells_its_rights(raw_server: Any, record: bytes, missing: str) -> None:
    raw_server.answers = [
        told(b'{"access_token":"t","expires_in":600}'),
        told(b'{"version":"6.6.10.2"}'),
        told(b'{"data":[' + record + b"]}"),
        told(b'{"data":[]}'),
    ]
    keys = Shopware6Credentials(url=raw_server.url, client_id=ID, client_secret=SecretStr(SECRET))
    connector = shopware6.build(keys, {}, Account(), TransportOptions(allow_private=True))
    report = connector.check([Feature.STOCK])
    named = [item.failure.params.get("permission", "") for item in report.items if item.failure]
    assert named == ([missing] if missing else [])
    assert [item.state for item in report.items if item.detail == "write"] != [CheckState.SKIPPED]


def test_a_missing_right_to_read_is_named_too(raw_server: Any) -> None:
    refused = b'{"errors":[{"status":"403","code":"FRAMEWORK__MISSING_PRIVILEGE_ERROR","detail":"{\\"missingPrivileges\\":[\\"product:read\\"]}"}]}'
    head = b"HTTP/1.1 403 No\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(refused)
    raw_server.answers = [told(b'{"access_token":"t"}'), told(b'{"version":"6.6.10.2"}'), head + refused]
    keys = Shopware6Credentials(url=raw_server.url, client_id=ID, client_secret=SecretStr(SECRET))
    report = shopware6.build(keys, {}, Account(), TransportOptions(allow_private=True)).check([Feature.STOCK])
    failures = [item.failure for item in report.items if item.failure]
    assert [(each.code, each.params["permission"]) for each in failures] == [("PERMISSION", "product:read")]
    assert report.items[-1].state is CheckState.SKIPPED


def test_an_old_shop_is_named(raw_server: Any) -> None:
    raw_server.answers = [told(b'{"access_token":"t","expires_in":600}'), told(b'{"version":"6.2.3"}')]
    keys = Shopware6Credentials(url=raw_server.url, client_id=ID, client_secret=SecretStr(SECRET))
    report = shopware6.build(keys, {}, Account(), TransportOptions(allow_private=True)).check([])
    assert [item.failure.code for item in report.items if item.failure] == ["VERSION_OUTDATED"]
