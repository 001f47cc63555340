"""An account of a Mirakl marketplace: what people paste, the gallery's marketplaces, and the connection test."""

import pytest
from pydantic import ValidationError

import connectors.mirakl
from canonical.check import CheckState
from canonical.feature import Feature
from tests.connectors.test_mirakl_support import KEY, Market, answer, market

__all__ = ["market"]


@pytest.mark.parametrize(
    "pasted",
    [
        "https://shop.mirakl.net",
        "shop.mirakl.net",
        " http://shop.mirakl.net/mmp/shop/login?x=1#y ",
        "https://shop.mirakl.net/api/orders",
        "https://SHOP.mirakl.net:443".replace(":443", ""),
    ],
)
def test_any_page_of_the_marketplace_gives_its_address(pasted: str) -> None:
    assert connectors.mirakl.MiraklCredentials(url=pasted, api_key=KEY).url == "https://shop.mirakl.net"


@pytest.mark.parametrize(
    "pasted", ["", "mirakl", "ftp://shop.mirakl.net", "https://user:pw@shop.mirakl.net", "https://"]
)
def test_what_is_no_address_is_refused(pasted: str) -> None:
    with pytest.raises(ValidationError) as caught:
        connectors.mirakl.MiraklCredentials(url=pasted, api_key=KEY)
    assert [error["type"] for error in caught.value.errors()] == ["URL_INVALID"]


@pytest.mark.parametrize("pasted", [KEY, f"Bearer {KEY}", f"Authorization: {KEY}", f" {KEY[:9]}\n{KEY[9:]} "])
def test_the_key_is_taken_out_of_what_was_pasted(pasted: str) -> None:
    found = connectors.mirakl.MiraklCredentials(url="a.mirakl.net", api_key=pasted)
    assert found.api_key.get_secret_value() == KEY and KEY not in repr(found)


def test_a_bad_key_or_shop_id_is_refused_without_showing_it() -> None:
    with pytest.raises(ValidationError) as caught:
        connectors.mirakl.MiraklCredentials(url="a.mirakl.net", api_key="kurz", shop_id="mein Shop")
    assert [error["type"] for error in caught.value.errors()] == ["KEY_INVALID"] * 2
    assert "kurz" not in str(caught.value) and "mein Shop" not in str(caught.value)
    assert connectors.mirakl.MiraklCredentials(url="a.de", api_key=KEY, shop_id="shop_id=2003").shop_id == "2003"


def test_the_nine_marketplaces_stand_in_the_gallery() -> None:
    names = "conrad decathlon douglas fressnapf hornbach home24 mediamarkt shop-apotheke voelkner"
    assert [brand.key for brand in connectors.mirakl.SPEC.brands] == [f"mirakl-{name}" for name in names.split()]


# --- the connection test ---------------------------------------------------------------------------------------------

ALL = tuple(connectors.mirakl.SPEC.features)
SHOP = answer({"shop_id": 2003, "shop_name": "Becherladen", "shop_state": "OPEN"})


def test_a_good_account_passes_and_no_operation_is_called_twice(market: Market) -> None:
    market.answers(SHOP, *[answer({})] * 6)
    report = market.connect(shop_id="2003").check(ALL)
    assert report.ok and report.shop_title == "Becherladen" and report.version
    assert {item.feature for item in report.items if item.name == "permission"} == set(ALL)
    assert len(market.calls) == len(set(market.calls)) and all(request.method == "GET" for request in market.requests)
    assert all(request.query["shop_id"] == "2003" for request in market.requests)


def test_a_wrong_key_fails_at_the_credentials_and_the_rest_is_skipped(market: Market) -> None:
    market.answers(answer({"message": "Unauthorized"}, 401))
    market.server.answers[:] = [answer({"message": "Unauthorized"}, 401)]
    report = market.connect().check([Feature.ORDERS, Feature.STOCK])
    states = {item.name: item.state for item in report.items}
    assert states["reachable"] is CheckState.OK and states["credentials"] is CheckState.FAILED
    assert states["version"] is states["permission"] is CheckState.SKIPPED
    assert [item.failure.code for item in report.items if item.failure] == ["ACCESS"]


def test_a_missing_permission_is_named_for_its_feature(market: Market) -> None:
    market.answers(SHOP, answer({}), answer({"message": "no"}, 403))
    report = market.connect().check([Feature.ORDERS, Feature.PRICES])
    assert report.permits(Feature.ORDERS) and not report.permits(Feature.PRICES)
    assert [item.failure.params for item in report.items if item.failure] == [{"permission": "PRI02"}]


def test_a_suspended_shop_and_a_foreign_interface_are_no_good_account(market: Market) -> None:
    market.answers(answer({"shop_id": 1, "shop_state": "SUSPENDED"}), answer({"id": 5}))
    codes = [[item.failure.code for item in market.connect().check([]).items if item.failure] for _ in range(2)]
    assert codes == [["ACCESS"], ["NOT_JSON"]]


@pytest.mark.parametrize(
    ("told", "code"), [(answer({}, 503), "SERVER_ERROR"), (answer({}, 404), "NOT_FOUND"), (b"", "UNREACHABLE")]
)
def test_a_marketplace_that_is_down_is_no_wrong_key(market: Market, told: bytes, code: str) -> None:
    market.server.answers[:] = [told]
    report = market.connect().check([Feature.ORDERS])
    assert [item.failure.code for item in report.items if item.failure] == [code]
    assert [item.state for item in report.items[1:]] == [CheckState.SKIPPED] * (len(report.items) - 1)


def test_a_call_that_a_run_just_used_up_speaks_against_no_feature(market: Market) -> None:
    market.answers(SHOP, answer({}, 429, retry_after="60"), answer({}))
    report = market.connect().check([Feature.ORDERS, Feature.PRICES])
    assert report.ok and report.permits(Feature.ORDERS)
    assert [item.state for item in report.items if item.name == "permission"] == [CheckState.SKIPPED, CheckState.OK]
