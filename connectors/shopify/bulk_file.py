"""The file of a bulk operation, read in parts, so that each page of a listing costs only its own part."""

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx
import orjson

from canonical.failure import Failure, FailureError
from connectors.answers import Answer, RefusedError, not_json
from connectors.shopify.graph import mapping
from connectors.transport import Params, Transport

PART = 1_000_000
"""Bytes that are asked for at once: some hundred products."""


@dataclass(frozen=True)
class Part:
    """Bytes of a file from where they were asked for, and the size of the whole file."""

    body: bytes
    size: int


Fetch = Callable[[int, int], Part]


class ByteRange(httpx.Auth):
    """Puts the range on a request: the transport leaves headers to what signs it.

    A packed answer would have ranges of the packed bytes, so none is asked for.
    """

    def __init__(self, start: int, count: int) -> None:
        self._range = f"bytes={start}-{start + count - 1}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers."""
        request.headers["range"] = self._range
        request.headers["accept-encoding"] = "identity"
        yield request


def fetch(calls: Transport, path: str, params: Params, start: int) -> Part:
    """Fetch what `calls` asks for; a server without ranges sends the whole file, of which the beginning is left out."""
    try:
        answer = calls.get(path, params)
    except RefusedError as error:
        if error.answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return Part(b"", start)
        raise
    if answer.status != HTTPStatus.PARTIAL_CONTENT:
        return Part(answer.body[start:], len(answer.body))
    return Part(answer.body, _size(answer, start))


def _size(answer: Answer, start: int) -> int:
    stated = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("content-range", ""))
    if stated is None or int(stated[1]) != start:
        raise FailureError(not_json(answer))
    return int(stated[2])


def products(fetch_part: Fetch, start: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Products with their variants and media from a byte on, each with the byte at which the next one begins.

    The file has one object per line; each product stands before what belongs to it, which names it as its parent.
    """
    product: dict[str, Any] | None = None
    end = start
    for line, after in _lines(fetch_part, start):
        if line.strip():
            row = _row(line)
            if "__parentId" not in row:
                if product is not None:
                    yield product, end
                product = {**row, "variants": [], "media": []}
            elif product is not None and row["__parentId"] == product.get("id"):
                product["variants" if "/ProductVariant/" in str(row.get("id")) else "media"].append(row)
        end = after
    if product is not None:
        yield product, end


def _lines(fetch_part: Fetch, start: int) -> Iterator[tuple[bytes, int]]:
    """Whole lines, each with the byte after it."""
    at, rest = start, b""
    while True:
        part = fetch_part(at, PART)
        at += len(part.body)
        *whole, rest = (rest + part.body).split(b"\n")
        for line in whole:
            start += len(line) + 1
            yield line, start
        if not part.body or at >= part.size:
            break
    if rest:
        yield rest, start + len(rest)


def _row(line: bytes) -> dict[str, Any]:
    try:
        return mapping(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        raise FailureError(Failure.of("NOT_JSON", host="bulk", content_type="JSONL")) from error
