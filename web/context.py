"""What a request knows: the parts the server was built from, who is visiting, and how pages are rendered."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from temporalio.client import Client

from canonical.codes import Language
from canonical.failure import Failure
from connectors.spec import ConnectorSpec
from erp.queries import integrations
from erp.secrets import Keyring
from settings import Settings
from web.flash import FLASH, Flash, pack, unpack
from web.i18n import Texts, Voice
from web.templating import Templates
from workflows.client import Lifecycle

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class WebDeps:
    """Everything the pages need; made by the caller of `create_app`."""

    settings: Settings
    sessions: sessionmaker[Session]
    temporal: Client
    keyring: Keyring
    specs: Mapping[str, ConnectorSpec]
    temporal_ui_url: str
    dev_links: Mapping[str, str] = field(default_factory=dict)
    """Named links shown on the dashboard, such as the demo's shop."""


@dataclass(frozen=True)
class Visitor:
    """Who sees the page, in which language; `account_id` is 0 before login."""

    account_id: int
    name: str
    email: str
    language: Language
    theme: str
    csrf: str

    @property
    def is_known(self) -> bool:
        """Whether somebody is logged in."""
        return bool(self.account_id)


class LoginNeededError(Exception):
    """The page is for people who are logged in."""


def deps_of(request: Request) -> WebDeps:
    """The parts this server was built from."""
    deps: WebDeps = request.app.state.deps
    return deps


def texts_of(request: Request) -> Texts:
    """The catalogues."""
    texts: Texts = request.app.state.texts
    return texts


def voice_of(request: Request) -> Voice:
    """The catalogues in the visitor's language."""
    return Voice(texts_of(request), visitor_of(request).language)


def visitor_of(request: Request) -> Visitor:
    """Who sees the page; set by `web.security.guard` before any route runs."""
    visitor: Visitor = request.state.visitor
    return visitor


def open_session(request: Request) -> Iterator[Session]:
    """A database session for one request; routes that write commit themselves."""
    with deps_of(request).sessions() as session:
        yield session


async def posted(request: Request) -> FormData:
    """The posted form; read here so that plain routes in the thread pool can have it."""
    return await request.form()


Db = Annotated[Session, Depends(open_session)]
Form = Annotated[FormData, Depends(posted)]


def lifecycle_of(request: Request) -> Lifecycle:
    """The way to the entity workflows."""
    return Lifecycle(deps_of(request).temporal)


async def in_db(request: Request, work: Callable[[Session], Answer]) -> Answer:
    """Run one transaction in the thread pool, for routes that talk to Temporal: no connection is held while they wait."""

    def transaction() -> Answer:
        with deps_of(request).sessions.begin() as session:
            return work(session)

    return await run_in_threadpool(transaction)


def text(form: FormData, name: str, default: str = "") -> str:
    """One posted text, trimmed; a file or nothing counts as the default."""
    value = form.get(name, default)
    return value.strip() if isinstance(value, str) else default


def texts(form: FormData, name: str) -> list[str]:
    """All posted texts of one name."""
    return [value for value in form.getlist(name) if isinstance(value, str)]


def today() -> datetime:
    """The beginning of this day where the server stands."""
    return datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)


def not_found() -> HTTPException:
    """Nothing is there."""
    return HTTPException(404)


def local_path(target: str, default: str = "/") -> str:
    """A path of ours to go to; anything that could lead to another host becomes the default."""
    is_ours = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if is_ours else default


def render(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a page with the frame around it. Reads the rail from the database: never call it on the event loop."""
    deps, visitor = deps_of(request), visitor_of(request)
    rail = []
    if visitor.is_known:
        with deps.sessions() as session:
            rail = integrations.rail(session)
    flash = request.cookies.get(FLASH)
    frame = {
        "request": request,
        "visitor": visitor,
        "rail": rail,
        "specs": deps.specs,
        "dev_links": deps.dev_links,
        "temporal_ui_url": deps.temporal_ui_url,
        "flashes": unpack(deps.keyring, flash) if flash else [],
        "path": request.url.path,
    }
    templates: Templates = request.app.state.templates
    response = HTMLResponse(templates.render(visitor.language, template, frame | context), status_code=status)
    if flash:
        response.delete_cookie(FLASH)
    return response


async def render_async(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Render from a route that talks to Temporal."""
    return await run_in_threadpool(lambda: render(request, template, status, **context))


def fragment(request: Request, template: str, **context: Any) -> HTMLResponse:
    """Render a piece of a page, without the frame and without the database."""
    templates: Templates = request.app.state.templates
    visitor = visitor_of(request)
    frame = {"request": request, "visitor": visitor, "specs": deps_of(request).specs}
    return HTMLResponse(templates.render(visitor.language, template, frame | context))


def go(
    request: Request, target: str, said: str = "", failure: Failure | None = None, **params: object
) -> RedirectResponse:
    """Send the browser on after a post, with one sentence to show there."""
    response = RedirectResponse(local_path(target), status_code=303)
    if said or failure:
        flash = Flash(said, {key: str(value) for key, value in params.items()}, failure)
        sealed = pack(deps_of(request).keyring, [flash])
        response.set_cookie(FLASH, sealed, max_age=60, httponly=True, samesite="lax")
    return response
