"""`hotline dialplan` without a node: the same answers, kept in one JSON file in HOTLINE_HOME. Run it as a program.

A plan with the word `broken` has a fault; one with `collapses` fails while it is applied, and is rolled back.
The words `needs approval` in the plan in force ask for a second person.
"""

import argparse
import hashlib
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.contract import changes as c
from dialplan.changes.saying import say

FILE = Path(os.environ["HOTLINE_HOME"]) / "fake-dialplan.json"
FIRST_PLAN = """# 测试方案
name: demo
trunks:
  - {name: transport, label: 交通运输局专线, outbound: {host: 127.0.0.5}}
lines:
  - number: "12345"
    label: 政务服务便民热线
  - number: "12328"
    label: 交通运输服务监督电话  # 市交通运输局
"""
SILENT = say("test_call", number="12345", problem="answered, but silent", problem_zh="接通了，但没有声音")
BACK = say("rolled_back", why=SILENT.text, why_zh=SILENT.zh)
STEPS = [c.StepName.CHECK, c.StepName.REHEARSE, c.StepName.SWAP, c.StepName.TEST_CALL, c.StepName.HISTORY]


def now() -> datetime:
    return datetime.now(UTC)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Node:
    """What the file remembers."""

    def __init__(self) -> None:
        kept: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
        self.plans: list[str] = kept.get("plans", [FIRST_PLAN])
        self.versions = [c.Version.model_validate(one) for one in kept.get("versions", [])] or [self._version("", 1)]
        self.proposals = [c.Proposal.model_validate(one) for one in kept.get("proposals", [])]
        self.current: int = kept.get("current", 1)

    def keep(self) -> None:
        kept = {
            "plans": self.plans,
            "versions": [one.model_dump(mode="json") for one in self.versions],
            "proposals": [one.model_dump(mode="json") for one in self.proposals],
            "current": self.current,
        }
        FILE.write_text(json.dumps(kept))

    def _version(self, by: str, number: int, **more: Any) -> c.Version:
        values: dict[str, Any] = {"why": "首个方案", "outcome": c.Outcome.APPLIED} | more
        text = values.pop("text", FIRST_PLAN)
        return c.Version(number=number, at=now(), by=by or "hotline setup", plan_digest=digest(text), **values)

    def shown(self, version: c.Version) -> c.Version:
        return version.model_copy(update={"is_current": version.number == self.current})

    def find(self, proposal_id: str) -> c.Proposal:
        found = next((one for one in self.proposals if one.id == proposal_id), None)
        if found is None:
            refuse("proposal_unknown", id=proposal_id)
        if found.status in {"open", "approved"} and found.base_version != self.current:
            return found.model_copy(update={"status": c.ProposalStatus.STALE})
        return found

    def replace(self, proposal: c.Proposal) -> c.Proposal:
        self.proposals = [proposal if one.id == proposal.id else one for one in self.proposals]
        return proposal

    def plan(self, text: str) -> c.ChangePlan:
        in_force = self.plans[self.current - 1]
        if "broken" in text:
            fault = c.Fault(
                where="lines[12328].queue", what="there is no queue front. Add it under queues", code="no_such_queue",
                text_zh="没有队列 front，请在 queues 下添加",
            )  # fmt: skip
            return c.ChangePlan(is_empty=False, base_version=self.current, plan_digest=digest(text), faults=[fault])
        if text == in_force:
            return c.ChangePlan(is_empty=True, base_version=self.current, plan_digest=digest(text))
        meaning = c.MeaningChange(
            area=c.Area.LINE, effect=c.Effect.CHANGED, subject="12328", text="line 12328 changes",
            text_zh="线路 12328 的接听方式改变", needs_care=True,
        )  # fmt: skip
        diff = "--- extensions.conf\n+++ extensions.conf\n@@ -1 +1 @@\n-exten = 1\n+exten = 2"
        file = c.FileChange(name="extensions.conf", effect=c.Effect.CHANGED, lines_added=1, lines_removed=1, diff=diff)
        return c.ChangePlan(
            is_empty=False, base_version=self.current, plan_digest=digest(text), meaning=[meaning], files=[file],
            reloads=["dialplan reload"], needs_approval="needs approval" in in_force,
        )  # fmt: skip

    def apply(self, text: str, by: str, why: str, *, is_dry_run: bool, tells: bool, **more: Any) -> c.ApplyReport:
        change = self.plan(text)
        steps = []
        for name in STEPS:
            tell(c.Step(name=name, outcome=c.StepOutcome.RUNNING), tells=tells)
            time.sleep(0.05)
            has_failed = name is c.StepName.TEST_CALL and "collapses" in text
            outcome = c.StepOutcome.FAILED if has_failed else c.StepOutcome.DONE
            seen = SILENT if has_failed else None
            detail, detail_zh = (seen.text, seen.zh) if seen else ("", "")
            steps.append(c.Step(name=name, outcome=outcome, detail=detail, detail_zh=detail_zh, duration_ms=50))
            tell(steps[-1], tells=tells)
            if has_failed:
                done = c.StepOutcome.DONE
                steps.append(
                    c.Step(name=c.StepName.ROLL_BACK, outcome=done, detail=BACK.text, detail_zh=BACK.zh, duration_ms=50)
                )
                break
        outcome = c.Outcome.DRY_RUN if is_dry_run else c.Outcome.APPLIED
        end = say("dry_run") if is_dry_run else say("applied", number=len(self.versions) + 1)
        if "collapses" in text:
            outcome, end = c.Outcome.ROLLED_BACK, SILENT._replace(remedy=BACK.remedy, remedy_zh=BACK.remedy_zh)
            more |= {"code": end.code, "message": end.text, "message_zh": end.zh}
        number = None
        if not is_dry_run:
            number = len(self.versions) + 1
            kept = self._version(by, number, why=why, outcome=outcome, meaning=change.meaning, text=text, **more)
            self.versions.append(kept)
            self.plans.append(text)
            self.current = number if outcome is c.Outcome.APPLIED else self.current
        return c.ApplyReport(
            outcome=outcome, code=end.code, message=end.text, message_zh=end.zh, remedy=end.remedy,
            remedy_zh=end.remedy_zh, version=number, steps=steps, change=change,
            duration_ms=250, calls_before=2, calls_after=2,
        )  # fmt: skip


