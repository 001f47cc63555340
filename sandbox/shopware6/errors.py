"""Errors as Shopware sends them: `{"errors": [{status, code, title, detail, meta, source}]}` with the HTTP status beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

Json = dict[str, Any]

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
BLANK = "c1051bb4-d103-4f74-8988-acbcafc7fdc3"
WRONG_TYPE = "ba785a8c-82cb-4283-967c-3cf342181b40"
DENIED = "The resource owner or authorization server denied the request."


class ApiError(Exception):
    """A refusal of the shop with one or more errors; `body` is what the client receives."""

    def __init__(self, status: int, errors: Sequence[Json]) -> None:
        super().__init__(f"{status} {errors[0].get('code')}: {errors[0].get('detail')}")
        self.status = status
        self.errors = list(errors)

    @property
    def body(self) -> Json:
        """The answer's JSON."""
        return {"errors": self.errors}


def one(status: int, code: str, detail: str | None, *, pointer: str = "", **parameters: Any) -> Json:
    """One error of an answer."""
    error: Json = {"status": str(status), "code": code, "title": TITLES[status], "detail": detail}
    if pointer:
        error["source"] = {"pointer": pointer}
    return {**error, "meta": {"parameters": parameters}}


def refusal(status: int, code: str, detail: str, *, pointer: str = "", **parameters: Any) -> ApiError:
    """A refusal with a single error."""
    return ApiError(status, [one(status, code, detail, pointer=pointer, **parameters)])


def oauth(status: int, code: int, title: str, hint: str | None = None) -> ApiError:
    """An error of the OAuth server, whose body is shaped a little differently."""
    return ApiError(status, [{"code": str(code), "status": str(status), "title": title, "detail": hint}])


def denied(hint: str) -> ApiError:
    """A call without a valid token."""
    return oauth(401, 9, DENIED, hint)


def missing_privileges(names: Sequence[str]) -> ApiError:
    """A call for which the integration's roles do not suffice; the detail is JSON in a text."""
    detail = orjson.dumps({"message": "Missing privilege", "missingPrivileges": list(names)}).decode()
    return refusal(403, "FRAMEWORK__MISSING_PRIVILEGE_ERROR", detail)


def no_route(method: str, url: str) -> ApiError:
    """A path that the shop does not have."""
    return ApiError(404, [{"code": "0", "status": "404", "title": TITLES[404], "detail": _no_route(method, url)}])


def _no_route(method: str, url: str) -> str:
    return f'No route found for "{method} {url}"'


def method_not_allowed(method: str, url: str, allowed: str) -> ApiError:
    """A path that exists, with another method."""
    detail = f"{_no_route(method, url)}: Method Not Allowed (Allow: {allowed})"
    return ApiError(405, [{"code": "0", "status": "405", "title": TITLES[405], "detail": detail}])


def unknown_entity(name: str) -> ApiError:
    """An entity that the shop does not have."""
    return refusal(404, "FRAMEWORK__DEFINITION_NOT_FOUND", f'Definition for entity "{name}" does not exist.')


def unmapped_field(field: str, entity: str) -> ApiError:
    """A field in a filter or sorting that the entity does not have."""
    detail = f'Field "{field}" in entity "{entity}" was not found.'
    return refusal(400, "FRAMEWORK__UNMAPPED_FIELD", detail, field=field, entity=entity)


def unknown_association(name: str) -> ApiError:
    """An association that the entity does not have."""
    detail = f"Can not find association by name {name}"
    return refusal(400, "FRAMEWORK__ASSOCIATION_NOT_FOUND", detail, association=name)


def not_found(entity: str, row_id: str) -> ApiError:
    """An id that the entity does not have."""
    detail = f"The {entity} resource with the following primary key was not found: id({row_id})"
    return refusal(404, "FRAMEWORK__RESOURCE_NOT_FOUND", detail, type=entity, primaryKey={"id": row_id})


def invalid_uuid(value: object) -> ApiError:
    """An id that is not 32 hexadecimal characters in lower case."""
    return refusal(400, "FRAMEWORK__INVALID_UUID", f"Value is not a valid UUID: {value}", input=str(value))


def broken_constraint(detail: str) -> ApiError:
    """What the database refuses comes up as an internal error with its text."""
    text = f"An exception occurred while executing a query: SQLSTATE[23000]: Integrity constraint violation: {detail}"
    return ApiError(500, [{"code": detail[:4], "status": "500", "title": TITLES[500], "detail": text}])


def restricted(entity: str, users: Mapping[str, int]) -> ApiError:
    """A row that cannot be deleted because others need it."""
    used = ", ".join(f"{name} ({count})" for name, count in users.items())
    detail = f"The delete request for {entity} was denied due to a conflict. The entity is currently in use by: {used}"
    return refusal(409, "FRAMEWORK__DELETE_RESTRICTED", detail)
