"""What people paste as the address of a shop is put right, or named at its field; for each connector."""

import pytest
from pydantic import ValidationError

import connectors
from canonical.failure import Failure
from connectors.account import Account
from connectors.transport import Transport, TransportOptions
from tests.connectors.test_bad_input import FIELD, KEYS, credentials


def address(key: str, url: str) -> str:
    return str(getattr(credentials(key, url), FIELD.get(key, "url")))


# --- the address ---------------------------------------------------------------------------------------------------------

ADMIN = {
    "woocommerce": "/wp-admin/admin.php?page=wc-settings&tab=advanced",
    "shopware6": "/admin#/sw/dashboard/index",
    "shopware5": "/backend/?c=1",
    "mirakl": "/mmp/shop/account/shop?tab=api",
}
"""What the browser shows while somebody looks for the keys."""
FORMS = {
    "shop.example": "https://shop.example",
    "https://shop.example": "https://shop.example",
    "https://shop.example/": "https://shop.example",
    "http://shop.example": "http://shop.example",
    "HTTPS://Shop.Example/": "https://shop.example",
    " \thttps://shop.example/ \n": "https://shop.example",
    "www.shop.example": "https://www.shop.example",
    "shop.example:8443": "https://shop.example:8443",
    "https://shop.example/?utm_source=mail#top": "https://shop.example",
    "https://bücher.example": "https://bücher.example",
    "xn--bcher-kva.example/": "https://xn--bcher-kva.example",
    "http://192.168.1.5": "http://192.168.1.5",
}
SLIPS = {
    "https://https://shop.example": "https://shop.example",
    "https:/shop.example": "https://shop.example",
    "http//shop.example": "http://shop.example",
    "//shop.example": "https://shop.example",
    "<https://shop.example>": "https://shop.example",
    "„https://shop.example“,": "https://shop.example",
    "\u200bhttps://shop.example\ufeff": "https://shop.example",
    "shop.example.": "https://shop.example",
    "https://shop.example:443": "https://shop.example",
    "http://shop.example:80/": "http://shop.example",
}
"""Slips of the hand and what comes along from mails and web pages."""
NONE = (
    *("", "   ", "https://", "ftp://shop.example", "file:///etc/passwd", "javascript:alert(1)"),
    *("info@shop.example", "mailto:info@shop.example", "https://user:secret@shop.example"),
    *("https://shop.example:99999", "https://shop.example:abc", "a<b>", "https://shop.example\\"),
)
NO_HOST = (
    *("..", "https://.", "shop..example", "-shop.example", "shop.example,other.example", "https://sho%70.example"),
    *("x" * 64 + ".example", "x." * 130 + "example"),
    *("https://www.google.com/url?q=https://shop.example/&sa=U", "https://www.google.co.uk/search?q=shop"),
    "https://duckduckgo.com/?q=shop",
)
OWN_DOMAIN = [key for key in KEYS if key != "shopify"]


@pytest.mark.parametrize("key", OWN_DOMAIN)
def test_the_address_is_made_of_what_people_paste(key: str) -> None:
    forms = {
        **FORMS,
        f"shop.example{ADMIN[key]}": "https://shop.example",
        f"https://Shop.example{ADMIN[key]}": "https://shop.example",
    }
    assert {pasted: address(key, pasted) for pasted in forms} == forms


@pytest.mark.parametrize("key", OWN_DOMAIN)
def test_slips_of_the_hand_are_put_right(key: str) -> None:
    assert {pasted: address(key, pasted) for pasted in SLIPS} == SLIPS


@pytest.mark.parametrize("key", ["woocommerce", "shopware6", "shopware5"])
def test_a_shop_in_a_folder_keeps_its_folder(key: str) -> None:
    assert address(key, "https://shop.example/laden/") == "https://shop.example/laden"
    assert address(key, f"https://shop.example/laden{ADMIN[key]}") == "https://shop.example/laden"


def test_shopify_answers_at_one_address_whatever_is_pasted() -> None:
    pasted = (
        *("demo", "demo.myshopify.com", " https://Demo.MyShopify.com/ ", "http://demo.myshopify.com/admin/products"),
        *("https://admin.shopify.com/store/demo", "admin.shopify.com/store/Demo/orders?x=1", "demo.myshopify.com."),
        *(
            "https://https://demo.myshopify.com",
            "<demo.myshopify.com>",
            "\u200bdemo.myshopify.com",
            "demo.myshopify.com:443",
        ),
    )
    assert {address("shopify", each) for each in pasted} == {"https://demo.myshopify.com"}


@pytest.mark.parametrize(
    "pasted",
    [
        *("shop.example", "https://www.shop.example/admin", "admin.shopify.com", "https://admin.shopify.com/orders"),
        *("demo.myshopify.com.evil.example", "https://bücher.example", "de_mo", "https://accounts.shopify.com/store"),
    ],
)
def test_an_address_at_which_shopify_does_not_answer_is_named_at_its_field(pasted: str) -> None:
    refused_at_the_field("shopify", pasted)


def refused_at_the_field(key: str, pasted: str) -> None:
    with pytest.raises(ValidationError) as caught:
        credentials(key, pasted)
    problems = [(problem["loc"], problem["type"]) for problem in caught.value.errors()]
    assert problems == [((FIELD.get(key, "url"),), "URL_INVALID")], pasted
    found = Failure.of("URL_INVALID", **caught.value.errors()[0]["ctx"])
    assert "shop.example" in found.hint("de") and found.text("de") != found.text("en")


@pytest.mark.parametrize("key", KEYS)
def test_what_is_no_address_is_named_at_its_field(key: str) -> None:
    for pasted in NONE:
        refused_at_the_field(key, pasted)


@pytest.mark.parametrize("key", [*OWN_DOMAIN, "shopify"])
def test_a_host_that_nobody_can_have_and_a_search_engine_are_named_at_the_field(key: str) -> None:
    for pasted in NO_HOST:
        refused_at_the_field(key, pasted)


def test_a_shop_with_a_search_engines_word_in_its_name_is_a_shop() -> None:
    for host in ("google.laden.example", "yahoo-fanshop.de", "bingo.de", "www.googlebox.com"):
        assert address("woocommerce", host) == f"https://{host}"


def test_a_name_with_umlauts_is_called_by_its_name_in_dns() -> None:
    transport = Transport(
        address("woocommerce", "bücher.example"), auth=None, limiter=Account().limiter, options=TransportOptions()
    )
    assert transport.host == "xn--bcher-kva.example"


@pytest.mark.parametrize("key", [key for key in KEYS if connectors.spec_of(key).grants])
def test_the_form_of_a_grant_reads_addresses_alike(key: str) -> None:
    good = "demo.myshopify.com" if key == "shopify" else "shop.example"
    keys = {"client_id": "0123456789abcdef", "client_secret": "shpss_" + "f" * 32}
    for grant in connectors.spec_of(key).grants:
        field = FIELD.get(key, "url")
        for pasted in (good, f"https://https://{good}/", f"\u200b{good}."):
            form = grant.form.model_validate({field: pasted, **keys})
            assert getattr(form, field) == f"https://{good}"
        for pasted in ("", "info@shop.example", "https://www.google.com/url?q=shop"):
            with pytest.raises(ValidationError) as caught:
                grant.form.model_validate({field: pasted, **keys})
            assert [(each["loc"], each["type"]) for each in caught.value.errors()] == [((field,), "URL_INVALID")]
