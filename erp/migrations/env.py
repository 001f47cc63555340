"""Alembic's entry: runs migrations in one transaction under an advisory lock, so that two starters do not collide."""

from alembic import context
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

import erp.tables  # noqa: F401 - fills the metadata

LOCK = 727_001

engine = create_engine(context.config.attributes["url"])
with engine.begin() as connection:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
