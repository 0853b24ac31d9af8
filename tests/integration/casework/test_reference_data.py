"""Units, exclusions and dispatch rules: edited by role, each change kept, a colleague's never overwritten."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from app.accounts.models import Role
from app.accounts.service import UnitRefused, create_user
from app.catalogue.models import DispatchRule, Exclusion, ReferenceFile, Unit
from app.lines.service import seed
from app.platform.database import Database
from tests.integration.casework.conftest import COUNTY, PASSWORD, Stage

pytestmark = pytest.mark.services


@pytest.fixture
def headers(stage: Stage, client: TestClient) -> Callable[[str], dict[str, str]]:
    def log_in(name: str) -> dict[str, str]:
        answer = client.post("/api/v1/session", json={"username": name, "password": PASSWORD})
        return {"X-CSRF-Token": answer.json()["csrf_token"], "If-Match": '"1"'}

    return log_in


@pytest.fixture(autouse=True)
def _put_back(database: Database) -> object:  # reference data stays between tests
    yield
    with database.transaction() as session:
        session.execute(update(Unit).where(Unit.code == COUNTY).values(is_active=True, substitute_code=None, version=1))
        session.execute(update(Unit).where(Unit.parent_code == "new-unit").values(parent_code=None))
        session.query(DispatchRule).filter(DispatchRule.code.like("new%")).delete()
        session.query(Unit).filter_by(code="new-unit").delete()


def test_the_shipped_reference_data_is_whole(database: Database) -> None:
    with database.reading() as session:
        kinds = dict(session.execute(select(Unit.kind, func.count()).group_by(Unit.kind)).all())
        levels = set(session.scalars(select(Unit.level)))
        channels = session.scalars(select(Exclusion.channel)).all()
        rules = session.scalar(select(func.count()).select_from(DispatchRule))
    assert kinds == {
        "platform": 2, "government": 13, "department": 31, "resident": 4, "utility": 10, "township": 13,
    }  # fmt: skip
    assert levels == {1, 2, 3, 4}
    assert len(channels) == 12
    assert all(channels)
    assert rules == 55


def test_a_dissolved_unit_is_replaced_in_the_next_proposal_and_the_change_is_kept(
    stage: Stage, client: TestClient, headers: Callable[[str], dict[str, str]]
) -> None:
    ticket = stage.ticket()
    sent = headers("dispatcher")
    changes = {"is_active": False, "substitute_code": "410422-zhengfu"}
    changed = client.patch(f"/api/v1/units/{COUNTY}", json=changes, headers=sent)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert client.get(f"/api/v1/tickets/{ticket}/proposal").json()["lead_unit_code"] == "410422-zhengfu"
    again = client.patch(f"/api/v1/units/{COUNTY}", json={"is_active": True}, headers=sent)
    assert (again.status_code, "dispatcher" in again.json()["detail"]) == (412, True)
    kept = client.get(f"/api/v1/units/{COUNTY}/history").json()["items"]
    assert kept[0]["changes"]["is_active"] == [True, False]


def test_a_row_that_people_have_edited_outlives_a_new_file(
    database: Database, client: TestClient, headers: Callable[[str], dict[str, str]]
) -> None:
    client.patch(f"/api/v1/units/{COUNTY}", json={"substitute_code": "410422-zhengfu"}, headers=headers("chief"))
    with database.transaction() as session:
        session.execute(update(ReferenceFile).where(ReferenceFile.name == "units.csv").values(digest="older"))
    with database.transaction() as session:
        assert seed(session) == ["units.csv"]
    with database.reading() as session:
        assert session.get_one(Unit, COUNTY).substitute_code == "410422-zhengfu"


@pytest.mark.parametrize(
    ("url", "body", "field"),
    [
        (f"units/{COUNTY}", {"parent_code": "nobody"}, "parent_code"),
        (f"units/{COUNTY}", {"parent_code": "410421101-zhengfu"}, "parent_code"),
        (f"units/{COUNTY}", {"name": ""}, "name"),
        ("dispatch-rules/s030100", {"lead_unit_code": "nobody"}, "lead_unit_code"),
        ("dispatch-rules/s030100", {"supporting_unit_codes": "410400-gongan nobody"}, "supporting_unit_codes"),
        ("dispatch-rules/s030100", {"subject_code": "999999"}, "subject_code"),
    ],
)
def test_what_does_not_exist_or_stands_in_a_circle_is_refused(
    client: TestClient, headers: Callable[[str], dict[str, str]], url: str, body: dict[str, object], field: str
) -> None:
    answer = client.patch(f"/api/v1/{url}", json=body, headers=headers("chief"))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_new_rows_are_added_once_by_those_who_may(client: TestClient, headers: Callable[[str], dict[str, str]]) -> None:
    unit = {"code": "new-unit", "name": "新设单位", "region_code": "410400", "parent_code": "410400-zhengfu",
            "level": 2, "kind": "department"}  # fmt: skip
    rule = {"code": "new-rule", "subject_code": "030101", "lead_unit_code": "new-unit", "overrides_territory": True}
    chief = headers("chief")
    assert client.post("/api/v1/units", json=unit, headers=chief).status_code == 201
    assert client.post("/api/v1/units", json=unit, headers=chief).status_code == 409
    assert client.post("/api/v1/dispatch-rules", json=rule, headers=chief).status_code == 201
    assert client.post("/api/v1/units", json={**unit, "code": "x"}, headers=headers("clerk")).status_code == 403
    assert client.get("/api/v1/units").status_code == 200


def test_only_people_of_units_belong_to_one(database: Database, stage: Stage) -> None:
    with pytest.raises(UnitRefused), database.transaction() as session:
        create_user(
            session, "x1", display_name="x", role=Role.AGENT, password=PASSWORD, now=stage.now, unit_code=COUNTY
        )
