"""What the sandbox's tests share: a customer, articles, a client, and OAuth signing of their own."""

import base64
import hashlib
import hmac
import time
import uuid
from urllib.parse import quote, urlencode

import httpx

from sandbox.woocommerce import WooShop

ANNA = {
    "first_name": "Anna",
    "last_name": "Weiß",
    "address_1": "Hauptstr. 1",
    "city": "Hamburg",
    "postcode": "20095",
    "country": "DE",
    "email": "anna@example.org",
    "phone": "0171 1",
}


def fill(shop: WooShop) -> WooShop:
    """The articles that the recorded shop sells, as far as the tests buy them."""
    shop.add_product("KB-300", "Kaffeebecher", "12.90", stock=50, gtin="4006381333931")
    shop.add_product("BU-1001", "Kochbuch", "24.95", stock=30, tax_class="reduced-rate")
    shop.add_product("LM-KAF-1000", "Röstkaffee", "18.49", stock=60, tax_class="reduced-rate")
    shop.add_product("EL-USBC-2", "USB-C-Kabel", "3.33", stock=900)
    shop.add_product("EL-LAMP-7", "Schreibtischlampe", "89.00", stock=10)
    shop.add_product("PFAND-025", "Pfand 0,25 €", "0.25", tax_status="none")
    shirt = shop.add_product("TS-BASIC", "T-Shirt", "", type="variable")
    for size in ("S", "M", "L"):
        shop.add_variation(shirt, f"TS-BASIC-{size}", "19.90", {"Größe": size}, stock=8)
    return shop


def api_client(url: str, shop: WooShop) -> httpx.Client:
    """A client of the API with HTTP Basic."""
    auth = (shop.consumer_key, shop.consumer_secret)
    return httpx.Client(base_url=f"{url}/wp-json/wc/v3", auth=auth, timeout=20, trust_env=False)


def signed_url(method: str, url: str, key: str, secret: str, **overrides: str) -> str:
    """An address with an OAuth 1.0a signature, written here anew so that the sandbox is not checked against itself."""
    params = {
        "oauth_consumer_key": key,
        "oauth_timestamp": str(int(time.time())),
        "oauth_nonce": uuid.uuid4().hex,
        "oauth_signature_method": "HMAC-SHA256",
        **overrides,
    }
    digest = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}[params["oauth_signature_method"]]
    pairs = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted(params.items()))
    text = f"{method}&{quote(url, safe='')}&{quote(pairs, safe='')}"
    signature = base64.b64encode(hmac.new(f"{secret}&".encode(), text.encode(), digest).digest()).decode()
    return f"{url}?{urlencode({**params, 'oauth_signature': signature})}"
