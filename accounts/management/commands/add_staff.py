"""A person of the platform's staff, for the console at /admin/ and for help to a business."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from io import StringIO
from typing import Any

import segno
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from accounts import services
from accounts.errors import WeakPassword
from accounts.roles import PLATFORM, Role
from core.errors import NotFound


class Command(BaseCommand):
    help = "Adds a person to the platform's staff, with a second factor whose QR code is shown once, or removes one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", default="")
        parser.add_argument("--role", choices=sorted(PLATFORM), default=Role.SUPPORT)
        parser.add_argument("--password-stdin", action="store_true", help="read the password instead of asking for it")
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument("--reset-mfa", action="store_true", help="a new second factor for who is staff already")
        instead.add_argument("--remove", action="store_true", help="close the seat of who is staff")

    def handle(self, *, email: str, name: str, role: str, reset_mfa: bool, remove: bool, **options: Any) -> None:
        try:
            if remove:
                services.remove_staff(email=email)
                self.stdout.write(f"{email} is no longer on the platform's staff.")
                return
            if reset_mfa:
                address = services.renew_staff_mfa(email=email)
            else:
                password = _read_password(is_piped=options["password_stdin"])
                _, address = services.add_staff(email=email, name=name or email, password=password, role=Role(role))
        except WeakPassword as refusal:
            raise CommandError(" ".join(error.detail for error in refusal.errors)) from refusal
        except NotFound as refusal:
            raise CommandError(f"{email} is not on the platform's staff.") from refusal
        except IntegrityError as refusal:
            raise CommandError(f"{email} has a login already. For a new second factor: --reset-mfa.") from refusal
        self.stdout.write(f"Scan this with an authenticator; it is shown once.\n{_drawn(address)}{address}")


def _read_password(*, is_piped: bool) -> str:
    if is_piped:
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass("Password: ")
    if getpass("Again: ") != password:
        raise CommandError("These are two different passwords.")
    return password


def _drawn(address: str) -> str:
    drawn = StringIO()
    segno.make(address, micro=False).terminal(drawn, compact=True)
    return drawn.getvalue()
