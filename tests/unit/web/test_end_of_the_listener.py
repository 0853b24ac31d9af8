"""The end of the web process does not wait for a listener that lost its cancellation."""

import asyncio

from app.web.main import end_task


async def test_a_task_that_swallows_a_cancellation_is_ended_all_the_same() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while swallowed < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)  # it waits now

    await end_task(task)

    assert task.cancelled()
    assert swallowed == 2
