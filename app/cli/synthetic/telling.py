"""A million tickets, one after the other: who calls about what, in the mix of domain.md §3.3 and §8. Reproducible."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from app.casework.models import FollowUp
from app.cli.synthetic import words
from app.cli.synthetic.fates import draw_fate
from app.cli.synthetic.life import Cut, Life
from app.cli.synthetic.rows import Row, Rows
from app.cli.synthetic.stories import Story
from app.cli.synthetic.times import SHANGHAI_SECONDS, minutes_after, slot_after
from app.cli.synthetic.world import AGENTS, DISPATCHERS, NAME_PREFIX, World
from app.tickets.models import Ticket

DAY = 86400
TYPES = (("consult", 0.471), ("help", 0.303), ("suggest", 0.148), ("complaint", 0.04), ("report", 0.013),
         ("praise", 0.003), ("other", 0.022))  # fmt: skip
NUISANCE, REPEATED, DUPLICATE, SECRET, FROM_POLICE = 0.09, 0.10, 0.05, 0.03, 0.01
ANSWERED_AT_ONCE = 0.96
"""Of consultations: with nuisance calls that makes the 52.7 % that go to no unit."""
LINES = (("12345", 0.627), ("12333", 0.157), ("12315", 0.15), ("12328", 0.037), ("12348", 0.029))
HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 14, 16, 15, 12, 8, 9, 13, 14, 13, 11, 9, 8, 7, 5, 3, 2)
"""How many of a day's calls come in each hour."""
REMEMBERED = 2_000
MERGE_WITHIN = 20


@dataclass(frozen=True, slots=True)
class Matter:
    """What somebody told: another may tell the same, or he again."""

    caller: int
    ticket_type: str
    subject: str
    title_part: str
    region: str
    region_name: str
    address: str


@dataclass(frozen=True, slots=True)
class Master:
    """A ticket that others may be merged into, as long as its unit is at work."""

    life: Life
    matter: Matter
    until: int


