"""The door for AMI events: what is read, what is left alone, and what is parked with its reason."""

import pytest
from structlog.testing import capture_logs

from ami_bridge.connection import make_reader
from ami_bridge.events import AmiAgentConnected, AmiAgentRingNoAnswer, AmiCallArrived, AmiTransferred, Caller
from ami_bridge.frames import check_values, parse_frame, with_spaces
from ami_bridge.parse import PARSERS, WANTED, Unreadable, parse_channels, parse_event, parse_members
from ami_bridge.switch import Headers, Heard, UnsafeValue
from app.contract.ids import CallId, LinkedId, UniqueId

CALLER = {"Timestamp": "1795402484.5", "Uniqueid": "n-1.1", "Linkedid": "n-1.0", "AccountCode": "n-1.9"}
MEMBER = {"Queue": "common", "Interface": "PJSIP/8001", "MemberName": "1001"}


def test_a_connect_names_call_seat_and_leg() -> None:
    headers = {**CALLER, **MEMBER, "DestUniqueid": "n-1.2", "HoldTime": "7", "RingTime": "3"}

    assert parse_event("AgentConnect", headers) == AmiAgentConnected(
        1795402484.5,
        Caller(CallId("n-1.9"), UniqueId("n-1.1"), LinkedId("n-1.0")),
        queue="common",
        agent="1001",
        seat="8001",
        member_uniqueid=UniqueId("n-1.2"),
        hold_time_seconds=7,
        ring_time_seconds=3,
    )


def test_a_leg_without_account_code_belongs_to_its_linked_call() -> None:
    event = parse_event("AgentRingNoAnswer", {**CALLER, **MEMBER, "AccountCode": "", "RingTime": "4000"})

    assert isinstance(event, AmiAgentRingNoAnswer)
    assert event.caller.call_id == "n-1.0"
    assert event.ring_time_ms == 4000


def test_a_user_event_of_ours_is_about_the_calls_first_channel() -> None:
    headers = {**CALLER, "UserEvent": "HotlineArrived", "CallId": "n-1.9", "Trunk": "carrier", "CallerName": "张三"}
    event = parse_event("UserEvent", headers)

    assert isinstance(event, AmiCallArrived)
    assert (event.caller.call_id, event.caller.uniqueid, event.caller_name) == ("n-1.9", "n-1.9", "张三")


def test_texts_of_the_network_are_cut_to_what_the_contract_takes() -> None:
    headers = {
        **CALLER,
        "CallId": "c",
        "Trunk": "t" * 300,
        "Dnis": "1" * 300,
        "Ani": "2" * 300,
        "CallerName": "张" * 900,
    }
    event = parse_event("HotlineArrived", headers)

    assert isinstance(event, AmiCallArrived)
    assert [len(text) for text in (event.trunk, event.dnis, event.ani, event.caller_name)] == [80, 64, 64, 500]


@pytest.mark.parametrize(("result", "has_succeeded"), [("Success", True), ("Fail", False), ("Not Permitted", False)])
def test_a_transfer_says_whether_it_worked(result: str, has_succeeded: bool) -> None:
    headers = {
        "Timestamp": "1.0",
        "Result": result,
        "TransfereeUniqueid": "n-1.1",
        "TransfereeLinkedid": "n-1.1",
        "TransfereeAccountCode": "n-1.1",
        "Extension": "8002",
    }
    event = parse_event("BlindTransfer", headers)

    assert isinstance(event, AmiTransferred)
    assert (event.kind, event.target, event.has_succeeded) == ("blind", "8002", has_succeeded)


@pytest.mark.parametrize("name", ["QueueCallerAbandon", "QueueCallerLeave", "Newchannel", "", "queuecallerjoin"])
def test_other_events_tell_us_nothing(name: str) -> None:
    assert parse_event(name, CALLER) is None


