"""Sites and the rules they go by: each change of rules is a new revision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict

from moderation.exceptions import InvalidPolicy, SiteExists
from moderation.models import Policy, Site
from moderation.types import Mode

if TYPE_CHECKING:
    from django.contrib.auth.models import User

IDENTITY = ("id", "site", "revision", "created_by")


def create_site(
    *, name: str, mode: Mode | str = Mode.REVIEW_ONLY, created_by: User | None = None
) -> Site:
    """Return a new site with the first revision of its policy.

    Raises SiteExists if the name is taken, InvalidPolicy for an unknown mode or a name that is
    empty or more than a line.
    """
    site = Site(name=name.strip())
    with transaction.atomic():
        try:
            site.clean_fields()
            site.clean()
            with transaction.atomic():
                site.save(force_insert=True)
        except ValidationError as error:
            raise InvalidPolicy(" ".join(error.messages)) from error
        except IntegrityError as error:
            raise SiteExists(site.name) from error
        _insert(Policy(site=site, revision=1, mode=mode, created_by=created_by))
    return site


def change_policy(*, site: Site, created_by: User | None = None, **changes: Any) -> Policy:
    """Return the site's next policy: the one in force with `changes`, as a new revision.

    Nothing changed gives the policy in force. Raises InvalidPolicy if the outcome
    contradicts itself or names something that is no rule.
    """
    with transaction.atomic():
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        present = policy_of(site)
        rules = model_to_dict(present, exclude=IDENTITY)
        rules["guidelines_id"] = rules.pop("guidelines")
        if unknown := sorted(changes.keys() - rules.keys()):
            raise InvalidPolicy(f"A policy has no {', '.join(unknown)}.")
        if all(rules[name] == value for name, value in changes.items()):
            return present
        return _insert(
            Policy(
                site=site,
                revision=present.revision + 1,
                created_by=created_by,
                **{**rules, **changes},
            )
        )


def policy_of(site: Site) -> Policy:
    """Return the policy in force."""
    return Policy.objects.filter(site=site).latest("revision")


def _insert(policy: Policy) -> Policy:
    try:
        policy.full_clean(validate_unique=False)
    except ValidationError as error:
        raise InvalidPolicy(" ".join(error.messages)) from error
    policy.save(force_insert=True)
    return policy
