"""`python -m app.web.facts`: keep call facts and answer lookups until SIGTERM, and do nothing else.

In the web process a batch of facts shared the interpreter with every page: at each of its statements it waited for
somebody else's turn, and pops came late. Here it has a process of its own, without threads (ADR 0065).
"""

import gc

import structlog
import uvicorn

from app.contract.logs import configure_logging
from app.platform.settings import Settings
from app.web.__main__ import make_config
from app.web.main import create_facts_app

log = structlog.get_logger()


def main() -> None:
    """Until SIGTERM or SIGINT: the batch under way is finished."""
    configure_logging("facts")
    settings = Settings()  # type: ignore[call-arg]  # the environment fills it
    log.info("facts_starting", host=settings.facts_host, port=settings.facts_port)
    app = create_facts_app(settings)
    gc.freeze()  # libraries stay; the collector need not walk them again and again
    uvicorn.Server(make_config(app, settings.facts_host, settings.facts_port)).run()


if __name__ == "__main__":
    main()
