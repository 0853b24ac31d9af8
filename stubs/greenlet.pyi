# What we use of greenlet, which comes without types.
from collections.abc import Callable
from contextvars import Context
from typing import Any

class greenlet:
    parent: greenlet | None
    gr_context: Context | None
    dead: bool
    def __init__(self, run: Callable[..., Any], parent: greenlet | None = ...) -> None: ...
    def switch(self, *args: Any) -> Any: ...

def getcurrent() -> greenlet: ...
