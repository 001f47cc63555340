"""What shops call, not people: webhooks, posted keys, and the images that shops fetch. No session, no form, no page.

The address holds a token that nobody can guess; a webhook's signature is checked on its raw body besides. The payload is
never mapped: it only hints that something changed. The answer is given before the run is triggered.
"""

import logging
from datetime import UTC, datetime

import orjson
from sqlmodel import Session, col, select
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from temporalio.service import RPCError

import connectors
from canonical.failure import FailureError
from canonical.lifecycle import GrantAnswered
from canonical.runs import RunRef
from erp import grants, webhooks
from erp.credentials import load_credentials
from erp.tables import ArticleImage
from web.context import WebDeps
from workflows import ids
from workflows.client import Lifecycle

LARGEST = 1_000_000
"""Bytes of a delivery; the largest order of a shop is a tenth of that."""
LONGEST_KEEP = "public, max-age=86400, immutable"
log = logging.getLogger(__name__)


def application(deps: WebDeps) -> Starlette:
    """The part of the server that shops call."""
    hooks = Hooks(deps)
    return Starlette(
        routes=[
            Route("/keys/{state}", hooks.keys, methods=["POST"]),
            Route("/{token}", hooks.webhook, methods=["POST"]),
        ]
    )


def images(deps: WebDeps) -> Starlette:
    """The images that shops fetch."""
    return Starlette(routes=[Route("/{digest}", Hooks(deps).image, methods=["GET", "HEAD"])])


class Hooks:
    """Handlers of what shops call."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def webhook(self, request: Request) -> Response:
        """Take a delivery: 202 when it is from the shop, known or new; 401 for a wrong signature, 404 for a wrong token."""
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        status, ref = await run_in_threadpool(self._receive, request.path_params["token"], dict(request.headers), body)
        return Response(status_code=status, background=BackgroundTask(self._trigger, ref) if ref else None)

    def _receive(self, token: str, headers: dict[str, str], body: bytes) -> tuple[int, RunRef | None]:
        with self._deps.sessions() as session:
            hook = webhooks.hook_of(session, self._deps.keyring, token)
            if hook is None or not connectors.spec_of(hook.connector).has_webhooks:
                return 404, None
            try:
                form = connectors.spec_of(hook.connector).credentials
                credentials = load_credentials(session, self._deps.keyring, hook.integration_id, form)
            except FailureError:
                return 404, None
            hint = connectors.read_webhook(hook.connector, credentials, headers, body, hook.secret)
            if hint is None:
                webhooks.note_refused(session, hook.integration_id)
                session.commit()
                return 401, None
            ref = webhooks.receive(session, hook.integration_id, hint, datetime.now(UTC))
            session.commit()
        return 202, ref

    async def _trigger(self, ref: RunRef) -> None:
        """Start the run; if that fails, the schedule finds the change."""
        try:
            await self._deps.temporal.get_schedule_handle(ids.feature(ref.integration_id, ref.feature)).trigger()
        except RPCError as error:
            log.warning("a hint was lost: %s", error.status.name)

    async def keys(self, request: Request) -> Response:
        """Take the keys that a shop sends after the merchant agreed (WooCommerce)."""
        body = await _body(request)
        values = _texts(body) if body is not None else None
        if values is None:
            return Response(status_code=400)
        state = request.path_params["state"]
        try:
            integration_id = await run_in_threadpool(self._answer, state, values)
            command = GrantAnswered(state=state, by="shop")
            await Lifecycle(self._deps.temporal).send(integration_id, "grant_answered", command)
        except FailureError as error:
            log.warning("keys refused: %s", error.failure.code)
            return Response(status_code=403)
        return Response(status_code=200)

    def _answer(self, state: str, values: dict[str, str]) -> str:
        with self._deps.sessions.begin() as session:
            return grants.answer_grant(session, self._deps.keyring, state, values, datetime.now(UTC))

    async def image(self, request: Request) -> Response:
        """Give a stored image to a shop that was told its address; nobody guesses a digest."""
        digest = request.path_params["digest"].partition(".")[0]
        found = await run_in_threadpool(self._image, digest)
        if found is None:
            return Response(status_code=404)
        content, media_type = found
        return Response(content, media_type=media_type, headers={"Cache-Control": LONGEST_KEEP})

    def _image(self, digest: str) -> tuple[bytes, str] | None:
        with self._deps.sessions() as session:
            return _image_of(session, digest)


def _image_of(session: Session, digest: str) -> tuple[bytes, str] | None:
    query = select(ArticleImage).where(col(ArticleImage.digest) == digest, col(ArticleImage.content).is_not(None))
    row = session.exec(query.limit(1)).first()
    return (row.content, row.media_type) if row is not None and row.content is not None else None


async def _body(request: Request) -> bytes | None:
    """The raw body, read no further than the limit; None when it is larger."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            return None
        parts.append(part)
    return b"".join(parts)


def _texts(body: bytes) -> dict[str, str] | None:
    try:
        values = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return {str(key): str(value) for key, value in values.items()} if isinstance(values, dict) else None
