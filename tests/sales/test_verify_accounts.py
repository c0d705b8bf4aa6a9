"""verify_ledger, of money: what is wrong is named, and balances are made anew from ledgers that are whole."""

from contextlib import contextmanager
from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from sales import services
from sales.models import EntryKind
from sales.services import rebuild
from tests.conftest import Shop, open_shop
from tests.inventory.test_verify_ledger import corrupt, rebuilt, run, table
from tests.races import at_once, one_behind_another, weaken
from tests.sales.owing import adds_up, owe, paid, sold
from tests.sales.returning import settle
from tests.sales.test_customer_sums import open_accounts
from tests.sales.test_gift_cards import by_card, sell_card

pytestmark = pytest.mark.usefixtures("committed")

WELL = (0, "All ledgers add up.\n")


@pytest.fixture
def shop(committed) -> Shop:
    return open_accounts()


def everything() -> dict[str, list[str]]:
    names = ("customers", "debts", "gift_cards", "customer_entries", "gift_card_entries", "audit_events")
    return {name: table(name) for name in names}


def row_of(shop: Shop, collection: str):
    with shop.inside():
        return getattr(shop.account, collection).get()


@pytest.mark.parametrize(
    ("statement", "collection", "subject", "before", "after"),
    [
        ("UPDATE customers SET debt = 5", "customers", "customer", {"debt": "5.00"}, {"debt": "6.00"}),
        ("UPDATE customers SET wallet = 2", "customers", "customer", {"wallet": "2.00"}, {"wallet": "3.00"}),
        ("UPDATE customers SET entry_count = 9", "customers", "customer", {"entry_count": 9}, {"entry_count": 3}),
        ("UPDATE debts SET settled = 5", "debts", "debt", {"settled": "5.00"}, {"settled": "4.00"}),
        ("UPDATE gift_cards SET balance = 1", "gift_cards", "giftcard", {"balance": "1.00"}, {"balance": "20.00"}),
        ("UPDATE gift_cards SET entry_count = 0", "gift_cards", "giftcard", {"entry_count": 0}, {"entry_count": 1}),
    ],
)
def test_a_balance_is_named_and_made_anew_from_its_ledger(shop, statement, collection, subject, before, after):
    whole = everything()
    corrupt(statement)
    wrong = everything()
    row = row_of(shop, collection)
    code, text = run()
    assert code == 1
    assert text.startswith(f"account {shop.id}, {row._meta.verbose_name} {row.pk}: ")
    code, text = run("--dry-run")
    assert (code, "Would bring account" in text, everything()) == (1, True, wrong)
    code, text = run("--rebuild")
    assert (code, text.splitlines()[-1]) == (0, "All ledgers add up.")
    assert text.startswith(f"Brought account {shop.id}, {row._meta.verbose_name} {row.pk}: ")
    ((was_subject, pk, was, now, by),) = rebuilt(shop)
    assert (was_subject, pk, by) == (subject, row.pk, None)
    assert ({**was, **before}, {**now, **after}) == (was, now)
    assert {**everything(), "audit_events": []} == {**whole, "audit_events": []}
    assert run("--rebuild") == WELL
    assert len(rebuilt(shop)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM customer_entries WHERE sequence = 2",
        "UPDATE customer_entries SET balance_after = 7 WHERE sequence = 2",
        "UPDATE customer_entries SET amount = -11, balance_after = -1 WHERE sequence = 2",
        "UPDATE debts SET amount = 11",
        "DELETE FROM gift_card_entries",
        "UPDATE gift_card_entries SET sequence = 2",
        "UPDATE gift_card_entries SET amount = -20, balance_after = -20",
        "UPDATE sales SET total = 11, paid = 11",
        "UPDATE registers SET last_number = 99",
    ],
)
def test_a_ledger_that_is_not_whole_is_not_taken_for_the_truth(shop, statement):
    corrupt(statement)
    before = everything()
    for options in ((), ("--dry-run",), ("--rebuild",)):
        code, text = run(*options)
        assert (code, "rought" in text) == (1, False)
    assert everything() == before


