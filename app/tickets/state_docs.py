"""Write docs/ticket-states.md from the table of states: `python -m app.tickets.state_docs > docs/ticket-states.md`."""

from app.tickets.models import TicketStatus
from app.tickets.states import DUTIES, DUTY_WORDS, ENDS, MOVES, SYSTEM_DUTIES, Do, Move

STATUS_WORDS: dict[TicketStatus, str] = {
    TicketStatus.DRAFT: "草稿",
    TicketStatus.ACCEPTED: "已受理",
    TicketStatus.PRE_AUDIT: "预审",
    TicketStatus.TO_DISPATCH: "待派单",
    TicketStatus.DISPATCHED: "已派待签收",
    TicketStatus.SIGNED: "已签收",
    TicketStatus.HANDLING: "办理中",
    TicketStatus.EXTENSION_PENDING: "延期审核",
    TicketStatus.SUSPENDED: "挂起",
    TicketStatus.RETURN_PENDING: "退单审核",
    TicketStatus.DISPUTE: "争议协调",
    TicketStatus.REPLIED: "已反馈待审核",
    TicketStatus.AUDIT_OK: "待回访",
    TicketStatus.REDO: "重办",
    TicketStatus.FINISHED: "已办结",
    TicketStatus.CALLBACK: "回访中",
    TicketStatus.RATED: "已评价",
    TicketStatus.ARCHIVED: "已归档",
    TicketStatus.MERGED: "已并单",
    TicketStatus.REJECTED: "不予受理",
    TicketStatus.GUIDED: "引导告知",
    TicketStatus.TERMINATED: "终止办理",
    TicketStatus.REOPENED: "重新启动",
}
"""What each status is called on every page."""

_HEAD = """# The life of a ticket

Drawn from `app/tickets/states.py` by `python -m app.tickets.state_docs > docs/ticket-states.md`; a test keeps it
current. Every change of a ticket's status is one of these moves, and each stands in the ticket's history.
"""


def render() -> str:
    """The whole document."""
    return "\n".join([_HEAD, _diagram(), _states(), _moves(), _duties()])


def _diagram() -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{STATUS_WORDS[status]}" as {status}' for status in TicketStatus]
    lines.append(f"    [*] --> {TicketStatus.DRAFT}")
    for move in MOVES:
        lines += [f"    {source} --> {move.target} : {move.verb}" for source in move.sources if source != move.target]
    lines += [f"    {status} --> [*]" for status in TicketStatus if status in ENDS]
    return "\n".join([*lines, "```", ""])


def _states() -> str:
    lines = ["## States", "", "| status | 名称 | moves that stay or lead on |", "|---|---|---|"]
    for status in TicketStatus:
        verbs = ", ".join(f"`{move.verb}`" for move in MOVES if status in move.sources)
        lines.append(f"| `{status}` | {STATUS_WORDS[status]} | {verbs or '(end)'} |")
    return "\n".join([*lines, ""])


def _moves() -> str:
    head = "| verb | from | to | duty | guard | 记录文字 | 告知诉求人 | clocks |"
    lines = ["## Moves", "", head, "|---|---|---|---|---|---|---|---|"]
    for move in MOVES:
        sources = "<br>".join(f"`{source}`" for source in move.sources)
        lines.append(
            f"| `{move.verb}` | {sources} | `{move.target}` | {move.duty} | `{move.guard}` | {move.text} "
            f"| {move.notice or '–'} | {_clocks(move)} |"
        )
    return "\n".join([*lines, ""])


def _clocks(move: Move) -> str:
    every = len({clock for effect in move.effects for clock in effect.clocks})
    told = [
        f"{effect.do} all" if effect.do is Do.STOP and len(effect.clocks) == every > 4
        else f"{effect.do} {', '.join(effect.clocks)}"
        for effect in move.effects
    ]  # fmt: skip
    return "; ".join(told) or "–"


def _duties() -> str:
    lines = [
        "## Who may",
        "",
        "A role may make the moves of its duties. 办理与督办分离 (R35) is `SEPARATED` there.",
        "",
    ]
    lines += ["| role | duties |", "|---|---|"]
    for role, duties in DUTIES.items():
        lines.append(f"| {role} | {', '.join(f'{d} {DUTY_WORDS[d]}' for d in sorted(duties)) or '–'} |")
    lines.append(f"| (the system itself) | {', '.join(f'{d} {DUTY_WORDS[d]}' for d in sorted(SYSTEM_DUTIES))} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(render(), end="")
