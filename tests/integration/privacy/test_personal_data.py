"""One person's data: all of it handed out, all of it gone; what must be kept names nobody; others stay as they are."""

import io
import json
import os
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Text, cast, func, select

from app.accounts.models import AuditEntry, Role
from app.accounts.service import create_user
from app.callers.models import PriorityCaller
from app.calls.models import Call, CallEventRow, MissedCall
from app.calls.service import get_call
from app.contract.events import CallArrived, CallEvent
from app.contract.masks import PSEUDONYM
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
from app.privacy.deleting import delete_expired
from app.privacy.jobs import apply_retention
from app.privacy.models import DeletionCertificate
from app.privacy.person import digest_of
from app.privacy.traces import citizens_tables, wordy
from app.tickets.erasing import erasing
from app.tickets.models import Ticket, TicketStatus
from app.tickets.service import create_ticket, save_ticket

pytestmark = pytest.mark.services

NUMBER, OTHER, NAME, CITIZEN_ID = "19900012345", "19900054321", "欧阳明月", "41042219600101123X"
PASSWORD, REASON = "correct horse battery", "本人书面申请，已核验身份"
CALL, RECORDING = "node1-1.0", "node1-1.0.wav"


@pytest.fixture
def recording(settings: Settings) -> Path:
    folder = settings.home / "asterisk" / "recordings"
    folder.mkdir(parents=True)
    (folder / RECORDING).write_bytes(b"RIFF of a citizen")
    return folder / RECORDING


@pytest.fixture
def ticket(database: Database, recording: Path) -> int:
    """A finished ticket with call, facts, flag and history; and a neighbour's ticket that mentions the number."""
    now = utc_now()
    assert recording.exists()
    with database.transaction() as session:
        create_user(session, "chief", display_name="周班长", role=Role.SUPERVISOR, password=PASSWORD, now=now)
        own = create_ticket(
            session, {"contact_number": NUMBER, "contact_name": NAME, "content": f"{NAME}（{CITIZEN_ID}）反映路灯不亮"},
            actor="8001", region_code="410400", now=now,
        )  # fmt: skip
        save_ticket(session, own.id, {"demand": f"请回电{NUMBER}找{NAME}"}, version=None, actor="8001", now=now)
        own.status, own.caller_number = TicketStatus.ARCHIVED, NUMBER
        create_ticket(
            session,
            {"contact_number": OTHER, "contact_name": "李邻居", "content": f"邻居{NAME}（电话{NUMBER}）深夜施工"},
            actor="8001", region_code="410400", now=now,
        )  # fmt: skip
        session.add(
            Call(
                call_id=CALL,
                node="node1",
                state="ended",
                caller_number=NUMBER,
                ani=f"+86{NUMBER}",
                arrived_at=now,
                recording_file=RECORDING,
                ticket_id=own.id,
            )
        )
        session.add(
            Call(
                call_id="node1-2.0", node="node1", state="ended", caller_number=OTHER, arrived_at=now, ticket_id=own.id
            )
        )
        fact = CallEvent.make(
            CallArrived(trunk="carrier", dnis="12345", ani=f"+86{NUMBER}", caller_name=NAME), node="node1",
            occurred_at=now, uniqueid=CALL, call_id=CALL, linkedid=CALL,
        )  # fmt: skip
        session.add(
            CallEventRow(
                event_id=fact.event_id,
                node="node1",
                seq=1,
                type=fact.type,
                call_id=CALL,
                occurred_at=now,
                received_at=now,
                body=fact.model_dump(mode="json"),
            )
        )
        session.add(
            PriorityCaller(caller_number=NUMBER, kind="elderly", reason=f"{NAME}行动不便", set_at=now, set_by="chief")
        )
        return own.id


@pytest.fixture
def chief(client: TestClient, ticket: int) -> TestClient:
    answer = client.post("/api/v1/session", json={"username": "chief", "password": PASSWORD})
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return client


def everything(database: Database) -> str:
    """All words of all tables of citizens, as one text."""
    with database.reading() as session:
        return "\n".join(
            str(row)
            for table in citizens_tables()
            for column in wordy(table)
            for row in session.scalars(select(cast(column, Text)))
        )


def asked(number: str = NUMBER) -> dict[str, str]:
    return {"number": number, "reason": REASON}


def test_all_of_a_persons_data_is_handed_out_and_nobody_elses(chief: TestClient, database: Database) -> None:
    answer = chief.post("/api/v1/person-exports", json=asked("+86 199-0001-2345"))

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    told = json.loads(packed.read("person.json"))
    assert {name: len(rows) for name, rows in told["tables"].items()} == {
        "calls": 1, "call_events": 1, "priority_callers": 1, "tickets": 1, "ticket_history": 2,
    }  # fmt: skip
    assert OTHER not in packed.read("person.json").decode()
    assert packed.read(f"recordings/{RECORDING}") == b"RIFF of a citizen"
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person_exported")).one()
        assert (entry.actor, entry.object_id, entry.detail["rows"]) == ("chief", "199****2345", 6)


