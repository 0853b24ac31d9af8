"""Write synthetic rows: COPY on PostgreSQL, plain many-row inserts on SQLite; always in one transaction.

On PostgreSQL a large seed takes every index but the primary keys away, and the references between tables, and builds
them again at the end: one pass each instead of a look-up for each of twenty million rows. All of it is one transaction:
whoever interrupts it leaves the database as it was.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text

from app.cli.synthetic.rows import COLUMNS, Batch, Constants, defaults
from app.deadlines.models import TicketClock
from app.tickets.models import Ticket

REBUILT_FROM = 20_000
"""Tickets from which on building indexes and references anew is quicker than keeping them."""
NUMBERED = (Ticket, TicketClock)
"""Tables whose ids we give ourselves."""


class Writer:
    """Writes batches of rows through one connection, inside its transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.is_postgresql = connection.dialect.name == "postgresql"
        self.constants: Constants = {model: defaults(model) for model in COLUMNS}

    def write(self, batch: Batch) -> None:
        """All rows of the batch, those first that others refer to."""
        driver: Any = self._connection.connection.driver_connection
        for model, rows in batch.parts.items():
            columns = (*COLUMNS[model], *self.constants[model])
            table, names = model.__tablename__, ", ".join(f'"{name}"' for name in columns)
            if isinstance(rows, bytes):
                with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN (NULL 'None')") as copy:
                    copy.write(rows)
            else:
                places = ", ".join("?" * len(columns))
                driver.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608 - our own names

    def claim(self) -> None:
        """Nobody else writes tickets until we are done: their ids and numbers are ours."""
        if self.is_postgresql:
            self._connection.execute(
                text("LOCK TABLE tickets, ticket_clocks, number_counters IN SHARE ROW EXCLUSIVE MODE")
            )
            self._connection.execute(text("SET LOCAL timezone = 'UTC'"))

    def release_ids(self) -> None:
        """The next id that the application draws is a new one."""
        if self.is_postgresql:
            for model in NUMBERED:
                table = model.__tablename__
                self._connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")  # noqa: S608
                )

    @contextmanager
    def alone(self, count: int) -> Iterator[None]:
        """Indexes and references of our tables are away for the block, if so many tickets are worth it."""
        if not self.is_postgresql or count < REBUILT_FROM:
            yield
            return
        tables = {"tables": [model.__tablename__ for model in COLUMNS]}
        found = [self._connection.execute(text(query), tables).all() for query in (_REFERENCES, _RULES, _INDEXES)]
        for rows in found:
            for drop, _ in rows:
                self._connection.execute(text(drop))
        yield
        self._connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        for rows in reversed(found):
            for _, make in rows:
                self._connection.execute(text(make))


_CONSTRAINTS = """
    SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', t.relname, c.conname),
           format('ALTER TABLE %I ADD CONSTRAINT %I %s', t.relname, c.conname, pg_get_constraintdef(c.oid))
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
    WHERE t.relnamespace = 'public'::regnamespace AND c.contype = '{kind}'
      AND (t.relname = ANY(:tables) OR c.confrelid = ANY(SELECT oid FROM pg_class WHERE relname = ANY(:tables)))
    ORDER BY t.relname, c.conname
"""
_REFERENCES, _RULES = _CONSTRAINTS.format(kind="f"), _CONSTRAINTS.format(kind="u")
_INDEXES = """
    SELECT format('DROP INDEX %I', c.relname), pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relname = ANY(:tables) AND t.relnamespace = 'public'::regnamespace AND NOT i.indisprimary
      AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype = 'u')
    ORDER BY t.relname, c.relname
"""
