"""The file of a former hotline's system, row by row: what is read, and what every broken row is told."""

from datetime import UTC, datetime

import pytest

from app.tickets.legacy_file import BrokenRow, LegacyFileUnreadable, LegacyRow, read_legacy_file
from app.tickets.models import TicketStatus

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
HEAD = "原编号,受理时间,热线号码,来电号码,诉求类型,诉求内容,状态\n"
HEAD_OF_THREE = "原编号,受理时间,诉求内容\n"


def read(text: str | bytes, line: str = "") -> list[LegacyRow | BrokenRow]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(read_legacy_file(data, line=line, area_code="0375", now=NOW))


def only(text: str, line: str = "") -> LegacyRow | BrokenRow:
    (row,) = read(text, line)
    return row


def test_a_row_of_a_former_system_is_understood() -> None:
    row = only(HEAD + "CS-001,2018-09-30 23:59:59,12333,19900012345,咨询,社保卡多久能办好,已办结\n")

    assert isinstance(row, LegacyRow)
    assert (row.row, row.legacy_id, row.line, row.caller_number) == (2, "CS-001", "12333", "19900012345")
    assert row.received_at == datetime(2018, 9, 30, 15, 59, 59, tzinfo=UTC)
    assert (row.ticket_type, row.status, row.title) == ("consult", TicketStatus.FINISHED, "社保卡多久能办好")


def test_heads_may_be_english_and_other_columns_are_left_alone() -> None:
    text = "content,ignored,received_at,legacy_id\n内容,x,2018/9/1 8:00,7\n".replace(
        "2018/9/1 8:00", "2018/09/01 08:00"
    )

    row = only(text, line="12333")

    assert isinstance(row, LegacyRow)
    assert (row.legacy_id, row.line, row.received_at.hour) == ("7", "12333", 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encodings_of_old_systems_are_read(encoding: str) -> None:
    (row,) = read((HEAD + "1,2018-09-30,12333,,投诉,噪声扰民,\n").encode(encoding))

    assert isinstance(row, LegacyRow)
    assert row.content == "噪声扰民"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (",2018-09-30,12333,,咨询,内容,", "legacy_id is empty"),
        ("1,昨天,12333,,咨询,内容,", "is no moment"),
        ("1,2099-01-01,12333,,咨询,内容,", "lies outside 1990 and today"),
        ("1,2018-09-30,一二三,,咨询,内容,", "is no hotline number"),
        ("1,2018-09-30,,,咨询,内容,", "name it with --line"),
        ("1,2018-09-30,12333,,闲聊,内容,", "ticket_type '闲聊' is unknown"),
        ("1,2018-09-30,12333,,咨询,,", "content is empty"),
        ("1,2018-09-30,12333,,咨询,内容,丢失", "status '丢失' is unknown"),
        ("1", "content is empty"),
        ("x" * 81 + ",2018-09-30,12333,,咨询,内容,", "longer than 80"),
    ],
)
def test_a_broken_row_says_what_is_wrong_and_blocks_no_other(cells: str, reason: str) -> None:
    broken, good = read(f"{HEAD}{cells}\n2,2018-09-30,12333,,咨询,内容,\n")

    assert isinstance(broken, BrokenRow)
    assert broken.row == 2
    assert reason in broken.reason
    assert isinstance(good, LegacyRow)


def test_a_number_given_twice_is_kept_once() -> None:
    first, second = read(HEAD + "1,2018-09-30,12333,,咨询,一,\n1,2018-09-30,12333,,咨询,二,\n")

    assert isinstance(first, LegacyRow)
    assert isinstance(second, BrokenRow)
    assert "stands in row 2 already" in second.reason


def test_empty_lines_are_passed_over() -> None:
    assert len(read(HEAD + "\n,,,,,,\n1,2018-09-30,12333,,咨询,一,\n\n")) == 1


def test_a_quote_that_never_closes_is_told_with_its_row() -> None:
    rows = read(HEAD + '1,2018-09-30,12333,,咨询,一,\n2,2018-09-30,12333,,咨询,"二,\n')

    assert isinstance(rows[-1], BrokenRow)
    assert "correct its quotes" in rows[-1].reason


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "lacks legacy_id"),
        ("编号,内容\n1,2\n".encode(), "received_at"),
        (b"\xff\xff\xff", "neither UTF-8 nor GB18030"),
        (b"PK\x03\x04\0\0\0", "neither UTF-8 nor GB18030"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused_as_a_whole(data: bytes, told: str) -> None:
    with pytest.raises(LegacyFileUnreadable, match=told):
        read(data)


def test_a_stray_quote_spoils_its_own_row_alone() -> None:
    good = "A-{},2018-09-30 10:00,咨询社保卡\n"
    text = HEAD_OF_THREE + good.format(1) + 'A-2,2018-09-30 10:00,"没有结束的引号\n' + "".join(
        good.format(n) for n in range(3, 400)
    )  # fmt: skip

    rows = list(read_legacy_file(text.encode(), line="12333", area_code="0375", now=NOW))

    broken = [row for row in rows if isinstance(row, BrokenRow)]
    assert [(row.row, row.reason.split(":")[0]) for row in broken] == [(3, "no CSV")]
    assert len(rows) - len(broken) == 398


def test_a_quoted_cell_may_have_many_lines() -> None:
    text = HEAD_OF_THREE + 'A-1,2018-09-30 10:00,"第一行\n第二行，含""引号""\n第三行"\nA-2,2018-09-30 10:00,第二件\n'

    first, second = read_legacy_file(text.encode(), line="12333", area_code="0375", now=NOW)

    assert isinstance(first, LegacyRow)
    assert first.content == '第一行\n第二行，含"引号"\n第三行'
    assert isinstance(second, LegacyRow)
    assert (second.row, second.legacy_id) == (3, "A-2")


def test_json_lines_are_read_by_the_same_names_and_broken_ones_told() -> None:
    lines = (
        '{"legacy_id": "J-1", "受理时间": "2018-09-30 10:00", "content": "停水三天", "诉求类型": "投诉", "more": [1]}',
        '{"legacy_id": 2, "received_at": "2018-09-30 10:00", "content": "停电", "line": 12315}',
        '{"legacy_id": "J-3", ',
        '["J-4"]',
        '{"legacy_id": "J-5", "received_at": "2018-09-30 10:00", "content": "\\u0000"}',
        '{"legacy_id": "J-6", "received_at": "2018-09-30 10:00", "content": "\\ud800"}',
        '{"legacy_id": "J-7", "received_at": "2018-09-30 10:00", "content": {"text": "停水"}}',
        '{"legacy_id": "J-8", "received_at": "昨天", "content": "停水"}',
    )

    rows = list(read_legacy_file("\n".join(lines).encode(), line="12333", area_code="0375", now=NOW))

    good = [row for row in rows if isinstance(row, LegacyRow)]
    assert [(row.row, row.legacy_id, row.line, row.ticket_type) for row in good] == [
        (1, "J-1", "12333", "complaint"), (2, "2", "12315", None),
    ]  # fmt: skip
    assert [row.row for row in rows if isinstance(row, BrokenRow)] == [3, 4, 5, 6, 7, 8]
