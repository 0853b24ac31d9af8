"""Write synthetic rows: COPY on PostgreSQL, plain many-row inserts on SQLite; always in one transaction.

On PostgreSQL a large seed takes the search index (and the others that cost more to keep than to build) away and
builds them again at the end. All of it is one transaction: whoever interrupts it leaves the database as it was.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text

from app.cli.synthetic.rows import COLUMNS, Row, Rows, defaults
from app.deadlines.models import TicketClock
from app.platform.database import Base
from app.tickets.models import Ticket

REBUILT_FROM = 20_000
"""Tickets from which on building the indexes anew is quicker than keeping them."""
NUMBERED = (Ticket, TicketClock)
"""Tables whose ids we give ourselves."""


class Writer:
    """Writes batches of rows through one connection, inside its transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_postgresql = connection.dialect.name == "postgresql"
        self._constants = {model: defaults(model) for model in COLUMNS}

    def write(self, batch: Rows) -> None:
        """All rows of the batch, tickets first."""
        for model, rows in batch.of.items():
            if rows:
                (self._copy if self._is_postgresql else self._insert)(model, rows)

    def _copy(self, model: type[Base], rows: Sequence[Row]) -> None:
        constants = self._constants[model]
        names = ", ".join(f'"{name}"' for name in (*COLUMNS[model], *constants))
        tail = "".join(f"\t{_text(value)}" for value in constants.values()) + "\n"
        driver: Any = self._connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {model.__tablename__} ({names}) FROM STDIN") as copy:
            copy.write("".join(["\t".join([_text(value) for value in row]) + tail for row in rows]))

    def _insert(self, model: type[Base], rows: Sequence[Row]) -> None:
        constants = self._constants[model]
        columns = (*COLUMNS[model], *constants)
        names, places = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
        tail = tuple(constants.values())
        driver: Any = self._connection.connection.driver_connection
        driver.executemany(
            f"INSERT INTO {model.__tablename__} ({names}) VALUES ({places})",  # noqa: S608 - names of our own tables
            [row + tail for row in rows] if tail else rows,
        )

    def claim(self) -> None:
        """Nobody else writes tickets until we are done: their ids and numbers are ours."""
        if self._is_postgresql:
            self._connection.execute(
                text("LOCK TABLE tickets, ticket_clocks, number_counters IN SHARE ROW EXCLUSIVE MODE")
            )
            self._connection.execute(text("SET LOCAL timezone = 'UTC'"))

    def release_ids(self) -> None:
        """The next id that the application draws is a new one."""
        if self._is_postgresql:
            for model in NUMBERED:
                table = model.__tablename__
                self._connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")  # noqa: S608
                )

    @contextmanager
    def without_indexes(self, count: int) -> Iterator[None]:
        """Indexes that constrain nothing are away for the block, if so many tickets are worth it."""
        if not self._is_postgresql or count < REBUILT_FROM:
            yield
            return
        self._connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        tables = [model.__tablename__ for model in COLUMNS]
        found = self._connection.execute(_PLAIN_INDEXES, {"tables": tables}).all()
        for name, _ in found:
            self._connection.execute(text(f'DROP INDEX "{name}"'))
        yield
        for _, definition in found:
            self._connection.execute(text(definition))


_PLAIN_INDEXES = text(
    """
    SELECT c.relname, pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relname = ANY(:tables) AND t.relnamespace = 'public'::regnamespace AND NOT i.indisunique
    ORDER BY c.relname
    """
)


def _text(value: str | int | None) -> str:
    """As COPY reads it; synthetic texts hold neither tabs nor backslashes."""
    return r"\N" if value is None else value if isinstance(value, str) else str(value)
