"""Compare a foreign exchange's list of a day with our records, and keep what came of it (R13)."""

import re
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.calls.cdr_file import read_cdr_file
from app.calls.completeness import TOLERANCE, Comparison, OurCall, begin_of, compare
from app.calls.models import Call, JoinedCall, Reconciliation
from app.calls.rules import HOME_AREA_CODE
from app.contract.masks import mask_number
from app.lines.rules import is_valid_on
from app.lines.service import aliases_of

KEPT_ROWS = 200
"""Of each list so many are kept with the result; the file has them all."""


def reconcile(
    session: Session,
    data: bytes,
    *,
    line: str,
    day: date,
    tolerance: timedelta = TOLERANCE,
    area_code: str = HOME_AREA_CODE,
) -> Comparison:
    """Compare the file with our records of that line and day. Changes nothing. CdrUnreadable."""
    file = read_cdr_file(data, area_code=area_code)
    aliases = {alias.number for alias in aliases_of(session, line) if is_valid_on(alias, day)}
    records = records_of(session, line, day, tolerance)
    return compare(file, records, line=line, day=day, aliases=aliases, tolerance=tolerance)


def records_of(session: Session, line: str, day: date, tolerance: timedelta) -> list[OurCall]:
    """Our records of the line from `tolerance` before the day until `tolerance` after it; no test calls."""
    begin, end = begin_of(day) - tolerance, begin_of(day + timedelta(days=1)) + tolerance
    query = select(Call.call_id, Call.node, Call.arrived_at, Call.caller_number, Call.ani).where(
        Call.original_line == line, Call.arrived_at >= begin, Call.arrived_at < end, Call.is_test.is_(False)
    )
    is_leg = exists().where(JoinedCall.own_call_id == Call.call_id, JoinedCall.parted_at.is_(None))
    query = query.where(~is_leg)  # of a joined call the exchange's own record is in its list
    return [
        OurCall(call_id, node, arrived_at, number or re.sub(r"\D", "", ani) or None)
        for call_id, node, arrived_at, number, ani in session.execute(query.order_by(Call.arrived_at))
    ]


def keep(
    session: Session, comparison: Comparison, data: bytes, *, file_name: str, by: str, now: datetime
) -> Reconciliation:
    """Note the result: how complete a line's day was is a figure that is reported (R13)."""
    row = Reconciliation(
        line=comparison.line,
        day=comparison.day,
        file_name=file_name[:200],
        file_digest=sha256(data).hexdigest(),
        theirs=comparison.theirs,
        ours=comparison.ours,
        matched=len(comparison.matched),
        broken_rows=len(comparison.broken),
        detail=detail_of(comparison, limit=KEPT_ROWS),
        compared_at=now,
        compared_by=by[:80],
    )
    session.add(row)
    session.flush()
    return row


def list_reconciliations(session: Session, *, line: str | None = None, limit: int = 50) -> list[Reconciliation]:
    """What was compared, the newest first."""
    query = select(Reconciliation).order_by(Reconciliation.id.desc()).limit(limit)
    return list(session.scalars(query.where(Reconciliation.line == line) if line else query))


def detail_of(comparison: Comparison, *, limit: int | None = None) -> dict[str, Any]:
    """The comparison's lists, numbers masked, times in UTC."""
    rows = {
        "missing_here": comparison.missing_here,
        "repeated_rows": comparison.repeated_rows,
        "foreign_rows": comparison.foreign_rows,
    }
    calls = {"missing_there": comparison.missing_there, "doubled_here": comparison.doubled_here}
    told: dict[str, Any] = {
        name: [
            {
                "row": row.row,
                "started_at": row.started_at.isoformat(),
                "caller": mask_number(row.caller_number),
                "call_id": row.call_id,
                "duration_seconds": row.duration_seconds,
            }
            for row in found[:limit]
        ]
        for name, found in rows.items()
    }
    told |= {
        name: [
            {
                "call_id": call.call_id,
                "arrived_at": call.arrived_at.isoformat(),
                "caller": mask_number(call.caller_number),
            }
            for call in found[:limit]
        ]
        for name, found in calls.items()
    }
    for shown in told["doubled_here"]:
        shown["same_as"] = comparison.twins[shown["call_id"]]
    told["broken"] = [{"row": broken.row, "message": broken.message} for broken in comparison.broken[:limit]]
    return told