def tell(step: c.Step, *, tells: bool) -> None:
    if tells:
        print(c.Progress(step=step).model_dump_json(), flush=True)


def refuse(code: str, **values: object) -> None:
    said = say(code, **values)
    refusal = c.Refusal(
        code=said.code, message=said.text, message_zh=said.zh, remedy=said.remedy, remedy_zh=said.remedy_zh
    )
    print(refusal.model_dump_json())
    sys.exit(1)


def answer(node: Node, asked: argparse.Namespace) -> c.Message:
    text = sys.stdin.read() if asked.plan == "-" else ""
    match asked.command:
        case "state":
            return c.NodeState(
                current=node.shown(node.versions[node.current - 1]), is_running=True, active_calls=2,
                plan_file="site.yaml", plan_file_differs=False,
            )  # fmt: skip
        case "trunks":
            reachable, silent = c.Qualify.REACHABLE, c.Qualify.UNREACHABLE
            return c.TrunkReport(at=now(), is_running=True, trunks=[
                trunk("carrier", "公众电话网中继", "carrier", reachable),
                trunk("transport", "交通运输局专线", "department", silent),
            ])  # fmt: skip
        case "history":
            return c.History(versions=[node.shown(one) for one in reversed(node.versions)][: asked.limit])
        case "show":
            number = int(asked.target or node.current)
            if not 1 <= number <= len(node.versions):
                refuse("version_unknown", number=number)
            return c.VersionDetail(version=node.shown(node.versions[number - 1]), plan_text=node.plans[number - 1])
        case "plan":
            return node.plan(text)
        case "propose":
            return propose(node, text, asked)
        case "proposals":
            return c.ProposalList(proposals=[node.find(one.id) for one in reversed(node.proposals)])
        case "proposal":
            return node.find(asked.target)
        case "approve" | "reject":
            return decide(node, asked)
        case "apply":
            proposal = node.find(asked.proposal)
            report = node.apply(
                proposal.plan_text, asked.by, asked.why, is_dry_run=asked.dry_run, tells=asked.progress,
                approved_by=proposal.decided_by,
            )  # fmt: skip
            if report.outcome is c.Outcome.APPLIED:
                update = {"status": c.ProposalStatus.APPLIED, "applied_as": report.version}
                node.replace(proposal.model_copy(update=update))
            return report
        case _:
            number = int(asked.target)
            return node.apply(
                node.plans[number - 1], asked.by, asked.why, is_dry_run=asked.dry_run, tells=asked.progress,
                rolled_back_to=number,
            )  # fmt: skip


def trunk(name: str, label: str, kind: str, qualify: c.Qualify) -> c.TrunkHealth:
    return c.TrunkHealth(
        name=name, label=label, kind=kind, addresses=["127.0.0.5"], outbound="127.0.0.5:5060", qualify=qualify,
        round_trip_ms=1.5, active_calls=1, max_calls=60,
    )  # fmt: skip


def propose(node: Node, text: str, asked: argparse.Namespace) -> c.Proposal:
    change = node.plan(text)
    if change.faults:
        refuse(f"{change.faults[0].where}: {change.faults[0].what}")
    if change.is_empty:
        refuse("nothing_to_propose")
    proposal = c.Proposal(
        id=f"20261123-{len(node.proposals):06d}-abcdef", at=now(), by=asked.by, why=asked.why, plan_text=text,
        status=c.ProposalStatus.OPEN, plan_digest=change.plan_digest, base_version=node.current, change=change,
    )  # fmt: skip
    node.proposals.append(proposal)
    return proposal


def decide(node: Node, asked: argparse.Namespace) -> c.Proposal:
    proposal = node.find(asked.target)
    is_approval = asked.command == "approve"
    if proposal.status is not c.ProposalStatus.OPEN:
        refuse("proposal_decided", id=proposal.id, status=proposal.status)
    if is_approval and proposal.by == asked.by:
        refuse("own_proposal", by=asked.by)
    status = c.ProposalStatus.APPROVED if is_approval else c.ProposalStatus.REJECTED
    decided = {"status": status, "decided_by": asked.by, "decided_at": now(), "decided_why": asked.why or None}
    return node.replace(proposal.model_copy(update=decided))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("target", nargs="?", default="")
    for name in ("--plan", "--why", "--by", "--proposal"):
        parser.add_argument(name, default="")
    for name in ("--json", "--progress", "--dry-run", "--overwrite-hand-edits"):
        parser.add_argument(name, action="store_true")
    parser.add_argument("--limit", type=int, default=20)
    node = Node()
    said = answer(node, parser.parse_args())
    node.keep()
    print(said.model_dump_json())


if __name__ == "__main__":
    main()
