"""What hangs on another county's ticket (tasks, objections, files, supervision, figures) is as far away as it."""

import random
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.accounts.models import Role
from app.calls.models import Call
from app.casework.models import CitizenFile
from app.deadlines.models import Supervision, TicketClock
from app.evaluation.models import ScoreObjection
from app.evaluation.rates import RATES as ALL_RATES
from app.platform.clock import to_shanghai
from app.privacy.models import DeletionCertificate
from app.tickets.follow_up_tasks import FollowUpTask
from app.tickets.saved_views import SavedView
from tests.integration.casework.conftest import OTHER_COUNTY, Stage
from tests.integration.casework.test_region_scope import (
    AGENT,
    NAMES,
    NEUTRAL,
    OTHER,
    OWN,
    RATES,
    WORDS,
    Others,
    addresses,
    bound,
    enter,
    others,
)

__all__ = ["enter", "others"]
pytestmark = pytest.mark.services

SAID, WHY, URGED, VIEW, CERTIFIED = "没人来过现场", "附执法记录仪编号", "分管领导已批示", "叶县油烟", "叶县当事人申请"
OWN_VIEW = "/tickets/views/{view_id}/delete"
"""It goes back to the list whatever the number: nobody learns which there are."""
HANGING = ("task_id", "objection_id", "view_id", "file_id")


@pytest.fixture
def hanging(stage: Stage, others: Others) -> Others:
    """The other county's ticket with an unhappy answer and one to be asked, an objection, a file, a supervision."""
    ticket, now = int(others.keys["ticket"]), stage.now
    with stage.database.transaction() as session:
        common = {
            "ticket_id": ticket, "matter_id": ticket, "unit_code": OTHER_COUNTY, "region_code": OTHER,
            "opened_at": now, "next_try_at": now, "due_at": now,
        }  # fmt: skip
        task = FollowUpTask(
            **common, round=0, status="answered", settled_at=now, is_solved=False, satisfaction="dissatisfied",
            reason=SAID, is_unhappy=True, channel="phone", by="caller",
        )  # fmt: skip
        waiting = FollowUpTask(**common, round=1)
        session.add_all([task, waiting])
        session.flush()
        objection = ScoreObjection(
            ticket_id=ticket, task_id=task.id, unit_code=OTHER_COUNTY, kind="appeal", ground="not_ours", reason=SAID,
            evidence=WHY, asked_by="leader2", asked_at=now,
        )  # fmt: skip
        view = SavedView(owner=AGENT, name=VIEW, filters={"text": WORDS}, created_at=now)
        file = CitizenFile(
            ticket_id=ticket, added_at=now, kind="jpeg", name=f"{SAID}.jpg", size_bytes=3, digest="0" * 64, file="x"
        )
        session.add_all([objection, view, file])
        session.add(Supervision(ticket_id=ticket, step="urge", raised_at=now, raised_by="chief", reason=URGED))
        session.add(
            DeletionCertificate(
                kind="person", subject="anon-1", made_at=now, made_by="chief", reason=CERTIFIED, deleted={},
                pseudonymised={}, digest="0" * 64,
            )
        )  # fmt: skip
        session.execute(update(Call).values(queued_at=now, answered_at=now))
        late = update(TicketClock).where(TicketClock.ticket_id == ticket)
        session.execute(late.values(due_at=now - timedelta(days=1), near_due_at=now - timedelta(days=2)))
        session.flush()
        keys = {"task_id": task.id, "objection_id": objection.id, "view_id": view.id, "file_id": file.id}
    told = {name: str(value) for name, value in keys.items()}
    return Others({**others.keys, **told}, others.secrets | {SAID, WHY, URGED, VIEW, CERTIFIED})


STRANGERS = [
    ("chief1", Role.SUPERVISOR), ("caller1", Role.FOLLOW_UP), ("reviewer1", Role.REVIEWER), ("auditor1", Role.AUDITOR),
    ("dispatcher1", Role.DISPATCHER), ("leader", None),
]  # fmt: skip
"""Of one county; the last one is the head of its own government's unit."""


def lists(month: str) -> list[str]:
    rows = [
        f"{key}?month={month}&part={part}" for key in (rate.key for rate in ALL_RATES) for part in ("counted", "missed")
    ]
    asked = [f"/statistics?month={month}&by={by}" for by in ("total", "unit", "region", "month")]
    asked += [f"/statistics/{row}" for row in rows] + [f"/statistics?month={month}&unit={OTHER_COUNTY}"]
    asked += [f"/api/v1/rates/{row.replace('?', '/rows?')}" for row in rows]
    asked += [f"/api/v1/rates/reply_on_time/rows?month={month}&county={OTHER}&unit={OTHER_COUNTY}"]
    asked += [f"/supervision/{name}" for name in ("overdue", "near-due", "recurring", "dissatisfied")]
    asked += [f"/api/v1/supervision-lists/{name}" for name in ("overdue", "near-due", "recurring", "dissatisfied")]
    asked += [f"/follow-ups?view={view}" for view in ("now", "later", "unhappy", "done")]
    asked += [f"/api/v1/follow-ups?list={view}" for view in ("now", "later", "unhappy", "done")]
    asked += ["/scores?all=true", "/scores?view=objections", "/api/v1/score-objections", "/tickets", "/supervision"]
    asked += [
        "/personal-data",
        "/api/v1/deletion-certificates",
        "/work",
        "/reviews",
        f"/catalogue/units/{OTHER_COUNTY}",
    ]
    return asked


