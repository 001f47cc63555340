"""Handing keys to an application without copying them: `/wc-auth/v1/authorize`, with a shop owner who always agrees."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.woocommerce.auth import Key

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

NEEDED = ("app_name", "user_id", "return_url", "callback_url", "scope")
SCOPES = ("read", "write", "read_write")
TIMEOUT_SECONDS = 10.0
LOOPBACK = frozenset({"127.0.0.1", "localhost"})


def routes(shop: WooShop) -> list[Route]:
    """The one page of this module."""
    return [Route("/wc-auth/v1/authorize", Consent(shop).authorize, methods=["GET"])]


class Consent:
    """The consent page; set `agrees` of the shop to False for an owner who declines."""

    def __init__(self, shop: WooShop) -> None:
        self._shop = shop

    def authorize(self, request: Request) -> Response:
        """Make keys, POST them as JSON to the callback, and send the browser back with `success` and `user_id`.

        The callback must be https (the loopback interface is let pass); one that does not answer 200 gets no second try, and
        its keys are deleted.
        """
        given = request.query_params
        for name in NEEDED:
            if not given.get(name):
                return _refused(f"Missing parameter {name}")
        if given["scope"] not in SCOPES:
            return _refused(f"Invalid scope {given['scope']}")
        callback = urlsplit(given["callback_url"])
        if callback.scheme != "https" and callback.hostname not in LOOPBACK:
            return _refused("The callback_url needs to be over SSL")
        if not self._shop.agrees:
            return _back(given["return_url"], given["user_id"], is_success=False)
        key = Key(f"ck_{secrets.token_hex(20)}", f"cs_{secrets.token_hex(20)}", given["scope"])
        with self._shop.changes():
            key_id = self._shop.next_id("key")
            self._shop.grant(key)
        if not self._handed_over(given["callback_url"], given["user_id"], key_id, key):
            self._shop.gate.revoke(key.consumer_key)
            return _refused("An error occurred in the request and at the time were unable to send the consumer data")
        return _back(given["return_url"], given["user_id"], is_success=True)

    def _handed_over(self, address: str, user_id: str, key_id: int, key: Key) -> bool:
        body = {
            "key_id": key_id,
            "user_id": user_id,
            "consumer_key": key.consumer_key,
            "consumer_secret": key.consumer_secret,
            "key_permissions": key.permission,
        }
        try:
            with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
                return client.post(address, json=body).status_code == 200
        except httpx.HTTPError:
            return False


def _refused(reason: str) -> Response:
    text = f"<!doctype html><html><head><title>WordPress</title></head><body><p>Error: {reason}.</p></body></html>"
    return Response(text, 401, media_type="text/html")


def _back(address: str, user_id: str, *, is_success: bool) -> Response:
    parts = urlsplit(address)
    query = urlencode({"success": int(is_success), "user_id": user_id})
    whole = parts._replace(query=f"{parts.query}&{query}" if parts.query else query)
    return RedirectResponse(urlunsplit(whole), 302)