def test_what_is_wrong_in_stock_and_in_money_is_made_anew_together(shop):
    corrupt("UPDATE stock_products SET quantity = 7")
    corrupt("UPDATE customers SET debt = 5")
    code, text = run("--rebuild")
    assert (code, text.count("Brought")) == (0, 2)
    assert run() == WELL


def test_one_account_is_looked_at_and_repaired_without_the_others(shop):
    other = open_shop("Stranger Stores", prices=("10.00",))
    with other.inside():
        services.add_customer(by=other.owner, name="Yaw")
    corrupt("UPDATE customers SET wallet = 1", rows=2)
    assert run("--account", other.id)[1].count("customer ") == 1
    assert run("--account", other.id, "--rebuild")[0] == 0
    assert (row_of(other, "customers").wallet, row_of(shop, "customers").wallet) == (0, 1)
    assert run("--account", uuid7()) == WELL
    assert run("--rebuild")[0] == 0
    assert row_of(shop, "customers").wallet == 3


def test_a_card_that_was_spent_from_and_filled_again_has_what_its_ledger_says(shop):
    card = sold(sell_card(shop))
    sold(owe(shop, None, quantity="1.5", payments=[by_card(card["code"], "15")]))
    corrupt("UPDATE gift_cards SET balance = 0", rows=2)
    assert run("--rebuild")[0] == 0
    with shop.inside():
        assert sorted(shop.account.gift_cards.values_list("balance", flat=True)) == [5, 20]
    sold(owe(shop, None, quantity="0.5", payments=[by_card(card["code"], "5")]))
    adds_up(shop)


# --- At once ----------------------------------------------------------------------------------------------------------


def test_two_that_rebuild_at_once_rebuild_once(shop):
    corrupt("UPDATE customers SET debt = 5")
    corrupt("UPDATE debts SET settled = 5")
    rows = {"customers": [row_of(shop, "customers").pk], "debts": [row_of(shop, "debts").pk]}
    results = at_once([lambda: services.rebuild_from_ledger(account_id=shop.id, rows=rows)] * 4)
    assert sorted(map(len, results)) == [0, 0, 0, 2]
    assert (len(rebuilt(shop)), run()) == (2, WELL)


@contextmanager
def paying(shop: Shop):
    """The customer pays 1.00 of what is owed, and it is not yet committed."""
    debt, customer = row_of(shop, "debts"), row_of(shop, "customers")
    with shop.inside():
        settle(shop, {"id": debt.source_id, "customer": customer.pk}, "1", EntryKind.PAID)
        yield


def rebuilt_while_paid(shop: Shop) -> tuple[Decimal, Decimal]:
    """A debt is made anew while some of it is paid; what is settled of it then, and what the ledger says."""
    corrupt("UPDATE debts SET settled = 5")
    rows = {"debts": [row_of(shop, "debts").pk]}
    call = lambda: services.rebuild_from_ledger(account_id=shop.id, rows=rows)  # noqa: E731
    (outcome,) = one_behind_another([call], held=paying(shop))
    assert not isinstance(outcome, Exception), outcome
    with shop.inside():
        entries = shop.account.customer_entries.filter(kind=EntryKind.PAID)
        return row_of(shop, "debts").settled, -sum(entries.values_list("amount", flat=True))


def test_what_is_paid_while_a_debt_is_made_anew_is_not_lost(shop):
    assert rebuilt_while_paid(shop) == (5, 5)


def test_control_without_the_lock_before_it_the_rebuilt_debt_forgets_what_was_paid_meanwhile(shop, monkeypatch):
    weaken(monkeypatch, rebuild, "_LOCK_DEBTORS", "FOR NO KEY UPDATE")
    assert rebuilt_while_paid(shop) == (4, 5)


def test_what_is_bought_after_it_stands_on_the_right_balance(shop):
    corrupt("UPDATE customers SET wallet = 0")
    assert run("--rebuild")[0] == 0
    customer = row_of(shop, "customers")
    sold(owe(shop, customer, payments=[*paid(WALLET="3"), *paid(CASH="7")]))
    assert row_of(shop, "customers").wallet == 0
    adds_up(shop)
