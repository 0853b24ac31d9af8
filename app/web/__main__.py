"""`python -m app.web`: serve pages and API until SIGTERM."""

import uvicorn

from app.platform.settings import Settings
from app.web.main import create_app


def main() -> None:
    settings = Settings()  # type: ignore[call-arg]  # the environment fills it
    uvicorn.run(
        create_app(settings),
        host=settings.web_host,
        port=settings.web_port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    main()
