"""Who may do what: role → permissions for people, scope → permissions for machines. Pure tables."""

from collections.abc import Iterable
from enum import StrEnum

from app.accounts.models import Role


class Permission(StrEnum):
    """One thing that may be allowed. The value is what API texts and service tokens call it."""

    CALL_EVENTS_WRITE = "call-events:write"
    LOOKUP_READ = "lookup:read"
    CALLS_READ = "calls:read"
    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    TICKETS_EXPORT = "tickets:export"
    REFERRALS_WRITE = "referrals:write"
    MISSED_CALLS_READ = "missed-calls:read"
    MISSED_CALLS_WRITE = "missed-calls:write"
    DESK_USE = "desk:use"
    AGENTS_READ = "agents:read"
    AGENTS_CONTROL = "agents:control"
    NUMBERS_REVEAL = "numbers:reveal"
    CALLERS_FLAG = "callers:flag"
    OPERATIONS_READ = "operations:read"
    OPERATIONS_WRITE = "operations:write"
    LINE_WATCH_READ = "line-watch:read"
    AUDIT_READ = "audit:read"
    BROADCASTS_READ = "broadcasts:read"
    BROADCASTS_WRITE = "broadcasts:write"
    CATALOGUE_WRITE = "catalogue:write"
    CASES_READ = "cases:read"
    CASES_MOVE = "cases:move"
    REPLIES_JUDGE = "replies:judge"
    SUPERVISION_READ = "supervision:read"
    SUPERVISION_WRITE = "supervision:write"
    EMERGENCIES_ANSWER = "emergencies:answer"
    RULES_WRITE = "rules:write"
    FOLLOW_UPS_WRITE = "follow-ups:write"
    RATES_READ = "rates:read"
    SCORES_OBJECT = "scores:object"
    SCORES_DECIDE = "scores:decide"
    PERSONAL_DATA_READ = "personal-data:read"
    PERSONAL_DATA_WRITE = "personal-data:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"


MEANINGS: dict[Permission, str] = {
    Permission.CALL_EVENTS_WRITE: "report call events (telephony nodes)",
    Permission.LOOKUP_READ: "ask who is calling (telephony nodes)",
    Permission.CALLS_READ: "see calls and their timelines, numbers masked",
    Permission.TICKETS_READ: "see tickets and their history, numbers masked",
    Permission.TICKETS_WRITE: "open, edit and move tickets",
    Permission.TICKETS_EXPORT: "take tickets away as a table, with a reason and an audit entry, numbers masked",
    Permission.REFERRALS_WRITE: "refer matters to the hotline and read what became of them (110, 119, 120, 122)",
    Permission.MISSED_CALLS_READ: "see the missed-call list",
    Permission.MISSED_CALLS_WRITE: "close a row of the missed-call list",
    Permission.DESK_USE: "work as an agent: sign in to queues, pause, receive pops",
    Permission.AGENTS_READ: "see what every agent is doing",
    Permission.AGENTS_CONTROL: "sign other agents out, pause them, resume them",
    Permission.NUMBERS_REVEAL: "see a full number, with a reason and an audit entry",
    Permission.CALLERS_FLAG: "say which numbers are put through first, and take that back",
    Permission.OPERATIONS_READ: "see parked events, senders, lines, trunks, changes of the plan, flows and prompts",
    Permission.OPERATIONS_WRITE: "change the site plan, flows and prompts: propose, approve, apply, publish, roll back",
    Permission.LINE_WATCH_READ: "see which lines fail their test calls, or have had none for too long",
    Permission.AUDIT_READ: "read the audit log, numbers masked",
    Permission.BROADCASTS_READ: "see what callers hear before the queue, and who follows an incident",
    Permission.BROADCASTS_WRITE: "announce and end broadcasts (duty officer, ops)",
    Permission.CATALOGUE_WRITE: "edit units, exclusions and dispatch rules",
    Permission.CASES_READ: "see how tickets are handled: assignments, requests, contacts, follow-up",
    Permission.CASES_MOVE: "move tickets through handling; which moves, the table of states says by role",
    Permission.REPLIES_JUDGE: "judge what units answer, on the audit desk",
    Permission.SUPERVISION_READ: "see what is near due, overdue, recurring and dissatisfying",
    Permission.SUPERVISION_WRITE: "order supervisions",
    Permission.EMERGENCIES_ANSWER: "say that the duty room has an emergency matter",
    Permission.RULES_WRITE: "edit working-day calendars and rules of deadlines",
    Permission.FOLLOW_UPS_WRITE: "ask citizens how it went, and keep what they say",
    Permission.RATES_READ: "see rates, what they count, and what citizens said of units",
    Permission.SCORES_OBJECT: "object to a score of the own unit",
    Permission.SCORES_DECIDE: "decide objections to scores",
    Permission.PERSONAL_DATA_READ: "see what was deleted, and how long data are kept",
    Permission.PERSONAL_DATA_WRITE: "export and delete one person's data (PIPL)",
    Permission.USERS_READ: "see who may log in, and as what",
    Permission.USERS_WRITE: "create users, change their roles, switch them off, give out new passwords",
}

