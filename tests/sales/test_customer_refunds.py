"""S34: what was sold on credit or from the wallet goes back there, and a refund is never a debt."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from tests.answers import refused
from tests.sales.owing import (
    add_customer,
    adds_up,
    balance,
    cash_in_drawer,
    debts,
    entries,
    owe,
    paid,
    pay,
    sold,
)
from tests.sales.requests import refund

pytestmark = pytest.mark.django_db


def tenders(refunded):
    return [(each["method"], each["amount"]) for each in refunded["payments"]]


def write_off(shop, amount: str) -> None:
    with shop.inside():
        debt = shop.account.debts.get()
    body, key = {"amount": amount, "reason": "Gone"}, {"HTTP_IDEMPOTENCY_KEY": str(uuid7())}
    assert shop.client().post(f"/api/v1/sales/debts/{debt.pk}/write-off/", body, **key).status_code == 200


def test_s34_goods_that_come_back_are_owed_no_longer(one):
    """S34."""
    customer = add_customer(one)
    sale = sold(owe(one, customer, quantity="2"))
    assert tenders(sold(refund(one, sale, "0.5"))) == [("CUSTOMER_CREDIT", "-5.00")]
    assert (balance(one, customer), debts(one, customer)) == (("15.00", "0.00"), [(20, 5)])
    assert tenders(sold(refund(one, sale, "1.5"))) == [("CUSTOMER_CREDIT", "-15.00")]
    assert (balance(one, customer), debts(one, customer)) == (("0.00", "0.00"), [(20, 20)])
    assert cash_in_drawer(one) == 0
    adds_up(one)


def test_s34_what_is_owed_goes_back_before_what_was_paid(one):
    """S34."""
    customer = add_customer(one)
    sale = sold(owe(one, customer, quantity="2", payments=paid(CASH="12", CUSTOMER_CREDIT="8")))
    assert tenders(sold(refund(one, sale, "1"))) == [("CUSTOMER_CREDIT", "-8.00"), ("CASH", "-2.00")]
    assert tenders(sold(refund(one, sale, "1"))) == [("CASH", "-10.00")]
    assert (balance(one, customer), cash_in_drawer(one)) == (("0.00", "0.00"), 0)
    adds_up(one)


def test_s34_of_a_debt_that_was_paid_the_money_is_kept_for_the_customer(one):
    """S34."""
    customer = add_customer(one)
    sale = sold(owe(one, customer, quantity="2"))
    sold(pay(one, customer, "14"))
    sold(refund(one, sale, "1"))
    assert balance(one, customer) == ("0.00", "4.00")
    assert entries(one, customer)[-2:] == [("REFUNDED", -6), ("REFUNDED", 4)]
    sold(refund(one, sale, "1"))
    assert (balance(one, customer), cash_in_drawer(one)) == (("0.00", "14.00"), 14)
    adds_up(one)


@pytest.mark.parametrize("steps", [("paid", "gone", "back", "back"), ("gone", "back", "paid", "back")])
def test_s34_what_was_written_off_was_never_paid_and_does_not_come_back(one, steps):
    """S34."""
    customer = add_customer(one)
    sale = sold(owe(one, customer, quantity="2"))
    amounts = {"paid": {"paid": "12", "gone": "8"}, "gone": {"gone": "6", "paid": "4"}}[steps[0]]
    for step in steps:
        if step == "paid":
            sold(pay(one, customer, amounts["paid"]))
        elif step == "gone":
            write_off(one, amounts["gone"])
        else:
            sold(refund(one, sale, "1"))
    assert balance(one, customer) == ("0.00", f"{Decimal(amounts['paid']):.2f}")
    assert cash_in_drawer(one) == Decimal(amounts["paid"])
    adds_up(one)


def test_s34_what_was_spent_of_the_wallet_goes_back_to_it(one):
    """S34."""
    customer = add_customer(one)
    sold(pay(one, customer, "7", action="top-up"))
    sale = sold(owe(one, customer, payments=paid(WALLET="7", CASH="3")))
    assert tenders(sold(refund(one, sale, "0.8"))) == [("WALLET", "-7.00"), ("CASH", "-1.00")]
    assert (balance(one, customer), cash_in_drawer(one)) == (("0.00", "7.00"), 9)
    sold(refund(one, sale, "0.2"))
    assert (balance(one, customer), cash_in_drawer(one)) == (("0.00", "7.00"), 7)
    adds_up(one)


def test_s34_no_more_goes_back_to_credit_than_was_put_on_it(one):
    """S34."""
    customer = add_customer(one)
    sale = sold(owe(one, customer, payments=paid(CASH="6", CUSTOMER_CREDIT="4")))
    much = [{"method": "CUSTOMER_CREDIT", "amount": "4.01"}, {"method": "CASH", "amount": "5.99"}]
    refused(one, lambda: refund(one, sale, "1", payments=much), 409, "refund_tender_mismatch")
    cash = [{"method": "CASH", "amount": "5"}]
    refused(one, lambda: refund(one, sale, "0.5", payments=cash), 409, "refund_tender_mismatch")  # what is owed first
    assert tenders(sold(refund(one, sale, "0.5"))) == [("CUSTOMER_CREDIT", "-4.00"), ("CASH", "-1.00")]
    assert balance(one, customer) == ("0.00", "0.00")
    adds_up(one)


def test_a_retried_refund_gives_back_once(one):
    customer = add_customer(one)
    sale = sold(owe(one, customer))
    body = {"id": str(uuid7()), "lines": [{"line": sale["lines"][0]["id"], "quantity": "0.5"}]}
    url = f"/api/v1/sales/sales/{sale['id']}/refunds/"
    first, again = (one.client().post(url, body) for _ in range(2))
    assert first.json()["data"] == again.json()["data"]
    assert (balance(one, customer), len(entries(one, customer))) == (("5.00", "0.00"), 2)
