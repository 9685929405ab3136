"""Every address, who may use it, and what everybody else must be told.

Operations of the API come from the OpenAPI document, all other addresses from Django's URL
resolver; what must be answered follows from an address's area and from who asks. A new address
is tried by itself, and one that no rule covers is an error (`Unruled`).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.urls import get_resolver
from django.urls.resolvers import RoutePattern, URLResolver

CSRF = "c" * 32
LOGIN = {"console": "/review/login/", "admin": "/admin/login/"}

PUBLIC = {
    "/", "/review", "/admin", "/healthz", "/readyz", "/metrics", "/api/schema", "/api/docs",
    "/api/v1/problems/<slug:kind>", "/review/login/", "/review/login/code", "/admin/login/",
    "/api/v1/^.*$", "/appeal/<str:token>", "/guidelines/<str:token>",
}  # fmt: skip
"""Addresses that answer everybody alike."""
LEAVING = ("/review/logout/", "/admin/logout/")
"""Tried last: they end the session that they are asked with."""
OPEN_TO_ACCOUNTS = re.compile(r"/review/(account/.*|logout/)|/admin/(logout/|password_change/.*)")
"""For whoever has logged in, with or without a site."""
FOR_OPERATORS = {
    "/review/system/", "/review/models/{version_id}/promote",
    "/review/models/{version_id}/roll-back", "/review/models/{version_id}/stop",
    "/review/models/{version_id}/try",
}  # fmt: skip
FOR_NAMED = {
    "/review/hidden/{post_id}/words", "/review/hidden/{post_id}/show",
    "/review/hidden/{post_id}/hide",
}  # fmt: skip
"""For those who were named for hidden posts, which nobody is by a role alone."""
TAKES = (
    (re.compile(r"/review/(activity|promises|sources|drift|cases)/"), {"measure"}),
    (re.compile(r"/review/models/(\{version_id\}/card|trials)?"), {"measure", "set"}),
    (re.compile(r"/review/(alarms/.*|verdicts/.*/anew)"), {"settle"}),
    (re.compile(r"/review/hidden/.*/(show|hide)"), {"judge"}),
    (re.compile(r"/review/guidelines/.*/write"), {"set"}),
    (re.compile(r"/review/(mail/)?"), {"see", "set"}),
    (
        re.compile(
            r"/review/((quality|hidden|search|many|guidelines|posts|depth)\b.*|cases/\{case_id\}/)"
        ),
        {"see"},
    ),
    (re.compile(r"/review/.*"), {"judge"}),
)
"""What somebody must be allowed on a site, one of these at least, for the first that fits."""
SETTINGS = {
    "moderation.site", "moderation.policy", "moderation.listentry", "moderation.apikey",
    "reviews.retention", "reviews.lookplan", "reviews.membership",
}  # fmt: skip
"""What whoever may set a site's rules sees in the admin; an auditor sees all of the site."""
POST_OF = {
    "/api/v1/posts/{post_id}/appeals": "blocked_post_id",
    "/api/v1/posts/{post_id}/appeals/{appeal_id}": "appealed_post_id",
}
"""Where the post is another than `post_id`."""


class Unruled(Exception):
    """An address or a part of one that no rule covers: write one."""


@dataclass(frozen=True)
class Principal:
    """Somebody who asks: with a key, a session, both or neither."""

    name: str
    key: str = ""
    session: str = ""
    staff: bool = False
    """May open the admin at all."""
    root: bool = False
    account: bool = False
    """Has an account that may log in."""
    site: str = ""
    """`a` or `b`: whose posts and cases they may see."""
    acts: tuple[str, ...] = ()
    """What they may do on that site in the console and the admin."""
    opens_api: int = 401
    """What a key of theirs gets for a good request: 200, or why not."""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


