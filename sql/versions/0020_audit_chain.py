"""The audit log as a chain of hashes that the database itself keeps; people of the hotline bound to a region."""

import sqlalchemy as sa
from alembic import op

from app.accounts.audit_chain import FIRST_HASH, HASHED, HEAD_ID, chained
from app.accounts.models import AuditEntry

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: None = None
depends_on: None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
AT_ONCE = 5000
NEW = ("seq", "previous_hash", "entry_hash")

SQLITE_TRIGGERS = (
    """CREATE TRIGGER audit_entries_keep BEFORE UPDATE ON audit_entries
       BEGIN SELECT RAISE(ABORT, 'the audit log is append only'); END""",
    """CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries
       BEGIN SELECT RAISE(ABORT, 'the audit log is append only'); END""",
    # INSERT OR REPLACE fires no other trigger
    """CREATE TRIGGER audit_entries_once BEFORE INSERT ON audit_entries
       WHEN EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id OR seq = NEW.seq)
       BEGIN SELECT RAISE(ABORT, 'the audit log is append only'); END""",
    """CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head WHEN NEW.seq <= OLD.seq
       BEGIN SELECT RAISE(ABORT, 'the audit log is append only'); END""",
    """CREATE TRIGGER audit_head_stay BEFORE DELETE ON audit_head
       BEGIN SELECT RAISE(ABORT, 'the audit log is append only'); END""",
)
POSTGRESQL_TRIGGERS = (
    """CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'the audit log is append only'; END $$""",
    """CREATE TRIGGER audit_entries_keep BEFORE UPDATE OR DELETE ON audit_entries
       FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()""",
    """CREATE TRIGGER audit_entries_stay BEFORE TRUNCATE ON audit_entries
       FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()""",
    """CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head
       FOR EACH ROW WHEN (NEW.seq <= OLD.seq) EXECUTE FUNCTION refuse_audit_change()""",
    """CREATE TRIGGER audit_head_stay BEFORE DELETE ON audit_head
       FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()""",
    """CREATE TRIGGER audit_head_whole BEFORE TRUNCATE ON audit_head
       FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()""",
)


def upgrade() -> None:
    op.add_column("users", sa.Column("region_code", sa.String(12), nullable=False, server_default=""))
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("entry_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_checks",
        sa.Column("id", BIG, nullable=False),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.Column("checked_by", sa.String(80), nullable=False),
        sa.Column("entries", BIG, nullable=False),
        sa.Column("last_seq", BIG, nullable=False),
        sa.Column("entry_hash", sa.String(64), nullable=False),
        sa.Column("break_kind", sa.String(20), nullable=False),
        sa.Column("break_seq", BIG, nullable=True),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_checks")),
    )
    op.create_index(op.f("ix_audit_checks_checked_at"), "audit_checks", ["checked_at"])
    op.add_column("audit_entries", sa.Column("seq", BIG, nullable=True))
    op.add_column("audit_entries", sa.Column("previous_hash", sa.String(64), nullable=True))
    op.add_column("audit_entries", sa.Column("entry_hash", sa.String(64), nullable=True))
    _chain_entries()
    with op.batch_alter_table("audit_entries") as table:
        table.alter_column("seq", existing_type=BIG, nullable=False)
        table.alter_column("previous_hash", existing_type=sa.String(64), nullable=False)
        table.alter_column("entry_hash", existing_type=sa.String(64), nullable=False)
        table.create_unique_constraint(op.f("uq_audit_entries_seq"), ["seq"])
    for statement in POSTGRESQL_TRIGGERS if _is_postgresql() else SQLITE_TRIGGERS:
        op.execute(statement)


def _chain_entries() -> None:
    """Give what was written so far its place in the chain, in the order it was written."""
    connection, table = op.get_bind(), AuditEntry.__table__
    old = [column for column in table.columns if column.name in HASHED and column.name not in NEW]
    fill = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("entry_id"))
        .values({name: sa.bindparam(name) for name in NEW})
    )
    last_id, seq, last_hash = 0, 0, FIRST_HASH
    while True:
        query = sa.select(table.c.id.label("entry_id"), *old).where(table.c.id > last_id).order_by(table.c.id)
        rows = chained(connection.execute(query.limit(AT_ONCE)).mappings().all(), seq, last_hash)
        if not rows:
            break
        connection.execute(fill, [{name: row[name] for name in ("entry_id", *NEW)} for row in rows])
        last_id, seq, last_hash = rows[-1]["entry_id"], rows[-1]["seq"], rows[-1]["entry_hash"]
    head = sa.table("audit_head", sa.column("id"), sa.column("seq"), sa.column("entry_hash"))
    op.execute(sa.insert(head).values(id=HEAD_ID, seq=seq, entry_hash=last_hash))


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def downgrade() -> None:
    names = ("keep", "stay") if _is_postgresql() else ("keep", "stay", "once")
    for name in names:
        op.execute(f"DROP TRIGGER audit_entries_{name}" + (" ON audit_entries" if _is_postgresql() else ""))
    with op.batch_alter_table("audit_entries") as table:
        table.drop_constraint(op.f("uq_audit_entries_seq"), type_="unique")
        for name in NEW:
            table.drop_column(name)
    op.drop_table("audit_checks")
    op.drop_table("audit_head")
    if _is_postgresql():
        op.execute("DROP FUNCTION refuse_audit_change()")
    op.drop_column("users", "region_code")
