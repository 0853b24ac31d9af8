"""The deletion job: what its class keeps no longer goes, with a certificate and an audit entry for each class."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import SYSTEM, Actor
from app.calls.models import Call
from app.casework.files import FOLDER as MATERIALS
from app.casework.models import CitizenFile
from app.contract.segments import find_segments
from app.platform.database import Database, after_commit, table_of
from app.privacy.models import CertificateKind, DeletionCertificate
from app.privacy.person import RECORDINGS, digest_of, remove_files
from app.privacy.retention import ROWS, DataClass, Expiring, load_classes

AT_ONCE = 5_000
"""Rows in one transaction, with a certificate of their own: what is gone and what says so are never apart."""
JOURNALS = Path("journal")
"""Below the home folder; a folder for each sender."""

Step = Callable[[Session], list[str]]
"""Deletes some, and tells them: `table:id` or `kind:file`."""

log = structlog.get_logger()


def delete_expired(
    database: Database, home: Path, *, now: datetime, actor: Actor = SYSTEM
) -> list[DeletionCertificate]:
    """Delete what is too old, class by class; done twice, the second finds nothing. RetentionFault."""
    certificates = []
    for one in load_classes(home):
        if one.keeps is None:
            continue
        before = now - one.keeps
        for step in _steps_of(one.code, home, before):
            count = AT_ONCE
            while count >= AT_ONCE:
                with database.transaction() as session:
                    if lines := step(session):
                        certificates.append(_certify(session, one, lines, before=before, now=now, actor=actor))
                count = len(lines)
    return certificates


def _steps_of(code: str, home: Path, before: datetime) -> list[Step]:
    if code in ROWS:
        return [partial(_delete_rows, expiring=ROWS[code], before=before)]
    if code == "recordings":
        folder = home / RECORDINGS
        unnamed = partial(_delete_old_files, kind=code)
        return [partial(step, folder=folder, before=before) for step in (_delete_recordings, unnamed)]
    if code == "materials":
        folder = home / MATERIALS
        unnamed = partial(_delete_old_files, kind=code)
        return [partial(step, folder=folder, before=before) for step in (_delete_materials, unnamed)]
    return [partial(_delete_segments, folder=home / JOURNALS, before=before)]


def _certify(
    session: Session, one: DataClass, lines: list[str], *, before: datetime, now: datetime, actor: Actor
) -> DeletionCertificate:
    counts: dict[str, int] = {}
    for line in lines:
        what = line.partition(":")[0]
        counts[what] = counts.get(what, 0) + 1
    certificate = DeletionCertificate(
        kind=CertificateKind.RETENTION, subject=one.code, made_at=now, made_by=actor.name, reason=one.basis,
        before=before, deleted=counts, pseudonymised={}, digest=digest_of(lines),
    )  # fmt: skip
    session.add(certificate)
    session.flush()
    audit.record(
        session, actor, "expired_deleted", at=now, object_type="certificate", object_id=certificate.id,
        detail={"kind": one.code, "rows": len(lines), "digest": certificate.digest},
    )  # fmt: skip
    log.info("expired_deleted", data_class=one.code, counts=counts, certificate=certificate.id)
    return certificate


def _delete_rows(session: Session, *, expiring: Expiring, before: datetime) -> list[str]:
    table = table_of(expiring.model)
    query = select(table.c.id).where(expiring.condition(before)).order_by(table.c.id).limit(AT_ONCE)
    ids = list(session.scalars(query.with_for_update()))
    lines = [f"{table.name}:{one}" for one in ids]
    for child, column in expiring.children:
        rows = table_of(child)
        of_them = rows.columns[column].in_(ids)
        lines += [f"{rows.name}:{one}" for one in session.scalars(select(rows.c.id).where(of_them))]
        session.execute(delete(rows).where(of_them))
    session.execute(delete(table).where(table.c.id.in_(ids)))
    return lines


def _delete_recordings(session: Session, *, folder: Path, before: datetime) -> list[str]:
    query = select(Call.id, Call.recording_file).where(Call.arrived_at < before, Call.recording_file.is_not(None))
    rows = session.execute(query.order_by(Call.id).limit(AT_ONCE).with_for_update()).all()
    gone = update(Call).where(Call.id.in_([row.id for row in rows]))
    session.execute(gone.values(recording_file=None, recording_ms=None))
    return _remove(session, [folder / row.recording_file for row in rows], "recordings")


def _delete_materials(session: Session, *, folder: Path, before: datetime) -> list[str]:
    """The row says that there was a file; the file itself and its name go."""
    query = select(CitizenFile.id, CitizenFile.file).where(CitizenFile.added_at < before, CitizenFile.file.is_not(None))
    rows = session.execute(query.order_by(CitizenFile.id).limit(AT_ONCE).with_for_update()).all()
    gone = update(CitizenFile).where(CitizenFile.id.in_([row.id for row in rows]))
    session.execute(gone.values(file=None, name=""))
    return _remove(session, [folder / row.file for row in rows], "materials")


def _delete_old_files(session: Session, *, folder: Path, before: datetime, kind: str) -> list[str]:
    """Of that age in the folder, named by no row: messages of callers, leftovers."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return _remove(session, [file for file in files if file.is_file() and _changed(file) < before], kind)


def _delete_segments(session: Session, *, folder: Path, before: datetime) -> list[str]:
    """Segments of journals that the store has whole, never the one that is written."""
    old = []
    for sender in sorted(path for path in folder.glob("*") if path.is_dir()):
        segments, acknowledged = find_segments(sender), read_acknowledged(sender)
        old += [
            one.path
            for one, following in pairwise(segments)
            if following.first_seq - 1 <= acknowledged and _changed(one.path) < before
        ]
    return _remove(session, old, "journals")


def _remove(session: Session, files: list[Path], kind: str) -> list[str]:
    """The files go when the certificate is true."""
    after_commit(session, lambda: remove_files(files))
    return [f"{kind}:{file.parent.name}/{file.name}" for file in files]


def read_acknowledged(journal: Path) -> int:
    """How far the store has this journal; 0: not known."""
    try:
        return int((journal / "acknowledged").read_text())
    except (OSError, ValueError):
        return 0


def _changed(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
