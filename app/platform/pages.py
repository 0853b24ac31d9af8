"""HTML pages: one Jinja2 environment over all slices.

A template of a slice is named `<slice>/<file>` and lies in `app/<slice>/templates/`; a static file `<slice>/<file>`
lies in `app/<slice>/static/` and is served as `/static/<slice>/<file>`. The content security policy allows no inline
script or style: behaviour lives in ES modules, looks in style sheets.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from app.contract.env import PROJECT
from app.contract.masks import mask_number, mask_text
from app.platform.clock import to_shanghai

APP = Path(__file__).resolve().parents[1]
NOTHING = "—"
VENDOR_FILES = {"htmx.min.js": "htmx.org/dist/htmx.min.js"}
"""What pages load from node_modules, as `vendor/<file>`."""


def slice_folders(name: str) -> dict[str, Path]:
    """Folders of that name (`templates`, `static`), by slice."""
    return {folder.parent.name: folder for folder in sorted(APP.glob(f"*/{name}")) if folder.is_dir()}


def shanghai(moment: datetime | None, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A moment as the citizen's clock shows it; none: a dash."""
    return to_shanghai(moment).strftime(form) if moment else NOTHING


def duration_seconds(seconds: float | None) -> str:
    """47秒, 3分05秒, 1小时02分; none: a dash."""
    if seconds is None:
        return NOTHING
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}小时{minutes:02d}分"
    return f"{minutes}分{rest:02d}秒" if minutes else f"{rest}秒"


def duration_ms(milliseconds: float | None) -> str:
    """Like `duration_seconds`; below ten seconds with one decimal."""
    if milliseconds is None:
        return NOTHING
    return f"{milliseconds / 1000:.1f}秒" if milliseconds < 10_000 else duration_seconds(milliseconds / 1000)


@cache
def _hash_of_version(path: Path, _changed_ns: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def content_hash(path: Path) -> str:
    """Hash of a static file, read again only when it has changed."""
    return _hash_of_version(path, path.stat().st_mtime_ns)


def static_file(name: str) -> Path:
    """Where `<slice>/<file>` or `vendor/<file>` lies. FileNotFoundError: a vendor's file that nobody named."""
    folder, _, file = name.partition("/")
    if folder != "vendor":
        return APP / folder / "static" / file
    if file not in VENDOR_FILES:
        raise FileNotFoundError(name)
    return PROJECT / "node_modules" / VENDOR_FILES[file]


def static_url(name: str) -> str:
    """Address of a static file that changes with its content. FileNotFoundError: no such file."""
    return f"/static/{name}?v={content_hash(static_file(name))}"


def make_environment() -> Environment:
    """Jinja2 with escaping on and undefined names as errors."""
    environment = Environment(
        loader=PrefixLoader({name: FileSystemLoader(path) for name, path in slice_folders("templates").items()}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        shanghai=shanghai,
        moment=datetime.fromisoformat,
        duration_seconds=duration_seconds,
        duration_ms=duration_ms,
        masked=lambda number: mask_number(number) or "匿名",
        hidden=mask_text,
    )
    environment.globals["static_url"] = static_url
    return environment


@cache
def _environment() -> Environment:
    return make_environment()


def render(
    request: Request, name: str, *, status_code: int = 200, headers: Mapping[str, str] | None = None, **context: Any
) -> HTMLResponse:
    """The page `<slice>/<file>`. Every template also sees `request`, `current_user` (Actor or none), `csrf_token`."""
    state = request.state
    text = (
        _environment()
        .get_template(name)
        .render(
            request=request,
            current_user=getattr(state, "actor", None),
            csrf_token=getattr(state, "csrf_token", ""),
            **context,
        )
    )
    return HTMLResponse(text, status_code=status_code, headers=dict(headers or {}))
