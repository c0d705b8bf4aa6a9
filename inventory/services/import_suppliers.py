from collections.abc import Sequence

from accounts import services as accounts
from accounts.models import Membership
from inventory.importing.rows import Outcome, Row
from inventory.models import Supplier
from inventory.queries import find_named


def import_suppliers(*, by: Membership, rows: Sequence[Row]) -> Outcome:
    """A supplier per row, new, or changed in what the row says, by the name, in whatever case of its letters."""
    outcome, history = Outcome(), []
    added: list[Supplier] = []
    changed: list[Supplier] = []
    known = find_named(by.account, by.account.suppliers.locked(), [row.facts["name"] for row in rows])
    for row in rows:
        facts = {name: value for name, value in row.facts.items() if name != "name"}
        supplier = known.get(row.facts["name"])
        if supplier is None:
            supplier = Supplier(account=by.account, **row.facts)
            added.append(supplier)
            history.append(accounts.Line("supplier.added", supplier, after={"name": supplier.name}))
        elif line := accounts.set_changes(row=supplier, changes=facts):
            changed.append(supplier)
            history.append(line)
        else:
            outcome.unchanged += 1
    Supplier.across_accounts.bulk_create(added)
    fields = {name for line in history for name in line.before} | {"version"}
    Supplier.across_accounts.bulk_update(changed, sorted(fields))
    accounts.record_all(by=by, lines=history)
    outcome.created, outcome.updated = len(added), len(changed)
    return outcome
