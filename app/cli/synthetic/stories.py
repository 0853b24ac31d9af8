"""What becomes of a ticket that goes to a unit: who does what, and when."""

from random import Random

from app.cli.synthetic import asking, words
from app.cli.synthetic.fates import Fate
from app.cli.synthetic.life import Life
from app.cli.synthetic.times import WORKED, slot_after, stamp
from app.cli.synthetic.world import DISPATCHERS, FOLLOWERS, NAME_PREFIX, REVIEWERS, Choice, World
from app.deadlines.profile import ClockKind
from app.tickets.models import AssignmentKind, AssignmentStatus, TicketStatus

SYSTEM = "system"
QUIET_SECONDS = 15 * 86400
BY_HAND = '[["人工选择", "派单目录没有合适的单位"]]'


class Story:
    """One dispatched ticket, told from its acceptance on. Ends with `Cut` where the present is reached."""

    def __init__(self, life: Life, fate: Fate, draw: Random, matter: tuple[str, str, str | None]) -> None:
        self.life, self.fate, self.draw = life, fate, draw
        self.world: World = life.world
        self.returned_by: frozenset[str] = frozenset()
        self._matter = matter
        """Subject, region, and the unit complained of."""
        self.dispatcher = self._one_of("dispatcher", DISPATCHERS)
        self.reviewer = self._one_of("reviewer", REVIEWERS)
        self.asker = self._one_of("followup", FOLLOWERS)

    def tell(self, accepted: int) -> None:
        """The whole way. Raises Cut."""
        at = self._given_out(self._looked_over(accepted))
        if self.fate.ending == "withdraw" and self.life.urgency != "emergency":
            self._withdraw(at)
            return
        at = self._handled(at)
        if self.fate.ending == "terminate":
            asking.terminate(self, at)
            return
        at = self._followed_up(self._audited(self._answered(at)))
        if self.fate.is_reopened:
            at = self._reopened(at)
        self.life.move("archive", SYSTEM, at + QUIET_SECONDS + int(self.draw.random() * 3600))

    # parts, in order; each takes the moment of what came before and gives that of its own end

    def _looked_over(self, at: int) -> int:
        if self.life.status == TicketStatus.ACCEPTED and self.draw.random() < 0.1:
            at = slot_after(at)
            self.life.move("claim", self.dispatcher, at)
        return at

    def _given_out(self, at: int) -> int:
        """Dispatched, perhaps returned and dispatched anew, and signed."""
        at, life = self.dispatched(at), self.life
        is_open = life.urgency == "normal" and self.world.choose(*self._matter, self.returned_by | {life.lead or ""})
        if is_open and self.fate.is_disputed and len(life.legs) > 1:
            at = asking.dispute(self, at)
        elif is_open and self.fate.is_returned:
            at = asking.send_back(self, at)
        return self._signed(at)

    def dispatched(self, at: int) -> int:
        """Released where need be, and given to whom the catalogue proposes."""
        life = self.life
        at = at + 600 if life.urgency == "emergency" else slot_after(at, int(self.draw.random() * 4))
        if life.status != TicketStatus.TO_DISPATCH:
            life.move("release", self.dispatcher, at)
        told = {"值班室接听人（特急必填）": "值班员（示例）"} if life.urgency == "emergency" else {}
        self.give(self.choice(), "dispatch", self.dispatcher, at, told)
        return at

    def give(self, choice: Choice, verb: str, by: str, at: int, told: dict[str, str]) -> None:
        """Dispatch or designate: the legs that run end, the units' own begin."""
        life = self.life
        before = life.lead
        supports = (choice.supports or self._neighbour(choice)) if self.fate.has_supports else ()
        if supports:
            told = {"协办单位": "、".join(self.world.names[code] for code in supports), **told}
        changed: dict[str, list[object]] = {"lead_unit_code": [before, choice.lead]}
        if verb == "designate":
            changed["is_locked"] = [life.is_locked, True]
        life.move(verb, by, at, changed=changed, told=told, lead=choice.lead)
        life.is_locked = life.is_locked or verb == "designate"
        life.end_legs(at, AssignmentStatus.CLOSED)
        life.assign(choice, supports, by, at)

    def _neighbour(self, choice: Choice) -> tuple[str, ...]:
        """A department beside the lead, where the catalogue names none."""
        if self._matter[2] is not None:
            return ()
        return tuple(code for code in self.world.handlers if code not in {choice.lead, *self.returned_by})[:1]

    def _signed(self, at: int) -> int:
        life = self.life
        if life.urgency == "emergency":
            at += 900
        elif life.urgency == "urgent":
            at = slot_after(at, int(self.draw.random() * 2))
        else:
            late = 25 if self.fate.signs_late else 0
            at = self.world.timetable.work_after(at, late + int(self.draw.random() * 8))
        clerk = self.clerk()
        life.move("sign", clerk, at)
        leg = life.lead_leg
        leg.status, leg.signed = AssignmentStatus.SIGNED, (at, clerk)
        return at

    def _handled(self, at: int) -> int:
        """The citizen is rung first (R44); perhaps more time is asked for, or the clock stands still."""
        life, clerk, after = self.life, self.clerk(), self.world.timetable.work_after
        is_hurried = life.urgency != "normal"
        late = 2 * WORKED if self.fate.contacts_late else 0
        at = at + 1200 if is_hurried else after(at, late + int(self.draw.random() * 6))
        if self.draw.random() < 0.06:
            life.move("note_failed_contact", clerk, at, told={"联系方式": "电话", "联系情况": "无人接听"})
            life.contact(clerk, at, is_reached=False, note="无人接听")
            at = at + 1200 if is_hurried else after(at, 2)
        note = "已电话联系诉求人，了解具体情况"
        life.move("contact", clerk, at, told={"联系方式": "电话", "联系情况": note})
        life.contact(clerk, at, is_reached=True, note=note)
        for leg in life.legs:
            if leg.kind is AssignmentKind.SUPPORTING and leg.ended is None:
                person = self.clerk(leg.unit)
                leg.signed = (after(leg.at, int(self.draw.random() * 10)), person)
                leg.reported = (after(max(at, leg.signed[0]), int(self.draw.random() * 12)), person)
                leg.report = "我单位已派员核实，相关情况已反馈主办单位"
        if self.fate.is_suspended:
            at = asking.suspend(self, at)
        return asking.extend(self, at) if self.fate.is_extended else at

    def _answered(self, at: int) -> int:
        """Drafted by the clerk, signed by the leader; in time, or late."""
        life, after = self.life, self.world.timetable.work_after
        kind = ClockKind.REWORK if ClockKind.REWORK in life.clocks else ClockKind.REPLY
        clock = life.clocks.get(kind)
        days = clock.term.amount if clock and clock.term.is_days else 1
        share = 1.1 + self.draw.random() * 0.6 if self.fate.is_late else 0.1 + self.draw.random() ** 2 * 0.75
        wanted = after(clock.started, int(share * days * WORKED)) if clock else at
        reported = max((leg.reported[0] for leg in life.legs if leg.reported and leg.ended is None), default=at)
        drafted = after(max(at, wanted, reported))
        signed = after(drafted, int(self.draw.random() * 3))
        due = life.due(kind)
        if not self.fate.is_late and due is not None and signed > due > after(max(at, reported), 2):
            drafted = after(max(at, reported))
            signed = after(drafted)
        return self._replied(drafted, signed)

    def _replied(self, drafted: int, signed: int) -> int:
        life, clerk, leader = self.life, self.clerk(), self.leader()
        result = ("solved", "solved", "solved", "partly", "explained", "unsolved")[int(self.draw.random() * 6)]
        handled, public = words.pick(self.draw, words.HANDLED), words.pick(self.draw, words.PUBLIC_REPLIES)
        told = {"办理情况（报热线平台）": handled, "公开答复内容（答复诉求人）": public}
        life.move("draft_reply", clerk, drafted, told=told)
        row = [life.id, life.lead, life.round, handled, public, result, "phone", clerk, stamp(drafted), "", None,
               None]  # fmt: skip
        life.replies[life.round] = row
        life.move("reply", leader, signed)
        row[9:11] = [leader, stamp(signed)]
        leg = life.lead_leg
        leg.status, leg.reported = AssignmentStatus.REPORTED, (signed, leader)
        return signed

    def _audited(self, at: int) -> int:
        life, after = self.life, self.world.timetable.work_after
        at = after(at, int(self.draw.random() * 5))
        if self.fate.redone == "audit" and life.redos == 0:
            told = {"退回原因": "缺少办理佐证", "审核意见": "请补充现场照片和处理结果"}
            at = self._redone("audit_redo", self.reviewer, at, told)
            at = after(at, int(self.draw.random() * 5))
        life.move("audit_pass", self.reviewer, at)
        life.move("start_follow_up", SYSTEM, at)
        life.ask_citizens(at)
        return at

    def _redone(self, verb: str, by: str, at: int, told: dict[str, str]) -> int:
        life, after = self.life, self.world.timetable.work_after
        life.move(verb, by, at, changed={"redo_count": [life.redos, life.redos + 1]}, told=told)
        life.replies[life.round][11] = stamp(at)
        life.redos += 1
        leg = life.lead_leg
        leg.status = AssignmentStatus.SIGNED
        at = after(at, int(self.draw.random() * 4))
        life.move("take_up_redo", self.clerk(), at)
        return self._answered(at)

    def _followed_up(self, at: int) -> int:
        """Rung up to three times; who is not satisfied gets it done again once, or says so for good."""
        life, timetable = self.life, self.world.timetable
        after, asked = timetable.work_after, life.asked[-1]
        at = after(at, int(self.draw.random() * 6))
        tries = 3 if self.fate.is_unreached else int(self.draw.random() * 1.25)
        for number in range(tries):
            life.move("note_attempt", self.asker, at, told={"回访方式": "电话", "未接通情况": "无人接听"})
            asked.try_in_vain(timetable, self.asker, at)
            if self.fate.is_unreached and number == tries - 1:
                self._end("finish_unreached", SYSTEM, at)
                return at
            at = timetable.try_after(asked.tried, at)
        if self.fate.redone == "follow_up" and life.redos == 0:
            self._note_answer(at, solved=False, satisfaction="dissatisfied", reason="问题没有解决，不认可处理结果")
            told = {"理由": "诉求人不满意，诉求合理"}
            at = self._redone("follow_up_redo", self.asker, after(at), told)
            return self._followed_up(self._audited(at))
        share = self.draw.random()
        satisfaction = "satisfied" if share < 0.85 else "fairly" if share < 0.94 else "dissatisfied"
        is_good = satisfaction != "dissatisfied"
        self._note_answer(at, solved=is_good, satisfaction=satisfaction, reason="")
        at = at if is_good else after(at)
        self._end("rate", SYSTEM if is_good else self.asker, at)
        return at

    def _note_answer(self, at: int, *, solved: bool, satisfaction: str, reason: str) -> None:
        told = {"回访方式": "电话", "问题已解决": "是" if solved else "否"}
        self.life.move("note_answer", self.asker, at, told=told)
        share = self.draw.random()
        is_contacted = None if share < 0.2 else share < 0.97
        self.life.asked[-1].answer(
            self.asker, at, is_contacted=is_contacted, is_solved=solved, satisfaction=satisfaction, reason=reason
        )

    def _end(self, verb: str, by: str, at: int) -> None:
        self.life.move(verb, by, at)
        self.life.end_legs(at, AssignmentStatus.CLOSED)
        self.life.ended = at

    def _withdraw(self, at: int) -> None:
        at = self.world.timetable.work_after(at, 6)
        self.life.move("withdraw", self.life.agent, at, told={"撤回原因": "问题已自行解决"})
        self.life.end_legs(at, AssignmentStatus.CLOSED)
        self.life.ended = at

    def _reopened(self, at: int) -> int:
        life = self.life
        at = self.world.timetable.work_after(at, 3 * WORKED)
        told = {"新的事实或理由": "处理后同一地点再次出现同样问题"}
        changed: dict[str, list[object]] = {
            "lead_unit_code": [life.lead, None], "reopen_count": [life.reopens, life.reopens + 1],
        }  # fmt: skip
        life.move("reopen", life.agent, at, changed=changed, told=told)
        life.lead = life.ended = None
        life.reopens += 1
        return self._followed_up(self._audited(self._answered(self._handled(self._signed(self.dispatched(at))))))

    # people

    def choice(self) -> Choice:
        """Whom the catalogue proposes; where it knows nobody, a department that is not complained of."""
        found = self.world.choose(*self._matter, self.returned_by)
        return found or Choice(next(code for code in self.world.handlers if code != self._matter[2]), (), BY_HAND)

    def _one_of(self, office: str, size: int) -> str:
        return f"{NAME_PREFIX}{office}-{int(self.draw.random() * size) + 1:02}"

    def clerk(self, unit: str = "") -> str:
        """Who handles it in this unit, else in the lead unit."""
        return f"{NAME_PREFIX}{unit or self.life.lead}-1"

    def leader(self) -> str:
        """Who signs for the lead unit."""
        return f"{NAME_PREFIX}{self.life.lead}-2"
