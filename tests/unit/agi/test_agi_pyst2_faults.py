"""Every fault of pyst2 that telephony met, line by line: what Asterisk says, and what becomes of it."""

import signal
import sys
import threading
from collections import deque

import pytest
from asterisk.agi import AGIAppError, AGIDBError, AGIHangup, AGIInvalidCommand, AGIUnknownError, AGIUsageError

from agi.call import CallerHungUp, ChannelBroken, Collected
from agi.channel import FastAGI
from agi.pyst_channel import PystChannel

ENVIRONMENT = [b"agi_uniqueid: n-1\n", b"\n"]


class ScriptedWire:
    """Lines to be read in this order, then the end of the connection; what was written is kept."""

    limit_seconds = 0.0

    def __init__(self, *lines: bytes | Exception) -> None:
        self.lines = deque(lines)
        self.written: list[bytes] = []

    def readline(self) -> bytes:
        line = self.lines.popleft() if self.lines else b""
        if isinstance(line, Exception):
            raise line
        return line

    def write(self, data: bytes) -> None:
        self.written.append(data)


def agi(*replies: bytes | Exception) -> tuple[FastAGI, ScriptedWire]:
    wire = ScriptedWire(*ENVIRONMENT, *replies)
    return FastAGI(wire), wire


def test_it_can_be_made_in_a_thread() -> None:
    made: list[FastAGI] = []
    thread = threading.Thread(target=lambda: made.append(agi()[0]))
    thread.start()
    thread.join()

    assert made[0].env == {"agi_uniqueid": "n-1"}


def test_bytes_are_written() -> None:
    channel, wire = agi(b"200 result=1\n")

    channel.set_variable("HL_DONE", "1")

    assert wire.written == [b'SET VARIABLE "HL_DONE" "1"\n']


def test_nothing_is_written_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    channel, _ = agi(b"200 result=1 (13800005678)\n")

    channel.get_variable("HL_ANI")

    assert capsys.readouterr() == ("", "")


def test_a_hang_up_between_commands_is_a_flag_and_the_reply_follows() -> None:
    channel, _ = agi(b"HANGUP\n", b"200 result=1 (12345)\n")

    assert channel.get_variable("HL_DNIS") == "12345"
    assert channel.has_hung_up


def test_a_hang_up_after_a_reply_is_seen_with_the_next_one() -> None:
    channel, _ = agi(b"200 result=-1 endpos=800\n", b"HANGUP\n", b"511 Command Not Permitted on a dead channel\n")

    with pytest.raises(AGIAppError):
        channel.stream_file("hotline/greeting")
    with pytest.raises(AGIHangup):
        channel.channel_status()


def test_a_dead_channel_is_a_hang_up() -> None:
    channel, _ = agi(b"511 Command Not Permitted on a dead channel or intercept routine\n")

    with pytest.raises(AGIHangup):
        channel.stream_file("hotline/greeting")
    assert channel.has_hung_up


def test_the_end_of_the_connection_is_a_hang_up() -> None:
    channel, _ = agi()

    with pytest.raises(AGIHangup):
        channel.get_variable("HL_DNIS")


@pytest.mark.parametrize("error", [ConnectionResetError(), BrokenPipeError()])
def test_a_reset_connection_is_a_hang_up(error: OSError) -> None:
    channel, _ = agi(error)

    with pytest.raises(AGIHangup):
        channel.get_variable("HL_DNIS")


def test_a_reply_that_is_late_is_not_a_hang_up() -> None:
    channel, _ = agi(TimeoutError("no answer within 5 s"))

    with pytest.raises(AGIUnknownError, match="GET VARIABLE: no answer within 5 s"):
        channel.get_variable("HL_DNIS")


def test_trying_is_not_a_reply() -> None:
    channel, _ = agi(b"100 result=0 Trying...\n", b"200 result=0 Gosub complete\n")

    assert channel.execute("GOSUB", "a", "s", "1")["result"][0] == "0"


def test_usage_is_read_to_its_end() -> None:
    channel, _ = agi(
        b"520-Invalid command syntax.  Proper usage follows:\n",
        b"Usage: STREAM FILE\n",
        b"520 End of proper usage.\n",
        b"200 result=1 (12345)\n",
    )

    with pytest.raises(AGIUsageError, match="Usage: STREAM FILE"):
        channel.stream_file("x")
    assert channel.get_variable("HL_DNIS") == "12345"


def test_usage_without_an_end_does_not_go_on_for_ever() -> None:
    channel, _ = agi(b"520-Invalid command syntax.  Proper usage follows:\n", b"Usage: STREAM FILE\n")

    with pytest.raises(AGIHangup):
        channel.stream_file("x")


def test_an_application_that_returns_one_brings_usage_that_is_not_an_answer() -> None:
    channel, _ = agi(
        b"200 result=1\n",
        b"520-Invalid command syntax.  Proper usage follows:\n",
        b"Usage: EXEC\n",
        b"520 End of proper usage.\n",
        b"200 result=1 (12345)\n",
    )
    channel.exec_command("Something")

    assert channel.get_variable("HL_DNIS") == "12345"


def test_an_unknown_command_is_an_error() -> None:
    channel, _ = agi(b"510 Invalid or unknown command\n")

    with pytest.raises(AGIInvalidCommand):
        channel.execute("FROBNICATE")


def test_a_stream_of_nonsense_ends() -> None:
    channel, _ = agi(*[b"HTTP/1.1 400 Bad Request\n"] * 1000)

    with pytest.raises(AGIUnknownError, match="no reply that is AGI"):
        channel.get_variable("HL_DNIS")


