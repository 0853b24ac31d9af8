"""A foreign exchange's own list of calls (CDR, 话单) as CSV: each row read alone, each broken one told apart. Pure.

Exchanges write what they like, so columns are found by name (English or Chinese), the encoding is UTF-8 or GB18030,
the separator a comma, a semicolon or a tab, and a moment without a zone is Asia/Shanghai.
"""

import csv
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.calls.rules import HOME_AREA_CODE, normalize_number
from app.contract.masks import mask_text
from app.platform.clock import SHANGHAI

MAX_BYTES = 64 * 2**20
MAX_FIELD = 200
MAX_DURATION_SECONDS = 7 * 24 * 3600

COLUMNS = {
    "started_at": ("started_at", "start", "start_time", "calldate", "开始时间", "呼叫时间", "来电时间", "起始时间"),
    "caller": ("caller", "caller_number", "src", "ani", "主叫", "主叫号码", "来电号码"),
    "call_id": ("call_id", "uniqueid", "id", "话单号", "呼叫标识", "流水号"),
    "line": ("line", "called", "dnis", "dst", "被叫", "被叫号码", "热线号码"),
    "duration_seconds": ("duration_seconds", "billsec", "duration", "通话时长", "通话时长(秒)", "通话时长（秒）"),
}
"""What we read → how exchanges call it. Only `started_at` and `caller` must be there."""
NEEDED = ("started_at", "caller")
WITHHELD = frozenset({"", "anonymous", "unknown", "private", "restricted", "匿名", "未知", "无"})
"""A caller who showed no number."""


class CdrUnreadable(ValueError):
    """The file as a whole cannot be read; the message says what to do."""


@dataclass(frozen=True)
class CdrRow:
    """One call as the exchange saw it. `row` is the line of the file, the heading being line 1."""

    row: int
    started_at: datetime
    caller_number: str | None
    """Normalised; none: withheld."""
    call_id: str = ""
    line: str = ""
    duration_seconds: int | None = None


@dataclass(frozen=True)
class BrokenRow:
    """A row that cannot be read: where, and what to do. It names no full number."""

    row: int
    message: str


@dataclass
class CdrFile:
    """What a file holds."""

    rows: list[CdrRow] = field(default_factory=list)
    broken: list[BrokenRow] = field(default_factory=list)


def read_cdr_file(data: bytes, *, area_code: str = HOME_AREA_CODE) -> CdrFile:
    """Read the file. CdrUnreadable when it is no such list at all; a broken row is told and skipped."""
    lines = _text_of(data).splitlines()
    heading = next((number for number, line in enumerate(lines) if line.strip()), None)
    if heading is None:
        raise CdrUnreadable("the file is empty: export it again")
    separator = max(",;\t", key=lines[heading].count)
    columns = _columns_of(_cells_of(lines[heading], separator))
    width = len(_cells_of(lines[heading], separator))
    file = CdrFile()
    for number, line in enumerate(lines[heading + 1 :], start=heading + 2):
        if not line.strip():
            continue
        try:
            cells = _cells_of(line, separator)
            if len(cells) != width:
                raise ValueError(f"{len(cells)} fields where the heading has {width}: quote a field with {separator!r}")
            values = {name: cells[at].strip() for name, at in columns.items()}
            file.rows.append(_row_of(number, values, area_code))
        except (ValueError, csv.Error, OverflowError) as error:
            file.broken.append(BrokenRow(number, str(error)))
    return file


def _text_of(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise CdrUnreadable(f"{len(data):,} bytes; a day's list has at most {MAX_BYTES:,}: export one day")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text.replace("\v", " ").replace("\f", " ").replace("\x85", " ")
    raise CdrUnreadable("neither UTF-8 nor GB18030: save it as CSV UTF-8")


def _cells_of(line: str, separator: str) -> list[str]:
    """One line alone, so that a quote that never ends spoils its own row and no other."""
    if "\0" in line:
        raise ValueError("a NUL byte: the file was cut or is no text")
    try:
        cells = next(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error as error:
        raise ValueError(f"a quote is not closed or stands in the middle of a field ({error})") from error
    if any(len(cell) > MAX_FIELD for cell in cells):
        raise ValueError(f"a field of more than {MAX_FIELD} characters")
    return cells


def _columns_of(heading: list[str]) -> dict[str, int]:
    names = [cell.strip().casefold() for cell in heading]
    found = {
        column: next(names.index(name) for name in known if name in names)
        for column, known in COLUMNS.items()
        if any(name in names for name in known)
    }
    if missing := [column for column in NEEDED if column not in found]:
        wanted = "; ".join(f"{column} (or {', '.join(COLUMNS[column][1:])})" for column in missing)
        raise CdrUnreadable(f"line 1 is no heading with the columns needed: add {wanted}")
    return found


def _row_of(number: int, values: dict[str, str], area_code: str) -> CdrRow:
    return CdrRow(
        row=number,
        started_at=read_moment(values["started_at"]),
        caller_number=_caller_of(values["caller"], area_code),
        call_id=values.get("call_id", ""),
        line=re.sub(r"\D", "", values.get("line", "")),
        duration_seconds=_duration_of(values.get("duration_seconds", "")),
    )


def _caller_of(text: str, area_code: str) -> str | None:
    if text.casefold() in WITHHELD:
        return None
    if re.search(r"[^\d\s+().·-]", text):
        raise ValueError(f"caller {_shown(text)} is no number: write digits, or leave it empty where it was withheld")
    return normalize_number(text, area_code=area_code) or re.sub(r"\D", "", text)


def _duration_of(text: str) -> int | None:
    if not text:
        return None
    if clock := re.fullmatch(r"(\d{1,3}):([0-5]\d):([0-5]\d)", text):
        hours, minutes, seconds = (int(part) for part in clock.groups())
        return hours * 3600 + minutes * 60 + seconds
    if not re.fullmatch(r"\d{1,9}(\.\d+)?", text) or float(text) > MAX_DURATION_SECONDS:
        raise ValueError(f"duration {_shown(text)} is no length of a call: write whole seconds, or h:mm:ss")
    return int(float(text))


def read_moment(text: str) -> datetime:
    """`2026-11-23 08:15:00` (Asia/Shanghai), with `/` or `T` as well, ISO 8601 with a zone, 14 digits, or Unix seconds.

    ValueError says what to write.
    """
    try:
        if re.fullmatch(r"\d{10}", text):
            return datetime.fromtimestamp(int(text), UTC)
        if re.fullmatch(r"\d{14}", text):
            moment = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=SHANGHAI)
        else:
            moment = datetime.fromisoformat(_padded(text.replace("/", "-")))
        if not 2000 <= moment.year <= 2100 or len(text) < 14:
            raise ValueError(text)
    except ValueError:
        raise ValueError(f"started_at {_shown(text)} is no moment: write it like 2026-11-23 08:15:00") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).astimezone(UTC)


def _padded(text: str) -> str:
    """As spreadsheets write it: 2026-1-3 8:05:00."""
    if parts := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{2})(:\d{2})?", text):
        year, month, day, hour, minute, seconds = parts.groups()
        return f"{year}-{month:0>2}-{day:0>2} {hour:0>2}:{minute}{seconds or ':00'}"
    return text


def _shown(text: str) -> str:
    cut = text if len(text) <= 30 else f"{text[:30]}…"
    return repr(mask_text(cut))