_P = Permission

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.AGENT: frozenset(
        {_P.DESK_USE, _P.CALLS_READ, _P.TICKETS_READ, _P.TICKETS_WRITE, _P.MISSED_CALLS_READ, _P.MISSED_CALLS_WRITE}
        | {_P.NUMBERS_REVEAL, _P.CALLERS_FLAG, _P.CASES_READ, _P.CASES_MOVE, _P.BROADCASTS_READ}
    ),
    Role.SUPERVISOR: frozenset(
        {_P.CALLS_READ, _P.TICKETS_READ, _P.TICKETS_WRITE, _P.MISSED_CALLS_READ, _P.MISSED_CALLS_WRITE}
        | {_P.AGENTS_READ, _P.AGENTS_CONTROL, _P.NUMBERS_REVEAL, _P.CALLERS_FLAG}
        | {_P.CATALOGUE_WRITE, _P.CASES_READ, _P.CASES_MOVE, _P.BROADCASTS_READ, _P.BROADCASTS_WRITE}
        | {_P.SUPERVISION_READ, _P.SUPERVISION_WRITE, _P.EMERGENCIES_ANSWER, _P.RULES_WRITE}
        | {_P.LINE_WATCH_READ, _P.AUDIT_READ, _P.TICKETS_EXPORT, _P.RATES_READ, _P.SCORES_DECIDE}
        | {_P.PERSONAL_DATA_READ, _P.PERSONAL_DATA_WRITE, _P.REPLIES_JUDGE}
    ),
    # ops keep the machines, not the citizens' matters: calls with masked numbers, no tickets
    Role.OPS: frozenset(
        {_P.CALLS_READ, _P.AGENTS_READ, _P.OPERATIONS_READ, _P.OPERATIONS_WRITE, _P.BROADCASTS_READ}
        | {_P.BROADCASTS_WRITE, _P.LINE_WATCH_READ}
    ),
    # units see what was dispatched to them (app.tickets.access), and nothing of calls
    Role.UNIT_STAFF: frozenset(
        {_P.TICKETS_READ, _P.CASES_READ, _P.CASES_MOVE, _P.SUPERVISION_READ, _P.EMERGENCIES_ANSWER} | {_P.RATES_READ}
    ),
    Role.UNIT_LEADER: frozenset(
        {_P.TICKETS_READ, _P.CASES_READ, _P.CASES_MOVE, _P.SUPERVISION_READ, _P.EMERGENCIES_ANSWER, _P.TICKETS_EXPORT}
        | {_P.RATES_READ, _P.SCORES_OBJECT}
    ),
    Role.AUDITOR: frozenset(
        {_P.CALLS_READ, _P.TICKETS_READ, _P.MISSED_CALLS_READ, _P.AUDIT_READ, _P.CASES_READ, _P.SUPERVISION_READ}
        | {_P.USERS_READ, _P.TICKETS_EXPORT, _P.RATES_READ, _P.PERSONAL_DATA_READ}
    ),
    Role.DISPATCHER: frozenset(
        {_P.TICKETS_READ, _P.CASES_READ, _P.CASES_MOVE, _P.CATALOGUE_WRITE, _P.SUPERVISION_READ} | {_P.RATES_READ}
    ),
    Role.REVIEWER: frozenset(
        {_P.TICKETS_READ, _P.CASES_READ, _P.CASES_MOVE, _P.SUPERVISION_READ, _P.RATES_READ, _P.SCORES_DECIDE}
        | {_P.REPLIES_JUDGE}
    ),
    Role.FOLLOW_UP: frozenset(
        {_P.TICKETS_READ, _P.CASES_READ, _P.CASES_MOVE, _P.NUMBERS_REVEAL, _P.FOLLOW_UPS_WRITE, _P.RATES_READ}
    ),
    # who gives out accounts sees neither calls nor tickets; what he does stands in the audit log, which others read
    Role.ADMIN: frozenset({_P.USERS_READ, _P.USERS_WRITE}),
}

OF_A_UNIT = frozenset({Role.UNIT_STAFF, Role.UNIT_LEADER})
"""They handle; everybody else works for the hotline and never handles (R35)."""

BOUND_TO_A_REGION = frozenset(
    {Role.AGENT, Role.SUPERVISOR, Role.DISPATCHER, Role.REVIEWER, Role.FOLLOW_UP, Role.AUDITOR}
)
"""Who may be bound to a region: remote seats of a county, and those who work beside them (R33)."""

OF_THE_WHOLE_PLATFORM = frozenset(
    {_P.MISSED_CALLS_READ, _P.MISSED_CALLS_WRITE, _P.CALLERS_FLAG, _P.BROADCASTS_READ, _P.BROADCASTS_WRITE}
    | {_P.CATALOGUE_WRITE, _P.RULES_WRITE, _P.USERS_READ, _P.AUDIT_READ, _P.LINE_WATCH_READ}
    | {_P.PERSONAL_DATA_READ, _P.PERSONAL_DATA_WRITE}
)
"""What has no region, or holds for all of them: nobody who is bound to a region does or sees it, whatever his role."""

SCOPES: frozenset[Permission] = frozenset(
    {_P.CALL_EVENTS_WRITE, _P.LOOKUP_READ, _P.CALLS_READ, _P.TICKETS_READ, _P.TICKETS_WRITE, _P.MISSED_CALLS_READ}
    | {_P.REFERRALS_WRITE}
)
"""What a service token may carry: a scope is a permission that a machine can hold."""


def permissions_of_role(role: Role) -> frozenset[Permission]:
    """What people of this role may do."""
    return ROLE_PERMISSIONS[role]


def permissions_of_person(role: Role, region: str) -> frozenset[Permission]:
    """What somebody of this role may do who is bound to this region (empty: to none)."""
    return permissions_of_role(role) - (OF_THE_WHOLE_PLATFORM if region else frozenset())


def permissions_of_scopes(scopes: Iterable[str]) -> frozenset[Permission]:
    """What a token with these scopes may do; unknown scopes give nothing."""
    return frozenset(scope for scope in SCOPES if scope.value in set(scopes))
