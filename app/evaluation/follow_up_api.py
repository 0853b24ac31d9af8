"""JSON of the follow-up desk: whose turn it is, what a citizen said, what follows from it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from app.accounts import audit
from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.evaluation import by_hand, desk, inviting
from app.evaluation.desk import DeskList
from app.evaluation.schemas import AnswerIn, AttemptIn, DecisionIn, FollowUpTaskList, FollowUpTaskOut, RingIn
from app.platform.http import ClockDep, DatabaseDep, Reading, SettingsDep, SwitchDep, Writing

router = APIRouter(tags=["follow-up"])

Asker = Annotated[Actor, Depends(require(Permission.FOLLOW_UPS_WRITE))]
TaskId = Annotated[int, Path(ge=1, le=2**63 - 1)]
REFUSALS: dict[int | str, dict[str, Any]] = {
    403: {"description": "You handled this ticket (R35)"},
    404: {"description": "There is no such task, or its ticket is not one that you may see"},
    409: {"description": "It is over, or this part of the day was tried"},
    422: {"description": "`errors` names the fields that are missing or wrong"},
}


@router.get("/follow-ups", summary="List follow-up tasks")
def list_follow_ups(
    actor: Asker,
    session: Reading,
    clock: ClockDep,
    name: Annotated[
        DeskList, Query(alias="list", description="now, later, unhappy (to be decided) or done")
    ] = DeskList.NOW,
    ticket: Annotated[str, Query(pattern=r"^([0-9]{1,19})?$", description="only of this ticket number")] = "",
) -> FollowUpTaskList:
    """Citizens to be asked, one task for each and each round of handling."""
    rows = desk.list_tasks(session, name, actor=actor, now=clock(), ticket_number=ticket)
    return FollowUpTaskList(items=[FollowUpTaskOut.of(row, is_listed=True) for row in rows])


@router.get("/follow-ups/{task_id}", summary="Read a follow-up task", responses={404: REFUSALS[404]})
def read_follow_up(task_id: TaskId, actor: Asker, session: Reading) -> FollowUpTaskOut:
    """One task."""
    return FollowUpTaskOut.of(desk.get_row(session, task_id, actor))


@router.post("/follow-ups/{task_id}/answer", summary="Keep what a citizen said", responses=REFUSALS)
def record_follow_up_answer(
    task_id: TaskId, body: AnswerIn, actor: Asker, session: Writing, clock: ClockDep
) -> FollowUpTaskOut:
    """Who is content ends it; who is not leaves it to be decided. An answer is kept once."""
    now = clock()
    given = body.model_dump(mode="json", exclude_none=True)
    desk.record(session, task_id, "note_answer", given, actor=actor, now=now)
    audit.record(
        session, actor, "follow_up_recorded", at=now, object_type="follow_up", object_id=task_id,
        detail={"verdict": "note_answer"},
    )  # fmt: skip
    return FollowUpTaskOut.of(desk.get_row(session, task_id, actor))


@router.post("/follow-ups/{task_id}/attempt", summary="Nobody was reached", responses=REFUSALS)
def record_follow_up_attempt(
    task_id: TaskId, body: AttemptIn, actor: Asker, session: Writing, clock: ClockDep
) -> FollowUpTaskOut:
    """A try for nothing; the next one is in another part of the day, the third one ends it."""
    now = clock()
    given = {"channel": "phone", "reason": body.reason}
    desk.record(session, task_id, "note_attempt", given, actor=actor, now=now)
    audit.record(
        session, actor, "follow_up_recorded", at=now, object_type="follow_up", object_id=task_id,
        detail={"verdict": "note_attempt"},
    )  # fmt: skip
    return FollowUpTaskOut.of(desk.get_row(session, task_id, actor))


@router.post("/follow-ups/{task_id}/decide", summary="What follows from an unhappy answer", responses=REFUSALS)
def decide_follow_up(
    task_id: TaskId, body: DecisionIn, actor: Asker, session: Writing, clock: ClockDep
) -> FollowUpTaskOut:
    """Back to the unit to be done again, twice at most; or it ends, with the reason why."""
    now = clock()
    desk.decide(session, task_id, is_redone=body.is_redone, reason=body.reason, actor=actor, now=now)
    audit.record(
        session, actor, "follow_up_recorded", at=now, object_type="follow_up", object_id=task_id,
        detail={"verdict": "follow_up_redo" if body.is_redone else "rate", "reason": body.reason},
    )  # fmt: skip
    return FollowUpTaskOut.of(desk.get_row(session, task_id, actor))


@router.post("/follow-ups/{task_id}/invite", summary="Send the citizen a link", responses=REFUSALS)
def invite_to_follow_up(
    task_id: TaskId, actor: Asker, session: Writing, settings: SettingsDep, clock: ClockDep
) -> FollowUpTaskOut:
    """A text message with a link for one answer; the link sent before is dead. 409: he left no mobile number."""
    now = clock()
    inviting.invite(session, task_id, public_url=settings.effective_public_url, actor=actor, now=now)
    audit.record(session, actor, "follow_up_invited", at=now, object_type="follow_up", object_id=task_id)
    return FollowUpTaskOut.of(desk.get_row(session, task_id, actor))


@router.post(
    "/follow-ups/{task_id}/ring",
    status_code=202,
    summary="Have the machine ask the citizen",
    responses={**REFUSALS, 503: {"description": "Telephony does not answer: nobody was rung; read the task again"}},
)
def ring_for_follow_up(
    *,
    task_id: TaskId,
    body: RingIn,
    actor: Asker,
    database: DatabaseDep,
    switch: SwitchDep,
    settings: SettingsDep,
    clock: ClockDep,
) -> FollowUpTaskOut:
    """The citizen is rung and asked by the flow `follow-up`; what he keys stands in the task when the call is over.

    409: he was tried in this part of the day, it is night, he was just rung, or he left no number that a machine rings.
    """
    by_hand.ring(
        database, switch, task_id, calls_placed=body.calls_placed, hours=settings.hours_of_callbacks, actor=actor,
        now=clock(),
    )  # fmt: skip
    with database.reading() as session:
        return FollowUpTaskOut.of(desk.get_row(session, task_id, actor))
