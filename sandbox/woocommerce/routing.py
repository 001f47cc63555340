"""Routes of the REST API: matching, parameters, permission, paging headers and `_fields`, alike for all resources."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson

from sandbox.woocommerce.arguments import Arg, check
from sandbox.woocommerce.auth import Key, refuse_anonymous
from sandbox.woocommerce.errors import Json, WooError, no_route
from sandbox.woocommerce.links import API

MAX_BATCH = 100
PAGING = {
    "page": Arg(("integer",), minimum=1, default=1),
    "per_page": Arg(("integer",), minimum=1, maximum=100, default=10),
    "order": Arg(enum=("asc", "desc"), default="desc"),
    "offset": Arg(("integer",)),
    "include": Arg(("array",), items="integer"),
    "exclude": Arg(("array",), items="integer"),
    "search": Arg(),
    "context": Arg(enum=("view", "edit"), default="view"),
}
DATES = {
    **{name: Arg(is_date=True) for name in ("after", "before", "modified_after", "modified_before")},
    "dates_are_gmt": Arg(("boolean",), default=False),
}
NO_ARGS: Mapping[str, Arg] = {}


@dataclass(slots=True)
class Call:
    """One request to a route: ids from the path, checked parameters, the query as given and the body as sent."""

    ids: Mapping[str, int]
    params: Json
    query: Sequence[tuple[str, str]]
    body: Any
    path: str
    request_id: str


@dataclass(slots=True)
class Answer:
    """What a handler answers; `content` is JSON-able, or bytes that are JSON already."""

    content: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of a route: the handler, what it may be asked, and the permission it needs ("" = none)."""

    handler: Handler
    action: str
    query: Mapping[str, Arg] = field(default_factory=dict)
    body: Mapping[str, Arg] = field(default_factory=dict)


class Route:
    """A path pattern such as `orders/{id}` with its methods; PUT stands for POST and PATCH too when `edits`."""

    def __init__(self, pattern: str, endpoints: Mapping[str, Endpoint], *, edits: bool = False) -> None:
        self._pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>\\d+)", pattern) + "/?$")
        self.endpoints = dict(endpoints)
        if edits:
            for method in ("POST", "PATCH"):
                self.endpoints[method] = self.endpoints["PUT"]

    def match(self, path: str) -> Mapping[str, int] | None:
        """The ids in the path, or None if it is another route's."""
        found = self._pattern.match(path)
        return None if found is None else {name: int(value) for name, value in found.groupdict().items()}

    @property
    def allow(self) -> str:
        """The `Allow` header in WordPress's order."""
        return ", ".join(m for m in ("GET", "POST", "PUT", "PATCH", "DELETE") if m in self.endpoints)


class Router:
    """All routes of the API."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = list(routes)

    def dispatch(
        self, method: str, path: str, query: Sequence[tuple[str, str]], body: Any, *, key: Key | None, request_id: str
    ) -> Answer:
        """Answer one identified request, refusals included, in WordPress's order: route, parameters, permission."""
        found = self._find(method, path)
        if found is None:
            return _refused(no_route())
        route, endpoint, ids = found
        try:
            params = check(endpoint.query, php_query(query)) | check(endpoint.body, _fields_of(endpoint, body))
            if key is None and endpoint.action:
                raise refuse_anonymous(endpoint.action)
            answer = endpoint.handler(Call(ids, params, query, body, path, request_id))
        except WooError as error:
            answer = _refused(error)
        if key is not None:
            answer.headers.setdefault("Allow", route.allow)
        if answer.status < 300:
            _keep_fields(answer, dict(query).get("_fields"))
        return answer

    def _find(self, method: str, path: str) -> tuple[Route, Endpoint, Mapping[str, int]] | None:
        for route in self._routes:
            ids = route.match(path)
            if ids is not None and method in route.endpoints:
                return route, route.endpoints[method], ids
        return None


