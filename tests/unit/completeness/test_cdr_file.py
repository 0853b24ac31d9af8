"""A foreign exchange's list is read row by row: what is broken is told with its place and costs no other row."""

import re
from datetime import UTC, datetime

import pytest

from app.calls.cdr_file import CdrUnreadable, read_cdr_file, read_moment

HEAD = "call_id,started_at,caller,duration_seconds\n"
QUARTER_PAST_EIGHT = datetime(2026, 11, 23, 0, 15, tzinfo=UTC)


def test_a_row_is_read() -> None:
    (row,) = read_cdr_file((HEAD + "7.1,2026-11-23 08:15:00,13800138000,65\n").encode()).rows

    assert (row.row, row.call_id, row.caller_number, row.duration_seconds) == (2, "7.1", "13800138000", 65)
    assert row.started_at == QUARTER_PAST_EIGHT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_chinese_headings_are_understood_as_exchanges_write_them(encoding: str, separator: str) -> None:
    lines = [["序号", "主叫号码", "开始时间", "通话时长(秒)"], ["一", "2345678", "2026/11/23 8:15", "65"]]
    text = "\r\n".join(separator.join(line) for line in lines)

    (row,) = read_cdr_file(text.encode(encoding)).rows

    assert (row.caller_number, row.started_at) == ("03752345678", QUARTER_PAST_EIGHT)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23 08:15:00", "2026/11/23 08:15:00", "2026-11-23T08:15:00", "2026-11-23T08:15:00+08:00",
        "2026-11-23T00:15:00Z", "20261123081500", "2026/11/23 8:15", str(int(QUARTER_PAST_EIGHT.timestamp())),
    ],
)  # fmt: skip
def test_a_moment_may_be_written_in_these_ways(text: str) -> None:
    assert read_moment(text) == QUARTER_PAST_EIGHT


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01 08:15:00", "2026-11-23", "08:15", "1999-01-01 00:00:00"])
def test_what_is_no_moment_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 2026-11-23 08:15:00"):
        read_moment(text)


@pytest.mark.parametrize("caller", ["", "anonymous", "匿名", "Unknown"])
def test_a_withheld_number_is_no_fault(caller: str) -> None:
    file = read_cdr_file((HEAD + f"7.1,2026-11-23 08:15:00,{caller},65\n").encode())

    assert (file.rows[0].caller_number, file.broken) == (None, [])


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("7.1,2026-11-23 25:15:00,13800138000,65", "started_at '2026-11-23 25:15:00' is no moment"),
        ("7.1,2026-11-23 08:15:00,张三,65", "caller '张三' is no number"),
        ("7.1,2026-11-23 08:15:00,x13800138000,65", r"'x138\*\*\*\*8000'"),
        ("7.1,2026-11-23 08:15:00,13800138000,-5", "duration '-5' is no length of a call"),
        ("7.1,2026-11-23 08:15:00,13800138000,1e9", "duration '1e9'"),
        ("7.1,2026-11-23 08:15:00,13800138000", "3 fields where the heading has 4"),
        ("7.1,2026-11-23 08:15:00,13800138000,65,,", "6 fields"),
        ('7.1,"2026-11-23 08:15:00,13800138000,65', "a quote is not closed"),
        ("7.1,2026-11-23 08:15:00,\x00,65", "a NUL byte"),
        (f"7.1,2026-11-23 08:15:00,13800138000,{'6' * 300}", "more than 200 characters"),
    ],
)
def test_a_broken_row_is_told_with_its_place_and_spoils_no_other(row: str, says: str) -> None:
    good = "7.2,2026-11-23 08:16:00,13900139000,5"

    file = read_cdr_file(f"{HEAD}{good}\n\n{row}\n{good}\n".encode())

    assert [kept.row for kept in file.rows] == [2, 5]
    (broken,) = file.broken
    assert broken.row == 4
    assert re.search(says, broken.message)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"\xff\xfe\x00PK\x03", "neither UTF-8 nor GB18030"),
        (b"caller,when\n1,2\n", r"add started_at \(or start"),
        (b"7.1,2026-11-23 08:15:00,13800138000,65\n", "line 1 is no heading"),
    ],
)
def test_what_is_no_list_at_all_says_what_to_do(data: bytes, says: str) -> None:
    with pytest.raises(CdrUnreadable, match=says):
        read_cdr_file(data)
