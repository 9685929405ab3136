"""A moderator at the console of a running service, as a browser would be: cookies, forms, CSRF."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Final

import httpx

from benchmarks.installation import Child

PASSWORD: Final = "winnowed grain of the drill"
NOTE: Final = "seen <twice>, ask “{name}”"


@dataclass(frozen=True, slots=True)
class Shown:
    """A case as its page showed it, with the form's hidden field."""

    case: int
    seen: dict[str, str]
    """The field that says what the page showed, under its name: versions differ in it."""
    plain: bool
    """It is judged by the post alone: nothing else about the post is said."""

    @classmethod
    def on(cls, page: str, case: int) -> Shown | None:
        """Read a case's page; None when it cannot be answered there."""
        found = re.search(r'name="(seen(?:_decision_id)?)" value="(\w+)"', page)
        plain = "Judge by the post alone" in page
        return cls(case, {found[1]: found[2]}, plain) if found else None


@dataclass(slots=True)
class Moderator:
    """A browser in which a moderator is logged in."""

    web: Child
    name: str
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.web.url, timeout=60)
        self.http.get("/review/login/")
        arrived = self._post("/review/login/", username=self.name, password=PASSWORD)
        if arrived.headers.get("Location") != "/review/":
            raise RuntimeError(f"{self.name} was not let in: {arrived.status_code}")

    def claim(self) -> int | None:
        """Return the case that the console gives, None when nothing waits."""
        where = self._post("/review/next").headers["Location"]
        found = re.fullmatch(r"/review/cases/(\d+)/", where)
        return int(found[1]) if found else None

    def look(self, case: int) -> Shown | None:
        """Return what a case's page asks; None when it cannot be answered there.

        Nor is there a page of a case that this person may still be asked about blind.
        """
        page = self.http.get(f"/review/cases/{case}/")
        if page.status_code == httpx.codes.NOT_FOUND:
            return None
        return Shown.on(page.raise_for_status().text, case)

    def answer(self, shown: Shown, kind: str) -> httpx.Response:
        return self._post(
            f"/review/cases/{shown.case}/verdict",
            kind=kind,
            note=NOTE.format(name=self.name),
            **shown.seen,
        )

    def is_told(self, shown: Shown, refused: httpx.Response) -> bool:
        """Whether a refusal says what happened and how the post stands, and gives the note back.

        How it stands is not said of a case that is judged by the post alone, nor to whom it is
        hidden from, because they may still be asked about it blind.
        """
        page = html.unescape(refused.text)
        told = "Your answer was not stored" in page and re.search(r'role="alert">[^<]*\w', page)
        plain = shown.plain or "are hidden from you" in page
        stands = ("Decision in force" in page) != plain
        return bool(told) and stands and NOTE.format(name=self.name) in page

    def _post(self, path: str, **given: str) -> httpx.Response:
        token = self.http.cookies.get("csrftoken")
        return self.http.post(path, data={**given, "csrfmiddlewaretoken": token})
