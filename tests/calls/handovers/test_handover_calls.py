"""Hand-overs on real Asterisk with real SIP legs: the citizen always hears somebody, and the record is right."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.calls.models import AgentStatus
from app.calls.record import CallStory
from app.contract.commands import CommandResult, HandOver, LeaveHandOver, SignOut, TakeBack
from app.contract.events import CallEvent
from sipp_scenarios.audio import listen
from sipp_scenarios.sipp import SippProcess
from tests.calls.dialplan import asterisk_node
from tests.calls.dialplan.asterisk_node import AsteriskNode, own_settings
from tests.calls.handovers.handover_cast import Bridge, Cast, hang_up, header, saw, until

pytestmark = [pytest.mark.calls, pytest.mark.timeout(120)]

SECOND_BYTES = 16_000
"""Of a recording: 8 kHz, 16 bit."""
OFFERED, ANSWERED = ("110", "offered", ""), ("110", "answered", "")


@pytest.fixture(scope="module")
def handover_node() -> Iterator[AsteriskNode]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asterisk_node, "HOME", asterisk_node.HOME.with_name("handover"))
        with AsteriskNode(own_settings(), (("callbacks:", "rating_flow: rating\ncallbacks:"),)) as running:
            yield running


@pytest.fixture
async def cast(handover_node: AsteriskNode, tmp_path: Path) -> AsyncIterator[Cast]:
    bridge = Bridge(handover_node, tmp_path)
    await bridge.start()
    cast = Cast(handover_node, bridge, tmp_path)
    yield cast
    await cast.sign_out()
    cast.end()
    for channel in {line.split("!")[0] for line in cast.node.cli("core show channels concise").splitlines()}:
        cast.node.cli(f"channel request hangup {channel}")
    await bridge.stop()
    assert bridge.parking.count == 0


async def hand_over(cast: Cast, call_id: str, target: str = "110") -> CommandResult:
    return await cast.bridge.commander.obey(HandOver(call_id=call_id, agent="1001", seat="8001", target=target))


async def steps_are(cast: Cast, call_id: str, *steps: tuple[str, str, str]) -> None:
    await until(lambda: len(cast.bridge.steps(call_id)) >= len(steps), f"steps {steps}")
    assert cast.bridge.steps(call_id) == list(steps)


def is_connected(citizen: SippProcess) -> bool:
    return saw(citizen) == ["answered"]


async def test_the_service_accepts_and_talks_on_with_the_citizen(cast: Cast) -> None:
    service = await cast.service()
    await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()

    assert (await hand_over(cast, call_id)).is_accepted
    await until(lambda: cast.in_room(call_id) == {"carrier", "8001", "handover-leg"}, "three talk")
    assert header(service, "To").startswith("<sip:110@")
    assert "13812345678" in header(service, "From")
    assert header(service, "X-12345-Call-Id") == call_id
    assert header(service, "X-12345-Hop") == "1"
    assert (await cast.bridge.commander.obey(LeaveHandOver(call_id=call_id, seat="8001"))).is_accepted
    await until(lambda: cast.in_room(call_id) == {"carrier", "handover-leg"}, "the agent has left")
    await until(lambda: cast.bridge.told(call_id, "ConversationEnded"), "the agent is free")
    assert is_connected(citizen)
    recording = cast.node.home / f"recordings/{call_id}.wav"
    so_far = recording.stat().st_size
    await until(lambda: recording.stat().st_size > so_far + SECOND_BYTES, "a second more is recorded")
    hang_up(service)
    await until(lambda: "was_hung_up" in saw(citizen), "the call ends with the service")

    await until(lambda: cast.bridge.told(call_id, "CallEnded"), "the end is told")
    await steps_are(cast, call_id, OFFERED, ANSWERED, ("110", "accepted", ""))
    assert {fact["payload"]["agent"] for fact in cast.bridge.told(call_id, "HandedOver")} == {"1001"}
    heard = listen(recording)
    assert (heard.has_caller, heard.has_agent, heard.has_exchange) == (True, True, True)


async def test_a_busy_service_leaves_citizen_and_agent_together_and_another_is_tried(cast: Cast) -> None:
    await cast.service("busy")
    await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()

    assert (await hand_over(cast, call_id)).is_accepted
    await steps_are(cast, call_id, OFFERED, ("110", "refused", "busy"))
    await until(lambda: cast.in_room(call_id) == {"carrier", "8001"}, "citizen and agent are together")
    assert (await hand_over(cast, call_id, "119")).is_accepted
    await steps_are(
        cast, call_id, OFFERED, ("110", "refused", "busy"), ("119", "offered", ""), ("119", "refused", "busy")
    )
    assert [fact["payload"]["attempt"] for fact in cast.bridge.told(call_id, "HandedOver")] == ["1", "1", "2", "2"]
    assert is_connected(citizen)
    citizen.cue()
    await until(lambda: cast.bridge.told(call_id, "CallEnded"), "the end is told")
    await until(lambda: not cast.channels(call_id), "nobody is left")


async def hand_over_at_once(cast: Cast, call_id: str, *targets: str) -> None:
    """Several tabs press a key: one is obeyed, the others are told why not."""
    results = await asyncio.gather(*(hand_over(cast, call_id, target) for target in targets))
    assert [result.is_accepted for result in results].count(True) == 1
    assert {result.message for result in results if not result.is_accepted} == {"a hand-over is under way"}


async def test_of_several_requests_at_once_one_rings_the_service(cast: Cast) -> None:
    service = await cast.service("busy", ring_ms=2000)
    await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()

    await hand_over_at_once(cast, call_id, "110", "110", "110")
    first = (OFFERED, ("110", "refused", "busy"))
    await steps_are(cast, call_id, *first)
    await until(lambda: len(cast.channels(call_id)) == 2, "citizen and agent are left")
    await until(lambda: cast.in_room(call_id) == {"carrier", "8001"}, "citizen and agent are together")
    await hand_over_at_once(cast, call_id, "119", "119")
    await steps_are(cast, call_id, *first, ("119", "offered", ""), ("119", "refused", "busy"))

    assert [fact["payload"]["attempt"] for fact in cast.bridge.told(call_id, "HandedOver")] == ["1", "1", "2", "2"]
    assert len([fact for fact in service.facts() if fact.what.startswith("dialog ")]) == 2
    await until(lambda: cast.in_room(call_id) == {"carrier", "8001"}, "citizen and agent are together")
    assert is_connected(citizen)


async def test_a_service_that_does_not_answer_is_no_longer_rung(cast: Cast) -> None:
    service = await cast.service("rings")
    await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()

    assert (await hand_over(cast, call_id)).is_accepted
    await until(lambda: "rang" in saw(service), "the service rings")
    assert (await hand_over(cast, call_id)).message == "a hand-over is under way"
    await steps_are(cast, call_id, OFFERED, ("110", "refused", "no_answer"))
    assert is_connected(citizen)
    await until(lambda: cast.in_room(call_id) == {"carrier", "8001"}, "citizen and agent are together")


async def test_a_trunk_that_is_down_is_told_and_nobody_is_lost(cast: Cast) -> None:
    await cast.qualify(is_up=False)
    await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()

    assert (await hand_over(cast, call_id)).is_accepted
    await steps_are(cast, call_id, OFFERED, ("110", "refused", "trunk_down"))
    assert is_connected(citizen)
    await until(lambda: cast.in_room(call_id) == {"carrier", "8001"}, "citizen and agent are together")


async def test_what_the_service_does_not_take_stays_ours(cast: Cast) -> None:
    service = await cast.service()
    await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()

    await hand_over(cast, call_id)
    await until(lambda: len(cast.in_room(call_id)) == 3, "three talk")
    hang_up(service)
    await steps_are(cast, call_id, OFFERED, ANSWERED, ("110", "returned", ""))
    await until(lambda: cast.in_room(call_id) == {"carrier", "8001"}, "citizen and agent are together")
    assert is_connected(citizen)


@pytest.mark.parametrize("is_joined", [True, False])
async def test_the_agent_takes_the_call_back(cast: Cast, is_joined: bool) -> None:
    service = await cast.service("answers" if is_joined else "rings")
    await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()

    await hand_over(cast, call_id)
    if is_joined:
        await until(lambda: len(cast.in_room(call_id)) == 3, "three talk")
    else:
        await until(lambda: "rang" in saw(service), "the service rings")
    assert (await cast.bridge.commander.obey(TakeBack(call_id=call_id))).is_accepted

    last = ("110", "returned", "") if is_joined else ("110", "refused", "withdrawn")
    await steps_are(cast, call_id, OFFERED, *([ANSWERED] if is_joined else []), last)
    await until(lambda: "was_hung_up" in saw(service) or "cancelled" in saw(service), "the service is let go")
    await until(lambda: cast.in_room(call_id) == {"carrier", "8001"}, "citizen and agent are together")
    assert is_connected(citizen)


async def test_a_citizen_whose_agent_is_lost_gets_another_one(cast: Cast) -> None:
    service = await cast.service("rings")
    first = await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()
    await cast.sign_in("1002", "8002")

    await hand_over(cast, call_id)
    await until(lambda: "rang" in saw(service), "the service rings")
    hang_up(first)
    await steps_are(cast, call_id, OFFERED, ("110", "refused", "no_answer"))
    await until(lambda: len(cast.bridge.told(call_id, "AgentAnswered")) == 2, "another agent answers")

    assert is_connected(citizen)
    assert len(cast.bridge.told(call_id, "CallArrived")) == 1


async def test_an_agent_who_leaves_early_has_handed_over_when_the_service_answers(cast: Cast) -> None:
    await cast.service("answers", ring_ms=2500)
    first = await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()

    await hand_over(cast, call_id)
    await steps_are(cast, call_id, OFFERED)
    assert (await cast.bridge.commander.obey(LeaveHandOver(call_id=call_id, seat="8001"))).is_accepted is False
    hang_up(first)
    await until(lambda: cast.in_room(call_id) == {"carrier", "handover-leg"}, "the service talks with the citizen")

    await steps_are(cast, call_id, OFFERED, ANSWERED, ("110", "accepted", ""))
    assert is_connected(citizen)


async def test_a_citizen_who_hangs_up_ends_it_for_everybody(cast: Cast) -> None:
    service = await cast.service("rings")
    await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()

    await hand_over(cast, call_id)
    await until(lambda: "rang" in saw(service), "the service rings")
    citizen.cue()

    await until(lambda: "cancelled" in saw(service), "the service is no longer rung")
    await steps_are(cast, call_id, OFFERED, ("110", "refused", "caller_gone"))
    await until(lambda: not cast.channels(call_id), "nobody is left")
    await until(lambda: cast.bridge.told(call_id, "CallEnded"), "the end is told")


async def test_an_agent_who_answered_a_parallel_call_hands_it_over(cast: Cast) -> None:
    department = await cast.service("rings", trunk="transport")
    await cast.service()
    await cast.sign_in("1001", "8001", ring_ms=500)
    citizen, call_id = await cast.talk(dialled="12328")
    assert "rang" in saw(department)

    assert (await hand_over(cast, call_id)).is_accepted
    await until(lambda: cast.in_room(call_id) == {"carrier", "8001", "handover-leg"}, "three talk")
    assert (await cast.bridge.commander.obey(LeaveHandOver(call_id=call_id, seat="8001"))).is_accepted
    await steps_are(cast, call_id, OFFERED, ANSWERED, ("110", "accepted", ""))
    assert is_connected(citizen)
    story = CallStory(map(CallEvent.model_validate, cast.bridge.told(call_id)), area_code="0375")
    assert story.engagements["1001"].status is AgentStatus.WRAP_UP
    assert story.record.ended_at is None


async def test_a_department_that_sends_the_call_back_finds_it_busy(cast: Cast) -> None:
    department = await cast.service("rings", trunk="transport")
    await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()
    await hand_over(cast, call_id, "12328")
    await until(lambda: "rang" in saw(department), "the department rings")

    again = cast.send_back(call_id, from_trunk="transport")

    await until(lambda: cast.bridge.told(call_id, "CallForwarded"), "the loop is told")
    assert cast.bridge.told(call_id, "CallForwarded")[0]["payload"]["result"] == "loop"
    await until(lambda: again.process.poll() is not None, "the exchange gives up")
    assert saw(again) == []
    assert cast.node.last_call_id() == call_id
    assert is_connected(citizen)


async def test_a_number_without_a_way_moves_nobody(cast: Cast) -> None:
    await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()

    assert (await hand_over(cast, call_id, "99999")).message == "no way to hand over to 99999"
    assert is_connected(citizen)
    assert set(cast.channels(call_id).values()) == {"Queue", "AppQueue"}
    assert cast.bridge.steps(call_id) == []


async def test_a_leg_that_never_comes_to_be_is_refused_and_another_attempt_works(cast: Cast) -> None:
    await cast.service("busy")
    await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()
    assert "removed" in cast.node.cli("dialplan remove extension 119@handover-leg")
    try:
        assert (await hand_over(cast, call_id, "119")).is_accepted
        failed = (("119", "offered", ""), ("119", "refused", "failed"))
        await steps_are(cast, call_id, *failed)
        await until(lambda: cast.in_room(call_id) == {"carrier", "8001"}, "citizen and agent talk on")
        assert is_connected(citizen)

        assert (await hand_over(cast, call_id, "110")).is_accepted
        await steps_are(cast, call_id, *failed, OFFERED, ("110", "refused", "busy"))
        assert is_connected(citizen)
    finally:
        cast.node.cli("dialplan reload")


async def test_a_citizen_whose_agent_is_lost_and_who_gives_up_is_missed(cast: Cast) -> None:
    service = await cast.service("rings")
    first = await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()
    await cast.sign_in("1002", "8002", ring_ms=90_000)  # somebody is there, and does not answer

    await hand_over(cast, call_id)
    await until(lambda: "rang" in saw(service), "the service rings")
    await cast.bridge.commander.obey(SignOut(agent="1001", seat="8001"))
    hang_up(first)
    await until(lambda: len(cast.bridge.told(call_id, "CallerQueued")) == 2, "the citizen waits again")
    assert is_connected(citizen)
    citizen.cue()
    await until(lambda: cast.bridge.told(call_id, "CallEnded"), "the end is told")

    story = CallStory(map(CallEvent.model_validate, cast.bridge.told(call_id)), area_code="0375")
    assert story.record.outcome == "abandoned"
    assert story.missed_at is not None
