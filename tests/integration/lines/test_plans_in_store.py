"""The plans we ship, as the store takes them over through the CLI's own door."""

from pathlib import Path

import pytest
from sqlalchemy import select

from app.cli import line_store
from app.lines import service
from app.lines.models import LinePeriod, Trunk
from app.lines.takeover import objections, take_over
from app.platform.clock import utc_now
from app.platform.database import Database
from dialplan.plan_file import load_plan

pytestmark = pytest.mark.services

SITES = sorted((Path(__file__).parents[3] / "dialplan" / "sites").glob("*.yaml"))


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.stem)
def test_a_plan_of_ours_is_taken_over_whole(database: Database, site: Path) -> None:
    plan = load_plan(site)
    with database.transaction() as session:
        take_over(session, line_store.planned(plan), utc_now())
    with database.transaction() as session:
        again = take_over(session, line_store.planned(plan), utc_now())
        periods = session.scalars(select(LinePeriod)).all()
        trunks = session.scalars(select(Trunk)).all()
        found = {line.number: service.find_line(session, line.number) for line in plan.lines}

    assert again.is_nothing
    assert len(periods) == sum(len(line.periods) for line in plan.lines)
    assert {(trunk.name, trunk.kind) for trunk in trunks} == {(t.name, t.kind.value) for t in plan.trunks}
    assert {number for number, line in found.items() if line is None or line.number != number} == set()


@pytest.mark.parametrize("name", ["demo", "test"])
def test_nothing_forbids_the_lines_of_demo_and_test(database: Database, name: str) -> None:
    plan = load_plan(next(site for site in SITES if site.stem == name))

    with database.reading() as session:
        assert objections(session, line_store.planned(plan)) == []
