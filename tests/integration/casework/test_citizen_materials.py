"""Files that a citizen adds: kept outside the web, handed to who may see his ticket, gone with him and with time."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.models import AuditEntry
from app.casework.files import (
    FOLDER,
    MOST_AT_ONCE,
    MOST_BYTES,
    MOST_OF_A_TICKET,
    Upload,
    list_files,
    read_upload,
    shelf_at,
)
from app.casework.materials import MatterClosed, add_material, list_materials
from app.casework.models import CitizenFile
from app.platform.settings import Settings
from app.privacy.deleting import delete_expired
from app.tickets.models import TicketStatus
from tests.integration.casework.conftest import MATTER, PASSWORD, Stage
from tests.unit.casework.test_citizen_files import JPEG, PDF, PNG

pytestmark = pytest.mark.services

HTML = b"<!doctype html><script>alert(1)</script>"
NAME = "现场照片.jpg"


def send(client: TestClient, stage: Stage, ticket: int, *sent: tuple[str, bytes], text: str = "") -> tuple[int, str]:
    row = stage.read(ticket)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/progress").text)
    assert token
    form = {"number": row.ticket_number, "code": row.query_code, "csrf_token": token[1], "text": text}
    parts = [("files", (name, data, "image/jpeg")) for name, data in sent]
    answer = client.post("/progress/material", data=form, files=parts)
    return answer.status_code, answer.text


def enter(client: TestClient, who: str) -> dict[str, str]:
    answer = client.post("/api/v1/session", json={"username": who, "password": PASSWORD})
    return {"X-CSRF-Token": answer.json()["csrf_token"]}


def kept(stage: Stage, ticket: int) -> list[CitizenFile]:
    with stage.database.reading() as session:
        return list_files(session, [ticket])


def test_a_photo_is_kept_under_a_random_name_and_handed_out_as_an_attachment(
    stage: Stage, client: TestClient, settings: Settings
) -> None:
    ticket = stage.at_work()
    assert send(client, stage, ticket, (f"../../{NAME}", JPEG), ("扫描件.pdf", PDF))[0] == 200
    status, page = send(client, stage, ticket, (NAME, JPEG))  # sent twice
    assert (status, NAME in page, "（见附件）" in page) == (200, True, True)

    photo, scan = kept(stage, ticket)
    assert (photo.name, photo.kind, scan.kind, photo.size_bytes) == (NAME, "jpeg", "pdf", len(JPEG))
    lies = settings.home / FOLDER / str(photo.file)
    assert (lies.read_bytes(), lies.stat().st_mode & 0o777, lies.parent.stat().st_mode & 0o777) == (JPEG, 0o600, 0o700)
    url = f"/tickets/{ticket}/files/{photo.id}"
    assert client.get(url).status_code == 401
    enter(client, "clerk")
    assert url in client.get(f"/tickets/{ticket}/timeline").text
    assert url in client.get(f"/tickets/{ticket}/handling").text
    answer = client.get(url)
    assert (answer.content, answer.headers["Content-Type"]) == (JPEG, "image/jpeg")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    with stage.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "material_read")).one()
    assert (entry.actor, entry.object_id) == ("clerk", str(ticket))


@pytest.mark.parametrize(
    ("sent", "status", "why"),
    [
        ([("page.jpg", HTML)], 422, "不是照片"),
        ([("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")], 422, "不是照片"),
        ([("empty.jpg", b"")], 422, "空文件"),
        ([("large.jpg", JPEG + b"\0" * MOST_BYTES)], 422, "超过8兆"),
        ([(f"{n}.png", PNG + bytes([n])) for n in range(MOST_AT_ONCE + 1)], 422, "一次最多上传3个"),
        ([("good.jpg", JPEG), ("bad.jpg", HTML)], 422, "不是照片"),
    ],
)
def test_a_bad_file_is_refused_beside_its_field_and_nothing_is_kept(
    stage: Stage, client: TestClient, settings: Settings, sent: list[tuple[str, bytes]], status: int, why: str
) -> None:
    ticket = stage.at_work()

    found, page = send(client, stage, ticket, *sent, text="路口的情况如附件所示")

    assert found == status
    assert re.search(rf'id="field-files-error"[^>]*>[^<]*{why}', page)
    assert "路口的情况如附件所示" in page
    assert (kept(stage, ticket), sorted((settings.home / FOLDER).glob("*"))) == ([], [])
    with stage.database.reading() as session:
        assert list_materials(session, ticket) == []


def test_a_body_that_is_too_large_is_cut_off(stage: Stage, client: TestClient) -> None:
    ticket = stage.at_work()

    assert send(client, stage, ticket, *[(f"{n}.jpg", JPEG + b"\0" * 9_000_000) for n in range(3)])[0] == 413
    assert kept(stage, ticket) == []


def test_of_a_ticket_so_many_are_taken_and_a_refusal_leaves_no_file(stage: Stage, settings: Settings) -> None:
    ticket, closed = stage.at_work(), stage.rated(contact_number="19900066666")

    def add(to: int, uploads: list[Upload]) -> None:
        with shelf_at(settings.home) as shelf, stage.database.transaction() as session:
            add_material(session, to, "", stage.now, uploads=uploads, shelf=shelf)

    def photos(first: int, count: int) -> list[Upload]:
        return [read_upload("a.jpg", JPEG + bytes([n])) for n in range(first, first + count)]

    add(ticket, photos(0, MOST_OF_A_TICKET))
    with pytest.raises(Exception, match="最多收10个附件"):
        add(ticket, photos(100, 1))
    with pytest.raises(MatterClosed):
        add(closed, photos(0, 1))
    assert len(list((settings.home / FOLDER).iterdir())) == MOST_OF_A_TICKET


@pytest.mark.parametrize("secrecy", ["confidential", "anonymous"])
def test_of_a_secret_ticket_the_unit_gets_no_file_and_the_page_names_none(
    stage: Stage, client: TestClient, secrecy: str
) -> None:
    ticket = stage.at_work(secrecy=secrecy)
    _, page = send(client, stage, ticket, (NAME, JPEG))
    (row,) = kept(stage, ticket)
    url = f"/tickets/{ticket}/files/{row.id}"

    assert NAME not in page
    enter(client, "clerk")
    assert client.get(url).status_code == 403
    assert NAME not in client.get(f"/tickets/{ticket}/timeline").text + client.get(f"/tickets/{ticket}/handling").text
    enter(client, "reviewer")
    assert client.get(url).status_code == 200


def test_who_may_not_see_the_ticket_gets_nothing_of_it_by_any_other(stage: Stage, client: TestClient) -> None:
    ticket, other = stage.at_work(), stage.dispatched(lead="410422-zhengfu", contact_number="19900055555")
    send(client, stage, ticket, (NAME, JPEG))
    (row,) = kept(stage, ticket)

    for who, key in (("clerk2", ticket), ("clerk2", other), ("ops", ticket), ("chief", other)):
        enter(client, who)
        assert client.get(f"/tickets/{key}/files/{row.id}").status_code in {403, 404}, (who, key)
    enter(client, "chief")
    assert client.get(f"/tickets/{ticket}/files/999").status_code == 404


def test_what_came_to_a_merged_ticket_is_opened_from_the_one_that_leads(stage: Stage, client: TestClient) -> None:
    master, own = stage.ticket(), stage.ticket(contact_number="19900077777")
    stage.move(own, "merge", "dispatcher", master=stage.read(master).ticket_number, reason="同一地点同一事项")
    stage.move(master, "dispatch", "dispatcher", lead_unit_code="410421-zhengfu")
    assert send(client, stage, own, (NAME, JPEG))[0] == 200
    (row,) = kept(stage, own)

    enter(client, "clerk")
    assert client.get(f"/tickets/{master}/files/{row.id}").status_code == 200
    assert NAME in client.get(f"/tickets/{master}/timeline").text


def test_files_go_with_the_person_and_their_rows_tell_that_there_were_some(
    stage: Stage, client: TestClient, settings: Settings
) -> None:
    ticket = stage.at_work()
    send(client, stage, ticket, (NAME, JPEG))
    lies = settings.home / FOLDER / str(kept(stage, ticket)[0].file)
    with stage.database.transaction() as session:
        session.get_one(type(stage.read(ticket)), ticket).status = TicketStatus.ARCHIVED
    headers, asked = enter(client, "chief"), {"number": MATTER["contact_number"], "reason": "本人书面申请，已核验身份"}

    packed = client.post("/api/v1/person-exports", json=asked, headers=headers)
    assert f"materials/{lies.name}".encode() in packed.content
    gone = client.post("/api/v1/person-deletions", json=asked, headers=headers)

    assert gone.json()["deleted"] == {"recordings": 0, "materials": 1}
    (row,) = kept(stage, ticket)
    assert (row.file, row.name, lies.exists()) == (None, "", False)
    assert client.get(f"/tickets/{ticket}/files/{row.id}").status_code == 404
    assert "附件已删除" in client.get(f"/tickets/{ticket}/timeline").text


def test_files_go_when_their_years_are_over_and_leftovers_with_them(
    stage: Stage, client: TestClient, settings: Settings
) -> None:
    ticket = stage.at_work()
    send(client, stage, ticket, (NAME, JPEG))
    leftover: Path = settings.home / FOLDER / "leftover"
    leftover.write_bytes(JPEG)

    certificates = delete_expired(stage.database, settings.home, now=stage.now + timedelta(days=4 * 366))

    assert {one.subject: one.deleted for one in certificates}["materials"] == {"materials": 1}
    assert kept(stage, ticket)[0].file is None
    assert list((settings.home / FOLDER).iterdir()) == []
