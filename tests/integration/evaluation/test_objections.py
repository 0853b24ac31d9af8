"""A unit objects to a score with evidence; another person decides; raw figures never change by it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.models import AuditEntry, Role, User
from app.casework.forms import Satisfaction
from app.evaluation import objections
from app.evaluation.counting import Month, Question, count_rates
from app.evaluation.models import Ground, ScoreObjection
from app.evaluation.objections import Correction, ObjectionDecided, ObjectionRefused
from app.evaluation.rates import BY_KEY
from app.platform.clock import to_shanghai
from app.platform.errors import NotAllowed, NotFound
from app.tickets.follow_up_tasks import FollowUpTask
from tests.integration.casework.conftest import Stage

pytestmark = pytest.mark.services

Refused = Callable[..., Any]
WHY = {"reason": "诉求人当时评价的是其他单位", "evidence": "附通话录音编号一份"}
UNHAPPY = {"channel": "phone", "is_solved": False, "satisfaction": "dissatisfied", "reason": "电话13800001234没人回"}


@pytest.fixture
def task(stage: Stage) -> int:
    """An unhappy answer about the unit of clerk and leader; its id."""
    ticket = stage.asked()
    stage.move(ticket, "note_answer", "caller", **UNHAPPY)
    with stage.database.reading() as session:
        return session.scalars(select(FollowUpTask.id)).one()


def appeal(stage: Stage, task: int, who: str = "leader", ground: Ground = Ground.NOT_OURS) -> int:
    with stage.database.transaction() as session:
        row = objections.appeal(session, task, ground=ground, **WHY, actor=stage.people[who], now=stage.now)
        return row.id


def exclude(stage: Stage, ticket: int, who: str = "leader") -> int:
    with stage.database.transaction() as session:
        row = objections.ask_exclusion(
            session, str(ticket), ground=Ground.UNLAWFUL, **WHY, actor=stage.people[who], now=stage.now
        )
        return row.id


def decide(stage: Stage, objection: int, who: str, *, is_approved: bool, correction: Correction | None = None) -> None:
    with stage.database.transaction() as session:
        objections.decide(
            session, objection, is_approved=is_approved, opinion="经复核录音", actor=stage.people[who], now=stage.now,
            correction=correction,
        )  # fmt: skip


def figures(stage: Stage, key: str) -> tuple[float | None, float | None]:
    here = to_shanghai(stage.now)
    question = Question(Month(here.year, here.month), stage.people["chief"], stage.now)
    with stage.database.reading() as session:
        found = count_rates(session, [BY_KEY[key]], question)[""][key]
    return found.raw.percent(), found.adjusted.percent()


def test_a_granted_appeal_changes_the_adjusted_figure_and_never_the_raw_one(stage: Stage, task: int) -> None:
    objection = appeal(stage, task)
    assert figures(stage, "satisfied") == (0.0, 0.0)
    decide(stage, objection, "chief", is_approved=True, correction=Correction(True, Satisfaction.FAIRLY))

    assert figures(stage, "satisfied") == (0.0, 100.0)
    assert figures(stage, "solved") == (0.0, 100.0)


def test_an_upheld_score_stays_and_is_not_appealed_twice(stage: Stage, task: int, refused: Refused) -> None:
    objection = appeal(stage, task)
    decide(stage, objection, "reviewer", is_approved=False)

    assert figures(stage, "satisfied") == (0.0, 0.0)
    with refused(ObjectionRefused, "已提出过申请"):
        appeal(stage, task)
    with refused(ObjectionDecided, "已有审核结果"):
        decide(stage, objection, "chief", is_approved=True, correction=Correction(True, Satisfaction.FAIRLY))


def test_only_the_unit_that_was_scored_may_appeal_and_only_an_unhappy_answer(
    stage: Stage, task: int, refused: Refused
) -> None:
    for who, problem in (("leader2", NotFound), ("officer", NotFound), ("chief", NotAllowed)):
        with pytest.raises(problem):
            appeal(stage, task, who)
    with refused(ObjectionRefused, "请选择申诉事由"):
        appeal(stage, task, ground=Ground.UNLAWFUL)
    stage.rated()
    with stage.database.reading() as session:
        happy = session.scalars(select(FollowUpTask.id).where(FollowUpTask.is_unhappy.is_(False))).one()
    with refused(ObjectionRefused, "不满意或未解决"):
        appeal(stage, happy)


def test_nobody_decides_what_he_asked_recorded_or_handled(stage: Stage, task: int, refused: Refused) -> None:
    objection = appeal(stage, task)
    with refused(NotAllowed, "应由热线工作机构"):
        decide(stage, objection, "leader", is_approved=False)
    with refused(NotAllowed, "您记录了这次回访"):
        decide(stage, objection, "caller", is_approved=False)
    with stage.database.transaction() as session:
        user = session.scalars(select(User).where(User.username == "clerk")).one()
        user.role, user.unit_code = Role.REVIEWER, ""
    stage.people["clerk"] = replace(stage.people["clerk"], role=Role.REVIEWER, unit="")
    with refused(NotAllowed, "已参与本工单的办理"):
        decide(stage, objection, "clerk", is_approved=False)
    with refused(ObjectionRefused, "更正后的评价"):
        decide(stage, objection, "chief", is_approved=True)


def test_a_ticket_is_left_out_of_every_adjusted_figure_once_another_person_approves(
    stage: Stage, task: int, refused: Refused
) -> None:
    with stage.database.reading() as session:
        ticket = session.get_one(FollowUpTask, task).ticket_id
    with refused(NotAllowed, "主办单位"):
        exclude(stage, ticket, "chief")
    objection = exclude(stage, ticket)
    with refused(ObjectionRefused, "已提出过申请"):
        exclude(stage, ticket)
    assert figures(stage, "redone") == (0.0, 0.0)
    decide(stage, objection, "chief", is_approved=True)

    for key, raw in (("satisfied", 0.0), ("redone", 0.0), ("returned", 0.0), ("first_right", 100.0)):
        assert figures(stage, key) == (raw, None), key


def test_a_refused_exclusion_may_be_asked_again(stage: Stage, task: int) -> None:
    with stage.database.reading() as session:
        ticket = session.get_one(FollowUpTask, task).ticket_id
    decide(stage, exclude(stage, ticket), "chief", is_approved=False)
    assert exclude(stage, ticket) > 0


def test_the_pages_of_unit_and_supervisor_lead_through_an_appeal(
    stage: Stage, task: int, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    token = enter("leader")["X-CSRF-Token"]
    page = client.get("/scores").text
    assert "138****1234" in page
    assert "13800001234" not in page
    incomplete = client.post(f"/scores/{task}/appeal", data={"csrf_token": token, "ground": "not_ours"})
    assert (incomplete.status_code, "佐证材料" in incomplete.text) == (422, True)
    asked = client.post(f"/scores/{task}/appeal", data={"csrf_token": token, "ground": "not_ours", **WHY})
    assert "申诉已提交" in asked.text
    wrong = client.post("/scores/exclusion", data={"csrf_token": token, "ground": "unlawful", **WHY, "ticket": "99999"})
    assert (wrong.status_code, "没有这张工单" in wrong.text) == (404, True)
    enter("clerk2")
    assert "铁路街道" not in client.get("/scores?view=objections").text
    token = enter("chief")["X-CSRF-Token"]
    with stage.database.reading() as session:
        objection = session.scalars(select(ScoreObjection.id)).one()
    url = f"/scores/objections/{objection}/decide"
    assert client.post(url, data={"csrf_token": token, "verdict": "approved"}).status_code == 422
    said = {"verdict": "approved", "opinion": "经复核录音", "is_solved": "true", "satisfaction": "satisfied"}
    assert "成立" in client.post(url, data={"csrf_token": token, **said}).text
    assert client.get("/api/v1/score-objections").json()["items"][0]["status"] == "approved"
    with stage.database.reading() as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.object_type != "")).all()
    assert {"score_appealed", "score_objection_decided"} <= set(actions)


def test_objections_over_http_are_for_leaders_and_judges(
    stage: Stage, task: int, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    body = {"ground": "not_ours", **WHY}
    headers = enter("clerk")
    assert client.post(f"/api/v1/follow-ups/{task}/appeal", json=body, headers=headers).status_code == 403
    headers = enter("leader")
    asked = client.post(f"/api/v1/follow-ups/{task}/appeal", json=body, headers=headers)
    assert (asked.status_code, asked.json()["status"]) == (201, "pending")
    url = f"/api/v1/score-objections/{asked.json()['id']}/decide"
    assert client.post(url, json={"is_approved": False, "opinion": "维持原评价"}, headers=headers).status_code == 403
    headers = enter("reviewer")
    short = client.post(url, json={"is_approved": False, "opinion": "x"}, headers=headers)
    assert short.status_code == 422
    done = client.post(url, json={"is_approved": False, "opinion": "维持原评价"}, headers=headers)
    assert done.json()["status"] == "refused"
