"""One person's log-in at the case store's API."""

from collections.abc import Mapping
from typing import Any, Self

import httpx

from sipp_scenarios.target import Person, TargetError
from sipp_scenarios.waiting import StoreUnavailable

ANSWER_WITHIN_SECONDS = 8.0
Json = Mapping[str, Any]


class Refused(TargetError):
    """The API said no; the message holds the problem's own words."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        try:
            problem = answer.json()
            words = f"{problem.get('code', '')}: {problem.get('detail', '')}"
        except ValueError:
            words = answer.text[:200]
        super().__init__(f"{answer.request.method} {answer.request.url.path} was answered {self.status} ({words})")


class ApiSession:
    """Requests in one person's name. Logs in at the first request, and again when the log-in has ended."""

    def __init__(self, base_url: str, person: Person) -> None:
        self.person = person
        self._client = httpx.Client(base_url=base_url, timeout=ANSWER_WITHIN_SECONDS, trust_env=False)
        self._csrf = ""

    def get(self, path: str, **parameters: str | int | bool) -> Json:
        """Raises StoreUnavailable, Refused."""
        return self._ask("GET", path, params=parameters)

    def post(self, path: str, body: Json | None = None, *, headers: Mapping[str, str] | None = None) -> Json:
        """Raises StoreUnavailable, Refused."""
        return self._ask("POST", path, json=body, headers=headers)

    def patch(self, path: str, body: Json, *, etag: str) -> Json:
        """Raises StoreUnavailable, Refused."""
        return self._ask("PATCH", path, json=body, headers={"If-Match": etag})

    def etag(self, path: str) -> str:
        """The version of a resource, for If-Match."""
        return str(self._send("GET", path).headers.get("ETag", ""))

    def _ask(self, method: str, path: str, **options: Any) -> Json:
        answer = self._send(method, path, **options)
        return answer.json() if answer.content else {}

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        if not self._csrf:
            self._log_in()
        answer = self._request(method, path, **options)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._log_in()
            answer = self._request(method, path, **options)
        if answer.is_error:
            raise Refused(answer)
        return answer

    def _log_in(self) -> None:
        body = {"username": self.person.username, "password": self.person.password}
        answer = self._request("POST", "/session", json=body)
        if answer.is_error:
            raise Refused(answer)
        self._csrf = answer.json()["csrf_token"]

    def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"X-CSRF-Token": self._csrf, **(options.pop("headers", None) or {})}
        try:
            answer = self._client.request(method, f"/api/v1{path}", headers=headers, **options)
        except httpx.HTTPError as error:
            raise StoreUnavailable(f"the case store: {type(error).__name__}") from error
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise StoreUnavailable(str(Refused(answer)))
        return answer

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
