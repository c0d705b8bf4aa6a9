from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from system import pruning


class Command(BaseCommand):
    help = "Removes what has run out, in every account: sessions, counters of tries, old answers, unused files."

    def add_arguments(self, parser: CommandParser) -> None:
        kept = "how long counters of tries and answers to requests are kept"
        parser.add_argument("--days", type=int, default=pruning.DAYS, help=f"{kept} (default {pruning.DAYS})")

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        least = pruning.LEAST_DAYS
        if days < least:
            raise CommandError(f"A till that was offline may send again what it sent: keep at least {least} days.")
        for name, count in pruning.prune(days=days):
            self.stdout.write(f"Removed {name}: {count}.")
