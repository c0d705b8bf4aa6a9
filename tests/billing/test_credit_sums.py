"""verify_ledger and check_tenancy name what does not add up of credits; the balance is made anew from the ledger."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.billing.crediting import left, reserve, rich, spend
from tests.conftest import open_shop
from tests.database import administrator

pytestmark = pytest.mark.usefixtures("committed")


def run(command, *options):
    out = StringIO()
    try:
        call_command(command, *options, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def corrupt(statement):
    """What only a superuser can do, with every trigger asleep."""
    with administrator() as admin:
        admin.execute("SET session_replication_role = replica")
        assert admin.execute(statement).rowcount == 1


@pytest.fixture
def shop(committed):
    shop = rich(open_shop("Ama Provisions"), 100)
    spend(shop, "images", 1)
    return shop


@pytest.mark.parametrize("command", ["verify_ledger", "check_tenancy"])
def test_a_balance_that_is_not_that_of_its_ledger_is_named(shop, command):
    assert run(command)[0] == 0
    corrupt("UPDATE credit_accounts SET balance = 1000")
    code, said = run(command)
    assert code == 1
    assert "has 1000 in 2 lines, but the ledger sums to 95 in 2" in said


def test_the_balance_is_made_anew_from_the_ledger_and_that_is_on_record(shop):
    corrupt("UPDATE credit_accounts SET balance = 1000, entry_count = 7")
    code, said = run("verify_ledger", "--dry-run")
    assert code == 1
    assert "Would bring" in said
    code, said = run("verify_ledger", "--rebuild")
    assert code == 0
    assert "balance 1000 to 95" in said
    assert left(shop) == (95, 0)
    with shop.inside():
        (event,) = shop.account.audit_events.filter(action="creditaccount.rebuilt")
    assert (event.before["balance"], event.after["balance"], event.by_id) == (1000, 95, None)
    spend(shop)
    assert left(shop) == (87, 0)


def test_a_ledger_that_has_lost_a_line_tells_nothing(shop):
    corrupt("DELETE FROM credit_transactions WHERE sequence = 1")
    code, _ = run("verify_ledger", "--rebuild")
    assert code == 1
    with shop.inside():
        assert shop.account.credit_account.balance == 95


def test_a_reservation_that_was_paid_without_a_line_is_named(shop):
    reserve(shop)
    corrupt("UPDATE credit_reservations SET state = 'COMMITTED'")
    code, said = run("verify_ledger")
    assert code == 1
    assert "is COMMITTED, but 0 lines have paid it" in said
