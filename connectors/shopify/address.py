"""The shop's address: what people paste, made to the one address that Shopify answers at."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

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
    text = "".join(pasted.split())
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError:
        raise url_invalid(pasted) from None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in ("http", "https") or parts.username is not None or not host:
        raise url_invalid(pasted)
    if "://" in text and _is_inside(host):
        shown = f"[{host}]" if ":" in host else host
        return f"{parts.scheme}://{shown}{f':{port}' if port else ''}"
    handle = _handle(host, parts.path)
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


def url_invalid(pasted: str) -> PydanticCustomError:
    """The form error for an address that cannot be the shop's."""
    return PydanticCustomError("URL_INVALID", "'{value}' is not a valid address", {"value": pasted.strip()[:200]})
