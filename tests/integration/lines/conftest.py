"""Lines of a plan in the store, and clean lines afterwards: PostgreSQL keeps its reference tables between tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import delete, update

from app.catalogue.models import ReferenceFile
from app.lines.models import Line, LineAlias, LinePeriod
from app.lines.planned import PlanIn
from app.lines.service import seed
from app.lines.takeover import TakeOver, take_over
from app.platform.clock import utc_now
from app.platform.database import Database

CHANGSHA = ("12333", "12315", "12329", "12319", "12328")
"""The five lines of R17: 双号并存 until 2018-09-30, dialled straight into 12345 from 2018-10-01."""


def staged_line(number: str) -> dict[str, Any]:
    periods = [{"from": "2017-09-01", "mode": "dual_number"}, {"from": "2018-10-01", "mode": "direct_merge"}]
    return {"number": number, "label": f"长沙{number}", "queue": "common", "periods": periods}


def plan_of(*lines: dict[str, Any], trunks: list[dict[str, Any]] | None = None, name: str = "changsha") -> PlanIn:
    """A plan as JSON, as the CLI hands it to the store."""
    return PlanIn.model_validate({"name": name, "lines": list(lines), "trunks": trunks or [], "seats": ["unread"]})


@pytest.fixture
def database(database: Database) -> Iterator[Database]:
    """Sessions on clean tables, lines included."""
    yield database
    with database.transaction() as session:
        for model in (LinePeriod, LineAlias, Line):
            session.execute(delete(model))
        session.execute(update(ReferenceFile).values(digest=""))
        seed(session)


@pytest.fixture
def takes_over(database: Database) -> Callable[[PlanIn], TakeOver]:
    """The store takes a plan over, as after an apply."""

    def take(plan: PlanIn) -> TakeOver:
        with database.transaction() as session:
            return take_over(session, plan, utc_now())

    return take
