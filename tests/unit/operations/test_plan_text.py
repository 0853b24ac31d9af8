"""The quick change of a line's mode touches its own line of text and nothing else."""

from datetime import date

import pytest
import yaml

from app.operations.plan_text import NewPeriod, PlanLine, PlanTextRefused, add_period, list_plan_lines, rows_of

TODAY = date(2026, 11, 23)
MERGE = NewPeriod(date(2026, 12, 1), "direct_merge")
HEAD = "# 平顶山\nname: demo\n"

FLOW = HEAD + 'lines:\n  - {number: "12315", label: 消费, queue: c}  # 市场监管局\nqueues: []\n'
BLOCK = HEAD + 'lines:\n  - number: "12315"\n    label: 消费  # 市场监管局\n\n# 队列\nqueues: []\n'
FLOW_PERIODS = FLOW.replace("queue: c", "queue: c, periods: [{from: 2026-01-01, mode: forward}]")
TWO_PERIODS = """
    periods:
      - from: 2026-01-01
        mode: forward  # 过渡
      - {from: 2027-01-01, mode: cancelled}"""
BLOCK_PERIODS = BLOCK.replace("\n\n# 队列", f"{TWO_PERIODS}\n\n# 队列")


def periods(text: str) -> list[tuple[str, str]]:
    return [(str(p["from"]), p["mode"]) for p in yaml.safe_load(text)["lines"][0]["periods"]]


@pytest.mark.parametrize("text", [FLOW, BLOCK])
def test_a_line_without_periods_keeps_its_mode_until_the_day(text: str) -> None:
    changed = add_period(text, "12315", NewPeriod(date(2026, 12, 1), "parallel", trunk="bureau"), today=TODAY)

    assert periods(changed) == [("2026-11-23", "direct_merge"), ("2026-12-01", "parallel")]
    assert "trunk: bureau" in changed


def test_a_first_period_that_begins_today_stands_alone() -> None:
    assert periods(add_period(FLOW, "12315", NewPeriod(TODAY, "forward"), today=TODAY)) == [("2026-11-23", "forward")]


@pytest.mark.parametrize("text", [FLOW_PERIODS, BLOCK_PERIODS])
def test_a_period_is_put_in_the_order_of_days(text: str) -> None:
    days = [since for since, _ in periods(add_period(text, "12315", MERGE, today=TODAY))]

    assert days == sorted(days)
    assert "2026-12-01" in days


@pytest.mark.parametrize("text", [FLOW_PERIODS, BLOCK_PERIODS])
@pytest.mark.parametrize("since", [date(2025, 1, 1), date(2026, 6, 1), date(2030, 1, 1)])
def test_before_between_and_after_the_periods_there_is_room(text: str, since: date) -> None:
    before = periods(text)

    after = periods(add_period(text, "12315", NewPeriod(since, "direct_merge"), today=TODAY))

    assert after == sorted([*before, (str(since), "direct_merge")])


@pytest.mark.parametrize("text", [FLOW_PERIODS, BLOCK_PERIODS])
def test_a_period_of_the_same_day_is_replaced(text: str) -> None:
    changed = add_period(text, "12315", NewPeriod(date(2026, 1, 1), "parallel", trunk="bureau"), today=TODAY)

    assert periods(changed)[0][1] == "parallel"
    assert len(periods(changed)) == len(periods(text))


@pytest.mark.parametrize("text", [FLOW, BLOCK, FLOW_PERIODS, BLOCK_PERIODS])
def test_nothing_else_moves_and_no_comment_is_lost(text: str) -> None:
    changed = add_period(text, "12315", MERGE, today=TODAY)
    old, new = yaml.safe_load(text), yaml.safe_load(changed)
    for plan in (old, new):
        plan["lines"][0].pop("periods", None)

    assert new == old
    for comment in ("# 平顶山", "# 市场监管局"):
        assert comment in changed


def test_an_empty_list_of_periods_is_filled() -> None:
    text = FLOW.replace("queue: c", "queue: c, periods: []")

    assert len(periods(add_period(text, "12315", MERGE, today=TODAY))) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FLOW, "没有号码 12333"),
        ("lines: [", "不是有效的 YAML"),
        ("name: demo", "没有 lines"),
        ("", "没有 lines"),
        ("- a", "没有 lines"),
        ("lines: 5", "没有 lines"),
    ],
)
def test_what_cannot_be_edited_is_refused_with_what_to_do(text: str, said: str) -> None:
    with pytest.raises(PlanTextRefused, match=said):
        add_period(text, "12333", MERGE, today=TODAY)


def test_lines_are_listed_in_the_order_of_the_text_and_a_broken_text_has_none() -> None:
    assert list_plan_lines(BLOCK) == [PlanLine("12315", "消费")]
    assert list_plan_lines("lines: [") == []


def test_each_fault_is_found_at_its_row() -> None:
    places = ["lines[12315].periods[1].mode", "site.yaml: line 7", "lines[12315]", "nothing", "lines[9]", "name"]

    assert rows_of(BLOCK_PERIODS, places) == [9, 7, 4, None, 4, 2]
    assert rows_of("lines: [", ["line 1", "lines"]) == [1, None]


@pytest.mark.parametrize("text", ["[" * 200_000, "[" * 5_000 + "]" * 5_000, "- " * 5_000 + "a", "{a: " * 5_000])
def test_a_text_of_lists_within_lists_harms_nobody(text: str) -> None:
    """PyYAML's composer in C would end the whole process."""
    assert rows_of(text, ["line 1", "lines[12315]"]) == [1, None]


def test_a_text_is_read_once_for_all_its_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    composed, compose = [], yaml.compose
    monkeypatch.setattr(yaml, "compose", lambda *args, **kind: composed.append(args) or compose(*args, **kind))

    assert rows_of(BLOCK, ["lines[12315].queue"] * 500) == [4] * 500
    assert len(composed) == 1
