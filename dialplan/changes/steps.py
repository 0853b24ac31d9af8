"""The steps of a change, told to whoever looks: at the terminal, on a page, in the lock's file."""

import contextlib
import time
from collections.abc import Callable, Iterator

from app.contract.changes import Step, StepName, StepOutcome
from dialplan.changes.lock import ChangeLock

OnStep = Callable[[Step], None]
Say = Callable[[str], None]


class StepTeller:
    """Tells each step when it begins and when it ends; `told` keeps the ends, in order."""

    def __init__(self, lock: ChangeLock, on_step: OnStep) -> None:
        self._lock, self._on_step = lock, on_step
        self.told: list[Step] = []

    @contextlib.contextmanager
    def step(self, name: StepName) -> Iterator[Say]:
        """One step; the block says its detail. An exception ends it as failed and goes on."""
        detail = ""

        def say(text: str) -> None:
            nonlocal detail
            detail = text

        self._lock.enter(name)
        self._on_step(Step(name=name, outcome=StepOutcome.RUNNING))
        began = time.monotonic()
        outcome = StepOutcome.FAILED
        try:
            yield say
            outcome = StepOutcome.DONE
        except Exception as error:
            detail = str(error)
            raise
        finally:
            took = round((time.monotonic() - began) * 1000)
            self._tell(Step(name=name, outcome=outcome, detail=detail, duration_ms=took))

    def skip(self, name: StepName, detail: str) -> None:
        """A step that has nothing to do here, and why."""
        self._tell(Step(name=name, outcome=StepOutcome.SKIPPED, detail=detail))

    def fail(self, name: StepName, detail: str) -> None:
        """A step that could not even begin."""
        self._tell(Step(name=name, outcome=StepOutcome.FAILED, detail=detail))

    def _tell(self, step: Step) -> None:
        self.told.append(step)
        self._on_step(step)