@dataclass(frozen=True)
class World:
    """Two sites alike; every text and name of a site holds its canary."""

    principals: tuple[Principal, ...]
    objects: dict[str, dict[str, str]]
    """By the name of a URL's part or a model: the ids of site a's, of site b's, and of none."""
    canaries: dict[str, str]
    spared: dict[str, list[str]] = field(default_factory=dict)
    """Who need not try an area, because somebody just as strong does."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    headers: dict[str, str]
    """Names in small letters."""


@dataclass(frozen=True)
class Door:
    """One address with the methods to try on it; `{name}` stands for an object's id."""

    area: str
    path: str
    methods: tuple[str, ...]
    objects: tuple[str, ...] = ()
    operation: dict[str, Any] = field(default_factory=dict, hash=False)


Send = Callable[[Principal, str, str, Any, bool], Answer]
"""(who, method, path, body or None, with a CSRF token) -> what came back."""


def doors(document: dict[str, Any]) -> Iterator[Door]:
    """Yield every address there is. Raises Unruled for one that no rule covers."""
    documented = set()
    for path, operations in document["paths"].items():
        documented.add(re.sub(r"\{(\w+)\}", r"<uuid:\1>", path))
        for method, operation in operations.items():
            names = tuple(re.findall(r"\{(\w+)\}", path))
            yield Door("api", path, (method.upper(),), names, operation)
    for route, name in _routes(get_resolver()):
        if route in PUBLIC:
            yield Door("public", *_plain(route, name))
        elif route.startswith("/review/"):
            yield Door("console", *_plain(route, name))
        elif route.startswith("/admin/"):
            yield Door("admin", *_plain(route, name))
        elif route not in documented:
            raise Unruled(f"{route} is neither documented nor covered by a rule.")


def _routes(resolver: URLResolver, before: str = "/") -> Iterator[tuple[str, str]]:
    for part in resolver.url_patterns:
        pattern = str(part.pattern)
        if not isinstance(part.pattern, RoutePattern):
            pattern = pattern if "(?P" not in pattern else _named_groups(pattern)
        if isinstance(part, URLResolver):
            yield from _routes(part, before + pattern)
        else:
            yield before + pattern, part.name or ""


def _named_groups(pattern: str) -> str:
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", pattern).strip("^$").removesuffix("\\Z")


