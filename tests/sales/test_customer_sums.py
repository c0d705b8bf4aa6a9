"""What a customer owes and has, and what is on a card, is checked against the ledger."""

from decimal import Decimal

import pytest

from sales import services, sums
from tests.conftest import Shop, open_shop
from tests.core.test_check_tenancy_rows import corrupt
from tests.sales.owing import add_customer, owe, pay, sold

pytestmark = pytest.mark.usefixtures("committed")


def open_accounts() -> Shop:
    """Somebody who owes 6.00 of 10.00 and has 3.00, and a card with 20.00."""
    shop = open_shop("Ama Provisions", prices=("10.00",))
    customer = add_customer(shop)
    sold(owe(shop, customer))
    sold(pay(shop, customer, "4"))
    sold(pay(shop, customer, "3", action="top-up"))
    with shop.inside():
        cash = [{"method": "CASH", "amount": Decimal(20)}]
        services.sell_gift_card(by=shop.owner, register=shop.register.pk, amount=Decimal(20), payments=cash)
    return shop


@pytest.fixture
def shop(committed) -> Shop:
    return open_accounts()


LAST = "WHERE sequence = 2"


@pytest.mark.parametrize(
    ("statement", "problems"),
    [
        ("UPDATE customers SET debt = 5", {"it owes 5.00, but by its ledger 6.00"}),
        ("UPDATE customers SET wallet = 2", {"its wallet holds 2.00, but by its ledger 3.00"}),
        ("UPDATE customers SET entry_count = 4", {"it counts 4 entries, but its ledger has 3 up to number 3"}),
        ("UPDATE debts SET settled = 5", {"5.00 of 10.00 is settled, but by its entries 4.00 of 10.00"}),
        ("UPDATE debts SET amount = 11", {"4.00 of 11.00 is settled, but by its entries 4.00 of 10.00"}),
        (
            f"DELETE FROM customer_entries {LAST}",
            {
                "it owes 6.00, but by its ledger 10.00",
                "it counts 3 entries, but its ledger has 2 up to number 3",
                "4.00 of 10.00 is settled, but by its entries 0.00 of 10.00",
            },
        ),
        (f"UPDATE customer_entries SET balance_after = 7 {LAST}", {"it says 7.00, but the entries to it sum to 6.00"}),
        (
            "UPDATE gift_cards SET balance = 19",
            {"it holds 19.00 of 20.00 after 1 entries, but by its ledger 20.00 of 20.00 after 1"},
        ),
        (
            "DELETE FROM gift_card_entries",
            {"it holds 20.00 of 20.00 after 1 entries, but by its ledger 0 of 0 after 0"},
        ),
        (
            "UPDATE gift_card_entries SET balance_after = 19",
            {"it says 19.00, but the entries to it sum to 20.00"},
        ),
    ],
)
def test_what_does_not_agree_with_its_ledger_is_named(shop, statement, problems):
    assert list(sums.find_disagreements(using="staff")) == []
    corrupt(statement)
    assert {row.problem for row in sums.find_disagreements(using="staff")} == problems
