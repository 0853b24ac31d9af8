"""Use cases of PIPL art. 44 to 47: hand a person all his data, or delete them where the law lets us.

Tickets, calls and what hangs on them are records that must be kept (domain.md §7), so the person is taken out of them:
one random pseudonym stands for his number in all of them, and nothing leads back from it. Recordings,
and the files he added to his matters, go.
"""

import hashlib
import io
import json
import re
import secrets
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Table, and_, select, update
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import Actor
from app.calls.rules import normalize_number
from app.casework.files import FOLDER as MATERIALS
from app.contract.masks import PSEUDONYM, mask_citizen_ids, mask_number
from app.platform.database import after_commit
from app.platform.errors import Conflict, HotlineError, NotFound
from app.privacy.models import CertificateKind, DeletionCertificate
from app.privacy.traces import NAME_COLUMNS, Traces, citizens_tables, find_traces, key_of, pattern_of, wordy
from app.tickets.erasing import erasing
from app.tickets.models import Ticket, TicketHistory, TicketType
from app.tickets.reports import note_readings
from app.tickets.states import OPEN

RECORDINGS = Path("asterisk/recordings")
"""Below the home folder."""
NOBODY = "某人"

log = structlog.get_logger()


class NumberUnreadable(HotlineError):
    """No telephone number that a person could have."""

    status = 422
    code = "number-unreadable"
    title = "号码格式不正确"


class PersonUnknown(NotFound):
    code = "person-unknown"
    title = "没有这个号码的任何数据"


class StillServed(Conflict):
    """A matter of his is under way: without his number nobody could tell him what became of it."""

    code = "still-served"
    title = "该号码还有未办结的工单，办结后才能删除"


def read_number(text: str, area_code: str) -> str:
    """The number as we keep it. NumberUnreadable."""
    number = normalize_number(text, area_code=area_code)
    if number is None:
        raise NumberUnreadable()
    return number


def export_person(session: Session, number: str, *, home: Path, reason: str, actor: Actor, now: datetime) -> bytes:
    """A ZIP with `person.json` (table → rows), his recordings and added files. In the audit log. PersonUnknown."""
    traces = _known_traces(session, number)
    reports = [row["id"] for row in _own_tickets(traces) if row["ticket_type"] == TicketType.REPORT]
    note_readings(session, actor, reports, is_anew=True)
    tables = {name: list(rows.values()) for name, rows in traces.own.items() if rows}
    told = {"number": number, "made_at": now, "tables": tables}
    text = json.dumps(told, ensure_ascii=False, indent=1, default=str).encode()
    packed, files = io.BytesIO(), 0
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("person.json", text)
        for kind, file in _files_of(traces, home):
            archive.write(file, f"{kind}/{file.name}")
            files += 1
    audit.record(
        session, actor, "person_exported", at=now, object_type="person", object_id=mask_number(number),
        detail={"reason": reason, "rows": sum(map(len, tables.values())), "files": files, "digest": _sha256(text)},
    )  # fmt: skip
    return packed.getvalue()


def delete_person(
    session: Session, number: str, *, home: Path, reason: str, actor: Actor, now: datetime
) -> DeletionCertificate:
    """Take the person out of everything; his recordings and files go with the commit.

    In the audit log, with a certificate. PersonUnknown, StillServed.
    """
    traces = _known_traces(session, number)
    _refuse_open(session, traces)
    pseudonym = PSEUDONYM + secrets.token_hex(6)
    changed: dict[str, int] = {}
    lines = []
    with erasing(session):
        for table, row, values in _without(traces, pseudonym):
            condition = and_(*(column == row[column.name] for column in table.primary_key.columns))
            session.execute(update(table).where(condition).values(values))
            changed[table.name] = changed.get(table.name, 0) + 1
            lines.append(f"{table.name}:{','.join(map(str, key_of(table, row)))}")
    for ticket in _own_tickets(traces):
        session.add(
            TicketHistory(
                ticket_id=ticket["id"],
                at=now,
                actor=actor.name,
                action="pseudonymised",
                changes={},
                ticket_version=ticket["version"],
            )
        )
    files = _files_of(traces, home)
    lines += [f"{kind[:-1]}:{file.name}" for kind, file in files]
    certificate = DeletionCertificate(
        kind=CertificateKind.PERSON, subject=pseudonym, made_at=now, made_by=actor.name, reason=reason,
        deleted={"recordings": 0, **Counter(kind for kind, _ in files)}, pseudonymised=changed, digest=digest_of(lines),
    )  # fmt: skip
    session.add(certificate)
    session.flush()
    audit.record(
        session, actor, "person_deleted", at=now, object_type="certificate", object_id=certificate.id,
        detail={"reason": reason, "rows": sum(changed.values()), "files": len(files), "digest": certificate.digest},
    )  # fmt: skip
    after_commit(session, lambda: remove_files([file for _, file in files]))
    return certificate


