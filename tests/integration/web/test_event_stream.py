"""An agent's page hears of its calls, whatever Redis does, and stops hearing when it should."""

from datetime import timedelta
from threading import Event, Thread

import httpx
import pytest
from sqlalchemy import update

from app.accounts.models import User
from app.calls.models import ScreenPop
from app.platform.clock import utc_now
from app.web import listener, sse
from app.web.listener import TopicListener

pytestmark = pytest.mark.services


@pytest.fixture
def only_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second look and no polling: what arrives has come through Redis."""
    monkeypatch.setattr(sse, "LOOK_AGAIN_SECONDS", 3600.0)
    monkeypatch.setattr(sse, "POLL_SECONDS", 3600.0)
    monkeypatch.setattr(listener, "OVERLAP_SECONDS", 0.0)


@pytest.fixture
def topics_live(live, wait) -> TopicListener:
    found: TopicListener = live.app.state.listener
    wait(lambda: found.is_live)
    return found


def test_what_is_pending_is_told_first(live, page) -> None:
    agent = page()
    live.pop(call_id="node1-1.1")

    event = agent.listen().next()

    assert event is not None
    assert event.event == "pop"
    assert event.data == {"pop_id": 1, "call_id": "node1-1.1", "kind": "answered"}


def test_a_new_call_arrives_through_redis(live, page, only_topics, topics_live) -> None:
    agent = page().listen()
    live.pop(call_id="node1-2.1")

    event = agent.next()

    assert event is not None
    assert event.data["call_id"] == "node1-2.1"


def test_only_the_agent_concerned_hears_of_a_call(live, page) -> None:
    concerned, other = page("8001").listen(), page("8002").listen()
    live.pop("8001", "node1-3.1")
    assert concerned.next()

    live.pop("8002", "node1-3.2")

    event = other.next()
    assert event is not None
    assert event.data["call_id"] == "node1-3.2"


def test_without_redis_the_page_polls_and_then_listens_again(live, page, redis, wait) -> None:
    topics: TopicListener = live.app.state.listener
    agent = page().listen()
    wait(lambda: topics.is_live)

    redis.stop()
    wait(lambda: not topics.is_live)
    live.pop(call_id="node1-4.1")
    while_away = agent.next()
    redis.start()
    wait(lambda: topics.is_live)
    live.pop(call_id="node1-4.2")
    after = agent.next()

    assert while_away is not None
    assert while_away.data["call_id"] == "node1-4.1"
    assert after is not None
    assert after.data["call_id"] == "node1-4.2"


def test_after_redis_is_back_topics_wake_the_page_again(live, page, redis, only_topics, topics_live, wait) -> None:
    agent = page().listen()
    redis.stop()
    wait(lambda: not topics_live.is_live)
    redis.start()
    wait(lambda: topics_live.is_live)
    live.app.state.database.companions["topics"]._silent_until = 0.0  # it has had its second

    live.pop(call_id="node1-5.1")

    event = agent.next()
    assert event is not None
    assert event.data["call_id"] == "node1-5.1"


def test_a_redis_that_hangs_is_noticed_and_costs_no_call(live, page, redis, wait, monkeypatch) -> None:
    monkeypatch.setattr(listener, "QUIET_SECONDS", 0.2)
    monkeypatch.setattr(listener, "ANSWER_SECONDS", 0.2)
    topics: TopicListener = live.app.state.listener
    agent = page().listen()
    wait(lambda: topics.is_live)

    redis.freeze()
    try:
        wait(lambda: not topics.is_live)
        live.pop(call_id="node1-9.1")
        event = agent.next()
    finally:
        redis.thaw()

    assert event is not None
    assert event.data["call_id"] == "node1-9.1"
    wait(lambda: topics.is_live)


def test_a_reconnecting_page_is_not_told_twice(live, page) -> None:
    agent = page()
    live.pop(call_id="node1-6.1")
    first = agent.listen().next()
    assert first is not None
    live.pop(call_id="node1-6.2")

    event = agent.reloaded().listen(last_event_id=first.id).next()

    assert event is not None
    assert event.data["call_id"] == "node1-6.2"


def test_a_reloaded_page_is_told_again_until_it_acknowledges(live, page) -> None:
    agent = page()
    live.pop(call_id="node1-7.1")
    first = agent.listen().next()
    assert first is not None
    assert agent.reloaded().listen().next() == first

    agent.client.post(f"/api/v1/pops/{first.data['pop_id']}/acknowledge", headers=agent.headers)
    live.pop(call_id="node1-7.2")

    event = agent.reloaded().listen().next()
    assert event is not None
    assert event.data["call_id"] == "node1-7.2"


@pytest.mark.parametrize("last_event_id", ["garbage", "pop-1,pop-2", ",,,,", "x" * 3000])
def test_a_strange_last_event_id_does_no_harm(live, page, last_event_id: str) -> None:
    agent = page()
    live.pop(call_id="node1-8.1")
    with live.database.transaction() as session:
        session.execute(update(ScreenPop).values(id=900))

    event = agent.listen(last_event_id).next()

    assert event is not None
    assert event.data["pop_id"] == 900


def test_the_stream_ends_with_the_log_out(live, page, only_topics, topics_live) -> None:
    agent = page().listen()

    agent.client.delete("/api/v1/session", headers=agent.headers)

    assert agent.next() is None


def test_the_stream_ends_when_the_account_is_switched_off(live, page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "LOOK_AGAIN_SECONDS", 0.1)
    agent = page().listen()
    with live.database.transaction() as session:
        session.execute(update(User).values(is_active=False))

    assert agent.next() is None


def test_the_stream_ends_when_the_log_in_expires(live, page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "LOOK_AGAIN_SECONDS", 0.1)
    agent = page().listen()
    later = utc_now() + timedelta(minutes=16)
    live.app.state.clock = lambda: later

    assert agent.next() is None


def test_being_connected_does_not_keep_a_log_in_alive(live, page) -> None:
    agent = page()
    live.app.state.clock = lambda: utc_now() + timedelta(minutes=5)

    with agent.client.stream("GET", "/desk/events") as answer:
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    assert "set-cookie" in agent.client.get("/api/v1/session").headers


def test_a_runaway_page_gets_no_more_streams(live, page) -> None:
    agent = page()
    for _ in range(sse.STREAMS_PER_USER):
        agent.listen()

    answer = agent.client.get("/desk/events")

    assert answer.status_code == 429
    assert answer.json()["code"] == "too-many-streams"


def test_closed_streams_make_room(live, page, wait) -> None:
    agent = page()
    for _ in range(sse.STREAMS_PER_USER * 2):
        with agent.client.stream("GET", "/desk/events") as answer:
            assert answer.status_code == 200
        wait(lambda: live.app.state.streams["8001"] == 0)


def test_a_visitor_hears_nothing(live) -> None:
    assert httpx.get(f"{live.url}/desk/events").status_code == 401


def test_the_server_stops_although_pages_listen(live, page) -> None:
    agents = [page(f"800{number}").listen() for number in range(3)]

    live.stop()

    assert not live.thread.is_alive()
    assert [agent.next() for agent in agents] == [None, None, None]


def test_an_answer_under_way_is_finished_before_the_server_stops(live) -> None:
    entered, go_on = Event(), Event()

    @live.app.get("/test/slow")
    def slow() -> str:
        entered.set()
        go_on.wait(20)
        return "done"

    answers: list[httpx.Response] = []
    asking = Thread(target=lambda: answers.append(httpx.get(f"{live.url}/test/slow", timeout=30)))
    asking.start()
    assert entered.wait(20)
    live.server.should_exit = True
    go_on.set()
    asking.join(30)

    assert [answer.text for answer in answers] == ['"done"']
    live.thread.join(30)
    assert not live.thread.is_alive()