def _plain(route: str, name: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return the path with places for objects, the methods to try, and the objects' names."""
    names: list[str] = []

    def place(match: re.Match[str]) -> str:
        found = match[1].rpartition(":")[2]
        if found in ("object_id", "id"):
            found = _model_of(name) or found
        names.append(found)
        return f"{{{found}}}"

    path = re.sub(r"<([\w:]+)>", place, route).replace("^.*$", "nothing/here")
    return path, ("GET", "POST"), tuple(names)


def _model_of(url_name: str) -> str:
    """Return `app.model` for the name of an admin page such as `moderation_post_change`."""
    for model in apps.get_models():
        if url_name.startswith(f"{model._meta.app_label}_{model._meta.model_name}_"):
            return model._meta.label_lower
    return ""


def violations(world: World, document: dict[str, Any], send: Send) -> tuple[int, list[str]]:
    """Try everybody at every door. Return how many requests it took, and what was wrong."""
    found: list[str] = []
    asked = 0
    before = _belongings(world, send)

    def may_change(who: Principal) -> bool:
        return who.root or who.site == "a"

    everything = sorted(doors(document), key=lambda door: door.path in LEAVING)
    # Whoever may change things comes last, so that the others found the objects there.
    for who in sorted(world.principals, key=may_change):
        if may_change(who) and before:
            found += ["site a's post was changed"] * (before != _belongings(world, send))
            before = ""
        for door in everything:
            if who.name in world.spared.get(door.area, ()):
                continue
            for method in door.methods:
                trial = Trial(world, who, door, method, send)
                found += [f"{who.name}: {method} {door.path}: {wrong}" for wrong in trial.wrongs()]
                asked += trial.asked
    return asked, found


def _belongings(world: World, send: Send) -> str:
    """Return what site a's key sees of its post and in its list."""
    owner = next(who for who in world.principals if who.site == "a" and who.key)
    post = world.objects["post_id"]["a"]
    paths = (f"/api/v1/posts/{post}", "/api/v1/posts")
    return "".join(send(owner, "GET", path, None, False).body for path in paths)


@dataclass
class Trial:
    """One principal at one door with one method."""

    world: World
    who: Principal
    door: Door
    method: str
    send: Send
    asked: int = 0

    def wrongs(self) -> Iterator[str]:
        yield from getattr(self, f"_{self.door.area}")()

    def _ask(self, whose: str = "a", *, body: Any = None, token: bool = True) -> Answer:
        """Return the answer about an object of site `a` or `b`, of `none`, or a `bad` id."""
        ids = {}
        for name in self.door.objects:
            known = POST_OF.get(self.door.path, name) if name == "post_id" else name
            if known not in self.world.objects:
                raise Unruled(f"{self.door.path}: no object for {name}.")
            ids[name] = self.world.objects[known][whose]
        self.asked += 1
        path = self.door.path
        for name, value in ids.items():
            path = path.replace(f"{{{name}}}", value)
        return self.send(self.who, self.method, path, body, token)

    def _leaks(self, answer: Answer) -> Iterator[str]:
        if answer.status >= 500 and self.door.path != "/readyz":
            yield f"answered {answer.status}"
        for site, canary in self.world.canaries.items():
            if canary in answer.body and site != self.who.site and not self.who.root:
                yield f"told what belongs to site {site}"

    def _public(self) -> Iterator[str]:
        answer = self._ask()
        yield from self._leaks(answer)

    # The API: a key and nothing else opens it, and only to its own site's posts

    def _api(self) -> Iterator[str]:
        own = self.who.site or "a"
        other = "b" if own == "a" else "a"
        refused = {self._api_status(whose) for whose in ("a", "b", "none")}
        if self.who.opens_api != 200:
            if refused != {self.who.opens_api}:
                yield f"answered {refused}, not {self.who.opens_api}"
            return
        if not self.door.objects:
            answer = self._ask(body=self._body())
            yield from self._leaks(answer)
            if not self._documented_success(answer):
                yield f"answered {answer.status} to its owner"
            return
        foreign, missing, bad = (
            self._ask(whose, body=self._body()) for whose in (other, "none", "bad")
        )
        if {foreign.status, missing.status, bad.status} != {404}:
            yield f"answered {foreign.status}, {missing.status} and {bad.status}, not 404"
        if _shape(foreign) != _shape(missing):
            yield "tells another site's object from none"
        answer = self._ask(own, body=self._body())
        yield from self._leaks(answer)
        if not self._documented_success(answer):
            yield f"answered {answer.status} to its owner"

    def _api_status(self, whose: str) -> int:
        if self.who.opens_api == 200:
            return 200
        answer = self._ask(whose, body=self._body())
        challenge = answer.headers.get("www-authenticate", "")
        named = 'error="invalid_token"' in challenge
        if answer.status == 401 and (
            not challenge.startswith("Bearer ") or named != bool(self.who.key)
        ):
            return -1
        return answer.status

    def _body(self) -> Any:
        media = self.door.operation.get("requestBody", {}).get("content", {})
        examples = media.get("application/json", {}).get("examples", {})
        return next((example["value"] for example in examples.values()), None)

    def _documented_success(self, answer: Answer) -> bool:
        documented = self.door.operation["responses"]
        return 200 <= answer.status < 300 and str(answer.status) in documented

    # The console and the admin: a session and nothing else opens them

    def _console(self) -> Iterator[str]:
        yield from self._forged()
        if not self.who.account:
            yield from self._sent_to(LOGIN["console"])
            return
        if OPEN_TO_ACCOUNTS.fullmatch(self.door.path) or not self.door.objects:
            answer = self._ask()
            yield from self._leaks(answer)
            yield from self._beyond(answer)
            return
        own = self.who.site or "none"
        other = "b" if own == "a" else "a"
        if not self.who.root:
            foreign, missing = self._ask(other), self._ask("none")
            yield from self._leaks(foreign)
            if _shape(foreign) != _shape(missing):
                yield "tells another site's object from none"
            if foreign.status < 400 and self.who.site:
                yield f"answered {foreign.status} about another site's object"
        answer = self._ask("a" if self.who.root else own)
        yield from self._leaks(answer)
        yield from self._beyond(answer)
        known = (self._takes or self.who.root) and self.door.path not in FOR_NAMED
        if known and answer.status == 404:
            yield "does not find its own object"

    @property
    def _takes(self) -> set[str]:
        """Return for which of their acts this address is open to them."""
        if self.door.path in FOR_OPERATORS:
            return set()
        opens = next(opens for path, opens in TAKES if path.fullmatch(self.door.path))
        return opens.intersection(self.who.acts)

    def _beyond(self, answer: Answer) -> Iterator[str]:
        """What their role does not let them do is refused, on their own site too."""
        if OPEN_TO_ACCOUNTS.fullmatch(self.door.path) or self.who.root:
            return
        if not self._takes and answer.status < 400:
            yield f"answered {answer.status} to somebody whose role does not let them"

    def _admin(self) -> Iterator[str]:
        if OPEN_TO_ACCOUNTS.fullmatch(self.door.path):
            yield from self._leaks(self._ask())
            return
        yield from self._forged()
        if not self.who.staff:
            yield from self._sent_to(LOGIN["admin"])
            return
        answer = self._ask()
        yield from self._leaks(answer)
        model_page = self.door.objects and "." in self.door.objects[0]
        if not model_page or self.who.root:
            return
        if 200 <= answer.status < 300 and not self._opens_model:
            yield f"answered {answer.status} without a permission"
        changes = self.method == "POST" and not self.door.path.endswith("/history/")
        if changes and "set" not in self.who.acts and 200 <= answer.status < 300:
            yield f"answered {answer.status} to somebody who changes nothing"
        foreign = self._ask("b" if self.who.site == "a" else "a")
        yield from self._leaks(foreign)
        if 200 <= foreign.status < 300 and self._is_of_a_site:
            yield f"answered {foreign.status} about another site's object"

    @property
    def _is_of_a_site(self) -> bool:
        ids = self.world.objects[self.door.objects[0]]
        return ids["a"] != ids["b"]

    @property
    def _opens_model(self) -> bool:
        settings = self.door.objects[0] in SETTINGS and "set" in self.who.acts
        return settings or ("audit" in self.who.acts and self._is_of_a_site)

    def _forged(self) -> Iterator[str]:
        """A form that another site's page sends has no token: nothing is done with it.

        Tried by those for whom something would be done.
        """
        could = (
            self.who.root
            or "set" in self.who.acts
            or (self.who.acts and self.door.area == "console")
        )
        if self.method == "POST" and could:
            answer = self._ask(token=False)
            if answer.status != 403:
                yield f"answered {answer.status} without a CSRF token"

    def _sent_to(self, login: str) -> Iterator[str]:
        answer = self._ask()
        gone = answer.status == 405 or (
            answer.status == 302 and answer.headers.get("location", "").startswith(login)
        )
        if not gone:
            yield f"answered {answer.status} {answer.headers.get('location', '')}"


def _shape(answer: Answer) -> tuple[int, str, str]:
    """Return what of an answer must not depend on whose object it is about."""
    text = re.sub(r"urn:uuid:[0-9a-f-]{36}|(?<=\"request_id\": \")[0-9a-f]{32}", "", answer.body)
    # A token for forms is masked anew each time; ids are what was asked for.
    text = re.sub(r'(csrf\w*"\s*(value|content)?=?"?)[\w-]+', r"\1", text, flags=re.IGNORECASE)
    text = re.sub(r"csrftoken|[A-Za-z0-9]{64}", "", text)
    text = re.sub(r"\d+", "0", text)
    location = re.sub(r"\d+", "0", answer.headers.get("location", ""))
    return answer.status, location, text
