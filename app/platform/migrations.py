"""Bring a database to the newest schema, and say which one it has. The migrations stand in sql/."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from app.contract.env import PROJECT
from app.platform.database import make_engine


def upgrade(database_url: str) -> None:
    """Run every migration that is missing, all in one transaction. Running it again changes nothing."""
    engine = make_engine(database_url)
    try:
        upgrade_engine(engine)
    finally:
        engine.dispose()


def upgrade_engine(engine: Engine, revision: str = "head") -> None:
    """Like `upgrade`, over an engine that is open already; as far as this revision."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), revision)


def current_and_head(database_url: str) -> tuple[str | None, str]:
    """The database's revision (None: never migrated) and the newest one; equal means up to date.

    Raises SQLAlchemy's OperationalError when the database does not answer.
    """
    engine = make_engine(database_url)
    try:
        with engine.execution_options(read_only=True).connect() as connection:
            return current_revision(connection), head_revision()
    finally:
        engine.dispose()


def current_revision(connection: Connection) -> str | None:
    """The revision that this connection's database has; None when it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str:
    """The newest revision in sql/versions."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("sql/versions holds no migration")
    return head


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(PROJECT / "sql").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
