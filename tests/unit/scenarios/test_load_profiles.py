"""Loads: files, sums, percentiles, and what SIPp's statistics say."""

from pathlib import Path

import pytest

from sipp_scenarios.load_profile import (
    LOADS,
    LoadProfile,
    LoadResult,
    load_profile,
    percentile,
    read_response_times,
    read_statistics,
)
from sipp_scenarios.loading import ScenarioError

GOOD = {"summary": "Callers arrive at a steady rate.", "calls_per_second": 20.0, "duration_seconds": 30}

STATISTICS = """\
StartTime;TotalCallCreated;SuccessfulCall(P);SuccessfulCall(C);FailedCall(C);FailedTimeoutOnRecv(C);Retransmissions(C);
x;0;0;0;0;0;0;
x;500;3;497;3;3;12;
"""


@pytest.mark.parametrize("name", sorted(path.stem for path in LOADS.glob("*.yaml")))
def test_a_load_of_the_project_can_be_read(name: str) -> None:
    assert load_profile(name).calls > 0


def test_a_steady_load_has_rate_times_duration_callers() -> None:
    assert LoadProfile(**GOOD).calls == 600


def test_a_ramp_has_the_callers_of_its_mean_rate() -> None:
    assert LoadProfile(**GOOD, ramp_from=10).calls == 450


def test_seats_are_numbered_on() -> None:
    assert LoadProfile(**GOOD, seats=3, first_seat=8001).seat_names() == ["8001", "8002", "8003"]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("calls_per_second: 0", "calls_per_second: Input should be greater than 0"),
        ("speed: 3", "speed: Extra inputs are not permitted"),
        ("dnis: 12a", "dnis: String should match pattern '^[0-9]{2,15}$'"),
        ("summary: [", "not readable as YAML"),
    ],
)
def test_a_mistake_in_a_load_names_its_place(tmp_path: Path, text: str, mistake: str) -> None:
    (tmp_path / "mine.yaml").write_text(f"summary: Callers arrive at a steady rate.\nduration_seconds: 5\n{text}\n")

    with pytest.raises(ScenarioError) as refusal:
        load_profile("mine", tmp_path)

    assert mistake in str(refusal.value)


def test_an_unknown_load_lists_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").touch()

    with pytest.raises(ScenarioError, match="no such load; there are mine"):
        load_profile("yours", tmp_path)


def test_the_last_line_of_the_statistics_counts() -> None:
    statistics = read_statistics(STATISTICS)

    assert (statistics.created, statistics.succeeded, statistics.failed) == (500, 497, 3)
    assert statistics.retransmissions == 12
    assert statistics.failures == {"no answer in time": 3}


@pytest.mark.parametrize("text", ["", "StartTime;TotalCallCreated;\n"])
def test_statistics_without_numbers_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no statistics"):
        read_statistics(text)


def test_response_times_are_milliseconds() -> None:
    assert read_response_times("Date_ms;response_time_ms;rtd_no\n12.001;4;1\n24.001;250;1\n") == [4.0, 250.0]


@pytest.mark.parametrize(("share", "value"), [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0), (0.001, 1.0)])
def test_percentiles_are_by_nearest_rank(share: float, value: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], share) == value


def test_no_values_have_no_percentile() -> None:
    assert percentile([], 0.99) == 0.0


def result(**changes: float) -> LoadResult:
    values = {
        "offered_per_second": 20.0, "calls": 1000, "succeeded": 1000, "failed": 0, "retransmissions": 0,
        "reached_agents": 1000, "invite_to_200_p50_ms": 3.0, "invite_to_200_p99_ms": 20.0,
        "achieved_per_second": 20.0, "duration_seconds": 50.0, **changes,
    }  # fmt: skip
    return LoadResult.model_validate(values)


def test_a_load_that_was_carried_is_good() -> None:
    assert result().is_good()


@pytest.mark.parametrize(
    "changes", [{"succeeded": 998}, {"invite_to_200_p99_ms": 500.0}, {"achieved_per_second": 18.0}]
)
def test_a_load_is_not_carried_with_losses_or_late_answers_or_a_slow_sipp(changes: dict[str, float]) -> None:
    assert not result(**changes).is_good()