def _files_of(traces: Traces, home: Path) -> list[tuple[str, Path]]:
    """Kind and place of each that is there."""
    named = [("recordings", home / RECORDINGS / name) for name in sorted(traces.recordings)]
    named += [("materials", home / MATERIALS / name) for name in sorted(traces.materials)]
    return [(kind, file) for kind, file in named if file.is_file()]


def remove_files(files: list[Path]) -> None:
    """One that cannot be removed is logged; the sweep of retention finds it, because no call names it any more."""
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            log.error("file_not_removed", file=file.name, reason=error.strerror)


def digest_of(lines: list[str]) -> str:
    """SHA-256 over the sorted lines: whoever has kept the list can show that it was this one."""
    return _sha256("".join(f"{line}\n" for line in sorted(lines)).encode())


def _without(traces: Traces, pseudonym: str) -> Iterator[tuple[Table, dict[str, Any], dict[str, Any]]]:
    """Table, row, and the columns that change: his number everywhere, names and citizens' ids in what is his own."""
    number, names = pattern_of(traces.number), _any_of(traces.names)

    def mention(value: str) -> str:
        return number.sub(pseudonym, value)

    def own(value: str) -> str:
        return mask_citizen_ids(names.sub(NOBODY, mention(value)))

    tables = {table.name: table for table in citizens_tables()}
    for found, words, is_own in ((traces.own, own, True), (traces.mentions, mention, False)):
        for name, rows in found.items():
            keys = set(tables[name].primary_key.columns.keys())
            columns = [column.name for column in wordy(tables[name]) if column.name not in keys]
            for row in rows.values():
                after = {column: _scrubbed(column, row[column], words, is_own=is_own) for column in columns}
                if name == "calls" and is_own:
                    after |= {"recording_file": None}
                if name == "citizen_files" and is_own:
                    after |= {"file": None, "name": ""}
                values = {column: value for column, value in after.items() if value != row[column]}
                if values:
                    yield tables[name], row, values


def _scrubbed(name: str, value: Any, words: Callable[[str], str], *, is_own: bool) -> Any:
    """A column's or member's value: his names are gone, words are what `words` makes of them."""
    if isinstance(value, str):
        return "" if is_own and name in NAME_COLUMNS else words(value)
    if isinstance(value, dict):
        return {key: _scrubbed(key, inner, words, is_own=is_own) for key, inner in value.items()}
    if isinstance(value, list):
        return [_scrubbed(name, inner, words, is_own=is_own) for inner in value]
    return value


def _any_of(names: set[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) or r"(?!)")


def _known_traces(session: Session, number: str) -> Traces:
    traces = find_traces(session, number)
    if not traces.count:
        raise PersonUnknown()
    return traces


def _own_tickets(traces: Traces) -> list[dict[str, Any]]:
    return list(traces.own["tickets"].values())


def _refuse_open(session: Session, traces: Traces) -> None:
    own = [row["id"] for row in _own_tickets(traces)]
    query = select(Ticket.ticket_number).where(Ticket.id.in_(own), Ticket.status.in_(OPEN)).order_by(Ticket.id)
    if numbers := list(session.scalars(query.with_for_update())):
        raise StillServed(f"未办结的工单：{'、'.join(numbers)}", tickets=numbers)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