def test_a_foreign_user_event_tells_us_nothing() -> None:
    assert parse_event("UserEvent", {**CALLER, "UserEvent": "SomethingElse"}) is None


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_an_event_without_its_fields_is_unreadable_and_says_which(name: str) -> None:
    with pytest.raises(Unreadable, match=name):
        parse_event(name, {})


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("AgentConnect", {"HoldTime": "soon"}),
        ("AgentConnect", {"Timestamp": "noon"}),
        ("AgentConnect", {"Timestamp": "nan"}),
        ("AgentConnect", {"Timestamp": "1e300"}),
        ("AgentRingNoAnswer", {"RingTime": "1.5"}),
        ("QueueCallerJoin", {"Position": "first"}),
        ("HotlineEnded", {"Cause": "x"}),
        ("HotlineEnded", {"QueuedAt": "x"}),
        ("HotlineArrived", {"CallId": ""}),
    ],
)
def test_a_broken_value_is_unreadable(name: str, broken: Headers) -> None:
    good = {**CALLER, **MEMBER, "DestUniqueid": "n-1.2", "CallId": "n-1.9", "Trunk": "carrier"}
    assert parse_event(name, good) is not None

    with pytest.raises(Unreadable, match=name):
        parse_event(name, {**good, **broken})


def test_every_parser_is_let_through_the_first_filter() -> None:
    assert set(PARSERS) <= WANTED
    assert "UserEvent" in WANTED


def test_members_and_channels_are_read_from_lists() -> None:
    members = parse_members(
        [
            {"Response": "Success"},
            {"Event": "QueueMember", "Queue": "common", "Name": "1001", "Location": "PJSIP/8001", "Paused": "1"},
            {"Event": "QueueMember", "Queue": "common", "Location": "PJSIP/8002", "Paused": "0"},
            {"Event": "QueueMember", "Queue": "common"},
            {"Event": "QueueStatusComplete"},
        ]
    )
    channels = parse_channels(
        [{"Event": "CoreShowChannel", "Uniqueid": "n-1.1", "Channel": "PJSIP/x"}, {"Event": "CoreShowChannel"}]
    )

    assert [(member.agent, member.seat, member.is_paused) for member in members] == [
        ("1001", "8001", True),
        ("8002", "8002", False),
    ]
    assert channels == {"n-1.1": "PJSIP/x"}


def test_of_a_repeated_header_the_first_counts() -> None:
    assert parse_frame(b"Event: X\r\nUniqueid: real\r\nUniqueid: forged")["Uniqueid"] == "real"


def test_frames_are_read_with_and_without_the_blank_and_with_any_bytes() -> None:
    headers = parse_frame(
        "Event: X\r\nKey:value\r\nEmpty:\r\nName: 张三: 李四\r\nnonsense".encode() + b"\r\nGbk: \xd5\xc5"
    )

    assert headers == {"Event": "X", "Key": "value", "Empty": "", "Name": "张三: 李四", "Gbk": "\ufffd\ufffd"}
    assert with_spaces(b"Event:X\r\nKey: v") == "Event: X\r\nKey: v"


def test_a_frame_nobody_can_take_is_logged_without_what_stands_in_it() -> None:
    def stumbles(heard: Heard) -> None:
        raise ValueError(f"invalid: {heard}")

    read = make_reader(frozenset({"UserEvent"}), stumbles)
    with capture_logs() as logs:
        read(b"Event: UserEvent\r\nAni: 13812345678\r\n\r\n")

    [line] = logs
    assert (line["event"], line["bytes"]) == ("ami_frame_failed", 34)
    assert line["error"].startswith("ValueError at test_ami_parse.py:")
    assert "13812345678" not in str(line)


@pytest.mark.parametrize("value", ["a\r\n\r\nAction: Originate", "a\n", "\r", "nul\0"])
def test_a_line_break_in_an_action_is_refused(value: str) -> None:
    with pytest.raises(UnsafeValue):
        check_values("QueueAdd", {"Queue": value})
    with pytest.raises(UnsafeValue):
        check_values("QueueAdd", {value: "x"})


def test_two_seats_that_talk_make_no_call() -> None:
    headers = {"Timestamp": "1.0", "Result": "Success", "TransfereeUniqueid": "n-1.7", "Extension": "8003"}

    assert parse_event("BlindTransfer", headers) is None
    assert parse_event("AttendedTransfer", headers) is None


def test_an_attended_transfer_names_the_seat_that_has_the_caller_now() -> None:
    headers = {
        "Timestamp": "1.0", "Result": "Success", "TransfereeUniqueid": "n-1.1", "TransfereeAccountCode": "n-1.1",
        "TransferTargetChannel": "PJSIP/8002-0000001f", "TransferTargetUniqueid": "n-1.9",
    }  # fmt: skip
    event = parse_event("AttendedTransfer", headers)

    assert isinstance(event, AmiTransferred)
    assert (event.kind, event.target, event.seat, event.leg) == ("attended", "8002", "8002", "n-1.9")
