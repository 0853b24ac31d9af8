"""Migrations and reference data on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, func, inspect, select, text, update
from sqlalchemy.exc import OperationalError

import app.accounts.models
import app.callers.models
import app.calls.models
import app.casework.models
import app.deadlines.models
import app.evaluation.models
import app.handovers.models
import app.messages.models
import app.outbox.models
import app.privacy.models
import app.probes.models
import app.tickets.follow_up_tasks
import app.tickets.models
import app.tickets.saved_views  # noqa: F401
from app.catalogue.models import ReferenceFile, Region, Subject
from app.lines.models import Line
from app.lines.service import find_line, seed
from app.platform.database import Base, Database
from app.platform.migrations import current_and_head, current_revision, head_revision, upgrade_engine

pytestmark = pytest.mark.services

ONLY_ON_POSTGRESQL = {"ix_tickets_search"}  # text search; SQLite has no such index


def test_the_migrated_schema_is_the_one_the_models_describe(engine: Engine) -> None:
    with engine.connect() as connection:
        opts = {"compare_type": True, "include_name": lambda name, *_: name not in ONLY_ON_POSTGRESQL}
        context = MigrationContext.configure(connection, opts=opts)

        assert compare_metadata(context, Base.metadata) == []


def test_every_index_and_constraint_of_the_models_exists(engine: Engine) -> None:
    inspector = inspect(engine)
    for table in Base.metadata.sorted_tables:
        names = {index["name"] for index in inspector.get_indexes(table.name)}
        assert {index.name for index in table.indexes} <= names


def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    upgrade_engine(engine)

    with engine.connect() as connection:
        assert current_revision(connection) == head_revision()


def test_a_database_that_was_never_migrated_says_so(tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert current_and_head(f"sqlite:///{tmp_path}/empty.db") == (None, head_revision())


def test_a_table_in_use_stops_the_migration_instead_of_the_stack(postgresql_engine: Engine) -> None:
    with postgresql_engine.connect() as busy:
        busy.execute(text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(OperationalError, match="lock timeout"):
            upgrade_engine(postgresql_engine)


def test_reference_data_has_the_regions_subjects_and_lines_of_the_rule_book(database: Database) -> None:
    with database.reading() as session:
        regions = dict(session.execute(select(Region.level, func.count()).group_by(Region.level)).all())
        subjects = dict(session.execute(select(Subject.level, func.count()).group_by(Subject.level)).all())
        lines = dict(session.execute(select(Line.category, func.count()).group_by(Line.category)).all())
        baofeng = session.get_one(Region, "410421101")

    assert regions == {1: 1, 2: 18, 3: 181, 4: 13}
    assert subjects[1] == 12
    assert lines == {"12345": 1, "retained": 15, "cancelled": 1, "emergency": 4}
    assert baofeng.full_name == "河南省平顶山市宝丰县周庄镇"


def test_every_region_and_subject_stands_below_a_parent_of_the_level_above(database: Database) -> None:
    with database.reading() as session:
        for model in (Region, Subject):
            rows = {row.code: row for row in session.scalars(select(model))}
            for row in rows.values():
                if row.level > 1:
                    assert rows[row.parent_code].level == row.level - 1
                    assert row.code.startswith(row.parent_code.rstrip("0"))


def test_seeding_again_does_nothing_until_a_file_changes(database: Database) -> None:
    with database.transaction() as session:
        assert seed(session) == []
        session.execute(update(ReferenceFile).where(ReferenceFile.name == "lines.csv").values(digest="older"))
        session.execute(update(Line).where(Line.number == "12345").values(name="旧名"))
    with database.transaction() as session:
        assert seed(session) == ["lines.csv"]
    with database.transaction() as session:
        line = find_line(session, "12345")
        assert line is not None
        assert line.name == "政务服务便民热线"
        session.execute(update(ReferenceFile).where(ReferenceFile.name == "lines.csv").values(digest="older"))
        assert seed(session) == ["lines.csv"]
