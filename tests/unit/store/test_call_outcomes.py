"""What becomes of calls that no agent answered: a message is listened to, who served himself needs nobody."""

import pytest

from app.contract import events as facts
from tests.unit.store.test_call_lines import ARRIVED, story_of

QUEUED, ENDED = facts.CallerQueued(queue="common"), facts.CallEnded()
MESSAGE = facts.MessageLeft(file="m.wav", seconds=7)
SETTLED = facts.IntakeRecorded(flow="hotline-12345", route="hangup", is_settled=True)
GAVE_UP = facts.CallerAbandoned(queue="common")


@pytest.mark.parametrize(
    "way",
    [
        [ARRIVED, QUEUED, MESSAGE, ENDED],
        [ARRIVED, QUEUED, MESSAGE, GAVE_UP, ENDED],  # he hung up while we said goodbye
        [ARRIVED, MESSAGE, SETTLED, ENDED],
    ],
)
def test_who_left_a_message_is_on_the_list_for_that_and_has_not_given_up(way: list[facts.AnyPayload]) -> None:
    story = story_of(*way)

    assert story.record.outcome == "message"
    assert story.missed_at is not None


@pytest.mark.parametrize("route", ["hangup", "hung_up"])
def test_whom_a_flow_served_is_on_no_list_however_his_call_ended(route: str) -> None:
    story = story_of(ARRIVED, SETTLED.model_copy(update={"route": route}), ENDED)

    assert (story.record.outcome, story.missed_at) == ("self_served", None)
    assert "is_settled" not in story.record.intake


def test_who_waited_on_for_a_person_and_gave_up_was_not_served() -> None:
    assert story_of(ARRIVED, QUEUED, SETTLED, GAVE_UP, ENDED).record.outcome == "abandoned"


@pytest.mark.parametrize("said", [MESSAGE, SETTLED])
def test_a_talk_or_a_wish_to_be_called_back_says_more(said: facts.AnyPayload) -> None:
    talk = facts.AgentAnswered(queue="common", agent="1001")
    wish = facts.CallbackRequested(number="19900054321")

    assert story_of(ARRIVED, QUEUED, talk, said, ENDED).record.outcome == "answered"
    assert story_of(ARRIVED, said, wish, ENDED).record.outcome == "callback"
