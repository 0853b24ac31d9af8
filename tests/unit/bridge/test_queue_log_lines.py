"""Lines of queue_log: those that tell something, those that do not, and garbage."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ami_bridge.events import (
    AmiAgentCompleted,
    AmiAgentConnected,
    AmiCallArrived,
    AmiCallEnded,
    AmiForwarded,
    AmiMemberPaused,
    AmiTransferred,
    AmiTransferStep,
    Caller,
    TransferStep,
)
from ami_bridge.interpret import interpret
from ami_bridge.parse import Unreadable
from ami_bridge.queue_log import LINES, parse_line
from app.contract.ids import CallId, LinkedId, UniqueId


def test_a_connect_names_the_members_leg() -> None:
    [event] = parse_line("1795402484|node1-1.3|common|1001|CONNECT|5|node1-1.4|2")

    assert isinstance(event, AmiAgentConnected)
    assert (event.at, event.member_uniqueid, event.hold_time_seconds, event.ring_time_seconds) == (
        1795402484.0,
        "node1-1.4",
        5,
        2,
    )


def test_our_own_end_says_who_was_waiting() -> None:
    [event] = parse_line("1795402499|node1-1.7|NONE|NONE|HLENDED|queue|common||1795402496|0")

    assert isinstance(event, AmiCallEnded)
    assert (event.stage, event.queue, event.member, event.queued_at, event.cause) == (
        "queue",
        "common",
        "",
        1795402496.0,
        0,
    )


def test_a_blind_transfer_is_a_transfer_and_an_end() -> None:
    transferred, ended = parse_line("1|u|common|1001|BLINDTRANSFER|8002|from-seat|3|41|1")

    assert isinstance(transferred, AmiTransferred)
    assert transferred.target == "8002"
    assert isinstance(ended, AmiAgentCompleted)
    assert (ended.talk_time_seconds, ended.ended_by) == (41, "transfer")


@pytest.mark.parametrize("data", ["BRIDGE|b-1|3|41|1", "APP|Park|3|41|1", "LINK|a|b|3|41|1"])
def test_an_attended_transfer_ends_with_its_times_whatever_stands_before(data: str) -> None:
    _, ended = parse_line(f"1|u|common|1001|ATTENDEDTRANSFER|{data}")

    assert isinstance(ended, AmiAgentCompleted)
    assert ended.talk_time_seconds == 41


def test_pause_lines_say_who_and_why() -> None:
    [paused] = parse_line("1|NONE|common|1001|PAUSE|meal")
    [resumed] = parse_line("1|NONE|common|1001|UNPAUSE|")

    assert paused == AmiMemberPaused(1.0, "common", "1001", True, "meal")
    assert resumed == AmiMemberPaused(1.0, "common", "1001", False, "")


@pytest.mark.parametrize(
    "line",
    [
        "1|NONE|NONE|NONE|QUEUESTART|",
        "1|u|common|NONE|ABANDON|1|1|3",
        "1|u|common|1001|RINGCANCELED|2481",
        "1|NONE|NONE|1001|PAUSEALL|meal",
        "1|NONE|NONE|NONE|CONFIGRELOAD|",
        "1|MANAGER|common|PJSIP/8001|ADDMEMBER|",
        "1|MANAGER|common|PJSIP/8001|REMOVEMEMBER|",
    ],
)
def test_lines_that_tell_nothing_by_themselves(line: str) -> None:
    assert parse_line(line) == []


@pytest.mark.parametrize(
    "line",
    [
        "",
        "garbage",
        "|||||",
        "noon|u|common|1001|CONNECT|5|leg|2",
        "-1|u|common|1001|CONNECT|5|leg|2",
        "1|u|common|1001|CONNECT|soon|leg|2",
        "1|u|common|1001|CONNECT|5",
        "1|u|common|1001|BLINDTRANSFER|8002",
        "1|u|common|1001|RINGNOANSWER|x",
        "1|u|NONE|NONE|HLENDED|queue|common||then|16",
        "1|u|NONE|NONE|HLENDED|queue|common||nan|16",
        "99999999999999|u|common|NONE|ENTERQUEUE||138|1",
        "1|u|common|1001|COMPLETECALLER|1|x|1",
    ],
)
def test_garbage_is_unreadable_and_nothing_worse(line: str) -> None:
    with pytest.raises(Unreadable, match="queue_log"):
        parse_line(line)


@given(st.sampled_from(sorted(LINES)), st.lists(st.text(max_size=12), max_size=8))
def test_no_line_raises_anything_else(name: str, data: list[str]) -> None:
    with contextlib.suppress(Unreadable):
        for event in parse_line("|".join(["1", "u", "common", "1001", name, *data])):
            with contextlib.suppress(ValidationError):
                interpret(event)


def test_an_arrival_of_before_the_lines_had_modes_is_still_read() -> None:
    [event] = parse_line("1795402484|node1-1.3|NONE|NONE|HLARRIVED|carrier|12315|138|")

    assert isinstance(event, AmiCallArrived)
    assert (event.dnis, event.original_line, event.line_rule) == ("12315", "", "")


def test_an_arrival_tells_line_rule_mode_and_diversion() -> None:
    [event] = parse_line("1|n-1.3|NONE|NONE|HLARRIVED|transport|12345|138||12328|diversion|parallel|037512328")

    assert isinstance(event, AmiCallArrived)
    assert (event.original_line, event.line_rule, event.mode, event.diversion) == (
        "12328",
        "diversion",
        "parallel",
        "037512328",
    )


def test_a_leg_to_a_department_tells_what_became_of_it() -> None:
    [event] = parse_line("1|n-1.3|NONE|NONE|HLFORWARDED|12333|labour|busy|900|0|0")

    assert isinstance(event, AmiForwarded)
    assert (event.line, event.trunk, event.result, event.ring_time_ms, event.is_parallel) == (
        "12333",
        "labour",
        "busy",
        900,
        False,
    )


def test_a_result_nobody_knows_is_refused() -> None:
    [event] = parse_line("1|n-1.3|NONE|NONE|HLFORWARDED|12333|labour|vanished|900|0|0")

    with pytest.raises(ValidationError, match="vanished"):
        interpret(event)


def test_the_steps_of_a_transfer_name_seat_and_leg() -> None:
    [ringing] = parse_line("9|n-1.1|NONE|NONE|HLTRANSFER|ringing|common|8002|0|n-1.9")
    [missed] = parse_line("13|n-1.1|NONE|NONE|HLTRANSFER|missed|common|8002|4|")

    caller = Caller(CallId("n-1.1"), UniqueId("n-1.1"), LinkedId("n-1.1"))
    assert ringing == AmiTransferStep(9.0, caller, TransferStep.RINGING, "common", "8002", 0, "n-1.9")
    assert missed == AmiTransferStep(13.0, caller, TransferStep.MISSED, "common", "8002", 4, "")
