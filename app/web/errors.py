"""The one renderer of errors: problem details (RFC 9457) for the API, a page for browsers."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from app.platform.errors import HotlineError

PROBLEM = "application/problem+json"


def problem(request: Request, error: HotlineError) -> JSONResponse:
    body = {
        "type": f"urn:hotline:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": request.url.path,
        "code": error.code,
        **error.extra,
    }
    return JSONResponse(body, status_code=error.status, media_type=PROBLEM)


def add_error_handlers(app: FastAPI) -> None:
    async def refuse(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HotlineError)  # noqa: S101
        return problem(request, error)

    app.add_exception_handler(HotlineError, refuse)
