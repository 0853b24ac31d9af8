"""Use cases of people and machines that may log in."""

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import SYSTEM, Actor, actor_of_user, hash_token
from app.accounts.models import Role, ServiceToken, User
from app.accounts.passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, hash_password, is_password
from app.accounts.rules import BOUND_TO_A_REGION, OF_A_UNIT, SCOPES
from app.platform.errors import Conflict, HotlineError, NotFound

NODE = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
"""As `app.contract.env.EnvSettings.node`."""
REGION = re.compile(r"\d{6}(\d{3}){0,2}")
LINE = re.compile(r"[0-9]{3,20}")
USERNAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""Also the member name in Asterisk's queues (app.contract.commands.Word)."""


class UsernameRefused(HotlineError):
    status = 422
    code = "username-refused"
    title = "用户名只能用字母、数字、点、横线和下划线，最多 64 个"


class UsernameTaken(Conflict):
    code = "username-taken"
    title = "用户名已存在"


class UnitRefused(HotlineError):
    """Separation of duties (R35): who works for the hotline belongs to no unit."""

    status = 422
    code = "unit-refused"
    title = "只有承办单位人员可以归属承办单位"


class RegionRefused(HotlineError):
    """Units have their own scope; whoever keeps machines or accounts does so for all."""

    status = 422
    code = "region-refused"
    title = "只有话务、派单、审核、回访、班长和审计岗位可以限定区域"


class PasswordRefused(HotlineError):
    """The new password is too short, too long, or the username itself."""

    status = 422
    code = "password-refused"
    title = f"新密码至少 {MIN_PASSWORD_LENGTH} 位，且不能与用户名相同"


class CurrentPasswordWrong(HotlineError):
    status = 422
    code = "current-password-wrong"
    title = "当前密码不正确"


class UserNotFound(NotFound):
    code = "user-not-found"
    title = "没有这个用户"


class ScopeUnknown(HotlineError):
    status = 422
    code = "scope-unknown"
    title = "未知的权限范围"


class TokenBindingRefused(HotlineError):
    """A token that could report for a line in the name of any node, or for a node that cannot exist."""

    status = 422
    code = "token-binding-refused"
    title = "令牌绑定的节点或专线无效"


class ServiceTokenNotFound(NotFound):
    code = "service-token-not-found"
    title = "没有这个访问令牌"


def check_password_rules(username: str, password: str) -> None:
    """PasswordRefused unless the password may be used."""
    is_fit = MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH
    if not is_fit or password.casefold() == username.casefold():
        raise PasswordRefused()


