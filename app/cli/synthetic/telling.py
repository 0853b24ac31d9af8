"""A million tickets, one after the other: who calls about what, in the mix of domain.md §3.3 and §8. Reproducible."""

from collections import deque
from dataclasses import dataclass
from random import Random

from app.calls.models import Call
from app.cli.synthetic import ringing, words
from app.cli.synthetic.fates import draw_fate
from app.cli.synthetic.life import Cut, Life
from app.cli.synthetic.rows import Row, Rows
from app.cli.synthetic.spread import Spread, day_of
from app.cli.synthetic.stories import Story
from app.cli.synthetic.times import minutes_after, slot_after
from app.cli.synthetic.world import AGENTS, DISPATCHERS, NAME_PREFIX, World
from app.tickets.models import SourceChannel, Ticket

DAY = 86400
TYPES = (("consult", 0.471), ("help", 0.303), ("suggest", 0.148), ("complaint", 0.04), ("report", 0.013),
         ("praise", 0.003), ("other", 0.022))  # fmt: skip
NUISANCE, REPEATED, DUPLICATE, SECRET, FROM_POLICE = 0.09, 0.10, 0.05, 0.03, 0.01
ANSWERED_AT_ONCE = 0.96
"""Of consultations: with nuisance calls that makes the 52.7 % that go to no unit."""
LINES = (("12345", 0.627), ("12333", 0.157), ("12315", 0.15), ("12328", 0.037), ("12348", 0.029))
MERGE_WITHIN = 20
STRETCH = 2_000
"""Tickets that are told together: they know of each other, and nothing of others."""
MOST_CLOCKS = 32
"""Of one ticket, on average of a stretch: so many numbers are kept for its clocks."""


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
    """Tells one stretch of lives, the oldest first: its tickets, from its own draws alone."""

    def __init__(self, world: World, spread: Spread, stretch: int, seed: int) -> None:
        self._world, self._spread = world, spread
        self._indexes = range(stretch * STRETCH, min((stretch + 1) * STRETCH, spread.count))
        self._draw = Random(f"{seed} {stretch}")  # noqa: S311 - it shall be reproducible
        self._rows = Rows(world.first_clock + stretch * STRETCH * MOST_CLOCKS)
        self._told: list[Matter] = []
        self._masters: deque[Master] = deque(maxlen=MERGE_WITHIN)

    def tell(self) -> Rows:
        """Every row of its tickets."""
        spread, day, first = self._spread, -1, 0
        for index in self._indexes:
            opened = spread.opened(index)
            if day_of(opened) != day:
                day = day_of(opened)
                first = index if index > self._indexes.start else spread.first_of(day)
            self._tell(self._world.first_ticket + index, opened, index - first)
        return self._rows

    def _tell(self, ticket_id: int, opened: int, of_day: int) -> None:
        draw, rows = self._draw, self._rows
        matter, is_again = self._matter()
        master = self._master(opened) if draw.random() < DUPLICATE else None
        if master is not None:
            matter = Matter(int(draw.random() * words.PEOPLE), *_same_matter(master.matter))
        is_nuisance = master is None and draw.random() < NUISANCE
        urgency = "emergency" if draw.random() < 0.003 else "urgent" if draw.random() < 0.04 else "normal"
        is_simple = is_nuisance or master is not None or matter.ticket_type in {"consult", "praise", "other"}
        life = Life(
            self._world, rows, ticket_id, self._world.number(opened, of_day),
            "invalid" if is_nuisance else matter.ticket_type, "normal" if is_simple else urgency, matter.region,
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
        for asked in master.life.asked:
            asked.keep(life.rows, life.id, master.life.id)

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
        line = _weighted(draw.random(), LINES)
        channel, call = self._rung(life, number, line)
        complained = self._complained() if life.ticket_type == "complaint" else None
        return (
            f"{int(draw.random() * 10**8):08}", channel, call, line, number or None, number,
            "" if secrecy == "anonymous" else who.name, matter.subject, matter.region, matter.address, title[:100],
            content, demand, secrecy, complained,
        )  # fmt: skip

    def _rung(self, life: Life, number: str, line: str) -> tuple[str, str | None]:
        """Channel and call; now and then somebody else waited in vain meanwhile."""
        draw, calls = self._draw, life.rows.of[Call]
        if draw.random() < ringing.LOST:
            stranger = words.person(int(draw.random() * words.PEOPLE))
            calls.append(ringing.given_up(draw, life.id, life.opened, stranger.number))
        if draw.random() < FROM_POLICE:
            return SourceChannel.POLICE, None
        calls.append(ringing.answered(draw, life.id, life.opened, self._world.until, number or None, line, life.agent))
        return SourceChannel.PHONE, ringing.call_id(life.id, life.opened)

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
