"""Rules that the rendered dialplan must keep, whoever changes a template."""

import re
from collections.abc import Iterable, Iterator

from app.contract import variables
from app.contract.line_rules import EMERGENCY_NUMBERS
from dialplan.callback_part import CALLBACK_ENTRANCES, CALLBACK_PROMPTS, CALLBACK_VARIABLES
from dialplan.extensions import Step
from dialplan.handover_targets import HANDOVER_ENTRANCES, HANDOVER_MODULES, HANDOVER_VARIABLES
from dialplan.line_variables import LINE_VARIABLES
from dialplan.problem import Problem

OWN_VARIABLES = {
    "HL_AGI", "HL_ASKED_AT", "HL_ASKED_QUEUE", "HL_CAUSE", "HL_MAX_CALLS", "HL_MEMBER", "HL_QUEUED_AT", "HL_SEAT",
    "HL_SECONDS", "HL_STAGE", "HL_STATUS", "HL_TALKED", "HL_TRIES", "HL_WITH_SEAT",
    *LINE_VARIABLES, *HANDOVER_VARIABLES, *CALLBACK_VARIABLES,
}  # fmt: skip
"""Used by the dialplan alone; every other HL_ name is shared with AGI and stands in app.contract.variables."""
NOT_ACTED_ON = {
    variables.ORIGINAL_LINE, variables.SIDE_DOORS, variables.DOORS_AFTER,
}  # fmt: skip
"""Outputs that AGI leaves for the record, that no shipped flow makes yet, or that a plan without side doors ignores."""
MODULE_OF = {
    "AGI": "res_agi", "Dial": "app_dial", "Echo": "app_echo", "Log": "app_verbose", "MixMonitor": "app_mixmonitor",
    "Playback": "app_playback", "Queue": "app_queue", "QueueLog": "app_queue", "Return": "app_stack",
    "StopMixMonitor": "app_mixmonitor", "UserEvent": "app_userevent", "CALLERID": "func_callerid",
    "CHANNEL": "func_channel", "DIALPLAN_EXISTS": "func_dialplan", "FILTER": "func_strings",
    "GROUP": "func_groupcount", "GROUP_COUNT": "func_groupcount", "IF": "func_logic", "RAND": "func_rand",
    "TIMEOUT": "func_timeout", "CUT": "func_cut", "DB": "func_db", "DB_DELETE": "func_db",
    "DEVICE_STATE": "func_devstate", "GLOBAL": "func_global",
    "GosubIf": "app_stack", "MASTER_CHANNEL": "func_channel", "REDIRECTING": "func_callerid", "SHIFT": "func_strings",
    "STRFTIME": "func_strings", "TOLOWER": "func_strings", "PJSIP_HEADERS": "res_pjsip_header_funcs",
    "QUEUE_MEMBER": "app_queue", "QUEUE_VARIABLES": "app_queue",
    "QUEUE_MEMBER_LIST": "app_queue", "QUEUE_WAITING_COUNT": "app_queue",
    **HANDOVER_MODULES,
}  # fmt: skip
BUILT_IN = {"Answer", "Goto", "GotoIf", "Hangup", "MSet", "NoOp", "Set", "Wait"}
PROMPTS = (
    *CALLBACK_PROMPTS, "forward-failed", "forwarding", "greeting", "handover-announcement", "handover-lost",
    "long-wait", "no-agent", "overflow",
)  # fmt: skip
"""Prompts the dialplan itself plays, in sounds/zh/hotline."""
FROM_THE_NETWORK = re.compile(r"\$\{(?:CALLERID|EXTEN|PJSIP_HEADER|CHANNEL\(pjsip|REDIRECTING|SIP_HEADER)")
FUNCTION = re.compile(r"(?:\$\{|Set\(|,)([A-Z_]{2,})\(")
HANGUP_HANDLER = re.compile(r'hangup_handler_(?:push|wipe)\)="?([a-z-]+),')
CALLED_CONTEXTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"[bUF]\(([a-z-]+)\^",
        r"^Gosub\(([a-z-]+),[^,]+,",
        r"^GosubIf\(.*\?([a-z-]+),",
        r"^Queue\(.*,,([a-z][a-z-]+)$",
        r"^Originate\(.*,exten,([a-z-]+),",
        r"Local/[^@]*@([a-z-]+)",
    )
)
"""Contexts that a step starts on its own or another channel."""
OF_THE_PLAN = re.compile(r"\$\{HL_DIAL\}(&Local/\$\{HL_QUEUE\}@half/n)?,")
LEGS = re.compile(r"(PJSIP/[0-9]+(@[a-z0-9_-]+)?(&(?!$)|$))*")
LONE_PATTERN = re.compile(r"_.*[.!]$")


def lint(steps: list[Step], modules: set[str], entrances: set[str]) -> list[Problem]:
    """Every broken rule. `entrances`: the contexts of pjsip's endpoints; `modules`: names loaded, without .so."""
    return [
        *_names(steps), *_modules(steps, modules), *_patterns(steps), *_contexts(steps, entrances),
        *_trunk_routes(steps), *_emergency(steps), *_filtering(steps),
    ]  # fmt: skip


def variable_names(steps: Iterable[Step]) -> set[str]:
    """Every HL_ name, but for the numbered globals of the AGI servers."""
    found = {name for step in steps for name in re.findall(r"HL_[A-Z_]*[A-Z]", step.arguments)}
    return found - {"HL_AGI_"}