def create_user(
    session: Session,
    username: str,
    *,
    display_name: str,
    role: Role,
    password: str,
    now: datetime,
    seat: str = "",
    queues: Mapping[str, int] | None = None,
    unit_code: str = "",
    region_code: str = "",
    is_password_issued: bool = False,
    actor: Actor = SYSTEM,
) -> User:
    """A new person. `queues` is queue name → penalty; `unit_code` is the unit of people of a unit; `region_code` binds
    people of the hotline to a region (R33).

    An issued password must be changed before anything else.

    UsernameRefused, UsernameTaken, PasswordRefused, UnitRefused, RegionRefused.
    """
    if not USERNAME.fullmatch(username):
        raise UsernameRefused()
    check_password_rules(username, password)
    if unit_code and role not in OF_A_UNIT:
        raise UnitRefused()
    check_region(role, region_code)
    user = User(
        username=username,
        display_name=display_name,
        role=role,
        password_hash=hash_password(password),
        is_password_issued=is_password_issued,
        seat=seat,
        queues=dict(queues or {}),
        unit_code=unit_code,
        region_code=region_code,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        raise UsernameTaken(f"用户名 {username} 已存在") from error
    audit.record(
        session, actor, "user_created", at=now, object_type="user", object_id=username, detail={"role": str(role)}
    )
    return user


def check_region(role: Role, region_code: str) -> None:
    """RegionRefused for a role that is never bound to a region, or for what cannot be a region's code."""
    if region_code and not REGION.fullmatch(region_code):
        raise RegionRefused("区域代码为 6 位、9 位或 12 位数字")
    if region_code and role not in BOUND_TO_A_REGION:
        raise RegionRefused()


def find_user(session: Session, username: str) -> User | None:
    return session.scalar(select(User).where(User.username == username))


def display_names(session: Session) -> dict[str, str]:
    """What people are called, by username."""
    return dict(session.execute(select(User.username, User.display_name)).all())


def get_user(session: Session, username: str) -> User:
    """UserNotFound."""
    user = find_user(session, username)
    if user is None:
        raise UserNotFound()
    return user


def set_password(session: Session, username: str, password: str, *, now: datetime, actor: Actor = SYSTEM) -> User:
    """A password that its owner knows alone; all his log-ins end. UserNotFound, PasswordRefused."""
    user = get_user(session, username)
    check_password_rules(username, password)
    user.password_hash = hash_password(password)
    user.is_password_issued = False
    user.session_epoch += 1
    audit.record(session, actor, "password_set", at=now, object_type="user", object_id=username)
    return user


def change_password(session: Session, username: str, current: str, new: str, *, now: datetime) -> User:
    """One's own password; every other log-in ends. CurrentPasswordWrong, PasswordRefused."""
    user = get_user(session, username)
    if not is_password(user.password_hash, current[: MAX_PASSWORD_LENGTH + 1]):
        raise CurrentPasswordWrong()
    if new == current:
        raise PasswordRefused("新密码不能与当前密码相同")
    return set_password(session, username, new, now=now, actor=actor_of_user(user))


def create_service_token(
    session: Session,
    name: str,
    scopes: Iterable[str],
    *,
    now: datetime,
    actor: Actor = SYSTEM,
    node: str | None = None,
    line: str | None = None,
) -> str:
    """A new token for a machine, shown this once. Replaces an older token of that name.

    ScopeUnknown, TokenBindingRefused.
    """
    plain = secrets.token_urlsafe(32)
    ensure_service_token(session, name, plain, scopes, now=now, actor=actor, node=node, line=line)
    return plain


def ensure_service_token(
    session: Session,
    name: str,
    plain: str,
    scopes: Iterable[str],
    *,
    now: datetime,
    actor: Actor = SYSTEM,
    node: str | None = None,
    line: str | None = None,
) -> ServiceToken:
    """Set-up knows the token already: keep its hash under that name. Doing it again changes nothing.

    `node`: it reports for this node alone; `line`: a foreign exchange, which reports this line alone (R13).
    ScopeUnknown, TokenBindingRefused.
    """
    wanted = sorted({str(scope) for scope in scopes})
    if unknown := [scope for scope in wanted if scope not in {str(known) for known in SCOPES}]:
        raise ScopeUnknown(f"未知的权限范围：{'、'.join(unknown)}", unknown=unknown)
    check_binding(node, line)
    token = session.scalar(select(ServiceToken).where(ServiceToken.name == name))
    values = {"token_hash": hash_token(plain), "scopes": wanted, "is_active": True, "node": node, "line": line}
    if token and all(getattr(token, key) == value for key, value in values.items()):
        return token
    if token is None:
        token = ServiceToken(name=name, created_at=now)
        session.add(token)
    for key, value in values.items():
        setattr(token, key, value)
    audit.record(
        session, actor, "service_token_set", at=now, object_type="service_token", object_id=name,
        detail={"scopes": wanted, "node": node, "line": line},
    )  # fmt: skip
    session.flush()
    return token


def check_binding(node: str | None, line: str | None) -> None:
    """TokenBindingRefused unless a node is a node's name, and a line comes with the node that reports it."""
    if node is not None and not NODE.fullmatch(node):
        raise TokenBindingRefused("节点名只能用小写字母、数字和横线，最多 31 个", node=node)
    if line is not None and not LINE.fullmatch(line):
        raise TokenBindingRefused("专线号码只能是 3 到 20 位数字", line=line)
    if line is not None and node is None:
        raise TokenBindingRefused("绑定专线的令牌必须同时绑定上报节点", line=line)


def list_service_tokens(session: Session) -> list[ServiceToken]:
    """Every machine's token, by name, switched-off ones too."""
    return list(session.scalars(select(ServiceToken).order_by(ServiceToken.name)))


def deactivate_service_token(session: Session, name: str, *, now: datetime, actor: Actor = SYSTEM) -> None:
    """It opens nothing any more. ServiceTokenNotFound."""
    token = session.scalar(select(ServiceToken).where(ServiceToken.name == name))
    if token is None:
        raise ServiceTokenNotFound()
    token.is_active = False
    audit.record(session, actor, "service_token_deactivated", at=now, object_type="service_token", object_id=name)
