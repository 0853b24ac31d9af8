"""The head of the operations pages: a rehearsed clock and a change that was cut short are told."""

from datetime import UTC, datetime

from app.contract.changes import NodeState
from app.platform.pages import make_environment


def head(state: NodeState, rehearsed_at: datetime | None = None) -> str:
    template = make_environment().get_template("operations/state.html")
    return template.render(
        state=state, rehearsed_at=rehearsed_at, running=None, names={}, missing_year=None, parked_count=0
    )


STATE = NodeState(is_running=True, plan_file="site.yaml", plan_file_differs=False)


def test_a_rehearsed_day_is_told_with_the_moment_by_which_calls_are_handled() -> None:
    shown = head(STATE, datetime(2026, 11, 30, 16, 0, tzinfo=UTC))

    assert "正在演练" in shown
    assert "2026-12-01 00:00" in shown
    assert "正在演练" not in head(STATE)


def test_a_change_that_was_cut_short_is_told() -> None:
    assert "中途断了" in head(STATE.model_copy(update={"is_cut_short": True}))
    assert "中途断了" not in head(STATE)
