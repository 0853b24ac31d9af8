"""A queue in memory: callers, agents and call-backs, decided by the rules that the platform itself uses. Pure."""

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from app.callbacks.rules import Waiting, turns

START = datetime(2026, 11, 23, 1, tzinfo=UTC)
SWEEP_SECONDS = 10.0

Order = Callable[[Waiting], object]
"""What the switch sorts its queue by; the least is served first."""


def by_place(one: Waiting) -> object:
    """As the dialplan does: by the moment of joining."""
    return one.place


@dataclass(frozen=True)
class Citizen:
    """One who calls. Seconds from the start, and how long each thing takes him."""

    arrives: float
    patience: float
    talks: float
    asks_after: float | None = None
    """He chooses to be called back when he has waited so long; None: he stays."""
    rings: float = 8.0
    """How long his telephone rings before he answers a call-back."""


@dataclass
class Stay:
    """What became of one citizen. `waited`: until an agent, None for one who left; `called_at`: when called back."""

    waited: float | None = None
    called_at: float | None = None
    ahead: int = 0
    """How many stood before him when he came."""


def busy_hour(seed: int, *, calls: int = 200, agents: int = 8, load: float = 1.1, asking: float = 0.3) -> list[Citizen]:
    """Arrivals at random (Poisson), talks and patience exponential: Erlang's A model, `load` Erlangs per agent."""
    dice = random.Random(seed)  # noqa: S311 - a simulation
    talk_seconds, patience_seconds, at = 180.0, 300.0, 0.0
    citizens = []
    for _ in range(calls):
        at += dice.expovariate(load * agents / talk_seconds)
        asks_after = dice.uniform(20, 60) if dice.random() < asking else None
        patience, talks = dice.expovariate(1 / patience_seconds), dice.expovariate(1 / talk_seconds)
        citizens.append(Citizen(at, patience, talks, asks_after, dice.uniform(4, 20)))
    return citizens


@dataclass
class _Queue:
    citizens: Sequence[Citizen]
    agents: int
    order: Order
    keeps: Callable[[int], bool]
    stays: list[Stay] = field(default_factory=list)
    waiting: dict[int, None] = field(default_factory=dict)
    requested: dict[int, None] = field(default_factory=dict)
    offered: dict[int, None] = field(default_factory=dict)
    ringing: int = 0
    free: int = 0

    def run(self) -> list[Stay]:
        self.stays, self.free = [Stay() for _ in self.citizens], self.agents
        self._numbers = count()
        self._events: list[tuple[float, int, Callable[[int], None], int]] = [
            (one.arrives, next(self._numbers), self._arrive, i) for i, one in enumerate(self.citizens)
        ]
        heapq.heapify(self._events)
        swept_at = 0.0
        while self._events:
            self.now, _, act, who = heapq.heappop(self._events)
            act(who)
            if self.requested and self.now - swept_at >= SWEEP_SECONDS:
                swept_at = self.now
                self._sweep()
            self._serve()
            if self.requested and not self._events:
                self._later(SWEEP_SECONDS, lambda _: None, who)
        return self.stays

    def _later(self, seconds: float, act: Callable[[int], None], who: int) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._numbers), act, who))

    def _arrive(self, who: int) -> None:
        one = self.citizens[who]
        self.stays[who].ahead = len(self.waiting) + len(self.offered)
        self.waiting[who] = None
        self._later(one.patience, self._lose_patience, who)
        if one.asks_after is not None:
            self._later(one.asks_after, self._ask, who)

    def _lose_patience(self, who: int) -> None:
        self.waiting.pop(who, None)

    def _ask(self, who: int) -> None:
        if who in self.waiting:
            del self.waiting[who]
            if self.keeps(who):
                self.requested[who] = None
                self._sweep()

    def _sweep(self) -> None:
        line = [self._stands(who) for who in (*self.waiting, *self.offered)]
        asked = [self._stands(who, is_callback=True) for who in self.requested]
        for who in turns(line, asked, agents=self.agents - self.ringing):
            del self.requested[who]
            self.offered[who] = None

    def _stands(self, who: int, *, is_callback: bool = False) -> Waiting:
        joined = START + timedelta(seconds=self.citizens[who].arrives)
        return Waiting(joined, callback_id=who if is_callback else None)

    def _serve(self) -> None:
        while self.free and (self.waiting or self.offered):
            everybody = [(self.order(self._stands(who, is_callback=who in self.offered)), who)
                         for who in (*self.waiting, *self.offered)]  # fmt: skip
            _, who = min(everybody)
            one, stay = self.citizens[who], self.stays[who]
            self.free -= 1
            if who in self.waiting:
                del self.waiting[who]
                stay.waited = self.now - one.arrives
                self._later(one.talks, self._end, who)
            else:
                del self.offered[who]
                stay.called_at, self.ringing = self.now, self.ringing + 1
                self._later(one.rings, self._answer, who)

    def _answer(self, who: int) -> None:
        self.ringing -= 1
        self._later(self.citizens[who].talks, self._end, who)

    def _end(self, _who: int) -> None:
        self.free += 1


def replay(
    citizens: Sequence[Citizen],
    *,
    agents: int,
    keeps: Callable[[int], bool] = lambda _who: True,
    order: Order = by_place,
) -> list[Stay]:
    """What becomes of everybody. `keeps` says whose wish for a call-back is kept; the others simply leave."""
    return _Queue(citizens, agents, order, keeps).run()
