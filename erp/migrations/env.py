"""Alembic's entry: runs migrations in one transaction under an advisory lock, so that two starters do not collide."""

from typing import Literal

from alembic import context
from sqlalchemy import create_engine, text
from sqlmodel import AutoString, SQLModel

import erp.tables  # noqa: F401 - fills the metadata

LOCK = 727_001


def render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write SQLModel's own string type as SQLAlchemy's, so that migrations do not depend on SQLModel."""
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


engine = create_engine(context.config.attributes["url"])
with engine.begin() as connection:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_type=True, render_item=render)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
