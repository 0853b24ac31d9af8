"""What an agent's own telephone can do with a citizen (REFER): never into silence, nowhere but to listed seats."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.calls.models import AgentStatus, CallState
from app.calls.record import CallStory
from app.contract.commands import Pause
from app.contract.events import CallEvent
from sipp_scenarios.sipp import SippProcess
from tests.calls.dialplan import asterisk_node
from tests.calls.dialplan.asterisk_node import AsteriskNode, own_settings
from tests.calls.handovers.handover_cast import Bridge, Cast, saw, until
from tests.calls.transfers.consulting_phone import ConsultingPhone

pytestmark = [pytest.mark.calls, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def transfer_node() -> Iterator[AsteriskNode]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asterisk_node, "HOME", asterisk_node.HOME.with_name("transfer"))
        with AsteriskNode(own_settings(), (("callbacks:", "rating_flow: rating\ncallbacks:"),)) as running:
            yield running


@pytest.fixture
async def cast(transfer_node: AsteriskNode, tmp_path: Path) -> AsyncIterator[Cast]:
    bridge = Bridge(transfer_node, tmp_path)
    await bridge.start()
    cast = Cast(transfer_node, bridge, tmp_path)
    yield cast
    await cast.sign_out()
    cast.end()
    for channel in {line.split("!")[0] for line in cast.node.cli("core show channels concise").splitlines()}:
        cast.node.cli(f"channel request hangup {channel}")
    await bridge.stop()
    assert bridge.parking.count == 0


def transfer(phone: SippProcess, number: str) -> None:
    """The telephone sends REFER for the call it is in."""
    dialog = next(fact.what.split()[1] for fact in reversed(phone.facts()) if fact.what.startswith("dialog "))
    phone.cue(dialog, number)


def answers(cast: Cast, call_id: str) -> list[tuple[str, str]]:
    """(agent, seat) of everybody who answered the citizen, in order."""
    payloads: list[dict[str, Any]] = [fact["payload"] for fact in cast.bridge.told(call_id, "AgentAnswered")]
    return [(one["agent"], one["seat"]) for one in payloads]


def story_of(cast: Cast, call_id: str) -> CallStory:
    return CallStory(map(CallEvent.model_validate, cast.bridge.told(call_id)), area_code="0375")


async def test_a_transferred_citizen_and_the_record_go_to_the_new_agent(cast: Cast) -> None:
    first = await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()
    second = await cast.sign_in("1002", "8002")

    transfer(first, "8002")
    await until(lambda: len(answers(cast, call_id)) == 2, "the new agent answers")
    await until(lambda: saw(first)[-2:] == ["transferred", "hung_up"], "the old telephone is told and hangs up")
    await until(lambda: cast.bridge.told(call_id, "ConversationEnded"), "the old one is free")

    assert answers(cast, call_id) == [("1001", "8001"), ("1002", "8002")]
    [moved] = cast.bridge.told(call_id, "CallTransferred")
    assert moved["payload"] == {"kind": "blind", "target": "8002", "agent": "1001"}
    story = story_of(cast, call_id)
    assert (story.record.agent, story.record.state, story.record.outcome) == ("1002", CallState.TALKING, "answered")
    assert story.engagements["1001"].status is AgentStatus.WRAP_UP
    assert story.engagements["1002"].status is AgentStatus.TALKING

    citizen.cue()
    await until(lambda: "was_hung_up" in saw(second), "the new agent hears the end")
    await until(lambda: cast.bridge.told(call_id, "CallEnded"), "the end is told")
    story = story_of(cast, call_id)
    assert (story.record.outcome, story.missed_at) == ("answered", None)
    assert story.engagements["1002"].status is AgentStatus.WRAP_UP
    assert cast.bridge.told(call_id, "RecordingSaved")


async def test_a_transfer_that_is_not_answered_brings_the_citizen_back(cast: Cast) -> None:
    first = await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()
    await cast.sign_in("1002", "8002", ring_ms=90_000)
    assert (await cast.bridge.commander.obey(Pause(agent="1002", seat="8002", reason="rest"))).is_accepted

    transfer(first, "8002")
    await until(lambda: len(answers(cast, call_id)) == 2, "an agent of the queue answers")

    assert answers(cast, call_id) == [("1001", "8001"), ("1001", "8001")]
    assert [one["payload"]["agent"] for one in cast.bridge.told(call_id, "AgentMissed")] == ["1002"]
    assert [one["payload"]["queue"] for one in cast.bridge.told(call_id, "CallerQueued")] == ["common", "common"]
    assert len(cast.bridge.told(call_id, "CallArrived")) == 1
    assert saw(citizen) == ["answered"]
    assert story_of(cast, call_id).record.state is CallState.TALKING


async def test_a_seat_where_no_telephone_is_brings_the_citizen_back(cast: Cast) -> None:
    first = await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk(dialled="12328")  # parallel: a half of the call stands in the queue

    transfer(first, "8009")
    await until(lambda: len(answers(cast, call_id)) == 2, "an agent of the queue answers")

    assert saw(citizen) == ["answered"]
    assert not cast.bridge.told(call_id, "AgentMissed")


async def test_a_citizen_who_gives_up_while_the_new_seat_rings_is_missed(cast: Cast) -> None:
    first = await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()
    second = await cast.sign_in("1002", "8002", ring_ms=90_000)

    transfer(first, "8002")
    await until(lambda: "rang" in saw(second), "the new seat rings")
    citizen.cue()
    await until(lambda: "cancelled" in saw(second), "it stops ringing")
    await until(lambda: cast.bridge.told(call_id, "CallEnded"), "the end is told")

    story = story_of(cast, call_id)
    assert (story.record.outcome, story.missed_at is not None) == ("abandoned", True)
    assert story.engagements["1002"].status is AgentStatus.READY
    assert cast.bridge.told(call_id, "RecordingSaved")


async def test_what_the_plan_does_not_list_is_refused_and_the_talk_goes_on(cast: Cast) -> None:
    phone = await cast.sign_in("1001", "8001")
    citizen, call_id = await cast.talk()

    for refused, number in enumerate(("110", "12345", "13800000000", "9196", "8099"), start=1):
        transfer(phone, number)
        await until(lambda: saw(phone).count("refused") == refused, f"{number} is refused")  # noqa: B023

    assert saw(citizen) == ["answered"]
    assert set(cast.channels(call_id).values()) == {"Queue", "AppQueue"}
    assert not cast.bridge.told(call_id, "CallTransferred")


async def test_an_agent_asks_a_colleague_first_and_then_joins_both(cast: Cast) -> None:
    with ConsultingPhone(cast.node, "8001") as first:
        first.register_at_seat()
        await cast.claim("1001", "8001")
        citizen, call_id = await cast.talk()
        second = await cast.sign_in("1002", "8002")
        first.consult("8002")
        await until(lambda: "answered" in saw(second), "the colleague talks with the agent")
        first.join()
        await until(lambda: len(answers(cast, call_id)) == 2, "the colleague has the citizen")
        await until(lambda: cast.bridge.told(call_id, "ConversationEnded"), "the first agent is free")

    assert answers(cast, call_id) == [("1001", "8001"), ("1002", "8002")]
    story = story_of(cast, call_id)
    assert (story.record.agent, story.record.state) == ("1002", CallState.TALKING)
    assert story.engagements["1001"].status is AgentStatus.WRAP_UP
    citizen.cue()
    await until(lambda: "was_hung_up" in saw(second), "the colleague hears the end")
    await until(lambda: cast.bridge.told(call_id, "CallEnded"), "the end is told")
    assert story_of(cast, call_id).missed_at is None
