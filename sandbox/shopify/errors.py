"""Errors in the shapes of the Admin API: top-level GraphQL errors with a code, and `userErrors` of a mutation."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError

from sandbox.shopify.store import Json

ACCESS_DOCS = "https://shopify.dev/api/usage/access-scopes"
LIMIT_DOCS = "https://shopify.dev/api/usage/rate-limits"


class Refused(Exception):
    """A mutation refused for a business reason: becomes one of its `userErrors`, nothing is changed."""

    def __init__(self, message: str, *field: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message, self.field, self.code = message, list(field) or None, code

    def as_json(self) -> Json:
        """The entry of `userErrors`."""
        return {"field": self.field, "message": self.message, "code": self.code}


def coded(message: str, code: str, **extra: Any) -> GraphQLError:
    """A top-level error with the code in its extensions."""
    return GraphQLError(message, extensions={"code": code, **extra})


def bad_request(message: str) -> GraphQLError:
    """A request that the schema allows but the API does not."""
    return coded(message, "BAD_REQUEST")


def access_denied(name: str, required: str) -> GraphQLError:
    """The app was not granted what a field needs; `required` is worded as the vendor words it."""
    message = f"Access denied for {name} field. Required access: {required}"
    return coded(message, "ACCESS_DENIED", documentation=ACCESS_DOCS, requiredAccess=required)


def throttled() -> Json:
    """The bucket holds less than the query may cost."""
    return {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": LIMIT_DOCS}}


def too_expensive(cost: int, limit: int) -> Json:
    """A single query asks for more than any query may."""
    message = f"Query cost is {cost}, which exceeds the single query max cost limit ({limit})."
    extensions = {"code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": limit, "documentation": LIMIT_DOCS}
    return {"message": message, "extensions": extensions}