@pytest.mark.parametrize("smuggled", ['x"\nEXEC System "reboot', "x\r\nHANGUP", "x\0\nHANGUP"])
def test_a_value_cannot_smuggle_in_a_second_command(smuggled: str) -> None:
    channel, wire = agi(b"200 result=1\n")

    channel.set_variable("HL_NOTE", smuggled)

    (line,) = wire.written
    assert line.count(b"\n") == 1
    assert line.startswith(b'SET VARIABLE "HL_NOTE" "x')


def test_quotes_and_backslashes_are_escaped() -> None:
    channel, wire = agi(b"200 result=1\n")

    channel.set_variable("HL_NOTE", 'a"b\\c')

    assert wire.written == [b'SET VARIABLE "HL_NOTE" "a\\"b\\\\c"\n']


def test_file_names_are_quoted_as_well() -> None:
    channel, wire = agi(b"200 result=0 endpos=8\n", b"200 result=1\n")

    channel.stream_file('my file" "#')
    channel.get_data("my file")

    assert wire.written[0] == b'STREAM FILE "my file\\" \\"#" "" 0\n'
    assert wire.written[1].startswith(b'GET DATA "my file" ')


def test_keys_of_the_database_are_quoted_once() -> None:
    channel, wire = agi(b"200 result=1 (v)\n", b"200 result=0\n")

    assert channel.database_get("fam ily", "key") == "v"
    with pytest.raises(AGIDBError):
        channel.database_put("fam", "key", "v")
    assert wire.written[0] == b'DATABASE GET "fam ily" "key"\n'


def test_a_line_that_old_asterisk_would_split_is_refused() -> None:
    channel, wire = agi()

    with pytest.raises(AGIInvalidCommand, match="at most 2000"):
        channel.set_variable("HL_NOTE", "长" * 700)
    assert wire.written == []


def test_a_caller_name_in_gbk_does_not_stop_the_call() -> None:
    channel = FastAGI(ScriptedWire(b"agi_calleridname: " + "张三".encode("gbk") + b"\n", b"\n"))

    assert "�" in channel.env["agi_calleridname"]


def test_a_value_that_says_hangup_is_a_value() -> None:
    channel, _ = agi(b"200 result=1 (hangup)\n")

    assert channel.get_variable("HL_CALLER_NAME") == "hangup"
    assert not channel.has_hung_up


def test_a_value_of_several_lines_does_not_shift_the_replies() -> None:
    channel, _ = agi(b"200 result=1 (one\n", b"two)\n", b"200 result=1 (12345)\n")
    channel.get_variable("HL_CALLER_NAME")

    assert channel.get_variable("HL_DNIS") == "12345"


def test_the_mark_of_a_time_out_is_kept_also_without_digits() -> None:
    channel, _ = agi(b"200 result=12 (timeout)\n", b"200 result= (timeout)\n", b"200 result=\n", b"200 result=12\n")

    assert [channel.get_data("x") for _ in range(4)] == [
        Collected("12", True),
        Collected("", True),
        Collected("", False),
        Collected("12", False),
    ]


def test_a_recording_tells_how_much_was_written_whatever_ended_it() -> None:
    channel, _ = agi(
        b"200 result=0 (timeout) endpos=8000\n", b"200 result=35 (dtmf) endpos=16000\n",
        b"200 result=-1 (hangup) endpos=24000\n",
    )  # fmt: skip

    assert [channel.record_file("message") for _ in range(3)] == [8000, 16000, 24000]
    assert channel.has_hung_up


def test_a_recording_on_a_dead_channel_says_so() -> None:
    channel, _ = agi(b"511 Command Not Permitted on a dead channel\n")

    with pytest.raises(AGIHangup):
        channel.record_file("message")


def test_a_recording_that_cannot_be_written_is_refused() -> None:
    channel, _ = agi(b"200 result=-1 (writefile)\n")

    with pytest.raises(AGIAppError):
        channel.record_file("message")


def test_a_prompt_of_which_nothing_was_played_is_missing() -> None:
    channel, _ = agi(b"200 result=0 endpos=0\n")

    with pytest.raises(AGIAppError):
        channel.stream_file("gone")


def test_the_environment_has_a_bound() -> None:
    with pytest.raises(ChannelBroken, match="has no end"):
        PystChannel(ScriptedWire(*[b"agi_x: y\n"] * 1000))
    with pytest.raises(ChannelBroken, match="has no end"):
        PystChannel(ScriptedWire(*[b"agi_x: " + b"y" * 6000 + b"\n"] * 10))


def test_a_connection_that_ends_at_once_is_a_caller_who_went() -> None:
    with pytest.raises(CallerHungUp):
        PystChannel(ScriptedWire())


def test_the_process_keeps_its_signal_handlers() -> None:

    before = signal.getsignal(signal.SIGHUP)
    agi()

    assert signal.getsignal(signal.SIGHUP) is before
    assert "asterisk.agi" in sys.modules


def test_a_command_that_plays_may_take_longer_than_one_that_does_not() -> None:
    wire = ScriptedWire(*ENVIRONMENT, b"200 result=0 endpos=8\n", b"200 result=1\n")
    channel, waited = FastAGI(wire, command_seconds=5, prompt_seconds=60), []
    read, wire.readline = wire.readline, lambda: waited.append(wire.limit_seconds) or read()  # type: ignore[method-assign]

    channel.stream_file("greeting")
    channel.set_variable("HL_DONE", "1")

    assert waited == [60, 5]
