"""JSON of users, for administrators."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from app.accounts import service, users
from app.accounts.auth import Actor, require
from app.accounts.models import Role
from app.accounts.rules import Permission
from app.accounts.user_schemas import RoleIn, UserIn, UserIssued, UserList, UserOut
from app.platform.cursors import make_cursor, read_cursor
from app.platform.http import ClockDep, Reading, Writing

router = APIRouter(prefix="/users", tags=["users"])

Reader = Annotated[Actor, Depends(require(Permission.USERS_READ))]
Administrator = Annotated[Actor, Depends(require(Permission.USERS_READ, Permission.USERS_WRITE))]
Username = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Answers = dict[int | str, dict[str, Any]]
NOT_FOUND: Answers = {404: {"description": "There is no user of this name"}}
TAKEN: Answers = {409: {"description": "`username-taken`"}}
LAST: Answers = {**NOT_FOUND, 409: {"description": "`last-administrator`: nobody could switch a user on any more"}}


@router.get("", summary="List users")
def list_users(
    *,
    _actor: Reader,
    session: Reading,
    text: Annotated[str, Query(max_length=80, description="part of the username or the display name")] = "",
    role: Role | None = None,
    is_active: Annotated[bool | None, Query(description="whether they may log in; left out: all")] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> UserList:
    """Everybody with an account, by username, switched-off ones too."""
    after = read_cursor(cursor, str)[0] if cursor else ""
    rows = users.list_users(session, text=text, role=role, is_active=is_active, after=after, limit=limit + 1)
    more = make_cursor(rows[limit - 1].username, 0) if len(rows) > limit else None
    return UserList(items=[UserOut.model_validate(row) for row in rows[:limit]], next_cursor=more)


@router.post("", summary="Create a user", status_code=201, responses=TAKEN)
def create_user(body: UserIn, actor: Administrator, session: Writing, clock: ClockDep) -> UserIssued:
    """A new person with a one-time password, answered this once. It opens nothing until he has changed it."""
    made = users.add_user(
        session, body.username, display_name=body.display_name, role=body.role, now=clock(), seat=body.seat,
        queues=body.queues, unit_code=body.unit_code, region_code=body.region_code, actor=actor,
    )  # fmt: skip
    return UserIssued.of(*made)


@router.get("/{username}", summary="Read a user", responses=NOT_FOUND)
def read_user(username: Username, _actor: Reader, session: Reading) -> UserOut:
    """One person, without the password's hash."""
    return UserOut.model_validate(service.get_user(session, username))


@router.post("/{username}/change-role", summary="Change a user's role", responses=LAST)
def change_user_role(
    username: Username, body: RoleIn, actor: Administrator, session: Writing, clock: ClockDep
) -> UserOut:
    """Other rights from now on; every log-in of this person ends. The same role changes nothing."""
    return UserOut.model_validate(
        users.change_role(
            session,
            username,
            body.role,
            now=clock(),
            unit_code=body.unit_code,
            region_code=body.region_code,
            actor=actor,
        )
    )


@router.post("/{username}/issue-password", summary="Give out a new password", responses=NOT_FOUND)
def issue_user_password(username: Username, actor: Administrator, session: Writing, clock: ClockDep) -> UserIssued:
    """A one-time password in place of the old one, answered this once; every log-in of this person ends."""
    return UserIssued.of(*users.issue_password(session, username, now=clock(), actor=actor))


@router.post("/{username}/disable", summary="Switch a user off", responses=LAST)
def disable_user(username: Username, actor: Administrator, session: Writing, clock: ClockDep) -> UserOut:
    """He cannot log in any more, and what is open ends; his name stays in the records. Asked again, nothing changes."""
    return UserOut.model_validate(users.disable_user(session, username, now=clock(), actor=actor))


@router.post("/{username}/enable", summary="Switch a user on", responses=NOT_FOUND)
def enable_user(username: Username, actor: Administrator, session: Writing, clock: ClockDep) -> UserOut:
    """He may log in again, with the password he had. Asked again, nothing changes."""
    return UserOut.model_validate(users.enable_user(session, username, now=clock(), actor=actor))
