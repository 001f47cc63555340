"""Errors as WordPress and WooCommerce send them: `{code, message, data}` with the HTTP status beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


class WooError(Exception):
    """A refusal of the shop; `body` is what the client receives."""

    def __init__(self, status: int, code: str, message: str, data: Any = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.data = {"status": status} if data is None else data

    @property
    def body(self) -> Json:
        """The answer's JSON, keys in the recorded order."""
        return {"code": self.code, "message": self.message, "data": self.data}


def invalid_params(problems: Mapping[str, Json]) -> WooError:
    """Several bad parameters in one `rest_invalid_param`, each problem being `{code, message, data}`."""
    return WooError(
        400,
        "rest_invalid_param",
        f"Invalid parameter(s): {', '.join(problems)}",
        {"status": 400, "params": {name: p["message"] for name, p in problems.items()}, "details": dict(problems)},
    )


def invalid_id(kind: str, status: int) -> WooError:
    """An unknown id of `shop_order`, `product` or `product_variation`: 404 when reading, 400 when writing."""
    return WooError(status, f"woocommerce_rest_{kind}_invalid_id", "Invalid ID.")


def no_route() -> WooError:
    """The answer to a path or method that the shop does not have."""
    return WooError(404, "rest_no_route", "No route was found matching the URL and request method.")
