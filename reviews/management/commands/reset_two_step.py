"""`reset_two_step USERNAME`: let somebody in who has lost phone and recovery codes."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from reviews.people import second_factor


class Command(BaseCommand):
    help = (
        "Take away a person's authenticator and recovery codes. Their sessions end, and their "
        "password alone lets them in until they have set up two-step login anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError("There is nobody of that name.")
        if not second_factor.reset(user=user, by=None):
            raise CommandError("This person has not set up two-step login.")
        self.stdout.write("Two-step login was reset.")
