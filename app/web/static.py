"""Static files of the slices and the vendor's files from node_modules, with the caching that their address allows."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse

from app.contract.env import PROJECT
from app.platform.errors import NotFound
from app.platform.pages import APP, content_hash, static_file

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

router = APIRouter(include_in_schema=False)


@router.api_route("/static/{name:path}", methods=["GET", "HEAD"])
def read_static(name: str, request: Request) -> Response:
    """A file by `<slice>/<file>`. With the right `?v=` it may be kept for ever, without it is asked for again."""
    path = find_static(name)
    if path is None:
        raise NotFound("没有这个文件")
    digest = content_hash(path)
    etag = f'"{digest}"'
    headers = {"Cache-Control": FOREVER if request.query_params.get("v") == digest else ASK_AGAIN, "ETag": etag}
    if etag in request.headers.get("If-None-Match", ""):
        return NotModifiedResponse(Response(headers=headers).headers)
    return FileResponse(path, headers=headers)


def find_static(name: str) -> Path | None:
    """The file, if it lies in a slice's `static` folder or is a named vendor's file. Never a way out of it."""
    folder, _, _ = name.partition("/")
    if not folder.isidentifier():
        return None
    home = PROJECT / "node_modules" if folder == "vendor" else APP / folder / "static"
    try:
        path = static_file(name).resolve()
        return path if path.is_relative_to(home.resolve()) and path.is_file() else None
    except (OSError, ValueError):  # no name that a file could have
        return None
