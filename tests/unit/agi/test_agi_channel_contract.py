"""What every AgiChannel must do: the fake that other tests use, and pyst2 over a real socket, by the same tests."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TypeVar

import pytest

from agi.call import AgiChannel, CallerHungUp, Collected, PromptMissing
from agi.server import AgiServer
from tests.fakes.agi_call import CallScript, FakeChannel
from tests.fakes.asterisk_agi import FakeAsterisk

Result = TypeVar("Result")
Run = Callable[[CallScript, Callable[[AgiChannel], Result]], Result]


def on_the_fake(call: CallScript, use: Callable[[AgiChannel], Result]) -> Result:
    return use(FakeChannel(call))


def on_pyst2(call: CallScript, use: Callable[[AgiChannel], Result]) -> Result:
    outcome: list[Result | Exception] = []

    def handle(channel: AgiChannel) -> None:
        try:
            outcome.append(use(channel))
        except Exception as error:
            outcome.append(error)

    async def run() -> None:
        server = AgiServer(handle, host="127.0.0.1", port=0)
        await server.start()
        await FakeAsterisk(call).dial(server.port)
        await server.stop()

    asyncio.run(run())
    (result,) = outcome
    if isinstance(result, Exception):
        raise result
    return result


@pytest.fixture(params=[on_the_fake, on_pyst2])
def run(request: pytest.FixtureRequest) -> Run[object]:
    return request.param


def test_it_knows_which_flow_and_which_channel(run: Run[object]) -> None:
    call = CallScript(script="night", uniqueid="node2-1.7")

    assert run(call, lambda channel: (channel.script, channel.uniqueid)) == ("night", "node2-1.7")


def test_variables_are_read_and_those_not_set_are_empty(run: Run[object]) -> None:
    call = CallScript(variables={"HL_DNIS": "12345", "HL_ANI": "13800005678"})

    read = run(call, lambda channel: channel.get_variables("HL_DNIS", "HL_TRUNK", "HL_ANI"))

    assert read == {"HL_DNIS": "12345", "HL_TRUNK": "", "HL_ANI": "13800005678"}


@pytest.mark.parametrize("value", ["a|b", "hangup", "(a) b) ", 'x" y', "张三", "a=b endpos=0", "result=-1"])
def test_a_variable_may_hold_anything_that_fits_a_line(run: Run[object], value: str) -> None:
    call = CallScript(variables={"HL_CALLER_NAME": value, "HL_DNIS": "12345"})

    read = run(call, lambda channel: channel.get_variables("HL_CALLER_NAME", "HL_DNIS"))

    assert read == {"HL_CALLER_NAME": value, "HL_DNIS": "12345"}


def test_variables_are_set(run: Run[object]) -> None:
    call = CallScript()

    run(call, lambda channel: channel.set_variables({"HL_ROUTE": "queue", "HL_PRIORITY": "10", "HL_DONE": "1"}))

    assert call.variables == {"HL_ROUTE": "queue", "HL_PRIORITY": "10", "HL_DONE": "1"}


@pytest.mark.parametrize("value", ['x"', "a,b", "back\\slash", "张三", "", "a b", "${SHELL(id)}"])
def test_a_value_is_set_as_it_is(run: Run[object], value: str) -> None:
    call = CallScript()

    run(call, lambda channel: channel.set_variables({"HL_NOTE": value, "HL_DONE": "1"}))

    assert call.variables == {"HL_NOTE": value, "HL_DONE": "1"}


def test_a_prompt_is_heard(run: Run[object]) -> None:
    call = CallScript()

    run(call, lambda channel: channel.play("greeting"))

    assert call.heard == ["greeting"]


def test_a_missing_prompt_is_not_a_hang_up(run: Run[object]) -> None:
    call = CallScript(missing=frozenset({"greeting"}))

    with pytest.raises(PromptMissing, match="greeting"):
        run(call, lambda channel: channel.play("greeting"))


def test_a_hang_up_during_a_prompt_is_not_a_missing_prompt(run: Run[object]) -> None:
    call = CallScript(hangs_up_during="greeting")

    with pytest.raises(CallerHungUp):
        run(call, lambda channel: channel.play("greeting"))


def test_after_a_hang_up_variables_still_work_and_prompts_do_not(run: Run[object]) -> None:
    call = CallScript(hangs_up_during="greeting")

    def use(channel: AgiChannel) -> bool:
        with pytest.raises(CallerHungUp):
            channel.play("greeting")
        channel.set_variables({"HL_ROUTE": "queue", "HL_DONE": "1"})
        with pytest.raises(CallerHungUp):
            channel.play("overflow")
        return channel.has_hung_up

    assert run(call, use) is True
    assert call.variables == {"HL_ROUTE": "queue", "HL_DONE": "1"}


@pytest.mark.parametrize(
    ("keyed", "collected"),
    [
        ("123", Collected("123", False)),
        ("12#", Collected("12", False)),
        ("12", Collected("12", True)),
        ("", Collected("", True)),
    ],
)
def test_digits_are_collected_with_the_mark_of_a_time_out(run: Run[object], keyed: str, collected: Collected) -> None:
    call = CallScript(keys=deque([keyed]))

    assert run(call, lambda channel: channel.collect("side-keys", max_digits=3, timeout_ms=100)) == collected
    assert call.heard == ["side-keys"]


def test_digits_are_collected_after_a_prompt_that_cannot_be_interrupted(run: Run[object]) -> None:
    call = CallScript(keys=deque(["7"]))

    def use(channel: AgiChannel) -> Collected:
        return channel.collect("side-keys", max_digits=1, timeout_ms=100, is_barge_in=False)

    assert run(call, use) == Collected("7", False)
    assert call.heard == ["side-keys"]


def test_a_question_whose_prompt_is_missing_says_so(run: Run[object]) -> None:
    call = CallScript(missing=frozenset({"side-keys"}))

    with pytest.raises(PromptMissing):
        run(call, lambda channel: channel.collect("side-keys", max_digits=1, timeout_ms=100))


def test_a_hang_up_during_a_question_is_a_hang_up(run: Run[object]) -> None:
    call = CallScript(hangs_up_during="side-keys")

    with pytest.raises(CallerHungUp):
        run(call, lambda channel: channel.collect("side-keys", max_digits=1, timeout_ms=100))
