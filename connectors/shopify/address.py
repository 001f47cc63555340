"""The shop's address: what people paste, made to the one address that Shopify answers at."""

import re
from ipaddress import ip_address

from connectors.forms import address_of, url_invalid

DOMAIN = ".myshopify.com"
SHOP_DOMAIN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-]*\.myshopify\.com")
"""What Shopify's documentation asks a callback's `shop` to be checked against."""
_HANDLE = re.compile(r"[a-z0-9][a-z0-9-]*")
_IN_ADMIN = re.compile(r"/store/([^/]+)")


def clean_shop(pasted: str) -> str:
    """Make `https://<shop>.myshopify.com` of a name, an address of the shop or of its admin.

    Raises the form error `URL_INVALID` for anything else: a custom domain leads to the storefront, not to the interface.
    An address with its scheme is kept as it is where it cannot be on the internet: the sandbox of tests and demos.
    """
    address = address_of(pasted)
    if address.has_scheme and _is_inside(address.host):
        return address.origin
    handle = _handle(address.host, address.path)
    if not _HANDLE.fullmatch(handle):
        raise url_invalid(pasted)
    return f"https://{handle}{DOMAIN}"


def _handle(host: str, path: str) -> str:
    """The shop's own name; empty where the address names none."""
    if host == "admin.shopify.com":
        found = _IN_ADMIN.match(path)
        return found.group(1).lower() if found else ""
    if host.endswith(DOMAIN):
        return host.removesuffix(DOMAIN)
    return host if "." not in host else ""


def _is_inside(host: str) -> bool:
    """Whether a host is of this machine or of a private network; names without a dot are those of containers."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(".localhost")
