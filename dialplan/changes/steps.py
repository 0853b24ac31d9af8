"""The steps of a change, told to whoever looks: at the terminal, on a page, in the lock's file."""

import contextlib
import time
from collections.abc import Callable, Iterator

from app.contract.changes import Step, StepName, StepOutcome
from dialplan.changes.lock import ChangeLock
from dialplan.changes.saying import Saying, saying_of

OnStep = Callable[[Step], None]
Tell = Callable[[Saying], None]


class StepTeller:
    """Tells each step when it begins and when it ends; `told` keeps the ends, in order.

    Whoever listens may go away, as a terminal does: that ends the telling, never the change.
    """

    def __init__(self, lock: ChangeLock, on_step: OnStep) -> None:
        self._lock, self._on_step = lock, on_step
        self.told: list[Step] = []

    @contextlib.contextmanager
    def step(self, name: StepName) -> Iterator[Tell]:
        """One step; the block says what it saw. An exception ends it as failed and goes on."""
        seen: list[Saying] = []
        self._lock.enter(name)
        self._tell(Step(name=name, outcome=StepOutcome.RUNNING))
        began = time.monotonic()
        outcome = StepOutcome.FAILED
        try:
            yield seen.append
            outcome = StepOutcome.DONE
        except BaseException as error:
            seen.append(saying_of(error))
            raise
        finally:
            took = round((time.monotonic() - began) * 1000)
            self._end(name, outcome, seen[-1] if seen else None, took)

    def skip(self, name: StepName, seen: Saying) -> None:
        """A step that has nothing to do here, and why."""
        self._end(name, StepOutcome.SKIPPED, seen)

    def fail(self, name: StepName, seen: Saying) -> None:
        """A step that could not even begin."""
        self._end(name, StepOutcome.FAILED, seen)

    def _end(self, name: StepName, outcome: StepOutcome, seen: Saying | None, duration_ms: int = 0) -> None:
        detail, detail_zh = (seen.text, seen.zh) if seen else ("", "")
        step = Step(name=name, outcome=outcome, detail=detail, detail_zh=detail_zh, duration_ms=duration_ms)
        self.told.append(step)
        self._tell(step)

    def _tell(self, step: Step) -> None:
        try:
            self._on_step(step)
        except (OSError, SystemExit):  # a closed pipe or terminal, as Python and as Rich tell it
            self._on_step = lambda _: None
