"""The tables of rights are whole: every role, every permission, every pair."""

import itertools

import pytest

from app.accounts.models import Role
from app.accounts.rules import (
    MEANINGS,
    ROLE_PERMISSIONS,
    SCOPES,
    Permission,
    permissions_of_role,
    permissions_of_scopes,
)

P = Permission
ALLOWED: dict[Permission, set[Role]] = {
    P.CALL_EVENTS_WRITE: set(),
    P.LOOKUP_READ: set(),
    P.CALLS_READ: {Role.AGENT, Role.SUPERVISOR, Role.OPS, Role.AUDITOR},
    P.TICKETS_READ: set(Role) - {Role.OPS, Role.ADMIN},
    P.TICKETS_WRITE: {Role.AGENT, Role.SUPERVISOR},
    P.TICKETS_EXPORT: {Role.SUPERVISOR, Role.AUDITOR, Role.UNIT_LEADER},
    P.REFERRALS_WRITE: set(),
    P.MISSED_CALLS_READ: {Role.AGENT, Role.SUPERVISOR, Role.AUDITOR},
    P.MISSED_CALLS_WRITE: {Role.AGENT, Role.SUPERVISOR},
    P.DESK_USE: {Role.AGENT},
    P.AGENTS_READ: {Role.SUPERVISOR, Role.OPS},
    P.LINE_WATCH_READ: {Role.SUPERVISOR, Role.OPS},
    P.USERS_READ: {Role.ADMIN, Role.AUDITOR},
    P.USERS_WRITE: {Role.ADMIN},
    P.AGENTS_CONTROL: {Role.SUPERVISOR},
    P.NUMBERS_REVEAL: {Role.AGENT, Role.SUPERVISOR, Role.FOLLOW_UP},
    P.CALLERS_FLAG: {Role.AGENT, Role.SUPERVISOR},
    P.OPERATIONS_READ: {Role.OPS},
    P.OPERATIONS_WRITE: {Role.OPS},
    P.PERSONAL_DATA_READ: {Role.AUDITOR, Role.SUPERVISOR},
    P.PERSONAL_DATA_WRITE: {Role.SUPERVISOR},
    P.AUDIT_READ: {Role.AUDITOR, Role.SUPERVISOR},
    P.CATALOGUE_WRITE: {Role.SUPERVISOR, Role.DISPATCHER},
    P.CASES_READ: set(Role) - {Role.OPS, Role.ADMIN},
    P.CASES_MOVE: set(Role) - {Role.OPS, Role.AUDITOR, Role.ADMIN},
    P.REPLIES_JUDGE: {Role.SUPERVISOR, Role.REVIEWER},
    P.SUPERVISION_READ: set(Role) - {Role.AGENT, Role.FOLLOW_UP, Role.OPS, Role.ADMIN},
    P.SUPERVISION_WRITE: {Role.SUPERVISOR},
    P.EMERGENCIES_ANSWER: {Role.SUPERVISOR, Role.UNIT_STAFF, Role.UNIT_LEADER},
    P.RULES_WRITE: {Role.SUPERVISOR},
    P.FOLLOW_UPS_WRITE: {Role.FOLLOW_UP},
    P.RATES_READ: set(Role) - {Role.AGENT, Role.OPS, Role.ADMIN},
    P.SCORES_OBJECT: {Role.UNIT_LEADER},
    P.SCORES_DECIDE: {Role.SUPERVISOR, Role.REVIEWER},
    P.BROADCASTS_READ: {Role.AGENT, Role.SUPERVISOR, Role.OPS},
    P.BROADCASTS_WRITE: {Role.SUPERVISOR, Role.OPS},
}


@pytest.mark.parametrize(("role", "permission"), list(itertools.product(Role, Permission)))
def test_each_role_may_do_just_what_the_table_says(role: Role, permission: Permission) -> None:
    assert (permission in permissions_of_role(role)) == (role in ALLOWED[permission])


def test_every_role_and_every_permission_is_described() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert set(MEANINGS) == set(Permission) == set(ALLOWED)


def test_nobody_of_flesh_and_blood_reports_call_facts() -> None:
    assert all(P.CALL_EVENTS_WRITE not in permissions for permissions in ROLE_PERMISSIONS.values())


def test_the_auditor_changes_nothing() -> None:
    assert not [p for p in permissions_of_role(Role.AUDITOR) if p.value.endswith((":write", ":control", ":use"))]


@pytest.mark.parametrize("permission", list(Permission))
def test_a_scope_gives_its_own_permission_and_no_other(permission: Permission) -> None:
    expected = {permission} if permission in SCOPES else set()

    assert permissions_of_scopes([permission.value]) == expected


@pytest.mark.parametrize("scopes", [[], ["*"], ["tickets"], ["TICKETS:READ"], ["desk:use"], ["audit:read"]])
def test_an_unknown_or_human_scope_gives_nothing(scopes: list[str]) -> None:
    assert permissions_of_scopes(scopes) == frozenset()
