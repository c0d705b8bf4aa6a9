"""S34: what goes back to a customer's account instead of into their hand, and what was never paid and does not."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from sales.models import EntryKind
from tests.answers import paths_of, refused
from tests.sales.requests import refund, sell
from tests.sales.returning import account_of, add_customer, problems, sell_on_credit, settle, tenders

pytestmark = pytest.mark.django_db


def kept(amount: str, method: str = "WALLET"):
    return [{"method": method, "amount": amount}]


@pytest.mark.parametrize("tender", ["CASH", "CARD", "MOBILE_MONEY"])
def test_s34_anything_may_be_kept_for_the_customer_who_bought(one, tender):
    """S34."""
    customer = add_customer(one)
    sale = sell(one, "2", customer=str(customer.pk), payments=kept("20.00", tender))
    told = refund(one, sale, payments=kept("10.00")).json()["data"]
    assert (tenders(told["payments"]), told["customer"]) == ([("WALLET", "-10.00")], str(customer.pk))
    assert account_of(one, customer) == (0, 10)
    told = refund(one, sale).json()["data"]
    assert tenders(told["payments"]) == [(tender, "-10.00")]
    assert problems(one) == []


def test_s34_what_a_walk_in_gives_back_is_kept_for_whom_the_till_names(one, stranger):
    """S34."""
    customer, sale = add_customer(one), sell(one, "2")
    refused(one, lambda: refund(one, sale, payments=kept("10.00")), 409, "customer_required")
    for unknown in (add_customer(stranger).pk, uuid7()):
        named = {"customer": str(unknown), "payments": kept("10.00")}
        told = refused(one, lambda n=named: refund(one, sale, **n), 400, "invalid_input")
        assert paths_of(told) == [("customer", "does_not_exist")]
    assert refund(one, sale, customer=str(customer.pk), payments=kept("10.00")).status_code == 201
    assert account_of(one, customer) == (0, 10)
    with one.inside():
        one.account.customers.filter(pk=customer.pk).update(is_active=False)
    refused(one, lambda: refund(one, sale, customer=str(customer.pk)), 400, "invalid_input")


def test_s34_what_one_customer_bought_is_not_kept_for_another(one):
    """S34."""
    customer, other = add_customer(one), add_customer(one, "Kofi")
    sale = sell(one, customer=str(customer.pk))
    told = refused(one, lambda: refund(one, sale, customer=str(other.pk)), 400, "invalid_input")
    assert paths_of(told) == [("customer", "not_the_buyer")]


def test_s34_cash_may_go_back_for_a_card_and_a_card_not_for_cash(one):
    """S34."""
    by_card, in_cash = (sell(one, payments=kept("10.00", tender)) for tender in ("CARD", "CASH"))
    assert tenders(refund(one, by_card, payments=kept("10.00", "CASH")).json()["data"]["payments"]) == [
        ("CASH", "-10.00")
    ]
    for tender in ("CARD", "MOBILE_MONEY", "BANK", "GIFT_CARD", "CUSTOMER_CREDIT"):
        wrong = kept("10.00", tender)
        refused(one, lambda w=wrong: refund(one, in_cash, payments=w), 409, "refund_tender_mismatch")
    refused(one, lambda: refund(one, in_cash, payments=kept("10.00", "EXCHANGE")), 400, "invalid_input")


def test_s34_a_refund_takes_off_what_is_owed_before_any_money_goes_back(one):
    """S34."""
    customer = add_customer(one)
    sale = sell_on_credit(one, customer, "5", paid="20.00")
    for wrong in (kept("10.00", "CASH"), kept("10.00"), [*kept("9.99", "CUSTOMER_CREDIT"), *kept("0.01")]):
        refused(one, lambda w=wrong: refund(one, sale, payments=w), 409, "refund_tender_mismatch")
    assert tenders(refund(one, sale).json()["data"]["payments"]) == [("CUSTOMER_CREDIT", "-10.00")]
    assert account_of(one, customer) == (20, 0)
    settle(one, sale, "5.00")
    assert account_of(one, customer) == (15, 0)
    # 15 are owed, 5 were paid of 20, and 20 came in cash.
    split = [*kept("15.00", "CUSTOMER_CREDIT"), *kept("5.00", "CASH")]
    assert refund(one, sale, "2", payments=split).status_code == 201
    assert account_of(one, customer) == (0, 0)
    told = refund(one, sale, "2").json()["data"]
    assert tenders(told["payments"]) == [("CASH", "-15.00"), ("CUSTOMER_CREDIT", "-5.00")]
    assert account_of(one, customer) == (0, 5)
    assert problems(one) == []


def test_s34_what_was_written_off_is_not_paid_out(one):
    """S34."""
    customer = add_customer(one)
    sale = sell_on_credit(one, customer, "2")
    settle(one, sale, "20.00", EntryKind.WRITTEN_OFF)
    refused(one, lambda: refund(one, sale, "2", payments=kept("20.00", "CASH")), 409, "refund_tender_mismatch")
    assert account_of(one, customer) == (0, 0)


def test_s34_the_ledger_says_for_which_refund_a_wallet_was_filled(one):
    """S34."""
    customer = add_customer(one)
    sale = sell(one, customer=str(customer.pk))
    told = refund(one, sale, payments=kept("10.00")).json()["data"]
    with one.inside():
        (entry,) = one.account.customer_entries.filter(customer=customer)
        assert (entry.kind, entry.amount, entry.source, str(entry.source_id)) == (
            EntryKind.REFUNDED,
            Decimal(10),
            "refund",
            told["id"],
        )
