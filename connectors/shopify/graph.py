"""Shopify's one address: GraphQL with costs planned ahead, and errors that come with HTTP 200 told apart."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from canonical.failure import Failure, FailureError
from connectors.answers import Answer, not_json, retry_after
from connectors.limiter import Limiter
from connectors.shopify.auth import TOKEN_PATH
from connectors.transport import Calls

VERSION = "2026-10"
PATH = f"/admin/api/{VERSION}/graphql.json"
MOST_COST = 1000
"""Points that one query may cost."""
MOST_ITEMS = 250
"""Entries of an array argument."""
SHOWN = 200
_SECURITY_REJECTION = 430
_LONGEST_WAIT = 600.0


@dataclass(frozen=True)
class Document:
    """A query or mutation, valid by the vendor's schema, and the most points that it costs as it is used."""

    text: str
    cost: float
    optional: frozenset[str] = frozenset()
    """Fields that may be refused for want of a permission, without which the rest is still worth having."""


@dataclass(frozen=True)
class Reply:
    """The data of an answer, what it was reckoned to cost, and the version that answered."""

    data: dict[str, Any]
    cost: float
    version: str

    def part(self, name: str) -> dict[str, Any]:
        """An object of the data; empty where the shop answers null."""
        return mapping(self.data.get(name))


@dataclass(frozen=True)
class UserError:
    """What the shop has against a part of a mutation's input."""

    path: tuple[str, ...]
    message: str
    code: str

    @property
    def index(self) -> int | None:
        """Which entry of a list it concerns."""
        return next((int(step) for step in self.path if step.isdecimal()), None)


class TooExpensiveError(FailureError):
    """The query costs more than one query may: the caller asks for less."""


class Graph:
    """Runs documents against one shop."""

    def __init__(self, calls: Calls, limiter: Limiter) -> None:
        self._calls = calls
        self._limiter = limiter

    @property
    def host(self) -> str:
        """The shop's host, for failures."""
        return self._calls.host

    def run(
        self, document: Document, variables: Mapping[str, Any] | None = None, *, cost: float | None = None
    ) -> Reply:
        """Run one document; raises `FailureError`: RATE_LIMITED, SCOPE_MISSING, SERVER_ERROR, REQUEST_REFUSED, or of the network."""
        body = {"query": document.text, "variables": dict(variables or {})}
        answer = self._calls.post(PATH, body, cost=document.cost if cost is None else cost)
        content = answer.json()
        if not isinstance(content, dict):
            raise FailureError(not_json(answer))
        stated = mapping(mapping(content.get("extensions")).get("cost"))
        self._correct(stated)
        problems = [error for error in _list(content.get("errors")) if isinstance(error, dict)]
        data = content.get("data")
        problems = [error for error in problems if not (data and _is_optional(error, document.optional))]
        if problems:
            raise self._failed(problems, stated, answer)
        if not isinstance(data, dict):
            raise FailureError(not_json(answer))
        version = answer.headers.get("x-shopify-api-version", VERSION)
        return Reply(data, _number(stated.get("requestedQueryCost"), document.cost), version)

    def _correct(self, cost: Mapping[str, Any]) -> None:
        """Take over what the shop says is left of the account's bucket."""
        status = mapping(cost.get("throttleStatus"))
        if "currentlyAvailable" in status:
            self._limiter.correct(
                _number(status.get("currentlyAvailable"), 0),
                per_second=_number(status.get("restoreRate"), 0) or None,
                most=_number(status.get("maximumAvailable"), 0) or None,
            )

    def _failed(self, problems: Sequence[Mapping[str, Any]], cost: Mapping[str, Any], answer: Answer) -> FailureError:
        """Decide by the vendor's codes; the messages may hold values and stay out."""
        codes = [str(mapping(error.get("extensions")).get("code") or "") for error in problems]
        if "THROTTLED" in codes:
            return FailureError(Failure.of("RATE_LIMITED", host=self.host, retry_after=_wait(cost, answer)))
        if "MAX_COST_EXCEEDED" in codes:
            return TooExpensiveError(Failure.of("REQUEST_REFUSED", host=self.host, reason="MAX_COST_EXCEEDED"))
        if "ACCESS_DENIED" in codes:
            return FailureError(Failure.of("SCOPE_MISSING", scopes=_scopes(problems)))
        if "INTERNAL_SERVER_ERROR" in codes or "TIMEOUT" in codes:
            return FailureError(Failure.of("SERVER_ERROR", host=self.host, status="INTERNAL_SERVER_ERROR"))
        where = ".".join(str(step) for step in _list(problems[0].get("path")))[:SHOWN]
        reason = " ".join(filter(None, (codes[0] or "GraphQL", where)))
        return FailureError(Failure.of("REQUEST_REFUSED", host=self.host, reason=reason))


