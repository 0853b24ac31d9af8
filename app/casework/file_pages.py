"""A citizen's file, handed to who may see his ticket: as an attachment, never as a part of a page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.responses import FileResponse

from app.accounts import audit
from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.casework.files import KNOWN, FileKind, open_file
from app.deadlines.access import seen_ticket
from app.platform.http import ClockDep, SettingsDep, Writing

router = APIRouter(include_in_schema=False)

Reader = Annotated[Actor, Depends(require(Permission.TICKETS_READ))]
TicketKey = Annotated[str, Path(pattern=r"^\d{1,20}$", description="id or ticket number")]
FileId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("/tickets/{key}/files/{file_id}")
def send_file(
    *, key: TicketKey, file_id: FileId, actor: Reader, session: Writing, settings: SettingsDep, clock: ClockDep
) -> FileResponse:
    """The file; who took it stands in the audit log. NotFound, NotAllowed."""
    ticket = seen_ticket(session, key, actor)
    row, path = open_file(session, ticket, file_id, actor, home=settings.home)
    audit.record(
        session, actor, "material_read", at=clock(), object_type="ticket", object_id=ticket.id,
        detail={"file": row.id},
    )  # fmt: skip
    return FileResponse(
        path,
        media_type=KNOWN[FileKind(row.kind)].media_type,
        filename=row.name or f"{row.id}{KNOWN[FileKind(row.kind)].ending}",
        headers={"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "no-store"},
    )
