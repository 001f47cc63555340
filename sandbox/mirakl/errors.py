"""Refusals as a Mirakl instance sends them.

The vendor's files describe the codes of OR21 and the shape of errors inside bulk answers (`{code, field, message}`), but not
the body of a refusal as a whole: `{status, message}`, with `code` where one is documented, is an assumption.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class MiraklError(Exception):
    """A refusal; `body` is what the client receives."""

    def __init__(self, status: int, message: str, code: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status, self.message, self.code = status, message, code
        self.headers = headers or {}

    @property
    def body(self) -> Json:
        """The answer's JSON."""
        return {"status": self.status, "message": self.message} | ({"code": self.code} if self.code else {})


def unauthorized() -> MiraklError:
    """The answer to a missing or unknown key."""
    return MiraklError(401, "Unauthorized")


def not_found(what: str, key: object, code: str = "") -> MiraklError:
    """The answer to an unknown id."""
    return MiraklError(404, f"{what} with identifier '{key}' not found", code)


def bad_request(message: str, code: str = "VALIDATION_ERROR") -> MiraklError:
    """The answer to a request that breaks the operation's rules."""
    return MiraklError(400, message, code)


def invalid_state(expected: str, found: str) -> MiraklError:
    """The answer to an operation that the order's state does not allow."""
    return MiraklError(400, f"The order status must be '{expected}' but it is '{found}'.", "ORDER_INVALID_STATE")
