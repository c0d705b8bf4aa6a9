import time
from argparse import ArgumentParser
from contextlib import closing
from getpass import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sales.replay import booking, days, export, plan, reconcile, report, trading
from sales.replay.client import Client
from sales.replay.errors import ReplayError

INTERRUPTED = 130


class Command(BaseCommand):
    help = (
        "Plays a till's export (CSV, one invoice line per row) back through the API and proves that the totals agree. "
        "Stop it and run it again as you like: nothing is booked twice."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--base-url", required=True, help="such as http://127.0.0.1:8000")
        parser.add_argument("--email", required=True, help="of the business's owner")
        parser.add_argument("--password", help="asked for when left out")

    def handle(self, *args: Any, file: Path, base_url: str, email: str, password: str | None, **options: Any) -> None:
        try:
            exported = export.read(file)
            with closing(Client(base_url, email, password or ask_password())) as client:
                agrees = self._replay(exported, client)
        except ReplayError as problem:
            raise CommandError(str(problem)) from None
        except KeyboardInterrupt:
            raise CommandError("Interrupted: run it again to go on.", returncode=INTERRUPTED) from None
        if not agrees:
            raise CommandError("The replay does not reconcile: see above.")

    def _replay(self, exported: export.Export, client: Client) -> bool:
        started = time.monotonic()
        client.sign_in()
        business = booking.find_business(client)
        planned = plan.make(exported, exponent=business.exponent)
        self._say(f"Replaying into {business.name} ({business.currency}, {business.zone}).", *report.describe(planned))
        books = booking.Booking(client, business, days.Diary(planned), self._say)
        products = books.run()
        trading.Trading(books, {product.item.sku: product.id for product in products}).run()
        found = reconcile.reconcile(books, products)
        self._say(*report.show(planned, found))
        seconds = time.monotonic() - started
        self._say(f"{client.request_count} requests in {seconds:.1f} s, {client.request_count / seconds:.0f} a second.")
        return found.agrees

    def _say(self, *lines: str) -> None:
        for line in lines:
            self.stdout.write(line)
        self.stdout.flush()


def ask_password() -> str:
    try:
        return getpass()
    except EOFError:
        raise ReplayError("There is nobody to ask for the password: give --password.") from None
