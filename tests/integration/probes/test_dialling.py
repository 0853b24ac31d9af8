"""One test call with real SIPp, to an exchange that does as it is told."""

from typing import Any

import pytest

from app.probes.dialler import Dialler
from app.probes.models import ProbeFault
from app.probes.rules import Dialled, fault_of_sound
from app.probes.settings import ProbeSettings
from tests.fakes.foreign_exchange import ForeignExchange, answering, speech

pytestmark = pytest.mark.services


def dialled(exchange: ForeignExchange, *, answer_seconds: float = 5) -> Dialled:
    with answering(exchange):
        settings = ProbeSettings(sip_port=exchange.port)
        return Dialler(settings, answer_seconds=answer_seconds, listen_seconds=1.5).dial("12315", "90000000001")


def test_a_line_that_greets_is_well() -> None:
    exchange = ForeignExchange(says=speech(1.0))

    met = dialled(exchange)

    assert fault_of_sound(met) is None
    assert met.answer_ms is not None
    assert (met.audio_ms, met.is_cut_off) == (1000, False)
    assert exchange.requests == ["INVITE", "ACK", "BYE"]


def test_a_line_that_greets_and_hangs_up_is_well() -> None:
    met = dialled(ForeignExchange(says=speech(0.8), hangs_up=True))

    assert (fault_of_sound(met), met.is_cut_off) == (None, True)


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ({"says": speech(1.0, amplitude=40)}, ProbeFault.SILENT),
        ({}, ProbeFault.SILENT),
        ({"hangs_up": True}, ProbeFault.BROKEN_OFF),
        ({"status": 404}, ProbeFault.REFUSED),
        ({"status": 486}, ProbeFault.REFUSED),
        ({"status": 503}, ProbeFault.REFUSED),
    ],
    ids=["hardly a sound", "no sound", "hangs up at once", "unknown number", "busy", "trunk down"],
)
def test_what_a_line_does_wrong_is_seen(told: dict[str, Any], fault: ProbeFault) -> None:
    met = dialled(ForeignExchange(**told))

    assert fault_of_sound(met) is fault
    assert met.sip_status == told.get("status", 200)


def test_a_line_that_nobody_answers_is_given_up() -> None:
    exchange = ForeignExchange(status=None)

    met = dialled(exchange, answer_seconds=1)

    assert fault_of_sound(met) is ProbeFault.NO_ANSWER
    assert exchange.requests == ["INVITE", "CANCEL", "ACK"]


def test_a_switch_that_is_not_there_is_no_answer() -> None:
    met = Dialler(ProbeSettings(sip_port=1), answer_seconds=1, listen_seconds=1).dial("12315", "90000000001")

    assert fault_of_sound(met) is ProbeFault.NO_ANSWER


@pytest.mark.parametrize("line", ["", "12", "12315;x", "12 315", "$line", "一二三四五", "1" * 21])
def test_what_is_no_number_is_not_dialled(line: str) -> None:
    assert "is no number" in Dialler(ProbeSettings()).dial(line, "90000000001").failure


def test_an_address_that_is_not_ours_is_our_own_fault_not_the_lines() -> None:
    met = Dialler(ProbeSettings(probe_address="192.0.2.1")).dial("12315", "90000000001")

    assert fault_of_sound(met) is ProbeFault.CANNOT_DIAL
    assert "192.0.2.1 cannot be used" in met.failure


def test_without_sipp_the_fault_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    assert "sipp is not installed" in Dialler(ProbeSettings()).dial("12315", "90000000001").failure
