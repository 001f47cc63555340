"""Validate exchanges with a Shopware 6 shop against the vendor's Admin API specification.

Real answers break the specification in known ways; each is a row of `DEVIATIONS` or one of the tables beside it, with its
reason. Beyond the specification's own words no field may be invented in a write, since a real shop silently drops it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from sandbox.shop import Exchange

Json = dict[str, Any]
FILE = "admin-api.openapi.json"
SPEC = "urn:shopware6"
PLAIN = "application/json"
# Operations that exist but are not in the file, with the schema of their request body.
UNSPECIFIED = {"POST /search-ids/{entity}": "Criteria"}  # README: "ids only; route exists [C], not in the spec"
# Members that real answers give as a list although the file says object.
LISTS = {"calculatedTaxes", "taxRules", "addressFormat", "listPrice"}
DEVIATIONS = {
    "null": "what is not set or not asked for is null (README: updatedAt null)",
    "empty map": "an empty map is [] (README: translated [], customFields [])",
    "list": f"lists although the file says object: {', '.join(sorted(LISTS))}",
    "breadcrumb": "a list of names, the file says of objects",
    "not loaded": "required associations and values of a variant are null unless asked for or own",
    "count mode": "total-count-mode is 0, 1 or 2 (README [C]), the file says words",
    "notFound": "sync: notFound and deleted are lists when empty (docs example)",
    "errors of OAuth": "detail is null where the OAuth server has no hint [C]",
    "includes": "what a client asks to include only is all that it gets",
    "document type": "the type of a new document stands in the path; docs example has none in the body",
}
UNREQUIRED_IN_ANSWERS = {"children", "states", "price", "taxId", "name", "customerId", "createdAt"}
KEY_REFERENCES = {"id", "translations", "extensions", "translated"}


@cache
def specification() -> Json:
    """The vendor's file, read once."""
    folder = Path(os.environ.get("CONNECT_SHARED", Path(__file__).parents[3] / "shared"))
    content: Json = json.loads((folder / "specs" / "shopware6" / FILE).read_text(encoding="utf-8"))
    return content


@cache
def _registry() -> Registry[Any]:
    resource = Resource(contents=specification(), specification=DRAFT202012)
    return Registry[Any]().with_resource(SPEC, resource)


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """All paths as patterns, those with the fewest variables first."""
    paths = sorted(specification()["paths"], key=lambda path: path.count("{"))
    return [(re.compile("^" + re.sub(r"\{\w+\}", "[^/]+", path) + "/?$"), path) for path in paths]


def described() -> set[str]:
    """All operations of the file."""
    methods = {"get", "post", "put", "patch", "delete"}
    return {
        f"{one.upper()} {path}" for path, known in specification()["paths"].items() for one in known if one in methods
    }


def operation(exchange: Exchange) -> str:
    """The operation of an exchange, such as `POST /search/order`; the bare path where the vendor has none."""
    path = exchange.path.removeprefix("/api")
    for pattern, template in _templates():
        if pattern.match(path) and exchange.method.lower() in specification()["paths"][template]:
            return f"{exchange.method} {template}"
    if path.startswith("/search-ids/") and exchange.method == "POST":
        return "POST /search-ids/{entity}"
    return f"{exchange.method} {path}"


def violations(exchange: Exchange) -> list[str]:
    """What is wrong with a request and with its answer, by the vendor's specification."""
    name = operation(exchange)
    method, _, template = name.partition(" ")
    if name in UNSPECIFIED:
        schema = {"$ref": f"{SPEC}#/components/schemas/{UNSPECIFIED[name]}"}
        return [*_headers(exchange), *_errors("request", schema, _parsed(exchange.body))]
    description = specification()["paths"].get(template, {}).get(method.lower())
    if description is None:
        return [f"{name}: no such operation"]
    return [
        *_headers(exchange),
        *_query(exchange, description),
        *_request(exchange, description, template),
        *_answer(exchange, description, template),
    ]


# --- requests ---------------------------------------------------------------------------------------------------------------


def _headers(exchange: Exchange) -> Iterator[str]:
    headers = {name.lower(): value for name, value in exchange.headers.items()}
    is_download = exchange.path.startswith("/api/_action/document/") and exchange.method == "GET"
    if PLAIN not in headers.get("accept", "") and not is_download:
        yield "request: the header Accept: application/json is missing, the answer is JSON:API"
    needs_token = not exchange.path.endswith("/oauth/token") and exchange.status != 401
    if needs_token and not headers.get("authorization", "").startswith("Bearer "):
        yield "request: no bearer token, but an answer"


def _query(exchange: Exchange, description: Json) -> Iterator[str]:
    declared = {p["name"]: p for p in description.get("parameters", ()) if p.get("in") == "query"}
    given = parse_qs(exchange.query, keep_blank_values=True)
    for name in given:
        if name.split("[")[0] not in {*declared, "limit", "page", "associations", "filter", "sort"}:
            yield f"request: unknown parameter {name}"
    if exchange.status < 400:
        yield from (
            f"request: parameter {name} is missing"
            for name, one in declared.items()
            if one.get("required") and name not in given
        )


