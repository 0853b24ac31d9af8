"""Load with real SIPp: what it reports is what was sent."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from sipp_scenarios.load_profile import LoadProfile
from sipp_scenarios.load_run import run_ceiling, run_load
from sipp_scenarios.store import Store
from sipp_scenarios.target import Target
from tests.stack import Stack

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


def test_many_seats_register_from_one_sipp_and_take_calls(brief_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_HOME", str(brief_stack.home))
    target = Target()
    agents = [person for person in target.people() if person.role == "agent"]
    profile = LoadProfile(
        summary="A few callers for the three agents.", calls_per_second=2, duration_seconds=2, talk_ms=200, seats=3
    )
    with Store.open(target) as store, ExitStack() as signed_in:

        def sign_in(_seats: Sequence[str]) -> None:
            for agent in agents:
                store.sign_in(agent.username)
                signed_in.callback(store.sign_out, agent.username)

        result = run_load(profile, target, before_calls=sign_in)

    assert (result.succeeded, result.reached_agents) == (4, 4)
    assert 0 < result.invite_to_200_p99_ms < 10_000
