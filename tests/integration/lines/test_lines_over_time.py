"""Lines of an applied plan in the store: taken over, found by number and day, shown over the API."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.lines import service
from app.lines.models import Line, LineAlias, LinePeriod, Trunk
from app.lines.planned import PlanIn
from app.lines.takeover import TakeOver, objections
from app.platform.clock import SHANGHAI
from app.platform.database import Database
from app.platform.settings import Settings
from app.web.main import create_app
from tests.integration.lines.conftest import CHANGSHA, plan_of, staged_line

pytestmark = pytest.mark.services

Takes = Callable[[PlanIn], TakeOver]
MAIN = {"number": "12345", "label": "政务服务便民热线", "queue": "common"}


def in_shanghai(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=SHANGHAI)  # type: ignore[arg-type]


def test_a_plan_is_taken_over_and_twice_changes_nothing(database: Database, takes_over: Takes) -> None:
    plan = plan_of(MAIN, *map(staged_line, CHANGSHA), {"number": "96111", "label": "新线", "queue": "common"})

    first, second = takes_over(plan), takes_over(plan)

    assert first.added == ["96111"]
    assert first.changed == ["12345", *CHANGSHA]
    assert second.is_nothing
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LinePeriod)) == 10
        assert session.get_one(Line, "12333").unit_name == "人力资源和社会保障局"  # the plan named no unit


def test_a_line_that_leaves_the_plan_stays_without_periods(database: Database, takes_over: Takes) -> None:
    takes_over(plan_of(MAIN, staged_line("12333")))

    taken = takes_over(plan_of(MAIN))

    assert taken.left == ["12333"]
    with database.reading() as session:
        line = service.get_line(session, "12333")
        assert (line.plan, service.periods_of(session, ["12333"])) == ("", {"12333": []})


def test_another_nodes_plan_keeps_its_lines(database: Database, takes_over: Takes) -> None:
    takes_over(plan_of(staged_line("12333"), name="one"))
    takes_over(plan_of(staged_line("12315"), trunks=[{"name": "carrier", "label": "中继"}], name="two"))

    assert takes_over(plan_of(MAIN, name="two")).left == ["12315"]
    with database.reading() as session:
        assert len(service.periods_of(session, ["12333"])["12333"]) == 2
        assert session.scalars(select(Trunk)).all() == []


def test_changshas_five_lines_change_at_midnight_and_nothing_else_moves(database: Database, takes_over: Takes) -> None:
    takes_over(plan_of(MAIN, *map(staged_line, CHANGSHA)))
    clock = [in_shanghai(2018, 6, 30, 23, 59, 59), in_shanghai(2018, 9, 30, 23, 59, 59), in_shanghai(2018, 10, 1, 0, 0)]

    with database.reading() as session:
        lines = [service.get_line(session, number) for number in CHANGSHA]
        seen = [{service.mode_of(session, line, moment) for line in lines} for moment in clock]
        main = {service.mode_of(session, service.get_line(session, "12345"), moment) for moment in clock}

    assert seen == [{"dual_number"}, {"dual_number"}, {"direct_merge"}]
    assert main == {"direct_merge"}


def test_the_api_shows_the_change_before_and_after_midnight(
    settings: Settings, takes_over: Takes, service_token: Callable[..., dict[str, str]]
) -> None:
    takes_over(plan_of(MAIN, *map(staged_line, CHANGSHA)))
    now = [in_shanghai(2018, 9, 30, 23, 59, 59).astimezone(UTC)]
    headers = service_token("calls:read")
    with TestClient(create_app(settings, clock=lambda: now[0])) as client:
        before = client.get("/api/v1/lines/12333", headers=headers).json()
        coming = client.get("/api/v1/lines/calendar", headers=headers).json()["items"]
        now[0] = in_shanghai(2018, 10, 1).astimezone(UTC)
        after = client.get("/api/v1/lines/12333", headers=headers).json()
        listed = client.get("/api/v1/lines", headers=headers).json()["items"]
        left = client.get("/api/v1/lines/calendar?from=2018-10-02", headers=headers).json()["items"]

    assert (before["mode"], before["next_change"]) == (
        "dual_number", {"begins_on": "2018-10-01", "mode": "direct_merge"},
    )  # fmt: skip
    assert (after["mode"], after["next_change"]) == ("direct_merge", None)
    assert [(change["on"], change["number"]) for change in coming] == [("2018-10-01", n) for n in sorted(CHANGSHA)]
    assert (coming[0]["before"]["mode"], coming[0]["after"]["mode"]) == ("dual_number", "direct_merge")
    assert left == []
    assert {line["number"]: line["mode"] for line in listed if line["number"] in {"12345", "110", "12333"}} == {
        "12345": "direct_merge", "110": None, "12333": "direct_merge",
    }  # fmt: skip


def test_a_line_nobody_knows_is_not_found_and_a_strange_number_is_refused(
    client: TestClient, service_token: Callable[..., dict[str, str]]
) -> None:
    headers = service_token("calls:read")

    assert client.get("/api/v1/lines/99999", headers=headers).status_code == 404
    assert client.get("/api/v1/lines/abc", headers=headers).status_code == 422
    assert client.get("/api/v1/lines").status_code == 401


@pytest.mark.parametrize(
    ("dnis", "day", "number"),
    [
        ("12358", date(2026, 11, 23), "12315"),  # merged ministries: the old number is an alias
        ("0375-12358", date(2026, 11, 23), "12315"),
        ("12358", date(2019, 12, 31), None),  # not yet
        ("12356", date(2020, 1, 1), "12320"),
        ("12356", date(2026, 11, 23), "12356"),  # a line of its own again
        ("12315", date(2026, 11, 23), "12315"),
        ("112", date(2026, 11, 23), None),
    ],
)
def test_an_old_number_leads_to_its_line_while_it_is_valid(
    database: Database, dnis: str, day: date, number: str | None
) -> None:
    with database.reading() as session:
        line = service.find_line(session, dnis, at=datetime.combine(day, datetime.min.time(), SHANGHAI))

    assert (line.number if line else None) == number


def test_a_plans_own_line_goes_before_an_alias_of_the_catalogue(database: Database, takes_over: Takes) -> None:
    takes_over(plan_of(MAIN, {"number": "12358", "label": "价格举报", "queue": "price"}))

    with database.reading() as session:
        line = service.find_line(session, "12358")

    assert line is not None
    assert (line.number, line.queue) == ("12358", "price")


def test_an_access_code_before_12345_names_the_line(database: Database, takes_over: Takes) -> None:
    takes_over(plan_of(MAIN, {**staged_line("12333"), "access_code": "96"}))

    with database.reading() as session:
        found = [service.find_line(session, dnis) for dnis in ("9612345", "037512345", "12345")]

    assert [line.number if line else None for line in found] == ["12333", "12345", "12345"]


def test_a_plans_aliases_and_trunks_are_shown_with_the_line(
    takes_over: Takes, client: TestClient, service_token: Callable[..., dict[str, str]]
) -> None:
    period = {"from": "2020-12-14", "mode": "parallel", "trunk": "market-bureau", "order": "own_first"}
    aliases = [{"number": "12365", "valid_from": "2019-04-01"}]
    trunks = [
        {
            "name": "market-bureau",
            "label": "市场监管局",
            "kind": "department",
            "line": "12315",
            "outbound": {"port": 5060},
        },
        {"name": "carrier", "label": "公众电话网"},
    ]
    line = {"number": "12315", "label": "消费", "queue": "consumer", "category": "retained", "unit": "市市场监管局"}
    takes_over(plan_of(MAIN, {**line, "periods": [period], "aliases": aliases}, trunks=trunks))

    shown = client.get("/api/v1/lines/12315", headers=service_token("calls:read")).json()

    assert (shown["mode"], shown["unit_name"], shown["periods"][0]["ring_order"]) == (
        "parallel", "市市场监管局", "own_first",
    )  # fmt: skip
    assert [(a["number"], a["plan"]) for a in shown["aliases"] if a["number"] == "12365"] == [
        ("12365", ""), ("12365", "changsha"),
    ]  # fmt: skip
    assert shown["trunks"] == [
        {"name": "market-bureau", "label": "市场监管局", "kind": "department", "dials_out": True}
    ]


def test_a_new_line_without_reason_is_objected_to_and_a_known_one_is_not(database: Database) -> None:
    new = {"number": "96111", "label": "新线", "queue": "common"}
    with database.reading() as session:
        told = objections(session, plan_of(MAIN, new, {"number": "12358", "label": "旧号", "queue": "common"}))
        approved = objections(session, plan_of({**new, "reason": "省政府批复", "approved_by": "张局"}))

    assert len(told) == 1
    assert told[0].startswith("96111 is a new line")
    assert approved == []


def test_the_programmes_of_the_documents_name_what_they_name(
    client: TestClient, database: Database, service_token: Callable[..., dict[str, str]]
) -> None:
    items = client.get("/api/v1/lines/programmes", headers=service_token("calls:read")).json()["items"]

    assert {item["code"]: (item["line_count"], item["named_count"]) for item in items} == {
        "anhui-dual-number": (17, 17),
        "anhui-sub-centre": (5, 0),
        "changsha-direct": (31, 2),
        "changsha-staged": (5, 5),
        "pingdingshan-cancelled": (11, 0),
        "pingdingshan-parallel": (4, 4),
    }
    with database.reading() as session:
        known = {*session.scalars(select(Line.number)), *session.scalars(select(LineAlias.number))}
    assert {step["line_number"] for item in items for step in item["steps"]} <= known
