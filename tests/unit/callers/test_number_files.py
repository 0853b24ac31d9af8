"""Lists of numbers as offices keep them: found by their heads, each broken row told apart."""

import pytest

from app.callers.number_file import MAX_ROWS, BrokenRow, NumberFileUnreadable, NumberRow, read_number_file
from app.callers.rules import PriorityKind

HEAD = "号码,类别,原因\n"


def read(text: str, *, reason: str = "") -> list[NumberRow | BrokenRow]:
    return list(read_number_file(text.encode(), reason=reason))


def test_columns_are_found_by_their_names_in_any_order() -> None:
    rows = read("备注,类型,姓名,手机号\n听力不便,老年人,某某,199 0001 2345\n")

    assert rows == [NumberRow(2, "199 0001 2345", PriorityKind.ELDERLY, "听力不便")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_office_programs_write_what_they_like(encoding: str) -> None:
    data = f"{HEAD}19900012345,残障人士,名单\r\n".encode(encoding)

    assert list(read_number_file(data)) == [NumberRow(2, "19900012345", PriorityKind.DISABLED, "名单")]


def test_a_row_without_a_reason_takes_that_of_the_file() -> None:
    [row] = read("number,kind\n19900012345,minor\n", reason="教育局名单")

    assert isinstance(row, NumberRow)
    assert (row.kind, row.reason) == (PriorityKind.MINOR, "教育局名单")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("19900012345,领导,名单", "类别应为"),
        ("19900012345,老年人,", "原因"),
        ("19900012345,老年人,好", "原因"),
        (f"19900012345,老年人,{'长' * 201}", "原因"),
        (",老年人,名单", "没有号码"),
        ('19900012345,老年人,"没有收尾', "引号"),
        ("19900012345", "类别应为"),
    ],
)
def test_a_broken_row_says_what_is_wrong_and_the_rest_is_read(line: str, said: str) -> None:
    broken, good = read(f"{HEAD}{line}\n19900012346,老年人,名单\n")

    assert isinstance(broken, BrokenRow)
    assert (broken.row, said in broken.reason, "19900012345" in broken.reason) == (2, True, False)
    assert isinstance(good, NumberRow)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "空"),
        ("姓名,类别\n", "号码"),
        ("号码\n", "类别"),
        (HEAD + "1,老年人,名单\n" * (MAX_ROWS + 1), "分成"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused_whole(text: str, said: str) -> None:
    with pytest.raises(NumberFileUnreadable, match=said):
        read(text)


def test_bytes_that_are_no_text_and_files_that_are_too_large_are_refused() -> None:
    for data in (b"\xff\xff\x00", b"a" * (2**20 + 1)):
        with pytest.raises(NumberFileUnreadable):
            list(read_number_file(data))


def test_empty_lines_are_passed_over() -> None:
    assert read(f"{HEAD}\n,,\n  \n") == []