def _where(step: Step) -> str:
    return f"extensions.conf [{step.context}] {step.extension} {step.application}()"


def _names(steps: list[Step]) -> Iterator[Problem]:
    shared = {*variables.INPUTS, *variables.OUTPUTS}
    used = variable_names(steps) - OWN_VARIABLES
    for name in sorted(used - shared):
        yield Problem("extensions.conf", f"{name} is not in app.contract.variables", "Add it there or correct it")
    for name in sorted(shared - used - NOT_ACTED_ON):
        yield Problem("extensions.conf", f"{name} of app.contract.variables is never used", "Use it or remove it")


def _modules(steps: list[Step], modules: set[str]) -> Iterator[Problem]:
    for step in steps:
        for name in [step.application, *FUNCTION.findall(f"{step.application}({step.arguments}")]:
            if name in BUILT_IN:
                continue
            if name not in MODULE_OF:
                yield Problem(_where(step), f"{name} is unknown to the check", "Add its module to MODULE_OF")
            elif MODULE_OF[name] not in modules:
                advice = f"Load {MODULE_OF[name]}.so in modules.conf"
                yield Problem(_where(step), f"{name} has no module: the call would be hung up", advice)


def _patterns(steps: list[Step]) -> Iterator[Problem]:
    for step in steps:
        if LONE_PATTERN.fullmatch(step.extension):
            yield Problem(_where(step), "the pattern takes numbers of any length", "Give the exact length")


def _contexts(steps: list[Step], entrances: set[str]) -> Iterator[Problem]:
    known = {step.context for step in steps}
    targets = {(step.context, target) for step in steps for target in _targets(step)}
    for context, target in sorted(targets):
        if target not in known:
            yield Problem(f"extensions.conf [{context}]", f"goes to [{target}], which does not exist")
    reached = {*entrances, *HANDOVER_ENTRANCES, *CALLBACK_ENTRANCES} & known | entrances
    while more := {target for context, target in targets if context in reached} - reached:
        reached |= more
    for context in sorted(known - reached):
        yield Problem(f"extensions.conf [{context}]", "no call can get here", "Remove it or route to it")
    for context in sorted(entrances - known):
        yield Problem(f"pjsip.conf context={context}", "there is no such context in extensions.conf")


def _targets(step: Step) -> Iterator[str]:
    """Contexts a step may lead to."""
    if step.application == "Goto" and step.arguments.count(",") == 2:
        yield step.arguments.split(",")[0]
    if step.application == "GotoIf":
        for branch in step.arguments.rpartition("?")[2].split(":"):
            if branch.count(",") == 2:
                yield branch.split(",")[0]
    yield from HANGUP_HANDLER.findall(step.arguments)
    for pattern in CALLED_CONTEXTS:
        yield from pattern.findall(f"{step.application}({step.arguments}")


def _trunk_routes(steps: list[Step]) -> Iterator[Problem]:
    """A trunk may reach queues, prompts and the department of a line; no caller from outside dials his way out.

    HL_DIAL is written by the template alone, from the site plan, so Dial(${HL_DIAL}) goes where the plan says.
    """
    leads = {(step.context, target) for step in steps for target in _targets(step)}
    reached = {step.context for step in steps if step.context.startswith("from-trunk-")}
    while more := {target for context, target in leads if context in reached} - reached:
        reached |= more
    for step in steps:
        if step.context not in reached:
            continue
        if step.application in ("Originate", "System", "TrySystem", "Transfer") or (
            step.application == "Dial" and not OF_THE_PLAN.match(step.arguments)
        ):
            yield Problem(_where(step), "a trunk can reach it", "Keep it to seats")
        if step.application == "MSet" and re.search(r"HL_(DIAL|SEATS)=", step.arguments):
            yield Problem(_where(step), "rings what is not checked", "Write HL_DIAL and HL_SEATS with Set() alone")
        if step.application == "Set" and re.match(r"_*HL_(DIAL|SEATS)=", step.arguments):
            value = step.arguments.partition("=")[2]
            if not LEGS.fullmatch(value) and value != "${HL_SEATS}":
                yield Problem(_where(step), "rings what is not of the plan", "Write numbers of the plan only")


def _emergency(steps: list[Step]) -> Iterator[Problem]:
    """No extension that can be dialled takes 110, 119, 120 or 122."""
    for step in steps:
        if step.context.startswith(("from-trunk-", "from-seat-")):
            for number in sorted(EMERGENCY_NUMBERS):
                if _takes(step.extension, number):
                    yield Problem(_where(step), f"takes the emergency number {number}", "Make it narrower")


def _takes(extension: str, number: str) -> bool:
    """Whether Asterisk would match this number: `_1XX`, `_1[0-2].` and the like."""
    if not extension.startswith("_"):
        return extension == number
    classes = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*", "-": ""}
    parts = re.findall(r"\[[^\]]*\]|.", extension[1:])
    return re.fullmatch("".join(classes.get(part, part) for part in parts), number) is not None


def _filtering(steps: list[Step]) -> Iterator[Problem]:
    for step in steps:
        for found in FROM_THE_NETWORK.finditer(step.arguments):
            before = step.arguments[: found.start()]
            if not re.search(r"FILTER\([^$]*,$", before):
                yield Problem(_where(step), f"uses {found[0][2:]} unfiltered", "Put FILTER() around it")