def _request(exchange: Exchange, description: Json, template: str) -> Iterator[str]:
    content = description.get("requestBody", {}).get("content", {})
    kind = exchange.headers.get("content-type", "").partition(";")[0]
    if not exchange.body:
        if description.get("requestBody", {}).get("required") and not template.startswith("/search/"):
            yield "request: a body is required"
        return
    if "application/octet-stream" in content and kind != PLAIN:
        return
    if kind not in content:
        yield f"request: content type {kind or 'none'} is not one of {', '.join(content) or 'none'}"
        return
    body = _parsed(exchange.body)
    if template == "/_action/sync":
        yield from _sync(body)
        return
    schema = content[PLAIN]["schema"]
    pointer = _pointer("paths", template, exchange.method.lower(), "requestBody", "content", PLAIN, "schema")
    if template.endswith("/create") and isinstance(body, list):
        body = [{"type": template, **one} for one in body]
    is_write = "$ref" in schema and not template.startswith("/search") and not template.startswith("/_")
    yield from _errors("request", {"$ref": f"{SPEC}#{pointer}"}, body, is_write=is_write)
    if is_write and isinstance(body, dict):
        yield from _invented(schema, body, "")


def _sync(body: Any) -> Iterator[str]:
    """A list, or a map by key (docs example); each payload is checked as a write of its entity."""
    operations = list(body.values()) if isinstance(body, dict) else body
    pointer = _pointer("paths", "/_action/sync", "post", "requestBody", "content", PLAIN, "schema")
    filled = [{"payload": [], **one} for one in operations]
    yield from _errors("request", {"$ref": f"{SPEC}#{pointer}"}, filled)
    schemas = specification()["components"]["schemas"]
    for one in operations:
        entity = "".join(part.capitalize() for part in one.get("entity", "").split("_"))
        if entity not in schemas:
            yield f"request: sync of unknown entity {one.get('entity')}"
        elif one.get("action") == "upsert":
            schema = {"$ref": f"{SPEC}#/components/schemas/{entity}"}
            for row in one["payload"]:
                yield from _errors("request", schema, row, is_write=True)
                yield from _invented({"$ref": f"#/components/schemas/{entity}"}, row, entity)


def _invented(schema: Json, value: Any, place: str) -> Iterator[str]:
    """Fields of a write that the entity does not have or that only the shop may write."""
    if "$ref" in schema:
        schema = specification()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        for one in value:
            yield from _invented(schema.get("items") or {}, one, place)
        return
    properties = schema.get("properties")
    if not isinstance(value, dict) or not properties:
        return
    for name, inner in value.items():
        if name in KEY_REFERENCES:
            continue
        if name not in properties:
            yield f"request: {place}/{name} is not a field"
        elif (properties[name] or {}).get("readOnly"):
            yield f"request: {place}/{name} is written by the shop only"
        else:
            yield from _invented(properties[name] or {}, inner, f"{place}/{name}")


# --- answers ----------------------------------------------------------------------------------------------------------------


def _answer(exchange: Exchange, description: Json, template: str) -> Iterator[str]:
    status = str(exchange.status)
    if exchange.status >= 400:
        yield from _failure(exchange)
        return
    responses = description.get("responses", {})
    if status not in responses:
        # The file names only the answer with a body; without `_response` the shop answers 204 (README, docs).
        if not (status == "204" and exchange.method in {"POST", "PATCH", "DELETE"} and not exchange.answer):
            yield f"answer: status {status} is not one of {', '.join(responses)}"
        return
    contents = responses[status].get("content", {})
    if PLAIN not in contents:
        return
    kind = exchange.answer_headers.get("content-type", "").partition(";")[0]
    if kind != PLAIN:
        yield f"answer: content type {kind}"
        return
    pointer = _pointer("paths", template, exchange.method.lower(), "responses", status, "content", PLAIN, "schema")
    found = _errors("answer", {"$ref": f"{SPEC}#{pointer}"}, _parsed(exchange.answer), is_answer=True)
    request = _parsed(exchange.body)
    is_trimmed = template.startswith("/search/") and isinstance(request, dict) and bool(request.get("includes"))
    yield from (one for one in found if not (is_trimmed and "is a required property" in one))


def _failure(exchange: Exchange) -> Iterator[str]:
    body = _parsed(exchange.answer)
    yield from _errors("answer", {"$ref": f"{SPEC}#/components/schemas/failure"}, body, is_answer=True)
    for error in body.get("errors", ()) if isinstance(body, dict) else ():
        if error.get("status") != str(exchange.status):
            yield f"answer: error of status {error.get('status')} under HTTP {exchange.status}"


# --- schemas ----------------------------------------------------------------------------------------------------------------


def _errors(side: str, schema: Json, value: Any, *, is_write: bool = False, is_answer: bool = False) -> Iterator[str]:
    if is_write or is_answer:
        value = _without_nulls(value)
    for error in Draft202012Validator(schema, registry=_registry()).iter_errors(value):
        if not _is_known(error, is_write=is_write, is_answer=is_answer):
            yield f"{side}: /{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"


def _is_known(error: ValidationError, *, is_write: bool, is_answer: bool) -> bool:
    """Whether a violation is one of the known deviations."""
    path = [str(part) for part in error.absolute_path]
    if error.validator == "required":
        missing = re.findall(r"'(\w+)' is a required", error.message)
        # A write gives what it wants to change; what is missing is for the shop to tell.
        return is_write or (is_answer and set(missing) <= UNREQUIRED_IN_ANSWERS)
    if error.validator == "type" and error.validator_value == "object" and isinstance(error.instance, list):
        return not error.instance or bool(path and path[-1] in LISTS)
    if "breadcrumb" in path:
        return True
    return path[-1:] == ["total-count-mode"] and error.instance in (0, 1, 2)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content or b"{}")
    except ValueError:
        return content.decode(errors="replace")


def _pointer(*parts: str) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
