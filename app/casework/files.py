"""Files that citizens add to their matters: judged by what is in them, kept outside the web, shown to few.

A file's name, ending and declared type are the sender's word and count for nothing. What is kept has a random name;
what is handed out is an attachment of one of three known types.
"""

import hashlib
import os
import secrets
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.rules import OF_A_UNIT
from app.casework.models import CitizenFile
from app.platform.errors import Conflict, HotlineError, NotAllowed, NotFound, Unavailable
from app.tickets.models import Secrecy, Ticket

FOLDER = Path("materials")
"""Below the home folder."""
MIB = 1024 * 1024
MOST_BYTES = 8 * MIB
MOST_AT_ONCE = 3
MOST_OF_A_TICKET = 10
MOST_REQUEST_BYTES = MOST_AT_ONCE * MOST_BYTES + MIB
LONGEST_NAME = 60


class FileKind(StrEnum):
    JPEG = "jpeg"
    PNG = "png"
    PDF = "pdf"


@dataclass(frozen=True)
class Known:
    """A type that is taken: how its content begins, and how it is handed out."""

    begins: bytes
    media_type: str
    ending: str


KNOWN: Mapping[FileKind, Known] = MappingProxyType(
    {
        FileKind.JPEG: Known(b"\xff\xd8\xff", "image/jpeg", ".jpg"),
        FileKind.PNG: Known(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png", ".png"),
        FileKind.PDF: Known(b"%PDF-", "application/pdf", ".pdf"),
    }
)
_ENDINGS = (".jpg", ".jpeg", ".png", ".pdf")


class FileRefused(HotlineError):
    """What was sent is not taken; the detail names the file and says why."""

    status = 422
    code = "file-refused"
    title = "附件无法接收"


class EnoughFiles(Conflict):
    code = "enough-files"
    title = f"每件事项最多收{MOST_OF_A_TICKET}个附件，请拨打12345说明情况"


class FilesUnavailable(Unavailable):
    """The disk is full, or the folder is not ours."""

    code = "files-unavailable"
    title = "暂时无法保存附件，请稍后再试，或只提交文字"


OF_FILES = (FileRefused, EnoughFiles, FilesUnavailable)


@dataclass(frozen=True)
class Upload:
    """A file that may be kept."""

    kind: FileKind
    name: str
    data: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def read_upload(name: str, data: bytes) -> Upload:
    """What was sent, if it is one of the known types and neither empty nor too large. FileRefused."""
    told = shown_name(name, "")
    if not data:
        raise FileRefused(f"附件“{told}”是空文件，请重新选择")
    if len(data) > MOST_BYTES:
        raise FileRefused(f"附件“{told}”超过{MOST_BYTES // MIB}兆，请压缩后再上传")
    kind = next((kind for kind, known in KNOWN.items() if data.startswith(known.begins)), None)
    if kind is None:
        raise FileRefused(f"附件“{told}”不是照片（JPG、PNG）或PDF文件")
    return Upload(kind, shown_name(name, KNOWN[kind].ending), data)


def shown_name(name: str, ending: str) -> str:
    """The last part of what the sender called it, without signs that steer, with the ending of what it is."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(one for one in last if unicodedata.category(one)[0] != "C").strip(" .")
    if ending:
        known = next((one for one in _ENDINGS if plain.lower().endswith(one)), "")
        plain = plain[: len(plain) - len(known)]
    return (plain[:LONGEST_NAME].strip(" .") or "附件") + ending


class Shelf:
    """The folder of materials, and what this request has put there."""

    def __init__(self, home: Path) -> None:
        self._folder, self._put = home / FOLDER, list[Path]()

    def put(self, data: bytes) -> str:
        """Its random name there. FilesUnavailable."""
        name = secrets.token_hex(16)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._put.append(self._folder / name)
            with open(os.open(self._put[-1], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
        except OSError as error:
            raise FilesUnavailable() from error
        return name

    def clear(self) -> None:
        for path in self._put:
            path.unlink(missing_ok=True)


@contextmanager
def shelf_at(home: Path) -> Iterator[Shelf]:
    """Around a transaction: what is put there goes again if that fails."""
    shelf = Shelf(home)
    try:
        yield shelf
    except BaseException:
        shelf.clear()
        raise


def keep_files(session: Session, ticket: Ticket, uploads: Sequence[Upload], *, shelf: Shelf, now: datetime) -> int:
    """How many of them are new to this ticket and kept now; its row must be locked. EnoughFiles, FilesUnavailable."""
    known = list_files(session, [ticket.id])
    digests = {row.digest for row in known}
    fresh = {one.digest: one for one in uploads if one.digest not in digests}
    if len(known) + len(fresh) > MOST_OF_A_TICKET:
        raise EnoughFiles()
    for digest, one in fresh.items():
        session.add(
            CitizenFile(
                ticket_id=ticket.id, added_at=now, kind=one.kind, name=one.name, size_bytes=len(one.data),
                digest=digest, file=shelf.put(one.data),
            )
        )  # fmt: skip
    session.flush()
    return len(fresh)


def list_files(session: Session, ticket_ids: Sequence[int]) -> list[CitizenFile]:
    """What was added to these tickets, the oldest first; of deleted ones the row is left."""
    query = select(CitizenFile).where(CitizenFile.ticket_id.in_(ticket_ids)).order_by(CitizenFile.id)
    return list(session.scalars(query))


def files_of_matter(session: Session, ticket: Ticket, actor: Actor) -> list[CitizenFile]:
    """What its citizens added, those of merged tickets too; nothing of who asked for secrecy for a unit (R43)."""
    whose = select(Ticket).where(or_(Ticket.id == ticket.id, Ticket.merged_into_id == ticket.id))
    return list_files(session, [one.id for one in session.scalars(whose) if _may_open(actor, ticket, one)])


def open_file(session: Session, ticket: Ticket, file_id: int, actor: Actor, *, home: Path) -> tuple[CitizenFile, Path]:
    """A file of this matter, and where it lies. NotFound, NotAllowed."""
    row = session.get(CitizenFile, file_id)
    whose = session.get_one(Ticket, row.ticket_id) if row else None
    if row is None or whose is None or ticket.id not in {whose.id, whose.merged_into_id}:
        raise NotFound("没有这个附件")
    if not _may_open(actor, ticket, whose):
        raise NotAllowed("诉求人要求保密，附件不向承办单位提供；确需查看请联系热线工作机构")
    path = home / FOLDER / (row.file or "")
    if row.file is None or not path.is_file():
        raise NotFound("该附件已删除")
    return row, path


def _may_open(actor: Actor, ticket: Ticket, whose: Ticket) -> bool:
    is_secret = ticket.secrecy != Secrecy.PUBLIC or whose.secrecy != Secrecy.PUBLIC
    return not (is_secret and actor.role in OF_A_UNIT)
