"""Part `waiting`: how far the expected wait is from the wait itself, in simulated busy hours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean

from app.calls.waiting import expected_wait_seconds, learn
from app.cli.bench.call_path import Say
from app.cli.bench.queue_simulation import Citizen, Stay, busy_hour, replay
from app.cli.bench.report import Measure

AGENTS = 8


@dataclass(frozen=True)
class Forecast:
    """Of one caller who waited and was served. Seconds."""

    waited: float
    expected: float
    naive: float
    """As long as the last caller who was answered had to wait: what many systems say."""


def forecasts(citizens: Sequence[Citizen], agents: int = AGENTS) -> Iterator[Forecast]:
    """What each would have been told when he came, from what was over by then, and what came of it."""
    stays = replay(citizens, agents=agents)
    for one, stay in zip(citizens, stays, strict=True):
        if not stay.waited:
            continue
        talks, waited, left, last = _known_at(one.arrives, citizens, stays)
        load = learn(agents, talks, waited_seconds=waited, left=left)
        yield Forecast(stay.waited, expected_wait_seconds(stay.ahead, load) or 0.0, last)


def _known_at(
    moment: float, citizens: Sequence[Citizen], stays: Sequence[Stay]
) -> tuple[list[float], float, int, float]:
    """Talks that were over, seconds waited, how many had left, and how long the last answered one had waited."""
    talks, waited, left = [], 0.0, 0
    answers = [(0.0, 0.0)]
    for one, stay in zip(citizens, stays, strict=True):
        if one.arrives >= moment:
            break
        if stay.waited is None:
            gone = min(one.patience, one.asks_after or one.patience)
            waited += min(gone, moment - one.arrives)
            left += one.arrives + gone < moment
            continue
        waited += min(stay.waited, moment - one.arrives)
        answered_at = one.arrives + stay.waited
        if answered_at < moment:
            answers.append((answered_at, stay.waited))
        if answered_at + one.talks < moment:
            talks.append(one.talks)
    return talks, waited, left, max(answers)[1]


def errors(seeds: Sequence[int], *, calls: int, load: float) -> tuple[float, float, float]:
    """Mean absolute error of ours and of the naive one, and the mean wait. Seconds."""
    told = [
        one for seed in seeds for one in forecasts(busy_hour(seed, calls=calls, agents=AGENTS, load=load, asking=0.1))
    ]
    ours = mean(abs(one.expected - one.waited) for one in told)
    return ours, mean(abs(one.naive - one.waited) for one in told), mean(one.waited for one in told)


def bench_waiting(*, hours: int, say: Say) -> list[Measure]:
    """The mean absolute error over so many busy hours of 200 calls, at three loads."""
    measures = []
    for load in (0.9, 1.1, 1.3):
        say(f"waiting: {hours} busy hours at {load} Erlang per agent")
        ours, naive, waited = errors(range(1, hours + 1), calls=200, load=load)
        measures.append(
            Measure(
                "waiting",
                f"expected wait, mean absolute error at load {load}",
                ours,
                "s",
                naive,
                "< baseline",
                ours < naive,
                f"baseline: as the last one waited; mean wait {waited:.0f} s",
            )
        )
    return measures
