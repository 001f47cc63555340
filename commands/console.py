"""What every command shares: settings, an open world of database and Temporal, answers as text or one JSON line."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import BaseModel
from sqlmodel import Session
from temporalio.service import RPCError

import worker
from canonical.failure import FailureError
from commands.group import find_running
from embedded import EmbeddedServerError
from erp.database import make_engine, make_sessions
from settings import Settings
from workflows.client import Lifecycle

Answer = TypeVar("Answer")
AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON on standard output, nothing else.")]
ACTOR = "cli"


class StoryError(Exception):
    """A step of a longer command did not come true."""


def say(answer: Any, as_json: bool, text: str = "") -> None:
    """Print an answer: as one JSON line, or as text for a person."""
    if isinstance(answer, BaseModel):
        answer = answer.model_dump(mode="json")
    if as_json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, default=str) + "\n")
    else:
        sys.stdout.write((text or json.dumps(answer, ensure_ascii=False, indent=2, default=str)) + "\n")
    sys.stdout.flush()


def fail(message: str, as_json: bool, **more: Any) -> NoReturn:
    """End with an error: in JSON as an answer with `error`, else on standard error."""
    if as_json:
        say({"error": message, **more}, True)
    else:
        sys.stderr.write(message + "\n")
    raise typer.Exit(1)


@contextmanager
def reporting(as_json: bool) -> Iterator[None]:
    """Turn refusals into the command's answer."""
    try:
        yield
    except FailureError as error:
        failure = error.failure
        fail(f"{failure.text('en')}. {failure.hint('en')}", as_json, code=failure.code, params=failure.params)
    except EmbeddedServerError as error:
        fail(str(error), as_json)
    except (RPCError, LookupError) as error:
        fail(f"{type(error).__name__}: {error}", as_json)
    except StoryError as error:
        fail(str(error), as_json)


@contextmanager
def open_session() -> Iterator[Session]:
    """A session on the running database; the command owns the transaction."""
    engine = make_engine(find_running(Settings()).database_url, pool=2)
    try:
        with make_sessions(engine)() as session:
            yield session
    finally:
        engine.dispose()


@asynccontextmanager
async def open_lifecycle() -> AsyncIterator[Lifecycle]:
    """The client of the entity workflows."""
    settings = Settings()
    yield Lifecycle(await worker.connect(settings, find_running(settings).temporal_address))


def with_lifecycle(call: Callable[[Lifecycle], Awaitable[Answer]]) -> Answer:
    """Run one call against the entity workflows."""

    async def run() -> Answer:
        async with open_lifecycle() as lifecycle:
            return await call(lifecycle)

    return asyncio.run(run())
