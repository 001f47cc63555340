"""A vendor's answer, and the one table from a status to a failure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx
import orjson

from canonical.codes import Kind
from canonical.failure import Failure, FailureError

LONGEST_WAIT = timedelta(days=1)

STATUS_CODES: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "ACCESS",
    HTTPStatus.PAYMENT_REQUIRED: "PAYMENT_REQUIRED",
    HTTPStatus.FORBIDDEN: "ACCESS",
    HTTPStatus.NOT_FOUND: "NOT_FOUND",
    HTTPStatus.METHOD_NOT_ALLOWED: "NOT_FOUND",
    HTTPStatus.REQUEST_TIMEOUT: "TIMEOUT",
    HTTPStatus.GONE: "NOT_FOUND",
    HTTPStatus.TOO_EARLY: "SERVER_ERROR",
    HTTPStatus.TOO_MANY_REQUESTS: "RATE_LIMITED",
}
"""The one table status → code; other 3xx mean `REDIRECTED`, other 4xx `REQUEST_REFUSED`, all 5xx `SERVER_ERROR`."""


@dataclass(frozen=True)
class Answer:
    """A vendor's answer, read whole."""

    method: str
    scheme: str
    host: str
    path: str
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type that the vendor states, without its parameters."""
        stated: str = self.headers.get("content-type", "")
        return stated.partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Whether the vendor says that this is data and not a page for people."""
        return self.content_type.endswith("json")

    def json(self) -> Any:
        """Parse the body; raises `FailureError` with `NOT_JSON`, for instance on a maintenance page."""
        try:
            return orjson.loads(self.body.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError as error:
            raise FailureError(not_json(self)) from error


class RefusedError(FailureError):
    """A failure that came with an answer, for connectors that read more from it than the status."""

    def __init__(self, failure: Failure, answer: Answer) -> None:
        super().__init__(failure)
        self.answer = answer


Classify = Callable[[Answer], Failure | None]
"""Reads a failure from an answer by the vendor's own codes; None leaves it to the table."""


def not_json(answer: Answer) -> Failure:
    """The failure of an answer that is not data."""
    return Failure.of(
        "NOT_JSON",
        host=answer.host,
        content_type=answer.content_type or f"HTTP {answer.status}",
        retry_after=retry_after(answer.headers, datetime.now(UTC)),
    )


def retry_after(headers: httpx.Headers, now: datetime) -> timedelta | None:
    """How long the vendor asks to wait: seconds or an HTTP date, at most a day; None if it does not say."""
    stated = headers.get("retry-after", "").strip()
    if stated.isdecimal():
        # A number of more digits than a day has is cut before it can overflow.
        wait = LONGEST_WAIT if len(stated) > len("86400") else timedelta(seconds=int(stated))
    else:
        try:
            until = parsedate_to_datetime(stated)
        except (ValueError, TypeError, OverflowError):
            return None
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(0)), LONGEST_WAIT)


def failure_of(answer: Answer, now: datetime) -> Failure | None:
    """Decide an answer by its status alone; None for a success."""
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    if status < HTTPStatus.BAD_REQUEST:
        return _redirected(answer)
    default = "SERVER_ERROR" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "REQUEST_REFUSED"
    failure = Failure.of(
        STATUS_CODES.get(status, default),
        host=answer.host,
        status=status,
        path=answer.path,
        reason=f"HTTP {status}",
    )
    if failure.kind is not Kind.RETRY:
        return failure
    return failure.model_copy(update={"retry_after": retry_after(answer.headers, now)})


def _redirected(answer: Answer) -> Failure:
    """A redirect is never followed: a signed request must not travel to a host that nobody entered."""
    try:
        target = httpx.URL(answer.headers.get("location", ""))
    except httpx.InvalidURL:
        return not_json(answer)
    if not target.host or (target.scheme, target.netloc.decode()) == (answer.scheme, answer.host):
        # The shop sends everybody to a page of its own: maintenance, "coming soon", a login.
        return not_json(answer)
    return Failure.of("REDIRECTED", host=answer.host, target=f"{target.scheme}://{target.netloc.decode()}")
