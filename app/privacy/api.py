"""JSON of personal data: one person's, exported or deleted; certificates; how long what is kept."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.platform.cursors import make_cursor, read_cursor
from app.platform.http import ClockDep, Reading, SettingsDep, Writing
from app.privacy import person
from app.privacy.certificates import list_certificates
from app.privacy.retention import load_classes
from app.privacy.schemas import CertificateList, CertificateOut, DataClassList, DataClassOut, PersonIn

router = APIRouter(tags=["personal data"])

Reader = Annotated[Actor, Depends(require(Permission.PERSONAL_DATA_READ))]
Keeper = Annotated[Actor, Depends(require(Permission.PERSONAL_DATA_READ, Permission.PERSONAL_DATA_WRITE))]
UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"description": "`person-unknown`: nothing is kept of this number"}}
PACKED: dict[int | str, dict[str, Any]] = {
    200: {"description": "`person.json` (table → rows) and the recordings", "content": {"application/zip": {}}}
}
OPEN: dict[int | str, dict[str, Any]] = {
    **UNKNOWN, 409: {"description": "`still-served`: a ticket of this person is open; `tickets` names them"}
}  # fmt: skip


@router.post("/person-exports", summary="Export one person's data", responses=UNKNOWN | PACKED, response_class=Response)
def export_person(body: PersonIn, actor: Keeper, session: Writing, clock: ClockDep, settings: SettingsDep) -> Response:
    """Everything that is kept of the person with this number, as a ZIP (PIPL art. 45). In the audit log.

    Rows of other people in which the number merely stands are not his and are left out.
    """
    number = person.read_number(body.number, settings.area_code)
    packed = person.export_person(session, number, home=settings.home, reason=body.reason, actor=actor, now=clock())
    headers = {"Content-Disposition": 'attachment; filename="person.zip"', "Cache-Control": "no-store"}
    return Response(packed, media_type="application/zip", headers=headers)


@router.post("/person-deletions", summary="Delete one person's data", status_code=201, responses=OPEN)
def delete_person(
    body: PersonIn, actor: Keeper, session: Writing, clock: ClockDep, settings: SettingsDep
) -> CertificateOut:
    """Take the person with this number out of everything (PIPL art. 47): recordings are deleted, and in records that
    the law demands to be kept one random pseudonym stands for him. It cannot be undone. In the audit log.
    """
    number = person.read_number(body.number, settings.area_code)
    certificate = person.delete_person(
        session, number, home=settings.home, reason=body.reason, actor=actor, now=clock()
    )
    return CertificateOut.model_validate(certificate)


@router.get("/deletion-certificates", summary="List certificates of deletion")
def list_deletion_certificates(
    _actor: Reader,
    session: Reading,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CertificateList:
    """What was deleted, by whom and why, the newest first."""
    rows = list_certificates(session, before_id=read_cursor(cursor, str)[1] if cursor else None, limit=limit + 1)
    more = make_cursor("", rows[limit - 1].id) if len(rows) > limit else None
    return CertificateList(items=[CertificateOut.model_validate(row) for row in rows[:limit]], next_cursor=more)


@router.get("/retention-classes", summary="How long data are kept")
def list_retention_classes(_actor: Reader, settings: SettingsDep) -> DataClassList:
    """The classes of data in force, each with its time and what it is based on."""
    return DataClassList(items=[DataClassOut.of(one) for one in load_classes(settings.home)])
