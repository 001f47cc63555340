"""What the forms of credentials share: addresses as people paste them, and errors that have a code and never show a secret."""

import re
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

_HOST = re.compile(r"[^\s/@\\:<>\"']+")


def shop_address(pasted: str, not_the_shop: re.Pattern[str]) -> str:
    """Make the shop's address of what was pasted, without the folders that the pattern names; raises `URL_INVALID`."""
    text = "".join(pasted.split())
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise url_invalid(pasted) from None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host.strip("[]")) or parts.username is not None:
        raise url_invalid(pasted)
    folder = not_the_shop.sub("", parts.path.rstrip("/")).rstrip("/")
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{folder}"


def url_invalid(pasted: str) -> PydanticCustomError:
    """The form error of an address; an address is no secret."""
    return PydanticCustomError("URL_INVALID", "'{value}' is not a valid address", {"value": pasted.strip()})


def key_invalid(field: str, expected: str) -> PydanticCustomError:
    """The form error of a key: which field, and what it should look like."""
    context = {"field": field, "expected": expected}
    return PydanticCustomError("KEY_INVALID", "{field}: this is not what it looks like ({expected})", context)
