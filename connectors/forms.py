"""What the forms of credentials share: addresses as people paste them, and errors that have a code and never show a secret."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

_UNSEEN = re.compile(r"[\s\u200b-\u200d\u2060\ufeff]+")
"""Spaces and line breaks, also those without a width that come along from web pages and mails."""
_AROUND = "<>\"'„“”‚‘’«»,;"
_SCHEMES = re.compile(r"/*(?:(https?)(?::/*|//))*", re.IGNORECASE)
"""Also one that was typed before a pasted one, and one with a slip: `https://https://`, `https:/`, `http//`."""
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_SEARCH_ENGINE = re.compile(r"(?:.*\.)?(?:google|bing|duckduckgo|ecosia|startpage|yahoo)\.(?:com?\.)?[a-z]{2,3}")
"""A link copied from the results of a search leads to the search engine."""
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Address:
    """An address as a person meant it; `port` is None where it is the scheme's own."""

    scheme: str
    host: str
    port: int | None
    path: str
    has_scheme: bool
    """Whether the person stated one; else it is https."""

    @property
    def origin(self) -> str:
        """The address without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{f':{self.port}' if self.port else ''}"


def address_of(pasted: str) -> Address:
    """Read what was pasted; raises `URL_INVALID` where it is no address of a shop, such as an e-mail address."""
    text = _UNSEEN.sub("", pasted).strip(_AROUND)
    begun = _SCHEMES.match(text)
    stated = begun.group(1).lower() if begun and begun.group(1) else ""
    rest = text[begun.end() :] if begun else text
    try:
        parts = urlsplit(f"{stated or 'https'}://{rest}")
        port, host = parts.port, _host(parts.hostname or "")
    except ValueError:
        raise url_invalid(pasted) from None
    if _OTHER_SCHEME.match(rest) or parts.username is not None or _SEARCH_ENGINE.fullmatch(host):
        raise url_invalid(pasted)
    return Address(
        scheme=parts.scheme,
        host=host,
        port=None if port == _PORTS[parts.scheme] else port,
        path=parts.path,
        has_scheme=bool(stated),
    )


def _host(named: str) -> str:
    """A host in small letters; raises `ValueError` where none can have this name."""
    host = named.rstrip(".")
    if ":" in host:
        return str(ip_address(host))
    if not _HOST.fullmatch(host) or len(host) > 253:
        raise ValueError(named)
    return host


def shop_address(pasted: str, not_the_shop: re.Pattern[str]) -> str:
    """Make the shop's address of what was pasted, without the folders that the pattern names; raises `URL_INVALID`."""
    address = address_of(pasted)
    return address.origin + not_the_shop.sub("", address.path.rstrip("/")).rstrip("/")


def url_invalid(pasted: str) -> PydanticCustomError:
    """The form error of an address; an address is no secret."""
    return PydanticCustomError("URL_INVALID", "'{value}' is not a valid address", {"value": pasted.strip()[:200]})


def key_invalid(field: str, expected: str) -> PydanticCustomError:
    """The form error of a key: which field, and what it should look like."""
    context = {"field": field, "expected": expected}
    return PydanticCustomError("KEY_INVALID", "{field}: this is not what it looks like ({expected})", context)
