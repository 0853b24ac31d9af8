"""The one renderer of errors: problem details (RFC 9457) for the API, a page for browsers, a log-in for visitors."""

import http
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.accounts.auth import PasswordChangeNeeded
from app.platform.errors import HotlineError, NotLoggedIn, Unavailable
from app.platform.pages import render
from app.platform.validation import chinese_errors

PROBLEM = "application/problem+json"
PROBLEM_TYPE = "urn:hotline:problem:"
RETRY_AFTER_SECONDS = 2

log = structlog.get_logger()


class InputRefused(HotlineError):
    """Some fields of the input cannot be read; `errors` lists them."""

    status = 422
    code = "validation-failed"
    title = "输入内容有误"


class InternalError(HotlineError):
    """Our fault. The answer says nothing but an id that the log has too."""

    status = 500
    code = "internal-error"
    title = "系统出错"


class DatabaseUnavailable(Unavailable):
    code = "database-unavailable"
    title = "数据库暂时不可用，请稍后再试"


_HTTP_TITLES = {
    400: ("bad-request", "请求有误"),
    404: ("not-found", "没有这个页面或接口"),
    405: ("method-not-allowed", "不支持这种请求方法"),
    406: ("not-acceptable", "无法按要求的格式回答"),
    413: ("body-too-large", "提交的内容过大"),
    415: ("unsupported-media-type", "不支持的内容类型"),
}


def wants_page(request: Request) -> bool:
    """Whether a person looks at the answer: a browser that navigates, not a script, not a machine."""
    if request.url.path.startswith("/api/") or "HX-Request" in request.headers:
        return False
    return "text/html" in request.headers.get("Accept", "")


def request_id_of(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))


def problem(request: Request, error: HotlineError, **headers: str) -> Response:
    """The error as the asker reads it best."""
    if "retry_after_seconds" in error.extra:
        headers["Retry-After"] = str(error.extra["retry_after_seconds"])
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if wants_page(request):
        return _page(request, error, headers)
    body = {
        "type": PROBLEM_TYPE + error.code,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": request.url.path,
        "code": error.code,
        **error.extra,
    }
    return JSONResponse(body, status_code=error.status, headers=headers, media_type=PROBLEM)


def _page(request: Request, error: HotlineError, headers: dict[str, str]) -> Response:
    if isinstance(error, PasswordChangeNeeded) and request.method == "GET":
        return RedirectResponse("/account", 303)
    if isinstance(error, NotLoggedIn) and request.method == "GET":
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/login?next={quote(request.url.path + query, safe='/')}", 303)
    context: dict[str, Any] = {"status": error.status, "title": error.title, "detail": error.detail}
    return render(
        request,
        "platform/error.html",
        status_code=error.status,
        headers=headers,
        request_id=request_id_of(request) if error.status >= 500 else "",
        **context,
    )


def internal_error(request: Request) -> Response:
    """For an error nobody expected. The traceback is in the log under this id."""
    error_id = request_id_of(request)
    return problem(request, InternalError(f"系统出错，请报告编号 {error_id}", error_id=error_id))


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, HotlineError):
        raise error
    return problem(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [found._asdict() for found in chinese_errors(error.errors())]
    detail = "；".join(f"{found['field']} {found['message']}".strip() for found in errors[:5])
    return problem(request, InputRefused(detail, errors=errors))


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code, title = _HTTP_TITLES.get(
        error.status_code, (f"http-{error.status_code}", http.HTTPStatus(error.status_code).phrase)
    )
    kind = type("HttpRefused", (HotlineError,), {"status": error.status_code, "code": code, "title": title})
    return problem(request, kind(), **dict(error.headers or {}))


async def _database(request: Request, error: Exception) -> Response:
    """Locked (SQLite), away, or no free connection: trying again helps. Anything else of the driver is our fault.

    What no column can hold (a NUL, a number of thirty digits) is the sender's fault, though our schemas let it pass.
    """
    if isinstance(error, DataError | OverflowError):
        return problem(request, InputRefused("内容中有无法保存的字符或过大的数字"))
    if isinstance(error, OperationalError | PoolTimeout) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        log.error("database_unavailable", reason=type(error).__name__, message=str(error)[:300])
        return problem(request, DatabaseUnavailable(retry_after_seconds=RETRY_AFTER_SECONDS))
    raise error


def add_error_handlers(app: FastAPI) -> None:
    """Every error that a handler may raise, except the unexpected ones: those `Envelope` catches."""
    app.add_exception_handler(HotlineError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(PoolTimeout, _database)
    app.add_exception_handler(OverflowError, _database)
