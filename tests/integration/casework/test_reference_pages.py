"""Reference data on pages: entered and changed by who may, with days, history, and words for what is wrong."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, update

from app.catalogue.jobs import keep_validity
from app.catalogue.models import DispatchRule, Exclusion, Region, Subject, Unit
from app.catalogue.regions import edit_region
from app.platform.clock import to_shanghai
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
from app.tickets import service as tickets
from app.tickets.service import TicketIncomplete
from tests.integration.casework.conftest import MATTER, PASSWORD, Stage

pytestmark = pytest.mark.services

Send = Callable[..., tuple[int, str]]
UNIT = {
    "code": "t-office", "name": "平顶山市测试管理局", "level": "2", "kind": "department", "region_code": "410400",
    "parent_code": "410400-zhengfu", "duty_phone": "0375-0000199", "is_active": "true",
}  # fmt: skip


@pytest.fixture(autouse=True)
def tidy(stage: Stage) -> Iterator[None]:
    """Reference data outlives a test on PostgreSQL."""
    yield
    with stage.database.transaction() as session:
        session.execute(delete(DispatchRule).where(DispatchRule.code.startswith("t-")))
        session.execute(delete(Unit).where(Unit.code.startswith("t-")))
        session.execute(delete(Exclusion).where(Exclusion.code.startswith("t-")))
        session.execute(delete(Subject).where(Subject.code.startswith("98")))


@pytest.fixture
def send(stage: Stage, client: TestClient) -> Send:
    """A form as the dispatcher sends it; the status and the page that follows."""
    told = client.post("/api/v1/session", json={"username": "dispatcher", "password": PASSWORD}).json()

    def post(path: str, **form: str) -> tuple[int, str]:
        answer = client.post(f"/reference/{path}", data={**form, "csrf_token": told["csrf_token"]})
        return answer.status_code, answer.text

    return post


def read(stage: Stage, code: str, model: type = Unit) -> Unit:
    with stage.database.reading() as session:
        return session.get_one(model, code)  # type: ignore[no-any-return]


def test_a_unit_is_entered_changed_and_keeps_who_changed_what(stage: Stage, client: TestClient, send: Send) -> None:
    status, page = send("units/new", **UNIT)
    assert (status, "已保存" in page) == (200, True)
    changed = {**UNIT, "name": "平顶山市测试事务局", "version": "1", "substitute_code": "410400-chengguan"}
    changed.pop("is_active")
    status, page = send("units/t-office", **changed)
    assert status == 200
    row = read(stage, "t-office")
    assert (row.name, row.is_active, row.substitute_code, row.version) == (
        "平顶山市测试事务局",
        False,
        "410400-chengguan",
        2,
    )
    for words in ("<del>平顶山市测试管理局</del>", "平顶山市城市管理局", "启用</span> <del>是</del> 否", "dispatcher"):
        assert words in page
    listed = client.get("/reference/units", params={"text": "测试事务"}).text
    assert "t-office" in listed
    assert "平顶山市人民政府" in listed
    status, page = send("units/t-office", **{**changed, "name": "晚来一步局"})
    assert (status, "dispatcher 于" in page, "晚来一步局" in page) == (412, True, True)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("code", "大写", "格式不正确"),
        ("name", "", "至少 2 个字"),
        ("region_code", "419999", "没有这个区划"),
        ("parent_code", "nobody", "没有这个上级单位"),
        ("valid_from", "明天", "应为日期"),
        ("level", "x", "应为整数"),
        ("kind", "", "不在可选范围内"),
    ],
)
def test_what_is_wrong_or_missing_is_said_beside_the_field_and_nothing_is_lost(
    send: Send, field: str, value: str, words: str
) -> None:
    status, page = send("units/new", **{**UNIT, field: value})
    assert (status, words in page) == (422, True)
    assert "0375-0000199" in page


def test_a_taken_code_a_circle_and_days_that_are_the_wrong_way_round_are_refused(send: Send) -> None:
    assert send("units/new", **UNIT)[0] == 200
    status, page = send("units/new", **UNIT)
    assert (status, "已被使用" in page) == (409, True)
    status, page = send("units/t-office", **{**UNIT, "version": "1", "parent_code": "t-office"})
    assert (status, "不能成环" in page) == (422, True)
    status, page = send(
        "units/t-office", **{**UNIT, "version": "1", "valid_from": "2027-02-01", "valid_until": "2027-01-01"}
    )
    assert (status, "不能早于生效日期" in page) == (422, True)


def test_who_does_not_keep_the_catalogue_does_not_reach_its_forms(stage: Stage, client: TestClient) -> None:
    told = client.post("/api/v1/session", json={"username": "reviewer", "password": PASSWORD}).json()
    assert client.get("/reference/units").status_code == 403
    form = {**UNIT, "csrf_token": told["csrf_token"]}
    assert client.post("/reference/units/new", data=form).status_code == 403


def test_a_row_begins_and_ends_to_hold_on_its_days_and_a_hand_has_the_last_word(
    stage: Stage, settings: Settings, send: Send
) -> None:
    today = to_shanghai(stage.now).date()
    first, last = today + timedelta(days=3), today + timedelta(days=5)
    context = JobContext(settings, stage.database, lambda: stage.now)
    send("units/new", **{**UNIT, "valid_from": str(first), "valid_until": str(last)})
    began = stage.now
    states = []
    for day in range(7):
        stage.now = began + timedelta(days=day)
        for _ in range(2):  # a job may run twice
            keep_validity(context)
        states.append(read(stage, "t-office").is_active)
    assert states == [False, False, False, True, True, True, False]
    stage.now = began
    send(
        "exclusions/new",
        code="t-closed",
        name="测试情形",
        channel="测试渠道12388",
        script="请拨打其他电话反映",
        valid_from=str(today),
    )
    assert not read(stage, "t-closed", Exclusion).is_active
    keep_validity(context)
    assert not read(stage, "t-closed", Exclusion).is_active


def test_a_subject_takes_its_place_from_its_code_and_its_children_take_its_new_name(stage: Stage, send: Send) -> None:
    status, page = send("subjects/new", code="980101", name="测试小类", is_active="true")
    assert (status, "没有上级分类" in page) == (422, True)
    for code, name in (("980000", "测试大类"), ("980100", "测试中类"), ("980101", "测试小类")):
        assert send("subjects/new", code=code, name=name, is_active="true")[0] == 200
    assert read(stage, "980101", Subject).full_name == "测试大类/测试中类/测试小类"  # type: ignore[attr-defined]
    send("subjects/980000", name="改名大类", is_active="true", version="1")
    assert read(stage, "980101", Subject).full_name == "改名大类/测试中类/测试小类"  # type: ignore[attr-defined]
    send("subjects/980101", name="测试小类", version="1")
    with pytest.raises(TicketIncomplete, match="已停用"), stage.database.transaction() as session:
        tickets.create_ticket(
            session, {**MATTER, "subject_code": "980101"}, actor="8001", region_code="410400", now=stage.now
        )


def test_a_rule_is_entered_with_its_days_and_its_units(stage: Stage, client: TestClient, send: Send) -> None:
    status, _ = send(
        "rules/new", code="t-rule", subject_code="020301", lead_unit_code="410400-chengguan", status="candidate",
        supporting_unit_codes="410421-zhengfu", priority="5", overrides_territory="true", note="测试规则",
        valid_from="2027-01-01",
    )  # fmt: skip
    row = read(stage, "t-rule", DispatchRule)
    assert (status, row.supporting_unit_codes, row.overrides_territory, str(row.valid_from)) == (  # type: ignore[attr-defined]
        200, "410421-zhengfu", True, "2027-01-01",
    )  # fmt: skip
    assert "测试规则" in client.get("/dispatch-rules?view=candidate").text
    status, page = send("rules/t-rule", lead_unit_code="nobody", status="active", priority="x", version="1")
    assert status == 422
    assert "应为整数" in page


def test_a_county_stands_below_its_city_or_the_province_and_a_village_below_its_township(
    stage: Stage, client: TestClient, send: Send
) -> None:
    for code, name, parent in (("410482901", "测试镇", "410482"), ("410482901201", "测试村", "410482901")):
        assert send("regions/new", code=code, name=name, parent_code=parent)[0] == 200
    village = read(stage, "410482901201", Region)
    assert (village.level, village.full_name) == (5, "河南省平顶山市汝州市测试镇测试村")  # type: ignore[attr-defined]
    status, page = send("regions/410482901", name="测试镇", parent_code="410482901201", version="1")
    assert (status, "层级高于本区划" in page) == (422, True)
    try:
        assert send("regions/410482", name="汝州市", parent_code="410000", version="1")[0] == 200  # 省直管
        assert read(stage, "410482901201", Region).full_name == "河南省汝州市测试镇测试村"  # type: ignore[attr-defined]
        below = client.get("/api/v1/regions?parent=410400").json()["items"]
        assert "410482" not in {row["code"] for row in below}
        assert "省直管" in client.get("/reference/regions/410482").text
    finally:
        with stage.database.transaction() as session:
            edit_region(session, "410482", {"parent_code": "410400"}, version=2, actor="dispatcher", now=stage.now)
            session.execute(delete(Region).where(Region.code.startswith("410482901")))
            session.execute(update(Region).where(Region.code == "410482").values(version=1))


@pytest.mark.parametrize("path", ["nothing", "units/nobody", "units/UPPER"])
def test_what_does_not_exist_is_told_so(client: TestClient, send: Send, path: str) -> None:
    assert send is not None
    assert client.get(f"/reference/{path}", headers={"Accept": "text/html"}).status_code in {404, 422}
