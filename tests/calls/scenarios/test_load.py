"""Load with real SIPp: what it reports is what was sent."""

from pathlib import Path

import pytest

from sipp_scenarios.load_profile import LoadProfile
from sipp_scenarios.load_run import run_ceiling, run_load
from sipp_scenarios.target import Target

pytestmark = pytest.mark.calls


def test_sipp_against_sipp_loses_nothing_at_a_modest_rate(tmp_path: Path) -> None:
    profile = LoadProfile(
        summary="A few callers of a test.", calls_per_second=10, duration_seconds=3, talk_ms=200, stay_ms=2000
    )

    result = run_ceiling(profile, tmp_path / "ceiling")

    assert (result.calls, result.succeeded, result.failed, result.reached_agents) == (30, 30, 0, 30)
    assert result.failures == {}


def test_callers_whom_nobody_answers_have_failed(tmp_path: Path) -> None:
    profile = LoadProfile(
        summary="Callers who are left alone.", calls_per_second=5, duration_seconds=1, stay_ms=100, seats=0,
        answer_within_ms=100,
    )  # fmt: skip
    target = Target(home=tmp_path, sip_port=9, seat_secret="x" * 32)  # the discard port: nobody is there

    result = run_load(profile, target)

    assert result.succeeded == 0
    assert sum(result.failures.values()) == result.failed == 5
    assert not result.is_good()
