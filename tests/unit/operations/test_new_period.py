"""The quick change: what the form says becomes one period, with the fields that its mode knows and no others."""

import pytest
import yaml

from app.operations.new_period import PeriodForm, read_period, read_seats
from app.operations.plan_text import PlanTextRefused, list_plan_seats
from dialplan.line_plan import Period

FILLED = PeriodForm(
    since="2026-12-01", direction="out", trunk="transport", seats="8009, 8012-8014", order="hotline_first",
    own_ring_seconds="15", hotline_ring_seconds="25",
)  # fmt: skip


def planned(form: PeriodForm) -> Period:
    """The period as the plan's own model reads the text."""
    return Period.model_validate(yaml.safe_load(str(read_period(form))))


def test_own_seats_answer_in_parallel_with_their_seconds() -> None:
    period = planned(FILLED.model_copy(update={"mode": "parallel", "trunk": ""}))

    assert (period.trunk, period.seats) == (None, ["8009", "8012", "8013", "8014"])
    assert (period.order, period.own_ring_seconds, period.hotline_ring_seconds) == ("hotline_first", 15, 25)


def test_a_trunk_and_own_seats_may_ring_together() -> None:
    period = planned(FILLED.model_copy(update={"mode": "parallel", "order": "together"}))

    assert (period.trunk, len(period.seats), period.order) == ("transport", 4, "together")
    assert period.hotline_ring_seconds == 20  # the plan's own: together, nobody is rung first


@pytest.mark.parametrize("mode", ["direct_merge", "dual_number", "cancelled"])
def test_a_mode_that_rings_nobody_is_written_alone(mode: str) -> None:
    assert str(read_period(FILLED.model_copy(update={"mode": mode}))) == f"{{from: 2026-12-01, mode: {mode}}}"


def test_forwarding_in_leaves_the_trunk_out_and_forwarding_out_needs_it() -> None:
    forward = FILLED.model_copy(update={"mode": "forward"})

    assert str(read_period(forward)) == "{from: 2026-12-01, mode: forward, direction: out, trunk: transport}"
    assert "trunk" not in str(read_period(forward.model_copy(update={"direction": "in"})))
    with pytest.raises(PlanTextRefused, match="部门中继"):
        read_period(forward.model_copy(update={"trunk": ""}))


def test_every_field_of_a_period_can_be_chosen() -> None:
    """A field that the plan learns must come into the form, too."""
    names = {field.alias or name for name, field in Period.model_fields.items()}

    assert names - {"from"} <= set(PeriodForm.model_fields)


@pytest.mark.parametrize(
    ("text", "seats"),
    [
        ("8009", ("8009",)),
        ("8012-8014，8009、8013", ("8012", "8013", "8014", "8009")),
        (" 0099-0101 ", ("0099", "0100", "0101")),
        ("", ()),
    ],
)
def test_seats_are_read_as_people_write_them(text: str, seats: tuple[str, ...]) -> None:
    assert read_seats(text) == seats


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"seats": "80o9"}, "无法识别"),
        ({"seats": "8014-8012"}, "无法识别"),
        ({"seats": "99-100"}, "无法识别"),
        ({"seats": "8001-9999"}, "最多 100 个"),
        ({"seats": "8001-8090, 9001-9090"}, "最多 100 个"),
        ({"seats": "", "trunk": ""}, "自有坐席"),
        ({"own_ring_seconds": "0"}, "1 到 120"),
        ({"own_ring_seconds": "-5"}, "1 到 120"),
        ({"hotline_ring_seconds": "601"}, "1 到 600"),
        ({"since": "明天"}, "生效日期"),
    ],
)
def test_what_cannot_be_read_is_refused_with_how_to_write_it(changed: dict[str, str], said: str) -> None:
    with pytest.raises(PlanTextRefused, match=said):
        read_period(FILLED.model_copy(update={"mode": "parallel", **changed}))


def test_the_plans_seats_are_offered_as_ranges() -> None:
    assert list_plan_seats("seats:\n  - {name: hall, range: 8001-8010}\n  - {name: one, range: 9001}") == [
        "8001-8010",
        "9001",
    ]
    assert list_plan_seats("seats: [") == []