def classify(answer: Answer) -> Failure | None:
    """Tell a refused app from a refused request, and Shopify's own status for too many calls."""
    if answer.path == TOKEN_PATH and HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return None
        return Failure.of("ACCESS", host=answer.host, reason=_oauth_error(answer))
    if answer.status == _SECURITY_REJECTION:
        return Failure.of("RATE_LIMITED", host=answer.host, retry_after=_header_wait(answer) or timedelta(minutes=1))
    if answer.status == HTTPStatus.FORBIDDEN and not answer.is_json:
        return not_json(answer)
    return None


def _oauth_error(answer: Answer) -> str:
    try:
        code = mapping(answer.json()).get("error")
    except FailureError:
        code = None
    return str(code)[:60] if isinstance(code, str) and re.fullmatch(r"[a-z_]+", code) else f"HTTP {answer.status}"


def _header_wait(answer: Answer) -> timedelta | None:
    return retry_after(answer.headers, datetime.now(UTC))


def _wait(cost: Mapping[str, Any], answer: Answer) -> timedelta:
    """How long the bucket needs to hold what the query costs; what a header says comes first."""
    stated = _header_wait(answer)
    if stated is not None:
        return stated
    status = mapping(cost.get("throttleStatus"))
    missing = _number(cost.get("requestedQueryCost"), MOST_COST) - _number(status.get("currentlyAvailable"), 0)
    seconds = missing / (_number(status.get("restoreRate"), 0) or 50)
    return timedelta(seconds=min(max(1.0, seconds), _LONGEST_WAIT))


def _scopes(problems: Iterable[Mapping[str, Any]]) -> str:
    """The permissions that the shop names, each once."""
    stated = " ".join(str(mapping(error.get("extensions")).get("requiredAccess") or "") for error in problems)
    named = list(dict.fromkeys(re.findall(r"\b(?:read|write)_\w+", stated)))
    paths = {".".join(str(step) for step in _list(error.get("path")) if isinstance(step, str)) for error in problems}
    return ", ".join(named) or ", ".join(sorted(filter(None, paths)))[:SHOWN] or "?"


def _is_optional(error: Mapping[str, Any], optional: frozenset[str]) -> bool:
    steps = [step for step in _list(error.get("path")) if isinstance(step, str)]
    denied = mapping(error.get("extensions")).get("code") == "ACCESS_DENIED"
    return denied and any(step in optional for step in steps)


def user_errors(payload: Mapping[str, Any], name: str = "userErrors") -> list[UserError]:
    """The errors in a mutation's payload; their messages are the shop's words for a person."""
    found = []
    for error in nodes(payload.get(name)):
        path = tuple(str(step) for step in _list(error.get("field")))
        found.append(UserError(path, str(error.get("message") or "")[:SHOWN], str(error.get("code") or "")))
    return found


def mapping(value: object) -> dict[str, Any]:
    """An object of an answer; anything else counts as an empty one."""
    return value if isinstance(value, dict) else {}


def nodes(connection: object) -> list[dict[str, Any]]:
    """The objects of a connection or of a plain list."""
    rows = connection.get("nodes") if isinstance(connection, dict) else connection
    return [row for row in _list(rows) if isinstance(row, dict)]


def next_page(connection: object) -> str:
    """The cursor of a connection's next page; empty at its end."""
    info = mapping(mapping(connection).get("pageInfo"))
    cursor = info.get("endCursor")
    return cursor if info.get("hasNextPage") is True and isinstance(cursor, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def gid(kind: str, number: str) -> str:
    """The global id of a numbered object; one that is a global id already stays."""
    return number if number.startswith("gid://") else f"gid://shopify/{kind}/{number}"


def number_of(global_id: object) -> str:
    """The number in a global id; empty where there is none."""
    tail = str(global_id or "").rpartition("/")[2].partition("?")[0]
    return tail if tail.isdecimal() else ""


def is_ref(kind: str, text: str) -> bool:
    """Whether a text is a reference to such an object: its global id, or its number."""
    return re.fullmatch(rf"(gid://shopify/{kind}/)?[0-9]+", text) is not None


def quoted(value: str) -> str:
    """A value in the shop's search syntax."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
