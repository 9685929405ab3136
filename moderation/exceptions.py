"""What can go wrong in moderation; each docstring is the sentence people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moderation.models import Decision


class ModerationError(Exception):
    """Moderation could not do this."""

    @property
    def sentence(self) -> str:
        return str(self) or (self.__doc__ or "").strip()


class SiteExists(ModerationError):
    """There is already a site of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is already a site named {name!r}.")


class InvalidPolicy(ModerationError):
    """These rules contradict each other."""


class InvalidGuidelines(ModerationError):
    """These are not guidelines with rules and examples."""


class StaleGuidelines(ModerationError):
    """Somebody else put guidelines in force meanwhile."""


class InvalidListEntry(ModerationError):
    """This is not an author, domain or address."""


class StaleDecision(ModerationError):
    """The post was decided differently, or its words were changed, in the meantime."""

    def __init__(self, present: Decision | None) -> None:
        super().__init__()
        self.present = present
        """The decision in force; None if the post has none yet."""


class LeaseTaken(ModerationError):
    """Another process is doing this."""


class LeaseLost(ModerationError):
    """The lease expired, and another process took over."""
