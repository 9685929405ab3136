"""A site's guidelines: written by its operators as plain text, kept in versions, read as rules.

    What the forum is for, in a few lines.

    Rule: Advertising
    Answer: spam
    Posts that sell something and do nothing else.
    Against: Cheap watches, all brands! watches.example
    Fine: I am giving my old watch away, see the classifieds.

Lines before the first `Rule:` are the introduction. Rules are numbered as they stand, nine at
most: moderators answer by their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core import signing
from django.db import transaction

from moderation import sites
from moderation.exceptions import InvalidGuidelines, StaleGuidelines
from moderation.models import Guidelines, Policy, Site

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ROUTE: Final = "guidelines/"
SALT: Final = "winnow.guidelines"
TOKEN_LENGTH: Final = 200
RULE: Final = "guidelines.rule"
"""Code of the reason that names the rule which a person answered by."""
MOST_RULES: Final = 9
TITLE_LENGTH: Final = 80
LENGTH: Final = 20_000
SIGNS: Final = ("Rule:", "Answer:", "Against:", "Fine:")


class Leads(StrEnum):
    """What is answered to a post that is against a rule."""

    SPAM = "spam"
    REMOVE = "remove"


@dataclass(slots=True)
class Rule:
    number: int
    title: str
    leads: Leads = Leads.REMOVE
    text: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)
    """Examples of what is against it, and of what only looks so."""
    fine: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """What a decision gives as its reason."""
        return f"It is against rule {self.number} of the site's guidelines: {self.title}."


@dataclass(slots=True)
class Written:
    introduction: list[str] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)

    def rule(self, number: int | None) -> Rule | None:
        """Return the rule of that number, if there is one."""
        return next((rule for rule in self.rules if rule.number == number), None)


def parse(text: str) -> Written:
    """Return what guidelines say. Raises InvalidGuidelines, with the line and what is wrong."""
    if len(text) > LENGTH:
        raise InvalidGuidelines(f"Guidelines have {LENGTH:,} characters at most.")
    written = Written()
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            _take(written, line.strip())
        except InvalidGuidelines as error:
            raise InvalidGuidelines(f"Line {number}: {error.sentence}") from error
    if not written.rules:
        raise InvalidGuidelines("There is no rule. A line that begins with “Rule:” begins one.")
    return written


def _take(written: Written, line: str) -> None:
    sign = next((sign for sign in SIGNS if line.lower().startswith(sign.lower())), "")
    said = line[len(sign) :].strip()
    if sign and not said:
        raise InvalidGuidelines(f"Nothing follows “{sign}”.")
    if sign == "Rule:":
        if len(written.rules) == MOST_RULES:
            raise InvalidGuidelines(f"There are {MOST_RULES} rules at most, one for each number.")
        if len(said) > TITLE_LENGTH:
            raise InvalidGuidelines(f"The name of a rule has {TITLE_LENGTH} characters at most.")
        written.rules.append(Rule(len(written.rules) + 1, said.rstrip(".")))
        return
    if not written.rules:
        if sign:
            raise InvalidGuidelines(f"“{sign}” stands before the first rule.")
        if line:
            written.introduction.append(line)
        return
    rule = written.rules[-1]
    match sign:
        case "Answer:":
            if said.lower() not in list(Leads):
                raise InvalidGuidelines("An answer is “spam” or “remove”.")
            rule.leads = Leads(said.lower())
        case "Against:":
            rule.against.append(said)
        case "Fine:":
            rule.fine.append(said)
        case _ if line:
            rule.text.append(line)


def in_force(site_id: int) -> tuple[Guidelines | None, bool]:
    """Return the guidelines of a site, and whether they are public."""
    policy = Policy.objects.filter(site=site_id).select_related("guidelines").latest("revision")
    return policy.guidelines, policy.guidelines_public


@transaction.atomic
def publish(
    *, site: Site, text: str, public: bool, over: int | None = None, by: User | None = None
) -> Policy:
    """Put guidelines in force: a new version if the words changed, and a new policy.

    `over` is the version that they are written over, 0 for none; None overwrites whatever there is.
    Raises InvalidGuidelines, and StaleGuidelines if another version is in force.
    """
    parse(text)
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    present, _ = in_force(site.pk)
    if over is not None and over != (present.version if present else 0):
        raise StaleGuidelines
    if present is None or present.text != text:
        newest = Guidelines.objects.filter(site=site).order_by("-version").first()
        version = newest.version + 1 if newest else 1
        present = Guidelines.objects.create(site=site, version=version, text=text, created_by=by)
    return sites.change_policy(
        site=site, created_by=by, guidelines_id=present.pk, guidelines_public=public
    )


def address_of(guidelines_id: int) -> str:
    """Return the public page's address; without WINNOW_PUBLIC_URL, from the root of this service.

    It cannot be guessed, so nobody can look through the sites of an installation.
    """
    token = signing.Signer(salt=SALT).sign_object(guidelines_id)
    return f"{settings.WINNOW_PUBLIC_URL}/{ROUTE}{token}"


def read(token: str) -> int | None:
    """Return the id of the guidelines that a token was made for; None if it was not made here."""
    if len(token) > TOKEN_LENGTH:
        return None
    try:
        return int(signing.Signer(salt=SALT).unsign_object(token))
    except (signing.BadSignature, ValueError, TypeError):
        return None
