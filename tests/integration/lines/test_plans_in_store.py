"""The plans we ship, as the store takes them over through the CLI's own door."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.cli import line_store
from app.lines import service
from app.lines.models import LinePeriod, Trunk
from app.lines.planned import PlanIn
from app.lines.takeover import objections, take_over
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.plan_words import pause_reasons, queue_names
from dialplan.plan_file import load_plan
from tests.integration.lines.conftest import plan_of, staged_line

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


def test_pages_call_queues_and_pauses_as_the_plan_in_force_does(database: Database) -> None:
    site = next(site for site in SITES if site.stem == "demo")
    plan = line_store.planned(load_plan(site))
    new_words = {
        "queues": [{"name": "common", "label": "综合服务"}],
        "pause_reasons": [{"code": "tea", "label": "茶歇"}],
    }
    changed = PlanIn.model_validate({**plan.model_dump(by_alias=True), **new_words})

    with database.transaction() as session:
        take_over(session, plan, utc_now())
        assert (queue_names(session)["consumer"], pause_reasons(session)["meal"]) == ("消费维权", "就餐")
        take_over(session, changed, utc_now())
        assert (queue_names(session), pause_reasons(session)) == ({"common": "综合服务"}, {"tea": "茶歇"})


def test_words_of_a_plan_that_serves_no_line_any_more_are_forgotten(database: Database) -> None:
    def plan(name: str, *lines: dict[str, Any]) -> PlanIn:
        words = {"queues": [{"name": f"of-{name}", "label": name}]}
        return PlanIn.model_validate({**plan_of(*lines, name=name).model_dump(by_alias=True), **words})

    with database.transaction() as session:
        take_over(session, plan("east", staged_line("12333")), utc_now())
        take_over(session, plan("west", staged_line("12315")), utc_now())
        assert queue_names(session) == {"of-east": "east", "of-west": "west"}
        take_over(session, plan("west", staged_line("12315"), staged_line("12333")), utc_now())
        assert queue_names(session) == {"of-west": "west"}
