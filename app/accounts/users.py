"""Use cases of administrators: who may log in, as what, and with which first password. Each leaves an audit entry."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import SYSTEM, Actor
from app.accounts.models import Role, User
from app.accounts.passwords import hash_password
from app.accounts.rules import OF_A_UNIT
from app.accounts.service import UnitRefused, check_region, create_user, get_user
from app.platform.errors import Conflict, HotlineError
from app.platform.topics import SESSION, agent_topic, publish

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are mistaken for each other when a password is read out."""


class LastAdministrator(Conflict):
    """Without him nobody could create or switch on a user any more."""

    code = "last-administrator"
    title = "这是最后一名系统管理员，不能停用或更换角色"


class UnitNeeded(HotlineError):
    """People of a unit see the tickets of their unit: without one they would see none."""

    status = 422
    code = "unit-needed"
    title = "承办单位的用户须填写单位代码"


def list_users(
    session: Session,
    *,
    text: str = "",
    role: str | None = None,
    is_active: bool | None = None,
    after: str = "",
    limit: int = 50,
) -> list[User]:
    """People by username. `text` is part of a name, `after` the last username of the page before."""
    query = select(User).where(User.username > after).order_by(User.username).limit(limit)
    if text:
        query = query.where(or_(*(name.contains(text, autoescape=True) for name in (User.username, User.display_name))))
    if role is not None:
        query = query.where(User.role == role)
    if is_active is not None:
        query = query.where(User.is_active.is_(is_active))
    return list(session.scalars(query))


def new_password() -> str:
    """A password to be read out once: 79 bits in four groups."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def add_user(
    session: Session,
    username: str,
    *,
    display_name: str,
    role: Role,
    now: datetime,
    seat: str = "",
    queues: Mapping[str, int] | None = None,
    unit_code: str = "",
    region_code: str = "",
    actor: Actor = SYSTEM,
) -> tuple[User, str]:
    """A new person and his one-time password, which is shown this once.

    UsernameRefused, UsernameTaken, UnitNeeded, UnitRefused, RegionRefused.
    """
    check_unit(role, unit_code)
    password = new_password()
    user = create_user(
        session, username, display_name=display_name or username, role=role, password=password, now=now, seat=seat,
        queues=queues, unit_code=unit_code, region_code=region_code, is_password_issued=True, actor=actor,
    )  # fmt: skip
    return user, password


def issue_password(session: Session, username: str, *, now: datetime, actor: Actor = SYSTEM) -> tuple[User, str]:
    """A one-time password in place of the old one; all his log-ins end. UserNotFound."""
    user, password = get_user(session, username), new_password()
    user.password_hash, user.is_password_issued = hash_password(password), True
    _end_log_ins(session, user)
    audit.record(session, actor, "password_issued", at=now, object_type="user", object_id=username)
    return user, password


def check_unit(role: Role, unit_code: str) -> None:
    """Who handles tickets does so for a unit, and nobody else belongs to one (R35). UnitNeeded, UnitRefused."""
    if role in OF_A_UNIT and not unit_code:
        raise UnitNeeded()
    if unit_code and role not in OF_A_UNIT:
        raise UnitRefused()


def change_role(
    session: Session, username: str, role: Role, *, now: datetime, unit_code: str = "", region_code: str = "",
    actor: Actor = SYSTEM,
) -> User:  # fmt: skip
    """Other rights from now on; all his log-ins end. The same role, unit and region change nothing.

    UserNotFound, LastAdministrator, UnitNeeded, UnitRefused, RegionRefused.
    """
    user = _for_change(session, username)
    check_unit(role, unit_code)
    check_region(role, region_code)
    if (user.role, user.unit_code, user.region_code) == (role, unit_code, region_code):
        return user
    if role != Role.ADMIN:
        _keep_an_administrator(session, user)
    detail = {"from": user.role, "to": str(role), "unit": unit_code, "region": region_code}
    user.role, user.unit_code, user.region_code = role, unit_code, region_code
    _end_log_ins(session, user)
    audit.record(session, actor, "role_changed", at=now, object_type="user", object_id=username, detail=detail)
    return user


def disable_user(session: Session, username: str, *, now: datetime, actor: Actor = SYSTEM) -> User:
    """He cannot log in any more and what is open ends; his name stays in the records.

    UserNotFound, LastAdministrator.
    """
    user = _for_change(session, username)
    if user.is_active:
        _keep_an_administrator(session, user)
        user.is_active = False
        _end_log_ins(session, user)
        audit.record(session, actor, "user_disabled", at=now, object_type="user", object_id=username)
    return user


def enable_user(session: Session, username: str, *, now: datetime, actor: Actor = SYSTEM) -> User:
    """He may log in again, with the password he had. UserNotFound."""
    user = _for_change(session, username)
    if not user.is_active:
        user.is_active = True
        audit.record(session, actor, "user_enabled", at=now, object_type="user", object_id=username)
    return user


def _for_change(session: Session, username: str) -> User:
    """The user, after every administrator is locked: of two who remove each other at once the second is refused."""
    administrators = select(User).where(User.role == Role.ADMIN, User.is_active).order_by(User.id)
    session.scalars(administrators.with_for_update(), execution_options={"populate_existing": True}).all()
    return get_user(session, username)


def _keep_an_administrator(session: Session, user: User) -> None:
    others = select(User.id).where(User.role == Role.ADMIN, User.is_active, User.id != user.id)
    if user.role == Role.ADMIN and user.is_active and session.scalars(others.limit(1)).first() is None:
        raise LastAdministrator()


def _end_log_ins(session: Session, user: User) -> None:
    user.session_epoch += 1
    publish(session, agent_topic(user.username), SESSION)