class Teller:
    """Tells `count` lives between the world's two moments, the oldest first."""

    def __init__(self, world: World, count: int, seed: int) -> None:
        self._world, self._count = world, count
        self._draw = Random(seed)  # noqa: S311 - it shall be reproducible
        self._told: deque[Matter] = deque(maxlen=REMEMBERED)
        self._masters: deque[Master] = deque(maxlen=MERGE_WITHIN)
        self._hours = [hour for hour, weight in enumerate(HOURS) for _ in range(weight)]

    def batches(self, size: int) -> Iterator[Rows]:
        """Rows of `size` tickets each."""
        rows = Rows()
        for index in range(self._count):
            self._tell(rows, self._opened(index))
            if len(rows.of[Ticket]) == size:
                yield rows
                rows = Rows()
        if rows.of[Ticket]:
            yield rows

    def _opened(self, index: int) -> int:
        """Spread over the days in the rhythm of a day's calls, never going back."""
        since, until = self._world.since, self._world.until
        place = (index + self._draw.random()) / self._count * (until - since)
        day, part = divmod(since + SHANGHAI_SECONDS + place, DAY)
        at = part / DAY * len(self._hours)
        hour = self._hours[int(at)]
        first = self._hours.index(hour)
        of_hour = (at - first) / HOURS[hour]
        return min(int(day * DAY + (hour + of_hour) * 3600) - SHANGHAI_SECONDS, until - 1)

    def _tell(self, rows: Rows, opened: int) -> None:
        draw = self._draw
        matter, is_again = self._matter()
        master = self._master(opened) if draw.random() < DUPLICATE else None
        if master is not None:
            matter = Matter(int(draw.random() * words.PEOPLE), *_same_matter(master.matter))
        is_nuisance = master is None and draw.random() < NUISANCE
        urgency = "emergency" if draw.random() < 0.003 else "urgent" if draw.random() < 0.04 else "normal"
        is_simple = is_nuisance or master is not None or matter.ticket_type in {"consult", "praise", "other"}
        life = Life(
            self._world, rows, next(self._world.ticket_ids), self._world.number(opened),
            "invalid" if is_nuisance else matter.ticket_type, "normal" if is_simple else urgency,
            f"{NAME_PREFIX}agent-{int(draw.random() * AGENTS) + 1:02}", opened,
        )  # fmt: skip
        form = self._form(life, matter, is_again=is_again)
        life.open(f'{{"ticket_type": [null, "{life.ticket_type}"], "subject_code": [null, "{matter.subject}"]}}')
        try:
            answer = self._go(life, matter, master, form[-1])
        except Cut:
            answer = ""
        *fields, secrecy, complained = form
        rows.of[Ticket].append(life.finish((*fields, answer, secrecy, complained)))
        if not is_nuisance and master is None:
            self._told.append(matter)

    def _go(self, life: Life, matter: Matter, master: Master | None, complained: str | None) -> str:
        """What becomes of it; the answer of a question that was answered at once."""
        draw = self._draw
        at = life.opened + 90 + int(draw.random() * 240)
        if life.ticket_type == "invalid":
            verb = "reject" if draw.random() < 0.3 else "guide"
            told = {"不受理情形": "内容不具体且无法核实", "说明": words.pick(draw, words.NUISANCE)}
            life.move(verb, life.agent, at, told=told)
            life.ended = at
            return ""
        if life.ticket_type == "consult" and master is None and draw.random() < ANSWERED_AT_ONCE:
            life.move("finish", life.agent, at)
            life.accepted = life.ended = at
            ended_archived = at + 15 * DAY + int(draw.random() * 3600)
            answer = words.pick(draw, words.ANSWERS)
            if ended_archived <= self._world.until:
                life.move("archive", "system", ended_archived)
            return answer
        at = minutes_after(at)
        life.move("accept", life.agent, at)
        life.accepted = at
        if life.urgency != "normal":
            life.move("release", "system", at)
        if master is not None:
            self._merge(life, master, slot_after(at))
            return ""
        fate = draw_fate(draw)
        story = Story(life, fate, draw, (matter.subject, matter.region, complained))
        try:
            story.tell(at)
        finally:
            if not fate.ending and life.replied_at is not None and life.lead:
                self._masters.append(Master(life, matter, life.replied_at))
        return ""

    def _merge(self, life: Life, master: Master, at: int) -> None:
        """Into a ticket at work: this citizen keeps his number, is told the same and asked as well."""
        dispatcher = f"{NAME_PREFIX}dispatcher-{int(self._draw.random() * DISPATCHERS) + 1:02}"
        told = {"主工单号": master.life.number, "并单理由": "同一地点同一事项的重复诉求"}
        life.move("merge", dispatcher, at, changed={"merged_into_id": [None, master.life.id]}, told=told)
        life.merged_into = master.life.id
        life.notices += [notice for notice in master.life.notices if notice[0] > at]
        if master.life.asked_at is not None:
            life.rows.of[FollowUp].append((life.id, *master.life.followed))

    def _master(self, opened: int) -> Master | None:
        """The latest of those whose unit will still be at work when the duplicate is found."""
        found = (one for one in reversed(self._masters) if one.life.accepted and one.life.accepted < opened)
        return next((one for one in found if slot_after(opened + 1000) < one.until), None)

    def _matter(self) -> tuple[Matter, bool]:
        """What the citizen tells, and whether he told it before."""
        draw, world = self._draw, self._world
        share, caller = draw.random(), int(draw.random() * words.PEOPLE)
        if self._told and share < REPEATED:
            return self._told[int(draw.random() * len(self._told))], True
        ticket_type = _weighted(draw.random(), TYPES)
        subject, name = world.subjects[int(draw.random() * len(world.subjects))]
        region, region_name = world.places[int(draw.random() * len(world.places))]
        return Matter(caller, ticket_type, subject, name, region, region_name, words.address(draw)), False

    def _form(self, life: Life, matter: Matter, *, is_again: bool) -> Row:
        """(query code … demand, secrecy, complained unit), as the citizen gave it."""
        draw = self._draw
        who = words.person(matter.caller)
        place = f"{matter.region_name}{matter.address}"
        is_question = life.ticket_type == "consult"
        if is_question:
            content, demand = words.question(draw, who.name, place, matter.title_part)
        else:
            content, demand = words.complaint(draw, who.name, place, matter.subject, matter.title_part)
        verb = ("再次" if is_again else "") + ("咨询" if is_question else "反映")
        title = f"关于{who.name}{verb}{matter.region_name}{matter.title_part}的问题"
        share = draw.random()
        secrecy = "confidential" if share < SECRET * 0.8 else "anonymous" if share < SECRET else "public"
        number = "" if secrecy == "anonymous" else who.number
        channel = "110" if draw.random() < FROM_POLICE else "phone"
        complained = self._complained() if life.ticket_type == "complaint" else None
        return (
            f"{int(draw.random() * 10**8):08}", channel, _weighted(draw.random(), LINES), number or None, number,
            "" if secrecy == "anonymous" else who.name, matter.subject, matter.region, matter.address, title[:100],
            content, demand, secrecy, complained,
        )  # fmt: skip

    def _complained(self) -> str | None:
        """Now and then a complaint is about a department: it never goes there."""
        if self._draw.random() >= 0.2:
            return None
        handlers = self._world.handlers
        return handlers[int(self._draw.random() * len(handlers))]


def _same_matter(matter: Matter) -> tuple[str, str, str, str, str, str]:
    return (
        matter.ticket_type, matter.subject, matter.title_part, matter.region, matter.region_name, matter.address,
    )  # fmt: skip


def _weighted(share: float, of: tuple[tuple[str, float], ...]) -> str:
    for name, weight in of:
        share -= weight
        if share < 0:
            return name
    return of[-1][0]
