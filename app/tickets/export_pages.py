"""Take tickets away as a table: for a reason, which the audit log keeps."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response

from app.accounts import audit
from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.platform.errors import HotlineError
from app.platform.http import ClockDep, DatabaseDep, SettingsDep
from app.tickets.export import MEDIA, Format, read_export, watermark, write
from app.tickets.filter_form import FilterForm

router = APIRouter(include_in_schema=False)

LEAST_REASON = 4
Exporter = Annotated[Actor, Depends(require(Permission.TICKETS_READ, Permission.TICKETS_EXPORT))]


class ExportRefused(HotlineError):
    status = 422
    code = "export-refused"
    title = f"请写明导出用途（不少于{LEAST_REASON}个字）"


class ExportForm(FilterForm):
    """The filters, the reason and the kind of file."""

    reason: str = ""
    format: Format = Format.XLSX


@router.post("/tickets/export")
def take_export(
    actor: Exporter, database: DatabaseDep, settings: SettingsDep, clock: ClockDep, form: Annotated[ExportForm, Form()]
) -> Response:
    """The file; first the entry in the audit log, then the table. ExportRefused."""
    now, reason = clock(), form.reason.replace("\0", "").strip()[:200]
    if len(reason) < LEAST_REASON:
        raise ExportRefused()
    with database.reading() as session:
        export = read_export(session, form.filters(now, settings.area_code), actor, now)
    filters = FilterForm.model_validate(form.model_dump(exclude={"reason", "format", "cursor"})).shown
    told = "&".join(f"{name}={value}" for name, value in filters.items())
    with database.transaction() as session:
        audit.record(
            session, actor, "tickets_exported", at=now, object_type="export", object_id=export.code,
            detail={"reason": reason, "format": form.format, "count": len(export.rows), "filters": told},
        )  # fmt: skip
    content = write(export, watermark(export, actor, reason, now), form.format)
    name = f"{export.code}.{form.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=MEDIA[form.format], headers=headers)
