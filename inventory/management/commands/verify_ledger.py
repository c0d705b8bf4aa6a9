from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inventory import queries


class Command(BaseCommand):
    help = "Prove that all stock is the sum of its movements, in every account; name the rows where it is not."

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(queries.find_disagreements(using="staff"))
        for row in found:
            self.stdout.write(f"account {row.account_id}, batch {row.batch_id}: {row.problem}")
        if found:
            raise CommandError(f"{len(found)} disagreements, the first: {found[0].problem}")
        self.stdout.write("The stock ledger adds up.")
