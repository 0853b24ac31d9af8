"""Whatever a move is given: it is refused in our own words or done, never our fault."""

import itertools
from typing import Any

import pytest

from app.casework import service
from app.casework.forms import FORMS
from app.platform.database import Database
from app.platform.errors import HotlineError, NotFound
from app.tickets.states import BY_VERB
from tests.integration.casework.conftest import Stage

pytestmark = pytest.mark.services

STRANGE: list[Any] = [
    "", "\x00", "王" * 5001, -1, 10**30, True, None, [], ["\x00"], {}, "9999-12-31", "0001-01-01", "410421-zhengfu",
    "1", "12345678901234567890", "phone", "\u202e\ud83d\ude00",
]  # fmt: skip


class Undone(Exception):
    """Ends a transaction that must leave nothing behind."""


def attempt(database: Database, stage: Stage, ticket: int, verb: str, who: str, given: dict[str, Any]) -> None:
    try:
        with database.transaction() as session:
            service.move(session, ticket, verb, given, actor=stage.people[who], now=stage.now)
            raise Undone
    except (HotlineError, Undone):
        pass


@pytest.mark.parametrize("state", ["ticket", "dispatched", "at_work", "replied", "asked", "rated"])
def test_strange_forms_break_nothing(stage: Stage, database: Database, state: str) -> None:
    ticket = getattr(stage, state)()
    before = stage.read(ticket).version
    for who in ("8001", "chief", "dispatcher", "reviewer", "caller", "clerk", "leader"):
        try:
            possible = stage.possible(ticket, who)
        except NotFound:  # not given to this unit yet
            possible = set()
        for verb in possible | {"dispatch"}:
            names = list(FORMS[verb].model_fields) if verb in FORMS else ["reason"]
            for value in STRANGE:
                attempt(database, stage, ticket, verb, who, dict.fromkeys(names, value))
    assert stage.read(ticket).version == before


def test_every_verb_is_refused_in_our_own_words_to_everybody_in_every_wrong_state(
    stage: Stage, database: Database
) -> None:
    ticket = stage.rated()
    for verb, who in itertools.product(BY_VERB, stage.people):
        attempt(database, stage, ticket, verb, who, {})


def test_a_far_day_is_refused_not_computed(stage: Stage, database: Database) -> None:
    ticket = stage.at_work()
    form = {"reason": "需跨部门会商清运方案", "evidence": "附会商纪要一份", "due_on": "9999-12-31"}
    with pytest.raises(HotlineError), database.transaction() as session:
        service.move(session, ticket, "request_extension", form, actor=stage.people["leader"], now=stage.now)
    with pytest.raises(HotlineError), database.transaction() as session:
        service.move(
            session, ticket, "request_commitment", {**form, "milestones": "第一阶段完成设计工作"},
            actor=stage.people["leader"], now=stage.now,
        )  # fmt: skip
