"""The database: engine, sessions, migrations; PostgreSQL is the only dialect."""

from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from canonical.failure import Failure

MIGRATIONS = Path(__file__).parent / "migrations"


def make_engine(url: str, *, pool: int = 10) -> Engine:
    """Make an engine with a pool as large as the threads that use it; a broken connection is noticed before use."""
    return create_engine(
        url, pool_size=pool, max_overflow=5, pool_pre_ping=True, pool_recycle=1800, connect_args={"connect_timeout": 10}
    )


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Make the session factory; the activity or route that opens a session owns the transaction."""
    return sessionmaker(engine, class_=Session, expire_on_commit=False, autoflush=False)


def migrate(url: str) -> None:
    """Bring the schema to the newest revision; harmless when it is already there, safe beside a second caller."""
    # Only here: a worker, a page and a command do not migrate, and start a fifth of a second earlier without it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    command.upgrade(config, "head")


def failure_of(error: DBAPIError) -> Failure:
    """Say in our terms why the database refused: by SQLSTATE, never by its text."""
    state = getattr(error.orig, "sqlstate", None) or ""
    if state.startswith("53"):
        return Failure.of("STORAGE_FULL", reason=state)
    if state in ("40001", "40P01", "55P03"):
        return Failure.of("CONFLICT")
    if isinstance(error, OperationalError) or state.startswith(("08", "57")) or error.connection_invalidated:
        return Failure.of("STORAGE_DOWN")
    return Failure.of("UNCLASSIFIED", where="database", error=state or type(error).__name__)
