"""A commitment's lines: a day and a goal each, in order, or a sentence that says what is wrong."""

from datetime import date

import pytest

from app.casework.milestones import MOST, Goal, GoalsUnreadable, read_goals


@pytest.mark.parametrize(
    "line", ["2026-12-01 完成设计", "2026年12月1日：完成设计", "2026/12/1，完成设计", "2026.12.01完成设计"]
)
def test_days_are_read_as_people_write_them(line: str) -> None:
    assert read_goals(f"\n {line} \n") == [Goal(date(2026, 12, 1), "完成设计")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("三月完成设计", "应以日期开头"),
        ("2026-02-30 完成设计", "应以日期开头"),
        ("2026-12-01", "应以日期开头"),
        ("2026-12-02 完成设计\n2026-12-02 完成施工", "晚于上一个"),
        (" \n ", f"1至{MOST}个"),
        ("\n".join(f"2026-12-{day:02} 目标" for day in range(1, MOST + 2)), f"1至{MOST}个"),
    ],
)
def test_what_names_no_days_in_order_is_refused_with_the_line(text: str, words: str) -> None:
    with pytest.raises(GoalsUnreadable, match=words):
        read_goals(text)
