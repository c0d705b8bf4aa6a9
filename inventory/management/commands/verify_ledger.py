from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.tenancy import STAFF
from inventory import services, sums
from inventory.sums import Disagreement

NAMES = {
    "stock_products": "batch",
    "serial_numbers": "serial number",
    "purchase_order_lines": "order line",
}


class Command(BaseCommand):
    help = "Prove that all stock is the sum of its movements, in every account; name the rows where it is not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", type=UUID, help="look at this account only")
        parser.add_argument("--rebuild", action="store_true", help="make anew what the ledger tells: counts and places")
        parser.add_argument("--dry-run", action="store_true", help="say what --rebuild would do, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        account_id, is_trial = options["account"], options["dry_run"]
        found = list(sums.find_disagreements(using=STAFF, account_id=account_id))
        if found and (options["rebuild"] or is_trial):
            for sentence in rebuild(found, is_trial=is_trial):
                self.stdout.write(sentence)
            if not is_trial:
                found = list(sums.find_disagreements(using=STAFF, account_id=account_id))
        for row in found:
            self.stdout.write(f"{name(row.account_id, row.table, row.id)}: {row.problem}")
        if found:
            raise CommandError(f"{len(found)} disagreements, the first: {found[0].problem}")
        self.stdout.write("The stock ledger adds up.")


def rebuild(found: Iterable[Disagreement], *, is_trial: bool) -> Iterator[str]:
    wrong: dict[UUID, dict[str, set[UUID]]] = defaultdict(lambda: defaultdict(set))
    for row in found:
        wrong[row.account_id][row.table].add(row.id)
    for account_id, rows in wrong.items():
        for repair in services.rebuild_from_ledger(account_id=account_id, rows=rows, is_trial=is_trial):
            changes = ", ".join(f"{key} {repair.before[key]} to {repair.after[key]}" for key in repair.after)
            verb = "Would bring" if is_trial else "Brought"
            yield f"{verb} {name(account_id, repair.table, repair.id)}: {changes}"


def name(account_id: UUID, table: str, row: UUID) -> str:
    return f"account {account_id}, {NAMES[table]} {row}"
