"""A list of numbers to be put through first, as offices keep it: CSV, each row judged alone. Pure."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from app.callers.rules import KIND_WORDS, PriorityKind

MAX_BYTES = 2**20
MAX_ROWS = 10_000
REASON_LENGTH = (2, 200)
HEADS = {
    "number": ("number", "号码", "电话", "电话号码", "手机号", "联系电话"),
    "kind": ("kind", "类别", "人群", "类型"),
    "reason": ("reason", "原因", "理由", "说明", "备注"),
}
"""Column → what its head may be called."""


class NumberFileUnreadable(ValueError):
    """The file as a whole cannot be used; the message, in Chinese, says what to do."""


@dataclass(frozen=True)
class NumberRow:
    """One number. `row` is the line of the file, the heading being line 1."""

    row: int
    number: str
    kind: PriorityKind
    reason: str


@dataclass(frozen=True)
class BrokenRow:
    """A row that is left out, and why. It names no number."""

    row: int
    reason: str


def read_number_file(data: bytes, *, reason: str = "") -> Iterator[NumberRow | BrokenRow]:
    """Every row in its order. `reason` is that of rows that give none. Raises NumberFileUnreadable."""
    lines = _text_of(data).splitlines()
    if not lines:
        raise NumberFileUnreadable("文件是空的")
    columns = _columns(_cells(lines[0]) or [])
    if len(lines) - 1 > MAX_ROWS:
        raise NumberFileUnreadable(f"超过 {MAX_ROWS} 行，请分成几个文件")
    for row, line in enumerate(lines[1:], start=2):
        if line.strip(" ,\t"):
            yield _read(row, _cells(line), columns, reason)


def _text_of(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise NumberFileUnreadable("文件太大，请分成几个文件")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NumberFileUnreadable("文件编码无法识别，请另存为 CSV（UTF-8）")


def _cells(line: str) -> list[str] | None:
    """One line alone, so that a quote that never ends spoils its own row and no other."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True))]
    except csv.Error:
        return None


def _columns(heads: list[str]) -> dict[str, int]:
    known = {name: column for column, names in HEADS.items() for name in names}
    columns = {known[head.lower()]: at for at, head in reversed(list(enumerate(heads))) if head.lower() in known}
    for column in ("number", "kind"):
        if column not in columns:
            raise NumberFileUnreadable(f"第一行缺少“{HEADS[column][1]}”列")
    return columns


def _read(row: int, cells: list[str] | None, columns: dict[str, int], reason: str) -> NumberRow | BrokenRow:
    if cells is None:
        return BrokenRow(row, "引号没有成对")
    given = {column: cells[at] if at < len(cells) else "" for column, at in columns.items()}
    kind = kind_of(given["kind"])
    if kind is None:
        return BrokenRow(row, f"类别应为：{'、'.join(KIND_WORDS.values())}")
    why = given.get("reason") or reason
    least, most = REASON_LENGTH
    if not least <= len(why) <= most or not why.isprintable():
        return BrokenRow(row, f"原因应有 {least} 到 {most} 个字")
    if not given["number"]:
        return BrokenRow(row, "没有号码")
    return NumberRow(row, given["number"], kind, why)


def kind_of(text: str) -> PriorityKind | None:
    """By its code or its Chinese word."""
    return next((kind for kind, word in KIND_WORDS.items() if text.strip().lower() in {kind.value, word}), None)
