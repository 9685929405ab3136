"""A stored revision as heuristics and models read it."""

from __future__ import annotations

from classifiers.types import AuthorFacts, Content
from moderation.models import Policy, Post, PostRevision


def content_of(post: Post, words: PostRevision, policy: Policy) -> Content:
    """Return one revision of a post as heuristics and models read it."""
    typed = words.metadata.get(policy.honeypot_field, "") if policy.honeypot_field else ""
    return Content(
        text=words.text,
        title=words.title,
        type=post.type,
        language=words.language,
        permalink=words.permalink,
        context=words.context,
        author=AuthorFacts(
            name=words.author_name,
            email=words.author_email,
            url=words.author_url,
            ip=post.ip or "",
            user_agent=words.user_agent,
        ),
        honeypot=words.honeypot or ("" if typed in (None, False) else str(typed)),
    )
