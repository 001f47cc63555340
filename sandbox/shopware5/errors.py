"""Errors as Shopware 5 sends them: `{"success": false, "message", "code"}`."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """A refusal; `body` is what the client receives."""

    def __init__(self, status: int, message: str, *, has_code: bool = True) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.body: Json = {"success": False, "message": message}
        if has_code:
            self.body["code"] = status


def no_auth() -> ApiError:
    """No login, or a wrong one."""
    return ApiError(401, "Invalid or missing auth", has_code=False)


def no_resource() -> ApiError:
    """An address that the API does not have."""
    return ApiError(404, "Resource not found", has_code=False)


def bad_json() -> ApiError:
    """A body that is not JSON."""
    return ApiError(400, "Invalid method or invalid json string.", has_code=False)


def missing_privilege(resource: str) -> ApiError:
    """The user's role may not read the resource."""
    return ApiError(403, f'Permission "read" for resource "{resource}" is missing')


def internal(message: str) -> ApiError:
    """What the shop did not expect, such as an unknown property in a filter."""
    return ApiError(500, f"Error message: {message}", has_code=False)
