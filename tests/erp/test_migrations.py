"""The migrations lead to exactly the tables that the code declares, and can be run by two starters at once."""

import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlmodel import SQLModel

import erp.tables

ROOT = Path(__file__).parents[2]


def test_the_migrated_schema_is_what_the_tables_declare(engine: Engine) -> None:
    assert erp.tables.__all__
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_migrating_again_and_at_once_is_harmless(database_url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    command = [sys.executable, "-c", f"from erp.database import migrate; migrate({database_url!r})"]
    starters = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    assert [starter.wait(60) for starter in starters] == [0, 0, 0]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "0004"
