from typing import Any
from uuid import UUID

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.models import PaymentAttempt
from billing.references import read_reference
from core.tenancy import STAFF

TIMEOUT = 30  # seconds: the fake waits until its notice is answered


class Command(BaseCommand):
    help = "Plays the payer of an attempt at the fake providers: pays, or declines, and lets them tell of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("attempt", help="the id of the attempt, or its reference")
        parser.add_argument("--decline", action="store_true")
        parser.add_argument("--amount", default="", help="another than was asked for")
        parser.add_argument("--currency", default="", help="another than was asked for")

    def handle(self, *, attempt: str, decline: bool, amount: str, currency: str, **_: Any) -> None:
        if not settings.FAKE_GATEWAYS:
            raise CommandError("No fake providers are set up here: money is paid by those who owe it.")
        reference = attempt if read_reference(attempt) else find_reference(attempt)
        wanted = {"reference": reference, "status": "FAILED" if decline else "SUCCESSFUL"}
        ask({**wanted, "amount": amount, "currency": currency})
        self.stdout.write("Declined." if decline else "Paid. The worker settles it.")


def find_reference(attempt: str) -> str:
    try:
        rows = PaymentAttempt.across_accounts.using(STAFF).filter(pk=UUID(attempt))
    except ValueError:
        raise CommandError("This is no id of an attempt, and no reference.") from None
    found: list[PaymentAttempt] = list(rows[:2])
    if len(found) != 1:
        raise CommandError("There is no such attempt." if not found else "Two businesses have it: name its reference.")
    return found[0].reference


def ask(decision: dict[str, str]) -> None:
    try:
        answer = requests.post(f"{settings.FAKE_GATEWAYS}/_control/decide", json=decision, timeout=TIMEOUT)
    except requests.RequestException:
        raise CommandError(f"Nobody listens at {settings.FAKE_GATEWAYS}: start python -m fakes.") from None
    if answer.status_code != 200:
        raise CommandError("The fake providers have not been asked for this payment, or not in such an amount.")