def given_to(path: str) -> dict[str, Any]:
    """What a right request of this address carries, so that nothing but the scope refuses it."""
    if "objection" in path and path.endswith("/decide"):
        return {"is_approved": False, "opinion": "经复核录音"}
    endings: dict[str, dict[str, Any]] = {
        "/appeal": {"ground": "not_ours", "reason": "评价的是其他单位", "evidence": "附通话录音编号一份"},
        "/answer": {"is_solved": True, "satisfaction": "satisfied"}, "/attempt": {"reason": "无人接听"},
        "/decide": {"is_redone": True, "reason": "回访不满意"}, "/ask": {}, "/ring": {"calls_placed": 0},
    }  # fmt: skip
    return next((body for ending, body in endings.items() if path.endswith(ending)), {})


@pytest.mark.parametrize(("who", "role"), STRANGERS)
def test_what_hangs_on_another_countys_ticket_is_reached_by_no_id_and_stands_on_no_list(
    stage: Stage,
    client: TestClient,
    enter: Callable[[str], dict[str, str]],
    hanging: Others,
    who: str,
    role: Role | None,
) -> None:
    if role is not None:
        bound(stage, who, role, OWN)
    headers, faults, tried = enter(who), [], 0
    for method, path in addresses():
        if not set(re.findall(NAMES, path)) & set(HANGING):
            continue
        url = re.sub(NAMES, lambda found: {**NEUTRAL, **hanging.keys}[found[1]], path)
        body = given_to(path)
        form = {**{k: str(v) for k, v in body.items()}, "verdict": "refused", "csrf_token": headers["X-CSRF-Token"]}
        sent = {"json": body} if url.startswith("/api/") else {"data": form}
        more = {} if method == "GET" else sent
        answer = client.request(method, url, headers=headers, follow_redirects=False, **more)  # type: ignore[arg-type]
        found = {one for one in hanging.secrets if one in answer.text and one not in url}
        if found or (answer.status_code not in {403, 404} and path != OWN_VIEW):
            faults.append(f"{method} {path}: {answer.status_code} {sorted(found)}")
        tried += 1
    for url in lists(f"{to_shanghai(stage.now):%Y-%m}"):
        answer = client.get(url, follow_redirects=False)
        if found := {one for one in hanging.secrets if one in answer.text and one not in url}:
            faults.append(f"GET {url}: {sorted(found)}")
        if answer.status_code >= 500:
            faults.append(f"GET {url}: {answer.status_code}")

    assert faults == []
    assert tried >= 10
    with stage.database.reading() as session:
        assert session.scalars(select(SavedView.name)).all() == [VIEW]


def test_the_same_lists_show_it_to_the_platforms_own_people(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], hanging: Others
) -> None:
    """Or the test above could not fail."""
    month = f"{to_shanghai(stage.now):%Y-%m}"
    enter("chief")
    shown = "".join(client.get(url, follow_redirects=False).text for url in lists(month))
    enter("caller")
    task = client.get(f"/follow-ups/{hanging.keys['task_id']}")
    assert [
        one for one in (SAID, WHY, CERTIFIED, hanging.keys["call_id"], hanging.keys["key"]) if one not in shown
    ] == []
    assert task.status_code == 200


def test_the_rate_of_answered_calls_is_the_citys_and_names_no_call_of_others(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], hanging: Others
) -> None:
    bound(stage, "chief1", Role.SUPERVISOR, OWN)
    month = f"{to_shanghai(stage.now):%Y-%m}"
    enter("chief1")
    rates = client.get(f"/api/v1/rates?month={month}").json()
    of_the_city = [rate["key"] for rate in rates["rates"] if rate["is_of_the_city"]]
    assert len(of_the_city) == 1
    assert "全市" in client.get(f"/statistics?month={month}").text
    rows = client.get(f"/api/v1/rates/{of_the_city[0]}/rows?month={month}").json()["items"]
    assert [(row["call_id"], row["ticket_id"]) for row in rows] == [("", None)]
    assert "其他区域坐席的来电" in client.get(f"/statistics/{of_the_city[0]}?month={month}").text


def test_no_mixture_of_ids_leads_to_another_county(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], hanging: Others
) -> None:
    """Seeded: ids of both counties, small ones, large ones and none, in every place of every address that is read."""
    bound(stage, "chief1", Role.SUPERVISOR, OWN)
    own, headers, chance = str(stage.ticket()), enter("chief1"), random.Random(20261123)
    ids = [*hanging.keys.values(), own, "1", "2", "0", "-1", str(2**63 - 1), str(2**63), "9" * 19, "１", "%00", "x"]
    paths = [path for method, path in addresses() if method == "GET" and re.search(NAMES, path) and path not in RATES]
    faults = []
    for _ in range(250):
        url = re.sub(NAMES, lambda _found: chance.choice(ids), chance.choice(paths))
        answer = client.get(url, headers=headers, follow_redirects=False)
        found = {one for one in hanging.secrets if one in answer.text and one not in url}
        if found or answer.status_code >= 500:
            faults.append(f"{url}: {answer.status_code} {sorted(found)}")

    assert faults == []