def php_query(pairs: Sequence[tuple[str, str]]) -> Json:
    """Query parameters as PHP reads them: the last of a name counts, `name[]` and `name[0]` make a list."""
    values: Json = {}
    for name, value in pairs:
        plain, bracket, _ = name.partition("[")
        if bracket:
            values.setdefault(plain, [])
            if isinstance(values[plain], list):
                values[plain].append(value)
        else:
            values[name] = value
    return values


def paged(call: Call, items: Any, total: int, *, extra: str = "") -> Answer:
    """A collection's page with `X-WP-Total`, `X-WP-TotalPages` and `Link`; a page past the end is an empty 200.

    `extra` is what the shop adds to its own links, such as the defaults of the orders' list.
    """
    page, per_page = call.params["page"], call.params["per_page"]
    pages = -(-total // per_page)
    links = []
    if page > 1:
        links.append(f'<{_page_url(call, min(page - 1, pages), extra)}>; rel="prev"')
    if page < pages:
        links.append(f'<{_page_url(call, page + 1, extra)}>; rel="next"')
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    if links:
        headers["Link"] = ", ".join(links)
    return Answer(items, headers=headers)


def window(call: Call, ids: Sequence[int]) -> Sequence[int]:
    """The ids of the page that is asked for; an `offset` counts instead of the page."""
    per_page = call.params["per_page"]
    start = call.params.get("offset", (call.params["page"] - 1) * per_page)
    return ids[start : start + per_page]


def _page_url(call: Call, page: int, extra: str) -> str:
    pairs = [(name, str(page) if name == "page" else value) for name, value in call.query]
    text = "&".join(f"{quote(name, safe='')}={quote(value, safe=':')}" for name, value in pairs) + extra
    if not any(name == "page" for name, _ in pairs):
        text += f"&page={page}"
    return f"{API}/{call.path}?{text.lstrip('&')}"


def batch(
    call: Call, *, create: Callable[[Json], Any], update: Callable[[Json], Any], delete: Callable[[int], Any]
) -> Answer:
    """Create, update and delete up to 100 items together; one that fails stands in its place with its error."""
    body = call.body if isinstance(call.body, dict) else {}
    parts = {name: items for name in ("create", "update", "delete") if isinstance(items := body.get(name), list)}
    if sum(map(len, parts.values())) > MAX_BATCH:
        text = f"Unable to accept more than {MAX_BATCH} items for this request."
        raise WooError(413, "woocommerce_rest_request_entity_too_large", text)
    work: dict[str, Callable[[Any], Any]] = {"create": create, "update": update, "delete": delete}
    return Answer({name: [_one(work[name], item) for item in items] for name, items in parts.items()})


def _one(work: Callable[[Any], Any], item: Any) -> Any:
    item_id = item.get("id", 0) if isinstance(item, dict) else item
    try:
        return work(item)
    except WooError as error:
        return {"id": item_id, "error": error.body}


def _fields_of(endpoint: Endpoint, body: Any) -> Json:
    return body if endpoint.body and isinstance(body, dict) else {}


def _refused(error: WooError) -> Answer:
    return Answer(error.body, error.status)


def _keep_fields(answer: Answer, fields: str | None) -> None:
    if not fields:
        return
    names = [name.strip() for name in fields.split(",") if name.strip()]
    content = orjson.loads(answer.content) if isinstance(answer.content, bytes) else answer.content
    answer.content = [_picked(doc, names) for doc in content] if isinstance(content, list) else _picked(content, names)


def _picked(document: Json, names: Sequence[str]) -> Json:
    """The named fields of a document in the document's order; `a.b` keeps `b` inside `a`."""
    wanted: dict[str, list[str]] = {}
    for name in names:
        outer, dot, inner = name.partition(".")
        wanted.setdefault(outer, []).extend([inner] if dot else [])
    return {
        name: _picked(value, wanted[name]) if wanted[name] and isinstance(value, dict) else value
        for name, value in document.items()
        if name in wanted
    }