def test_a_deleted_person_stands_nowhere_and_the_records_go_on(
    chief: TestClient, database: Database, ticket: int, recording: Path
) -> None:
    answer = chief.post("/api/v1/person-deletions", json=asked())

    assert answer.status_code == 201, answer.text
    certificate = answer.json()
    assert certificate["deleted"] == {"recordings": 1}
    assert certificate["pseudonymised"] == {
        "calls": 1, "call_events": 1, "priority_callers": 1, "tickets": 2, "ticket_history": 3,
    }  # fmt: skip
    assert not recording.exists()
    words = everything(database)
    assert NUMBER not in words
    assert CITIZEN_ID not in words
    assert OTHER in words
    with database.reading() as session:
        own = session.get_one(Ticket, ticket)
        neighbour = session.scalars(select(Ticket).where(Ticket.contact_number == OTHER)).one()
        call = get_call(session, CALL)
        pseudonym = own.caller_number
        assert pseudonym is not None
        assert pseudonym.startswith(PSEUDONYM)
        assert certificate["subject"] == own.contact_number == call.caller_number == pseudonym
        assert (own.contact_name, own.content) == ("", "某人（410422********123X）反映路灯不亮")
        assert own.demand == f"请回电{pseudonym}找某人"
        assert neighbour.content == f"邻居{NAME}（电话{pseudonym}）深夜施工"
        assert neighbour.contact_name == "李邻居"
        assert call.recording_file is None
        fact = session.scalars(select(CallEventRow.body)).one()
        assert fact["payload"]["caller_name"] == ""
    assert chief.get(f"/tickets/{ticket}").status_code == 200
    assert "已注销" in chief.get("/calls").text
    assert chief.post("/api/v1/person-deletions", json=asked()).json()["code"] == "person-unknown"
    page = chief.get("/personal-data").text
    assert pseudonym in page
    assert certificate["digest"][:16] in page
    assert chief.get("/api/v1/deletion-certificates").json()["items"] == [certificate]


def test_who_has_an_open_ticket_is_not_deleted(chief: TestClient, database: Database, ticket: int) -> None:
    with database.transaction() as session, erasing(session):
        session.get_one(Ticket, ticket).status = TicketStatus.HANDLING

    answer = chief.post("/api/v1/person-deletions", json=asked())

    assert (answer.status_code, answer.json()["code"]) == (409, "still-served")
    assert len(answer.json()["tickets"]) == 1
    assert NUMBER in everything(database)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"number": "不是号码啊啊", "reason": REASON}, "number-unreadable"),
        ({"number": NUMBER, "reason": " "}, "validation-failed"),
        ({"number": "%%%%%", "reason": REASON}, "number-unreadable"), ({"number": NUMBER}, "validation-failed"),
    ],
)  # fmt: skip
def test_a_request_without_a_number_or_a_reason_is_refused(chief: TestClient, body: dict[str, str], code: str) -> None:
    for path in ("/api/v1/person-exports", "/api/v1/person-deletions"):
        answer = chief.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize("role", [Role.AGENT, Role.AUDITOR, Role.OPS, Role.ADMIN])
def test_nobody_else_exports_or_deletes(client: TestClient, database: Database, role: Role) -> None:
    with database.transaction() as session:
        create_user(session, "other", display_name="某人", role=role, password=PASSWORD, now=utc_now())
    answer = client.post("/api/v1/session", json={"username": "other", "password": PASSWORD})
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]

    for path in ("/api/v1/person-exports", "/api/v1/person-deletions"):
        assert client.post(path, json=asked()).status_code == 403
    assert client.get("/personal-data").status_code == (200 if role is Role.AUDITOR else 403)


# retention


def old(settings: Settings, path: str, age_days: int) -> Path:
    file = settings.home / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"old")
    moment = (utc_now() - timedelta(days=age_days)).timestamp()
    os.utime(file, (moment, moment))
    return file


def test_what_its_class_keeps_no_longer_goes_with_a_certificate(database: Database, settings: Settings) -> None:
    now = utc_now()
    with database.transaction() as session:
        for number, (days, resolved) in enumerate([(2000, now), (2000, None), (10, now)]):
            at = now - timedelta(days=days)
            session.add(
                MissedCall(
                    caller_number=f"1990000000{number}",
                    call_id=f"node1-{number}.0",
                    last_call_id="-",
                    reason="abandoned",
                    first_missed_at=at,
                    last_missed_at=at,
                    resolved_at=resolved,
                )
            )
        session.add(
            Call(
                call_id="node1-9.0",
                node="node1",
                state="ended",
                arrived_at=now - timedelta(days=800),
                recording_file="node1-9.0.wav",
                recording_ms=1000,
            )
        )
    recording = old(settings, "asterisk/recordings/node1-9.0.wav", 800)
    message = old(settings, "asterisk/recordings/message-1.wav", 800)
    young = old(settings, "asterisk/recordings/node1-10.0.wav", 3)
    sent, unsent, last = (old(settings, f"journal/agi/{seq:016d}.journal", 200) for seq in (1, 101, 201))
    (settings.home / "journal/agi/acknowledged").write_text("100\n")

    certificates = {one.subject: one for one in delete_expired(database, settings.home, now=now)}

    assert {subject: one.deleted for subject, one in certificates.items() if subject != "recordings"} == {
        "missed_calls": {"missed_calls": 1}, "journals": {"journals": 1},
    }  # fmt: skip
    assert [file.exists() for file in (recording, message, young, sent, unsent, last)] == [
        False, False, True, False, True, True,
    ]  # fmt: skip
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(MissedCall)) == 2
        assert get_call(session, "node1-9.0").recording_file is None
        assert certificates["missed_calls"].digest == digest_of(["missed_calls:1"])
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "expired_deleted")).all()
        assert len(entries) == session.scalar(select(func.count()).select_from(DeletionCertificate)) == 4
    assert delete_expired(database, settings.home, now=now) == []


def test_the_worker_applies_it(database: Database, settings: Settings) -> None:
    file = old(settings, "asterisk/recordings/message-1.wav", 800)

    apply_retention(JobContext(settings, database, utc_now))

    assert not file.exists()
